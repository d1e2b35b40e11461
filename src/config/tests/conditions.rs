//! Made-up conditions, asked of every name of a small domain, and what a reading without any parser says.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::RngSeed;

use super::{Place, Project, Source, parse, project};
use crate::name::EnvName;
use crate::name::condition::Condition;

const FILE: &str = r#"
[config.minimal]
[config.standard]
[system.one]
image = "one"
package-manager = "apt"
[system.cent]
image = "cent:{release}"
package-manager = "dnf"
[system.cent.release]
8 = {}
stream-8 = {}
"7.10" = {}
[axis.cuda]
cuda = {}
cuda-11 = {}
"cuda-11.8" = {}
[axis.gcc]
gcc_8 = {}
gcc_9 = {}
gcc_10 = {}
"#;

const RUNNERS: [&str; 3] = ["docker", "podman", "local"];
const SYSTEMS: [(&str, &str); 4] = [
    ("one", "one"),
    ("cent", "cent-8"),
    ("cent", "cent-stream-8"),
    ("cent", "cent-7.10"),
];
const CUDA: [&str; 4] = ["", "cuda", "cuda-11", "cuda-11.8"];
const GCC: [&str; 4] = ["", "gcc_8", "gcc_9", "gcc_10"];
const CONFIGS: [&str; 2] = ["minimal", "standard"];
const OTHERS: [&str; 2] = ["container", "cent"];

/// A name, and every value that holds for it.
struct Known {
    name: EnvName,
    holds: Vec<&'static str>,
}

fn names(project: &Project) -> Vec<Known> {
    let mut all = Vec::new();
    for runner in RUNNERS {
        for (family, system) in SYSTEMS {
            for cuda in CUDA {
                for gcc in GCC {
                    for config in CONFIGS {
                        let parts = [runner, system, cuda, gcc, config];
                        let mut holds: Vec<&str> = parts.into_iter().collect();
                        holds.retain(|part| !part.is_empty());
                        let name = holds.join("-");
                        holds.push(family);
                        if runner != "local" {
                            holds.push("container");
                        }
                        let place = Place::new(&Source::new("-e", name.as_str()), 0..name.len());
                        let name = parse::parse(&name, &project.axes, &place).unwrap();
                        all.push(Known { name, holds });
                    }
                }
            }
        }
    }
    all
}

/// One of these holds, or does not where it says `!`; how they are written is chosen by a number.
#[derive(Clone, Debug)]
struct Term {
    options: Vec<(bool, &'static str)>,
    cut: Index,
}

/// Alternatives of terms.
type Made = Vec<Vec<Term>>;

fn value() -> impl Strategy<Value = &'static str> {
    let systems = SYSTEMS.iter().map(|(_, system)| *system);
    let others = RUNNERS.into_iter().chain(systems).chain(CONFIGS);
    let others = others.chain(CUDA).chain(GCC).chain(OTHERS);
    select(others.filter(|v| !v.is_empty()).collect::<Vec<_>>())
}

fn condition() -> impl Strategy<Value = Made> {
    let option = (any::<bool>(), value());
    let term = (prop::collection::vec(option, 1..4), any::<Index>())
        .prop_map(|(options, cut)| Term { options, cut });
    prop::collection::vec(prop::collection::vec(term, 1..4), 1..4)
}

impl Term {
    /// What the options have in common may stand before the braces, or a part of it.
    fn text(&self) -> String {
        let texts = self.options.iter();
        let text = |(not, value): &(bool, &str)| format!("{}{value}", if *not { "!" } else { "" });
        let texts: Vec<String> = texts.map(text).collect();
        let same = |at: usize| texts.iter().all(|t| t.get(..at) == texts[0].get(..at));
        let shortest = texts.iter().map(String::len).min().unwrap_or(0);
        let common = (0..=shortest).rev().find(|at| same(*at)).unwrap_or(0);
        let cut = self.cut.index(common + 1);
        let rest: Vec<&str> = texts.iter().map(|t| &t[cut..]).collect();
        let range = match rest[..] {
            [one] => return texts[0][..cut].to_owned() + one,
            ["8", "9"] => "8..9".to_owned(),
            ["10", "9", "8"] => "10..8".to_owned(),
            _ => rest.join(","),
        };
        format!("{}{{{range}}}", &texts[0][..cut])
    }

    fn holds(&self, name: &Known) -> bool {
        let mut options = self.options.iter();
        options.any(|(not, value)| name.holds.contains(value) != *not)
    }
}

fn text(made: &Made) -> String {
    let terms = |terms: &Vec<Term>| {
        let terms: Vec<String> = terms.iter().map(Term::text).collect();
        terms.join("-")
    };
    made.iter().map(terms).collect::<Vec<_>>().join(" , ")
}

pub(super) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

#[test]
fn conditions_hold_for_the_names_that_they_say() {
    let project = project(FILE);
    let names = names(&project);
    assert_eq!(names.len(), 384);
    let (yes, no) = (Cell::new(0), Cell::new(0));
    proptest!(config(300), |(made in condition())| {
        let text = text(&made);
        let place = Place::new(&Source::new("if", text.as_str()), 0..text.len());
        let parsed = Condition::parse(&text, &project.axes, &place);
        let parsed = parsed.map_err(|p| TestCaseError::fail(format!("{text}: {}", p.title)))?;
        for name in &names {
            let expected = made.iter().any(|terms| terms.iter().all(|t| t.holds(name)));
            prop_assert_eq!(parsed.holds(&name.name), expected, "{} of {}", text, name.name);
            let count = if expected { &yes } else { &no };
            count.set(count.get() + 1);
        }
    });
    assert!(yes.get() > 20_000 && no.get() > 20_000, "{yes:?} {no:?}");
}

/// Whatever is written there: an answer, and a place inside the text.
#[test]
fn any_text_as_a_condition_or_a_name_is_answered() {
    let project = project(FILE);
    let pieces = vec![
        "docker", "cent", "8", "gcc_8", "-", "-", ",", "!", "{", "}", "..", "8..9", " ", "é", "\n",
        "*", "?", "standard", "cuda-11", "one",
    ];
    proptest!(config(2000), |(pieces in prop::collection::vec(select(pieces), 0..12))| {
        let text = pieces.concat();
        let place = Place::new(&Source::new("if", text.as_str()), 0..text.len());
        let problems = [
            Condition::parse(&text, &project.axes, &place).err(),
            parse::parse(&text, &project.axes, &place).err(),
        ];
        for problem in problems.into_iter().flatten() {
            prop_assert!(!problem.help.is_empty(), "{}", problem.title);
            for place in &problem.places {
                prop_assert!(text.get(place.span.clone()).is_some(), "{:?}", place.span);
            }
        }
    });
}
