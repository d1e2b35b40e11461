//! `runenv ci plan`: from times of runs to the lines of `[ci] jobs`, and to the time that all jobs take. Starts no
//! process.

mod text;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};

use super::super::select::Selection;
use super::super::{Context, Exit, run};
use crate::ci::pipeline::TIME_LIMIT;
use crate::ci::plan::{self, Asked, Row, Stage};
use crate::ci::shape;
use crate::config::Project;
use crate::config::file::List;
use crate::config::listed::{self, Entry};
use crate::nearest::counted;
use crate::problem::{Problem, Problems};
use crate::run::folder::Folder;
use crate::run::times::{self, Times};
use crate::time;

/// GitHub runs 20 jobs of a free account at a time
/// (docs.github.com/en/actions/reference/limits).
const RUNNERS: u32 = 20;

#[derive(Clone, Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Take the times from these, not from this tree's history: `result.json` and `history.jsonl` of other jobs, folders
    /// that hold such files
    #[arg(long, value_name = "RESULTS", num_args = 1..)]
    times: Vec<PathBuf>,
    /// So many jobs run at once [default: `[ci] max-parallel`, or 20]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    runners: Option<u32>,
    /// The CI system ends a job after this time [default: `[ci] time-limit`, or 6h]
    #[arg(long, value_name = "TIME", value_parser = time::parse_duration)]
    time_limit: Option<Duration>,
    /// So much of that time is left free, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 15, value_parser = value_parser!(u32).range(0..=90))]
    margin: u32,
    /// Print JSON (docs/reference/json.md)
    #[arg(long)]
    json: bool,
}

/// What the plan is made from, beside what it answers.
struct Question {
    asked: Asked,
    time_limit: Duration,
    margin: u32,
    /// Stages that were ended before they were done, by row and stage: they take longer.
    cut: Vec<(usize, usize)>,
    /// Times that nobody knows, by row and stage.
    guessed: Vec<(usize, usize)>,
    /// `[ci] jobs` as it is.
    jobs: Option<Vec<Vec<String>>>,
}

pub(super) fn exec(args: PlanArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let mut entries = context.selected(&project, &args.selection)?;
    let selected = entries.len();
    if let Some(table) = &project.file.ci {
        entries.retain(|entry| shape::takes(&project, table, entry));
    }
    if entries.is_empty() && selected > 0 {
        return Err(super::none_taken(selected).into());
    }
    let times = known(&args, &project, context)?;
    let question = question(&args, &project, &entries, &times, context)?;
    let planned = plan::plan(&question.asked);
    context.out.result(&if args.json {
        text::json(&question, &planned)
    } else {
        text::text(&question, &planned)
    });
    Ok(0)
}

/// The times that were named, else those of this tree.
fn known(args: &PlanArgs, project: &Project, context: &Context) -> Result<Times, Problems> {
    let named = args.times.iter().map(|path| context.host.cwd.join(path));
    let mut paths: Vec<PathBuf> = named.collect();
    if paths.is_empty() {
        paths.extend(times::own(Folder::of(&project.root).path()));
    }
    let mut warnings = Problems::default();
    let times = times::read(&paths, &mut warnings)?;
    context.out.problems(&warnings);
    Ok(times)
}

fn question(
    args: &PlanArgs,
    project: &Project,
    entries: &[Entry],
    times: &Times,
    context: &Context,
) -> Result<Question, Problems> {
    let ci = project.file.ci.as_ref();
    let limit = ci.and_then(|ci| ci.time_limit.as_ref());
    // The file was checked when it was loaded.
    let limit = limit.and_then(|limit| time::parse_duration(limit.get_ref()).ok());
    let time_limit = args.time_limit.or(limit).unwrap_or(TIME_LIMIT);
    let runners = ci.and_then(|ci| Some(*ci.max_parallel.as_ref()?.get_ref()));
    let mut question = Question {
        asked: Asked {
            stages: stages(project),
            rows: Vec::new(),
            longest: time_limit / 100 * (100 - args.margin),
            runners: args.runners.or(runners).unwrap_or(RUNNERS),
        },
        time_limit,
        margin: args.margin,
        cut: Vec::new(),
        guessed: Vec::new(),
        jobs: jobs(project),
    };
    let mut problems = Problems::default();
    for entry in entries {
        let own = own_stages(project, entry, context);
        if let Some(own) = problems.keep(own) {
            question.add(&entry.canonical, &own, times);
        }
    }
    problems.none()?;
    question.tell(times, context)?;
    Ok(question)
}

/// `[ci] jobs`.
fn jobs(project: &Project) -> Option<Vec<Vec<String>>> {
    let jobs = project.file.ci.as_ref()?.jobs.as_ref()?;
    let names = |job: &List| {
        let stages = job.get_ref().each(job.span()).into_iter();
        stages.map(|stage| stage.get_ref().clone()).collect()
    };
    Some(jobs.iter().map(names).collect())
}

/// The stages of the file, in its order; those that follow up are jobs of their own.
fn stages(project: &Project) -> Vec<Stage> {
    let follow_up = project
        .file
        .ci
        .as_ref()
        .and_then(|ci| ci.follow_up.as_ref());
    let follows = |name: &str| {
        let mut names = follow_up.into_iter().flat_map(|table| table.keys());
        names.any(|follow_up| follow_up.get_ref() == name)
    };
    let stage = |name: &String| Stage {
        name: name.clone(),
        alone: follows(name),
    };
    project.axes.stages.iter().map(stage).collect()
}

/// The stages that jobs run of an environment: what a run of it does, and those that follow up here.
fn own_stages(project: &Project, entry: &Entry, context: &Context) -> Result<Vec<String>, Problem> {
    let plan = context.plan(project, &entry.name, &[])?;
    let wanted = run::wanted(project, &entry.name, &plan, &[])?;
    let name = listed::resolved(project, &entry.name)?;
    let ci = project.file.ci.as_ref();
    let follow_up = ci.and_then(|ci| ci.follow_up.as_ref());
    let mut stages = Vec::new();
    for (at, stage) in plan.stages.iter().enumerate() {
        let mut conditions = follow_up.into_iter().flatten();
        let condition = conditions.find(|(follow_up, _)| *follow_up.get_ref() == stage.name);
        let runs = match condition {
            Some((_, text)) => {
                let place = project.place(text.span());
                project.holds(text.get_ref(), &place, &name)?
            }
            None => wanted.wants(at),
        };
        if runs {
            stages.push(stage.name.clone());
        }
    }
    Ok(stages)
}

impl Question {
    /// Adds an environment of these stages.
    fn add(&mut self, name: &str, stages: &[String], times: &Times) {
        let row = self.asked.rows.len();
        let mut found = vec![None; self.asked.stages.len()];
        for stage in stages {
            let at = self.column(stage);
            found.resize(self.asked.stages.len(), None);
            let known = times.of(name, stage);
            match known {
                Some(known) if !known.whole => self.cut.push((row, at)),
                None => self.guessed.push((row, at)),
                Some(_) => {}
            }
            let time = known.map(|known| known.time);
            found[at] = Some(time.or_else(|| times.median(stage)).unwrap_or_default());
        }
        self.asked.rows.push(Row {
            name: name.to_owned(),
            times: found,
        });
    }

    /// Where a stage stands; that of an environment with commands of its own is no stage of the file.
    fn column(&mut self, name: &str) -> usize {
        let stages = &mut self.asked.stages;
        let at = stages.iter().position(|stage| stage.name == name);
        at.unwrap_or_else(|| {
            stages.push(Stage {
                name: name.to_owned(),
                alone: true,
            });
            stages.len() - 1
        })
    }

    /// Says what is not known; of nothing nothing can be planned.
    fn tell(&mut self, times: &Times, context: &Context) -> Result<(), Problem> {
        let columns = self.asked.stages.len();
        for row in &mut self.asked.rows {
            row.times.resize(columns, None);
        }
        let rows = &self.asked.rows;
        let has = |row: &Row| row.times.iter().any(Option::is_some);
        if self.asked.rows.iter().any(has) && self.times() == self.guessed.len() {
            let title = "no time is known of any stage of these environments";
            let help = "run them, or name the results of jobs that did: `--times RESULTS`";
            return Err(Problem::new(title, help));
        }
        let mut problems = Problems::default();
        for (at, stage) in self.asked.stages.iter().enumerate() {
            let missing = self.guessed.iter().filter(|(_, stage)| *stage == at);
            let missing: Vec<&str> = missing.map(|(row, _)| rows[*row].name.as_str()).collect();
            let Some(first) = missing.first() else {
                continue;
            };
            let of = match missing.len() {
                1 => format!("`{first}`"),
                count => format!("{} (`{first}`, …)", counted("environment", count)),
            };
            let title = format!("no time of the stage `{}` is known of {of}", stage.name);
            let taken = times.median(&stage.name).map_or_else(
                || "it is taken for nothing: no environment has one".to_owned(),
                |time| format!("{} is taken, as others have it", time::show_duration(time)),
            );
            problems.push(Problem::warning(title, taken));
        }
        context.out.problems(&problems);
        Ok(())
    }

    /// How many times there are.
    fn times(&self) -> usize {
        let rows = self.asked.rows.iter();
        rows.map(|row| row.times.iter().flatten().count()).sum()
    }
}
