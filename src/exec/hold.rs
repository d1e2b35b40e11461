//! A child that lives as long as we hold its input open, and so not longer than we do, even if we are killed.
//!
//! Our end of the pipe is close-on-exec from birth: no other child keeps it open.

use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError};
use std::time::Duration;

use super::Ended;
use super::child::{Child, aside, exhausted, expression};
use crate::command::Command;
use crate::problem::Problem;
use crate::time;

/// A longer line is cut in two.
const LONGEST: u64 = 64 * 1024;
/// So many lines are kept until somebody asks; the child never waits for us.
const MOST_LINES: usize = 64;

/// Dropping it closes the child's input, kills the child's group and reaps it, in that order (the order of the fields).
pub(crate) struct Held {
    input: PipeWriter,
    child: Child,
    lines: Receiver<String>,
    ended: Receiver<()>,
}

/// Starts a child in a group of its own, whose input stays open and empty.
pub(crate) fn hold(command: &Command) -> Result<Held, Problem> {
    let (input_end, input) = io::pipe().map_err(|e| exhausted(&e))?;
    let (output, output_end) = io::pipe().map_err(|e| exhausted(&e))?;
    let expression = expression(command)
        .stdin_file(input_end)
        .stderr_to_stdout()
        .stdout_file(output_end);
    let child = Child::start(&expression, command)?;
    // It holds our copies of the child's ends.
    drop(expression);
    let (sender, lines) = mpsc::sync_channel(MOST_LINES);
    aside(move || listen(output, &sender))?;
    let (sender, ended) = mpsc::channel();
    child.when_ended(move || drop(sender))?;
    Ok(Held {
        input,
        child,
        lines,
        ended,
    })
}

/// Sends the first lines and reads on to the end.
fn listen(output: PipeReader, sender: &SyncSender<String>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while (&mut output)
        .take(LONGEST)
        .read_until(b'\n', &mut line)
        .is_ok_and(|read| read > 0)
    {
        let _ = sender.try_send(String::from_utf8_lossy(&line).trim_end().to_owned());
        line.clear();
    }
}

impl Held {
    /// Waits until it prints this line. The error is the last line that it printed instead, if it ended or was too
    /// slow.
    pub(crate) fn until(&self, word: &str, wait: Duration) -> Result<(), String> {
        let started = time::start();
        let mut said = String::new();
        loop {
            let left = wait.saturating_sub(started.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) if line == word => return Ok(()),
                Ok(line) if line.is_empty() => {}
                Ok(line) => said = line,
                Err(_) => return Err(said),
            }
        }
    }

    /// Has it ended?
    pub(crate) fn ended(&self) -> bool {
        self.ended.try_recv() == Err(TryRecvError::Disconnected)
    }

    /// Closes its input, gives it `wait` to end by itself, then kills it.
    pub(crate) fn release(self, wait: Duration) -> Ended {
        drop(self.input);
        if self.ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            self.child.kill();
        }
        self.child.reap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn sh(script: &str) -> Command {
        Command::new(["sh", "-c", script])
    }

    #[test]
    fn the_child_lives_until_released() {
        let held = hold(&sh("echo ready; cat; exit 3")).unwrap();
        assert_eq!(held.until("ready", LONG), Ok(()));
        assert!(!held.ended());
        assert_eq!(held.release(LONG), Ended::Code(3));
    }

    #[test]
    fn no_other_child_keeps_the_input_open() {
        let first = hold(&sh("echo ready; cat")).unwrap();
        let second = hold(&sh("echo ready; exec sleep 60")).unwrap();
        assert_eq!(second.until("ready", LONG), Ok(()));
        assert_eq!(first.release(LONG), Ended::Code(0));
        assert_eq!(second.release(Duration::from_millis(10)), Ended::Signal(9));
    }

    #[test]
    fn dropping_ends_it() {
        let start = time::start();
        let held = hold(&sh("trap '' TERM; echo ready; sleep 60; sleep 60")).unwrap();
        assert_eq!(held.until("ready", LONG), Ok(()));
        drop(held);
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn a_line_may_not_come() {
        let short = Duration::from_millis(20);
        let silent = hold(&sh("exec sleep 60")).unwrap();
        assert_eq!(silent.until("ready", short), Err(String::new()));
        let gone = hold(&sh("echo one; echo why >&2; exit 4")).unwrap();
        assert_eq!(gone.until("ready", LONG), Err("why".to_owned()));
        let start = time::start();
        while !gone.ended() {
            assert!(start.elapsed() < LONG);
        }
        assert_eq!(gone.release(LONG), Ended::Code(4));
        assert!(hold(&Command::new(["no-such-program"])).is_err());
    }
}
