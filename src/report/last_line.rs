//! The last line that was said, of text that comes in pieces.

use super::harmless;

/// A line that is longer is known in part.
const LONGEST: usize = 1000;

/// Of clean text; what is open counts as soon as there is something to read in it.
#[derive(Debug, Default)]
pub(crate) struct LastLine {
    whole: String,
    open: String,
}

impl LastLine {
    /// One that is whole.
    pub(crate) fn of(line: &str) -> Self {
        Self {
            whole: line.to_owned(),
            open: String::new(),
        }
    }

    pub(crate) fn push(&mut self, text: &str) {
        for part in text.split_inclusive('\n') {
            if self.open.len() < LONGEST {
                self.open.push_str(part);
            }
            if part.ends_with('\n') {
                let line = std::mem::take(&mut self.open);
                if !line.trim().is_empty() {
                    line.trim().clone_into(&mut self.whole);
                }
            }
        }
    }

    /// The line, cut to what is worth reading and without colours; empty where there was none.
    pub(crate) fn text(&self) -> String {
        let open = self.open.trim();
        let line = if open.is_empty() { &self.whole } else { open };
        harmless::line(line, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_with_something_in_it_counts() {
        let mut last = LastLine::default();
        assert_eq!(last.text(), "");
        last.push("one\n  two");
        assert_eq!(last.text(), "two");
        last.push(" three\n\n");
        assert_eq!(last.text(), "two three");
        last.push(&"x".repeat(5000));
        last.push(&"y".repeat(5000));
        assert!(last.text().len() < 500, "{}", last.text());
        last.push("\n\x1b[31mend\x1b[0m\n");
        assert_eq!(last.text(), "end");
        let mut last = LastLine::of("whole");
        last.push("  ");
        assert_eq!(last.text(), "whole");
        last.push("next");
        assert_eq!(last.text(), "next");
    }
}
