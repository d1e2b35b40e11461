//! `only` and `not` of values: which names they may stand in.

use std::sync::Arc;

use indexmap::IndexMap;

use super::EnvName;
use super::condition::Condition;
use super::expand::shown;
use super::parse::within;
use crate::problem::{Place, Problem};

/// What values say, by the values' texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules(IndexMap<String, Vec<Rule>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Only,
    Not,
}

#[derive(Clone, Debug)]
struct Rule {
    kind: Kind,
    text: String,
    place: Place,
    condition: Arc<Condition>,
}

/// A value that refuses a name, and its rule.
#[derive(Debug)]
pub(crate) struct Broken<'a> {
    value: &'a str,
    rule: &'a Rule,
}

impl Rules {
    /// A value says something more.
    pub(crate) fn add(
        &mut self,
        value: String,
        kind: Kind,
        condition: Arc<Condition>,
        (text, place): (&str, Place),
    ) {
        let text = text.to_owned();
        self.0.entry(value).or_default().push(Rule {
            kind,
            text,
            place,
            condition,
        });
    }

    /// The first rule that a name breaks. A family speaks for its releases, too.
    pub(crate) fn refuse(&self, name: &EnvName) -> Option<Broken<'_>> {
        if self.0.is_empty() {
            return None;
        }
        let system = name.system.as_ref();
        let release = system.filter(|s| s.release.is_some());
        let release = release.map(ToString::to_string);
        let values = system.map(|s| s.family.as_str()).into_iter();
        let values = values
            .chain(release.as_deref())
            .chain(name.axes.iter().map(|(_, value)| value.as_str()))
            .chain(name.config.as_deref());
        let rules = values.filter_map(|value| self.0.get_key_value(value));
        let mut rules = rules.flat_map(|(value, rules)| rules.iter().map(move |r| (value, r)));
        rules
            .find(|(_, rule)| rule.condition.holds(name) != (rule.kind == Kind::Only))
            .map(|(value, rule)| Broken { value, rule })
    }
}

impl Broken<'_> {
    /// `text` is the name as it is written at `place`.
    pub(super) fn problem(&self, text: &str, name: &EnvName, place: &Place) -> Problem {
        let (value, condition) = (self.value, shown(&self.rule.text));
        let (title, key) = match self.rule.kind {
            Kind::Only => (
                format!("`{value}` is only for `{condition}`, and `{name}` is not that"),
                "only",
            ),
            Kind::Not => (
                format!("`{value}` is not for `{condition}`, and `{name}` is that"),
                "not",
            ),
        };
        let help = format!("take `{value}` out of the name, or change its `{key}`");
        let at = text.find(value).unwrap_or(0);
        let length = if text.contains(value) {
            value.len()
        } else {
            text.len()
        };
        Problem::new(title, help)
            .place(within(place, text, at, length))
            .place(self.rule.place.clone())
    }
}
