//! Conditions that are legal and cannot be meant: always true, never true, or said twice.

use std::collections::BTreeSet;

use super::LOCAL;
use super::condition::{Asked, Condition, Term};
use super::expand::shown;
use crate::problem::{Place, Problem};

/// Alternatives beyond these are not compared: each is with each.
const MOST_COMPARED: usize = 100;

impl Condition {
    /// What is odd about the condition, as a warning.
    pub(crate) fn odd(&self, text: &str, place: &Place) -> Option<Problem> {
        let whole = shown(text);
        let (title, help) = if let Some((one, two)) = self.always() {
            (
                format!("the condition `{whole}` is always true: `{one}` or `{two}` holds"),
                format!("`,` is or: write `{one}-{two}` where both must hold"),
            )
        } else if let Some((one, two)) = self.never() {
            (
                format!("in the condition `{whole}`, `{one}` and `{two}` never hold together"),
                format!("`-` is and: write `{one},{two}` where either may hold"),
            )
        } else if let Some(twice) = self.twice() {
            (
                format!("`{twice}` stands twice in the condition `{whole}`"),
                "leave one out".to_owned(),
            )
        } else {
            return None;
        };
        Some(Problem::warning(title, help).place(place.clone()))
    }

    /// Two alternatives, one of which always holds.
    fn always(&self) -> Option<(String, String)> {
        let single = |terms: &&Vec<Term>| terms.len() == 1;
        let singles = self.alternatives.iter().filter(single).flatten();
        let singles: Vec<&Term> = singles.take(MOST_COMPARED).collect();
        pairs(&singles, |one, two| match (one.negated, two.negated) {
            (true, true) => one.asked.excludes(&two.asked),
            (true, false) => one.asked.implies(&two.asked),
            (false, true) => two.asked.implies(&one.asked),
            (false, false) => false,
        })
    }

    /// Two values of one alternative that exclude each other.
    fn never(&self) -> Option<(String, String)> {
        self.alternatives
            .iter()
            .take(MOST_COMPARED)
            .find_map(|terms| {
                let terms: Vec<&Term> = terms.iter().take(MOST_COMPARED).collect();
                pairs(&terms, |one, two| match (one.negated, two.negated) {
                    (false, false) => one.asked.excludes(&two.asked),
                    (false, true) => one.asked.implies(&two.asked),
                    (true, false) => two.asked.implies(&one.asked),
                    (true, true) => false,
                })
            })
    }

    fn twice(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        self.alternatives.iter().find_map(|terms| {
            let mut sorted: Vec<&Term> = terms.iter().collect();
            sorted.sort_unstable();
            if let Some(same) = sorted.windows(2).find(|two| two[0] == two[1]) {
                return Some(same[0].text());
            }
            let new = seen.insert(sorted);
            (!new).then(|| terms.iter().map(Term::text).collect::<Vec<_>>().join("-"))
        })
    }
}

/// The first two of which something is true.
fn pairs(terms: &[&Term], odd: impl Fn(&Term, &Term) -> bool) -> Option<(String, String)> {
    let with = |(at, one): (usize, &&Term)| {
        let two = terms[at + 1..].iter().find(|two| odd(one, two))?;
        Some((one.text(), two.text()))
    };
    terms.iter().enumerate().find_map(with)
}

impl Term {
    fn text(&self) -> String {
        let not = if self.negated { "!" } else { "" };
        format!("{not}{}", self.asked.text())
    }
}

impl Asked {
    fn text(&self) -> String {
        match self {
            Self::Container => "container".to_owned(),
            Self::System(system) => system.to_string(),
            Self::Runner(value) | Self::Config(value) | Self::Own { value, .. } => value.clone(),
        }
    }

    /// Does the other hold wherever this one does?
    fn implies(&self, other: &Self) -> bool {
        self == other
            || match (self, other) {
                (Self::Runner(runner), Self::Container) => runner != LOCAL,
                (Self::System(one), Self::System(two)) => {
                    one.family == two.family && two.release.is_none()
                }
                _ => false,
            }
    }

    /// Can no name have both?
    fn excludes(&self, other: &Self) -> bool {
        let apart = !self.implies(other) && !other.implies(self);
        apart
            && match (self, other) {
                (Self::Runner(_) | Self::Container, Self::Runner(_) | Self::Container)
                | (Self::Config(_), Self::Config(_)) => true,
                // `local-host` is also what this host is.
                (Self::System(one), Self::System(two)) => {
                    one.family != "host" && two.family != "host"
                }
                (
                    Self::Own {
                        axis, repeatable, ..
                    },
                    Self::Own { axis: other, .. },
                ) => axis == other && !repeatable,
                _ => false,
            }
    }
}
