//! Conditions on names: tox's factor expressions over declared values (design 3).
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
        let mut alternatives = Vec::new();
        // Commas outside braces separate alternatives; inside, they do once expanded.
        for part in expand::expand(&format!("{{{text}}}")).map_err(|p| p.place(place.clone()))? {
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
            let title = format!(
                "unknown factor `{}` in the condition `{}`",
                expand::shown(first),
                expand::shown(text)
            );
            return Err(Problem::new(title, parse::advice(axes, first)).place(place.clone()));
        };
        if value.axis == STAGE {
            let title = format!(
                "`{}` is a stage, and a condition asks names without their stage",
                value.text
            );
            return Err(
                Problem::new(title, "put the setting into that `[stage.NAME]`")
                    .place(place.clone()),
            );
        }
        found.push(Term { negated, value });
        at += length;
    }
    Ok(found)
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
