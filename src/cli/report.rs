//! `runenv report [RESULTS…]`: the results of runs, also of many jobs on many machines, as one report.
//!
//! Reads what runs left; starts nothing, and needs no envs.toml where paths are given.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Context, Exit, reports};
use crate::config;
use crate::files;
use crate::problem::{Problem, Problems};
use crate::report::compare::Changes;
use crate::report::{grid, html, junit, style};
use crate::run::folder::Folder;
use crate::run::results::RunResult;
use crate::run::results::{find, merge};

#[derive(Clone, Debug, Args)]
pub(crate) struct ReportArgs {
    /// Files of results, and folders that are searched for them; without any this project's `.runenv`
    #[arg(value_name = "RESULTS")]
    results: Vec<PathBuf>,
    /// Write the report to this file as one page that needs no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Say what is different from these results of a run before: files or folders as RESULTS; may be repeated
    #[arg(long, value_name = "OLD")]
    baseline: Vec<PathBuf>,
    /// Write to this file what a later run is to be compared with: these results, and of environments that are not in
    /// them those of `--baseline`, which may be the same file
    #[arg(long, value_name = "FILE")]
    save_baseline: Option<PathBuf>,
    /// Write the report to this file as JUnit's XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// No results are no mistake
    #[arg(long)]
    allow_empty: bool,
    /// Print JSON, in the form of `run --result-json` (docs/reference/json.md)
    #[arg(long)]
    json: bool,
}

pub(crate) fn exec(args: ReportArgs, context: &mut Context) -> Exit {
    let (run, broken) = merged(&args.results, args.allow_empty, context)?;
    let old = if args.baseline.is_empty() {
        None
    } else {
        let (old, broken) = merged(&args.baseline, false, context)?;
        broken.none()?;
        Some(old)
    };
    let changes = old.as_ref().map(|old| Changes::of(&run, old));
    if let Some(path) = reports::summary_file(context)
        && let Err(warning) = reports::summarize(&path, &run)
    {
        context.out.problems(&Problems(vec![warning]));
    }
    if let Some(path) = &args.html {
        write(path, &html::render(&run, changes.as_ref()), context)?;
    }
    if let Some(path) = &args.junit {
        write(path, &junit::render(&run), context)?;
    }
    if let Some(path) = &args.save_baseline {
        let known = merge::renewed(old.unwrap_or_default(), &run);
        write(path, &known.json(), context)?;
    }
    if args.json {
        context.out.result(&run.json());
    } else {
        let host = &context.host;
        let choice = context.global.color.as_deref();
        let colour = style::colour(choice, host, host.stdout_is_terminal);
        context
            .out
            .shown(&grid::render(&run, changes.as_ref(), colour));
    }
    // What could be read is reported all the same.
    broken.none()?;
    Ok(run.exit_code)
}

/// The results of these paths, or of this project, as one, and what of them cannot be read; nothing else is an error.
fn merged(
    paths: &[PathBuf],
    allow_empty: bool,
    context: &Context,
) -> Result<(RunResult, Problems), Problems> {
    let cwd = &context.host.cwd;
    let mut paths: Vec<PathBuf> = paths.iter().map(|path| cwd.join(path)).collect();
    if paths.is_empty() {
        paths.push(here(context)?);
    }
    match find::read(&paths) {
        (envs, broken) if envs.is_empty() && !broken.0.is_empty() => Err(broken),
        (envs, _) if envs.is_empty() && !allow_empty => {
            let paths: Vec<String> = paths.iter().map(|p| format!("`{}`", p.display())).collect();
            let title = format!("no results in {}", paths.join(", "));
            let help = "runs leave them in `.runenv`, and where `--result-json` says";
            Err(Problem::new(title, help).into())
        }
        (envs, broken) => Ok((merge::merge(envs), broken)),
    }
}

/// `.runenv` of this folder's project.
fn here(context: &Context) -> Result<PathBuf, Problem> {
    let cwd = &context.host.cwd;
    let root = if let Some(root) = &context.global.root {
        cwd.join(root)
    } else {
        let file = config::discover(context.global.config.as_deref(), cwd)?;
        file.parent().unwrap_or(cwd).to_owned()
    };
    let folder = Folder::of(&root).path().to_owned();
    if files::is_there(&folder) {
        return Ok(folder);
    }
    let title = format!("nothing was run here: there is no `{}`", folder.display());
    let help = "run something first, or say where results are: `runenv report FOLDER`";
    Err(Problem::new(title, help))
}

fn write(path: &Path, text: &str, context: &Context) -> Result<(), Problem> {
    let path = context.host.cwd.join(path);
    files::make_way(&path)?;
    files::write_to(&path, text.as_bytes())
}
