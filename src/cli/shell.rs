//! `runenv shell ENV`: an interactive shell in a stage's image, or in the very place where the last run failed.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::select::{self, Selection};
use super::{Context, Exit, INTERRUPTED, engines};
use crate::command::{Command, Stdin};
use crate::config::Project;
use crate::engine::labels::Labels;
use crate::engine::{Container, Engine};
use crate::exec::{self, Cancel, Ended, Limits};
use crate::files;
use crate::host::Host;
use crate::late::Late;
use crate::plan::{Plan, Stage, script};
use crate::problem::{Problem, Problems};
use crate::random;
use crate::run::containers::call::Calls;
use crate::run::containers::lookup::resume;
use crate::run::containers::mounts;
use crate::run::containers::proxies;
use crate::run::event::Kind;
use crate::run::folder::{Failed, Note};
use crate::run::secrets::Secrets;
use crate::run::{self, Options, World, local};

#[derive(Clone, Debug, Args)]
pub(crate) struct ShellArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// In the image of this stage; without it, of the last one that there is
    #[arg(long, value_name = "STAGE", conflicts_with = "failed")]
    stage: Option<String>,
    /// Where the last run failed, here or, where nothing of it is here, on the machine that pushed it (`--push-failed`)
    #[arg(long)]
    failed: bool,
    /// Ask no registry
    #[arg(long, env = "RUNENV_OFFLINE", value_parser = FalseyValueParser::new())]
    offline: bool,
    /// Give it the stage's secrets, which it does not have otherwise
    #[arg(long)]
    with_secrets: bool,
    /// Run docker environments on this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
}

pub(crate) fn exec(args: ShellArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    let name = select::one(&project, &Selection::one(&args.env))?;
    let plan = context.plan(&project, &name, &[])?;
    let options = Options {
        engine: args.engine,
        ..Options::default()
    };
    let mut world = World::new(&project, &context.host)?;
    if args.with_secrets {
        world = world.with_secrets(Secrets::read(&plan.stages, &project.root, &context.host)?);
    }
    let cancel = Cancel::install();
    let (command, says) = match run::engine(&plan, &options) {
        None => (
            here(&plan, &project, &world, args.stage.as_deref(), context)?,
            if plan.isolated {
                "the environment's own tree".to_owned()
            } else {
                "the source tree".to_owned()
            },
        ),
        Some(engine) => in_image(&args, &plan, &world, &Calls::new(engine, &cancel), context)?,
    };
    context.out.tell(&format!(
        "shell of {} in {says}; leave it with `exit`\n",
        plan.env
    ));
    Ok(match exec::interactive(&command)? {
        // What the shell's last command said is no failure of ours, but a script may want it.
        Ended::Code(code) => u8::try_from(code).unwrap_or(1),
        Ended::Signal(_) => INTERRUPTED,
    })
}

/// A local environment's shell: the tree, with the variables of the stage.
fn here(
    plan: &Plan,
    project: &Project,
    world: &World<'_>,
    stage: Option<&str>,
    context: &Context,
) -> Result<Command, Problem> {
    let stage = stage.map_or(Ok(plan.stages.last().expect("a plan has stages")), |name| {
        plan.stage(name)
    })?;
    let shell = context
        .host
        .variable("SHELL")
        .filter(|s| !s.is_empty())
        .unwrap_or("sh");
    let mut command = Command::new([shell]).stdin(Stdin::Inherit);
    let tree = local::tree(&project.root, &plan.env, plan.isolated);
    if !files::is_there(&tree) {
        let title = format!("`{}` has no tree of its own yet", plan.env);
        let help = format!("run it first: `runenv run {}`", plan.env);
        return Err(Problem::engine(title, help));
    }
    command.dir = Some(tree);
    command.clean = true;
    command.env = local::environment(&context.host, &plan.pass_env, &stage.env, &world.late(plan));
    let secrets = world.secrets.of(stage).into_iter();
    command
        .env
        .extend(secrets.map(|(name, value)| (name, value.into())));
    Ok(command)
}

/// A throw-away container of a stage's image, in its workdir with its variables.
fn in_image(
    args: &ShellArgs,
    plan: &Plan,
    world: &World<'_>,
    calls: &Calls<'_>,
    context: &Context,
) -> Result<(Command, String), Problem> {
    let (stage, image) = wanted(args, plan, (world, calls), context)?;
    let Some(facts) = calls.image(&image)? else {
        let title = format!("the image of the stage `{}` is gone", stage.name);
        let help = format!(
            "make it again: `runenv run {} --to {}`",
            plan.env, stage.name
        );
        return Err(Problem::engine(title, help));
    };
    let proxies = proxies::of(calls.engine, world.host, world.folder.path())?
        .and_passed(world.host, &plan.pass_env)?;
    let name = format!("runenv-shell-{}", random::word());
    let extra = mounts::words(&stage.given, &world.ours.id, &world.root, world.host);
    let spec = Container {
        name: &name,
        image: &image,
        network: stage.network.as_deref(),
        labels: &Labels::owned(&world.ours.id, &world.owner),
        memory: None,
        cpus: None,
        platform: plan.platform.as_deref(),
        has_path: facts.handed_down().has_path(),
        extra: &extra,
        client: proxies.client.as_deref(),
    };
    let exported = proxies.exported(&facts.env());
    let env = variables(stage, &world.late(plan), exported, &context.host);
    let tty = context.host.stdin_is_terminal;
    let fed = feed(calls.engine, &name, world, stage);
    let mut command = calls.engine.shell(&spec, &stage.workdir, &env, fed, tty);
    command.dir = Some(world.folder.path().to_owned());
    let says = if args.failed {
        format!("what `{}` left when it failed", stage.name)
    } else {
        format!("the image of `{}`", stage.name)
    };
    Ok((command, says))
}

/// Gives a shell its secrets as soon as it waits for them; says whether there are some.
fn feed(engine: Engine, name: &str, world: &World<'_>, stage: &Stage) -> bool {
    let secrets: BTreeMap<_, _> = world.secrets.of(stage).into_iter().collect();
    if secrets.is_empty() {
        return false;
    }
    let command = engine.feed_shell(name, script::exports(&secrets));
    std::thread::spawn(move || {
        let never = Cancel::never();
        for _ in 0..300 {
            let output = exec::capture(&command, &Limits::default(), &never);
            if output.is_ok_and(|output| output.exit.success()) {
                break;
            }
            never.wait(Duration::from_millis(100));
        }
    });
    true
}

/// The stage's variables, proxies, and what the terminal is.
fn variables(
    stage: &Stage,
    late: &Late,
    exported: Vec<(String, String)>,
    host: &Host,
) -> Vec<(String, String)> {
    let own = stage.env.iter();
    let mut env: Vec<(String, String)> = own.map(|(n, v)| (n.clone(), late.fill(v))).collect();
    env.extend(exported);
    if let Some(term) = host
        .variable("TERM")
        .filter(|_| !stage.env.contains_key("TERM"))
    {
        env.push(("TERM".to_owned(), term.to_owned()));
    }
    env
}

/// A stage that keeps its files.
fn with_files(plan: &Plan, at: usize) -> Result<&Stage, Problem> {
    let stage = &plan.stages[at];
    if stage.keep {
        return Ok(stage);
    }
    let (env, name) = (&plan.env, &stage.name);
    let title = format!("the stage `{name}` keeps no files, only that it passed (`keep = false`)");
    let below = stage.parent.map(|at| &plan.stages[at].name);
    let below =
        below.map(|below| format!("what it starts from: `runenv shell {env} --stage {below}`"));
    let failed = "what it left when it failed: `--failed`".to_owned();
    Err(Problem {
        help: below.into_iter().chain([failed]).collect(),
        ..Problem::new(title, "")
    })
}

/// What the last run left that failed; of a run elsewhere, what is left of a stage of its key.
fn failed_image<'p>(
    args: &ShellArgs,
    plan: &'p Plan,
    note: &Note,
    (world, calls): (&World<'_>, &Calls<'_>),
    context: &Context,
) -> Result<(&'p Stage, String), Problem> {
    let noted = note.failed.as_ref();
    if let Some(Failed { stage, image, .. }) = noted.filter(|_| note.engine == calls.engine.name())
    {
        let output = calls.query(&calls.engine.image_inspect(&[image]))?;
        if output.exit.success() {
            return Ok((plan.stage(stage)?, image.clone()));
        }
        calls.check_answers(&output)?;
    }
    let mut say = |kind| {
        if let Kind::Note { text } = kind {
            context.out.tell(&text);
        } else if let Kind::Warning { problem } = kind {
            context.out.problems(&Problems(vec![problem]));
        }
    };
    let elsewhere = !args.offline && !plan.registries.look.is_empty();
    if elsewhere && let Some((at, image)) = resume::seek(calls, world, plan, &mut say)? {
        return Ok((&plan.stages[at], image));
    }
    if note.engine != calls.engine.name() {
        return Err(not_run(plan, calls));
    }
    let title = format!("no failed image of `{}` is kept", plan.env);
    Err(Problem::new(
        title,
        "its last run did not fail in a stage, or ran with `--no-keep-failed`",
    ))
}

fn not_run(plan: &Plan, calls: &Calls<'_>) -> Problem {
    let title = format!("`{}` has not been run on {}", plan.env, calls.engine.name());
    Problem::new(title, format!("run it first: `runenv run {}`", plan.env))
}

/// The stage and image that are asked for.
fn wanted<'p>(
    args: &ShellArgs,
    plan: &'p Plan,
    (world, calls): (&World<'_>, &Calls<'_>),
    context: &Context,
) -> Result<(&'p Stage, String), Problem> {
    let note = world.folder.env(&plan.env).note();
    if args.failed {
        return failed_image(args, plan, &note, (world, calls), context);
    }
    let run = format!("run it first: `runenv run {}`", plan.env);
    if note.engine != calls.engine.name() {
        return Err(not_run(plan, calls));
    }
    let stage = match &args.stage {
        Some(name) => with_files(plan, plan.index(name)?)?,
        None => plan
            .stages
            .iter()
            .rev()
            .find(|s| s.keep && note.images.contains_key(&s.name))
            .ok_or_else(|| {
                Problem::new(
                    format!("no stage of `{}` has an image", plan.env),
                    run.clone(),
                )
            })?,
    };
    match note.images.get(&stage.name) {
        Some(image) => Ok((stage, image.clone())),
        None => Err(Problem::new(
            format!("the stage `{}` of `{}` has no image", stage.name, plan.env),
            run,
        )),
    }
}
