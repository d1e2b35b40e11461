//! The result of a whole run as data: what `--result-json` writes, and what reports are made of.
//!
//! Values only, and `find`, which reads files; may not look at engines or at envs.toml.

pub(crate) mod find;
pub(crate) mod merge;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::result::{EnvResult, State, Summary, Took, VERSION};
use crate::json;
use crate::mask::Mask;

/// How a run ended: its environments with all that their `result.json` has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct RunResult {
    pub(crate) runenv: String,
    /// When it began, in UTC.
    pub(crate) started: String,
    pub(crate) seconds: Took,
    pub(crate) exit_code: u8,
    pub(crate) interrupted: bool,
    /// How many environments ended so, of every state there is.
    pub(crate) counts: IndexMap<String, usize>,
    pub(crate) envs: Vec<EnvResult>,
}

impl RunResult {
    /// That of a run that has ended.
    pub(crate) fn of(summary: &Summary) -> Self {
        Self {
            runenv: VERSION.to_owned(),
            started: summary.started.clone(),
            seconds: summary.seconds,
            exit_code: summary.exit_code(),
            interrupted: summary.interrupted,
            counts: counts(&summary.envs),
            envs: summary.envs.clone(),
        }
    }

    /// The same without secrets.
    pub(crate) fn masked(self, mask: &Mask) -> Self {
        if mask.is_empty() {
            return self;
        }
        let mut value = serde_json::to_value(&self).expect("our own values are JSON");
        mask.json(&mut value);
        serde_json::from_value(value).expect("texts that are masked are texts")
    }

    /// As it is written to a file.
    pub(crate) fn json(&self) -> String {
        json::text(self)
    }
}

/// How many environments ended so, of every state there is.
pub(crate) fn counts(envs: &[EnvResult]) -> IndexMap<String, usize> {
    let count = |state| envs.iter().filter(|env| env.state == state).count();
    let counts = State::ALL.map(|state| (state.word().to_owned(), count(state)));
    counts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_result_is_masked_wherever_it_is() {
        let mut env = EnvResult::new("a", State::Error);
        env.problem = Some("no password0 here".to_owned());
        let mut run = RunResult::of(&Summary {
            envs: vec![env],
            ..Summary::default()
        });
        run = run.masked(&Mask::of(["password0"]));
        assert_eq!(run.envs[0].problem.as_deref(), Some("no *** here"));
        assert_eq!((run.counts["error"], run.counts["passed"]), (1, 0));
        assert_eq!((run.exit_code, run.envs[0].state), (3, State::Error));
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut env = EnvResult::new("a", State::Failed);
        let mut stage = super::super::result::StageResult::new("tested", State::TimedOut);
        stage.seconds = Took(std::time::Duration::from_millis(1250));
        env.stages.push(stage);
        let run = RunResult::of(&Summary {
            envs: vec![env],
            started: "2026-01-01T00:00:00Z".to_owned(),
            ..Summary::default()
        });
        let again: RunResult = serde_json::from_str(&run.json()).unwrap();
        assert_eq!(again.json(), run.json());
    }
}
