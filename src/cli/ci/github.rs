//! `runenv ci github`: writes the workflows, or says whether they are current. Starts no process.

use clap::Args;

use super::super::select::Selection;
use super::super::{Context, Exit};
use super::write::{self, Event, Starts, Written, event};
use crate::ci::github::{self, MADE};
use crate::config::file::shape::Step;
use crate::config::{Project, Spanned};
use crate::problem::{Problem, Problems};

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
const EVENTS: [Event; 7] = [
    event("push", &["push"], Starts::Unlabelled),
    event("pull_request", &["pull_request"], Starts::Unlabelled),
    event("merge_group", &["merge_group"], Starts::Labelled),
    event("release", &["release"], Starts::Labelled),
    event(
        "repository_dispatch",
        &["repository_dispatch"],
        Starts::Labelled,
    ),
    event("schedule", &["schedule"], Starts::Scheduled),
    event("workflow_dispatch", &["workflow_dispatch"], Starts::Always),
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

pub(super) fn exec(args: GithubArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    refused(&project)?;
    let pipeline = write::pipeline(&project, &args.selection, &EVENTS, context)?;
    context.out.problems(&left_out(&project));
    let asked = write::asked(&args.selection, args.stale, &pipeline)?;
    let written = Written {
        verb: "runenv ci github",
        made: MADE,
        name: "workflows",
        files: &github::files(&pipeline, &asked),
    };
    if args.check {
        return written.check(&project.root, context);
    }
    written.write(&project.root, context)?;
    Ok(0)
}

/// Steps that are for other CI systems.
fn left_out(project: &Project) -> Problems {
    let steps = project.file.ci.iter().flat_map(|table| &table.steps_before);
    let warning = |step: &Spanned<Step>| {
        let (title, help) = github::left_out(step.get_ref())?;
        Some(Problem::warning(title, help).place(project.place(step.span())))
    };
    Problems(steps.flatten().filter_map(warning).collect())
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
