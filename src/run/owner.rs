//! Whose container it is: enough to tell a dead owner from a living one, also after its pid was given away.

use std::fmt;
use std::path::Path;

use crate::files;

/// A process of runenv, as labels and locks name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owner {
    run: String,
    pub(crate) pid: u32,
    /// When it was started, in ticks since the boot.
    start: String,
    boot: String,
    pub(crate) host: String,
}

impl Owner {
    /// This process.
    pub(crate) fn this(run: &str, pid: u32) -> Self {
        Self {
            run: run.to_owned(),
            pid,
            start: start_time(pid),
            boot: boot(),
            host: hostname(),
        }
    }

    /// Reads `RUN PID START BOOT HOST`; `None`: no run wrote it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let words: Vec<&str> = text.split(' ').collect();
        let [run, pid, start, boot, host] = words[..] else {
            return None;
        };
        Some(Self {
            run: run.to_owned(),
            pid: pid.parse().ok()?,
            start: start.to_owned(),
            boot: boot.to_owned(),
            host: host.to_owned(),
        })
    }

    /// Is it gone? One on another host may be alive for all we know.
    pub(crate) fn is_dead(&self) -> bool {
        self.is_here() && (self.boot != boot() || self.start != start_time(self.pid))
    }

    /// Is it a process of this host, since that was started?
    pub(crate) fn is_of_this_boot(&self) -> bool {
        self.is_here() && self.boot == boot()
    }

    /// Is it a process of this host?
    pub(crate) fn is_here(&self) -> bool {
        self.host == hostname()
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            run,
            pid,
            start,
            boot,
            host,
        } = self;
        write!(f, "{run} {pid} {start} {boot} {host}")
    }
}

/// Is this what this host is called?
pub(crate) fn is_this_host(name: &str) -> bool {
    name.replace(' ', "_") == hostname()
}

/// Field 22 of `proc_pid_stat(5)`: start time in ticks since boot. `-` where there is no such process.
fn start_time(pid: u32) -> String {
    let stat = files::read_if_there(Path::new(&format!("/proc/{pid}/stat")));
    // The name in brackets may hold anything: count from behind it.
    let field = stat
        .as_deref()
        .and_then(|s| s.rsplit_once(')'))
        .and_then(|(_, rest)| rest.split_whitespace().nth(19).map(str::to_owned));
    field.unwrap_or_else(|| "-".to_owned())
}

fn boot() -> String {
    read("/proc/sys/kernel/random/boot_id")
}

fn hostname() -> String {
    read("/proc/sys/kernel/hostname")
}

fn read(path: &str) -> String {
    files::read_if_there(Path::new(path))
        .map_or_else(|| "-".to_owned(), |t| t.trim().replace(' ', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_owner_is_told_from_a_dead_one() {
        let me = Owner::this("r", std::process::id());
        assert_eq!(Owner::parse(&me.to_string()), Some(me.clone()));
        assert!(!me.is_dead(), "{me}");
        let other = |change: fn(&mut Owner)| {
            let mut other = me.clone();
            change(&mut other);
            other
        };
        assert!(other(|o| o.pid = 999_999_999).is_dead());
        assert!(
            other(|o| o.start = "1".to_owned()).is_dead(),
            "a pid given away"
        );
        assert!(!other(|o| o.host = "elsewhere".to_owned()).is_dead());
        for none in ["", "x y", "r pid 1 boot host"] {
            assert_eq!(Owner::parse(none), None);
        }
    }
}
