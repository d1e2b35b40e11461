//! Globs against the `regex` crate, and braces against a reading that only knows how they were put together.

use std::cell::Cell;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::name::expand;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        ..ProptestConfig::default()
    }
}

/// A text with braces as it was put together.
#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Choice(Vec<Vec<Piece>>),
    Range(u32, u32),
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let leaf = prop_oneof![
        3 => "[a-z0-9_-]{0,3}".prop_map(Piece::Text),
        1 => (0u32..12, 0u32..12).prop_map(|(from, to)| Piece::Range(from, to)),
    ];
    let piece = leaf.prop_recursive(3, 24, 3, |inner| {
        let option = prop::collection::vec(inner, 0..3);
        prop::collection::vec(option, 2..4).prop_map(Piece::Choice)
    });
    prop::collection::vec(piece, 1..4)
}

fn written(pieces: &[Piece]) -> String {
    let one = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Choice(options) => {
            let options: Vec<String> = options.iter().map(|o| written(o)).collect();
            format!("{{{}}}", options.join(","))
        }
        Piece::Range(from, to) => format!("{{{from}..{to}}}"),
    };
    pieces.iter().map(one).collect()
}

/// From left to right, the last one changes first.
fn meant(pieces: &[Piece]) -> Vec<String> {
    let Some((first, rest)) = pieces.split_first() else {
        return vec![String::new()];
    };
    let heads = match first {
        Piece::Text(text) => vec![text.clone()],
        Piece::Choice(options) => options.iter().flat_map(|o| meant(o)).collect(),
        Piece::Range(from, to) if from <= to => (*from..=*to).map(|n| n.to_string()).collect(),
        Piece::Range(from, to) => (*to..=*from).rev().map(|n| n.to_string()).collect(),
    };
    let tails = meant(rest);
    let with = |head: &String| {
        tails
            .iter()
            .map(|t| format!("{head}{t}"))
            .collect::<Vec<_>>()
    };
    heads.iter().flat_map(with).collect()
}

#[test]
fn braces_give_what_they_were_made_of() {
    let names = Cell::new(0);
    proptest!(config(500), |(pieces in pieces())| {
        let (text, expected) = (written(&pieces), meant(&pieces));
        prop_assume!(expected.len() <= 10_000);
        let expanded = expand::expand(&text).map_err(|p| TestCaseError::fail(p.title))?;
        names.set(names.get() + expanded.len());
        prop_assert_eq!(expanded, expected, "{}", text);
    });
    assert!(names.get() > 5000, "{names:?}");
}

/// `*` is any text and `?` one character, whatever the character is; nothing else means anything.
#[test]
fn globs_match_as_their_regular_expressions_do() {
    let (yes, no) = (Cell::new(0), Cell::new(0));
    let (pattern, name) = ("[ab*?.é\\[(-]{0,8}", "[abé.\\[(-]{0,8}");
    proptest!(config(4000), |(pattern in pattern, name in name)| {
        let expected = as_regex(&pattern).is_match(&name);
        prop_assert_eq!(expand::matches(&pattern, &name), expected, "{} {}", pattern, name);
        let count = if expected { &yes } else { &no };
        count.set(count.get() + 1);
    });
    // Names that were made from the pattern.
    proptest!(config(2000), |(parts in prop::collection::vec(("[ab.-]{0,2}", "[ab.]{0,3}", any::<bool>()), 0..5))| {
        let pattern: String = parts.iter().map(|(text, filling, one)| {
            let mark = if *one { "?".repeat(filling.len()) } else { "*".to_owned() };
            format!("{text}{mark}")
        }).collect();
        let name: String = parts.iter().map(|(text, filling, _)| format!("{text}{filling}")).collect();
        prop_assert!(expand::matches(&pattern, &name), "{} {}", pattern, name);
        let longer = format!("{name}c");
        prop_assert_eq!(expand::matches(&pattern, &longer), as_regex(&pattern).is_match(&longer));
        yes.set(yes.get() + 1);
    });
    assert!(yes.get() > 2200 && no.get() > 1000, "{yes:?} {no:?}");
}

fn as_regex(pattern: &str) -> regex::Regex {
    let one = |c: char| match c {
        '*' => ".*".to_owned(),
        '?' => ".".to_owned(),
        c => regex::escape(&c.to_string()),
    };
    let inside: String = pattern.chars().map(one).collect();
    regex::Regex::new(&format!("(?s)^{inside}$")).unwrap()
}
