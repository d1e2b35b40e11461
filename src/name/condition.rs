//! Conditions on names: tox's factor expressions over declared values.
//!
//! `-` is and, `,` is or, `!` is not; braces and ranges expand. A factor that nobody declared is an error. A condition is
//! asked of the canonical name: a family holds for all its releases, every other value for itself alone.

use std::sync::Arc;

use super::axis::{Axes, Value};
use super::search::{Kind, Search, Taken};
use super::this_host::ThisHost;
use super::{CONFIG, EnvName, RUNNER, STAGE, SYSTEM, System, expand, parse, unread};
use crate::problem::{Place, Problem};

/// Alternatives, each a list of values that must (or must not) hold.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(super) alternatives: Vec<Vec<Term>>,
    this_host: Arc<ThisHost>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Term {
    pub(super) negated: bool,
    pub(super) asked: Asked,
}

/// What a name is asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    /// Either engine.
    Container,
    Runner(String),
    System(System),
    Config(String),
    Own {
        axis: String,
        value: String,
        /// Of an axis of which a name may have several values.
        repeatable: bool,
    },
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
        Ok(Self {
            alternatives,
            this_host: Arc::clone(&axes.this_host),
        })
    }

    pub(crate) fn holds(&self, name: &EnvName) -> bool {
        let holds = |term: &Term| self.has(name, &term.asked) != term.negated;
        self.alternatives
            .iter()
            .any(|terms| terms.iter().all(holds))
    }

    fn has(&self, name: &EnvName, asked: &Asked) -> bool {
        match asked {
            Asked::Container => !name.is_local() && !name.runner.is_empty(),
            Asked::Runner(runner) => name.runner == *runner,
            Asked::System(asked) => name.system.as_ref().is_some_and(|system| {
                let same = system.family == asked.family
                    && (asked.release.is_none() || asked.release == system.release);
                same || (system.family == "host" && self.this_host.is(asked))
            }),
            Asked::Config(config) => name.config.as_ref() == Some(config),
            Asked::Own { axis, value, .. } => {
                name.axes.iter().any(|(a, v)| v == value && a == axis)
            }
        }
    }
}

fn terms(text: &str, axes: &Axes, place: &Place) -> Result<Vec<Term>, Problem> {
    let search = Search::new(text, axes, Kind::Condition);
    let reading = match search.found.as_slice() {
        [] => {
            let (offset, factor) = search.stuck.factor.unwrap_or((0, text));
            return Err(unknown(text, offset, factor, axes, place));
        }
        [one] => one,
        more => return Err(unread::two_readings(text, more, place)),
    };
    let term = |taken: &Taken<'_>| {
        let asked = asked(taken.value).ok_or_else(|| a_stage(&taken.value.text, place))?;
        let negated = taken.negated;
        Ok(Term { negated, asked })
    };
    reading.iter().map(term).collect()
}

fn asked(value: &Value) -> Option<Asked> {
    let text = value.text.clone();
    Some(match value.axis.as_str() {
        RUNNER if text == "container" => Asked::Container,
        RUNNER => Asked::Runner(text),
        SYSTEM => Asked::System(value.system.clone()?),
        CONFIG => Asked::Config(text),
        STAGE => return None,
        axis => Asked::Own {
            axis: axis.to_owned(),
            value: text,
            repeatable: value.repeatable,
        },
    })
}

fn a_stage(word: &str, place: &Place) -> Problem {
    let title = format!("`{word}` is a stage, and a condition asks names without their stage");
    let problem = Problem::new(title, "put the setting into that `[stage.NAME]`");
    problem.place(parse::within(place, word, 0, word.len()))
}

fn unknown(text: &str, offset: usize, factor: &str, axes: &Axes, place: &Place) -> Problem {
    let (shown, whole) = (expand::shown(factor), expand::shown(text));
    let signs = "`-` is and, `,` is or, `!` is not: `ubuntu-focal-!minimal,fedora`";
    if factor.is_empty() {
        let title = format!("an empty factor in the condition `{whole}`");
        return Problem::new(title, signs).place(place.clone());
    }
    let title = if factor == text {
        format!("unknown factor `{shown}`")
    } else {
        format!("unknown factor `{shown}` in the condition `{whole}`")
    };
    // Other languages' signs.
    let foreign = factor.contains([' ', '&', '|', ';', '=', '(', '!']);
    let advice = if foreign {
        signs.to_owned()
    } else {
        unread::advice(axes, factor, &["container"])
    };
    let problem = Problem::new(title, advice);
    problem.place(parse::within(place, text, offset, factor.len()))
}
