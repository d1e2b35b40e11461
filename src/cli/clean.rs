//! `runenv clean`: removes this project's images and what dead runs left, on every engine that answers.

use clap::Args;

use super::{Context, Exit, engines};
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::nearest::counted;
use crate::run::clean::{self, Leftovers};
use crate::run::containers::call::Calls;
use crate::run::folder::Folder;
use crate::run::project_id;

#[derive(Clone, Debug, Args)]
pub(crate) struct CleanArgs {
    /// Say what would be removed, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Only on this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
}

pub(crate) fn exec(args: CleanArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let id = project_id::of(&project, &Folder::of(&project.root))?;
    let cancel = Cancel::install();
    let asked = args.engine;
    let mut answered = false;
    for engine in Engine::ALL {
        if asked.is_some_and(|asked| asked != engine) {
            continue;
        }
        let calls = Calls {
            engine,
            cancel: &cancel,
        };
        let mut found = match clean::find(&calls, &project.name, &id) {
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
    if !answered {
        context.out.tell("no engine answers: nothing to clean");
    }
    Ok(0)
}

/// What went, what stayed and why, and the counts.
fn text(engine: Engine, found: &Leftovers, dry_run: bool) -> String {
    let engine = engine.name();
    let verb = if dry_run { "would remove" } else { "removed" };
    let mut text = String::new();
    for (name, _) in &found.images {
        text += &format!("{engine}: {verb} {name}\n");
    }
    for kept in &found.kept {
        text += &format!("{engine}: kept {kept}\n");
    }
    let images = counted("image", found.images.len());
    let containers = counted("container", found.containers.len());
    text + &format!("{engine}: {verb} {images}, {containers}\n")
}
