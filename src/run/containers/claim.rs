//! One build per key at a time: the right to build a stage on an engine, among all environments and processes of a
//! machine.
//!
//! A claim is a lock on a small file, which ends with whoever holds it, however that ends. The file says who it is, and
//! afterwards which image was built. Where files cannot be locked everybody has every claim. Nobody may hold two.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::digest::{Digest, Digester};
use crate::engine::{self, Engine};
use crate::exec::{Cancel, Stop};
use crate::host::Host;

/// Files that nobody has used for so long are removed.
const OLD: Duration = Duration::from_secs(7 * 24 * 3600);

/// So often in a row a file may be taken away as it is opened.
const MOST_TIMES: u32 = 10;

/// Before the id of an image that was built.
const BUILT: &str = "image ";

/// Where claims are.
#[derive(Debug)]
pub(crate) struct Claims {
    folder: PathBuf,
    /// Which engines, for whom: what the files' names are made of, beside the key.
    scope: Digest,
    pid: u32,
    swept: Once,
}

/// The right to build a stage; ends when it goes.
#[derive(Debug)]
pub(crate) struct Claim {
    /// None where files cannot be locked.
    file: Option<File>,
    /// The image that somebody built under it before.
    pub(crate) image: Option<String>,
    /// Whoever had it died with it: nobody knows how far that one came.
    pub(crate) abandoned: bool,
}

/// What came of asking for a claim.
#[derive(Debug)]
pub(crate) enum Asked {
    Ours(Claim),
    Others(Waiting),
}

/// Somebody else has it.
#[derive(Debug)]
pub(crate) struct Waiting {
    file: File,
    /// Who, as far as is known: `process 123 (docker-jammy)`.
    pub(crate) holder: String,
}

impl Claims {
    /// In the user's cache; without one beside the results, where runs of the same tree meet.
    pub(crate) fn of(host: &Host, project: &str, results: &Path) -> Self {
        let mut scope = Digester::new("runenv-claims");
        scope.field("project", project.as_bytes());
        for name in engine::CLIENT {
            let value = host.variable(name).unwrap_or_default();
            scope.field(name, value.as_bytes());
        }
        Self {
            folder: cache(host, results).join("claims"),
            scope: scope.finish(),
            pid: host.pid,
            swept: Once::new(),
        }
    }

    /// Asks for the right to build a stage of this key; `env` is told to those who have to wait.
    pub(crate) fn ask(&self, engine: Engine, key: Digest, env: &str) -> Asked {
        let path = self.path(engine, key);
        let text = format!("process {} ({env})", self.pid);
        for _ in 0..MOST_TIMES {
            let Ok(file) = self.open(&path) else { break };
            match file.try_lock() {
                Ok(()) => {
                    if let Some(claim) = Claim::locked(file, &path, &text) {
                        return Asked::Ours(claim);
                    }
                }
                Err(TryLockError::WouldBlock) => {
                    // What another one that waited held for a moment says what was built before.
                    let holder = said(&file).filter(|said| !said.starts_with(BUILT));
                    let holder =
                        holder.unwrap_or_else(|| "another environment or process".to_owned());
                    return Asked::Others(Waiting { file, holder });
                }
                Err(TryLockError::Error(_)) => break,
            }
        }
        Asked::Ours(Claim::UNLOCKED)
    }

    fn path(&self, engine: Engine, key: Digest) -> PathBuf {
        let mut name = Digester::new("runenv-claim");
        name.field("scope", self.scope.bytes());
        name.field("key", key.bytes());
        let name = format!("{}-{}", engine.name(), name.finish());
        self.folder.join(name)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.swept.call_once(|| self.sweep());
        if !self.folder.is_dir() {
            fs::create_dir_all(&self.folder)?;
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.open(path)
    }

    /// Removes what is old and in nobody's hands.
    fn sweep(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            let age = fs::metadata(&path).and_then(|meta| meta.modified());
            let old = age.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > OLD));
            let free = || File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
            if old && free() {
                // Who has opened it meanwhile finds out, and makes a new one.
                let _ = fs::remove_file(&path);
            }
        }
    }
}

impl Claim {
    const UNLOCKED: Self = Self {
        file: None,
        image: None,
        abandoned: false,
    };

    /// What a lock on the file gives; `None`: the file is not there any more.
    fn locked(mut file: File, path: &Path, text: &str) -> Option<Self> {
        let id = |meta: fs::Metadata| (meta.dev(), meta.ino());
        let there = fs::metadata(path).map(id).ok()?;
        if file.metadata().map(id).ok()? != there {
            return None;
        }
        let said = said(&file);
        let image = said.as_ref().and_then(|said| said.strip_prefix(BUILT));
        let image = image.map(str::to_owned);
        say(&mut file, text);
        Some(Self {
            file: Some(file),
            abandoned: said.is_some() && image.is_none(),
            image,
        })
    }

    /// The stage is built: whoever claims it next is told.
    pub(crate) fn built(mut self, image: &str) {
        if let Some(mut file) = self.file.take() {
            say(&mut file, &format!("{BUILT}{image}"));
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = file.set_len(0);
        }
    }
}

impl Waiting {
    /// Waits until nobody has it, for so long at most; then it is to be asked for again, since it is not held meanwhile.
    /// The error: why not.
    pub(crate) fn wait(self, limit: Option<Duration>, cancel: &Cancel) -> Result<(), Stop> {
        let file = self.file;
        let (sender, events) = mpsc::channel();
        let waker = sender.clone();
        let _subscription = cancel.subscribe(move || {
            let _ = waker.send(Err(Stop::Interrupted));
        });
        // Nobody joins it: if we stop waiting, it lets go of what it gets later.
        let waiter = thread::Builder::new().spawn(move || {
            while let Err(error) = file.lock()
                && error.kind() == io::ErrorKind::Interrupted
            {}
            drop(file);
            let _ = sender.send(Ok(()));
        });
        if cancel.requested() {
            return Err(Stop::Interrupted);
        }
        match (waiter, limit) {
            (Err(_), _) => {
                cancel.wait(Duration::from_millis(100));
                Ok(())
            }
            (Ok(_), Some(limit)) => events.recv_timeout(limit).unwrap_or(Err(Stop::TimeLimit)),
            (Ok(_), None) => events.recv().unwrap_or(Ok(())),
        }
    }
}

/// Where runs of all trees meet: the user's cache; without one the results.
pub(crate) fn cache(host: &Host, results: &Path) -> PathBuf {
    let absolute = |name| {
        let path = host.variable(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let cache = absolute("XDG_CACHE_HOME");
    let cache = cache.or_else(|| absolute("HOME").map(|home| home.join(".cache")));
    cache.map_or_else(|| results.to_owned(), |cache| cache.join("runenv"))
}

/// What stands in the file: one line.
fn said(file: &File) -> Option<String> {
    let mut text = String::new();
    let mut file = file;
    file.rewind().ok()?;
    file.take(4096).read_to_string(&mut text).ok()?;
    let line = text.lines().next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// Writes it; that it cannot be written spoils only what others are told.
fn say(file: &mut File, text: &str) {
    let _ = file.set_len(0);
    let _ = file.rewind();
    let _ = file.write_all(format!("{text}\n").as_bytes());
}

#[cfg(test)]
mod tests;
