//! One local run of a tree at a time: a lock that says who holds it, and that can be waited for.
//!
//! The system's lock ends with its holder, however that ends. Where a disk knows no locks (some network disks), a file
//! that only one can make stands for it; a dead holder's is taken away. Both hold who it is. The lock's file also has the
//! process group of the command that runs: what a killed run left working is ended by whoever takes the lock next.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::io::Errno;

use super::super::event::Kind;
use super::super::owner::Owner;
use crate::exec::{Cancel, Group, Left};
use crate::files;
use crate::problem::Problem;
use crate::random;
use crate::time;

/// How long a wait sleeps until it looks again.
const PAUSE: Duration = Duration::from_millis(200);

/// What disks without locks answer.
const NO_LOCKS: [Errno; 4] = [Errno::NOLCK, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS];

/// Held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    /// The system's lock; closing the file gives it back.
    file: File,
    /// How many bytes of it say who has it; behind them is the command's group.
    head: u64,
    /// The file that stands for it, and what is in it.
    claim: Option<(PathBuf, String)>,
}

impl Lock {
    /// Takes the place of whoever had it; gives the group that a killed one left.
    fn begin(
        mut file: File,
        claim: Option<(PathBuf, String)>,
        ours: &str,
    ) -> io::Result<(Self, Option<Group>)> {
        let mut before = String::new();
        // What is no text is no note of ours.
        let _ = file.read_to_string(&mut before);
        let mut lines = before.lines();
        let owner = lines.next().and_then(Owner::parse);
        let owner = owner.filter(Owner::is_of_this_boot);
        let left = owner.and_then(|_| lines.find_map(Group::parse));
        // It is noted on at every moment, for whoever comes next if we are killed, too.
        let note = left.as_ref().map(|group| format!("{group}\n"));
        let text = format!("{ours}{}", note.unwrap_or_default());
        file.write_all_at(text.as_bytes(), 0)?;
        file.set_len(text.len() as u64)?;
        let head = ours.len() as u64;
        Ok((Self { file, head, claim }, left))
    }

    /// A command was started. That it cannot be noted is told by nothing: it matters only if we are killed.
    pub(super) fn note(&self, group: &Group) {
        let line = format!("{group}\n");
        let _ = self.file.write_all_at(line.as_bytes(), self.head);
    }

    /// It has ended, and what it left may go on.
    pub(super) fn forget(&self) {
        let _ = self.file.set_len(self.head);
    }

    /// Ends what a killed run left working, and says so.
    fn end_left(
        &self,
        group: &Group,
        asker: &Asker<'_>,
        say: &mut dyn FnMut(Kind),
    ) -> Result<(), Problem> {
        let what = asker.what;
        match group.end(asker.cancel) {
            Left::Gone(pids) => {
                self.forget();
                if !pids.is_empty() {
                    let text = format!(
                        "a run that was killed left {} working in {what}: ended",
                        processes(&pids)
                    );
                    say(Kind::Note { text });
                }
                Ok(())
            }
            Left::Stay(pids) => {
                let title = format!(
                    "a run that was killed left {} working in {what}, which cannot be ended",
                    processes(&pids)
                );
                Err(Problem::engine(title, "end it, then run again"))
            }
        }
    }
}

/// `process 1`, `processes 1, 2`.
fn processes(pids: &[i32]) -> String {
    let word = if pids.len() == 1 {
        "process"
    } else {
        "processes"
    };
    let pids: Vec<String> = pids.iter().map(i32::to_string).collect();
    format!("{word} {}", pids.join(", "))
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let Some((path, ours)) = &self.claim
            && files::read_if_there(path).as_ref() == Some(ours)
        {
            // What stays is a dead process's.
            let _ = fs::remove_file(path);
        }
    }
}

/// Who asks for a lock, and how.
pub(crate) struct Asker<'a> {
    /// `RUN PID START BOOT HOST`.
    pub(crate) owner: &'a str,
    pub(crate) env: &'a str,
    /// What the lock keeps, for messages: `this tree`.
    pub(crate) what: &'a str,
    /// Waits for the holder's end.
    pub(crate) wait: bool,
    pub(crate) cancel: &'a Cancel,
}

/// How the system locks a file; another one in tests.
type TryLock = fn(&File) -> Result<(), TryLockError>;

/// Takes the lock of this path. `None`: the end was asked for while waiting.
pub(crate) fn take(
    path: &Path,
    asker: &Asker<'_>,
    say: &mut dyn FnMut(Kind),
) -> Result<Option<Lock>, Problem> {
    take_with(File::try_lock, path, asker, say)
}

fn take_with(
    lock: TryLock,
    path: &Path,
    asker: &Asker<'_>,
    say: &mut dyn FnMut(Kind),
) -> Result<Option<Lock>, Problem> {
    let ours = format!("{}\n{}\n{}\n", asker.owner, asker.env, time::now());
    let (mut told, mut warned) = (String::new(), false);
    loop {
        let holder = match attempt(lock, path, &ours)? {
            Attempt::Taken(file, claim) => {
                if claim.is_some() && !warned {
                    say(no_locks(path));
                }
                let begun = Lock::begin(file, claim, &ours);
                let (lock, left) = begun.map_err(|e| files::trouble("write", path, &e))?;
                if let Some(group) = left {
                    lock.end_left(&group, asker, say)?;
                }
                return Ok(Some(lock));
            }
            Attempt::Held { by, claimed } => {
                if claimed && !warned {
                    say(no_locks(path));
                    warned = true;
                }
                by
            }
        };
        let who = shown(&holder);
        if !asker.wait {
            let title = format!("another local run has {}: {who}", asker.what);
            let help = "let it end, or wait for it: `--wait`";
            return Err(Problem::engine(title, help));
        }
        if told != who {
            let text = format!(
                "waiting for another local run that has {}: {who}",
                asker.what
            );
            say(Kind::Note { text });
            told = who;
        }
        if asker.cancel.wait(PAUSE) {
            return Ok(None);
        }
    }
}

enum Attempt {
    /// The lock's file, and the one that stands for it.
    Taken(File, Option<(PathBuf, String)>),
    Held {
        by: String,
        /// By a file, since the disk has no locks.
        claimed: bool,
    },
}

fn attempt(lock: TryLock, path: &Path, ours: &str) -> Result<Attempt, Problem> {
    let mut file = open(path).map_err(|e| files::trouble("open", path, &e))?;
    match lock(&file) {
        Ok(()) => Ok(Attempt::Taken(file, None)),
        Err(TryLockError::WouldBlock) => {
            let mut by = String::new();
            // Who it is is only told.
            let _ = file.read_to_string(&mut by);
            let claimed = false;
            Ok(Attempt::Held { by, claimed })
        }
        Err(TryLockError::Error(error)) if is_without_locks(&error) => claim(file, path, ours),
        Err(TryLockError::Error(error)) => Err(files::trouble("lock", path, &error)),
    }
}

/// A link in its place is not followed: anybody may have put it there.
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    options.custom_flags(flags).open(path)
}

fn is_without_locks(error: &io::Error) -> bool {
    let code = Errno::from_io_error(error);
    code.is_some_and(|code| NO_LOCKS.contains(&code))
}

/// Makes the file that stands for the lock; that of a dead holder is taken away first.
fn claim(file: File, path: &Path, ours: &str) -> Result<Attempt, Problem> {
    let claim = path.with_extension("claim");
    for _ in 0..10 {
        let made = File::create_new(&claim);
        match made.and_then(|mut made| made.write_all(ours.as_bytes())) {
            Ok(()) => {
                return Ok(Attempt::Taken(file, Some((claim, ours.to_owned()))));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(files::trouble("make", &claim, &error)),
        }
        let Some(by) = files::read_if_there(&claim) else {
            continue;
        };
        let holder = Owner::parse(by.lines().next().unwrap_or_default());
        if !holder.is_some_and(|holder| holder.is_dead()) {
            return Ok(Attempt::Held { by, claimed: true });
        }
        take_away(&claim, &by);
    }
    let help = "remove it, if no local run is under way";
    Err(Problem::engine(
        format!("cannot take the lock `{}`", claim.display()),
        help,
    ))
}

/// Removes a dead holder's file, unless somebody else took its place meanwhile.
fn take_away(claim: &Path, dead: &str) {
    let aside = claim.with_extension(random::word());
    if fs::rename(claim, &aside).is_ok() {
        if files::read_if_there(&aside).as_deref() != Some(dead) {
            let _ = fs::hard_link(&aside, claim);
        }
        let _ = fs::remove_file(&aside);
    }
}

fn no_locks(path: &Path) -> Kind {
    let folder = path.parent().unwrap_or(path).display();
    let title = format!("the disk of `{folder}` has no locks");
    let help = "a file stands for the lock; keep the tree on a disk of this machine, or run on one machine at a time";
    Kind::Warning {
        problem: Problem::warning(title, help),
    }
}

/// Who a lock's text says it is.
fn shown(text: &str) -> String {
    let mut lines = text.lines();
    let owner = Owner::parse(lines.next().unwrap_or_default());
    let (Some(owner), Some(env), Some(since)) = (owner, lines.next(), lines.next()) else {
        return "a process that has not said yet who it is".to_owned();
    };
    let on = if owner.is_here() {
        String::new()
    } else {
        format!(" on `{}`", owner.host)
    };
    let pid = owner.pid;
    format!("process {pid}{on}, which is alive and runs `{env}` since {since}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(_: &File) -> Result<(), TryLockError> {
        Err(TryLockError::Error(Errno::NOLCK.into()))
    }

    fn asker<'a>(owner: &'a str, cancel: &'a Cancel) -> Asker<'a> {
        Asker {
            owner,
            env: "local-host",
            what: "this tree",
            wait: false,
            cancel,
        }
    }

    #[test]
    fn one_at_a_time_with_locks_and_without() {
        let cancel = Cancel::never();
        let me = Owner::this("r", std::process::id()).to_string();
        for (lock, warnings) in [(File::try_lock as TryLock, 0), (without as TryLock, 2)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("local.lock");
            let mut said = Vec::new();
            let mut take = || {
                take_with(lock, &path, &asker(&me, &cancel), &mut |kind| {
                    said.push(matches!(kind, Kind::Warning { .. }));
                })
            };
            let held = take().unwrap();
            let title = take().unwrap_err().title;
            let expected = format!(
                "another local run has this tree: process {}, which is alive and runs `local-host` since 2",
                std::process::id()
            );
            assert!(title.starts_with(&expected), "{title}");
            drop(held);
            assert!(!folder.path().join("local.claim").exists());
            if warnings == 0 {
                drop(take().unwrap());
            }
            assert_eq!(said, vec![true; warnings]);
        }
    }

    /// Nobody waits for a process that is gone, nor is its pid's next owner taken for it.
    #[test]
    fn a_dead_holders_claim_is_taken_away() {
        let cancel = Cancel::never();
        let me = Owner::this("r", std::process::id()).to_string();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.lock");
        let dead = me.replacen(&std::process::id().to_string(), "999999999", 1);
        let claim = folder.path().join("local.claim");
        files::write_atomic(&claim, format!("{dead}\nx\n2026\n").as_bytes()).unwrap();
        let held = take_with(without, &path, &asker(&me, &cancel), &mut |_| {}).unwrap();
        assert!(files::read_if_there(&claim).unwrap().starts_with(&me));
        drop(held);
        files::write_atomic(&claim, b"").unwrap();
        let refused = take_with(without, &path, &asker(&me, &cancel), &mut |_| {}).unwrap_err();
        assert!(refused.title.contains("not said yet"), "{}", refused.title);
    }

    #[test]
    fn a_wait_ends_with_a_signal_and_says_once_for_whom() {
        let cancel = Cancel::never();
        let me = Owner::this("r", std::process::id()).to_string();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local.lock");
        let held = take(&path, &asker(&me, &cancel), &mut |_| {}).unwrap();
        let waits = Asker {
            wait: true,
            ..asker(&me, &cancel)
        };
        let mut said = Vec::new();
        let other = cancel.clone();
        let ends = std::thread::spawn(move || {
            std::thread::sleep(PAUSE * 3);
            other.request();
        });
        let taken = take(&path, &waits, &mut |kind| said.push(kind)).unwrap();
        ends.join().unwrap();
        assert!(taken.is_none());
        assert_eq!(said.len(), 1, "{said:?}");
        drop(held);
    }
}
