//! What the rules of `annotate` find in a stage's output, line by line; no more is kept than is worth reading.

use std::sync::LazyLock;

use regex::Regex;

use crate::plan::annotate::{Annotation, Rule};

/// So many of each level are kept of a stage.
const MOST: usize = 30;

/// Colours and other sequences of terminals (ECMA-48), as far as they stand in one line.
static SEQUENCES: LazyLock<Regex> = LazyLock::new(|| {
    let expression =
        r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b[ -/]*[0-Z\\^-~]";
    Regex::new(expression).expect("it is one")
});

/// The rules of a stage, and what they have found.
#[derive(Debug, Default)]
pub(super) struct Annotations {
    rules: Vec<Rule>,
    found: Vec<Annotation>,
    /// How many more there were.
    more: u64,
}

impl Annotations {
    pub(super) fn by(rules: &[Rule]) -> Self {
        Self {
            rules: rules.to_vec(),
            ..Self::default()
        }
    }

    /// Takes a line of the output. The first rule that it matches counts, and of what is said again the first time.
    pub(super) fn line(&mut self, line: &str) {
        if self.rules.is_empty() {
            return;
        }
        let shown = shown(line);
        let mut found = self.rules.iter().filter_map(|rule| rule.find(&shown));
        let Some(one) = found.next().filter(|one| !self.found.contains(one)) else {
            return;
        };
        let level = self.found.iter().filter(|other| other.level == one.level);
        if level.count() < MOST {
            self.found.push(one);
        } else {
            self.more += 1;
        }
    }

    /// Forgets what was found: the stage is tried again.
    pub(super) fn again(&mut self) {
        (self.found, self.more) = Default::default();
    }

    /// What was found, in the output's order, and how many more there were.
    pub(super) fn found(self) -> (Vec<Annotation>, u64) {
        (self.found, self.more)
    }
}

/// A line as one sees it: without sequences, and of one that is written over and over the last.
fn shown(line: &str) -> String {
    let last = line.trim_end_matches('\r').rsplit('\r').next();
    SEQUENCES.replace_all(last.unwrap_or(line), "").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::annotate::Level;

    fn rules() -> Vec<Rule> {
        let rules = [("^error: (.*)", "error"), ("rror|note", "notice")];
        let rules = rules.map(|(expression, level)| Rule::new(expression, level).unwrap());
        rules.to_vec()
    }

    #[test]
    fn lines_are_matched_as_one_sees_them() {
        let mut found = Annotations::by(&rules());
        let lines = [
            "50%\r\x1b[1;31merror:\x1b[0m \x1b]8;;http://x\x07no\x1b]8;;\x1b\\ compiler",
            "error: no compiler\r",
            "an error: later",
            "fine",
        ];
        for line in lines {
            found.line(line);
        }
        let (found, more) = found.found();
        let found: Vec<_> = found.iter().map(|a| (a.level, &*a.message)).collect();
        let first = (Level::Error, "no compiler");
        assert_eq!(found, [first, (Level::Notice, "rror")]);
        assert_eq!(more, 0);
    }

    #[test]
    fn no_level_takes_the_room_of_another() {
        let mut found = Annotations::by(&rules());
        for n in 0..100 {
            found.line(&format!("error: {n}"));
        }
        found.line("note");
        let (found, more) = found.found();
        assert_eq!((found.len(), more), (MOST + 1, 70));
        assert_eq!(found[MOST].level, Level::Notice);
    }

    #[test]
    fn what_a_try_said_is_forgotten_with_it() {
        let mut found = Annotations::by(&rules());
        found.line("error: x");
        found.again();
        assert_eq!(found.found(), (vec![], 0));
    }
}
