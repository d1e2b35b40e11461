//! What a run leaves for programs: `--result-json`, `--junit`, `--events`; and for GitHub's page of the run.
//!
//! Where they go is made ready before anything is run: hours of work are not lost to a slip in a path.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::Context;
use crate::files;
use crate::mask::Mask;
use crate::problem::{Problem, Problems};
use crate::report::events::Events;
use crate::report::job::summary;
use crate::report::junit;
use crate::report::out::Out;
use crate::run::result::Summary;
use crate::run::results::RunResult;

#[derive(Clone, Debug, Args)]
pub(crate) struct Reports {
    /// Write the result of the whole run to this file, as JSON (docs/reference/json.md)
    #[arg(long, value_name = "FILE", env = "RUNENV_RESULT_JSON")]
    result_json: Option<PathBuf>,
    /// Write the result to this file as JUnit's XML: a test suite for each environment, a test for each stage
    #[arg(long, value_name = "FILE", env = "RUNENV_JUNIT")]
    junit: Option<PathBuf>,
    /// Write a line of JSON for each thing that happens, as it happens; `-` is standard output
    #[arg(long, value_name = "FILE|-", env = "RUNENV_EVENTS")]
    events: Option<PathBuf>,
}

/// The same, ready to be written to.
pub(super) struct Open {
    result_json: Option<PathBuf>,
    junit: Option<PathBuf>,
    events: Option<Lines>,
    /// Where the job's summary is gathered.
    summary: Option<PathBuf>,
}

/// Where lines go that are written as things happen.
enum Lines {
    Out(Out),
    File(RefCell<Written>),
}

struct Written {
    path: PathBuf,
    file: File,
    /// Why nothing more is written.
    trouble: Option<Problem>,
    closed: bool,
}

impl Reports {
    /// Makes ready what is to be written.
    pub(super) fn open(&self, context: &Context) -> Result<Open, Problem> {
        let cwd = &context.host.cwd;
        let ready = |path: &Option<PathBuf>| {
            let path = path.as_ref().map(|path| cwd.join(path));
            path.map(|path| files::make_way(&path).map(|()| path))
                .transpose()
        };
        let events = match &self.events {
            None => None,
            Some(dash) if dash == Path::new("-") => Some(Lines::Out(context.out.clone())),
            Some(path) => Some(Lines::file(cwd.join(path))?),
        };
        Ok(Open {
            result_json: ready(&self.result_json)?,
            junit: ready(&self.junit)?,
            events,
            summary: summary_file(context),
        })
    }
}

/// Where a job's summary is gathered, in a job that has one.
pub(super) fn summary_file(context: &Context) -> Option<PathBuf> {
    let path = context.host.variable("GITHUB_STEP_SUMMARY")?;
    (!path.is_empty()).then(|| context.host.cwd.join(path))
}

/// Adds results to a job's summary, as far as there is room.
pub(super) fn summarize(path: &Path, run: &RunResult) -> Result<(), Problem> {
    let there = path.metadata().map_or(0, |meta| meta.len());
    let room = summary::MOST.saturating_sub(usize::try_from(there).unwrap_or(usize::MAX));
    let text = summary::render(&run.envs, run.seconds.0, room);
    files::append(path, text.as_bytes()).map_err(|problem| {
        let help = problem.help.join("; ");
        Problem::warning(format!("no summary of the job: {}", problem.title), help)
    })
}

impl Lines {
    fn file(path: PathBuf) -> Result<Self, Problem> {
        files::make_way(&path)?;
        let file = files::open_to_write(&path)?;
        Ok(Self::File(RefCell::new(Written {
            path,
            file,
            trouble: None,
            closed: false,
        })))
    }

    fn write(&self, line: &str) {
        match self {
            // The same JSON, and nothing on which GitHub's runner would act.
            Self::Out(out) => out.result(&line.replace("##[", r"#\u0023[")),
            Self::File(written) => written.borrow_mut().write(line),
        }
    }
}

impl Written {
    /// A reader that went away is no trouble.
    fn write(&mut self, line: &str) {
        if self.closed {
            return;
        }
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            self.closed = true;
            let gone = error.kind() == io::ErrorKind::BrokenPipe;
            self.trouble = (!gone).then(|| files::trouble("write", &self.path, &error));
        }
    }
}

impl Open {
    /// Who tells of a run line by line, if anybody is to.
    pub(super) fn events(&self, mask: &Mask) -> Option<Events<'_>> {
        let lines = self.events.as_ref()?;
        Some(Events::new(mask, |line| lines.write(line)))
    }

    /// Adds to the job's summary, if there is one. That it cannot be written changes nothing for the run.
    pub(super) fn summarize(&self, run: &Summary, mask: &Mask) -> Result<(), Problem> {
        let Some(path) = &self.summary else {
            return Ok(());
        };
        summarize(path, &RunResult::of(run).masked(mask))
    }

    /// Writes the files of a run that has ended; gives what could not be written.
    pub(super) fn write(&self, summary: &Summary, mask: &Mask) -> Problems {
        let mut lost = Problems::default();
        if let Some(Lines::File(written)) = &self.events {
            lost.0.extend(written.borrow_mut().trouble.take());
        }
        if self.result_json.is_none() && self.junit.is_none() {
            return lost;
        }
        let result = RunResult::of(summary).masked(mask);
        if let Some(path) = &self.result_json {
            lost.keep(files::write_to(path, result.json().as_bytes()));
        }
        if let Some(path) = &self.junit {
            lost.keep(files::write_to(path, junit::render(&result).as_bytes()));
        }
        lost
    }
}
