//! `runenv context ENV STAGE`: the tar that a stage's container gets, on stdout: a plan's lines can be pasted.

use clap::Args;

use super::select::{self, Selection};
use super::{Context, Exit};
use crate::plan::copy::delivery::{Copies, Delivery};
use crate::plan::copy::{FileCache, Manifest, TarError};
use crate::problem::{Problem, Problems};
use crate::run::folder::Folder;

#[derive(Clone, Debug, Args)]
pub(crate) struct ContextArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// The stage
    #[arg(value_name = "STAGE")]
    stage: String,
}

pub(crate) fn exec(args: ContextArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    let name = select::one(&project, &Selection::one(&args.env))?;
    let plan = context.plan(&project, &name, &[])?;
    let stage = plan.stage(&args.stage)?;
    let mut cache = FileCache::open(
        &project.root,
        Folder::of(&project.root).path(),
        context.host.cpus,
    );
    let manifest = Manifest::collect(&project.root, &stage.copy, &mut cache)?;
    let delivery = Delivery::whole(Copies {
        stage: &stage.name,
        workdir: &stage.workdir,
        files: &manifest,
    });
    let sent = context
        .out
        .bytes(|out| match delivery.write_tar(&project.root, out) {
            Ok(()) => Ok(None),
            Err(changed @ TarError::Changed(_)) => Ok(Some(changed.to_string())),
            Err(TarError::Write(error)) => Err(error),
        });
    match sent.flatten() {
        None => Ok(0),
        Some(changed) => Err(Problems::from(Problem::engine(
            changed,
            "write the context again",
        ))),
    }
}
