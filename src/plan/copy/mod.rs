//! The files of a stage: which they are, their digest for the key, and the tar stream that carries them.
//!
//! `walk` finds what the patterns mean, `ignore` reads the tree's `.dockerignore`, `hash` and `cache` give every file
//! its digest, `manifest` is the result, `delivery` says what of it a container is sent and `tar` sends it, with a text
//! that says what there is (`listing`). Links are never followed and nothing outside the tree is
//! opened; no process is started.
//!
//! ```ignore
//! let mut cache = FileCache::open(root, &root.join(".runenv"), host.cpus);
//! let manifest = Manifest::collect(root, &stage.copy, &mut cache)?;
//! cache.save()?;
//! Delivery::whole(copies).write_tar(root, &mut pipe)?;
//! ```

mod cache;
pub(crate) mod delivery;
mod hash;
mod ignore;
pub(crate) mod listing;
mod manifest;
mod named;
mod tar;
mod walk;

pub(crate) use cache::FileCache;
pub(crate) use hash::{copy, sum};
pub(crate) use ignore::lines as ignored;
pub(crate) use manifest::{Entry, EntryKind, Manifest};
pub(crate) use tar::TarError;
pub(crate) use walk::{Top, tops};

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The place on disk of a path of the tree.
pub(crate) fn on_disk(root: &Path, path: &[u8]) -> PathBuf {
    root.join(OsStr::from_bytes(path))
}

/// The first of some paths by name, and how many more there are: `` `a`, `b` and 3 more ``.
pub(crate) fn named<'a>(paths: impl ExactSizeIterator<Item = &'a [u8]>, most: usize) -> String {
    let more = match paths.len().saturating_sub(most) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let first = paths.take(most).map(|path| format!("`{}`", shown(path)));
    first.collect::<Vec<_>>().join(", ") + &more
}

/// A path as a message shows it: one line, no control characters.
pub(crate) fn shown(path: &[u8]) -> String {
    let mut out = String::new();
    for c in String::from_utf8_lossy(path).chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tree;
