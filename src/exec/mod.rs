//! Runs commands: the only place that starts processes and hears signals.
//!
//! | | for | stdin | output |
//! | --- | --- | --- | --- |
//! | `capture` | short questions and steps | null, text | kept |
//! | `background` | the same, beside us | null, text | kept |
//! | `read` | archives | null, text | read as it comes |
//! | `stream` | stages, copies, pulls | null, text, made | passed on as it comes |
//! | `stream_noted` | the same; its group is told at its start (`Group`) | null, text | passed on as it comes |
//! | `hold` | what must not outlive us | open, empty | the first line |
//! | `interactive` | `runenv shell` | ours | ours |
//!
//! Every child but the interactive one leads a process group, which is ended as a whole: on a time limit, on a signal
//! (`Cancel`), when the child leaves a process behind that holds its output, and when our own thread unwinds. Processes
//! that left the group (`setsid`) are out of reach; we only do not wait for them. Containers are the cure.
//!
//! May not decide what is run, nor print: a child that fails is a value (`Exit`), only one that cannot be run is a
//! `Problem`.
//!
//! ```ignore
//! let output = capture(&Command::new(["git", "describe"]), &Limits::default(), &cancel)?;
//! if output.exit.success() { Ok(output.text()) } else { Err(output.error_line()) }
//! ```

mod cancel;
mod capture;
mod child;
mod exit;
mod group;
mod hold;
mod interactive;
mod pipes;
mod read;
mod stream;
#[cfg(test)]
mod tests;
mod watch;

use std::time::Duration;

use crate::command::Command;

pub(crate) use cancel::Cancel;
pub(crate) use capture::{Background, Output, background, background_within, capture};
pub(crate) use exit::{Ended, Exit, Stop, signal_name};
pub(crate) use group::{Group, Left};
pub(crate) use hold::{Held, hold};
pub(crate) use interactive::interactive;
pub(crate) use pipes::Feed;
pub(crate) use read::read;
pub(crate) use stream::{stream, stream_noted};

/// How long a child may run, and how long it gets to end after it was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) time: Option<Duration>,
    pub(crate) kill_after: Duration,
    /// After a signal it gets no more than this, however long `kill_after` is.
    pub(crate) hurry: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            time: None,
            kill_after: Duration::from_secs(10),
            hurry: None,
        }
    }
}

/// How a child is asked to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stopper {
    /// TERM to its group, after `kill_after` KILL; at a second signal KILL at once.
    Group,
    /// For clients that cannot pass KILL on to their container: runs the commands of `stop` in order, after `kill_after`
    /// runs `kill`, 5 s later KILLs the client's group; at a second signal runs `kill` and KILLs at once.
    Command { stop: Vec<Command>, kill: Command },
}
