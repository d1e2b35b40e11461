//! `incremental = true`: a stage whose key nothing has starts from its own newest image in place of the stage before.
//!
//! Such an image is one of this stage of this environment on the same base image, where all is the same but files and the
//! stage's own commands (`key::line`); the commands are run again, and the files are made up to date by what the image
//! says of them. What comes of it is never found by other environments, nor by `--clean` runs.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use super::super::artifacts::archive::{self, Shape};
use super::checks::MOST_LAYERS;
use super::lookup::{Question, Start};
use super::stage_run::StageRun;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::exec::{self, Limits};
use crate::plan::copy::delivery::{self, Copies, TIME, Update};
use crate::plan::copy::listing::{self, Listing};
use crate::plan::copy::shown;
use crate::plan::key;
use crate::problem::Problem;

/// How long reading what an image has may take.
const READING: Duration = Duration::from_secs(600);
/// What an image says of its files is not longer.
const MOST_TEXT: u64 = 256 * 1024 * 1024;

/// The image that a stage starts from in place of that of the stage before.
#[derive(Clone, Debug)]
pub(crate) struct Increment {
    pub(crate) image: String,
    pub(crate) layers: usize,
    /// Increments since a clean build, with the one that comes.
    pub(crate) links: u32,
    /// What it was made of: git's description of the tree, or the image's tag.
    pub(crate) from: String,
    /// The time of what is sent to it, in seconds since 1970: a whole second later than all that is in it.
    pub(crate) time: u64,
}

impl Increment {
    fn of(image: &Image) -> Self {
        let revision = image.label(labels::REVISION).unwrap_or_default();
        let key = image.label(labels::KEY).unwrap_or_default();
        let seconds = image.made().max(0).unsigned_abs().div_ceil(1_000_000_000);
        Self {
            image: image.id.clone(),
            layers: image.layers().len(),
            links: image.links() + 1,
            from: if revision.is_empty() {
                format!("key-{}", key.get(..16).unwrap_or(key))
            } else {
                revision.to_owned()
            },
            time: u64::try_from(seconds).unwrap_or(TIME).max(TIME) + 1,
        }
    }
}

impl Question<'_> {
    /// Where incremental stages start that have no image of their key.
    pub(super) fn increments(&self, start: &mut Start) -> Result<(), Problem> {
        let missing = |at: &usize| start.found[*at].is_none() && self.plan.stages[*at].incremental;
        let missing: Vec<usize> = self.selection.found().filter(missing).collect();
        let given = match self.base.filter(|_| !missing.is_empty()) {
            Some(reference) => Some(self.given(reference)?),
            None => None,
        };
        for at in missing {
            let stage = &self.plan.stages[at];
            let given = given.as_deref();
            let given = given.filter(|i| i.label(labels::STAGE) == Some(&stage.name));
            let newest = match given {
                Some(image) => Some(image.clone()),
                None => self.newest(at, start)?,
            };
            let Some(image) = newest else { continue };
            if image.layers().len() + self.plan.stages.len() - at > MOST_LAYERS {
                let why = "clean: no engine stacks more layers on its newest image";
                start.clean[at] = Some(why.to_owned());
            } else if given.is_none() && image.links() >= stage.max_links {
                let why = format!("clean after {} increments (`max-links`)", image.links());
                start.clean[at] = Some(why);
            } else {
                start.see(&image);
                start.increments[at] = Some(Increment::of(&image));
            }
        }
        Ok(())
    }

    /// The newest image of a stage that it can start from.
    fn newest(&self, at: usize, start: &Start) -> Result<Option<Image>, Problem> {
        let (plan, stage) = (self.plan, &self.plan.stages[at]);
        let line = key::line(plan, self.parts, at, start.base.identity).to_string();
        let all = self.inventory.of_project(self.calls, self.project)?;
        let fits = |image: &&Image| {
            image.any_key(self.project).is_some()
                && image.label(labels::ENV) == Some(&plan.slug)
                && image.label(labels::STAGE) == Some(&stage.name)
                && image.label(labels::LINE) == Some(&line)
                && start.base.is_like(image)
        };
        Ok(all.iter().filter(fits).max_by_key(|i| i.made()).cloned())
    }

    /// The image that `--base` names. It has to be of an incremental stage of this environment's.
    fn given(&self, reference: &str) -> Result<Arc<Image>, Problem> {
        let name = reference.to_owned();
        self.inventory
            .ask(self.calls, std::slice::from_ref(&name))?;
        if self.inventory.get(&name).is_none() {
            self.calls.pull(&name, self.plan.platform.as_deref())??;
            self.inventory.forget_name(&name);
            self.inventory
                .ask(self.calls, std::slice::from_ref(&name))?;
        }
        let image = self.inventory.get(&name);
        let image = image.filter(|image| image.any_key(self.project).is_some());
        let stage = image.as_ref().and_then(|i| i.label(labels::STAGE));
        let known = |name: &str| {
            let mut stages = self.plan.stages.iter();
            stages.any(|stage| stage.incremental && stage.name == name)
        };
        match (&image, stage) {
            (Some(image), Some(stage)) if known(stage) => Ok(Arc::clone(image)),
            _ => {
                let title = format!(
                    "`--base {reference}` is no image of an incremental stage of `{}`",
                    self.plan.env
                );
                let help = "name an image that a run of this project has kept of such a stage";
                Err(Problem::new(title, help))
            }
        }
    }
}

/// What has to be sent and taken away, so that the container of a stage has the files of its chain. The inner error: why
/// it cannot be made up to date.
pub(super) fn update(
    run: &StageRun<'_>,
    chain: &[Copies<'_>],
    time: u64,
) -> Result<Result<Update, String>, Problem> {
    let mut command = run.calls.engine.copy_out(run.name, listing::FOLDER);
    command.dir = Some(run.folder.to_owned());
    let limits = Limits {
        time: Some(READING),
        ..Limits::default()
    };
    let (output, had) = exec::read(&command, &limits, run.calls.cancel, read);
    let output = output?;
    let Some(had) = had.filter(|_| output.exit.success()) else {
        return Ok(Err(
            "its newest image does not say which files it has".to_owned()
        ));
    };
    let update = delivery::update(chain, &had, time);
    Ok(update.map_err(|unlike| {
        let path = shown(&unlike.0);
        format!("`/{path}` was a file and is a folder, or the reverse")
    }))
}

/// The texts of an image's stages, by name.
fn read(from: &mut dyn Read) -> Option<BTreeMap<String, Listing>> {
    let mut all = BTreeMap::new();
    let mut broken = false;
    let read = archive::read(from, &mut |entry, content| {
        let name = String::from_utf8(entry.path).ok();
        let stage = name
            .as_deref()
            .and_then(|n| n.strip_suffix(listing::SUFFIX));
        if let (Some(stage), Shape::File) = (stage, &entry.shape) {
            let mut text = Vec::new();
            content.take(MOST_TEXT).read_to_end(&mut text)?;
            match listing::read(&text) {
                Some(listing) => drop(all.insert(stage.to_owned(), listing)),
                None => broken = true,
            }
        }
        Ok(())
    });
    (read.is_ok() && !broken).then_some(all)
}
