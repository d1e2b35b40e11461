//! Folders that are made, opened and removed from the one above them, so that no link is ever gone through.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, Mode, OFlags};
use rustix::io::Errno;

const MODE: Mode = Mode::from_raw_mode(0o755);

pub(crate) const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

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
