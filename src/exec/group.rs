//! The process group of a child, as it can be noted for whoever comes after us: if we are killed, it lives on, and the
//! next one ends it.
//!
//! Nobody else's process is ended. A group is the noted one if its first process is that very one, by its start time; where
//! that one is gone, if too few processes were started since for its number to have been given away. Both hold for one
//! boot of one machine, which whoever keeps the note looks after. Where the system does not tell (no `/proc`), there are no
//! notes.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpgrp, kill_process_group};

use super::Cancel;
use crate::files;
use crate::time;

/// How long those that were killed get to be gone.
const NOTICE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// A child's group: enough to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    id: Pid,
    /// When its first process was started, in ticks since the boot.
    start: String,
    /// How many processes had been started before it, since the boot.
    forks: u64,
    /// In which space of process numbers.
    space: String,
    /// How long it gets to end.
    kill_after: Duration,
}

/// What came of ending a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// These were there, and are gone.
    Gone(Vec<i32>),
    /// These cannot be ended.
    Stay(Vec<i32>),
}

/// What is known of a group before its first process is started: between that and the note there is little time then.
pub(super) struct Before {
    forks: u64,
    space: String,
    kill_after: Duration,
}

impl Before {
    pub(super) fn now(kill_after: Duration) -> Option<Self> {
        Some(Self {
            forks: forks()?,
            space: space()?,
            kill_after,
        })
    }

    /// The group of a child that leads it, and was started now.
    pub(super) fn led_by(self, id: Pid) -> Option<Group> {
        Some(Group {
            id,
            start: Stat::of(id.as_raw_nonzero().get())?.start,
            forks: self.forks,
            space: self.space,
            kill_after: self.kill_after,
        })
    }
}

impl Group {
    /// Reads what `Display` wrote.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let ["group", id, start, forks, space, kill_after] = words[..] else {
            return None;
        };
        Some(Self {
            id: Pid::from_raw(id.parse().ok().filter(|id| *id > 1)?)?,
            start: start.to_owned(),
            forks: forks.parse().ok()?,
            space: space.to_owned(),
            kill_after: Duration::from_millis(kill_after.parse().ok()?),
        })
    }

    /// Ends what is left of it: TERM, and KILL after its time, or as soon as the end is asked for.
    pub(crate) fn end(&self, cancel: &Cancel) -> Left {
        let there = self.members();
        if there.is_empty() {
            return Left::Gone(there);
        }
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
        if self.is_gone_within(self.kill_after, cancel) {
            return Left::Gone(there);
        }
        self.signal(Signal::KILL);
        if self.is_gone_within(NOTICE, &Cancel::never()) {
            return Left::Gone(there);
        }
        Left::Stay(self.members())
    }

    fn signal(&self, signal: Signal) {
        // That it fails is seen by who is still there.
        let _ = kill_process_group(self.id, signal);
    }

    fn is_gone_within(&self, wait: Duration, cancel: &Cancel) -> bool {
        let started = time::start();
        while !self.members().is_empty() {
            if started.elapsed() >= wait || cancel.wait(PAUSE) {
                return false;
            }
        }
        true
    }

    /// Who of it lives, if it is the noted one; we are no part of it.
    fn members(&self) -> Vec<i32> {
        if self.id == getpgrp() || !self.is_the_noted_one() {
            return Vec::new();
        }
        let all = files::folders(Path::new("/proc")).into_iter();
        let id = self.id.as_raw_nonzero().get();
        let lives = |pid: &i32| Stat::of(*pid).is_some_and(|stat| stat.group == id && stat.lives);
        all.filter_map(|name| name.parse().ok())
            .filter(lives)
            .collect()
    }

    fn is_the_noted_one(&self) -> bool {
        if space().as_ref() != Some(&self.space) {
            return false;
        }
        if let Some(first) = Stat::of(self.id.as_raw_nonzero().get()) {
            return first.start == self.start;
        }
        // The system goes through all numbers before it gives one away again, and keeps that of a group that lives.
        let since = forks().and_then(|now| now.checked_sub(self.forks));
        let numbers = number("/proc/sys/kernel/pid_max", "");
        since.zip(numbers).is_some_and(|(since, n)| since < n / 2)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            start,
            forks,
            space,
            kill_after,
        } = self;
        let (id, kill_after) = (id.as_raw_nonzero(), kill_after.as_millis());
        write!(f, "group {id} {start} {forks} {space} {kill_after}")
    }
}

/// What `proc_pid_stat(5)` says of a process.
struct Stat {
    lives: bool,
    group: i32,
    start: String,
}

impl Stat {
    fn of(pid: i32) -> Option<Self> {
        let text = files::read_if_there(Path::new(&format!("/proc/{pid}/stat")))?;
        // The name in brackets may hold anything: count from behind it.
        let (_, rest) = text.rsplit_once(')')?;
        let words: Vec<&str> = rest.split_whitespace().collect();
        Some(Self {
            lives: !matches!(*words.first()?, "Z" | "X"),
            group: words.get(2)?.parse().ok()?,
            start: (*words.get(19)?).to_owned(),
        })
    }
}

/// How many processes and threads were started since the boot.
fn forks() -> Option<u64> {
    number("/proc/stat", "processes ").filter(|forks| *forks > 0)
}

/// A space of process numbers: its name, which may be given away, and when its first process was started.
fn space() -> Option<String> {
    let name = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let first = Stat::of(1)?;
    Some(format!("{}/{}", name.display(), first.start))
}

/// The number behind this word, at the beginning of a line.
fn number(path: &str, word: &str) -> Option<u64> {
    let text = files::read_if_there(Path::new(path))?;
    let rest = text.lines().find_map(|line| line.strip_prefix(word))?;
    rest.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Held, hold};
    use super::*;
    use crate::command::Command;

    const LONG: Duration = Duration::from_secs(20);

    /// A script that says its number, and its group as it is read from a note.
    fn noted(script: &str) -> (Held, Group) {
        let script = format!("echo $$; {script}");
        let held = hold(&Command::new(["sh", "-c", &script])).unwrap();
        let mut said = String::new();
        while said.is_empty() {
            said = held.until("", PAUSE).unwrap_err();
        }
        let id = Pid::from_raw(said.parse().unwrap()).unwrap();
        let before = Before::now(Duration::from_millis(50)).unwrap();
        let group = before.led_by(id).unwrap();
        assert_eq!(Group::parse(&group.to_string()), Some(group.clone()));
        (held, group)
    }

    #[test]
    fn it_is_ended_with_all_that_is_in_it() {
        let (held, group) = noted("trap '' TERM; sleep 300 & sleep 300; sleep 300");
        while group.members().len() < 3 {
            assert!(!held.ended());
        }
        let Left::Gone(pids) = group.end(&Cancel::never()) else {
            panic!("it stays");
        };
        assert_eq!(pids.len(), 3);
        assert!(held.ended());
        assert_eq!(group.end(&Cancel::never()), Left::Gone(Vec::new()));
    }

    #[test]
    fn whoever_has_its_number_now_is_left_alone() {
        let (held, group) = noted("exec sleep 300");
        let none = Left::Gone(Vec::new());
        let (mut later, mut elsewhere) = (group.clone(), group);
        later.start.push('0');
        elsewhere.space.push('0');
        assert_eq!(later.end(&Cancel::never()), none);
        assert_eq!(elsewhere.end(&Cancel::never()), none);
        assert!(!held.ended());
        // Nor is it ended by what it has itself noted.
        let own = Group {
            id: getpgrp(),
            ..later
        };
        assert!(own.members().is_empty());
        for line in ["", "group 1 2 3 x 4", "group 0 2 3 x 4", "group 7 8 9 x y"] {
            assert_eq!(Group::parse(line), None, "{line}");
        }
    }

    #[test]
    fn its_rest_is_known_without_the_first_as_long_as_its_number_is_not_given_away() {
        let (held, group) = noted("exec sleep 300 >/dev/null 2>&1 & ");
        held.release(LONG);
        assert!(Stat::of(group.id.as_raw_nonzero().get()).is_none());
        let long_ago = Group {
            forks: u64::MAX,
            ..group.clone()
        };
        assert_eq!(long_ago.end(&Cancel::never()), Left::Gone(Vec::new()));
        let ended = group.end(&Cancel::never());
        assert!(matches!(ended, Left::Gone(pids) if pids.len() == 1));
    }
}
