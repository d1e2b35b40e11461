//! Every value by its text, and by the factor that it begins with: a name is read with a few look-ups.

use indexmap::IndexMap;

use super::axis::{Axes, Value};
use super::{CONFIG, RUNNER, RUNNERS, STAGE, SYSTEM, System};

#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    values: IndexMap<String, Value>,
    firsts: IndexMap<String, First>,
    /// In conditions: both engines.
    container: Option<Value>,
}

/// What begins with a factor.
#[derive(Clone, Debug, Default)]
struct First {
    /// The value that is the factor alone.
    alone: Option<usize>,
    /// How many factors the others have, the most first.
    lengths: Vec<usize>,
}

impl Index {
    pub(super) fn new(axes: &Axes) -> Self {
        let mut index = Self::default();
        let runners = RUNNERS.map(str::to_owned);
        index.add_all(axes, RUNNER, 0, &runners);
        let mut rank = (1, 0);
        for (name, family) in &axes.families {
            let releases = family.releases.iter().cloned().map(Some);
            for release in std::iter::once(None).chain(releases) {
                let family = name.clone();
                let system = System { family, release };
                index.add(value(axes, SYSTEM, system.to_string(), Some(system), rank));
                rank.1 += 1;
            }
        }
        let own = axes
            .own
            .iter()
            .map(|(axis, values)| (axis.as_str(), values));
        let others = own.chain([(CONFIG, &axes.configs), (STAGE, &axes.stages)]);
        for (at, (axis, values)) in others.enumerate() {
            index.add_all(axes, axis, at + 2, values);
        }
        let container = "container".to_owned();
        index.container = Some(value(axes, RUNNER, container, None, (0, RUNNERS.len())));
        index
    }

    fn add_all(&mut self, axes: &Axes, axis: &str, of: usize, texts: &[String]) {
        for (at, text) in texts.iter().enumerate() {
            self.add(value(axes, axis, text.clone(), None, (of, at)));
        }
    }

    /// The first value of a text is the one that is meant.
    fn add(&mut self, value: Value) {
        let first = value.text.split('-').next().unwrap_or_default();
        let length = value.text.split('-').count();
        if !self.firsts.contains_key(first) {
            self.firsts.insert(first.to_owned(), First::default());
        }
        let first = &mut self.firsts[first];
        let entry = self.values.entry(value.text.clone());
        if length == 1 {
            first.alone = Some(entry.index());
        } else if let Err(at) = first.lengths.binary_search_by(|have| length.cmp(have)) {
            first.lengths.insert(at, length);
        }
        entry.or_insert(value);
    }

    pub(super) fn find(&self, text: &str) -> Option<&Value> {
        self.values.get(text)
    }

    /// Both engines, as a value of conditions.
    pub(super) fn container(&self) -> Option<&Value> {
        self.container.as_ref()
    }

    /// The values that a text begins with, the longest first; they end where factors do.
    pub(super) fn at<'a>(&'a self, text: &'a str) -> impl Iterator<Item = &'a Value> {
        let first = text.find('-').unwrap_or(text.len());
        let found = self.firsts.get(&text[..first]);
        let lengths = found.into_iter().flat_map(|first| &first.lengths);
        let longer = lengths.filter_map(|length| self.values.get(&text[..end(text, *length)?]));
        let alone = found.and_then(|first| self.values.get_index(first.alone?));
        longer.chain(alone.map(|(_, value)| value))
    }
}

/// Where so many factors end, if there are as many.
fn end(text: &str, factors: usize) -> Option<usize> {
    let mut dashes = text.bytes().enumerate().filter(|(_, b)| *b == b'-');
    match dashes.nth(factors - 1) {
        Some((at, _)) => Some(at),
        None => (text.split('-').count() == factors).then_some(text.len()),
    }
}

fn value(
    axes: &Axes,
    axis: &str,
    text: String,
    system: Option<System>,
    rank: (usize, usize),
) -> Value {
    Value {
        axis: axis.to_owned(),
        text,
        system,
        rank,
        repeatable: axes.repeatable.contains(axis),
    }
}
