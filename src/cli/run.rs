//! `runenv [run]`: run environments, stage by stage.

use std::panic::resume_unwind;
use std::sync::mpsc::sync_channel;
use std::thread;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum, value_parser};

use super::reports::Reports;
use super::{Context, Exit, depends, dry_run, engines, select};
use crate::config::Project;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::name::{EnvName, STAGE};
use crate::plan::chain::Selection;
use crate::plan::{Plan, tags};
use crate::problem::{Problem, Problems};
use crate::report::live::{self, Live};
use crate::report::plain::Plain;
use crate::report::{self, All, Sink};
use crate::run::containers::call::RETRIES;
use crate::run::containers::mounts;
use crate::run::presence::{Place, Presence};
use crate::run::secrets::Secrets;
use crate::run::{self, AtOnce, Job, Limit, Options, Push, World};
use crate::time;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Progress {
    /// What fits the terminal and the number of environments
    Auto,
    /// Lines, one after another
    Plain,
    /// A line for each that runs, drawn anew
    Live,
    /// As `--quiet`
    Quiet,
}

/// So many events wait for a slow terminal; then those who tell wait.
const QUEUE: usize = 64;

#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) selection: select::Selection,
    /// Run this stage and what it needs, no other; may be repeated, or a list with commas
    #[arg(long, value_name = "STAGE", env = "RUNENV_TO", value_delimiter = ',')]
    to: Vec<String>,
    /// Run this stage and those that stand on it anew
    #[arg(long, value_name = "STAGE")]
    redo: Option<String>,
    /// Run every stage anew
    #[arg(short = 'r', long)]
    no_cache: bool,
    /// Run so many environments at once: a number, `auto` for as many as there are processors, or `all`
    #[arg(short = 'j', long, visible_short_alias = 'p', visible_alias = "parallel", value_name = "N", env = "RUNENV_JOBS", value_parser = at_once)]
    jobs: Option<AtOnce>,
    /// Print what would be run, as lines to paste; start nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Run docker environments on this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
    /// Make incremental stages clean, and take nothing that was made in increments
    #[arg(long, env = "RUNENV_CLEAN", value_parser = FalseyValueParser::new(), conflicts_with = "base")]
    clean: bool,
    /// Start an incremental stage from this image of it, in place of the newest that is here
    #[arg(long, value_name = "IMAGE", env = "RUNENV_BASE")]
    base: Option<String>,
    /// Go on from what a stage left that failed, ran out of time or was interrupted; keeps that, too
    #[arg(long, env = "RUNENV_RESUME", value_parser = FalseyValueParser::new())]
    resume: bool,
    /// Limit the time of each stage, in place of its own limit
    #[arg(long, value_name = "TIME", env = "RUNENV_TIMEOUT", value_parser = time::parse_duration)]
    timeout: Option<std::time::Duration>,
    /// Limit the time of the whole run: a stage that runs then, or would begin, ends as one whose own time is up
    #[arg(long, value_name = "TIME", env = "RUNENV_TIME_LIMIT", value_parser = time::parse_duration)]
    time_limit: Option<std::time::Duration>,
    /// End the run at the first failure: nothing new begins, and what runs is stopped
    #[arg(long, env = "RUNENV_FAIL_FAST", value_parser = FalseyValueParser::new())]
    fail_fast: bool,
    /// Do not keep what a failed stage left as an image
    #[arg(long, env = "RUNENV_NO_KEEP_FAILED", value_parser = FalseyValueParser::new())]
    no_keep_failed: bool,
    /// Ask no registry and pull nothing: what is not on the engine is made here
    #[arg(long, env = "RUNENV_OFFLINE", value_parser = FalseyValueParser::new())]
    offline: bool,
    /// Push the stages' images to `[registry]`; with `=try` one that cannot be pushed is no failure
    #[arg(long, value_name = "try", num_args = 0..=1, require_equals = true, default_missing_value = "yes", env = "RUNENV_PUSH", value_parser = push)]
    push: Option<Push>,
    /// Give the stages' images this tag, too, found or made, and with `--push` in the registry; may be repeated
    #[arg(long = "tag", value_name = "TAG", env = "RUNENV_TAG", value_delimiter = ',', value_parser = tag)]
    tags: Vec<String>,
    /// Try a pull, a push and a stage that installs packages so often again when it fails
    #[arg(long, value_name = "N", default_value_t = RETRIES, env = "RUNENV_RETRIES", value_parser = value_parser!(u32).range(..=10))]
    retries: u32,
    /// Push what a stage leaves that fails, runs out of time or is interrupted: `--resume` goes on from it anywhere
    #[arg(long, env = "RUNENV_PUSH_FAILED", value_parser = FalseyValueParser::new())]
    push_failed: bool,
    /// Wait for another local run of this tree to end
    #[arg(long, env = "RUNENV_WAIT", value_parser = FalseyValueParser::new())]
    wait: bool,
    /// Install packages that are missing on this host (as root, or by `sudo -n`)
    #[arg(long, env = "RUNENV_INSTALL_PACKAGES", value_parser = FalseyValueParser::new())]
    install_packages: bool,
    /// How progress is told: `live` lines on a terminal where several run, or `plain` ones
    #[arg(
        long,
        value_name = "HOW",
        value_enum,
        default_value = "auto",
        hide_default_value = true,
        env = "RUNENV_PROGRESS"
    )]
    progress: Progress,
    #[command(flatten)]
    reports: Reports,
    /// Say only what failed, and the last line
    #[arg(short, long, conflicts_with = "verbose", env = "RUNENV_QUIET", value_parser = FalseyValueParser::new())]
    quiet: bool,
    /// Stream the output also where several environments run
    #[arg(short, long, env = "RUNENV_VERBOSE", value_parser = FalseyValueParser::new())]
    verbose: bool,
    /// Words for `{posargs}`
    #[arg(last = true, value_name = "POSARGS")]
    posargs: Vec<String>,
}

impl RunArgs {
    fn options(&self) -> Options {
        Options {
            jobs: self.jobs.unwrap_or_default(),
            fail_fast: self.fail_fast,
            timeout: self.timeout,
            time_limit: self.time_limit.map(Limit::of_run),
            keep_failed: self.resume || self.push_failed || !self.no_keep_failed,
            resume: self.resume,
            clean: self.clean,
            base: self.base.clone(),
            install_packages: self.install_packages,
            retries: self.retries,
            wait: self.wait,
            engine: self.engine,
            offline: self.offline,
            push: self.push.unwrap_or_default(),
            tags: self.tags.clone(),
            push_failed: self.push_failed,
        }
    }

    /// What is run: what is selected, and what that depends on.
    fn jobs(&self, project: &Project, context: &mut Context) -> Result<Vec<Job>, Problems> {
        let selected = context.selected(project, &self.selection)?;
        let skipped = select::skipped(project, &self.selection)?;
        let needs = depends::complete(project, selected, &skipped);
        let (mut jobs, mut problems) = (Vec::new(), Problems::default());
        for need in needs {
            let name = &need.entry.name;
            // Words and options of the command are for what was selected.
            let posargs: &[String] = if need.added { &[] } else { &self.posargs };
            let job = context.plan(project, name, posargs).and_then(|plan| {
                let wanted = if need.added {
                    Selection::of(&plan, name.to.as_deref().as_slice(), None, self.no_cache)?
                } else {
                    self.wanted(project, name, &plan)?
                };
                let after = need.after;
                Ok(Job {
                    plan,
                    wanted,
                    after,
                })
            });
            jobs.extend(problems.keep(job));
        }
        problems.or(jobs)
    }

    fn verbosity(&self) -> i8 {
        let quiet = self.quiet || self.progress == Progress::Quiet;
        i8::from(self.verbose) - i8::from(quiet)
    }

    /// Who tells of these: lines are drawn only where that can be seen, and where there is more than one to see.
    fn teller(&self, jobs: &[Job], world: &World<'_>, context: &Context) -> Box<dyn Sink> {
        let out = context.out.with_verbosity(self.verbosity());
        let wanted = matches!(self.progress, Progress::Auto | Progress::Live);
        let quiet_or_loud = out.verbosity() != 0;
        if !wanted || quiet_or_loud || jobs.len() < 2 || !live::fits(&context.host) {
            return Box::new(Plain::new(&out, world.folder.path()));
        }
        let last = jobs.iter().filter_map(|job| {
            let env = &job.plan.env;
            Some((env.clone(), world.folder.env(env).last_time()?))
        });
        Box::new(Live::new(&out, last.collect()))
    }

    /// The stages of a plan that are meant.
    fn wanted(&self, project: &Project, name: &EnvName, plan: &Plan) -> Result<Selection, Problem> {
        let to = last_stages(project, name, &self.to);
        Selection::of(plan, &to, self.redo.as_deref(), self.no_cache)
    }
}

/// The last stages that are meant: `--to`, the stage in the name, the project's default one; none: all.
fn last_stages<'a>(project: &'a Project, name: &'a EnvName, to: &'a [String]) -> Vec<&'a str> {
    if !to.is_empty() {
        return to.iter().map(String::as_str).collect();
    }
    let default = project.file.project.default.get(STAGE);
    let default = default.filter(|_| name.own.is_none());
    let default = default.map(|stage| stage.get_ref().as_str());
    name.to.as_deref().or(default).into_iter().collect()
}

/// The stages up to those.
pub(super) fn wanted(
    project: &Project,
    name: &EnvName,
    plan: &Plan,
    to: &[String],
) -> Result<Selection, Problem> {
    let to = last_stages(project, name, to);
    Selection::of(plan, &to, None, false)
}

/// Reads `--jobs`.
fn at_once(text: &str) -> Result<AtOnce, &'static str> {
    match text {
        "auto" => Ok(AtOnce::Processors),
        "all" => Ok(AtOnce::All),
        _ => match text.parse() {
            Ok(number @ 1..) => Ok(AtOnce::Number(number)),
            Ok(0) | Err(_) => Err("write a number from 1 on, `auto` or `all`"),
        },
    }
}

/// Reads `--push`.
fn push(text: &str) -> Result<Push, &'static str> {
    match text {
        "yes" | "true" | "1" => Ok(Push::Yes),
        "try" => Ok(Push::Try),
        "" | "no" | "false" | "0" => Ok(Push::No),
        _ => Err("write `--push` or `--push=try`"),
    }
}

/// Reads `--tag`, as registries take it (github.com/opencontainers/distribution-spec, "Pulling manifests"); those that
/// runs give are no names for people.
fn tag(text: &str) -> Result<String, &'static str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let legal = text.chars().all(|c| word(c) || "-.".contains(c));
    if !legal || !text.starts_with(word) || text.len() > 100 {
        return Err(
            "a tag is letters, digits, `_`, `-` and `.`, at most 100, and begins with none of the last two",
        );
    }
    if tags::RESERVED.iter().any(|ours| text.starts_with(ours)) {
        return Err("tags that begin with `key-`, `inc-`, `line-` or `failed` are runenv's own");
    }
    Ok(text.to_owned())
}

/// What is to be run anew has to be run somewhere.
fn check_redo(jobs: &[Job], redo: Option<&str>) -> Result<(), Problem> {
    let redo = redo.filter(|_| !jobs.iter().any(|job| job.wanted.redoes()));
    redo.map_or(Ok(()), |stage| {
        let title = format!("`--redo {stage}` runs nothing anew: what is run does not need it");
        let help = format!("name it in `--to`, too, or leave `--redo {stage}` out");
        Err(Problem::new(title, help))
    })
}

/// There has to be a registry to push to.
fn check_push(jobs: &[Job], options: &Options) -> Result<(), Problem> {
    let option = match options.push {
        Push::No if !options.push_failed => return Ok(()),
        Push::No => "--push-failed",
        Push::Try | Push::Yes => "--push",
    };
    if options.offline {
        let title = format!("`{option}` needs a registry, and `--offline` asks none");
        return Err(Problem::new(title, "leave one of them out"));
    }
    let here = |job: &&Job| {
        run::engine(&job.plan, options).is_some() && job.plan.registries.push.is_none()
    };
    jobs.iter().find(here).map_or(Ok(()), |_| {
        let help = "say where images go: `[registry]` with `repository = \"ghcr.io/me\"`";
        let title = format!("`{option}` has nowhere to push to");
        Err(Problem::new(title, help))
    })
}

pub(crate) fn exec(args: RunArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let jobs = args.jobs(&project, context)?;
    let options = args.options();
    check_redo(&jobs, args.redo.as_deref())?;
    check_push(&jobs, &options)?;
    if args.dry_run {
        let text = dry_run::text(&project.root, &jobs, &options, &context.host);
        context.out.result(&text);
        return Ok(0);
    }
    let secrets = given(&jobs, &project, context)?;
    let reports = args.reports.open(context)?;
    let world = World::new(&project, &context.host)?.with_secrets(secrets);
    let cancel = Cancel::install();
    let _present = present(&jobs, &options, &world, &cancel, context);
    let mut told = args.teller(&jobs, &world, context);
    let mut events = reports.events(world.secrets.mask());
    let (sender, happening) = sync_channel(QUEUE);
    let summary = thread::scope(|scope| {
        let running = scope.spawn(|| {
            // Dropped at its end: with it ends the telling.
            let sender = sender;
            // Nobody hears any more: only if the telling panicked.
            let tell = |event| drop(sender.send(event));
            run::run(&jobs, &world, &options, &cancel, &tell)
        });
        let lines = events.iter_mut().map(|events| events as &mut dyn Sink);
        let all = std::iter::once(&mut *told as &mut dyn Sink).chain(lines);
        report::follow(&happening, &mut All(all.collect()));
        running.join().unwrap_or_else(|panic| resume_unwind(panic))
    });
    if let Err(warning) = reports.summarize(&summary, world.secrets.mask()) {
        context.out.problem(&warning);
    }
    let lost = reports.write(&summary, world.secrets.mask());
    context.out.problems(&lost);
    let code = summary.exit_code();
    Ok(if lost.0.is_empty() { code } else { code.max(3) })
}

/// Says to `clean` that we are here, if something runs on an engine.
fn present(
    jobs: &[Job],
    options: &Options,
    world: &World<'_>,
    cancel: &Cancel,
    context: &Context,
) -> Option<Presence> {
    let on_engine = |job: &Job| run::engine(&job.plan, options).is_some();
    let place = Place::of(&context.host, &world.ours.id, world.folder.path());
    let mut wait = || {
        let text = "waiting for `runenv clean` of this project to end\n";
        context.out.tell(text);
    };
    jobs.iter()
        .any(on_engine)
        .then(|| place.enter(cancel, &mut wait))
        .flatten()
}

/// Reads what the stages are given from this host, and looks whether it is there; warnings are told.
fn given(jobs: &[Job], project: &Project, context: &Context) -> Result<Secrets, Problems> {
    let (root, host) = (&project.root, &context.host);
    let here = jobs
        .iter()
        .filter(|job| run::not_for(&job.plan, host).is_none());
    let stages = || {
        let here = here.clone();
        let stages = here.flat_map(|job| job.wanted.stages(&job.plan));
        stages.map(|(_, stage)| stage)
    };
    let secrets = Secrets::read(stages(), root, host)?;
    let mut told = mounts::check(stages(), root, host)?;
    told.0.extend(secrets.too_short());
    told.0
        .extend(stages().find_map(|stage| stage.given.idle.clone()));
    context.out.problems(&told);
    Ok(secrets)
}
