//! Takes stages out of a file onto an engine.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::archive::Archive;
use super::{PATIENCE, name_of, watched};
use crate::engine::{Engine, labels};
use crate::exec::{self, Feed, Limits, Output, Stop, Stopper};
use crate::plan::copy::shown;
use crate::problem::Problem;
use crate::run::containers::call::Calls;
use crate::run::containers::transfer;
use crate::run::ours::Ours;

/// What a client says is not longer.
const MOST_SAID: usize = 64 * 1024;

/// A file that may be loaded.
#[derive(Debug)]
pub(crate) struct Checked {
    archive: Archive,
    /// By image: the name that it gets.
    names: Vec<String>,
}

/// Looks whether a file holds images of this project's stages and nothing else. No engine is asked.
pub(crate) fn check(path: &Path, of: &Ours) -> Result<Checked, Problem> {
    let archive = Archive::open(path)?;
    let mut names = Vec::new();
    for packed in &archive.images {
        let image = &packed.image;
        let called = packed
            .names
            .first()
            .map_or("without a name", String::as_str);
        let called = shown(called.as_bytes());
        if image.label(labels::PROJECT) != Some(&of.id) {
            let title = format!(
                "`{}` holds an image of another project: {called}",
                path.display()
            );
            let help =
                "nothing of it is loaded; clones of one project are the same by `[project] id`";
            return Err(Problem::new(title, help));
        }
        let name = name_of(image, of).ok_or_else(|| {
            let title = format!(
                "`{}` holds an image that no stage left so: {called}",
                path.display()
            );
            Problem::new(
                title,
                "nothing of it is loaded: take the file that `runenv save` wrote",
            )
        })?;
        if let Some(foreign) = packed.names.iter().find(|name| !of.gave(name, image)) {
            let foreign = shown(foreign.as_bytes());
            let title = format!(
                "`{}` would make another image of `{foreign}`",
                path.display()
            );
            let help = "that is no name of this project's stages: nothing of the file is loaded";
            return Err(Problem::new(title, help));
        }
        names.push(name);
    }
    if names.is_empty() {
        let title = format!("`{}` holds no image", path.display());
        return Err(Problem::new(
            title,
            "give the file that `runenv save` wrote",
        ));
    }
    Ok(Checked { archive, names })
}

impl Checked {
    /// The engine that saved it; `None`: it does not say.
    pub(crate) fn engine(&self) -> Option<Engine> {
        Engine::by_name(&self.archive.said.as_ref()?.engine)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.archive.path.clone()
    }

    /// Its stages, each as `STAGE of ENVIRONMENT`.
    pub(crate) fn stages(&self) -> String {
        let image = |label, at: usize| {
            self.archive.images[at]
                .image
                .label(label)
                .unwrap_or_default()
        };
        let each = (0..self.names.len())
            .map(|at| format!("{} of {}", image(labels::STAGE, at), image(labels::ENV, at)));
        each.collect::<Vec<_>>().join(", ")
    }

    /// Gives its images to an engine. After a signal it is not known which of them are there.
    pub(crate) fn load(
        self,
        calls: &Calls<'_>,
        of: &Ours,
        say: &mut dyn FnMut(u64, u64),
    ) -> Result<(), Problem> {
        let Self { archive, names } = self;
        let (path, bytes) = (archive.path.clone(), archive.bytes());
        let names = names_on(calls.engine, names, of);
        let sent = Arc::new(AtomicU64::new(0));
        let counted_up = Arc::clone(&sent);
        let feed: Feed = Box::new(move |out| archive.write(&names, out, &counted_up));
        let command = calls.engine.load(format!("cat {}", path.display()));
        let limits = Limits {
            time: Some(transfer::limit(bytes, PATIENCE)),
            ..Limits::default()
        };
        let mut said = Vec::new();
        let work = || {
            let mut listen = |new: &[u8]| {
                let room = MOST_SAID.saturating_sub(said.len());
                said.extend_from_slice(&new[..new.len().min(room)]);
            };
            let (stopper, cancel) = (Stopper::Group, calls.cancel);
            exec::stream(&command, Some(feed), &stopper, &limits, cancel, &mut listen)
        };
        let exit = watched(work, &mut || say(sent.load(Ordering::Relaxed), bytes))?;
        if exit.stopped == Some(Stop::TimeLimit) {
            let title = format!(
                "{} did not load `{}` in time",
                calls.engine.name(),
                path.display()
            );
            return Err(Problem::engine(title, "is the engine alive?"));
        }
        let (stdout, stderr) = (Vec::new(), said);
        calls.expect(
            &Output {
                exit,
                stdout,
                stderr,
            },
            &format!("load `{}`", path.display()),
        )
    }
}

/// What images are called in an archive that this engine loads.
fn names_on(engine: Engine, names: Vec<String>, of: &Ours) -> Vec<String> {
    if of.registries.push.is_some() {
        return names;
    }
    names.iter().map(|name| engine.local_name(name)).collect()
}
