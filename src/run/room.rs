//! Is there room on the disk for a stage? Asked before each that is run, of the kernel alone: where an engine keeps its
//! images is asked once and noted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::clean;
use super::containers::call::Calls;
use super::folder::Folder;
use super::ours::Ours;
use super::owner;
use crate::engine::about::About;
use crate::engine::{self, Engine};
use crate::files;
use crate::host::Host;
use crate::problem::Problem;
use crate::size;

/// With less than this an engine can hardly keep a stage; on this host a stage may well need nothing.
const LEAST_OF_AN_ENGINE: u64 = 1_000_000_000;
const LEAST_HERE: u64 = 100_000_000;

/// Sets another limit; 0: none.
const VARIABLE: &str = "RUNENV_MIN_FREE";

/// The disks of a run.
#[derive(Debug)]
pub(crate) struct Room {
    /// What the person set in place of both limits.
    least: Option<u64>,
    folder: PathBuf,
    /// The variables that lead elsewhere, as they are set.
    client: String,
    /// Where engines keep images; `None`: on no disk of this machine, or they do not say.
    roots: Mutex<BTreeMap<&'static str, Option<PathBuf>>>,
}

impl Room {
    pub(crate) fn new(folder: &Folder, host: &Host) -> Result<Self, Problem> {
        let wrong = |text: &str| {
            let title = format!("`{VARIABLE}={text}` is no size");
            Problem::new(title, "write it as `500m` or `2g`; 0 is no limit")
        };
        let least = host.variable(VARIABLE).filter(|text| !text.is_empty());
        let least = least.map(|text| size::bytes(text).ok_or_else(|| wrong(text)));
        let client = engine::CLIENT.map(|name| host.variable(name).unwrap_or_default());
        Ok(Self {
            least: least.transpose()?,
            folder: folder.path().to_owned(),
            client: client.join(" "),
            roots: Mutex::default(),
        })
    }

    /// Is there room under the tree that a stage works in?
    pub(crate) fn here(&self, tree: &Path) -> Result<(), Problem> {
        match self.little(tree, LEAST_HERE) {
            Some(title) => Err(Problem::engine(title, advice())),
            None => Ok(()),
        }
    }

    /// Is there room for the next image of an engine, as far as that can be seen from here?
    pub(crate) fn on_engine(&self, calls: &Calls<'_>, of: &Ours) -> Result<(), Problem> {
        if self.least == Some(0) {
            return Ok(());
        }
        let engine = calls.engine;
        let known = self
            .roots
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(engine.name())
            .cloned();
        let root = known.unwrap_or_else(|| self.noted(engine).or_else(|| self.ask(calls)));
        let Some(root) = self.keep(engine, root) else {
            return Ok(());
        };
        if self.little(&root, LEAST_OF_AN_ENGINE).is_none() {
            return Ok(());
        }
        // It may keep them somewhere else by now.
        let Some(root) = self
            .ask(calls)
            .and_then(|root| self.keep(engine, Some(root)))
        else {
            return Ok(());
        };
        let Some(title) = self.little(&root, LEAST_OF_AN_ENGINE) else {
            return Ok(());
        };
        let freed = clean::would_free(calls, of).unwrap_or_default();
        let mut problem = Problem::engine(
            title,
            format!(
                "`runenv clean` would free {} of this project's images",
                size::shown(freed)
            ),
        );
        problem.help.push(advice());
        Err(problem)
    }

    fn keep(&self, engine: Engine, root: Option<PathBuf>) -> Option<PathBuf> {
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        roots.insert(engine.name(), root.clone());
        root
    }

    /// What there is too little of, if there is.
    fn little(&self, place: &Path, least: u64) -> Option<String> {
        let least = self.least.unwrap_or(least);
        let free = files::free(place).filter(|free| *free < least)?;
        Some(format!(
            "too little disk for a stage: {} free under `{}`, and {} is the least",
            size::shown(free),
            place.display(),
            size::shown(least)
        ))
    }

    fn note(&self, engine: Engine) -> PathBuf {
        self.folder.join(format!("{}-root", engine.name()))
    }

    /// Where an earlier run learnt that the engine keeps images.
    fn noted(&self, engine: Engine) -> Option<PathBuf> {
        let text = files::read_if_there(&self.note(engine))?;
        let (client, root) = text.trim_end_matches('\n').split_once('\n')?;
        (client == self.client).then(|| root.into())
    }

    /// Asks the engine; `None` where its disk is not this machine's.
    fn ask(&self, calls: &Calls<'_>) -> Option<PathBuf> {
        let output = calls.query(&calls.engine.info()).ok()?;
        let about = About::read(&output.stdout)?;
        let here = !about.remote && owner::is_this_host(&about.host);
        let root = about
            .root
            .to_str()
            .filter(|root| here && !root.contains('\n'))?;
        let text = format!("{}\n{root}\n", self.client);
        // Without the note the next run asks again.
        let _ = files::write_atomic(&self.note(calls.engine), text.as_bytes());
        Some(about.root)
    }
}

fn advice() -> String {
    format!("make room on that disk; `{VARIABLE}` sets another limit (`500m`, 0: none)")
}
