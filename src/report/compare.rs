//! What is different from the run before: newly failed, fixed, slower, new, missing. Pure.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use super::harmless::visible;
use super::style::{self, paint};
use crate::run::result::{EnvResult, StageResult, State};
use crate::run::results::RunResult;
use crate::time::show_duration;

/// A stage is slower that took so much longer, and by a fifth.
const SLOWER: Duration = Duration::from_secs(10);

/// So many stages that are slower are told.
const MOST_SLOWER: usize = 10;

/// So many names are told of environments that are not in the run: where a part is run, most are not.
const MOST_MISSING: usize = 5;

/// What became of an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    NewlyFailed,
    Fixed,
    /// It passed, and a stage is slower.
    Slower,
    New,
}

impl Change {
    pub(crate) const ALL: [Self; 4] = [Self::NewlyFailed, Self::Fixed, Self::Slower, Self::New];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::NewlyFailed => "newly failed",
            Self::Fixed => "fixed",
            Self::Slower => "slower",
            Self::New => "new",
        }
    }

    fn style(self) -> anstyle::Style {
        match self {
            Self::NewlyFailed => style::FAILED,
            Self::Fixed => style::OK,
            Self::Slower => style::WARNING,
            Self::New => style::LITERAL,
        }
    }
}

/// A run beside the one before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    /// When that began.
    pub(crate) before: String,
    pub(crate) envs: BTreeMap<String, Change>,
    /// Of stages that ran both times: how long they took before, by environment and stage.
    pub(crate) took: BTreeMap<(String, String), Duration>,
    /// Stages that are slower: environment, stage, before, now.
    slower: Vec<(String, String, Duration, Duration)>,
    /// Environments that are not in this run.
    missing: Vec<String>,
}

impl Changes {
    pub(crate) fn of(now: &RunResult, old: &RunResult) -> Self {
        let mut changes = Self {
            before: old.started.clone(),
            ..Self::default()
        };
        let known: BTreeMap<&str, &EnvResult> = old
            .envs
            .iter()
            .map(|env| (env.name.as_str(), env))
            .collect();
        for env in &now.envs {
            match known.get(env.name.as_str()) {
                Some(old) => changes.compare(env, old),
                None => {
                    changes.envs.insert(env.name.clone(), Change::New);
                }
            }
        }
        let here = |name: &String| now.envs.iter().any(|env| env.name == *name);
        let names = old.envs.iter().map(|env| env.name.clone());
        changes.missing = names.filter(|name| !here(name)).collect();
        changes
    }

    fn compare(&mut self, env: &EnvResult, old: &EnvResult) {
        let slower = self.slower.len();
        for stage in env.stages.iter().filter(|stage| ran(stage)) {
            let before = old.stages.iter().find(|old| old.name == stage.name);
            let Some(before) = before.filter(|old| ran(old)) else {
                continue;
            };
            let (was, is) = (before.seconds.0, stage.seconds.0);
            let key = (env.name.clone(), stage.name.clone());
            self.took.insert(key, was);
            if is >= was + SLOWER && is >= was + was / 5 {
                let slower = (env.name.clone(), stage.name.clone(), was, is);
                self.slower.push(slower);
            }
        }
        let change = if env.state.is_bad() && !old.state.is_bad() {
            Change::NewlyFailed
        } else if old.state.is_bad() && env.state == State::Passed {
            Change::Fixed
        } else if self.slower.len() > slower && env.state == State::Passed {
            Change::Slower
        } else {
            return;
        };
        self.envs.insert(env.name.clone(), change);
    }

    /// How many environments there are of a change.
    pub(crate) fn count(&self, change: Change) -> usize {
        self.envs.values().filter(|of| **of == change).count()
    }

    /// What is different, in lines.
    pub(crate) fn text(&self, colour: bool) -> String {
        let mut text = String::new();
        let mut say = |what: &str, style, list: &[String]| {
            if !list.is_empty() {
                let list = visible(&list.join(", "));
                text += &format!("{}: {list}\n", paint(colour, style, what));
            }
        };
        for change in [Change::NewlyFailed, Change::Fixed] {
            let of = self.envs.iter().filter(|(_, of)| **of == change);
            let names: Vec<String> = of.map(|(name, _)| name.clone()).collect();
            say(change.word(), change.style(), &names);
        }
        say("not in this run", style::DIM, &some(&self.missing));
        text + &self.slower(colour)
    }

    /// A line for each stage that is slower, most first, as far as anybody reads.
    fn slower(&self, colour: bool) -> String {
        let mut slower: Vec<_> = self.slower.iter().collect();
        slower.sort_by_key(|(_, _, was, is)| Reverse(is.saturating_sub(*was)));
        let what = paint(colour, Change::Slower.style(), Change::Slower.word());
        let lines = slower
            .iter()
            .take(MOST_SLOWER)
            .map(|(env, stage, was, is)| {
                let (was, is) = (show_duration(*was), show_duration(*is));
                let (env, stage) = (visible(env), visible(stage));
                format!("{what}: {env} {stage} {is} (was {was})\n")
            });
        let mut text: String = lines.collect();
        let more = slower.len().saturating_sub(MOST_SLOWER);
        if more > 0 {
            text += &format!("{what}: {more} more\n");
        }
        text
    }
}

/// The first of many names, and how many more there are.
fn some(names: &[String]) -> Vec<String> {
    let mut some: Vec<String> = names.iter().take(MOST_MISSING).cloned().collect();
    let more = names.len() - some.len();
    some.extend((more > 0).then(|| format!("and {more} more")));
    some
}

/// Did it run to its end?
fn ran(stage: &StageResult) -> bool {
    stage.state == State::Passed && !stage.cached
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, str};

    use super::*;
    use crate::report::told::{cached, env, failed, passed};
    use crate::run::results::merge::merge;

    #[test]
    fn what_became_of_each_is_told() {
        let old = merge(vec![
            env(
                "a",
                State::Passed,
                vec![passed("built", 60.0), passed("tested", 100.0)],
            ),
            env("b", State::Failed, vec![failed("tested", 1.0)]),
            env("c", State::Passed, vec![passed("built", 60.0)]),
            env(
                "d",
                State::Passed,
                vec![passed("built", 60.0), passed("tested", 2.0)],
            ),
            env("gone", State::Passed, vec![]),
        ]);
        let now = merge(vec![
            env(
                "a",
                State::Passed,
                vec![passed("built", 69.0), passed("tested", 121.0)],
            ),
            env("b", State::Passed, vec![passed("tested", 1.0)]),
            env("c", State::TimedOut, vec![]),
            env(
                "d",
                State::Passed,
                vec![cached("built"), passed("tested", 9.0)],
            ),
            env("new", State::Passed, vec![]),
        ]);
        let changes = Changes::of(&now, &old);
        assert_data_eq!(
            changes.text(false),
            str![[r#"
newly failed: c
fixed: b
not in this run: gone
slower: a tested 2m01s (was 1m40s)

"#]]
        );
        assert_eq!(changes.envs["new"], Change::New);
        assert_eq!(
            Change::ALL.map(|change| changes.count(change)),
            [1, 1, 1, 1]
        );
        assert_eq!(changes.took.len(), 3);
        assert_eq!(Changes::of(&now, &now).text(false), "");
    }

    #[test]
    fn of_many_that_are_missing_some_are_named() {
        let now = merge(vec![env("new", State::Passed, vec![])]);
        let old = (0..9).map(|n| env(&format!("e{n}"), State::Passed, vec![]));
        let changes = Changes::of(&now, &merge(old.collect()));
        assert_eq!(
            changes.text(false),
            "not in this run: e0, e1, e2, e3, e4, and 4 more\n"
        );
    }
}
