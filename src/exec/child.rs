//! One started child with its process group: from a `Command` value to a process, its signals, its end.
//!
//! The only user of duct. The leader is reaped last, after all signals: while it is a zombie nobody can get its
//! number, so a signal to the group can never hit a stranger.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use duct::Expression;
use rustix::fs::{Access, access};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::exit::Ended;
use crate::command::Command;
use crate::problem::Problem;

/// The advice where nothing better is known.
const EXHAUSTED: &str = "look at the limits of this machine: processes, open files, memory";

/// The command as duct wants it, still without its files; a child that fails is a result, not an error.
#[expect(
    clippy::disallowed_methods,
    reason = "exec is the one place that runs commands"
)]
pub(super) fn expression(command: &Command) -> Expression {
    let Command {
        argv,
        dir,
        env,
        unset,
        clean,
        stdin: _,
    } = command;
    let expression = duct::cmd(program(command), argv.iter().skip(1)).unchecked();
    // One environment, not a layer for each variable: duct goes down as deep as it is told things.
    let expression = if env.is_empty() && unset.is_empty() && !*clean {
        expression
    } else {
        expression.full_env(environment(env, unset, *clean))
    };
    match dir {
        Some(dir) => expression.dir(dir),
        None => expression,
    }
}

/// All variables that a child gets: the last of two of the same name wins, and a name set after all.
#[expect(
    clippy::disallowed_methods,
    reason = "a child inherits what is not said otherwise"
)]
fn environment(
    env: &[(String, OsString)],
    unset: &[String],
    clean: bool,
) -> BTreeMap<OsString, OsString> {
    let mut all: BTreeMap<OsString, OsString> = BTreeMap::new();
    if !clean {
        all.extend(std::env::vars_os());
    }
    for name in unset {
        all.remove(OsStr::new(name));
    }
    all.extend(env.iter().map(|(name, value)| (name.into(), value.clone())));
    all
}

/// The program's path, found in the `PATH` that the child will have, as the system would.
///
/// duct always sets an environment, and then std searches after a fork; with a path it spawns at once, which is
/// faster. What is not found is left for the start to say.
#[expect(
    clippy::disallowed_methods,
    reason = "the child's PATH is ours where the command does not set one"
)]
fn program(command: &Command) -> PathBuf {
    let name = Path::new(command.program());
    if name.components().count() != 1 || name.as_os_str().is_empty() {
        return name.to_owned();
    }
    let set = command.env.iter().rev().find(|(name, _)| name == "PATH");
    let path = match set {
        Some((_, value)) => Some(OsString::from(value)),
        None if command.clean || command.unset.iter().any(|n| n == "PATH") => None,
        None => std::env::var_os("PATH"),
    };
    let folders = path.iter().flat_map(std::env::split_paths);
    let absolute = folders.filter(|folder| folder.is_absolute());
    let found = absolute
        .map(|folder| folder.join(name))
        .find(|program| access(program, Access::EXEC_OK).is_ok() && program.is_file());
    found.unwrap_or_else(|| name.to_owned())
}

/// A running child, the leader of its own process group; dropping it kills the group.
pub(super) struct Child {
    handle: duct::Handle,
    group: Pid,
    /// Reaped, or given up: hands off.
    over: bool,
}

impl Child {
    /// Starts the child in a group of its own, so that it can be ended with all that it starts.
    ///
    /// The terminal's Ctrl-C does not reach such a group: we pass it on. Its input may not be the terminal, for the
    /// system stops background groups that read it.
    pub(super) fn start(expression: &Expression, command: &Command) -> Result<Self, Problem> {
        let own_group = |command: &mut std::process::Command| {
            std::os::unix::process::CommandExt::process_group(command, 0);
            Ok(())
        };
        let handle = expression
            .before_spawn(own_group)
            .start()
            .map_err(|e| cannot_start(command, &e))?;
        let pid = handle
            .pids()
            .first()
            .and_then(|pid| i32::try_from(*pid).ok())
            .and_then(Pid::from_raw);
        let group = pid.expect("a started child has a process number");
        Ok(Self {
            handle,
            group,
            over: false,
        })
    }

    pub(super) fn group(&self) -> Pid {
        self.group
    }

    /// Asks the group to end; CONT, because who is stopped hears nothing else.
    pub(super) fn terminate(&self) {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
    }

    pub(super) fn kill(&self) {
        self.signal(Signal::KILL);
    }

    fn signal(&self, signal: Signal) {
        // It fails when all of them are gone, which is what we want.
        let _ = kill_process_group(self.group, signal);
    }

    /// Calls `then` on a thread when the leader has ended; does not reap it.
    pub(super) fn when_ended(&self, then: impl FnOnce() + Send + 'static) -> Result<(), Problem> {
        let pid = self.group;
        aside(move || {
            while let Err(Errno::INTR) = waitid(
                WaitId::Pid(pid),
                WaitIdOptions::EXITED | WaitIdOptions::NOWAIT,
            ) {}
            then();
        })
    }

    /// Waits for the leader and frees its number; no signal may be sent after it.
    pub(super) fn reap(mut self) -> Ended {
        self.over = true;
        self.handle
            .wait()
            .map_or(Ended::LOST, |output| output.status.into())
    }

    /// Leaves a child alone that even KILL does not end now; duct reaps it at a later start.
    pub(super) fn give_up(mut self) -> Ended {
        self.over = true;
        Ended::LOST
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !self.over {
            self.kill();
            let _ = self.handle.wait();
        }
    }
}

/// Runs `work` on a thread of its own that nobody joins: it may hang on a pipe that somebody else holds.
pub(super) fn aside(work: impl FnOnce() + Send + 'static) -> Result<(), Problem> {
    thread::Builder::new()
        .spawn(work)
        .map(drop)
        .map_err(|e| exhausted(&e))
}

/// A problem for a system that gives no more threads or pipes.
pub(super) fn exhausted(error: &io::Error) -> Problem {
    Problem::engine(format!("cannot run a command: {error}"), EXHAUSTED)
}

/// A problem for a child that could not be started, with the likely reason.
pub(super) fn cannot_start(command: &Command, error: &io::Error) -> Problem {
    let program = command.program();
    if let Some(dir) = command.dir.as_ref().filter(|dir| !dir.is_dir()) {
        let title = format!(
            "cannot start `{program}` in `{}`: no such folder",
            dir.display()
        );
        return Problem::engine(title, "the folder must be there when the command starts");
    }
    let known = [
        (
            io::ErrorKind::NotFound,
            "not found",
            "is it installed and in PATH?",
        ),
        (
            io::ErrorKind::PermissionDenied,
            "permission denied",
            "is it a program, and may you run it?",
        ),
        (
            io::ErrorKind::ArgumentListTooLong,
            "too many arguments",
            "shorten its arguments or its environment",
        ),
    ];
    let (what, help) = match known.iter().find(|(kind, ..)| *kind == error.kind()) {
        Some((_, what, help)) => ((*what).to_owned(), *help),
        None => (error.to_string(), EXHAUSTED),
    };
    Problem::engine(format!("cannot start `{program}`: {what}"), help)
}
