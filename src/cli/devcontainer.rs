//! `runenv devcontainer ENV`: the environment as a devcontainer.json that needs no runenv. Starts no process.

use clap::Args;

use super::select::{self, Selection};
use super::{Context, Exit};
use crate::json;
use crate::plan::devcontainer;

#[derive(Clone, Debug, Args)]
pub(crate) struct DevcontainerArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// Run the stages up to this one in a new container; without it those before the first that copies files
    #[arg(long, value_name = "STAGE")]
    to: Option<String>,
    /// Words for `{posargs}`
    #[arg(last = true, value_name = "POSARGS")]
    posargs: Vec<String>,
}

pub(crate) fn exec(args: DevcontainerArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    let name = select::one(&project, &Selection::one(&args.env))?;
    let plan = context.plan(&project, &name, &args.posargs)?;
    let file = devcontainer::devcontainer(&plan, args.to.as_deref())?;
    context.out.problems(&devcontainer::left_out(&plan));
    context.out.result(&json::text(&file));
    Ok(0)
}
