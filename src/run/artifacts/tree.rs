//! Artifacts of a stage that ran on this host: files of the tree. Links are copied as links, and only one at the place
//! where looking begins is followed, within the tree.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::Collector;
use super::archive::Trouble;
use super::deadline::{Deadline, Timed};
use crate::files;
use crate::plan::artifacts::Source;
use crate::problem::Problem;
use crate::run::folder::NAME;

/// Reads one place of the tree. What is not there is no artifact.
pub(super) fn read(
    root: &Path,
    source: &Source,
    deadline: &mut Deadline<'_>,
    to: &mut Collector,
) -> Result<(), Problem> {
    let path = source.path.as_bytes();
    if source.rooted {
        to.pass_over(true, "on this host only files of the tree are copied");
        return Ok(());
    }
    if deadline.begin().is_zero() {
        to.complete = false;
        return Ok(());
    }
    let root = root
        .canonicalize()
        .map_err(|e| files::trouble("read", root, &e))?;
    let own = root.join(NAME);
    let place = match root.join(&source.path).canonicalize() {
        Ok(place) => place,
        Err(error) => {
            to.unseen(path, &error);
            return Ok(());
        }
    };
    if !place.starts_with(&root) || place.starts_with(&own) {
        if to.takes(false, path) {
            to.copied.leave_out(path, "it leads out of the tree");
        }
        return Ok(());
    }
    let own = &own;
    let mut walk = Walk { deadline, own, to };
    walk.visit(&place, path)?;
    if walk.deadline.is_over() {
        walk.to.complete = false;
        if !walk.deadline.cancel.requested() {
            let title = "not all artifacts are copied: it takes too long";
            let problem = Problem::warning(title, "begin their globs with a smaller folder");
            walk.to.taken.warnings.push(problem);
        }
    }
    Ok(())
}

impl Collector {
    /// Tells of a path that cannot be looked at: it, or what is below it, may be asked for. What is not there is none.
    fn unseen(&mut self, path: &[u8], error: &io::Error) {
        let nothing = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
        if !nothing.contains(&error.kind()) {
            self.complete = false;
            self.copied.leave_out(path, "it cannot be read");
        }
    }
}

struct Walk<'a, 'b> {
    deadline: &'a mut Deadline<'b>,
    /// runenv's own folder, which the artifacts go to.
    own: &'a Path,
    to: &'a mut Collector,
}

impl Walk<'_, '_> {
    /// Takes what is at `place` under the name `path`, and all that is below it.
    fn visit(&mut self, place: &Path, path: &[u8]) -> Result<(), Problem> {
        if place == self.own || self.deadline.is_over() {
            return Ok(());
        }
        let meta = match place.symlink_metadata() {
            Ok(meta) => meta,
            Err(error) => {
                self.to.unseen(path, &error);
                return Ok(());
            }
        };
        if self.to.takes(false, path) {
            self.take(place, path, &meta)?;
        }
        if meta.is_dir() {
            self.descend(place, path)?;
        }
        Ok(())
    }

    fn take(&mut self, place: &Path, path: &[u8], meta: &Metadata) -> Result<(), Problem> {
        let to = &mut self.to.copied;
        if meta.is_dir() {
            return if path.is_empty() {
                Ok(())
            } else {
                to.folder(path)
            };
        }
        if meta.is_symlink() {
            let target = fs::read_link(place).map(|t| t.into_os_string().into_vec());
            to.link(path, target.unwrap_or_default());
        } else if meta.is_file() {
            return self.file(place, path);
        } else {
            to.leave_out(path, "it is no file, folder or link");
        }
        Ok(())
    }

    fn file(&mut self, place: &Path, path: &[u8]) -> Result<(), Problem> {
        let to = &mut self.to.copied;
        // What took the place of a file meanwhile is neither followed nor waited for.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        let opened = File::options().read(true).custom_flags(flags).open(place);
        let opened = opened.and_then(|file| file.metadata().map(|meta| (file, meta)));
        let Ok((from, meta)) = opened else {
            to.leave_out(path, "it cannot be read");
            return Ok(());
        };
        if !meta.is_file() {
            to.leave_out(path, "it is no file any more");
            return Ok(());
        }
        let deadline = &mut *self.deadline;
        let mut file = Timed { from, deadline };
        match to.file(path, meta.permissions().mode(), meta.len(), &mut file) {
            Err(Trouble::Ours(problem)) => Err(problem),
            Err(Trouble::Broken(_)) if self.deadline.is_over() => Ok(()),
            Err(Trouble::Broken(_)) => {
                to.leave_out(path, "it changed while it was read");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn descend(&mut self, place: &Path, path: &[u8]) -> Result<(), Problem> {
        let entries = match fs::read_dir(place) {
            Ok(entries) => entries,
            Err(error) => {
                self.to.unseen(path, &error);
                return Ok(());
            }
        };
        let mut names = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => names.push(entry.file_name()),
                Err(error) => self.to.unseen(path, &error),
            }
        }
        names.sort();
        for name in names {
            let mut below = path.to_owned();
            if !below.is_empty() {
                below.push(b'/');
            }
            below.extend(name.as_bytes());
            self.visit(&place.join(name), &below)?;
        }
        Ok(())
    }
}
