//! `runenv clean`: removes this project's images and what dead runs left, on every engine that answers, and environments'
//! own trees.

use std::time::Duration;

use clap::Args;

use super::select::{self, Selection};
use super::{Context, Exit, INTERRUPTED, engines};
use crate::config::Project;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::nearest::counted;
use crate::plan::Plan;
use crate::problem::{Problem, Problems};
use crate::registry::{Client, Reference};
use crate::run::clean::{self, Leftovers};
use crate::run::clean_registry::{self, Found};
use crate::run::containers::call::Calls;
use crate::run::folder::Folder;
use crate::run::local::trees;
use crate::run::ours::Ours;
use crate::run::owner::Owner;
use crate::run::presence::Place;
use crate::size;
use crate::time;

#[derive(Clone, Debug, Args)]
pub(crate) struct CleanArgs {
    /// Say what would be removed and how much that would free, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Only images that were made longer ago than this (`30d`, `12h`), and trees that were not used since
    #[arg(long, value_name = "TIME", value_parser = time::parse_duration)]
    older: Option<Duration>,
    /// In the registry that images are pushed to, and nowhere else
    #[arg(long, conflicts_with = "engine")]
    registry: bool,
    /// Only on this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
}

pub(crate) fn exec(args: CleanArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    if args.registry {
        return in_registry(&args, &project, context);
    }
    let folder = Folder::of(&project.root);
    let ours = Ours::of(&project, &folder)?;
    let cancel = Cancel::install();
    // Held to the end: no run begins meanwhile.
    let alone = Place::of(&context.host, &ours.id, folder.path()).alone();
    let running = alone.as_ref().err().map(String::as_str);
    let asked = args.engine;
    let mut answered = false;
    for engine in Engine::ALL {
        if asked.is_none_or(|asked| asked == engine) {
            let calls = Calls::new(engine, &cancel);
            answered |= on_engine(&calls, &ours, &args, running, context)?;
        }
        if cancel.requested() {
            return Ok(INTERRUPTED);
        }
    }
    if asked.is_none() {
        let text = own_trees(&folder, &args, context);
        answered |= !text.is_empty();
        context.out.tell(&text);
    }
    if !answered {
        context.out.tell("no engine answers: nothing to clean");
    }
    Ok(0)
}

/// Removes what is on an engine; does it answer?
fn on_engine(
    calls: &Calls<'_>,
    ours: &Ours,
    args: &CleanArgs,
    running: Option<&str>,
    context: &Context,
) -> Result<bool, Problem> {
    let found = clean::find(calls, ours, args.older, running);
    // What was asked for in part is not known.
    if calls.cancel.requested() {
        return Ok(false);
    }
    let mut found = match found {
        Ok(found) => found,
        // An engine that is not there has nothing of ours; one that was named must answer.
        Err(problem) if args.engine.is_some() => return Err(problem),
        Err(_) => return Ok(false),
    };
    if !args.dry_run {
        clean::remove(calls, &mut found)?;
    }
    context.out.tell(&text(calls.engine, &found, args.dry_run));
    Ok(true)
}

/// Removes what runs have pushed.
fn in_registry(args: &CleanArgs, project: &Project, context: &mut Context) -> Exit {
    let folder = Folder::of(&project.root);
    let ours = Ours::of(project, &folder)?;
    let Some(push) = &ours.registries.push else {
        let help =
            "say where images are pushed to: `[registry]` with `repository = \"ghcr.io/me\"`";
        let problem = Problem::new("there is no registry to clean", help);
        return Err(problem.place(project.place(0..0)).into());
    };
    let repositories = repositories(project, &folder, context)?;
    let cancel = Cancel::install();
    let client = Client::new(&context.host, &cancel);
    let found = clean_registry::find(&client, &ours, repositories, args.older);
    if cancel.requested() {
        return Ok(INTERRUPTED);
    }
    let mut found = found?;
    let mut trouble = None;
    if !args.dry_run {
        (found.go, trouble) = clean_registry::remove(&client, found.go);
    }
    context.out.tell(&pushed(push, &found, args.dry_run));
    match trouble {
        _ if cancel.requested() => Ok(INTERRUPTED),
        Some(trouble) => Err(trouble.problem(&format!("remove images of {push}")).into()),
        None => Ok(0),
    }
}

/// Where images of the environments are that the file lists, and of those that were run here. Those of this host have
/// none.
fn repositories(
    project: &Project,
    folder: &Folder,
    context: &Context,
) -> Result<Vec<Reference>, Problems> {
    let mut problems = Problems::default();
    let listed = project.listed.known().map(|entry| entry.name.clone());
    let listed = listed.map(|name| problems.keep(context.plan(project, &name, &[])));
    let mut plans: Vec<Plan> = listed.flatten().collect();
    let run = folder.names().into_iter();
    let run = run.filter_map(|name| select::one(project, &Selection::one(&name)).ok());
    plans.extend(run.filter_map(|name| context.plan(project, &name, &[]).ok()));
    let mut found = Vec::new();
    for plan in plans.iter().filter(|plan| has_engine(plan)) {
        let names = plan.stages.iter().map(|s| plan.image_name(s, "latest"));
        found.extend(names.filter_map(|name| problems.keep(Reference::parse(&name))));
    }
    problems.or(found)
}

fn has_engine(plan: &Plan) -> bool {
    Engine::by_name(&plan.runner).is_some()
}

/// What went from the registry, and what stayed and why.
fn pushed(registry: &str, found: &Found, dry_run: bool) -> String {
    let (verb, mut text) = (verb(dry_run), String::new());
    for image in &found.go {
        for (at, name) in image.names.iter().enumerate() {
            let bytes = if at == 0 { image.bytes } else { 0 };
            text += &format!("registry: {verb} {name} ({})\n", size::shown(bytes));
        }
    }
    for kept in &found.kept {
        text += &format!("registry: kept {kept}\n");
    }
    let images = counted("image", found.go.len());
    let frees = frees(found.go.iter().map(|image| image.bytes).sum(), dry_run);
    text + &format!("registry: {verb} {images} of {registry}; {frees}\n")
}

fn verb(dry_run: bool) -> &'static str {
    if dry_run { "would remove" } else { "removed" }
}

/// Removes environments' own trees; says so, or nothing where there are none.
fn own_trees(folder: &Folder, args: &CleanArgs, context: &Context) -> String {
    let owner = Owner::this("clean", context.host.pid).to_string();
    let (verb, mut text, mut bytes, mut count) = (verb(args.dry_run), String::new(), 0, 0);
    for tree in trees::find(folder, args.older) {
        let env = &tree.env;
        let removed = if args.dry_run {
            Ok(())
        } else {
            trees::remove(folder, env, &owner)
        };
        match removed {
            Ok(()) => {
                text += &format!(
                    "local: {verb} the tree of {env} ({})\n",
                    size::shown(tree.bytes)
                );
                (bytes, count) = (bytes + tree.bytes, count + 1);
            }
            Err(problem) => text += &format!("local: kept the tree of {env}: {}\n", problem.title),
        }
    }
    if count > 0 {
        let trees = counted("tree", count);
        text += &format!("local: {verb} {trees}, {}\n", frees(bytes, args.dry_run));
    }
    text
}

fn frees(bytes: u64, dry_run: bool) -> String {
    let verb = if dry_run { "would free" } else { "freed" };
    format!("{verb} {}", size::shown(bytes))
}

/// What went, what stayed and why, the counts, and how much room that makes.
fn text(engine: Engine, found: &Leftovers, dry_run: bool) -> String {
    let (engine, verb) = (engine.name(), verb(dry_run));
    let mut text = String::new();
    for image in &found.images {
        for (at, name) in image.names.iter().enumerate() {
            let bytes = if at == 0 { image.bytes } else { 0 };
            text += &format!("{engine}: {verb} {name} ({})\n", size::shown(bytes));
        }
    }
    for cache in &found.caches {
        text += &format!("{engine}: {verb} the cache {cache}\n");
    }
    for kept in &found.kept {
        text += &format!("{engine}: kept {kept}\n");
    }
    let (stay, go): (Vec<_>, Vec<_>) = found.images.iter().partition(|image| image.stays);
    let mut images = counted("image", go.len());
    if !stay.is_empty() {
        let names: usize = stay.iter().map(|image| image.names.len()).sum();
        images += &format!(", {} of images that stay", counted("name", names));
    }
    let containers = counted("container", found.containers.len());
    let frees = frees(found.bytes(), dry_run);
    text + &format!("{engine}: {verb} {images}, {containers}; {frees}\n")
}
