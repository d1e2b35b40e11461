//! `annotate`: which lines of a stage's output are to be seen at once, and what is made of them. Pure.
//!
//! ```ignore
//! let rule = Rule::new("^configure: error: (.*)", "error")?;
//! rule.find("configure: error: no compiler") // error: no compiler
//! ```

use regex::{Captures, Regex};
use serde::{Deserialize, Serialize};

use crate::config::file::shape::Annotation as Written;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    pub(crate) const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Notice];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }

    fn by_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word() == word)
    }
}

/// Lines that match become annotations.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    expression: Regex,
    level: Level,
}

/// What a line of the output says, and where that is written, if the line says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Annotation {
    pub(crate) level: Level,
    pub(crate) message: String,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) column: Option<u32>,
}

impl Rule {
    /// `None`: the expression or the level is none, which is found out when the file is loaded.
    pub(crate) fn new(expression: &str, level: &str) -> Option<Self> {
        let (expression, level) = (Regex::new(expression).ok()?, Level::by_word(level)?);
        Some(Self { expression, level })
    }

    pub(super) fn of(written: &Written) -> Option<Self> {
        let Written { r#match, level } = written;
        Self::new(r#match.get_ref(), level.get_ref())
    }

    /// What a line says, if it matches: the group `message`, else the first group, else all that matched.
    pub(crate) fn find(&self, line: &str) -> Option<Annotation> {
        let found = self.expression.captures(line)?;
        let message = found.name("message").or_else(|| self.first(&found));
        let message = message.or_else(|| found.get(0))?.as_str().trim();
        let number = |name: &str| found.name(name)?.as_str().parse().ok();
        let file = found.name("file").map(|file| file.as_str());
        Some(Annotation {
            level: self.level,
            message: message.to_owned(),
            file: file.filter(|file| !file.is_empty()).map(str::to_owned),
            line: number("line"),
            column: number("column"),
        })
    }

    /// The first group that has no name of ours.
    fn first<'l>(&self, found: &Captures<'l>) -> Option<regex::Match<'l>> {
        let ours = ["file", "line", "column"];
        let names = self.expression.capture_names().enumerate().skip(1);
        let mut others = names.filter(|(_, name)| name.is_none_or(|name| !ours.contains(&name)));
        others.next().and_then(|(at, _)| found.get(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expression: &str, line: &str) -> Option<Annotation> {
        Rule::new(expression, "warning").unwrap().find(line)
    }

    #[test]
    fn the_message_is_the_named_group_or_the_first_or_all() {
        let message = |expression: &str, line: &str| found(expression, line).unwrap().message;
        let line = "configure: error: no compiler ";
        assert_eq!(message("^configure: error: (.*)", line), "no compiler");
        assert_eq!(message("error: .*", line), "error: no compiler");
        assert_eq!(message("(conf).*: (?<message>.*)", line), "no compiler");
        assert_eq!(
            message("^(?<file>[a-z]+): (.*)", line),
            "error: no compiler"
        );
        assert_eq!(message("(x)?configure", line), "configure");
        assert_eq!(found("^error", line), None);
    }

    #[test]
    fn places_are_taken_where_a_line_names_one() {
        let expression = r"^(?<file>[^:]*):(?<line>\d+):(?<column>[^:]*): warning: (.*)";
        let there = found(expression, "a.c:12:x: warning: unused").unwrap();
        assert_eq!(there.file.as_deref(), Some("a.c"));
        assert_eq!((there.line, there.column), (Some(12), None));
        assert_eq!(there.message, "unused");
        let none = found(expression, ":99999999999:3: warning: y").unwrap();
        assert_eq!((none.file, none.line, none.column), (None, None, Some(3)));
    }

    #[test]
    fn what_is_no_rule_is_none() {
        assert!(Rule::new("(", "error").is_none());
        assert!(Rule::new("x", "fatal").is_none());
        assert!(Level::ALL.is_sorted());
    }
}
