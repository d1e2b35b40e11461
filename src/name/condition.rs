//! Conditions on names: tox's factor expressions over declared values.
//!
//! `-` is and, `,` is or, `!` is not; braces and ranges expand. A factor that nobody declared is an error.

use super::axis::{Axes, Value};
use super::{EnvName, STAGE, expand, parse};
use crate::problem::{Place, Problem};

/// Alternatives, each a list of values that must (or must not) hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition(Vec<Vec<Term>>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    negated: bool,
    value: Value,
}

impl Condition {
    pub(crate) fn parse(text: &str, axes: &Axes, place: &Place) -> Result<Self, Problem> {
        if text.trim().is_empty() {
            let problem = Problem::new("an empty condition", "say when: `ubuntu-focal,fedora`");
            return Err(problem.place(place.clone()));
        }
        let mut alternatives = Vec::new();
        // Commas outside braces separate alternatives; inside, they do once expanded.
        for part in expand::list(text).map_err(|p| p.place(place.clone()))? {
            alternatives.push(terms(part.trim(), axes, place)?);
        }
        Ok(Self(alternatives))
    }

    pub(crate) fn holds(&self, name: &EnvName) -> bool {
        self.0.iter().any(|terms| {
            terms
                .iter()
                .all(|t| name.has(&t.value.axis, &t.value.text) != t.negated)
        })
    }
}

fn terms(text: &str, axes: &Axes, place: &Place) -> Result<Vec<Term>, Problem> {
    let factors: Vec<&str> = text.split('-').collect();
    let longest = axes.longest();
    let (mut at, mut found) = (0, Vec::new());
    while at < factors.len() {
        let negated = factors[at].starts_with('!');
        let first = factors[at].trim_start_matches('!');
        let value = (1..=longest.min(factors.len() - at))
            .rev()
            .find_map(|length| {
                let mut parts = factors[at..at + length].to_vec();
                parts[0] = first;
                axes_value(axes, &parts.join("-")).map(|value| (length, value))
            });
        let Some((length, value)) = value else {
            return Err(unknown(text, first, axes, place));
        };
        if value.axis == STAGE {
            let word = &value.text;
            let title =
                format!("`{word}` is a stage, and a condition asks names without their stage");
            let problem = Problem::new(title, "put the setting into that `[stage.NAME]`");
            return Err(problem.place(parse::within(place, word, 0, word.len())));
        }
        found.push(Term { negated, value });
        at += length;
    }
    Ok(found)
}

fn unknown(text: &str, factor: &str, axes: &Axes, place: &Place) -> Problem {
    let (shown, whole) = (expand::shown(factor), expand::shown(text));
    if factor.is_empty() {
        let title = format!("an empty factor in the condition `{whole}`");
        let help = "`-` is and, `,` is or, `!` is not: `ubuntu-focal-!minimal,fedora`";
        return Problem::new(title, help).place(place.clone());
    }
    let title = if factor == text {
        format!("unknown factor `{shown}`")
    } else {
        format!("unknown factor `{shown}` in the condition `{whole}`")
    };
    let problem = Problem::new(title, parse::advice(axes, factor));
    problem.place(parse::within(place, factor, 0, factor.len()))
}

/// In conditions `container` stands for both engines.
fn axes_value(axes: &Axes, text: &str) -> Option<Value> {
    if text == "container" {
        return Some(Value {
            axis: super::RUNNER.to_owned(),
            text: text.to_owned(),
            system: None,
        });
    }
    axes.find(text)
}
