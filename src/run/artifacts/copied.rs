//! The folder that artifacts are written to. What is written comes from containers, and may be made to get out of it.
//!
//! A new folder is filled and then takes the old one's place. Every folder is opened from the one above it, and no link
//! is ever gone through; links are made last, so that while files are written there are none. A link is made only if it
//! goes up no further than this folder and then only down: so no chain of them leads out either.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags};

use super::archive::{LEADS_OUT, Trouble};
use super::seal::Keys;
use crate::files;
use crate::nearest::counted;
use crate::plan::copy::shown;
use crate::problem::Problem;
use crate::run::folder::{ARTIFACTS, NAME};
use crate::run::no_links::{self, enter, split};
use crate::run::result::Artifacts;

/// The most of one stage. What is more is left out, and told.
pub(super) const MOST: Most = Most {
    entries: 100_000,
    bytes: 4_000_000_000,
};
/// How many folders deep a file may be.
const DEEPEST: usize = 100;
/// How many bytes a path may have: no system opens a longer one, and all are kept in memory.
const LONGEST: usize = 4096;
/// So many of those that were left out are told by name.
const NAMED: usize = 7;

#[derive(Clone, Copy)]
pub(super) struct Most {
    pub(super) entries: u64,
    pub(super) bytes: u64,
}

/// What was left out, and why.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    count: u64,
    named: Vec<String>,
}

pub(super) struct Copied {
    /// `.runenv/ENV/artifacts`, opened, and its path for messages.
    artifacts: OwnedFd,
    path: PathBuf,
    /// The tree's root and the environment: where it is said whose they are.
    keys: (PathBuf, String),
    stage: String,
    /// The new folder's name in it, and the folder once there is something in it.
    name: String,
    new: Option<OwnedFd>,
    /// The folder that was written to last: the next file is mostly in it, too.
    last: Option<(Vec<u8>, OwnedFd)>,
    /// Files that were written, and links that are to be made.
    written: BTreeSet<Vec<u8>>,
    links: Vec<(Vec<u8>, Vec<u8>)>,
    left_out: LeftOut,
    /// What may still come.
    pub(super) room: Most,
    files: u64,
    bytes: u64,
}

impl Copied {
    /// Opens `.runenv/ENV/artifacts` below the tree's root.
    pub(super) fn open(root: &Path, env: &str, stage: &str) -> Result<Self, Problem> {
        let help = "runenv copies artifacts there: move it away";
        let (artifacts, path) = no_links::open(root, &[NAME, env, ARTIFACTS], help)?;
        Ok(Self {
            artifacts,
            path,
            keys: (root.to_owned(), env.to_owned()),
            stage: stage.to_owned(),
            name: format!(".{stage}.{}.new", std::process::id()),
            new: None,
            last: None,
            written: BTreeSet::new(),
            links: Vec::new(),
            left_out: LeftOut::default(),
            room: MOST,
            files: 0,
            bytes: 0,
        })
    }

    pub(super) fn leave_out(&mut self, path: &[u8], why: &str) {
        self.left_out.count += 1;
        if self.left_out.named.len() < NAMED {
            self.left_out
                .named
                .push(format!("`{}`: {why}", shown(path)));
        }
    }

    /// Makes a folder, if there is none.
    pub(super) fn folder(&mut self, path: &[u8]) -> Result<(), Problem> {
        if !self.has_room(path) {
            return Ok(());
        }
        let made = self.inside(path).map(drop);
        self.done(path, made).map(drop)
    }

    /// Writes a new file of this size; its mode without what only its owner's system could mean.
    pub(super) fn file(
        &mut self,
        path: &[u8],
        mode: u32,
        size: u64,
        content: &mut dyn Read,
    ) -> Result<(), Trouble> {
        if size > self.room.bytes {
            self.leave_out(path, "it has more bytes than there is room for");
            return Ok(());
        }
        if !self.has_room(path) {
            return Ok(());
        }
        let (above, name) = split(path);
        let made = self.inside(above).and_then(|folder| {
            let flags =
                OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let mode = Mode::from_raw_mode((mode & 0o755) | 0o600);
            Ok(File::from(rustix::fs::openat(folder, name, flags, mode)?))
        });
        let Some(file) = self.done(path, made)? else {
            return Ok(());
        };
        self.fill(path, file, size, content).inspect_err(|_| {
            if let Ok(folder) = self.inside(above) {
                let _ = rustix::fs::unlinkat(folder, name, AtFlags::empty());
            }
        })?;
        self.written.insert(path.to_owned());
        self.files += 1;
        self.room.bytes -= size;
        self.bytes += size;
        Ok(())
    }

    fn fill(
        &self,
        path: &[u8],
        mut file: File,
        size: u64,
        content: &mut dyn Read,
    ) -> Result<(), Trouble> {
        let (mut buffer, mut left) = ([0; 16 * 1024], size);
        while left > 0 {
            let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let n = content.read(&mut buffer[..most])?;
            if n == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            file.write_all(&buffer[..n])
                .map_err(|e| self.trouble(path, &e))?;
            left -= n as u64;
        }
        Ok(())
    }

    /// A second name of a file that was written before.
    pub(super) fn same(&mut self, path: &[u8], first: &[u8]) -> Result<(), Problem> {
        if !self.written.contains(first) {
            self.leave_out(path, "it is a hard link to a file that is not copied");
            return Ok(());
        }
        if !self.has_room(path) {
            return Ok(());
        }
        let ((above, name), (first_above, first_name)) = (split(path), split(first));
        let first = self.inside(first_above).and_then(OwnedFd::try_clone);
        let made = first.and_then(|first| {
            let folder = self.inside(above)?;
            Ok(rustix::fs::linkat(
                first,
                first_name,
                folder,
                name,
                AtFlags::empty(),
            )?)
        });
        self.linked(path, made)
    }

    /// Not every disk has links.
    fn linked(&mut self, path: &[u8], made: io::Result<()>) -> Result<(), Problem> {
        if made
            .as_ref()
            .is_err_and(|e| e.kind() == io::ErrorKind::PermissionDenied)
        {
            self.leave_out(path, "a link cannot be made here");
            return Ok(());
        }
        self.files += u64::from(self.done(path, made)?.is_some());
        Ok(())
    }

    /// Notes a link, to be made at the end.
    pub(super) fn link(&mut self, path: &[u8], target: Vec<u8>) {
        let depth = path.split(|b| *b == b'/').count() - 1;
        if !stays(&target, depth) {
            self.leave_out(path, "it is a link that leads out of the folder");
        } else if target.len() > LONGEST {
            self.leave_out(path, "it is a link to a path that is too long");
        } else if self.has_room(path) {
            self.links.push((path.to_owned(), target));
        }
    }

    /// Makes the links and puts the folder in its place. `None`: there is nothing, and nothing of earlier runs either.
    pub(super) fn finish(mut self) -> Result<(Option<Artifacts>, LeftOut), Problem> {
        for (path, target) in std::mem::take(&mut self.links) {
            let (above, name) = split(&path);
            let made = self.inside(above);
            let made = made.and_then(|folder| Ok(rustix::fs::symlinkat(&target, folder, name)?));
            self.linked(&path, made)?;
        }
        let folder = self.path.join(&self.stage);
        let failed = |e: rustix::io::Errno| files::trouble("write", &folder, &e.into());
        // Where nothing is put in place, nothing is anybody's.
        let keys = self
            .new
            .as_ref()
            .map(|_| Keys::open(&self.keys.0, &self.keys.1));
        let keys = keys.transpose()?;
        let _locked = keys.as_ref().map(Keys::lock).transpose()?;
        let word = keys.map_or(Ok(String::new()), |keys| keys.begin(&self.stage))?;
        let old = format!(".{}.{}.old", self.stage, std::process::id());
        match rustix::fs::renameat(&self.artifacts, &self.stage, &self.artifacts, &old) {
            Ok(()) | Err(rustix::io::Errno::NOENT) => {}
            Err(error) => return Err(failed(error)),
        }
        if self.new.is_some() {
            rustix::fs::renameat(&self.artifacts, &self.name, &self.artifacts, &self.stage)
                .map_err(failed)?;
        }
        let _ = no_links::remove(&self.artifacts, old.as_bytes());
        let artifacts = self.new.take().map(|_| Artifacts {
            folder: folder.display().to_string(),
            files: self.files,
            bytes: self.bytes,
            word,
        });
        Ok((artifacts, std::mem::take(&mut self.left_out)))
    }

    /// A folder of the new one, made with those above it.
    fn inside(&mut self, path: &[u8]) -> io::Result<&OwnedFd> {
        if self.last.as_ref().is_none_or(|(last, _)| last != path) {
            if self.new.is_none() {
                self.new = Some(no_links::make(&self.artifacts, self.name.as_bytes())?);
            }
            let mut folder = self.new.as_ref().expect("made above").try_clone()?;
            for name in path.split(|b| *b == b'/').filter(|name| !name.is_empty()) {
                folder = enter(&folder, name)?;
            }
            self.last = Some((path.to_owned(), folder));
        }
        Ok(&self.last.as_ref().expect("opened above").1)
    }

    /// Is there room for one more, and is its path one that can be written?
    fn has_room(&mut self, path: &[u8]) -> bool {
        let deep = path.split(|b| *b == b'/').count() > DEEPEST;
        if path.split(|b| *b == b'/').any(|name| name == b"..") {
            self.leave_out(path, LEADS_OUT);
        } else if path.len() > LONGEST {
            self.leave_out(path, "its path is too long");
        } else if deep {
            self.leave_out(path, "it is too deep in folders");
        } else if self.room.entries == 0 {
            self.leave_out(path, "there are too many files");
        } else {
            self.room.entries -= 1;
            return true;
        }
        false
    }

    /// What cannot be written for its name or because something is there is left out; other errors are our disk's.
    fn done<T>(&mut self, path: &[u8], made: io::Result<T>) -> Result<Option<T>, Problem> {
        use io::ErrorKind as Is;
        let taken = [Is::AlreadyExists, Is::NotADirectory, Is::IsADirectory];
        let error = match made {
            Ok(made) => return Ok(Some(made)),
            Err(error) => error,
        };
        let why = if taken.contains(&error.kind()) {
            "there is another one in its place"
        } else if [Is::InvalidFilename, Is::InvalidInput].contains(&error.kind()) {
            "it has a name that cannot be written here"
        } else {
            return Err(self.trouble(path, &error));
        };
        self.leave_out(path, why);
        Ok(None)
    }

    fn trouble(&self, path: &[u8], error: &io::Error) -> Problem {
        let path = self.path.join(&self.stage).join(shown(path));
        files::trouble("write", &path, error)
    }
}

/// What was not finished is not kept.
impl Drop for Copied {
    fn drop(&mut self) {
        if self.new.is_some() {
            let _ = no_links::remove(&self.artifacts, self.name.as_bytes());
        }
    }
}

impl LeftOut {
    pub(super) fn problem(&self, stage: &str) -> Option<Problem> {
        let (first, more) = self.named.split_first()?;
        let title = format!("{} of `{stage}` left out", counted("artifact", self.count));
        let problem = more
            .iter()
            .fold(Problem::warning(title, first), Problem::help);
        let untold = self.count - self.named.len() as u64;
        Some(if untold == 0 {
            problem
        } else {
            problem.help(format!("and {untold} more"))
        })
    }
}

/// Does a link that is `depth` folders deep stay inside? It may go up, no further than the top, and then only down.
fn stays(target: &[u8], depth: usize) -> bool {
    let names = target.split(|b| *b == b'/');
    let names: Vec<&[u8]> = names
        .filter(|name| !name.is_empty() && *name != b".")
        .collect();
    let up = names.iter().take_while(|name| **name == b"..").count();
    let down = !names[up..].contains(&&b".."[..]);
    !target.is_empty() && !target.starts_with(b"/") && !target.contains(&0) && up <= depth && down
}
