//! `runenv logs ENV [STAGE]`: the exact bytes of the last run's logs, on stdout; in a job of GitHub no line of them acts.

use std::path::PathBuf;

use clap::Args;

use super::select::{self, Selection};
use super::{Context, Exit};
use crate::files;
use crate::nearest;
use crate::problem::Problem;
use crate::run::folder::Folder;

#[derive(Clone, Debug, Args)]
pub(crate) struct LogsArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// One stage's log alone
    #[arg(value_name = "STAGE")]
    stage: Option<String>,
}

pub(crate) fn exec(args: LogsArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    let name = select::one(&project, &Selection::one(&args.env))?;
    let folder = Folder::of(&project.root).env(&name.to_string());
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for entry in std::fs::read_dir(folder.path().join("log"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let file = entry.file_name().to_string_lossy().into_owned();
        if let Some(stage) = file
            .strip_suffix(".log")
            .and_then(|f| f.split_once('-'))
            .map(|(_, stage)| stage.to_owned())
        {
            found.push((stage, entry.path()));
        }
    }
    found.sort_by(|a, b| a.1.cmp(&b.1));
    if found.is_empty() {
        let title = format!("no logs of `{name}`");
        return Err(Problem::new(title, format!("run it first: `runenv run {name}`")).into());
    }
    if let Some(stage) = &args.stage
        && !found.iter().any(|(name, _)| name == stage)
    {
        let known = found.iter().map(|(stage, _)| stage.as_str());
        return Err(Problem::new(
            format!("no log of the stage `{stage}` of `{name}`"),
            nearest::advice(stage, "stages with a log", known),
        )
        .into());
    }
    for (stage, path) in found
        .iter()
        .filter(|(stage, _)| args.stage.as_ref().is_none_or(|s| s == stage))
    {
        if args.stage.is_none() {
            context.out.result(&format!("==> {stage} <==\n"));
        }
        context.out.log(&files::read(path)?);
    }
    Ok(0)
}
