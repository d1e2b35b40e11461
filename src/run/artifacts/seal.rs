//! Of which key the artifacts of a stage are: a file beside their folders says so, `artifacts-of/STAGE`.
//!
//! The folder is put in its place with a random word in that file, under a lock; when the stage has passed the word becomes
//! the key, if it is still there. So two runs of an environment never take each other's artifacts for their own, and what a
//! killed or failed one left is no key's.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use rustix::fs::{AtFlags, Mode, OFlags};

use crate::digest::Digest;
use crate::files;
use crate::problem::Problem;
use crate::random;
use crate::run::folder::{KEYS, NAME};
use crate::run::no_links;
use crate::run::result::Artifacts;

/// No stage is called so.
const LOCK: &str = ".lock";
/// Whoever has the lock is done in no time; if it sleeps, it is not waited for.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(10);

/// Whose the artifacts of an environment's stages are.
pub(super) struct Keys {
    folder: OwnedFd,
    path: PathBuf,
}

/// Others wait until it is dropped. Some disks know no locks.
pub(super) struct Locked(#[expect(dead_code, reason = "it is held")] Option<File>);

impl Keys {
    pub(super) fn open(root: &Path, env: &str) -> Result<Self, Problem> {
        let help = "runenv keeps there whose artifacts are: move it away";
        let (folder, path) = no_links::open(root, &[NAME, env, KEYS], help)?;
        Ok(Self { folder, path })
    }

    pub(super) fn lock(&self) -> Result<Locked, Problem> {
        let file = self.file(LOCK, OFlags::empty());
        let file = file.map_err(|e| self.trouble(LOCK, &e))?;
        for _ in 0..TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Locked(Some(file))),
                Err(TryLockError::WouldBlock) => thread::sleep(PAUSE),
                Err(TryLockError::Error(_)) => break,
            }
        }
        Ok(Locked(None))
    }

    /// From now on what is in the stage's place is of no key; the word by which it may become so.
    pub(super) fn begin(&self, stage: &str) -> Result<String, Problem> {
        let word = random::word();
        self.write(stage, &word)?;
        Ok(word)
    }

    /// A half one is no key.
    fn write(&self, stage: &str, text: &str) -> Result<(), Problem> {
        // Whatever is there: a link is not written through.
        let _ = rustix::fs::unlinkat(&self.folder, stage, AtFlags::empty());
        let file = self.file(stage, OFlags::TRUNC);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|e| self.trouble(stage, &e))
    }

    fn file(&self, name: &str, more: OFlags) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | more;
        let mode = Mode::from_raw_mode(0o644);
        let file = rustix::fs::openat(&self.folder, name, flags, mode)?;
        Ok(File::from(file))
    }

    fn trouble(&self, name: &str, error: &io::Error) -> Problem {
        files::trouble("write", &self.path.join(name), error)
    }
}

/// The stage has passed: its artifacts are this key's, unless others took their place.
pub(crate) fn seal(
    root: &Path,
    env: &str,
    stage: &str,
    artifacts: &Artifacts,
    key: Digest,
) -> Result<(), Problem> {
    let keys = Keys::open(root, env)?;
    let _locked = keys.lock()?;
    if files::read_if_there(&keys.path.join(stage)).as_ref() == Some(&artifacts.word) {
        keys.write(stage, &key.to_string())?;
    }
    Ok(())
}
