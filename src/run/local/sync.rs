//! Brings files of the source tree into an environment's own tree: only what changed is written, what vanished is
//! removed, what is the same keeps its time, and what commands made there stays.

use std::collections::BTreeSet;
use std::path::Path;

use super::noted::{Noted, Shape, Stand, What};
use super::own;
use crate::files;
use crate::plan::copy::{Entry, Manifest};
use crate::problem::Problem;
use crate::run::folder::{self, Folder};
use tree::Tree;

/// The tree in an environment's folder.
pub(crate) const TREE: &str = "tree";
/// Who has it, beside it.
pub(super) const LOCK: &str = "tree.lock";

/// What is known of it, beside it.
pub(super) const NOTE: &str = "tree.manifest";

/// What came of it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Synced {
    /// Nothing of an older tree is there.
    pub(super) fresh: bool,
    pub(super) written: usize,
    pub(super) removed: usize,
    /// Where something that commands made stands in place of a file, and is left.
    pub(super) left: Vec<Vec<u8>>,
    /// Files that were edited while they were copied.
    pub(super) changed: Vec<Vec<u8>>,
}

/// The environment's tree and what is known of it; made or emptied where nothing is.
fn begin(root: &Path, env: &str, synced: &mut Synced) -> Result<(Tree, Noted), Problem> {
    let folder = Folder::of(root).env(env);
    let note = folder.path().join(NOTE);
    if !files::is_there(&folder.path().join(TREE)) {
        folder::remove(&note)?;
    }
    let noted = Noted::read(&note);
    if noted.is_none() {
        // Before the new tree: what passed in another one has not passed in this, whatever ends us from here on.
        folder::remove(&folder.path().join(own::FILE))?;
    }
    let mut tree = Tree::open(root, env)?;
    if let Some(noted) = noted.filter(|_| !tree.made) {
        return Ok((tree, noted));
    }
    tree.clear()?;
    synced.fresh = true;
    Ok((tree, Noted::empty(&note)))
}

/// Is there a tree in an environment's folder of which something is known?
pub(super) fn is_known(folder: &Path) -> bool {
    files::is_there(&folder.join(TREE)) && Noted::read(&folder.join(NOTE)).is_some()
}

/// Brings the tree of an environment to what the manifest says of the root, as long as it may go on.
pub(super) fn sync(
    root: &Path,
    env: &str,
    want: &Manifest,
    go_on: &dyn Fn() -> bool,
) -> Result<Synced, Problem> {
    let mut synced = Synced::default();
    let (mut tree, mut noted) = begin(root, env, &mut synced)?;
    let before = noted.all.clone();
    let remove = gone(&mut tree, &mut noted, want, &mut synced)?;
    let write = missing(&mut tree, &mut noted, want, &mut synced)?;
    if remove.is_empty() && write.is_empty() && noted.all == before {
        return Ok(synced);
    }
    for path in remove.iter().chain(write.iter().map(|e| &e.path)) {
        noted.all.insert(path.clone(), None);
    }
    noted.write()?;
    // Children before their folders.
    for path in remove.iter().rev() {
        check(go_on)?;
        tree.remove(path, &|folder| noted.all.contains_key(folder))?;
        noted.all.remove(path);
        synced.removed += 1;
    }
    for entry in write {
        check(go_on)?;
        let written = tree.write(root, entry)?;
        if written.is_none_or(|(what, _)| what != What::of(&entry.kind)) {
            synced.changed.push(entry.path.clone());
        }
        noted.all.insert(entry.path.clone(), written);
        synced.written += 1;
    }
    noted.write()?;
    Ok(synced)
}

fn check(go_on: &dyn Fn() -> bool) -> Result<(), Problem> {
    let stopped = || Problem::engine("the copy of the tree was stopped", "run it again");
    go_on().then_some(()).ok_or_else(stopped)
}

/// What vanished from the source, and is still what was copied; the rest is commands' from now on.
fn gone(
    tree: &mut Tree,
    noted: &mut Noted,
    want: &Manifest,
    synced: &mut Synced,
) -> Result<Vec<Vec<u8>>, Problem> {
    let wanted: BTreeSet<&[u8]> = want.entries().iter().map(|e| e.path.as_slice()).collect();
    let paths = noted.all.keys().filter(|path| !wanted.contains(&path[..]));
    let mut remove = Vec::new();
    for path in paths.cloned().collect::<Vec<_>>() {
        let known = noted.all.get(&path).copied().flatten();
        let stands = tree.stand(&path)?;
        let ours = match (known, stands) {
            (_, None) => false,
            (None, Some(_)) => true,
            (Some((what, stand)), Some(now)) => {
                now == stand || is_folder(now, &what) || tree.is(&path, now, &what)?
            }
        };
        if ours {
            remove.push(path);
            continue;
        }
        if stands.is_some() {
            synced.left.push(path.clone());
        }
        noted.all.remove(&path);
    }
    Ok(remove)
}

/// What has to be written.
fn missing<'a>(
    tree: &mut Tree,
    noted: &mut Noted,
    want: &'a Manifest,
    synced: &mut Synced,
) -> Result<Vec<&'a Entry>, Problem> {
    let mut write = Vec::new();
    for entry in want.entries() {
        let what = What::of(&entry.kind);
        let stands = tree.stand(&entry.path)?;
        let known = noted.all.get(&entry.path).copied().flatten();
        match (known, stands) {
            (Some((known, stand)), Some(now)) if known == what => {
                if now == stand || is_folder(now, &what) {
                    continue;
                }
                // Touched, or something else?
                if tree.is(&entry.path, now, &what)? {
                    noted.all.insert(entry.path.clone(), Some((what, now)));
                } else {
                    synced.left.push(entry.path.clone());
                }
            }
            _ => write.push(entry),
        }
    }
    Ok(write)
}

/// A folder is what it was, whatever is in it.
fn is_folder(now: Stand, what: &What) -> bool {
    (now.shape, what.shape) == (Shape::Folder, Shape::Folder)
}

#[cfg(test)]
mod tests;
mod tree;
