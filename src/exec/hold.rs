//! A child that lives as long as we hold its input open, and so not longer than we do, even if we are killed.
//!
//! Our end of the pipe is close-on-exec from birth: no other child keeps it open.

use std::io::{self, BufRead, BufReader, PipeReader, PipeWriter, Read};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

use super::Ended;
use super::child::{Child, aside, exhausted, expression};
use crate::command::Command;
use crate::problem::Problem;

/// A longer first line is cut.
const LONGEST: u64 = 64 * 1024;

/// Dropping it closes the child's input, kills the child's group and reaps it, in that order (the order of the fields).
pub(crate) struct Held {
    input: PipeWriter,
    child: Child,
    line: Receiver<String>,
    ended: Receiver<()>,
}

/// Starts a child in a group of its own, whose input stays open and empty; what it prints on stderr is dropped.
pub(crate) fn hold(command: &Command) -> Result<Held, Problem> {
    let (input_end, input) = io::pipe().map_err(|e| exhausted(&e))?;
    let (output, output_end) = io::pipe().map_err(|e| exhausted(&e))?;
    let expression = expression(command)
        .stdin_file(input_end)
        .stdout_file(output_end)
        .stderr_null();
    let child = Child::start(&expression, command)?;
    // It holds our copies of the child's ends.
    drop(expression);
    let (sender, line) = mpsc::channel();
    aside(move || listen(output, &sender))?;
    let (sender, ended) = mpsc::channel();
    child.when_ended(move || drop(sender))?;
    Ok(Held {
        input,
        child,
        line,
        ended,
    })
}

/// Sends the first line, then reads on, so that the child never waits for us.
fn listen(output: PipeReader, sender: &mpsc::Sender<String>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    let read = (&mut output).take(LONGEST).read_until(b'\n', &mut line);
    if read.is_ok_and(|n| n > 0) {
        let _ = sender.send(String::from_utf8_lossy(&line).trim_end().to_owned());
    }
    let _ = io::copy(&mut output, &mut io::sink());
}

impl Held {
    /// Waits for the first line that it prints; none when it ends without one, or too late. Gives it once.
    pub(crate) fn first_line(&self, wait: Duration) -> Option<String> {
        self.line.recv_timeout(wait).ok()
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
    use crate::time;

    const LONG: Duration = Duration::from_secs(20);

    fn sh(script: &str) -> Command {
        Command::new(["sh", "-c", script])
    }

    #[test]
    fn the_child_lives_until_released() {
        let held = hold(&sh("echo ready; cat; exit 3")).unwrap();
        assert_eq!(held.first_line(LONG).as_deref(), Some("ready"));
        assert_eq!(held.release(LONG), Ended::Code(3));
    }

    #[test]
    fn no_other_child_keeps_the_input_open() {
        let first = hold(&sh("echo ready; cat")).unwrap();
        let second = hold(&sh("echo ready; exec sleep 60")).unwrap();
        assert_eq!(second.first_line(LONG).as_deref(), Some("ready"));
        assert_eq!(first.release(LONG), Ended::Code(0));
        assert_eq!(second.release(Duration::from_millis(10)), Ended::Signal(9));
    }

    #[test]
    fn dropping_ends_it() {
        let start = time::start();
        let held = hold(&sh("trap '' TERM; echo ready; sleep 60; sleep 60")).unwrap();
        assert!(held.first_line(LONG).is_some());
        drop(held);
        assert!(start.elapsed() < LONG);
    }

    #[test]
    fn a_line_may_not_come() {
        let silent = hold(&sh("exec sleep 60")).unwrap();
        assert_eq!(silent.first_line(Duration::from_millis(20)), None);
        let gone = hold(&Command::new(["true"])).unwrap();
        assert_eq!(gone.first_line(LONG), None);
        assert_eq!(gone.release(LONG), Ended::Code(0));
        assert!(hold(&Command::new(["no-such-program"])).is_err());
    }
}
