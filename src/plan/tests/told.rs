//! Two keys differ only where their records do, and framing: nothing of a key runs together.

use proptest::prelude::*;
use proptest::sample::subsequence;

use super::super::key::{Here, KeyParts};
use super::super::record::{Record, What, changes};
use super::super::{Plan, PlanCommand, Stage, script};
use super::{SETTINGS, keys_of, plan_of, records_of};

/// The key that a line of TOML sets.
fn key(line: &str) -> &str {
    line.split(" = ").next().unwrap_or(line)
}

/// What a plan is made of: settings that do not contradict each other, posargs, a salt, files.
fn made() -> impl Strategy<Value = (String, bool, bool, bool)> {
    let lines = subsequence(SETTINGS.to_vec(), 0..6);
    let lines = lines.prop_map(|mut lines| {
        let mut keys = Vec::new();
        lines.retain(|line| {
            let (key, before) = (key(line), keys.contains(&key(line)));
            keys.push(key);
            !before
        });
        lines.join("\n")
    });
    (lines, any::<bool>(), any::<bool>(), any::<bool>())
}

fn plan((lines, posargs, salt, _): &(String, bool, bool, bool)) -> Plan {
    let posargs: &[&str] = if *posargs { &["x"] } else { &[] };
    plan_of(lines, posargs, if *salt { "salt" } else { "" })
}

fn records(made: &(String, bool, bool, bool)) -> Vec<Record> {
    records_of(&plan(made), if made.3 { "one" } else { "two" })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Of a stage with another key something is told that a person can look up, and of one with the same key nothing.
    #[test]
    fn another_key_is_told_by_its_settings(one in made(), two in made()) {
        let (old, new) = (records(&one), records(&two));
        for new in &new {
            let name = |record: &Record| {
                let part = record.said.acts.iter().find(|part| part.name == "stage");
                part.map(|part| part.items[0].text.clone())
            };
            let Some(old) = old.iter().find(|old| name(old) == name(new)) else {
                continue;
            };
            let told = changes(old, new);
            prop_assert_eq!(told.is_empty(), old.key == new.key, "{:#?}", told);
            prop_assert!(told.iter().all(|change| change.what != What::Script), "{told:#?}");
            let label = Record::of_label(&old.label(), &old.key, old.parent.clone()).unwrap();
            prop_assert_eq!(changes(&label, new).is_empty(), told.is_empty());
        }
    }
}

/// Pieces of one text, cut in two ways.
fn cut_twice() -> impl Strategy<Value = (Vec<String>, Vec<String>)> {
    let text = "[ab'= \n\\\"$]{0,6}";
    let cuts = || proptest::collection::vec(0..=6_usize, 0..4);
    (text, cuts(), cuts()).prop_map(|(text, one, two)| (pieces(&text, one), pieces(&text, two)))
}

fn pieces(text: &str, mut cuts: Vec<usize>) -> Vec<String> {
    cuts.sort_unstable();
    let mut rest = text.to_owned();
    let mut out = Vec::new();
    for cut in cuts.into_iter().rev() {
        out.insert(0, rest.split_off(cut.min(rest.len())));
    }
    out.insert(0, rest);
    out
}

fn parts_with(plan: &Plan, change: impl Fn(&mut Stage)) -> KeyParts {
    let mut stage = plan.stages[1].clone();
    change(&mut stage);
    KeyParts::of(plan, &stage, None, &Here::default())
}

/// The key's own parts of a stage that has these pieces as commands, as names and values of variables, and as a folder.
fn framed(plan: &Plan, pieces: &[String]) -> [KeyParts; 3] {
    let commands = pieces.iter().map(|piece| PlanCommand {
        evaluated: piece.clone(),
        ..plan.stages[1].commands[0].clone()
    });
    let commands: Vec<_> = commands.collect();
    let env = pieces.chunks(2);
    let env = env.map(|pair| (pair[0].clone(), pair.get(1).cloned().unwrap_or_default()));
    let (first, rest) = pieces.split_first().expect("a piece");
    [
        parts_with(plan, |stage| {
            stage.body = script::body(&stage.name, &stage.workdir, None, &stage.exports, &commands);
        }),
        parts_with(plan, |stage| stage.env = env.clone().collect()),
        parts_with(plan, |stage| {
            let rest = rest.concat();
            stage.body = script::body(first, &rest, None, &stage.exports, &stage.commands);
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// "ab" and "c" are not "a" and "bc": as commands, as variables, as names of a stage and its folder.
    #[test]
    fn nothing_runs_together(pair in cut_twice()) {
        thread_local!(static PLAN: Plan = plan_of("", &[], ""));
        let (one, two) = pair;
        PLAN.with(|plan| {
            let (a, b) = (framed(plan, &one), framed(plan, &two));
            prop_assert_eq!(a[0] == b[0], one == two, "{:?} {:?}", &one, &two);
            let env = |pieces: &[String]| {
                let pairs = pieces.chunks(2).map(|pair| (pair[0].clone(), pair.get(1).cloned().unwrap_or_default()));
                pairs.collect::<std::collections::BTreeMap<_, _>>()
            };
            prop_assert_eq!(a[1] == b[1], env(&one) == env(&two), "{:?} {:?}", &one, &two);
            prop_assert_eq!(a[2] == b[2], one[0] == two[0], "{:?} {:?}", &one, &two);
            Ok(())
        })?;
    }
}

/// The same for a chain: a stage's key holds that of the stage before, so what moves from one to the next is another.
#[test]
fn a_command_that_moves_to_the_next_stage_makes_another_key() {
    let keys = |lines: &str| keys_of(&plan_of(lines, &[], ""), "x").1;
    let one = keys("stage.built.run = [\"a\", \"b\"]\nstage.tested.run = [\"c\"]");
    let two = keys("stage.built.run = [\"a\"]\nstage.tested.run = [\"b\", \"c\"]");
    assert!(one[0] == two[0] && one[1] != two[1] && one[2] != two[2]);
}
