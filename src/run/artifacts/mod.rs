//! `artifacts` of a stage: files that are copied out when it has ended, passed or failed, to
//! `.runenv/ENV/artifacts/STAGE/`.
//!
//! Nothing is run in the image for it. A container gives each place where looking begins as a tar, this host its files;
//! both go through `Collector`, which asks the globs, to `Copied`, which alone writes. What cannot be had or written is
//! told and changes no stage's state; only our own disk's trouble is a problem, as it is with logs.

pub(super) mod archive;
mod copied;
mod deadline;
mod seal;
#[cfg(test)]
mod tests;
mod tree;

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use super::containers::call::Calls;
use super::event::{Kind, Teller};
use super::result::{Artifacts, StageResult};
use crate::exec::{self, Cancel, Limits, Output};
use crate::late::Late;
use crate::nearest::counted;
use crate::plan::Stage;
use crate::plan::artifacts::{self, Glob, Source};
use crate::plan::copy::shown;
use crate::problem::Problem;
use archive::{Entry, Shape, Trouble};
use copied::Copied;
use deadline::Deadline;
pub(crate) use seal::seal;

/// What came of it: files, things to tell, and trouble of our own disk.
#[derive(Default)]
pub(crate) struct Taken {
    artifacts: Option<Artifacts>,
    notes: Vec<String>,
    warnings: Vec<Problem>,
    trouble: Option<Problem>,
}

/// Hands what the globs take on to the folder.
struct Collector {
    globs: Vec<Glob>,
    /// Which globs have taken something.
    matched: Vec<bool>,
    copied: Copied,
    /// All places were read to their end.
    complete: bool,
    taken: Taken,
}

/// A container that artifacts are copied out of: that of a stage that has ended, or one made of a stage's image.
pub(crate) struct Origin<'a> {
    pub(crate) calls: &'a Calls<'a>,
    pub(crate) container: &'a str,
    pub(crate) env: &'a str,
    pub(crate) stage: &'a Stage,
    pub(crate) late: &'a Late,
    /// The tree, in which `.runenv` is.
    pub(crate) root: &'a Path,
    /// Where the client runs: podman leaves files in its working folder.
    pub(crate) folder: &'a Path,
}

/// Copies the artifacts of a stage out of its container.
pub(crate) fn of_container(run: &Origin<'_>) -> Taken {
    let globs = artifacts::globs(run.stage, run.late);
    collect(run.root, run.env, &run.stage.name, globs, |collector| {
        let mut deadline = Deadline::new(run.calls.cancel);
        for source in artifacts::sources(&collector.globs) {
            from_container(run, &source, &mut deadline, collector)?;
        }
        Ok(())
    })
}

/// Copies the artifacts of a stage out of the tree that it ran in: the root, or the environment's own.
pub(crate) fn of_tree(
    root: &Path,
    tree: &Path,
    env: &str,
    stage: &Stage,
    late: &Late,
    cancel: &Cancel,
) -> Taken {
    if stage.artifacts.is_empty() {
        return Taken::default();
    }
    let globs = artifacts::globs(stage, late);
    collect(root, env, &stage.name, globs, |collector| {
        let mut deadline = Deadline::new(cancel);
        for source in artifacts::sources(&collector.globs) {
            tree::read(tree, &source, &mut deadline, collector)?;
        }
        Ok(())
    })
}

/// The common part: opens the folder, has it filled, puts it in its place and says what there is to say.
fn collect(
    root: &Path,
    env: &str,
    stage: &str,
    globs: Result<Vec<Glob>, Problem>,
    look: impl FnOnce(&mut Collector) -> Result<(), Problem>,
) -> Taken {
    let all = || {
        let globs = globs?;
        let mut collector = Collector {
            matched: vec![false; globs.len()],
            globs,
            copied: Copied::open(root, env, stage)?,
            complete: true,
            taken: Taken::default(),
        };
        look(&mut collector)?;
        collector.finish(stage)
    };
    all().unwrap_or_else(|problem| Taken {
        trouble: Some(problem),
        ..Taken::default()
    })
}

/// Reads one place of a container.
fn from_container(
    run: &Origin<'_>,
    source: &Source,
    deadline: &mut Deadline<'_>,
    collector: &mut Collector,
) -> Result<(), Problem> {
    let (time, cancel) = (deadline.begin(), deadline.cancel);
    if time.is_zero() {
        collector.complete = false;
        return Ok(());
    }
    let path = source.absolute(&run.stage.workdir);
    let mut command = run.calls.engine.copy_out(run.container, &path);
    command.dir = Some(run.folder.to_owned());
    // The first signal has set the limit.
    let never = Cancel::never();
    let cancel = if cancel.requested() { &never } else { cancel };
    let limits = Limits {
        time: Some(time),
        ..Limits::default()
    };
    let (output, read) = exec::read(&command, &limits, cancel, |from| {
        let mut take =
            |entry: Entry, content: &mut dyn Read| collector.entry(source, entry, content);
        archive::read(from, &mut take)
    });
    let broken = match read {
        Err(Trouble::Ours(problem)) => return Err(problem),
        Err(Trouble::Broken(why)) => Some(why),
        Ok(()) => None,
    };
    let why = match output {
        Ok(output) if !output.exit.success() => {
            collector.complete &= output.exit.stopped.is_none();
            why_not(&output, time)
        }
        Ok(_) => broken,
        Err(problem) => broken.or(Some(problem.title)),
    };
    let Some(why) = why else { return Ok(()) };
    let title = format!(
        "{} could not copy all of `{path}` out of the container of `{}`: {why}",
        run.calls.engine.name(),
        run.stage.name
    );
    let help = "the stage's own result stands; its image, or that of its failure, has the files";
    collector.taken.warnings.push(Problem::warning(title, help));
    Ok(())
}

/// Why a copy failed; `None` if there is nothing at the path, or after a signal.
fn why_not(output: &Output, limit: Duration) -> Option<String> {
    match output.exit.stopped {
        Some(exec::Stop::TimeLimit) => {
            let limit = limit.as_secs_f64().ceil();
            return Some(format!("it took longer than {limit} s"));
        }
        Some(exec::Stop::Interrupted) => return None,
        None => {}
    }
    let line = output.error_line();
    let nothing = [
        "could not find the file",
        "could not be found on container",
        ": not a directory",
    ];
    let nothing = nothing
        .iter()
        .any(|words| line.to_lowercase().contains(words));
    (!nothing).then_some(line)
}

impl Collector {
    /// Is this path asked for?
    fn takes(&mut self, rooted: bool, path: &[u8]) -> bool {
        let mut takes = false;
        for (glob, matched) in self.globs.iter().zip(&mut self.matched) {
            let this = glob.takes(rooted, path);
            *matched |= this;
            takes |= this;
        }
        takes
    }

    /// Notes that a glob is not asked here, and why.
    fn pass_over(&mut self, rooted: bool, why: &str) {
        for (glob, matched) in self.globs.iter().zip(&mut self.matched) {
            if glob.rooted == rooted && !*matched {
                let text = shown(glob.text.as_bytes());
                self.taken
                    .notes
                    .push(format!("artifacts: {why}: not `{text}`"));
                *matched = true;
            }
        }
    }

    /// One entry of a tar of this place.
    fn entry(
        &mut self,
        source: &Source,
        entry: Entry,
        content: &mut dyn Read,
    ) -> Result<(), Trouble> {
        let path = below(source, &entry.path);
        if !self.takes(source.rooted, &path) {
            return Ok(());
        }
        let to = &mut self.copied;
        match entry.shape {
            Shape::Folder => to.folder(&path)?,
            Shape::File => to.file(&path, entry.mode, entry.size, content)?,
            Shape::Link(target) => to.link(&path, target),
            Shape::Same(first) => to.same(&path, &below(source, &first))?,
            Shape::Other(why) => to.leave_out(&path, why),
        }
        Ok(())
    }

    fn finish(mut self, stage: &str) -> Result<Taken, Problem> {
        let (artifacts, left_out) = self.copied.finish()?;
        // What could not be looked at may be there.
        let looked = self.complete && self.taken.warnings.is_empty();
        for (glob, matched) in self.globs.iter().zip(self.matched) {
            if looked && !matched {
                let text = shown(glob.text.as_bytes());
                let note = format!("artifacts: nothing matches `{text}`");
                self.taken.notes.push(note);
            }
        }
        if let Some(Artifacts {
            folder,
            files,
            bytes,
            word: _,
        }) = &artifacts
        {
            let (files, bytes) = (counted("file", *files), counted("byte", *bytes));
            let note = format!("artifacts: {files}, {bytes} in {folder}");
            self.taken.notes.push(note);
        }
        self.taken.warnings.extend(left_out.problem(stage));
        self.taken.artifacts = artifacts;
        Ok(self.taken)
    }
}

/// An entry's path below the place that was asked for. The first name of a tar is that of the place, or of what a link
/// there leads to.
fn below(source: &Source, entry: &[u8]) -> Vec<u8> {
    let mut path = source.path.as_bytes().to_owned();
    if !path.is_empty() && !entry.is_empty() {
        path.push(b'/');
    }
    path.extend(entry);
    path
}

impl Taken {
    /// What was copied, if anything was.
    pub(crate) fn artifacts(&self) -> Option<&Artifacts> {
        self.artifacts.as_ref()
    }

    /// Tells it, and puts it into the stage's result.
    pub(crate) fn tell(self, result: &mut StageResult, tell: &mut Teller<'_>) {
        for text in self.notes {
            tell.say(Kind::Note { text });
        }
        for problem in self.warnings {
            tell.say(Kind::Warning { problem });
        }
        (result.artifacts, result.trouble) = (self.artifacts, self.trouble);
    }
}
