//! Folders that are made, opened and removed from the one above them, so that no link is ever gone through.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;

use crate::files;
use crate::problem::Problem;

const MODE: Mode = Mode::from_raw_mode(0o755);

pub(crate) const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Opens the folder of these names, one in the other, below the tree's root; its path, too. Each is made if need be; a link
/// in the place of any of them may have been put there by anyone: refused. `help`: what the folder is for.
pub(crate) fn open(root: &Path, names: &[&str], help: &str) -> Result<(OwnedFd, PathBuf), Problem> {
    let mut path = root.to_owned();
    let mut folder = rustix::fs::open(root, FOLDER & !OFlags::NOFOLLOW, Mode::empty())
        .map_err(|e| files::trouble("open", root, &e.into()))?;
    for name in names {
        path.push(name);
        folder = enter(&folder, name.as_bytes()).map_err(|e| not_opened(&path, &e, help))?;
    }
    Ok((folder, path))
}

/// A folder could not be opened: perhaps it is none.
pub(crate) fn not_opened(path: &Path, error: &io::Error, help: &str) -> Problem {
    if path.symlink_metadata().is_ok_and(|meta| !meta.is_dir()) {
        let title = format!("`{}` is not a folder", path.display());
        return Problem::engine(title, help);
    }
    files::trouble("open", path, error)
}

/// A path's folder and its last name.
pub(crate) fn split(path: &[u8]) -> (&[u8], &[u8]) {
    match path.iter().rposition(|b| *b == b'/') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (b"", path),
    }
}

/// Opens a folder in another one, made if need be; never through a link.
pub(crate) fn enter(folder: &OwnedFd, name: &[u8]) -> io::Result<OwnedFd> {
    match rustix::fs::openat(folder.as_fd(), name, FOLDER, Mode::empty()) {
        Err(Errno::NOENT) => {
            match rustix::fs::mkdirat(folder, name, MODE) {
                // Another run was faster.
                Ok(()) | Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
            Ok(rustix::fs::openat(folder, name, FOLDER, Mode::empty())?)
        }
        opened => Ok(opened?),
    }
}

/// Makes and opens a folder; what is there already is not ours.
pub(crate) fn make(folder: &OwnedFd, name: &[u8]) -> io::Result<OwnedFd> {
    match rustix::fs::mkdirat(folder, name, MODE) {
        Ok(()) => Ok(rustix::fs::openat(folder, name, FOLDER, Mode::empty())?),
        Err(Errno::EXIST) => Err(io::Error::other("another run writes there")),
        Err(error) => Err(error.into()),
    }
}

/// Removes what has this name, a folder with all that is in it.
pub(crate) fn remove(folder: &OwnedFd, name: &[u8]) -> io::Result<()> {
    match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // What systems say of a folder.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    let opened = rustix::fs::openat(folder, name, FOLDER, Mode::empty())?;
    for entry in Dir::read_from(&opened)? {
        let entry = entry?;
        let below = entry.file_name().to_bytes();
        if below != b"." && below != b".." {
            remove(&opened, below)?;
        }
    }
    Ok(rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR)?)
}
