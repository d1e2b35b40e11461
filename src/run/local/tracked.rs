//! Which files of the source tree an environment's own tree has: those that git tracks, and those it does not track and
//! does not ignore; without git all but runenv's own folder and what `.dockerignore` names.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::environment::setting::{Origin, Setting};
use crate::exec::Cancel;
use crate::plan::copy::{FileCache, Manifest};
use crate::problem::Problem;
use crate::run::folder::NAME;
use crate::run::git;

/// So deep may repositories stand in each other.
const DEEPEST: usize = 20;

pub(super) fn of(root: &Path, cache: &mut FileCache, cancel: &Cancel) -> Result<Manifest, Problem> {
    if git::folder(root).is_some() {
        let paths = listed(root, b"", cancel, DEEPEST)?;
        // A tree that the repository around it ignores is none of its own.
        if !paths.is_empty() {
            return Manifest::of_paths(root, paths, cache);
        }
    }
    let all = [Setting::new(".".to_owned(), Origin::Default)];
    Manifest::collect(root, &all, cache)
}

/// What git lists in a folder of the tree. A repository in the tree lists its own.
fn listed(
    root: &Path,
    folder: &[u8],
    cancel: &Cancel,
    deepest: usize,
) -> Result<Vec<Vec<u8>>, Problem> {
    let place = match folder {
        b"" => root.to_owned(),
        folder => root.join(OsStr::from_bytes(folder)),
    };
    let mut paths = Vec::new();
    for name in git::listed(&place, cancel)? {
        let path = match folder {
            b"" => name,
            folder => [folder, b"/", &name].concat(),
        };
        // A submodule, or a repository that is not tracked.
        let inner = path.strip_suffix(b"/").unwrap_or(&path);
        let disk = root.join(OsStr::from_bytes(inner));
        let is_folder = || disk.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        if inner == NAME.as_bytes() || inner.starts_with(format!("{NAME}/").as_bytes()) {
            continue;
        }
        if !is_folder() {
            paths.push(path);
        } else if disk.join(".git").exists() && deepest > 0 {
            paths.extend(listed(root, inner, cancel, deepest - 1)?);
        }
    }
    Ok(paths)
}
