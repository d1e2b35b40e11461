//! Where to start: which stages the engine has already, which a registry has, and what the others are made from. Here is
//! asked and decided; nothing runs, and at most an image is pulled.
//!
//! One process when the last run's note still holds; else at most three, for any number of images.

pub(crate) mod base;
pub(crate) mod expected;
pub(crate) mod increment;
pub(crate) mod inventory;
mod nearest;
pub(crate) mod registry;
pub(crate) mod remembered;
pub(crate) mod resume;
mod start;

use super::super::event::Kind;
use super::super::folder::{EnvFolder, Note};
use super::super::refuted::Refuted;
use super::call::Calls;
use crate::digest::Digest;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::plan::copy::Manifest;
use crate::plan::key::{self, KeyParts};
use crate::problem::Problem;
use base::{Base, Beyond, Fetched, Had};
use inventory::Inventory;
pub(crate) use start::Start;

/// A stage's image.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) image: String,
    pub(crate) layers: usize,
    /// It is not what its key says, nor is what is made from it: a file changed while it was copied.
    pub(crate) keyless: bool,
    /// Increments since a clean build, and what the last of them was made from.
    pub(crate) links: u32,
    pub(crate) from: String,
}

impl Found {
    /// A stage as an image has it that is what its labels say.
    pub(super) fn of(image: &Image) -> Self {
        Self {
            image: image.id.clone(),
            layers: image.layers().len(),
            keyless: false,
            links: image.links(),
            from: image.label(labels::FROM).unwrap_or_default().to_owned(),
        }
    }
}

/// What is asked, and of whom.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) calls: &'a Calls<'a>,
    pub(crate) inventory: &'a Inventory,
    pub(crate) project: &'a str,
    pub(crate) plan: &'a Plan,
    pub(crate) parts: &'a [KeyParts],
    pub(crate) selection: &'a Selection,
    /// What may be asked beside the engine.
    pub(crate) beyond: Beyond<'a>,
    /// Stages before the deepest ones are wanted, too: to push them.
    pub(crate) all: bool,
    /// What was made in increments counts for nothing.
    pub(crate) clean: bool,
    /// No stage starts from its own image.
    pub(crate) whole: bool,
    /// Stages that ended early go on from what they left.
    pub(crate) resume: bool,
    /// The image that an incremental stage is to start from.
    pub(crate) base: Option<&'a str>,
    /// What its stages copy now, and where the records of the last run are.
    pub(crate) manifests: &'a [Option<Manifest>],
    pub(crate) folder: &'a EnvFolder,
    /// Images that are not taken.
    pub(crate) refuted: &'a Refuted,
}

impl Question<'_> {
    /// Finds out where to start; `note` saves looking. `say` hears what goes on meanwhile.
    pub(crate) fn look_up(&self, note: &Note, say: &mut dyn FnMut(Kind)) -> Result<Start, Problem> {
        let Self {
            calls,
            inventory,
            plan,
            ..
        } = *self;
        let noted = noted(plan, self.selection, note, calls.engine.name(), false);
        let mut before = Vec::new();
        loop {
            let Had { base, passed_over } =
                base::find(calls, inventory, plan, &noted, self.beyond, before)?;
            let mut start = self.on(base, &noted)?;
            start.passed_over = passed_over;
            match self.beyond {
                Beyond::Registry(registry) => start = self.fetch_stages(registry, start, say)?,
                Beyond::Nobody if self.may_be_elsewhere(&start) => {
                    let text = "`--offline`: what registries have of these stages is not known";
                    let text = text.to_owned();
                    say(Kind::Note { text });
                }
                Beyond::Nobody | Beyond::Engine => {}
            }
            let fetched = self.fetch_base(&mut start)?;
            before = std::mem::take(&mut start.passed_over);
            match fetched {
                Fetched::There => {
                    start.passed_over = before;
                    return Ok(start);
                }
                // It is on the engine now, and no registry is believed again.
                Fetched::Another => {}
                Fetched::Not(problem) => before.push(problem),
            }
        }
    }

    /// Finds out where to start on top of a base image; `noted` are ids of images that save looking.
    pub(crate) fn on(&self, base: Base, noted: &[String]) -> Result<Start, Problem> {
        let Self {
            calls, inventory, ..
        } = *self;
        let mut start = self.blind(base);
        inventory.ask(calls, noted)?;
        let images: Vec<_> = noted.iter().filter_map(|id| inventory.get(id)).collect();
        start.take(images.iter().map(|i| &**i), self);
        if (self.all || start.run.contains(&true)) && self.selection.may_find() {
            self.by_key(&mut start)?;
            start.take_kept(self);
            self.own_images(&mut start)?;
        }
        Ok(start)
    }

    /// Takes what the engine has of the stages' keys, the deepest first: of those that a deeper one spares an engine that
    /// is slow to tell is not asked, unless all are wanted.
    fn by_key(&self, start: &mut Start) -> Result<(), Problem> {
        let stages: Vec<usize> = self.selection.found().collect();
        let all = self.all || !self.calls.engine.tells_slowly();
        for at in stages.into_iter().rev() {
            if start.run[at] || all && start.found[at].is_none() {
                let key = start.keys[at].to_string();
                let labels = [(labels::KEY, key.as_str())];
                let images = self.inventory.labelled(self.calls, self.project, &labels)?;
                start.take(images.iter().map(|image| &**image), self);
            }
        }
        Ok(())
    }

    /// The same where no engine is asked.
    pub(crate) fn blind(&self, base: Base) -> Start {
        let keys = key::chain(self.plan, self.parts, base.identity);
        let mut start = Start::new(base, keys);
        start.decide(self);
        start
    }

    /// The images that the engine has of a stage's key.
    pub(crate) fn of_key(&self, at: usize, start: &Start) -> Result<Vec<Image>, Problem> {
        let key = start.keys[at].to_string();
        let labels = [(labels::KEY, key.as_str())];
        let images = self.inventory.labelled(self.calls, self.project, &labels)?;
        let images = images.into_iter();
        let images = images.filter(|image| self.is_stage(start, at, image));
        Ok(images.map(|image| (*image).clone()).collect())
    }

    /// What this run has kept of a key.
    pub(crate) fn kept(&self, key: Digest) -> Option<Found> {
        let kept = self.inventory.kept(key)?;
        let image = self.inventory.get(&kept.image);
        let refuted = image.is_some_and(|image| self.refuted.has(&image));
        (!refuted).then_some(kept)
    }

    /// Stages that start from images of their own, as far as the engine has some.
    fn own_images(&self, start: &mut Start) -> Result<(), Problem> {
        if !start.run.contains(&true) {
            return Ok(());
        }
        if !self.clean && !self.whole {
            self.increments(start)?;
        }
        if self.resume {
            self.resumes(start)?;
        }
        start.decide(self);
        Ok(())
    }

    /// Is there a stage to run that a registry might have?
    fn may_be_elsewhere(&self, start: &Start) -> bool {
        let mut found = self.selection.found();
        !self.plan.registries.look.is_empty() && found.any(|at| start.run[at])
    }

    /// A base image that a stage starts from has to be on the engine.
    fn fetch_base(&self, start: &mut Start) -> Result<Fetched, Problem> {
        let mut stages = self.plan.stages.iter().enumerate();
        let from_base =
            stages.any(|(at, stage)| start.run[at] && stage.parent.is_none() && !start.has_own(at));
        let blind = start.handed.is_none() && start.run.contains(&true);
        if !from_base && !blind || start.base.image.is_some() {
            return Ok(Fetched::There);
        }
        let platform = self.plan.platform.as_deref();
        let fetched = start
            .base
            .fetch(self.calls, self.inventory, platform, self.beyond)?;
        start.handed = start.base.image.as_deref().map(Image::handed_down);
        Ok(fetched)
    }
}

/// Ids of images that the last run noted: of the deepest stages, or of every one.
pub(crate) fn noted(
    plan: &Plan,
    selection: &Selection,
    note: &Note,
    engine: &str,
    every: bool,
) -> Vec<String> {
    if note.engine != engine {
        return Vec::new();
    }
    let last = |at: &usize| every || selection.above(plan, *at).next().is_none();
    let stages = selection.found().filter(last);
    stages
        .filter_map(|at| note.images.get(&plan.stages[at].name).cloned())
        .collect()
}
