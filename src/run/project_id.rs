//! What a project's images are told apart by from those of others on the same engine.

use super::folder::Folder;
use super::git;
use crate::config::Project;
use crate::digest::Digester;
use crate::files;
use crate::problem::Problem;

/// `[project] id`; else of the name and the registry's repository, which every clone shares; else of the name and git's
/// first commit; else of name and path.
///
/// A shallow clone does not have the first commit: it counts as no git.
pub(crate) fn of(project: &Project, folder: &Folder) -> Result<String, Problem> {
    if let Some(id) = &project.file.project.id {
        return Ok(digest(project, "id", id.get_ref().as_bytes()));
    }
    let registry = project.file.registry.as_ref();
    if let Some(repository) = registry.and_then(|r| r.repository.as_ref().or(r.push.as_ref())) {
        let repository = repository.get_ref().as_bytes();
        return Ok(digest(project, "repository", repository));
    }
    let Some(repository) = git::folder(&project.root) else {
        return Ok(by_path(project));
    };
    if repository.join("shallow").exists() {
        return Ok(by_path(project));
    }
    // The note is of this name: another one is another project.
    let noted = folder.path().join("project-id");
    let text = files::read_if_there(&noted).unwrap_or_default();
    let note = text.trim().split_once(' ');
    if let Some((id, _)) = note.filter(|(id, name)| id.len() == 16 && *name == project.name) {
        return Ok(id.to_owned());
    }
    let Some(commit) = git::first_commit(&project.root)? else {
        return Ok(by_path(project));
    };
    let id = digest(project, "commit", commit.as_bytes());
    if folder.path().is_dir() {
        files::write_atomic(&noted, format!("{id} {}\n", project.name).as_bytes())?;
    }
    Ok(id)
}

fn by_path(project: &Project) -> String {
    use std::os::unix::ffi::OsStrExt;
    let root = project
        .root
        .canonicalize()
        .unwrap_or_else(|_| project.root.clone());
    digest(project, "path", root.as_os_str().as_bytes())
}

fn digest(project: &Project, kind: &str, value: &[u8]) -> String {
    Digester::new("runenv-project")
        .field("name", project.name.as_bytes())
        .field(kind, value)
        .finish()
        .short()
}
