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

use std::collections::BTreeMap;

use super::super::event::Kind;
use super::super::folder::Note;
use super::call::Calls;
use crate::digest::Digest;
use crate::engine::facts::{HandedDown, Image};
use crate::engine::labels;
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::plan::key::{self, KeyParts};
use crate::problem::Problem;
use base::{Base, Beyond, Fetched, Had};
use increment::Increment;
use inventory::Inventory;
use registry::stages::There;
use resume::Resume;

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

/// What a run starts from.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) base: Base,
    /// Why images that stand before it were not taken.
    pub(crate) passed_over: Vec<Problem>,
    pub(crate) keys: Vec<Digest>,
    /// By stage; only those that were looked at.
    pub(crate) found: Vec<Option<Found>>,
    /// By stage: it was fetched from a registry, or would be.
    pub(crate) there: Vec<Option<There>>,
    /// By stage: somebody needs it, the caller or a later stage that is run and starts from it.
    pub(crate) needed: Vec<bool>,
    /// By stage: it has to be run.
    pub(crate) run: Vec<bool>,
    /// By stage: where it starts in place of the stage before.
    pub(crate) increments: Vec<Option<Increment>>,
    /// By stage: why it is clean though it is incremental and has an image.
    pub(crate) clean: Vec<Option<String>>,
    /// By stage: what it left when it ended early, and goes on from.
    pub(crate) resumes: Vec<Option<Resume>>,
    /// What the base image hands down to every stage, as soon as one image was seen.
    handed: Option<HandedDown>,
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
        let count = self.plan.stages.len();
        let mut start = Start {
            keys: key::chain(self.plan, self.parts, base.identity),
            found: vec![None; count],
            there: vec![None; count],
            needed: Vec::new(),
            run: Vec::new(),
            increments: vec![None; count],
            clean: vec![None; count],
            resumes: vec![None; count],
            handed: base.image.as_deref().map(Image::handed_down),
            base,
            passed_over: Vec::new(),
        };
        start.decide(self);
        start
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

impl Start {
    /// The base image's name and identity, and the keys on top of it.
    pub(crate) fn on(&self) -> (&str, Digest, &[Digest]) {
        (&self.base.name, self.base.identity, &self.keys)
    }

    /// What the base image hands down to every stage.
    pub(crate) fn handed(&self) -> &HandedDown {
        self.handed
            .as_ref()
            .expect("a stage starts from an image that was seen")
    }

    /// The same; `None`: no image was looked at, since other environments of this run made all that there is.
    pub(super) fn seen(&self) -> Option<&HandedDown> {
        self.handed.as_ref()
    }

    /// Does a stage, if it is run, start from an image of its own, so that the stage before need not be there?
    fn has_own(&self, at: usize) -> bool {
        self.increments[at].is_some() || self.resumes[at].is_some()
    }

    /// Any image says what the base image hands down.
    pub(super) fn see(&mut self, image: &Image) {
        self.handed.get_or_insert_with(|| image.handed_down());
    }

    /// Notes the images that are what a stage's key asks for.
    pub(super) fn take<'i>(
        &mut self,
        images: impl Iterator<Item = &'i Image>,
        question: &Question<'_>,
    ) {
        let (mut clean, mut increments) = (BTreeMap::new(), BTreeMap::new());
        let (project, env) = (question.project, &question.plan.slug);
        let mut images: Vec<&Image> = images.filter(|i| self.base.is_like(i)).collect();
        // Of one key the newest counts: what was made again was made again for a reason.
        images.sort_by_key(|image| image.made());
        for image in images {
            clean.extend(image.stage_key(project).map(|key| (key, image)));
            let key = image.increment_key(project, env);
            increments.extend(key.filter(|_| !question.clean).map(|key| (key, image)));
        }
        for at in question.selection.found() {
            let key = &self.keys[at];
            if let Some(image) = clean.get(key).or_else(|| increments.get(key)) {
                self.see(image);
                self.found[at] = Some(Found::of(image));
            }
        }
        self.decide(question);
    }

    /// Notes a stage that came from a registry, for other environments, too.
    pub(super) fn take_fetched(
        &mut self,
        at: usize,
        image: &Image,
        there: There,
        question: &Question<'_>,
    ) {
        self.see(image);
        let found = Found::of(image);
        if found.links == 0 {
            question.inventory.keep(self.keys[at], found.clone());
        }
        self.found[at] = Some(found);
        self.take_there(at, there, question);
    }

    /// Notes a stage that a registry has.
    pub(super) fn take_there(&mut self, at: usize, there: There, question: &Question<'_>) {
        self.there[at] = Some(there);
        self.decide(question);
    }

    /// Notes what other environments of this run have kept.
    fn take_kept(&mut self, question: &Question<'_>) {
        for at in question.selection.found() {
            if self.found[at].is_none() {
                self.found[at] = question.inventory.kept(self.keys[at]);
            }
        }
        self.decide(question);
    }

    /// Has a stage of this key passed, as its image says, or a clean one that stands on it?
    pub(super) fn proves(&self, at: usize, plan: &Plan) -> bool {
        let found = self.found.iter().enumerate();
        let mut clean = found.filter_map(|(above, found)| {
            let found = found.as_ref()?;
            (above == at || found.links == 0).then_some(above)
        });
        clean.any(|above| plan.down(above).any(|below| below == at))
    }

    /// By stage: nobody has found it.
    pub(super) fn missing(&self) -> Vec<bool> {
        let all = self.found.iter().zip(&self.there);
        all.map(|(found, there)| found.is_none() && there.is_none())
            .collect()
    }

    /// A stage is run if its image is missing and somebody needs it.
    pub(super) fn decide(&mut self, question: &Question<'_>) {
        let (plan, selection) = (question.plan, question.selection);
        let missing = self.missing();
        self.needed = vec![false; plan.stages.len()];
        self.run = self.needed.clone();
        // What starts from a stage stands behind it.
        for at in (0..plan.stages.len())
            .rev()
            .filter(|at| selection.wants(*at))
        {
            let mut above = selection.above(plan, at).peekable();
            self.needed[at] = above.peek().is_none()
                || selection.is_anew(at)
                || above.any(|above| self.run[above] && !self.has_own(above));
            self.run[at] = self.needed[at] && missing[at];
        }
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
