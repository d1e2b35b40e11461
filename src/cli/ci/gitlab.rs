//! `runenv ci gitlab`: writes the pipelines, or says whether they are current. Starts no process, but with `--print-stale`
//! what `list --stale` starts.

use clap::Args;

use super::super::select::Selection;
use super::super::stale::StaleArgs;
use super::super::{Context, Exit, INTERRUPTED};
use super::write::{self, Event, Starts, Written, event};
use crate::ci::gitlab::{self, MADE, MOST_CHILDREN, PARENT};
use crate::ci::pipeline::{self, Chosen, Pipeline};
use crate::ci::shape::Shape;
use crate::config::Project;
use crate::config::file::shape::RunsOn;
use crate::config::file::{CiTable, Text};
use crate::config::listed::Entry;
use crate::files;
use crate::problem::{Problem, Problems};

#[derive(Clone, Debug, Args)]
pub(super) struct GitlabArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Say whether the files are current, and write nothing: exit code 1 if they are not
    #[arg(long)]
    check: bool,
    /// A first job finds out of which environments a stage would run: others are left out
    #[arg(long)]
    stale: bool,
    /// Print the pipeline of those of which a stage would run: what the job of --stale calls
    #[arg(long, conflicts_with_all = ["check", "stale"])]
    print_stale: bool,
}

/// What starts a pipeline: values of `CI_PIPELINE_SOURCE`.
const EVENTS: [Event; 6] = [
    event("push", &["push"], Starts::Unlabelled),
    event(
        "merge_request_event",
        &["merge_request_event", "pull_request"],
        Starts::Unlabelled,
    ),
    event("schedule", &["schedule"], Starts::Scheduled),
    event("web", &["web", "workflow_dispatch"], Starts::Always),
    event("api", &["api"], Starts::Labelled),
    event(
        "trigger",
        &["trigger", "repository_dispatch"],
        Starts::Labelled,
    ),
];
/// The project's own pipeline, and what it includes.
const OWN: &str = ".gitlab-ci.yml";
/// Nobody writes a longer one.
const MOST_BYTES: u64 = 1_000_000;

pub(super) fn exec(args: GitlabArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    refused(&project)?;
    if args.print_stale {
        return print_stale(&args, &project, context);
    }
    let pipeline = write::pipeline(&project, &args.selection, &EVENTS, context)?;
    context.out.problems(&warnings(&project, &pipeline));
    name_fits(&pipeline)?;
    let asked = write::asked(&args.selection, args.stale, &pipeline)?;
    let written = Written {
        verb: "runenv ci gitlab",
        words: &asked.words,
        made: MADE,
        name: "pipelines",
        files: &gitlab::files(&pipeline, &asked),
    };
    if args.check {
        return written.check(&project.root, context);
    }
    written.write(&project.root, context)?;
    own(&project, context)?;
    Ok(0)
}

/// GitLab makes no pipeline where a job's name is too long.
fn name_fits(pipeline: &Pipeline) -> Result<(), Problem> {
    let Some((env, length)) = gitlab::too_long(pipeline) else {
        return Ok(());
    };
    let title = format!(
        "the job of `{env}` would have a name of {length} characters: GitLab takes 255, and makes no pipeline then"
    );
    let help = "the name lists what is not usual of its stages: shorten their names, or let fewer of them follow";
    Err(Problem::new(title, help))
}

/// A project without a pipeline gets one that includes ours; else it is said what to put there.
fn own(project: &Project, context: &Context) -> Result<(), Problem> {
    let include = format!("include:\n  - local: {PARENT}\n");
    let path = project.root.join(OWN);
    if !files::is_there(&path) {
        files::write_if_changed(&path, include.as_bytes())?;
        context.out.result(&format!("{OWN}\n"));
    } else if !files::read_text(&path, MOST_BYTES)?.contains(PARENT) {
        context
            .out
            .tell(&format!("put this into {OWN}:\n{include}"));
    }
    Ok(())
}

/// The pipeline of what would run now.
fn print_stale(args: &GitlabArgs, project: &Project, context: &mut Context) -> Exit {
    let selected = context.selected(project, &args.selection)?;
    let shape = Shape::of(project, &selected)?;
    let entries: Vec<&Entry> = selected.iter().filter(|e| shape.takes(e)).collect();
    let Some(entries) = StaleArgs::asking().of(entries, project, context)? else {
        return Ok(INTERRUPTED);
    };
    let entries = entries.into_iter().cloned().collect();
    let all = Chosen {
        label: None,
        events: Vec::new(),
        entries,
    };
    let pipeline = pipeline::pipeline(&shape, &[all])?;
    context.out.result(&gitlab::started(&pipeline));
    Ok(0)
}

/// Mistakes of `[ci]` that are none for other CI systems.
fn refused(project: &Project) -> Result<(), Problems> {
    let mut problems = Problems::default();
    let Some(table) = &project.file.ci else {
        return Ok(());
    };
    for step in table.steps_before.iter().flatten() {
        if let Some((title, help)) = gitlab::refused(step.get_ref()) {
            problems.push(Problem::new(title, help).place(project.place(step.span())));
        }
    }
    for label in labels(table) {
        if label.get_ref().contains(['$', '%']) {
            let title = "a label that GitLab would put variables into";
            let help = "labels by architecture are without `$` and `%`";
            problems.push(Problem::new(title, help).place(project.place(label.span())));
        }
    }
    problems.none().map(|_| ())
}

/// Labels of runners by architecture.
fn labels(table: &CiTable) -> impl Iterator<Item = &Text> {
    let by = table
        .runs_on
        .as_ref()
        .and_then(|runs_on| match runs_on.get_ref() {
            RunsOn::Label(_) => None,
            RunsOn::ByArchitecture(labels) => Some(labels.values()),
        });
    by.into_iter().flatten()
}

/// What GitLab does not do.
fn warnings(project: &Project, pipeline: &Pipeline) -> Problems {
    let mut all = Vec::new();
    let table = project.file.ci.as_ref();
    for step in table.iter().flat_map(|table| &table.steps_before).flatten() {
        if let Some((title, help)) = gitlab::left_out(step.get_ref()) {
            all.push(Problem::warning(title, help).place(project.place(step.span())));
        }
    }
    let jobs = table.and_then(|table| table.jobs.as_ref()?.get(1));
    if let Some(second) = jobs.filter(|_| !pipeline.shares) {
        let title = "`jobs` needs a registry: without one an environment's stages run in one job";
        let help = "say where stages are handed on: `[registry]` with `repository = \"registry.gitlab.com/group/project\"`";
        all.push(Problem::warning(title, help).place(project.place(second.span())));
    }
    let most = pipeline.sets.iter().map(|set| set.cells.len()).max();
    if let Some(most) = most.filter(|most| *most > MOST_CHILDREN) {
        let title = format!(
            "{most} environments: GitLab starts {MOST_CHILDREN} pipelines from one, where no administrator says otherwise"
        );
        let help = "let events run fewer: `[ci] labels`; or ask for a larger `pipeline_hierarchy_size` there";
        all.push(Problem::warning(title, help));
    }
    Problems(all)
}
