//! Artifacts of a stage that ran on this host: files of the tree. Links are copied as links, and only one at the place
//! where looking begins is followed, within the tree.

use std::fs::{self, File, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use super::Collector;
use super::archive::Trouble;
use crate::plan::artifacts::Source;
use crate::problem::Problem;
use crate::run::folder::NAME;

/// Reads one place of the tree. What is not there is no artifact.
pub(super) fn read(root: &Path, source: &Source, to: &mut Collector) -> Result<(), Problem> {
    let path = source.path.as_bytes();
    if source.rooted {
        to.pass_over(true, "on this host only files of the tree are copied");
        return Ok(());
    }
    let Ok(root) = root.canonicalize() else {
        return Ok(());
    };
    let own = root.join(NAME);
    let Ok(place) = root.join(&source.path).canonicalize() else {
        return Ok(());
    };
    if !place.starts_with(&root) || place.starts_with(&own) {
        if to.takes(false, path) {
            to.copied.leave_out(path, "it leads out of the tree");
        }
        return Ok(());
    }
    Walk { own: &own, to }.visit(&place, path)
}

struct Walk<'a> {
    /// runenv's own folder, which the artifacts go to.
    own: &'a Path,
    to: &'a mut Collector,
}

impl Walk<'_> {
    /// Takes what is at `place` under the name `path`, and all that is below it.
    fn visit(&mut self, place: &Path, path: &[u8]) -> Result<(), Problem> {
        if place == self.own {
            return Ok(());
        }
        let Ok(meta) = place.symlink_metadata() else {
            return Ok(());
        };
        let taken = self.to.takes(false, path);
        if taken {
            self.take(place, path, &meta)?;
        }
        if meta.is_dir() {
            self.descend(place, path, taken)?;
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
        let Ok((mut file, meta)) = opened else {
            to.leave_out(path, "it cannot be read");
            return Ok(());
        };
        if !meta.is_file() {
            to.leave_out(path, "it is no file any more");
            return Ok(());
        }
        match to.file(path, meta.permissions().mode(), meta.len(), &mut file) {
            Err(Trouble::Ours(problem)) => Err(problem),
            Err(Trouble::Broken(_)) => {
                to.leave_out(path, "it changed while it was read");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn descend(&mut self, place: &Path, path: &[u8], taken: bool) -> Result<(), Problem> {
        let Ok(entries) = fs::read_dir(place) else {
            if taken {
                self.to.copied.leave_out(path, "it cannot be read");
            }
            return Ok(());
        };
        let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
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
