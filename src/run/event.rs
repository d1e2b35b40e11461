//! What happens during a run: the only door between doing and telling.
//!
//! Events are owned and serialisable; whoever tells them (`report/`) starts nothing and asks nothing.

use super::result::{EnvResult, StageResult, Summary};
use crate::problem::Problem;

#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// The environment's canonical name; empty for what concerns the whole run.
    pub(crate) env: String,
    /// The stage's name; empty for what concerns the environment.
    pub(crate) stage: String,
    pub(crate) kind: Kind,
}

impl Event {
    /// Of the whole run.
    pub(crate) fn of_run(kind: Kind) -> Self {
        Self::of_env("", kind)
    }

    /// Of a whole environment.
    pub(crate) fn of_env(env: &str, kind: Kind) -> Self {
        Self {
            env: env.to_owned(),
            stage: String::new(),
            kind,
        }
    }
}

#[expect(
    clippy::large_enum_variant,
    reason = "few are there at a time, and the large ones come once a stage"
)]
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// The run begins at this time: these environments, in this order.
    RunStarted { envs: Vec<String>, started: String },
    /// An environment begins: its stages, in order.
    EnvStarted { stages: Vec<String> },
    /// A stage is not run: it was found, or nobody needs it.
    StageCached { needed: bool },
    /// A stage begins; counted from 1.
    StageStarted { number: usize, of: usize },
    /// A command of the stage begins; the text is what was resolved.
    CommandStarted { text: String },
    /// Bytes as the stage's commands wrote them.
    Output { bytes: Vec<u8> },
    /// A line of runenv's own about the stage: retries, missing packages, what is being waited for.
    Note { text: String },
    /// A stage ended.
    StageEnded { result: StageResult },
    /// An environment ended.
    EnvEnded { result: EnvResult },
    /// Something is not as it should be, but the run goes on.
    Warning { problem: Problem },
    /// Everything ended.
    RunEnded { summary: Summary },
}

/// Tells what happens in one stage of one environment.
pub(crate) struct Teller<'a> {
    pub(crate) env: &'a str,
    pub(crate) stage: &'a str,
    pub(crate) to: &'a mut dyn FnMut(Event),
}

impl Teller<'_> {
    pub(crate) fn say(&mut self, kind: Kind) {
        (self.to)(Event {
            env: self.env.to_owned(),
            stage: self.stage.to_owned(),
            kind,
        });
    }

    pub(crate) fn output(&mut self, bytes: &[u8]) {
        self.say(Kind::Output {
            bytes: bytes.to_vec(),
        });
    }
}
