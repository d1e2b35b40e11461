//! `runenv load FILE…`: gives an engine the stages that `runenv save` wrote to files.

use std::path::PathBuf;

use clap::Args;

use super::{Context, Exit, INTERRUPTED, engines};
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::problem::{Problem, Problems};
use crate::run::containers::call::Calls;
use crate::run::folder::Folder;
use crate::run::ours::Ours;
use crate::run::saved::load::{self, Checked};
use crate::size;

#[derive(Clone, Debug, Args)]
pub(crate) struct LoadArgs {
    /// Files that `runenv save` wrote in this project
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Give them to this engine, and not to the one that they are from
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
}

pub(crate) fn exec(args: LoadArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let ours = Ours::of(&project, &Folder::of(&project.root))?;
    let (mut all, mut problems) = (Vec::new(), Problems::default());
    for path in &args.files {
        let checked = load::check(&context.host.cwd.join(path), &ours);
        let checked = checked.and_then(|checked| Ok((engine(&checked, &args)?, checked)));
        all.extend(problems.keep(checked));
    }
    problems.none()?;
    let cancel = Cancel::install();
    for (engine, checked) in all {
        let (stages, path) = (checked.stages(), checked.path());
        let mut say = |bytes, of| {
            let (bytes, of) = (size::shown(bytes), size::shown(of));
            let text = format!("… still loading {}: {bytes} of {of}\n", path.display());
            context.out.tell(&text);
        };
        checked.load(&Calls::new(engine, &cancel), &ours, &mut say)?;
        if cancel.requested() {
            return Ok(INTERRUPTED);
        }
        context
            .out
            .tell(&format!("loaded into {}: {stages}\n", engine.name()));
    }
    Ok(0)
}

/// The engine that gets a file.
fn engine(checked: &Checked, args: &LoadArgs) -> Result<Engine, Problem> {
    args.engine.or_else(|| checked.engine()).ok_or_else(|| {
        let title = format!(
            "`{}` does not say which engine it is from",
            checked.path().display()
        );
        Problem::new(title, "say which engine gets it: `--engine docker`")
    })
}
