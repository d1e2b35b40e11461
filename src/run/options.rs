//! What the person asked for: data that a run obeys.

use std::time::{Duration, Instant};

use crate::engine::Engine;
use crate::plan::Stage;
use crate::time;

/// What the person asked for, meant (not as typed).
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// How many environments run at once.
    pub(crate) jobs: AtOnce,
    /// The first failure ends the run.
    pub(crate) fail_fast: bool,
    /// In place of every stage's own limit.
    pub(crate) timeout: Option<Duration>,
    /// When what runs is ended, whatever it is.
    pub(crate) time_limit: Option<Limit>,
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

/// Nothing runs for a century.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// When somebody's time is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    ends: Instant,
    /// All of the time that there was.
    pub(crate) time: Duration,
    /// Is it the whole run's?
    pub(crate) of_run: bool,
}

impl Limit {
    /// A stage's, which began then.
    pub(crate) fn of_stage(time: Duration, started: Instant) -> Self {
        Self {
            ends: end(started, time),
            time,
            of_run: false,
        }
    }

    /// That of a run which begins now.
    pub(crate) fn of_run(time: Duration) -> Self {
        Self {
            ends: end(time::start(), time),
            time,
            of_run: true,
        }
    }

    pub(crate) fn left(self) -> Duration {
        self.ends.saturating_duration_since(time::start())
    }
}

/// The clock has an end, too: what lies beyond it is not lived to see.
fn end(started: Instant, time: Duration) -> Instant {
    let most = started + FOREVER;
    started.checked_add(time).map_or(most, |end| end.min(most))
}

impl Options {
    /// When the time is up of a stage that began then.
    pub(crate) fn limit(&self, stage: &Stage, started: Instant) -> Option<Limit> {
        let own = self.own_limit(stage);
        let own = own.map(|time| Limit::of_stage(time, started));
        let both = own.into_iter().chain(self.time_limit);
        both.min_by_key(|limit| limit.ends)
    }

    /// How long a stage may take, the run's limit apart.
    pub(crate) fn own_limit(&self, stage: &Stage) -> Option<Duration> {
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
