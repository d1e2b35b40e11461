//! `runenv ci plan`: from the times of stages to jobs that are short enough, and to the time that all of them take.
//!
//! Stages are split into jobs once for all environments, as `[ci] jobs` does, so that no job of any environment is longer
//! than it may be; but for one that a single stage makes too long. The jobs of an environment follow each other;
//! environments know nothing of each other.

mod queue;
mod split;
#[cfg(test)]
mod tests;

use std::time::Duration;

use queue::{Job, Order};

/// A stage that environments have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stage {
    pub(crate) name: String,
    /// It is a job of its own, behind those of the other stages: one that follows up.
    pub(crate) alone: bool,
}

/// An environment: how long each stage takes that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// As long as the list of stages.
    pub(crate) times: Vec<Option<Duration>>,
}

/// What is to be planned.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// In the order in which they run.
    pub(crate) stages: Vec<Stage>,
    pub(crate) rows: Vec<Row>,
    /// A job is to be no longer.
    pub(crate) longest: Duration,
    /// So many jobs run at once.
    pub(crate) runners: u32,
}

/// Stages that share a job, by index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) stages: Vec<usize>,
    pub(crate) alone: bool,
    /// The longest of these jobs, and whose it is; `None`: no environment has one.
    pub(crate) longest: Option<(Duration, usize)>,
    /// How many environments have one.
    pub(crate) count: usize,
}

/// A stage that is too long for any job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLong {
    pub(crate) row: usize,
    pub(crate) stage: usize,
    pub(crate) time: Duration,
}

/// What comes of it.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) groups: Vec<Group>,
    /// The longest first.
    pub(crate) too_long: Vec<TooLong>,
    /// How many jobs there are in all.
    pub(crate) jobs: usize,
    /// The time of all jobs together.
    pub(crate) work: Duration,
    /// The longest environment.
    pub(crate) chain: Option<(Duration, usize)>,
    /// When all is done: where the longest environment goes first, and in the order of the queue.
    pub(crate) longest_first: Duration,
    pub(crate) as_they_come: Duration,
}

impl Planned {
    /// No schedule is shorter: neither than the work of all runners, nor than the longest environment.
    pub(crate) fn lower_bound(&self, runners: u32) -> Duration {
        let shared = self.work / runners;
        shared.max(self.chain.map(|(time, _)| time).unwrap_or_default())
    }
}

pub(crate) fn plan(asked: &Asked) -> Planned {
    let groups = groups(asked);
    let (mut jobs, mut rows) = (Vec::new(), Vec::new());
    for (at, row) in asked.rows.iter().enumerate() {
        add(row, &groups, &mut jobs);
        rows.resize(jobs.len(), at);
    }
    let rests = queue::rests(&jobs);
    let chain = rests.iter().zip(&rows).map(|(rest, row)| (*rest, *row));
    let makespan = |order| queue::makespan(&jobs, &rests, asked.runners, order);
    Planned {
        too_long: too_long(asked),
        jobs: jobs.len(),
        work: jobs.iter().map(|job| job.time).sum(),
        // Of equal ones the first.
        chain: chain.rev().max_by_key(|(rest, _)| *rest),
        longest_first: makespan(Order::LongestFirst),
        as_they_come: makespan(Order::AsTheyCome),
        groups,
    }
}

/// Splits the stages, and looks how long the jobs are.
fn groups(asked: &Asked) -> Vec<Group> {
    let shared = asked.stages.iter().enumerate().filter(|(_, s)| !s.alone);
    let shared: Vec<usize> = shared.map(|(at, _)| at).collect();
    let times = |row: &Row| {
        let times = shared.iter().map(|at| row.times[*at].unwrap_or_default());
        times.collect()
    };
    let rows: Vec<Vec<Duration>> = asked.rows.iter().map(times).collect();
    let ranges = split::split(&rows, shared.len(), asked.longest).into_iter();
    let split = ranges.map(|range| (shared[range].to_vec(), false));
    let alone = asked.stages.iter().enumerate().filter(|(_, s)| s.alone);
    let alone = alone.map(|(at, _)| (vec![at], true));
    let group = |(stages, alone): (Vec<usize>, bool)| {
        let times = asked.rows.iter().enumerate();
        let times = times.filter_map(|(at, row)| Some((time(row, &stages)?, at)));
        Group {
            count: times.clone().count(),
            longest: times.rev().max_by_key(|(time, _)| *time),
            stages,
            alone,
        }
    };
    split.chain(alone).map(group).collect()
}

/// The time of a job of these stages; `None`: the environment has none of them.
fn time(row: &Row, stages: &[usize]) -> Option<Duration> {
    let times = stages.iter().filter_map(|at| row.times[*at]);
    times.reduce(|sum, time| sum + time)
}

/// The jobs of an environment, one after the other; those that follow up go side by side.
fn add(row: &Row, groups: &[Group], jobs: &mut Vec<Job>) {
    let mut after = None;
    for group in groups {
        let Some(time) = time(row, &group.stages) else {
            continue;
        };
        jobs.push(Job { time, after });
        if !group.alone {
            after = Some(jobs.len() - 1);
        }
    }
}

fn too_long(asked: &Asked) -> Vec<TooLong> {
    let mut all = Vec::new();
    for (at, row) in asked.rows.iter().enumerate() {
        for (stage, time) in row.times.iter().enumerate() {
            if let Some(time) = time.filter(|time| *time > asked.longest) {
                all.push(TooLong {
                    row: at,
                    stage,
                    time,
                });
            }
        }
    }
    all.sort_by_key(|one| std::cmp::Reverse(one.time));
    all
}
