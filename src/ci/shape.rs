//! What `[ci]` says of each environment: which stages its jobs run, on which machine.

use indexmap::IndexMap;

use super::goal::{Goal, NOTHING};
use super::matrix::Cell;
use super::stages;
use crate::config::Project;
use crate::config::file::shape::RunsOn;
use crate::config::file::{CiTable, List, MOST_JOBS, Text};
use crate::config::listed::{self, Entry};
use crate::environment::layers;
use crate::name::expand;
use crate::platform;
use crate::problem::{Problem, Problems};

/// The runner that is this host itself.
const LOCAL: &str = "local";

/// `[ci]` as far as cells depend on it.
pub(crate) struct Shape<'p> {
    pub(super) project: &'p Project,
    pub(super) table: CiTable,
    /// Stages by job; what no job lists belongs to the last.
    pub(super) rows: Vec<Vec<String>>,
    pub(super) shares: bool,
    /// For each job the stages that most environments of the file run in it.
    usual: Vec<Usual>,
}

impl<'p> Shape<'p> {
    /// Reads the table.
    pub(crate) fn of(project: &'p Project, selected: &[Entry]) -> Result<Self, Problems> {
        let table = project.file.ci.clone().unwrap_or_default();
        let shares = share(project).is_some();
        let rows = table.jobs.as_deref().unwrap_or_default().iter();
        let mut rows: Vec<Vec<String>> = rows
            .map(|row| {
                row.get_ref()
                    .words()
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            })
            .collect();
        if rows.is_empty() {
            rows = vec![Vec::new()];
        }
        let mut shape = Self {
            project,
            table,
            rows,
            shares,
            usual: Vec::new(),
        };
        let known: Vec<&Entry> = project.listed.known().filter(|e| shape.takes(e)).collect();
        let base = if known.is_empty() {
            selected.iter().collect()
        } else {
            known
        };
        let mut goals = Vec::new();
        for entry in base {
            goals.push(shape.goals(entry)?.0);
        }
        shape.usual = (0..shape.rows.len())
            .map(|at| Usual::of(goals.iter().map(|goals| goals[at].as_str())))
            .collect();
        Ok(shape)
    }

    /// Is it on one of the systems, in one of the configs?
    pub(crate) fn takes(&self, entry: &Entry) -> bool {
        takes(self.project, &self.table, entry)
    }

    /// The most jobs of one matrix.
    pub(crate) fn limit(&self) -> usize {
        let limit = self.table.matrix_limit.as_ref().map(|n| *n.get_ref());
        usize::try_from(limit.unwrap_or(MOST_JOBS)).unwrap_or(usize::MAX)
    }

    /// Is a job's work a matter of the file alone, `[ci] follow-up` apart?
    fn is_whole(&self, at: usize) -> bool {
        at + 1 >= self.rows.len() && self.follow_up().is_empty()
    }

    pub(super) fn follow_up(&self) -> Vec<(&Text, &Text)> {
        self.table.follow_up.iter().flatten().collect()
    }

    /// For each job the stages behind `--to`; and what follows.
    fn goals(&self, entry: &Entry) -> Result<(Vec<String>, Vec<String>), Problem> {
        let (name, draft) = layers::draft(self.project, &entry.name)?;
        let stages = stages::of(self.project, &name, &draft)?;
        let mut follows = Vec::new();
        for (stage, condition) in self.follow_up() {
            let there = stages.iter().any(|s| s.name == *stage.get_ref());
            let place = self.project.place(condition.span());
            if there && self.project.holds(condition.get_ref(), &place, &name)? {
                follows.push(stage.get_ref().clone());
            }
        }
        // What is built on the host itself is handed to no other machine: one job runs all of it.
        let local = name.runner == LOCAL;
        let own: &[String] = if local { &follows } else { &[] };
        let later = |stage: &str| {
            let mut follow_up = self.follow_up().into_iter();
            follow_up.any(|(s, _)| s.get_ref() == stage) && own.iter().all(|own| own != stage)
        };
        let last = self.rows.len() - 1;
        let rows = if local { &[] } else { &*self.rows };
        let listed = |stage: &str| rows.iter().position(|row| row.iter().any(|s| s == stage));
        let row = |stage: &str| listed(stage).unwrap_or(last);
        let goals = (0..=last)
            .map(|at| stages::ends(&stages, |s| !later(s) && row(s) == at).join(","))
            .collect();
        if let Some((early, late)) = stages::disordered(&stages, listed) {
            return Err(self.disordered(entry, early, late));
        }
        if local {
            follows.clear();
        }
        Ok((goals, follows))
    }

    /// What a job runs, as it stands in the file.
    pub(super) fn goal(&self, at: usize) -> Goal {
        let Usual { stages, always } = &self.usual[at];
        match always {
            _ if self.is_whole(at) => Goal::All,
            true => Goal::Stages(stages.clone()),
            false => Goal::Said {
                key: format!("to-{}", at + 1),
                usual: stages.clone(),
            },
        }
    }

    /// The environment as a cell.
    pub(crate) fn cell(&self, entry: &Entry) -> Result<Cell, Problem> {
        let (goals, follows) = self.goals(entry)?;
        let mut more = Vec::new();
        if let Some(runs_on) = &self.table.runs_on
            && let RunsOn::ByArchitecture(labels) = runs_on.get_ref()
        {
            let architecture = self.architecture(entry)?;
            let label = labels.get(architecture.as_str()).ok_or_else(|| {
                let title = format!(
                    "`{}` is for `{architecture}`, and no runner is",
                    entry.canonical
                );
                let help = format!("say which runs it: `{architecture} = \"LABEL\"`");
                Problem::new(title, help).place(self.project.place(runs_on.span()))
            })?;
            more.push(("runner".to_owned(), label.get_ref().clone()));
        }
        for (at, stages) in goals.into_iter().enumerate() {
            match self.goal(at) {
                Goal::All => {}
                Goal::Said { usual, .. } if usual == stages => {}
                Goal::Said { key, .. } if stages.is_empty() => more.push((key, NOTHING.to_owned())),
                Goal::Said { key, .. } => more.push((key, stages)),
                Goal::Stages(all) if all == stages => {}
                Goal::Stages(_) => return Err(self.other_stages(entry)),
            }
        }
        if !follows.is_empty() {
            let between = follows.iter().map(|stage| format!(" {stage} "));
            more.push(("follow-up".to_owned(), between.collect()));
        }
        let env = entry.canonical.clone();
        Ok(Cell { env, more })
    }

    /// A job's stage that a later job's has to come before.
    fn disordered(&self, entry: &Entry, early: &str, late: &str) -> Problem {
        let title = format!(
            "`{early}` stands on `{late}`, which is in a later job (`{}`)",
            entry.canonical
        );
        let problem = Problem::new(
            title,
            "list the stages of `jobs` in the order in which they run",
        );
        let jobs = self.table.jobs.iter().flatten();
        let of = jobs.filter(|job| job.get_ref().words().contains(&early));
        of.fold(problem, |p, job| p.place(self.project.place(job.span())))
    }

    /// One of another shape than all that the file lists.
    fn other_stages(&self, entry: &Entry) -> Problem {
        let title = format!(
            "`{}` has other stages than those of `env-list`",
            entry.canonical
        );
        let jobs = self.table.jobs.as_ref().and_then(|jobs| jobs.first());
        let problem = Problem::new(
            title,
            "put it into `env-list`: its jobs are made for what stands there",
        );
        jobs.into_iter()
            .fold(problem, |p, job| p.place(self.project.place(job.span())))
    }

    /// Of an environment's platform: what images are for that say nothing.
    fn architecture(&self, entry: &Entry) -> Result<String, Problem> {
        let (_, draft) = layers::draft(self.project, &entry.name)?;
        let platform = draft.settings.platform.map(|p| p.value);
        let architecture = platform
            .as_deref()
            .map(|p| platform::machine(p).1.to_owned());
        Ok(architecture.unwrap_or_else(|| "amd64".to_owned()))
    }
}

/// What most environments run in a job.
struct Usual {
    stages: String,
    /// Do all run it?
    always: bool,
}

impl Usual {
    /// Of several that are as frequent it is the first.
    fn of<'s>(all: impl Iterator<Item = &'s str>) -> Self {
        let mut counts: IndexMap<&str, usize> = IndexMap::new();
        for stages in all {
            *counts.entry(stages).or_default() += 1;
        }
        let most = counts.values().copied().max().unwrap_or_default();
        let first = counts.iter().find(|(_, count)| **count == most);
        Self {
            stages: first
                .map(|(stages, _)| (*stages).to_owned())
                .unwrap_or_default(),
            always: counts.len() == 1,
        }
    }
}

/// Is an environment on one of the systems that `[ci]` names, in one of the configs?
pub(crate) fn takes(project: &Project, table: &CiTable, entry: &Entry) -> bool {
    let named = |list: &Option<List>, value: Option<String>| {
        let Some(list) = list else { return true };
        let Some(value) = value else { return false };
        let words = list.get_ref().words().into_iter();
        let mut all = words.flat_map(|word| expand::expand(word).unwrap_or_default());
        all.any(|word| expand::matches(&word, &value))
    };
    let name = listed::resolved(project, &entry.name);
    name.is_ok_and(|name| {
        let system = name.system.as_ref().map(ToString::to_string);
        named(&table.systems, system) && named(&table.configs, name.config.clone())
    })
}

/// The repository that is pushed to.
pub(super) fn share(project: &Project) -> Option<&Text> {
    let registry = project.file.registry.as_ref()?;
    registry.push.as_ref().or(registry.repository.as_ref())
}
