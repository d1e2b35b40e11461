//! `runenv clean`: removes this project's images and what dead runs left, on every engine that answers, and environments'
//! own trees.

use std::time::Duration;

use clap::Args;

use super::{Context, Exit, engines};
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::nearest::counted;
use crate::plan::image::Registries;
use crate::run::clean::{self, Leftovers, Named};
use crate::run::containers::call::Calls;
use crate::run::folder::Folder;
use crate::run::local::trees;
use crate::run::{owner, project_id};
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
    /// Only on this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
}

pub(crate) fn exec(args: CleanArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let folder = Folder::of(&project.root);
    let id = project_id::of(&project, &folder)?;
    let cancel = Cancel::install();
    let table = project.file.registry.as_ref();
    let registries = table.map(Registries::of).unwrap_or_default();
    let asked = args.engine;
    let mut answered = false;
    for engine in Engine::ALL {
        if asked.is_some_and(|asked| asked != engine) {
            continue;
        }
        let calls = Calls::new(engine, &cancel);
        let of = Named {
            project: &project.name,
            id: &id,
            registries: &registries,
        };
        let mut found = match clean::find(&calls, &of, args.older) {
            Ok(found) => found,
            // An engine that is not there has nothing of ours; one that was named must answer.
            Err(problem) if asked.is_some() => return Err(problem.into()),
            Err(_) => continue,
        };
        answered = true;
        if !args.dry_run {
            clean::remove(&calls, &mut found)?;
        }
        context.out.tell(&text(engine, &found, args.dry_run));
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

fn verb(dry_run: bool) -> &'static str {
    if dry_run { "would remove" } else { "removed" }
}

/// Removes environments' own trees; says so, or nothing where there are none.
fn own_trees(folder: &Folder, args: &CleanArgs, context: &Context) -> String {
    let owner = owner::this("clean", context.host.pid);
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
    let images = counted("image", found.images.len());
    let containers = counted("container", found.containers.len());
    let frees = frees(found.bytes(), dry_run);
    text + &format!("{engine}: {verb} {images}, {containers}; {frees}\n")
}
