//! What `[ci]` means: which environments an event runs, which job runs which stages, on which machines, for how long.

use std::time::Duration;

use super::goal::{Goal, NOTHING};
use super::matrix::Cell;
use super::shape::{Shape, share};
use crate::config::file::shape::{RunsOn, Step};
use crate::config::file::{CiTable, List};
use crate::config::listed::Entry;
use crate::config::{Project, Spanned, forms};
use crate::environment::layers;
use crate::problem::{Problem, Problems};
use crate::time;

/// The machine of a job, where nothing else is said.
const MACHINE: &str = "ubuntu-latest";
/// GitHub ends a job after this time, where nothing else is said (docs.github.com/en/actions/reference/limits).
pub(crate) const TIME_LIMIT: Duration = Duration::from_secs(6 * 3600);

/// The name by which `[ci] login` means the token that GitHub gives to each job.
pub(crate) const GITHUB_TOKEN: &str = "GITHUB_TOKEN";

/// A job of the row, or one beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) goal: Goal,
}

/// An event's environments.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    /// `None`: all of them.
    pub(crate) label: Option<String>,
    pub(crate) events: Vec<String>,
    pub(crate) cells: Vec<Cell>,
}

/// How a job logs in.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) host: String,
    /// A name, or that of a secret; `None`: who started the workflow.
    pub(crate) user: Option<String>,
    pub(crate) password: String,
    /// The engine's client.
    pub(crate) client: &'static str,
}

/// All that a generated workflow depends on.
#[derive(Clone, Debug)]
pub(crate) struct Pipeline {
    pub(crate) project: String,
    pub(crate) sets: Vec<Set>,
    /// Globs of branches whose pushes count; none: all do.
    pub(crate) branches: Vec<String>,
    pub(crate) schedule: Vec<String>,
    /// Jobs in a row.
    pub(crate) jobs: Vec<Job>,
    /// Stages that run beside each other behind the last job, each where a cell lists it.
    pub(crate) follow_up: Vec<String>,
    /// Is there a registry to push to?
    pub(crate) shares: bool,
    pub(crate) login: Option<Login>,
    /// The label of every machine; `None`: a cell has its own.
    pub(crate) runs_on: Option<String>,
    /// Does the file say nothing of machines?
    pub(crate) any_machine: bool,
    pub(crate) time_limit: Duration,
    /// May a build be longer than a job? So says who wrote the limit.
    pub(crate) long: bool,
    /// Is something copied out of stages?
    pub(crate) artifacts: bool,
    pub(crate) steps_before: Vec<Step>,
    pub(crate) matrix_limit: usize,
    pub(crate) max_parallel: Option<u32>,
}

impl Login {
    /// Is it the token that GitHub gives to each job?
    pub(super) fn is_github_token(&self) -> bool {
        self.password == GITHUB_TOKEN
    }
}

impl Pipeline {
    /// Do stages follow its row of jobs?
    pub(super) fn has_follow_up(&self) -> bool {
        !self.follow_up.is_empty()
    }

    /// What cells may say of its jobs: keys, and what most environments run, `NOTHING` where that is none.
    pub(super) fn said(&self) -> impl Iterator<Item = (&str, &str)> {
        let goals = self.jobs.iter().map(|job| &job.goal);
        goals.filter_map(|goal| match goal {
            Goal::Said { key, usual } if usual.is_empty() => Some((key.as_str(), NOTHING)),
            Goal::Said { key, usual } => Some((key.as_str(), usual.as_str())),
            Goal::All | Goal::Stages(_) => None,
        })
    }

    /// After so many minutes the CI system ends a job.
    pub(super) fn minutes(&self) -> u64 {
        (self.time_limit.as_secs() / 60).max(2)
    }

    /// The labels of its machines. What is for no environment runs on the first.
    pub(crate) fn labels(&self) -> impl Iterator<Item = &str> {
        let cells = self.sets.iter().flat_map(|set| &set.cells);
        let pairs = cells.flat_map(Cell::pairs);
        let own = pairs.filter(|(key, _)| *key == "runner");
        self.runs_on
            .as_deref()
            .into_iter()
            .chain(own.map(|(_, label)| label))
    }
}

/// Which environments events run.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    /// Of which all are run; `None`: all that there are.
    pub(crate) label: Option<String>,
    pub(crate) events: Vec<String>,
    pub(crate) entries: Vec<Entry>,
}

/// The pipeline of the environments that each event runs.
pub(crate) fn pipeline(shape: &Shape<'_>, chosen: &[Chosen]) -> Result<Pipeline, Problems> {
    let (project, table) = (shape.project, &shape.table);
    let sets = sets(shape, chosen)?;
    let limit = table.time_limit.as_ref();
    let limit = limit.and_then(|text| time::parse_duration(text.get_ref()).ok());
    let texts = |list: Option<&List>| {
        let texts = project.texts(list).into_iter();
        texts.map(|(text, _)| text).collect()
    };
    let stages = shape.follow_up().into_iter();
    let steps = table.steps_before.iter().flatten();
    Ok(Pipeline {
        project: project.name.clone(),
        login: login(project, table, &sets),
        sets,
        branches: texts(table.branches.as_ref()),
        schedule: texts(table.schedule.as_ref()),
        jobs: jobs(shape),
        follow_up: stages.map(|(stage, _)| stage.get_ref().clone()).collect(),
        shares: shape.shares,
        runs_on: match table.runs_on.as_ref().map(Spanned::get_ref) {
            None => Some(MACHINE.to_owned()),
            Some(RunsOn::Label(label)) => Some(label.clone()),
            Some(RunsOn::ByArchitecture(_)) => None,
        },
        any_machine: table.runs_on.is_none(),
        time_limit: limit.unwrap_or(TIME_LIMIT),
        long: limit.is_some(),
        artifacts: artifacts(project, chosen)?,
        steps_before: steps.map(|step| step.get_ref().clone()).collect(),
        matrix_limit: shape.limit(),
        max_parallel: table.max_parallel.as_ref().map(|n| *n.get_ref()),
    })
}

/// The job of a stage that follows. No two have one: a stage's name has no `__`.
pub(super) fn follow_up_id(stage: &str) -> String {
    format!("then-{}", stage.replace('.', "__"))
}

/// The name of a secret, as they are written; a user's name is not in capitals.
pub(super) fn is_secret(name: &str) -> bool {
    forms::is_variable(name) && !name.contains(|c: char| c.is_ascii_lowercase())
}

/// The environments of each event as cells.
fn sets(shape: &Shape<'_>, chosen: &[Chosen]) -> Result<Vec<Set>, Problems> {
    let (mut sets, mut problems) = (Vec::new(), Problems::default());
    for Chosen {
        label,
        events,
        entries,
    } in chosen
    {
        let taken = entries.iter().filter(|entry| shape.takes(entry));
        let cells = taken.filter_map(|entry| problems.keep(shape.cell(entry)));
        sets.push(Set {
            label: label.clone(),
            events: events.clone(),
            cells: cells.collect(),
        });
    }
    if problems.0.is_empty() {
        Ok(sets)
    } else {
        Err(problems)
    }
}

/// Do stages of any of them copy something out?
fn artifacts(project: &Project, chosen: &[Chosen]) -> Result<bool, Problem> {
    for entry in chosen.iter().flat_map(|chosen| &chosen.entries) {
        let (_, draft) = layers::draft(project, &entry.name)?;
        if draft
            .stages
            .values()
            .any(|stage| !stage.artifacts.is_empty())
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The jobs in a row.
fn jobs(shape: &Shape<'_>) -> Vec<Job> {
    let job = |at: usize| {
        let goal = shape.goal(at);
        let name = match &goal {
            Goal::Stages(stages) => stages.replace(',', ", "),
            Goal::All | Goal::Said { .. } if shape.rows.len() == 1 => "run".to_owned(),
            Goal::All | Goal::Said { .. } => format!("part {} of {}", at + 1, shape.rows.len()),
        };
        let id = format!("part-{}", at + 1);
        Job { id, name, goal }
    };
    let idle = |job: &Job| job.goal == Goal::Stages(String::new());
    (0..shape.rows.len())
        .map(job)
        .filter(|job| !idle(job))
        .collect()
}

fn login(project: &Project, table: &CiTable, sets: &[Set]) -> Option<Login> {
    let login = table.login.as_ref()?;
    let password = login.password.as_ref()?.get_ref().clone();
    let repository = share(project).map(|text| match text.get_ref().split_once('/') {
        _ if !forms::has_host(text.get_ref()) => "docker.io",
        Some((host, _)) => host,
        None => text.get_ref(),
    });
    let host = login
        .registry
        .as_ref()
        .map(|text| text.get_ref().as_str())
        .or(repository)?;
    let mut cells = sets.iter().flat_map(|set| &set.cells);
    let podman = cells.all(|cell| cell.env.starts_with("podman-"));
    Some(Login {
        host: host.to_owned(),
        user: login.username.as_ref().map(|text| text.get_ref().clone()),
        password,
        client: if podman { "podman" } else { "docker" },
    })
}
