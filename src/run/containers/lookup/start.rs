//! What a run starts from: which stages are there, which have to be run, and from what those begin.

use std::collections::BTreeMap;

use super::base::Base;
use super::increment::Increment;
use super::registry::stages::There;
use super::resume::Resume;
use super::{Found, Question};
use crate::digest::Digest;
use crate::engine::facts::{HandedDown, Image};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::run::refuted::Untaken;

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
    /// By stage: why an image of its key that is there was not taken.
    pub(crate) untaken: Vec<Option<Untaken>>,
    /// By stage: it was run, and has come of it what is found.
    made: Vec<bool>,
    /// By stage: its own image, from which it may start in place of the stage before.
    pub(super) increments: Vec<Option<Increment>>,
    /// By stage: a stage that it stands on is run all the same, so it does not start from that.
    fresh: Vec<Option<usize>>,
    /// By stage: why it has no such image that it may start from, though it has one.
    pub(crate) clean: Vec<Option<String>>,
    /// By stage: what it left when it ended early, and goes on from.
    pub(crate) resumes: Vec<Option<Resume>>,
    /// What the base image hands down to every stage, as soon as one image was seen.
    pub(super) handed: Option<HandedDown>,
}

impl Start {
    /// Nothing is known but the base image and the keys on top of it.
    pub(super) fn new(base: Base, keys: Vec<Digest>) -> Self {
        let count = keys.len();
        Self {
            found: vec![None; count],
            there: vec![None; count],
            needed: vec![false; count],
            run: vec![false; count],
            untaken: vec![None; count],
            made: vec![false; count],
            increments: vec![None; count],
            fresh: vec![None; count],
            clean: vec![None; count],
            resumes: vec![None; count],
            handed: base.image.as_deref().map(Image::handed_down),
            base,
            keys,
            passed_over: Vec::new(),
        }
    }

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
    pub(crate) fn seen(&self) -> Option<&HandedDown> {
        self.handed.as_ref()
    }

    /// Does a stage, if it is run, start from an image of its own, so that the stage before need not be there?
    pub(super) fn has_own(&self, at: usize) -> bool {
        self.increment(at).is_some() || self.resumes[at].is_some()
    }

    /// The image of its own that a stage starts from, if it is run.
    pub(crate) fn increment(&self, at: usize) -> Option<&Increment> {
        let own = self.increments[at].as_ref();
        own.filter(|_| self.fresh[at].is_none())
    }

    /// Why a stage is clean though it has an image of its own.
    pub(crate) fn why_clean(&self, at: usize, plan: &Plan) -> Option<String> {
        let below = self.increments[at].as_ref().and(self.fresh[at]);
        let fresh = below.map(|below| {
            let below = &plan.stages[below].name;
            format!("clean, on the image of the stage before: `{below}` is run, too")
        });
        fresh.or_else(|| self.clean[at].clone())
    }

    /// Any image says what the base image hands down.
    pub(crate) fn see(&mut self, image: &Image) {
        self.handed.get_or_insert_with(|| image.handed_down());
    }

    /// Notes the images that are what a stage's key asks for.
    pub(crate) fn take<'i>(
        &mut self,
        images: impl Iterator<Item = &'i Image>,
        question: &Question<'_>,
    ) {
        let (mut clean, mut increments) = (BTreeMap::new(), BTreeMap::new());
        let (project, env) = (question.project, &question.plan.slug);
        let mut images: Vec<&Image> = images.filter(|i| self.base.is_like(i)).collect();
        self.pass_over(&mut images, question);
        // Of one key the newest counts: what was made again was made again for a reason.
        images.sort_by_key(|image| image.made());
        for image in images {
            clean.extend(image.stage_key(project).map(|key| (key, image)));
            let key = image.increment_key(project, env);
            increments.extend(key.map(|key| (key, image)));
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

    /// Takes those out that are not taken for a stage, and notes why.
    fn pass_over(&mut self, images: &mut Vec<&Image>, question: &Question<'_>) {
        let (project, env) = (question.project, &question.plan.slug);
        images.retain(|image| {
            let increment = image.increment_key(project, env);
            let Some(key) = image.stage_key(project).or(increment) else {
                return false;
            };
            let why_not = |at: usize| {
                let stage = &question.plan.stages[at].name;
                let refuted = question.refuted.why_not(stage, key, image);
                let clean = increment.filter(|_| question.clean);
                refuted.or(clean.map(|_| Untaken::Increment))
            };
            let mut stages = question.selection.found();
            let at = stages.find(|at| self.keys[*at] == key);
            match at.and_then(|at| Some((at, why_not(at)?))) {
                Some((at, why)) => {
                    self.untaken[at] = Some(why);
                    false
                }
                None => true,
            }
        });
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
            let known = (image.id.clone(), Some(image.clone()));
            question.inventory.know([known].into_iter());
            question.inventory.keep(self.keys[at], found.clone());
        }
        self.found[at] = Some(found);
        self.take_there(at, there, question);
    }

    /// Notes what came of a stage that was run.
    pub(crate) fn take_made(&mut self, at: usize, found: Found) {
        self.found[at] = Some(found);
        self.made[at] = true;
    }

    /// Notes a stage that a registry has.
    pub(super) fn take_there(&mut self, at: usize, there: There, question: &Question<'_>) {
        self.there[at] = Some(there);
        self.decide(question);
    }

    /// Notes what other environments of this run have kept.
    pub(super) fn take_kept(&mut self, question: &Question<'_>) {
        for at in question.selection.found() {
            if self.found[at].is_none() {
                self.found[at] = question.kept(self.keys[at]);
            }
        }
        self.decide(question);
    }

    /// Has a stage of this key passed, as its image says, or a clean one that stands on it?
    pub(crate) fn proves(&self, at: usize, plan: &Plan) -> bool {
        let found = self.found.iter().enumerate();
        let mut clean = found.filter_map(|(above, found)| {
            let found = found.as_ref()?;
            (above == at || found.links == 0).then_some(above)
        });
        clean.any(|above| plan.down(above).any(|below| below == at))
    }

    /// The stage that is run from its own image, so that this one, on which it stands, is not needed.
    pub(crate) fn spared_for(&self, at: usize, plan: &Plan) -> Option<usize> {
        let above = at + 1..plan.stages.len();
        let mut own = above.filter(|above| self.run[*above] && self.increment(*above).is_some());
        own.find(|above| plan.down(*above).any(|below| below == at))
    }

    /// By stage: nobody has found it.
    pub(super) fn missing(&self) -> Vec<bool> {
        let all = self.found.iter().zip(&self.there);
        all.map(|(found, there)| found.is_none() && there.is_none())
            .collect()
    }

    /// Decides which stages are run, and whether from their own images: not while a stage that they stand on is run for
    /// another one, since what that makes would not be in them.
    pub(super) fn decide(&mut self, question: &Question<'_>) {
        let plan = question.plan;
        self.fresh = vec![None; plan.stages.len()];
        loop {
            self.decide_runs(question);
            let stages = (0..plan.stages.len()).rev();
            let mut own = stages.filter(|at| self.run[*at] && self.increment(*at).is_some());
            let fresh = own.find_map(|at| {
                let mut below = plan.down(at).skip(1);
                Some((
                    at,
                    below.find(|below| self.run[*below] || self.made[*below])?,
                ))
            });
            match fresh {
                Some((at, below)) => self.fresh[at] = Some(below),
                None => return,
            }
        }
    }

    /// A stage is run if its image is missing and somebody needs it.
    fn decide_runs(&mut self, question: &Question<'_>) {
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
