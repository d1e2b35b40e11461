//! One environment's output in whole lines with its name in front, where several run side by side.
//!
//! The beginning of a line is held for a moment; then it is told, and what goes on stands behind `:` in place of `|`.
//! Keeps no more than a line; may not write.
//!
//! ```text
//! docker-fedora-35  | Downloading
//! docker-jammy      | ok
//! docker-fedora-35  : done
//! ```

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::style::{DIM, paint};

/// A line that is longer than this is told in pieces.
const LONGEST: usize = 4096;
/// So long the beginning of a line is held back.
const WAIT: Duration = Duration::from_millis(200);

/// The line that has begun.
#[derive(Debug, Default)]
pub(super) struct Held {
    text: String,
    since: Option<Instant>,
    /// Its beginning has been told.
    inside: bool,
}

impl Held {
    /// Takes clean text; gives what can be told now.
    pub(super) fn push(&mut self, text: &str, now: Instant, name: &str, colour: bool) -> String {
        self.text.push_str(text);
        let whole = match self.text.rfind('\n') {
            _ if self.text.len() > LONGEST => self.text.len(),
            Some(at) => at + 1,
            None => 0,
        };
        if whole > 0 {
            self.since = None;
        }
        let told = self.take(whole, name, colour);
        let begun = !self.text.is_empty();
        self.since = begun.then(|| self.since.unwrap_or(now));
        told
    }

    /// When the beginning of a line is to be told.
    pub(super) fn due(&self) -> Option<Instant> {
        self.since.map(|since| since + WAIT)
    }

    /// What has been held for long enough.
    pub(super) fn overdue(&mut self, now: Instant, name: &str, colour: bool) -> String {
        if self.due().is_none_or(|due| now < due) {
            return String::new();
        }
        self.since = None;
        self.take(self.text.len(), name, colour)
    }

    fn take(&mut self, bytes: usize, name: &str, colour: bool) -> String {
        let lines: String = self.text.drain(..bytes).collect();
        let reset = if colour { "\x1b[0m" } else { "" };
        let mut told = String::new();
        for line in lines.split_inclusive('\n') {
            let goes_on = std::mem::replace(&mut self.inside, !line.ends_with('\n'));
            let line = line.trim_end_matches('\n');
            if goes_on && line.is_empty() {
                continue;
            }
            let bar = paint(colour, DIM, if goes_on { ":" } else { "|" });
            // Colours end with the line: the next one may be another environment's.
            let reset = if line.contains('\x1b') { reset } else { "" };
            let gap = if line.is_empty() { "" } else { " " };
            // Writing to a String cannot fail.
            let _ = writeln!(told, "{name}  {bar}{gap}{line}{reset}");
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time;

    #[test]
    fn the_beginning_of_a_line_is_held_and_then_told() {
        let (start, mut held) = (time::start(), Held::default());
        let at = |millis| start + Duration::from_millis(millis);
        let mut push = |text: &str, millis| held.push(text, at(millis), "a", false);
        assert_eq!(push("one\ntwo\nDown", 0), "a  | one\na  | two\n");
        assert_eq!(push("load", 150), "");
        assert_eq!(held.due(), Some(at(200)));
        assert_eq!(held.overdue(at(199), "a", false), "");
        assert_eq!(held.overdue(at(200), "a", false), "a  | Download\n");
        assert_eq!(held.due(), None);
        assert_eq!(held.push("ed", at(300), "a", false), "");
        assert_eq!(held.due(), Some(at(500)));
        assert_eq!(
            held.push("!\nmore\n\n", at(301), "a", false),
            "a  : ed!\na  | more\na  |\n"
        );
        assert_eq!(
            (held.due(), held.overdue(at(9999), "a", false)),
            (None, String::new())
        );
    }

    #[test]
    fn a_line_that_ends_after_it_was_told_leaves_nothing() {
        let (now, mut held) = (time::start(), Held::default());
        held.push("x", now, "a", false);
        held.overdue(now + WAIT, "a", false);
        assert_eq!(held.push("\ny\n", now, "a", false), "a  | y\n");
    }

    #[test]
    fn a_long_line_is_told_in_pieces() {
        let (now, mut held) = (time::start(), Held::default());
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(held.push(&long, now, "a", false), format!("a  | {long}\n"));
        assert_eq!(
            held.push("\u{1b}[31my\n", now, "a", true),
            "a  \u{1b}[2m:\u{1b}[0m \u{1b}[31my\u{1b}[0m\n"
        );
    }
}
