//! `runenv clean`: removes this project's images and what dead runs left, on every engine that answers.

use clap::Args;

use super::{Context, Exit};
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::nearest::counted;
use crate::run::call::Calls;
use crate::run::folder::Folder;
use crate::run::{clean, project_id};

#[derive(Clone, Debug, Args)]
pub(crate) struct CleanArgs {
    /// Say what would be removed, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Only on this engine
    #[arg(long, value_name = "ENGINE", value_parser = ["docker", "podman"], env = "RUNENV_ENGINE")]
    engine: Option<String>,
}

pub(crate) fn exec(args: CleanArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let id = project_id::of(&project, &Folder::of(&project.root))?;
    let cancel = Cancel::install();
    let (asked, mut answered) = (args.engine.as_deref().and_then(Engine::by_name), 0);
    for engine in Engine::ALL
        .into_iter()
        .filter(|e| asked.is_none_or(|a| a == *e))
    {
        let calls = Calls {
            engine,
            cancel: &cancel,
        };
        let mut found = match clean::find(&calls, &id) {
            Ok(found) => found,
            // An engine that is not there has nothing of ours; one that was named must answer.
            Err(problem) if asked.is_some() => return Err(problem.into()),
            Err(_) => continue,
        };
        answered += 1;
        if !args.dry_run {
            clean::remove(&calls, &mut found)?;
        }
        let verb = if args.dry_run {
            "would remove"
        } else {
            "removed"
        };
        for (name, _) in &found.images {
            context
                .out
                .tell(&format!("{}: {verb} {name}\n", engine.name()));
        }
        for kept in &found.kept {
            context
                .out
                .tell(&format!("{}: kept {kept}\n", engine.name()));
        }
        let (images, containers) = (
            counted("image", found.images.len()),
            counted("container", found.containers.len()),
        );
        context.out.tell(&format!(
            "{}: {verb} {images}, {containers}\n",
            engine.name()
        ));
    }
    if answered == 0 {
        context.out.tell("no engine answers: nothing to clean\n");
    }
    Ok(0)
}
