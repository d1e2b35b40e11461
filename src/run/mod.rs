//! Doing: environments one after another or side by side, events out, a summary at the end.
//!
//! Prints nothing; whoever listens to the events does.

pub(crate) mod ahead;
mod annotations;
pub(crate) mod artifacts;
pub(crate) mod binfmt;
pub(crate) mod clean;
pub(crate) mod clean_registry;
pub(crate) mod client;
pub(crate) mod containers;
pub(crate) mod doctor;
mod environment;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod finally;
pub(crate) mod folder;
mod freed;
mod git;
pub(crate) mod history;
pub(crate) mod local;
pub(crate) mod log;
pub(crate) mod log_file;
mod looked;
mod no_links;
mod options;
pub(crate) mod ours;
pub(crate) mod owner;
pub(crate) mod pass_env;
pub(crate) mod pins;
pub(crate) mod presence;
mod project_id;
mod pushed;
pub(crate) mod records;
pub(crate) mod refuted;
pub(crate) mod result;
pub(crate) mod results;
pub(crate) mod room;
pub(crate) mod saved;
pub(crate) mod schedule;
pub(crate) mod secrets;
pub(crate) mod stages;
pub(crate) mod stale;
pub(crate) mod times;
mod took;
pub(crate) mod why;
mod world;

use std::path::Path;
use std::sync::OnceLock;

use crate::engine::Engine;
use crate::exec::Cancel;
use crate::host::Host;
use crate::late::{self, Late};
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::time;
use environment::Unmet;
pub(crate) use environment::not_for;
use event::{Event, Kind};
pub(crate) use options::{AtOnce, Limit, Options, Push};
use result::Summary;
use result::Took;
use schedule::Turn;
pub(crate) use world::World;

/// One environment to run, and which of its stages.
pub(crate) struct Job {
    pub(crate) plan: Plan,
    pub(crate) wanted: Selection,
    /// The jobs of the same run, by index, that have to pass before.
    pub(crate) after: Vec<usize>,
}

/// What `{cpus}` and paths stand for on this machine: the tree that commands work in, and the environment's folder.
pub(crate) fn late(tree: &Path, env: &Path, cpus: Option<&str>, host: &Host) -> Late {
    let limit = cpus.and_then(late::processors);
    Late {
        cpus: limit.unwrap_or_else(|| host.cpus.to_string()),
        root: tree.display().to_string(),
        env_dir: env.display().to_string(),
    }
}

/// Which engine runs a plan; `None`: this host.
pub(crate) fn engine(plan: &Plan, options: &Options) -> Option<Engine> {
    engine_of(plan, options.engine)
}

/// The same with what `--engine` says.
fn engine_of(plan: &Plan, asked: Option<Engine>) -> Option<Engine> {
    Engine::by_name(&plan.runner).map(|named| asked.unwrap_or(named))
}

/// Runs the plans, as many at once as `options` says; the results stand in the plans' order.
pub(crate) fn run(
    jobs: &[Job],
    world: &World<'_>,
    options: &Options,
    cancel: &Cancel,
    tell: &(dyn Fn(Event) + Sync),
) -> Summary {
    let (began, started) = (time::start(), time::now());
    tell(Event::of_run(Kind::RunStarted {
        envs: jobs.iter().map(|j| j.plan.env.clone()).collect(),
        started: started.clone(),
    }));
    if jobs.len() > 1 {
        world.ask_engines(jobs, options, cancel);
        let mut warn = |problem| tell(Event::of_run(Kind::Warning { problem }));
        world.ask_registries(jobs, options, cancel, &mut warn);
    }
    let turn = |job| turn(job, options);
    let turns: Vec<Turn<'_>> = jobs.iter().map(turn).collect();
    let most = options.jobs.most(jobs.len(), world.host.cpus);
    // By job: whose failure it is that what depends on it is not run.
    let causes: Vec<OnceLock<String>> = vec![OnceLock::new(); jobs.len()];
    let envs = schedule::each(&world.slots, &turns, most, &|at, failed| {
        let unmet = failed.map(|at| Unmet {
            env: &jobs[at].plan.env,
            cause: causes[at].get().map(String::as_str),
        });
        let result = environment::run(&jobs[at], unmet, world, options, cancel, tell);
        if let Some(cause) = result.cause() {
            causes[at].get_or_init(|| cause.to_owned());
        }
        ends_run(result.failed(), options, cancel);
        result
    });
    let summary = Summary {
        envs,
        interrupted: cancel.signal_name().is_some(),
        started,
        seconds: Took(began.elapsed()),
    };
    tell(Event::of_run(Kind::RunEnded {
        summary: summary.clone(),
    }));
    summary
}

/// With `--fail-fast` the first failure ends the run: of a stage at once, of an environment that has none at its end.
fn ends_run(failed: bool, options: &Options, cancel: &Cancel) {
    if failed && options.fail_fast {
        cancel.request_once();
    }
}

/// What keeps a job apart from others.
fn turn<'a>(job: &'a Job, options: &Options) -> Turn<'a> {
    Turn {
        env: &job.plan.env,
        in_tree: engine(&job.plan, options).is_none() && !job.plan.isolated,
        after: &job.after,
    }
}
