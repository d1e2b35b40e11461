//! Calls of an engine that are not a stage: queries with a time limit, and what an engine that fails is told as.

use std::time::Duration;

use super::transfer;
use crate::command::Command;
use crate::engine::Engine;
use crate::engine::facts::{self, Image};
use crate::exec::{self, Cancel, Limits, Output};
use crate::problem::Problem;

/// How long a query and how long a heavier call may take.
pub(super) const QUERY: Duration = Duration::from_secs(60);
pub(super) const HEAVY: Duration = Duration::from_secs(3600);
/// How much longer for each of many images.
const EACH: Duration = Duration::from_secs(2);

/// How often a pull, a push or a stage that installs packages is tried again, unless `--retries` says otherwise.
pub(crate) const RETRIES: u32 = 2;

/// An engine, and what ends its calls.
#[derive(Clone, Copy)]
pub(crate) struct Calls<'a> {
    pub(crate) engine: Engine,
    pub(crate) cancel: &'a Cancel,
    /// How often a pull or a push is tried again.
    pub(crate) retries: u32,
}

impl<'a> Calls<'a> {
    pub(crate) fn new(engine: Engine, cancel: &'a Cancel) -> Self {
        Self {
            engine,
            cancel,
            retries: RETRIES,
        }
    }

    /// A call that may take this long; its exit code is the caller's to read.
    pub(crate) fn within(&self, command: &Command, limit: Duration) -> Result<Output, Problem> {
        let limits = Limits {
            time: Some(limit),
            ..Limits::default()
        };
        let output = exec::capture(command, &limits, self.cancel)?;
        match output.exit.stopped {
            Some(exec::Stop::TimeLimit) => {
                let title = format!(
                    "`{}` did not answer within {} s",
                    words(command),
                    limit.as_secs()
                );
                Err(Problem::engine(
                    title,
                    format!("is the engine alive? try `{} version`", self.engine.name()),
                ))
            }
            Some(exec::Stop::Interrupted) | None => Ok(output),
        }
    }

    /// A question: quick, and its exit code is the caller's to read.
    pub(crate) fn query(&self, command: &Command) -> Result<Output, Problem> {
        self.within(command, QUERY)
    }

    /// Work: commit, pull, copy. Its failure is a problem.
    pub(crate) fn work(&self, command: &Command, doing: &str) -> Result<Output, Problem> {
        let output = self.within(command, HEAVY)?;
        self.expect(&output, doing)?;
        Ok(output)
    }

    /// The problem of a call that should have worked.
    pub(crate) fn expect(&self, output: &Output, doing: &str) -> Result<(), Problem> {
        if output.exit.success() || output.exit.stopped.is_some() {
            return Ok(());
        }
        let title = format!(
            "{} could not {doing}: {}",
            self.engine.name(),
            output.error_line()
        );
        Err(Problem::engine(title, self.advice(&output.error_line())))
    }

    /// A query that found nothing: is it because the engine is not there at all?
    pub(crate) fn check_answers(&self, output: &Output) -> Result<(), Problem> {
        if output.exit.success() || Self::says_missing(output) {
            return Ok(());
        }
        self.expect(output, "look for images")
    }

    /// What the engine says of images; nothing of those that are not there.
    pub(crate) fn images(&self, names: &[&str]) -> Result<Vec<Image>, Problem> {
        let output = self.query(&self.engine.image_inspect(names))?;
        facts::images(&output.stdout)
    }

    /// What it says of one; that it does not answer is a problem.
    pub(crate) fn image(&self, name: &str) -> Result<Option<Image>, Problem> {
        let output = self.query(&self.engine.image_inspect(&[name]))?;
        let image = facts::images(&output.stdout)?.pop();
        if image.is_none() {
            self.check_answers(&output)?;
        }
        Ok(image)
    }

    /// Does the engine say that an image does not exist? Both say it on stderr, in these words.
    pub(crate) fn says_missing(output: &Output) -> bool {
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        let words = [
            "no such image",
            "image not known",
            "unable to find",
            "no such object",
        ];
        !output.exit.success() && words.iter().any(|w| said.contains(w))
    }

    fn advice(&self, said: &str) -> String {
        let name = self.engine.name();
        let said = said.to_lowercase();
        if said.contains("cannot connect")
            || said.contains("connection refused")
            || said.contains("is the docker daemon running")
        {
            let other = self.engine.other().name();
            format!("start it, or use the other engine: `--engine {other}`")
        } else if said.contains("permission denied") {
            "join the engine's group, or run it rootless".to_owned()
        } else if said.contains("no space left") {
            "make room on the engine's disk; `runenv clean` removes this project's images"
                .to_owned()
        } else {
            format!("try the command by hand; `{name} version` tells whether the engine answers")
        }
    }

    /// Pulls a base image. The inner error: the engine cannot have it.
    pub(crate) fn pull(
        &self,
        image: &str,
        platform: Option<&str>,
    ) -> Result<Result<(), Problem>, Problem> {
        let command = self.engine.pull(image, platform);
        let failed = match transfer::carry(self, &command, HEAVY)? {
            Err(failed) if !self.cancel.requested() => failed,
            Ok(()) | Err(_) => return Ok(Ok(())),
        };
        let what = platform.map_or_else(String::new, |p| format!(" for {p}"));
        let said = failed.said;
        let title = format!("the image `{image}`{what} is not there and cannot be pulled: {said}");
        let help = "is the name right, and the registry reachable?";
        Ok(Err(Problem::engine(title, help)))
    }
}

/// How long an engine may take for so many images.
pub(crate) fn patience(images: usize) -> Duration {
    QUERY + EACH * u32::try_from(images).unwrap_or(u32::MAX)
}

/// The command's first words, for messages.
fn words(command: &Command) -> String {
    command
        .argv
        .iter()
        .take(3)
        .cloned()
        .collect::<Vec<_>>()
        .join(" ")
}
