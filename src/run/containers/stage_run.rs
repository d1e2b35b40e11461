//! One stage that is run: what it needs, what was seen of it, how it ended.

use std::path::Path;
use std::time::Duration;

use super::super::artifacts::Origin;
use super::super::options::Limit;
use super::super::result::StageResult;
use super::beginning::Files;
use super::call::Calls;
use super::proxies::Proxies;
use crate::engine::labels::Labels;
use crate::exec::Exit;
use crate::late::Late;
use crate::plan::{Plan, Stage};

/// Everything one stage needs to run.
pub(crate) struct StageRun<'a> {
    pub(crate) calls: &'a Calls<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) stage: &'a Stage,
    /// The image it starts from.
    pub(crate) image: &'a str,
    pub(crate) labels: &'a Labels,
    pub(crate) name: &'a str,
    pub(crate) network: Option<&'a str>,
    /// Options that the project asks for.
    pub(crate) extra: &'a [String],
    pub(crate) files: Files<'a>,
    /// What is told of where it begins.
    pub(crate) from: &'a str,
    /// The tree that the files are in.
    pub(crate) root: &'a Path,
    pub(crate) late: &'a Late,
    pub(crate) proxies: &'a Proxies,
    /// What the script exports outside the key.
    pub(crate) exported: &'a [(String, String)],
    /// The base image sets a `PATH`.
    pub(crate) has_path: bool,
    /// Where the client runs: podman leaves files in its working folder.
    pub(crate) folder: &'a Path,
    pub(crate) timeout: Option<Limit>,
    /// After a signal it gets no more than this to end.
    pub(crate) hurry: Option<Duration>,
    /// The tag that the image gets if the stage passes.
    pub(crate) tag: &'a str,
    /// The image that it starts from is not what its key says.
    pub(crate) keyless: bool,
}

impl<'a> StageRun<'a> {
    /// Its container, for artifacts.
    pub(crate) fn origin(&self) -> Origin<'a> {
        Origin {
            calls: self.calls,
            container: self.name,
            env: &self.plan.env,
            stage: self.stage,
            late: self.late,
            root: self.root,
            folder: self.folder,
        }
    }
}

/// How a stage ended, and the image that holds it.
pub(crate) struct Ran {
    pub(crate) result: StageResult,
    pub(crate) image: Option<String>,
    /// The image is not under its key.
    pub(crate) keyless: bool,
    /// It did not run: its own image cannot be made up to date, so it has to start from the stage before.
    pub(crate) unfit: bool,
    /// The command that was begun last, counted from 1.
    pub(crate) begun: usize,
    /// It failed for what may pass, and is to be tried again: nothing of it is kept.
    pub(crate) again: bool,
}

/// What came out of the engine's client.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    pub(crate) seen: Seen,
    /// A file changed while it was sent: what was built is not what the key says.
    pub(crate) edited: Option<String>,
}

/// What the stream of a stage told.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The command that was begun last, counted from 1, and how it ended.
    pub(crate) begun: usize,
    pub(crate) ended: Option<i32>,
    /// The script came to its end.
    pub(crate) done: bool,
    pub(crate) on_failure: bool,
}
