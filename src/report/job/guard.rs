//! Keeps GitHub's runner from acting on what others wrote: children above all, but also names, settings and logs that
//! stand in lines of ours.
//!
//! Text of others goes between `::stop-commands::TOKEN` and `::TOKEN::`; the token is a random word that no child, file
//! or variable gets. Commands of ours end such a stretch first, whatever was left open. May not write.
//!
//! ```ignore
//! guard.theirs("::error::x"); // "::stop-commands::TOKEN\n::error::x"
//! guard.command("::endgroup::"); // "\n::TOKEN::\n::endgroup::\n"
//! ```

use super::github;
use crate::random;

/// What the runner has been told.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// Made when it is needed.
    token: Option<String>,
    /// It acts on no line now.
    stopped: bool,
    /// The last line has no end yet.
    open: bool,
}

impl Guard {
    /// Text that others wrote, cut anywhere.
    pub(crate) fn theirs(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let mut told = String::new();
        if !self.stopped {
            self.stopped = true;
            let line = github::stop(self.token());
            told = self.whole_line(&line);
        }
        self.open = !text.ends_with('\n');
        told + text
    }

    /// Whole lines of ours. They may quote others: where the runner would act on one, they are as theirs.
    pub(crate) fn ours(&mut self, text: &str) -> String {
        if github::acts(text) {
            return self.theirs(text);
        }
        if !text.is_empty() {
            self.open = !text.ends_with('\n');
        }
        text.to_owned()
    }

    /// A line on which the runner is to act.
    pub(crate) fn command(&mut self, line: &str) -> String {
        self.end() + &self.whole_line(line)
    }

    /// Lets the runner act again, for those who come after us.
    pub(crate) fn end(&mut self) -> String {
        if !self.stopped {
            return String::new();
        }
        let line = github::resume(self.token());
        let told = self.whole_line(&line);
        self.stopped = false;
        told
    }

    fn whole_line(&mut self, line: &str) -> String {
        let end = if self.open { "\n" } else { "" };
        self.open = false;
        format!("{end}{line}\n")
    }

    /// 128 bits that nobody knows.
    fn token(&mut self) -> &str {
        let word = || random::word() + &random::word();
        self.token.get_or_insert_with(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard {
            token: Some("T".to_owned()),
            ..Guard::default()
        }
    }

    #[test]
    fn what_others_wrote_stands_where_the_runner_does_not_act() {
        let mut guard = guard();
        assert_eq!(guard.ours("begins\n"), "begins\n");
        assert_eq!(guard.theirs(""), "");
        assert_eq!(guard.theirs("::e"), "::stop-commands::T\n::e");
        assert_eq!(guard.theirs("rror::x\n"), "rror::x\n");
        assert_eq!(guard.ours("ends\n"), "ends\n");
        assert_eq!(guard.command("::endgroup::"), "::T::\n::endgroup::\n");
        assert_eq!(guard.theirs("no end"), "::stop-commands::T\nno end");
        assert_eq!(guard.end(), "\n::T::\n");
        assert_eq!(guard.end(), "");
    }

    #[test]
    fn a_line_of_ours_that_quotes_a_command_is_as_theirs() {
        let mut guard = guard();
        let quoted = "  last lines\n    | ##[error]x\n";
        assert_eq!(guard.ours(quoted), format!("::stop-commands::T\n{quoted}"));
        assert_eq!(guard.end(), "::T::\n");
    }

    #[test]
    fn each_run_has_a_token_of_its_own() {
        let token = || Guard::default().token().to_owned();
        let (one, other) = (token(), token());
        assert_ne!(one, other);
        assert!(one.len() == 32 && one.bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
