//! What a project's images are told apart by from those of others on the same engine.

use std::path::{Path, PathBuf};

use super::folder::Folder;
use crate::command::Command;
use crate::config::Project;
use crate::digest::Digester;
use crate::exec::{self, Cancel, Limits};
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
    let Some(git) = git_folder(&project.root) else {
        return Ok(by_path(project));
    };
    if git.join("shallow").exists() {
        return Ok(by_path(project));
    }
    // The note is of this name: another one is another project.
    let noted = folder.path().join("project-id");
    let text = files::read_if_there(&noted).unwrap_or_default();
    let note = text.trim().split_once(' ');
    if let Some((id, _)) = note.filter(|(id, name)| id.len() == 16 && *name == project.name) {
        return Ok(id.to_owned());
    }
    let Some(commit) = first_commit(&project.root) else {
        return Ok(by_path(project));
    };
    let id = digest(project, "commit", commit.as_bytes());
    if folder.path().is_dir() {
        files::write_atomic(&noted, format!("{id} {}\n", project.name).as_bytes())?;
    }
    Ok(id)
}

/// The repository's folder, found as git finds it: no process is needed to know that there is none.
pub(crate) fn git_folder(root: &Path) -> Option<PathBuf> {
    let above = root.ancestors().map(|folder| folder.join(".git"));
    above.into_iter().find(|git| git.exists())
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

/// git's own words; `None` without git or commits.
fn first_commit(root: &Path) -> Option<String> {
    git(root, &["rev-list", "--max-parents=0", "HEAD"])
        .and_then(|text| text.lines().last().map(str::to_owned))
}

/// `git describe --dirty --always`, made a legal tag.
pub(crate) fn describe(root: &Path) -> Option<String> {
    git_folder(root)?;
    let text = git(root, &["describe", "--dirty", "--always", "--tags"])?;
    let legal: String = text
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '-'
            }
        })
        .take(100)
        .collect();
    (!legal.is_empty() && !legal.starts_with(['.', '-'])).then_some(legal)
}

fn git(root: &Path, words: &[&str]) -> Option<String> {
    let mut command = Command::new(std::iter::once("git").chain(words.iter().copied()));
    command.dir = Some(root.to_owned());
    let output = exec::capture(&command, &Limits::default(), &Cancel::never()).ok()?;
    output
        .exit
        .success()
        .then(|| output.text())
        .filter(|t| !t.is_empty())
}
