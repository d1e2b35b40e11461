//! Doing: environments one after another or side by side, events out, a summary at the end.
//!
//! Prints nothing; whoever listens to the events does.

pub(crate) mod artifacts;
pub(crate) mod clean;
pub(crate) mod containers;
pub(crate) mod doctor;
pub(crate) mod event;
pub(crate) mod explain;
pub(crate) mod folder;
pub(crate) mod local;
pub(crate) mod lock;
pub(crate) mod log;
pub(crate) mod owner;
pub(crate) mod pass_env;
pub(crate) mod project_id;
pub(crate) mod records;
pub(crate) mod result;
mod schedule;
pub(crate) mod stages;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use crate::config::Project;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::host::Host;
use crate::late::{self, Late};
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::problem::Problem;
use crate::time;
use containers::call::Calls;
use containers::inventory::Inventory;
use containers::lookup;
use event::{Event, Kind};
use folder::{EnvFolder, Folder};
use result::Took;
use result::{EnvResult, State, Summary};
use schedule::Turn;

/// What the person asked for, meant (not as typed).
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    /// How many environments run at once.
    pub(crate) jobs: AtOnce,
    /// In place of every stage's own limit.
    pub(crate) timeout: Option<Duration>,
    pub(crate) keep_failed: bool,
    /// Installs packages that are missing on this host, whatever the file says.
    pub(crate) install_packages: bool,
    /// Waits for another local run of the tree.
    pub(crate) wait: bool,
    /// Runs `docker-*` names on this engine.
    pub(crate) engine: Option<Engine>,
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

/// One environment to run, and which of its stages.
pub(crate) struct Job {
    pub(crate) plan: Plan,
    pub(crate) wanted: Selection,
}

/// What is the same for all environments of a run.
pub(crate) struct World<'a> {
    pub(crate) root: PathBuf,
    pub(crate) folder: Folder,
    pub(crate) project_id: String,
    pub(crate) run_id: String,
    pub(crate) owner: String,
    pub(crate) host: &'a Host,
    /// The tree: local environments work in it one at a time.
    pub(crate) tree: Mutex<()>,
    inventories: [Inventory; Engine::ALL.len()],
    describe: OnceLock<Option<String>>,
}

impl<'a> World<'a> {
    pub(crate) fn new(project: &Project, host: &'a Host) -> Result<Self, Problem> {
        Folder::of(&project.root).make()?;
        Self::looking(project, host)
    }

    /// For somebody who runs nothing, and so needs no folder.
    pub(crate) fn looking(project: &Project, host: &'a Host) -> Result<Self, Problem> {
        let folder = Folder::of(&project.root);
        let run_id = owner::random_word()[..8].to_owned();
        Ok(Self {
            root: project.root.clone(),
            project_id: project_id::of(project, &folder)?,
            owner: owner::this(&run_id, host.pid),
            folder,
            run_id,
            host,
            tree: Mutex::new(()),
            inventories: Default::default(),
            describe: OnceLock::new(),
        })
    }

    /// git's description of the tree; asked once, and only when an image is to be tagged.
    pub(crate) fn describe(&self) -> Option<&str> {
        self.describe
            .get_or_init(|| project_id::describe(&self.root))
            .as_deref()
    }

    /// How long commands get to end after a signal, where that is less than their `kill-after`: a CI's runner sends INT
    /// and kills all 10 s later, and what a stage left is to be kept in that time.
    pub(crate) fn hurry(&self) -> Option<Duration> {
        self.host.is_ci().then_some(Duration::from_secs(3))
    }

    /// What an engine has.
    pub(crate) fn inventory(&self, engine: Engine) -> &Inventory {
        &self.inventories[engine as usize]
    }

    /// Asks each engine once for what all environments want to know of it first. That it does not answer is told by
    /// the environment that needs it.
    fn ask_engines(&self, jobs: &[Job], options: &Options, cancel: &Cancel) {
        for engine in Engine::ALL {
            let on_engine = |job: &&Job| self::engine(&job.plan, options) == Some(engine);
            let ours = jobs.iter().filter(on_engine);
            let names = ours.flat_map(|Job { plan, wanted }| {
                let note = self.folder.env(&plan.env).note();
                let noted = lookup::noted(plan, wanted, &note, engine.name());
                // A locked image is asked for only when a stage has to start from it.
                let base = plan.image.iter().filter(|_| plan.pin.is_none());
                base.cloned().chain(noted)
            });
            let names: Vec<String> = names.collect();
            let calls = Calls { engine, cancel };
            let _ = self.inventory(engine).ask(&calls, &names);
        }
    }

    /// What `{cpus}` and paths stand for in an environment's commands.
    pub(crate) fn late(&self, plan: &Plan) -> Late {
        late(&self.root, &plan.env, plan.cpus.as_deref(), self.host)
    }
}

/// What `{cpus}` and paths stand for on this machine.
pub(crate) fn late(root: &Path, env: &str, cpus: Option<&str>, host: &Host) -> Late {
    let limit = cpus.and_then(late::processors);
    Late {
        cpus: limit.unwrap_or_else(|| host.cpus.to_string()),
        root: root.display().to_string(),
        env_dir: Folder::of(root).env(env).path().display().to_string(),
    }
}

/// Which engine runs a plan; `None`: this host.
pub(crate) fn engine(plan: &Plan, options: &Options) -> Option<Engine> {
    engine_of(plan, options.engine)
}

/// The same with what `--engine` says.
pub(crate) fn engine_of(plan: &Plan, asked: Option<Engine>) -> Option<Engine> {
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
    let started = time::start();
    let whole = |kind| Event {
        env: String::new(),
        stage: String::new(),
        kind,
    };
    tell(whole(Kind::RunStarted {
        envs: jobs.iter().map(|j| j.plan.env.clone()).collect(),
    }));
    if jobs.len() > 1 {
        world.ask_engines(jobs, options, cancel);
    }
    let turn = |job| turn(job, options);
    let turns: Vec<Turn<'_>> = jobs.iter().map(turn).collect();
    let most = match options.jobs {
        AtOnce::One => 1,
        AtOnce::Number(number) => number,
        AtOnce::Processors => world.host.cpus,
        AtOnce::All => jobs.len(),
    };
    let envs = schedule::each(&turns, most, &|at, _| {
        job(&jobs[at], world, options, cancel, tell)
    });
    let summary = Summary {
        envs,
        interrupted: cancel.requested(),
        seconds: Took(started.elapsed()),
    };
    tell(whole(Kind::RunEnded {
        summary: summary.clone(),
    }));
    summary
}

/// What keeps a job apart from others.
fn turn<'a>(job: &'a Job, options: &Options) -> Turn<'a> {
    Turn {
        env: &job.plan.env,
        in_tree: engine(&job.plan, options).is_none(),
        after: &[],
    }
}

/// Runs one environment, or tells why it is not begun.
fn job(
    job: &Job,
    world: &World<'_>,
    options: &Options,
    cancel: &Cancel,
    tell: &(dyn Fn(Event) + Sync),
) -> EnvResult {
    let plan = &job.plan;
    let folder = world.folder.env(&plan.env);
    let event = |kind| Event {
        env: plan.env.clone(),
        stage: String::new(),
        kind,
    };
    let result = if cancel.requested() {
        not_begun(not_run(plan, State::NotRun), &folder, &event, tell)
    } else if let Some(why) = not_for(plan, world.host) {
        let mut skipped = not_run(plan, State::Skipped);
        skipped.problem = Some(why);
        not_begun(skipped, &folder, &event, tell)
    } else {
        environment(job, world, options, cancel, &folder, &mut |event| {
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

fn not_run(plan: &Plan, state: State) -> EnvResult {
    EnvResult {
        nameless_packages: plan.nameless.clone(),
        ..EnvResult::new(&plan.env, state)
    }
}

fn environment(
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
    let event = |kind| Event {
        env: plan.env.clone(),
        stage: String::new(),
        kind,
    };
    tell(event(Kind::EnvStarted { stages: names }));
    if let Some(problem) = past_its_end(plan) {
        tell(event(Kind::Warning { problem }));
    }
    if let Some(problem) = not_locked(plan) {
        tell(event(Kind::Warning { problem }));
    }
    let problem = stages::run(job, world, options, cancel, folder, &mut result, tell).err();
    result.state = state(&result, problem.as_ref(), cancel);
    result.seconds = Took(started.elapsed());
    // What an interrupted call could not do is no news.
    if let Some(problem) = problem.filter(|_| !cancel.requested()) {
        result.problem = Some(problem.title.clone());
        result.trouble = Some(problem);
    }
    if let Err(problem) = folder.write_json("result.json", &result) {
        lost(problem, &mut result, &mut |problem| {
            tell(event(Kind::Warning { problem }));
        });
    }
    result
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

/// A system that nobody maintains any more: its packages may be gone from the mirrors.
fn past_its_end(plan: &Plan) -> Option<Problem> {
    let day = plan.end_of_life.as_deref()?;
    (day < &time::now()[..10]).then(|| {
        let title = format!(
            "the system of `{}` is past its end of life ({day})",
            plan.env
        );
        let help = match &plan.archive {
            Some(archive) => format!("its packages come from {archive}, if that has them"),
            None => "no archive of its packages is known: they may be gone".to_owned(),
        };
        Problem::warning(title, help)
    })
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
    if cancel.requested() || has(State::Interrupted) {
        return State::Interrupted;
    }
    if problem.is_some() {
        return State::Error;
    }
    [
        State::Error,
        State::OutOfMemory,
        State::TimedOut,
        State::Failed,
    ]
    .into_iter()
    .find(|s| has(*s))
    .unwrap_or(State::Passed)
}
