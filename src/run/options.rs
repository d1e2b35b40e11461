//! What the person asked for: data that a run obeys.

use std::time::Duration;

use crate::engine::Engine;
use crate::plan::Stage;

/// What the person asked for, meant (not as typed).
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// How many environments run at once.
    pub(crate) jobs: AtOnce,
    /// The first failure ends the run.
    pub(crate) fail_fast: bool,
    /// In place of every stage's own limit.
    pub(crate) timeout: Option<Duration>,
    pub(crate) keep_failed: bool,
    /// A stage that ended early goes on from what it left then.
    pub(crate) resume: bool,
    /// Stages are made clean, and what was made in increments counts for nothing.
    pub(crate) clean: bool,
    /// The image that an incremental stage starts from.
    pub(crate) base: Option<String>,
    /// Installs packages that are missing on this host, whatever the file says.
    pub(crate) install_packages: bool,
    /// How often a pull, a push and a stage that installs packages is tried again.
    pub(crate) retries: u32,
    /// Waits for another local run of the tree.
    pub(crate) wait: bool,
    /// Runs `docker-*` names on this engine.
    pub(crate) engine: Option<Engine>,
    /// Nothing is asked of registries, and nothing pulled.
    pub(crate) offline: bool,
    pub(crate) push: Push,
    /// More names of the stages' images: tags.
    pub(crate) tags: Vec<String>,
    /// What stages leave that end early goes to the registry, too.
    pub(crate) push_failed: bool,
}

/// Whether images go to the registry: what `--push` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Push {
    #[default]
    No,
    /// That one could not be pushed is told, and counts for nothing.
    Try,
    Yes,
}

impl Options {
    /// How long a stage may take.
    pub(crate) fn limit(&self, stage: &Stage) -> Option<Duration> {
        self.timeout.or(stage.limits.timeout)
    }
}

/// How many environments run at once: what `--jobs` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum AtOnce {
    #[default]
    One,
    Number(usize),
    /// As many as this host has processors.
    Processors,
    All,
}

impl AtOnce {
    /// Of so many environments, on a host of so many processors.
    pub(super) fn most(self, envs: usize, cpus: usize) -> usize {
        match self {
            Self::One => 1,
            Self::Number(number) => number,
            Self::Processors => cpus,
            Self::All => envs,
        }
    }
}
