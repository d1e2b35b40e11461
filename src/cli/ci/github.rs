//! `runenv ci github`: writes the workflows, or says whether they are current. Starts no process.

use clap::Args;

use super::super::select::Selection;
use super::super::{Context, Exit};
use super::write::{self, Event, Starts, Written, event};
use crate::ci::github::{self, MADE};
use crate::ci::pipeline::{GITHUB_TOKEN, Pipeline, TIME_LIMIT};
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
    context.out.problems(&warnings(&project, &pipeline));
    let asked = write::asked(&args.selection, args.stale, &pipeline)?;
    let written = Written {
        verb: "runenv ci github",
        words: &asked.words,
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

/// What will not go as it is written.
fn warnings(project: &Project, pipeline: &Pipeline) -> Problems {
    let table = project.file.ci.as_ref();
    let steps = table.iter().flat_map(|table| &table.steps_before).flatten();
    let left_out = |step: &Spanned<Step>| {
        let (title, help) = github::left_out(step.get_ref())?;
        Some(Problem::warning(title, help).place(project.place(step.span())))
    };
    let mut all: Vec<Problem> = steps.clone().filter_map(left_out).collect();
    if !pipeline.labels().any(is_hosted) {
        return Problems(all);
    }
    if !steps
        .clone()
        .any(|step| step.get_ref().text().contains("runenv"))
    {
        let title = "no step of `[ci] steps-before` installs runenv, and GitHub's own machines do not have it";
        let help = "docs/ci.md has the ways: \"How a job gets runenv\"";
        all.push(Problem::warning(title, help));
    }
    if let Some(limit) = table.and_then(|table| table.time_limit.as_ref())
        && pipeline.time_limit > TIME_LIMIT
    {
        let title = "GitHub's own machines end a job after 6 h, whatever `time-limit` says";
        let help = "write 6 h or less, or `runs-on` with machines of your own";
        all.push(Problem::warning(title, help).place(project.place(limit.span())));
    }
    Problems(all)
}

/// A label of machines that are GitHub's (docs.github.com: GitHub-hosted runners).
fn is_hosted(label: &str) -> bool {
    let systems = ["ubuntu-", "macos-", "windows-"];
    systems.iter().any(|system| label.starts_with(system))
}

/// Mistakes of `[ci]` that are none for other CI systems.
fn refused(project: &Project) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let Some(table) = &project.file.ci else {
        return Ok(());
    };
    for step in table.steps_before.iter().flatten() {
        if let Some(problem) = github::refused(step.get_ref()) {
            problems.push(problem.place(project.place(step.span())));
        }
    }
    for event in table.labels.iter().flatten().map(|(event, _)| event) {
        if let Some((name, help)) = REFUSED.iter().find(|(name, _)| name == event.get_ref()) {
            let title = format!("`{name}` does not start these workflows");
            problems.push(Problem::new(title, *help).place(project.place(event.span())));
        }
    }
    let password = table
        .login
        .as_ref()
        .and_then(|login| login.password.as_ref());
    if let Some(name) = password.filter(|name| is_reserved(name.get_ref())) {
        let title = format!("`{}` can be no secret's name", name.get_ref());
        let help = "GitHub keeps names that begin with `GITHUB_` for itself: there is `GITHUB_TOKEN` alone";
        problems.push(Problem::new(title, help).place(project.place(name.span())));
    }
    problems.none().map(|_| ())
}

fn is_reserved(secret: &str) -> bool {
    secret.starts_with("GITHUB_") && secret != GITHUB_TOKEN
}
