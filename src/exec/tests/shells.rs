//! What real shells make of our quoting and of braces: the shells that are on this machine.

use std::cell::Cell;
use std::io::Write;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;

use super::*;
use crate::command::Stdin;
use crate::name::expand;
use crate::plan::renewal;
use crate::{late, quote};

const SHELLS: [&[&str]; 3] = [&["dash"], &["bash"], &["busybox", "sh"]];
/// Strings of one process, and how many processes of each shell.
const BATCH: usize = 5000;
const BATCHES: u32 = 20;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(1),
        max_shrink_iters: 50,
        ..ProptestConfig::default()
    }
}

/// The shells that are here; a bare machine may lack some, and that is said.
fn shells() -> Vec<&'static [&'static str]> {
    let there = |shell: &&[&str]| {
        let command = Command::new(shell.iter().copied().chain(["-c", ":"]));
        let ran = capture(&command, &Limits::default(), &Cancel::never());
        ran.is_ok_and(|output| output.exit.success())
    };
    let (here, missing): (Vec<&[&str]>, Vec<&[&str]>) = SHELLS.into_iter().partition(there);
    if !missing.is_empty() {
        writeln!(std::io::stderr(), "not on this machine: {missing:?}").unwrap();
    }
    assert!(!here.is_empty(), "no shell at all");
    here
}

/// What a shell prints that reads this script.
fn played(shell: &[&str], script: String) -> Vec<u8> {
    let command = Command::new(shell.iter().copied().chain(["-s"])).stdin(Stdin::Text(script));
    let mut printed = Vec::new();
    let exit = stream(
        &command,
        None,
        &Stopper::Group,
        &Limits::default(),
        &Cancel::never(),
        &mut |bytes| printed.extend_from_slice(bytes),
    );
    assert!(exit.unwrap().success(), "{shell:?}");
    printed
}

/// What means something to a shell, to printf or to us, and all of Unicode but NUL and our own marks.
fn text() -> impl Strategy<Value = String> {
    let special = select(
        "'\"\\$`!#&|;<>()*?[]{}~=%-+^@,./: \t\n\r\u{1b}\u{7f}\u{1}\u{80}aZ0_é"
            .chars()
            .collect::<Vec<_>>(),
    );
    let any =
        any::<char>().prop_filter("no argument holds it", |c| *c != '\0' && !late::is_mark(*c));
    let character = prop_oneof![3 => special, 1 => any];
    prop::collection::vec(character, 0..9).prop_map(String::from_iter)
}

#[test]
fn quoted_words_are_themselves_in_every_shell() {
    let shells = shells();
    let strings = Cell::new(0);
    proptest!(config(BATCHES), |(texts in prop::collection::vec(text(), BATCH))| {
        let words = quote::words(&texts);
        let expected: Vec<u8> = texts.iter().flat_map(|t| [t.as_bytes(), b"\0"].concat()).collect();
        for shell in &shells {
            let printed = played(shell, format!("printf '%s\\000' {words}\n"));
            if printed != expected {
                let printed = String::from_utf8_lossy(&printed).into_owned();
                let first = printed.split('\0').zip(&texts).find(|(is, was)| is != was);
                return Err(TestCaseError::fail(format!("{shell:?}: {first:?}")));
            }
        }
        strings.set(strings.get() + texts.len());
    });
    assert!(strings.get() >= 100_000, "{strings:?}");
}

/// As bash's own: braces nest, alternatives may be empty, ranges count in both directions. One alternative alone and
/// zeros before a number mean something else there, so none is made.
#[test]
fn braces_expand_as_bash_does() {
    let bash = ["bash"];
    if !shells().contains(&bash.as_slice()) {
        return;
    }
    let word = "[a-z0-9_.]{0,2}".prop_filter("a range is made on purpose", |text| text != "..");
    let leaf = prop_oneof![
        3 => word,
        1 => (0u32..12, 0u32..12).prop_map(|(from, to)| format!("{{{from}..{to}}}")),
    ];
    let text = leaf.prop_recursive(3, 16, 3, |inner| {
        let several = prop::collection::vec(inner.clone(), 2..4);
        let choice = several.prop_map(|options| format!("{{{}}}", options.join(",")));
        (inner.clone(), choice, inner).prop_map(|(a, b, c)| format!("{a}-{b}-{c}"))
    });
    proptest!(config(5), |(texts in prop::collection::vec(text, 200))| {
        let (mut words, mut expected) = (Vec::new(), Vec::new());
        for text in texts.into_iter().map(|text| format!("x{text}")) {
            match expand::expand(&text) {
                Ok(names) => expected.extend(names),
                Err(problem) if problem.title.ends_with("gives more than 10000 names") => continue,
                Err(problem) => return Err(TestCaseError::fail(problem.title)),
            }
            words.push(text);
        }
        prop_assert!(words.len() > 150, "{} are left", words.len());
        let printed = played(&bash, format!("printf '%s\\n' {}\n", words.join(" ")));
        let printed = String::from_utf8(printed).unwrap();
        let printed: Vec<&str> = printed.lines().collect();
        prop_assert_eq!(printed, expected);
    });
}

#[test]
fn a_path_of_any_bytes_is_one_word_of_a_call() {
    for shell in shells() {
        for path in [
            &b"a"[..],
            b"a b'c\n",
            b"\xff \\%s\n",
            "x\u{fdd0}'".as_bytes(),
            b"$(id)`id`",
        ] {
            let call = renewal::call("show", path);
            let script = format!("show() {{ printf '<%s>' \"$1\"; }}\n{call}");
            let command = Command::new(shell.iter().copied().chain(["-c", &script]));
            let output = capture(&command, &Limits::default(), &Cancel::never()).unwrap();
            assert_eq!(output.stdout, [b"</", path, b">"].concat(), "{script}");
        }
    }
}
