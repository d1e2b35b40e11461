//! Trees of environments' own, as `clean` sees them: how large they are, and their removal. One that a run works in stays.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Mode, OFlags};

use super::own::FILE;
use super::sync::{LOCK, NOTE, TREE};
use super::tree_lock::{self, Asker};
use crate::exec::Cancel;
use crate::files;
use crate::problem::Problem;
use crate::run::folder::Folder;
use crate::run::no_links::{self, FOLDER};
use crate::time;

/// An environment's own tree.
#[derive(Debug)]
pub(crate) struct OwnTree {
    pub(crate) env: String,
    /// On the disk.
    pub(crate) bytes: u64,
}

/// All trees that no run has brought up to date for so long.
pub(crate) fn find(folder: &Folder, older: Option<Duration>) -> Vec<OwnTree> {
    let mut trees = Vec::new();
    for env in folder.names() {
        let tree = folder.env(&env).path().join(TREE);
        let Ok(meta) = tree.symlink_metadata() else {
            continue;
        };
        let used = tree
            .with_file_name(LOCK)
            .symlink_metadata()
            .unwrap_or_else(|_| meta.clone());
        let age = used.modified().ok().map(time::since);
        if meta.is_dir() && older.is_none_or(|older| age.is_some_and(|age| age >= older)) {
            let bytes = size(&tree);
            trees.push(OwnTree { env, bytes });
        }
    }
    trees
}

/// Links are not followed, and what cannot be read is nothing.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let each = entries.map(|entry| {
        let Ok(meta) = entry.metadata() else { return 0 };
        let below = if meta.is_dir() {
            size(&entry.path())
        } else {
            0
        };
        meta.blocks() * 512 + below
    });
    each.sum()
}

/// Removes an environment's tree, and what is known of it.
pub(crate) fn remove(folder: &Folder, env: &str, owner: &str) -> Result<(), Problem> {
    let place = folder.env(env);
    let asker = Asker {
        owner,
        env,
        what: &format!("the tree of `{env}`"),
        wait: false,
        cancel: &Cancel::never(),
    };
    let _lock = tree_lock::take(&place.path().join(LOCK), &asker, &mut |_| {})?;
    let remove = || -> io::Result<()> {
        let flags = FOLDER & !OFlags::NOFOLLOW;
        let opened = rustix::fs::open(folder.path(), flags, Mode::empty())?;
        let opened = rustix::fs::openat(&opened, env, FOLDER, Mode::empty())?;
        // The tree last: until then it is one of which nothing is known.
        for name in [FILE, NOTE, TREE] {
            no_links::remove(&opened, name.as_bytes())?;
        }
        Ok(())
    };
    remove().map_err(|e| files::trouble("remove the tree in", place.path(), &e))
}
