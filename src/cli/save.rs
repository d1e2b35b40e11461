//! `runenv save ENV`: what an engine has of an environment's stages, in a file: for the next job, where this one may not
//! push.

use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::select::{self, Selection};
use super::{Context, Exit, INTERRUPTED, engines, run};
use crate::config::Project;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::files;
use crate::plan::{Plan, chain};
use crate::problem::Problems;
use crate::run::World;
use crate::run::ahead::Target;
use crate::run::containers::call::Calls;
use crate::run::saved::save::{self, Found, Wanted};
use crate::size;

#[derive(Clone, Debug, Args)]
pub(crate) struct SaveArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// Write to this file, which is there when all of it is
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Save this stage and what it needs; may be repeated, or a list with commas [default: all stages]
    #[arg(long, value_name = "STAGE", env = "RUNENV_TO", value_delimiter = ',')]
    to: Vec<String>,
    /// Save only what would be run again elsewhere, since the registry does not have it
    #[arg(long)]
    unless_pushed: bool,
    /// Save what a stage left that ended early, too: `run --resume` goes on from it
    #[arg(long, env = "RUNENV_RESUME", value_parser = FalseyValueParser::new())]
    resume: bool,
    /// Save docker environments of this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
    /// Ask no registry
    #[arg(long, env = "RUNENV_OFFLINE", value_parser = FalseyValueParser::new())]
    offline: bool,
    /// Words for `{posargs}`
    #[arg(last = true, value_name = "POSARGS")]
    posargs: Vec<String>,
}

pub(crate) fn exec(args: SaveArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    let target = target(&args, &project, context)?;
    let Some(engine) = target.engine else {
        let text = format!("nothing to save: {} runs on this host\n", target.plan.env);
        context.out.tell(&text);
        return Ok(0);
    };
    let path = context.host.cwd.join(&args.output);
    files::make_way(&path)?;
    let world = World::looking(&project, &context.host)?;
    let cancel = Cancel::install();
    let asked = Wanted {
        world: &world,
        registry: (!args.offline).then(|| &**world.registry(&cancel)),
        unless_pushed: args.unless_pushed,
        resume: args.resume,
    };
    let mut told = Problems::default();
    let found = asked.find(&target, &cancel, &mut |problem| told.push(problem))?;
    context.out.problems(&told);
    if cancel.requested() {
        return Ok(INTERRUPTED);
    }
    let (env, on) = (&target.plan.env, engine.name());
    let calls = Calls::new(engine, &cancel);
    let why = match found {
        Found::Images(members) => return write(&members, &target.plan, &calls, &args, context),
        Found::Nothing => format!("{on} has no stage of {env} as it is now"),
        Found::Pushed => format!("the registry has what {on} has of {env}"),
        Found::Unknown(unasked) => unasked.to_string(),
    };
    // No failure: the run that left nothing has one already.
    context.out.tell(&format!("nothing to save: {why}\n"));
    Ok(0)
}

/// The environment, the stages that are meant, and the engine that has them.
fn target(args: &SaveArgs, project: &Project, context: &Context) -> Result<Target, Problems> {
    let name = select::one(project, &Selection::one(&args.env))?;
    let wanted = |plan: &Plan| {
        if args.to.is_empty() && name.to.is_none() {
            chain::Selection::of(plan, &[], None, false)
        } else {
            run::wanted(project, &name, plan, &args.to)
        }
    };
    Ok(context.target(project, &name, &args.posargs, args.engine, wanted)?)
}

fn write(
    members: &[save::Member],
    plan: &Plan,
    calls: &Calls<'_>,
    args: &SaveArgs,
    context: &Context,
) -> Exit {
    let stages: Vec<&str> = members.iter().map(|member| member.stage.as_str()).collect();
    let (stages, env, about) = (
        stages.join(", "),
        &plan.env,
        size::shown(save::bytes(members)),
    );
    context.out.tell(&format!("saving {stages} of {env}\n"));
    let mut say = |bytes| {
        let text = format!(
            "… still saving {env}: {} of about {about}\n",
            size::shown(bytes)
        );
        context.out.tell(&text);
    };
    let path = context.host.cwd.join(&args.output);
    let Some(bytes) = save::write(members, plan, calls, &path, &mut say)? else {
        return Ok(INTERRUPTED);
    };
    let text = format!("saved {} ({})\n", args.output.display(), size::shown(bytes));
    context.out.tell(&text);
    Ok(0)
}
