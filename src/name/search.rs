//! How declared values can cover a text: all readings of it, up to two.
//!
//! Names and conditions are read by the same search. In a name each axis stands at most once; in a condition any value
//! may, and `!` may stand before one.

use super::axis::{Axes, Value};

/// A value where it was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken<'a> {
    pub(super) value: &'a Value,
    pub(super) negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Name,
    Condition,
}

pub(super) struct Search<'a> {
    axes: &'a Axes,
    text: &'a str,
    kind: Kind,
    pub(super) found: Vec<Vec<Taken<'a>>>,
    steps: usize,
    /// Is it to be told why there is no reading?
    explain: bool,
    pub(super) stuck: Stuck<'a>,
}

/// Values that are made to be put together in many ways are not tried in all of them.
const MOST_STEPS: usize = 20_000;

/// The furthest point that a reading came to, and why it ended there.
#[derive(Default)]
pub(super) struct Stuck<'a> {
    at: usize,
    /// The factor there, and where it begins.
    pub(super) factor: Option<(usize, &'a str)>,
    pub(super) before: Vec<&'a Value>,
    pub(super) twice: Option<(&'a Value, &'a Value)>,
}

impl<'a> Search<'a> {
    pub(super) fn new(text: &'a str, axes: &'a Axes, kind: Kind) -> Self {
        let mut search = Self {
            axes,
            text,
            kind,
            found: Vec::new(),
            steps: 0,
            explain: false,
            stuck: Stuck::default(),
        };
        search.run();
        if search.found.is_empty() {
            // Rarely: what is said of a mistake costs time, and names are many.
            search.explain = true;
            search.run();
        }
        search
    }

    fn run(&mut self) {
        self.steps = 0;
        self.go(0, &mut Vec::with_capacity(8));
    }

    fn go(&mut self, at: usize, taken: &mut Vec<Taken<'a>>) {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.found.len() > 1 {
            return;
        }
        let (axes, rest) = (self.axes, &self.text[at..]);
        let word = rest
            .strip_prefix('!')
            .filter(|_| self.kind == Kind::Condition);
        let negated = word.is_some();
        let word = word.unwrap_or(rest);
        let engines = self.kind == Kind::Condition && first(word) == "container";
        let engines = axes.index().container().filter(|_| engines);
        let mut any = false;
        for value in axes.index().at(word).chain(engines) {
            if let Some(other) = taken.iter().find(|t| self.excludes(t.value, value)) {
                self.note(at, word, taken, Some((other.value, value)));
                continue;
            }
            any = true;
            taken.push(Taken { value, negated });
            let end = at + usize::from(negated) + value.text.len();
            if end == self.text.len() {
                self.found.push(taken.clone());
            } else {
                self.go(end + 1, taken);
            }
            taken.pop();
        }
        if !any {
            self.note(at, word, taken, None);
        }
    }

    /// Can one of these values not stand beside the other?
    fn excludes(&self, one: &Value, two: &Value) -> bool {
        self.kind == Kind::Name
            && one.rank.0 == two.rank.0
            && (!one.repeatable || one.rank == two.rank)
    }

    fn note(
        &mut self,
        at: usize,
        word: &'a str,
        before: &[Taken<'a>],
        twice: Option<(&'a Value, &'a Value)>,
    ) {
        if !self.explain {
            return;
        }
        let stuck = &self.stuck;
        // The longest value is tried first and says most.
        let better = at == stuck.at && twice.is_some() && stuck.twice.is_none();
        if stuck.factor.is_none() || at > stuck.at || better {
            self.stuck = Stuck {
                at,
                factor: Some((self.text.len() - word.len(), first(word))),
                before: before.iter().map(|t| t.value).collect(),
                twice,
            };
        }
    }
}

/// The first factor of a text.
fn first(text: &str) -> &str {
    &text[..text.find('-').unwrap_or(text.len())]
}
