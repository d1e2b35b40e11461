//! One environment of a run: whether it is begun, its stages, and what is made of how they ended.

use super::event::{Event, Kind};
use super::folder::EnvFolder;
use super::result::{EnvResult, State, Took};
use super::{Job, Options, World, history, stages};
use crate::exec::Cancel;
use crate::host::Host;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::time;

/// Why an environment was not run to its end, where no signal ended the run.
const ANOTHER: &str = "another environment failed (`--fail-fast`)";

/// An environment that another one depends on, and that did not pass.
#[derive(Clone, Copy)]
pub(super) struct Unmet<'a> {
    pub(super) env: &'a str,
    /// Whose failure that comes from.
    pub(super) cause: Option<&'a str>,
}

/// Runs one environment, or tells why it is not begun.
pub(super) fn run(
    job: &Job,
    unmet: Option<Unmet<'_>>,
    world: &World<'_>,
    options: &Options,
    cancel: &Cancel,
    tell: &(dyn Fn(Event) + Sync),
) -> EnvResult {
    let plan = &job.plan;
    let folder = world.folder.env(&plan.env);
    let folder = folder.masked(world.secrets.mask());
    let event = |kind| Event::of_env(&plan.env, kind);
    let not_begun = |result| not_begun(result, &folder, &event, tell);
    let result = if cancel.requested() {
        let why = cancel.signal_name().is_none().then(|| ANOTHER.to_owned());
        not_begun(why_not_run(plan, State::NotRun, why))
    } else if let Some(why) = not_for(plan, world.host) {
        not_begun(why_not_run(plan, State::Skipped, Some(why)))
    } else if let Some(Unmet { env, cause }) = unmet {
        let why = format!("it depends on `{env}`, which did not pass");
        not_begun(EnvResult {
            unmet: cause.map(str::to_owned),
            ..why_not_run(plan, State::Skipped, Some(why))
        })
    } else {
        begun(job, world, options, cancel, &folder, &mut |event| {
            tell(event);
        })
    };
    tell(event(Kind::EnvEnded {
        result: result.clone(),
    }));
    result
}

/// Why an environment does not run on this host, if its `host-os` is of others.
pub(crate) fn not_for(plan: &Plan, host: &Host) -> Option<String> {
    let runs = plan.host_os.is_empty() || plan.host_os.iter().any(|os| os == host.os);
    let only = plan.host_os.join(", ");
    (!runs).then(|| {
        format!(
            "it runs on {only} only (`host-os`), and this is {}",
            host.os
        )
    })
}

/// An environment that is skipped, or was not begun before a signal: what an older run left is not its result.
fn not_begun(
    result: EnvResult,
    folder: &EnvFolder,
    event: &dyn Fn(Kind) -> Event,
    tell: &(dyn Fn(Event) + Sync),
) -> EnvResult {
    let written = folder
        .make()
        .and_then(|()| folder.write_json("result.json", &result));
    if let Err(problem) = written {
        tell(event(Kind::Warning { problem }));
    }
    result
}

fn why_not_run(plan: &Plan, state: State, problem: Option<String>) -> EnvResult {
    EnvResult {
        problem,
        ..not_run(plan, state)
    }
}

fn not_run(plan: &Plan, state: State) -> EnvResult {
    EnvResult {
        runner: plan.runner.clone(),
        system: plan.system.clone(),
        config: plan.config.clone(),
        nameless_packages: plan.nameless.clone(),
        ..EnvResult::new(&plan.env, state)
    }
}

fn begun(
    job: &Job,
    world: &World<'_>,
    options: &Options,
    cancel: &Cancel,
    folder: &EnvFolder,
    tell: &mut dyn FnMut(Event),
) -> EnvResult {
    let (started, plan) = (time::start(), &job.plan);
    let mut result = not_run(plan, State::Passed);
    let names = plan.stages.iter().map(|s| s.name.clone()).collect();
    let event = |kind| Event::of_env(&plan.env, kind);
    tell(event(Kind::EnvStarted { stages: names }));
    if let Some(problem) = plan.past_its_end() {
        tell(event(Kind::Warning { problem }));
    }
    if let Some(problem) = not_locked(plan) {
        tell(event(Kind::Warning { problem }));
    }
    let problem = stages::run(job, world, options, cancel, folder, &mut result, tell).err();
    result.state = state(&result, problem.as_ref(), cancel);
    result.seconds = Took(started.elapsed());
    if result.state == State::Interrupted && cancel.signal_name().is_none() {
        stopped_for_another(&mut result);
    }
    // What an interrupted call could not do is no news.
    if let Some(problem) = problem.filter(|_| !cancel.requested()) {
        result.problem = Some(problem.title.clone());
        result.trouble = Some(problem);
    }
    let mut warn = |problem| tell(event(Kind::Warning { problem }));
    if let Err(problem) = folder.write_json("result.json", &result) {
        lost(problem, &mut result, &mut warn);
    } else if let Err(problem) = history::append(&world.folder, &result, world.secrets.mask()) {
        warn(problem);
    }
    result
}

/// Says why it was stopped, where no signal did.
fn stopped_for_another(result: &mut EnvResult) {
    result.problem = Some(ANOTHER.to_owned());
    for stage in &mut result.stages {
        if stage.state == State::Interrupted {
            stage.detail.get_or_insert_with(|| ANOTHER.to_owned());
        }
    }
}

/// A result that is lost is no success, and told where the result's own trouble is, unless there is some.
fn lost(problem: Problem, result: &mut EnvResult, warn: &mut dyn FnMut(Problem)) {
    if result.state == State::Passed {
        result.state = State::Error;
    }
    match &result.problem {
        None => {
            result.problem = Some(problem.title.clone());
            result.trouble = Some(problem);
        }
        Some(title) if *title == problem.title => {}
        Some(_) => warn(problem),
    }
}

/// A base image that a lock file does not have: what it is today need not be what it was for others.
fn not_locked(plan: &Plan) -> Option<Problem> {
    let image = plan.image.as_ref().filter(|_| plan.not_locked)?;
    let platform = plan.platform();
    let title = format!("the image `{image}` for {platform} is not in the lock file");
    Some(Problem::warning(title, "`runenv lock` adds it"))
}

/// The worst of what its stages say; a failure that is allowed does not count.
fn state(result: &EnvResult, problem: Option<&Problem>, cancel: &Cancel) -> State {
    let has = |state: State| result.stages.iter().any(|s| s.state == state && !s.allowed);
    // After a signal nothing passes any more. Where another failed, one that came to its end has its own.
    if has(State::Interrupted) || cancel.signal_name().is_some() {
        return State::Interrupted;
    }
    if problem.is_some() && !cancel.requested() {
        return State::Error;
    }
    let failed = [
        State::Error,
        State::OutOfMemory,
        State::TimedOut,
        State::Failed,
    ];
    // Not begun, or not to be done, and for no failure of its own.
    let cut_short = has(State::NotRun) || problem.is_some();
    let failed = failed.into_iter().find(|s| has(*s));
    failed
        .or(cut_short.then_some(State::Interrupted))
        .unwrap_or(State::Passed)
}
