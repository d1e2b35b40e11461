//! `runenv dockerfile ENV`: the environment as a Dockerfile that needs no runenv. Starts no process.

use clap::Args;

use super::select::{self, Selection};
use super::{Context, Exit};
use crate::plan::dockerfile::{self, files};

#[derive(Clone, Debug, Args)]
pub(crate) struct DockerfileArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// Words for `{posargs}`
    #[arg(last = true, value_name = "POSARGS")]
    posargs: Vec<String>,
}

pub(crate) fn exec(args: DockerfileArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    let name = select::one(&project, &Selection::one(&args.env))?;
    let plan = context.plan(&project, &name, &args.posargs)?;
    dockerfile::image(&plan)?;
    let stages = plan.stages.iter();
    let files = stages.map(|stage| files::read(&project.root, &stage.copy));
    let files = files.collect::<Result<Vec<_>, _>>()?;
    let text = dockerfile::dockerfile(&plan, &files)?.to_string();
    context.out.result(&text);
    Ok(0)
}
