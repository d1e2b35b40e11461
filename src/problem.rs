//! The one type for everything a user can do wrong and everything the world can refuse.
//!
//! A `Problem` says what, where (places in sources, shown as excerpts by `report/problem.rs`) and what to do.
//! It may not print itself, and it cannot be made without an advice.
//!
//! ```ignore
//! Problem::new("unknown factor `fedroa`", "did you mean `fedora`?").at(&source, 7..13, "")
//! ```

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// A text that problems point into: a file or a word of the command line.
#[derive(Debug)]
pub(crate) struct Source {
    /// What stands before the first colon of `file:line:column`.
    pub(crate) name: String,
    pub(crate) text: String,
    /// Where lines begin; found when it is first asked, since many settings ask.
    lines: OnceLock<Vec<usize>>,
}

impl Source {
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
            lines: OnceLock::new(),
        })
    }

    /// Line and column of a byte offset, both counted from 1, columns in characters.
    pub(crate) fn line_column(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).collect()
        });
        let line = lines.partition_point(|start| *start <= end);
        let start = lines[line - 1];
        (line, self.text[start..end].chars().count() + 1)
    }
}

/// A stretch of a source, with a short word to stand under it (may be empty).
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) source: Arc<Source>,
    pub(crate) span: Range<usize>,
    pub(crate) label: String,
}

impl Place {
    pub(crate) fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        Self {
            source: Arc::clone(source),
            span,
            label: String::new(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, column) = self.source.line_column(self.span.start);
        write!(f, "{}:{line}:{column}", self.source.name)
    }
}

/// What kind of trouble it is: decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Usage, envs.toml or a name is wrong: exit 2.
    Mistake,
    /// An engine or the machine does not do its part: exit 3.
    Engine,
    /// Nothing was selected: exit 4.
    Nothing,
    /// Worth saying, stops nothing.
    Warning,
}

#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    /// Lower case, no full stop, names in backticks, present tense.
    pub(crate) title: String,
    pub(crate) places: Vec<Place>,
    /// What to do about it; one line each.
    pub(crate) help: Vec<String>,
}

impl Problem {
    pub(crate) fn new(title: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            kind: Kind::Mistake,
            title: title.into(),
            places: Vec::new(),
            help: vec![help.into()],
        }
    }

    pub(crate) fn engine(title: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            kind: Kind::Engine,
            ..Self::new(title, help)
        }
    }

    pub(crate) fn warning(title: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            kind: Kind::Warning,
            ..Self::new(title, help)
        }
    }

    /// Points at a stretch of a source; the first place is the main one.
    pub(crate) fn at(
        mut self,
        source: &Arc<Source>,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        self.places.push(Place {
            source: Arc::clone(source),
            span,
            label: label.into(),
        });
        self
    }

    pub(crate) fn place(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

/// More than this from one file or command line are not looked for.
const MOST_PROBLEMS: usize = 50;

/// One or more problems: all that were found in one go.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems(pub(crate) Vec<Problem>);

impl Problems {
    /// Each once: tables that one family of values stands for are wrong in the same way.
    pub(crate) fn push(&mut self, problem: Problem) {
        let same = |p: &Place, q: &Place| Arc::ptr_eq(&p.source, &q.source) && p.span == q.span;
        let told = self.0.iter().any(|p| {
            p.title == problem.title
                && p.places.len() == problem.places.len()
                && p.places
                    .iter()
                    .zip(&problem.places)
                    .all(|(p, q)| same(p, q))
        });
        if !told || problem.places.is_empty() {
            self.0.push(problem);
        }
    }

    /// Are there as many as anybody will read? Then finding more is not worth the time.
    pub(crate) fn full(&self) -> bool {
        self.0.len() >= MOST_PROBLEMS
    }

    /// Keeps the value of a success and the problem of a failure.
    pub(crate) fn keep<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    /// The value, when nothing was found.
    pub(crate) fn or<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }

    /// `Ok` when nothing worse than a warning was found.
    pub(crate) fn none(self) -> Result<Vec<Problem>, Self> {
        if self.0.iter().all(|p| p.kind == Kind::Warning) {
            Ok(self.0)
        } else {
            Err(self)
        }
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = Source::new("f", "äb\nxyz");
        assert_eq!(source.line_column(0), (1, 1));
        assert_eq!(source.line_column(2), (1, 2));
        assert_eq!(source.line_column(5), (2, 2));
        assert_eq!(source.line_column(99), (2, 4));
    }
}
