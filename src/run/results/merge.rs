//! Results of many jobs as one: an environment's stages over several jobs become one row. Pure.
//!
//! The newest that says something of a stage wins; but where that only found what an older one made, the older one's
//! time, log and packages are told.

use indexmap::IndexMap;

use super::{RunResult, counts};
use crate::run::result::{EnvResult, StageResult, State, Took, VERSION};
use crate::time;

/// One result of all. Environments stand in the order in which they come.
pub(crate) fn merge(results: Vec<EnvResult>) -> RunResult {
    let mut named: IndexMap<String, Vec<EnvResult>> = IndexMap::new();
    for result in results {
        named.entry(result.name.clone()).or_default().push(result);
    }
    let envs: Vec<EnvResult> = named.into_values().filter_map(one).collect();
    let started = envs.iter().map(|env| env.started.clone());
    let started = started.filter(|text| !text.is_empty());
    RunResult {
        runenv: VERSION.to_owned(),
        started: started
            .min_by_key(|text| time::nanos(text))
            .unwrap_or_default(),
        seconds: Took(envs.iter().map(|env| env.seconds.0).sum()),
        exit_code: u8::from(!envs.iter().all(is_well)),
        interrupted: envs.iter().any(|env| env.state == State::Interrupted),
        counts: counts(&envs),
        envs,
    }
}

/// Old results with these in place of those of the same environments: no stage of the old ones stays.
pub(crate) fn renewed(old: RunResult, now: &RunResult) -> RunResult {
    let named = |env: EnvResult| (env.name.clone(), env);
    let mut envs: IndexMap<String, EnvResult> = old.envs.into_iter().map(named).collect();
    envs.extend(now.envs.iter().cloned().map(named));
    merge(envs.into_values().collect())
}

/// Did it pass, or was it not for the machines that ran?
fn is_well(env: &EnvResult) -> bool {
    matches!(env.state, State::Passed | State::Skipped)
}

/// The results of one environment as one.
fn one(mut results: Vec<EnvResult>) -> Option<EnvResult> {
    // Stable: of those that began in the same second the last that was named is the newest.
    results.sort_by_key(|result| time::nanos(&result.started));
    let mut merged = results.pop()?;
    if results.is_empty() {
        return Some(merged);
    }
    merged.started.clone_from(&results[0].started);
    let (mut names, mut all): (Vec<String>, Vec<StageResult>) = Default::default();
    results.push(merged.clone());
    for result in results {
        order(&mut names, &result.stages);
        all.extend(result.stages);
    }
    let of = |name: &String| {
        let of: Vec<_> = all.iter().filter(|stage| stage.name == *name).collect();
        stage(&of).clone()
    };
    merged.stages = names.iter().map(of).collect();
    merged.seconds = Took(merged.stages.iter().map(|stage| stage.seconds.0).sum());
    let bad = merged.stages.iter().filter(|stage| stage.is_bad());
    let worst = bad
        .map(|stage| stage.state)
        .min_by_key(|state| rank(*state));
    if let Some(worst) = worst {
        merged.state = worst;
    }
    if !merged.state.is_bad() && !merged.stages.is_empty() {
        merged.problem = None;
    }
    Some(merged)
}

/// The worst first, as a run decides it.
fn rank(state: State) -> usize {
    match state {
        State::Interrupted => 0,
        State::Error => 1,
        State::OutOfMemory => 2,
        State::TimedOut => 3,
        State::Failed => 4,
        State::NotRun | State::Skipped | State::Passed => 5,
    }
}

/// Adds the names of stages, each behind the one that it stands behind here.
fn order(names: &mut Vec<String>, stages: &[StageResult]) {
    let mut at = 0;
    for stage in stages {
        let known = names.iter().position(|name| *name == stage.name);
        if known.is_none() {
            names.insert(at, stage.name.clone());
        }
        at = known.unwrap_or(at) + 1;
    }
}

/// What counts of a stage's results, the oldest of which is the first.
fn stage<'a>(results: &[&'a StageResult]) -> &'a StageResult {
    let newest_first = || results.iter().rev().copied();
    let says = |stage: &&StageResult| !matches!(stage.state, State::NotRun | State::Skipped);
    let newest = newest_first().find(says).or(newest_first().next());
    let newest = newest.expect("a stage has a result");
    if !newest.cached {
        return newest;
    }
    let made = |stage: &&StageResult| {
        stage.state == State::Passed && !stage.cached && stage.key == newest.key
    };
    newest_first().find(made).unwrap_or(newest)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// `built passed 3 k1`: name, state or `cached`, seconds, key.
    fn result(hour: u32, state: State, stages: &[&str]) -> EnvResult {
        let stages = stages.iter().map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let cached = words[1] == "cached";
            let state = State::ALL
                .into_iter()
                .find(|state| state.word() == words[1]);
            let mut stage = StageResult::new(words[0], state.unwrap_or(State::Passed));
            stage.cached = cached;
            stage.seconds = Took(Duration::from_secs(words[2].parse().unwrap()));
            stage.key = words[3].to_owned();
            stage
        });
        EnvResult {
            started: format!("2026-01-01T{hour:02}:00:00Z"),
            stages: stages.collect(),
            seconds: Took(Duration::from_secs(100)),
            ..EnvResult::new("a", state)
        }
    }

    fn told(results: Vec<EnvResult>) -> String {
        let run = merge(results);
        let env = &run.envs[0];
        let stages = env.stages.iter().map(|stage| {
            let cached = if stage.cached { " cached" } else { "" };
            let (word, seconds) = (stage.state.word(), stage.seconds.0.as_secs());
            format!(", {} {word}{cached} {seconds}", stage.name)
        });
        let (word, seconds) = (env.state.word(), env.seconds.0.as_secs());
        let stages: String = stages.collect();
        format!("{} {word} {seconds}{stages}", run.exit_code)
    }

    #[test]
    fn stages_of_several_jobs_are_one_row() {
        let first = result(
            10,
            State::Passed,
            &["packages passed 5 p", "built passed 60 b"],
        );
        let second = result(
            12,
            State::Passed,
            &[
                "packages cached 0 p",
                "built cached 0 b",
                "tested passed 9 t",
            ],
        );
        let row = "0 passed 74, packages passed 5, built passed 60, tested passed 9";
        assert_eq!(told(vec![first.clone(), second.clone()]), row);
        assert_eq!(told(vec![second.clone(), first.clone()]), row);
        assert_eq!(told(vec![second.clone(), first, second]), row);
    }

    #[test]
    fn the_newest_wins() {
        let ill = result(
            10,
            State::Failed,
            &[
                "built passed 60 b",
                "tested failed 9 t",
                "packed not-run 0 ",
            ],
        );
        let well = result(
            11,
            State::Passed,
            &["built cached 0 b", "tested passed 8 t"],
        );
        assert_eq!(
            told(vec![well.clone(), ill.clone()]),
            "0 passed 68, built passed 60, tested passed 8, packed not-run 0"
        );
        let found = result(
            11,
            State::Passed,
            &["built cached 0 c", "tested cached 0 u"],
        );
        assert_eq!(
            told(vec![found, ill.clone()]),
            "0 passed 0, built passed cached 0, tested passed cached 0, packed not-run 0"
        );
        let mut later = ill;
        later.started = "2026-01-01T12:00:00Z".to_owned();
        assert_eq!(
            told(vec![later, well]),
            "1 failed 69, built passed 60, tested failed 9, packed not-run 0"
        );
    }

    #[test]
    fn a_failure_of_one_branch_is_not_hidden_by_the_other() {
        let ill = result(
            10,
            State::Failed,
            &["built cached 0 b", "tested failed 9 t"],
        );
        let well = result(11, State::Passed, &["built cached 0 b", "docs passed 3 d"]);
        assert_eq!(
            told(vec![ill, well.clone()]),
            "1 failed 12, built passed cached 0, docs passed 3, tested failed 9"
        );
        let mut lost = result(12, State::Error, &[]);
        lost.problem = Some("no engine".to_owned());
        assert_eq!(
            told(vec![lost, well]),
            "1 error 3, built passed cached 0, docs passed 3"
        );
    }

    #[test]
    fn an_environment_is_renewed_as_a_whole() {
        let ill = result(10, State::Failed, &["built passed 1 b", "gone failed 1 g"]);
        let other = EnvResult::new("b", State::Passed);
        let well = merge(vec![result(11, State::Passed, &["built cached 0 b"])]);
        let known = renewed(merge(vec![ill, other]), &well);
        let told = known.envs.iter().map(|env| (&*env.name, env.stages.len()));
        assert_eq!(told.collect::<Vec<_>>(), [("a", 1), ("b", 0)]);
        assert_eq!(known.exit_code, 0);
    }

    #[test]
    fn one_result_is_left_as_it_is() {
        let one = result(10, State::Skipped, &[]);
        assert_eq!(told(vec![one]), "0 skipped 100");
        assert_eq!(merge(vec![]).exit_code, 0);
    }
}
