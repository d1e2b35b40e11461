//! `runenv ci github`: writes the workflows, or says whether they are current. Starts no process.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::super::select::Selection;
use super::super::{Context, Exit};
use crate::ci::github::{self, Asked, MADE};
use crate::ci::pipeline::{self, Chosen};
use crate::ci::shape::Shape;
use crate::config::Project;
use crate::config::listed::Entry;
use crate::files;
use crate::problem::{Problem, Problems};
use crate::quote;
use crate::report::difference;

#[derive(Clone, Debug, Args)]
pub(super) struct GithubArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Say whether the files are current, and write nothing: exit code 1 if they are not
    #[arg(long)]
    check: bool,
    /// A first job finds out of which environments a stage would run: others are left out
    #[arg(long)]
    stale: bool,
}

/// What starts a workflow, in the order of the files.
const EVENTS: [&str; 7] = [
    "push",
    "pull_request",
    "merge_group",
    "release",
    "repository_dispatch",
    "schedule",
    "workflow_dispatch",
];
/// Events that are no start of these workflows, and what to do.
const REFUSED: [(&str, &str); 2] = [
    (
        "pull_request_target",
        "it gives secrets to what a fork sends: write `pull_request`",
    ),
    (
        "workflow_call",
        "call the written workflow of one environment from a workflow of your own",
    ),
];
/// No file that is written is larger.
const MOST_BYTES: u64 = 16_000_000;

pub(super) fn exec(args: GithubArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    if args.selection.asks_results() {
        let title = "`--failed` asks what happened on this machine, and the files depend on envs.toml alone";
        return Err(Problem::new(title, "leave it out").into());
    }
    refused(&project)?;
    let selected = context.selected(&project, &args.selection)?;
    let shape = Shape::of(&project, &selected)?;
    let chosen = chosen(&project, &args.selection, &selected)?;
    let pipeline = pipeline::pipeline(&shape, &chosen)?;
    if pipeline.sets.iter().all(|set| set.cells.is_empty()) {
        return Err(super::none_taken().into());
    }
    let asked = asked(&args)?;
    let files = github::files(&pipeline, &asked);
    if args.check {
        return check(&project.root, &files, context);
    }
    for (path, _) in &files {
        ours(&project.root, path)?;
    }
    for (path, text) in &files {
        let whole = project.root.join(path);
        whole.parent().map_or(Ok(()), files::make_folder)?;
        files::write_if_changed(&whole, text.as_bytes())?;
        context.out.result(&format!("{path}\n"));
    }
    Ok(0)
}

/// How the files are asked for.
fn asked(args: &GithubArgs) -> Result<Asked, Problem> {
    let mut words = String::new();
    for word in args.selection.again() {
        words += &format!(" {}", quote::word(&word));
    }
    if args.stale {
        words += " --stale";
    }
    let stale = args.stale.then(|| args.selection.variables()).transpose()?;
    Ok(Asked { words, stale })
}

/// Mistakes of `[ci]` that are none for other CI systems.
fn refused(project: &Project) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let Some(table) = &project.file.ci else {
        return Ok(());
    };
    for step in table.steps_before.iter().flatten() {
        if let Some((title, help)) = github::refused(step.get_ref()) {
            problems.push(Problem::new(title, help).place(project.place(step.span())));
        }
    }
    for event in table.labels.iter().flatten().map(|(event, _)| event) {
        if let Some((name, help)) = REFUSED.iter().find(|(name, _)| name == event.get_ref()) {
            let title = format!("`{name}` does not start these workflows");
            problems.push(Problem::new(title, *help).place(project.place(event.span())));
        }
    }
    problems.none().map(|_| ())
}

/// Which environments each event runs: those of its label; without one all that are selected.
fn chosen(
    project: &Project,
    selection: &Selection,
    selected: &[Entry],
) -> Result<Vec<Chosen>, Problem> {
    if let Some(part) = selected.iter().find(|e| e.name.to.is_some()) {
        let title = format!("`{}` goes only up to a stage", part.written);
        let help = format!("jobs run whole environments: `{}`", part.canonical);
        return Err(Problem::new(title, help));
    }
    let table = project.file.ci.clone().unwrap_or_default();
    let labels = table.labels.unwrap_or_default();
    let label = |event: &str| labels.get(event).map(|label| label.get_ref().clone());
    let any = EVENTS.iter().any(|event| label(event).is_some());
    let cron = !project.texts(table.schedule.as_ref()).is_empty();
    let starts = |event: &&str| match *event {
        "schedule" => cron,
        "workflow_dispatch" => true,
        "push" | "pull_request" if !any => true,
        event => label(event).is_some(),
    };
    let mut all: Vec<Chosen> = Vec::new();
    for event in EVENTS.iter().filter(|event| starts(event)) {
        let label = label(event);
        if let Some(set) = all.iter_mut().find(|set| set.0 == label) {
            set.1.push((*event).to_owned());
            continue;
        }
        let entries = match &label {
            None => selected.to_vec(),
            Some(label) => labelled(project, label, selection, selected),
        };
        all.push((label, vec![(*event).to_owned()], entries));
    }
    Ok(all)
}

/// The environments of a label; of a selection those that have it.
fn labelled(
    project: &Project,
    label: &str,
    selection: &Selection,
    selected: &[Entry],
) -> Vec<Entry> {
    let selected: BTreeSet<&str> = selected.iter().map(|e| e.canonical.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut all = project.listed.labelled(label);
    all.retain(|e| selection.bare() || selected.contains(e.canonical.as_str()));
    all.retain(|e| seen.insert(e.canonical.clone()));
    all
}

/// Says which lines are not as they would be written.
fn check(root: &Path, files: &[(&str, String)], context: &Context) -> Exit {
    let mut code = 0;
    for (path, text) in files {
        let whole = root.join(path);
        let old = if files::is_there(&whole) {
            files::read_text(&whole, MOST_BYTES)?
        } else {
            String::new()
        };
        if let Some(said) = difference::text(path, &old, text) {
            context.out.result(&said);
            code = 1;
        }
    }
    if code == 0 {
        context.out.tell("the workflows are current\n");
    } else {
        context.out.tell("`runenv ci github` writes them anew\n");
    }
    Ok(code)
}

/// A file that somebody wrote by hand is not replaced.
fn ours(root: &Path, path: &str) -> Result<(), Problem> {
    let whole = root.join(path);
    if !files::is_there(&whole) || files::read_text(&whole, MOST_BYTES)?.contains(MADE) {
        return Ok(());
    }
    let title = format!("`{path}` was not made by `runenv ci github`");
    Err(Problem::new(title, "move it away, or give it another name"))
}
