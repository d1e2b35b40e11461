//! An environment's own tree on the disk.
//!
//! Every folder is opened from the one above it and no link is gone through: commands write in that tree, and may have put
//! a link to the source tree there. A file is written beside the tree and then takes its place.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::super::noted::{Shape, Stand, What};
use super::TREE;
use crate::digest::Digest;
use crate::files;
use crate::plan::copy::{self, Entry, EntryKind};
use crate::problem::Problem;
use crate::run::folder::NAME;
use crate::run::no_links::{self, FOLDER, enter, split};
use crate::time;

/// Where a file is until it takes its place.
const NEW: &str = ".tree.new";

/// An environment's own tree, opened.
pub(super) struct Tree {
    pub(super) path: PathBuf,
    /// The environment's folder, and the tree in it.
    env: OwnedFd,
    top: OwnedFd,
    /// The tree was not there.
    pub(super) made: bool,
    /// The folder that was asked for last: the next path is mostly in it, too.
    last: Option<(Vec<u8>, OwnedFd)>,
    /// The time of all that is written now: what depends on each other is as old as the other.
    time: SystemTime,
}

impl Tree {
    /// Opens `.runenv/ENV/tree`.
    pub(super) fn open(root: &Path, env: &str) -> Result<Self, Problem> {
        let help = "runenv copies the tree there: move it away";
        let (folder, path) = no_links::open(root, &[NAME, env], help)?;
        let path = path.join(TREE);
        let there = rustix::fs::statat(&folder, TREE, AtFlags::SYMLINK_NOFOLLOW);
        let top = enter(&folder, TREE.as_bytes());
        let top = top.map_err(|e| no_links::not_opened(&path, &e, help))?;
        Ok(Self {
            path,
            env: folder,
            top,
            made: there.is_err(),
            last: None,
            time: time::stamp(),
        })
    }

    fn trouble(&self, doing: &str, path: &[u8], error: &io::Error) -> Problem {
        use std::os::unix::ffi::OsStrExt;
        let path = self.path.join(std::ffi::OsStr::from_bytes(path));
        files::trouble(doing, &path, error)
    }

    /// Makes it anew: of what is in it nothing is known.
    pub(super) fn clear(&mut self) -> Result<(), Problem> {
        if !self.made {
            let cleared = no_links::remove(&self.env, TREE.as_bytes())
                .and_then(|()| no_links::make(&self.env, TREE.as_bytes()));
            self.top = cleared.map_err(|e| self.trouble("clear", b"", &e))?;
            self.last = None;
        }
        Ok(())
    }

    /// The folder of a path, if it is one and is reached through no link.
    fn folder(&mut self, folder: &[u8], make: bool) -> io::Result<Option<&OwnedFd>> {
        if folder.is_empty() {
            return Ok(Some(&self.top));
        }
        if self.last.as_ref().is_none_or(|(last, _)| last != folder) {
            let mut opened = self.top.try_clone()?;
            for name in folder.split(|b| *b == b'/') {
                if make {
                    opened = make_in(&opened, name)?;
                    continue;
                }
                match rustix::fs::openat(&opened, name, FOLDER, Mode::empty()) {
                    Ok(next) => opened = next,
                    Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(None),
                    Err(error) => return Err(error.into()),
                }
            }
            self.last = Some((folder.to_owned(), opened));
        }
        Ok(self.last.as_ref().map(|(_, folder)| folder))
    }

    /// How a path stands; `None` where nothing does.
    pub(super) fn stand(&mut self, path: &[u8]) -> Result<Option<Stand>, Problem> {
        let (above, name) = split(path);
        let stat = self.folder(above, false).and_then(|folder| {
            let Some(folder) = folder else {
                return Ok(None);
            };
            match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => Ok(Some(Stand::of(&stat))),
                Err(Errno::NOENT) => Ok(None),
                Err(error) => Err(error.into()),
            }
        });
        stat.map_err(|e| self.trouble("look at", path, &e))
    }

    /// Is what stands there this, whatever its times?
    pub(super) fn is(&mut self, path: &[u8], now: Stand, what: &What) -> Result<bool, Problem> {
        if now.shape != what.shape {
            return Ok(false);
        }
        let (above, name) = split(path);
        let digest = self.folder(above, false).and_then(|folder| {
            let folder = folder.ok_or(io::ErrorKind::NotFound)?;
            if now.shape == Shape::Link {
                let target = rustix::fs::readlinkat(folder, name, Vec::new())?;
                return Ok(Digest::of(target.as_bytes()));
            }
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            copy::sum(rustix::fs::openat(folder, name, flags, Mode::empty())?.into())
        });
        Ok(digest.map_err(|e| self.trouble("read", path, &e))? == what.digest)
    }

    /// Removes what was copied, and the folders above it that are empty then but for those that are kept. A folder with
    /// something in it stays.
    pub(super) fn remove(
        &mut self,
        path: &[u8],
        keep: &dyn Fn(&[u8]) -> bool,
    ) -> Result<(), Problem> {
        let (mut above, mut name) = split(path);
        let removed = self.folder(above, false).and_then(|folder| {
            let Some(folder) = folder else { return Ok(()) };
            match rustix::fs::unlinkat(folder, name, AtFlags::empty()) {
                Err(Errno::ISDIR | Errno::PERM) => {
                    let _ = rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR);
                    Ok(())
                }
                Ok(()) | Err(Errno::NOENT) => Ok(()),
                Err(error) => Err(error.into()),
            }
        });
        removed.map_err(|e| self.trouble("remove", path, &e))?;
        while !above.is_empty() && !keep(above) {
            (above, name) = split(above);
            let folder = self.folder(above, false);
            let Ok(Some(folder)) = folder else { break };
            if rustix::fs::unlinkat(folder, name, AtFlags::REMOVEDIR).is_err() {
                break;
            }
        }
        self.last = None;
        Ok(())
    }

    /// Writes an entry of the root. What it is now may not be what the manifest says; `None`: it is gone.
    pub(super) fn write(
        &mut self,
        root: &Path,
        entry: &Entry,
    ) -> Result<Option<(What, Stand)>, Problem> {
        let (above, name) = split(&entry.path);
        let mut what = What::of(&entry.kind);
        let written = (|| {
            match &entry.kind {
                EntryKind::Folder => {
                    self.folder(&entry.path, true)?;
                }
                EntryKind::Link { target } => {
                    let _ = rustix::fs::unlinkat(&self.env, NEW, AtFlags::empty());
                    rustix::fs::symlinkat(target.as_slice(), &self.env, NEW)?;
                    self.place(above, name)?;
                }
                EntryKind::File {
                    executable,
                    size: _,
                    digest: _,
                } => {
                    let Some(digest) = self.file(root, &entry.path, *executable)? else {
                        return Ok(None);
                    };
                    what.digest = digest;
                    self.place(above, name)?;
                }
            }
            let folder = self.folder(above, false)?.ok_or(io::ErrorKind::NotFound)?;
            let stat = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)?;
            Ok(Some((what, Stand::of(&stat))))
        })();
        written.map_err(|e| self.trouble("write", &entry.path, &e))
    }

    /// A file of the root beside the tree, with the time of this run; `None`: it is gone.
    fn file(&self, root: &Path, path: &[u8], executable: bool) -> io::Result<Option<Digest>> {
        let _ = rustix::fs::unlinkat(&self.env, NEW, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if executable { 0o755 } else { 0o644 });
        let mut file = File::from(rustix::fs::openat(&self.env, NEW, flags, mode)?);
        match copy::copy(root, path, &mut file) {
            Ok((_, digest)) => {
                file.set_modified(self.time)?;
                Ok(Some(digest))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Puts what is beside the tree into its place; what stands there goes, a folder with all that is in it.
    fn place(&mut self, above: &[u8], name: &[u8]) -> io::Result<()> {
        let env = self.env.try_clone()?;
        let folder = self.folder(above, true)?.ok_or(io::ErrorKind::NotFound)?;
        let rename =
            || rustix::fs::renameat_with(&env, NEW, folder.as_fd(), name, RenameFlags::empty());
        match rename() {
            Err(Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST) => {
                no_links::remove(folder, name)?;
                Ok(rename()?)
            }
            renamed => Ok(renamed?),
        }
    }
}

/// Opens a folder, made if need be; what is no folder in its place goes.
fn make_in(folder: &OwnedFd, name: &[u8]) -> io::Result<OwnedFd> {
    let not_one = rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| Stand::of(&stat).shape != Shape::Folder);
    if not_one {
        rustix::fs::unlinkat(folder, name, AtFlags::empty())?;
    }
    enter(folder, name)
}
