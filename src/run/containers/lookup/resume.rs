//! `--resume`: a stage goes on from what it left when it ended early, on the engine or in the registry.
//!
//! Only an image whose labels agree in stage, environment and key is gone on from, so nothing that was edited in between
//! is taken for the same.

use std::sync::Arc;

use super::base::{self, Beyond};
use super::expected::Expected;
use super::registry::Registry;
use super::registry::image::pulling;
use super::{Found, Question, Start};
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::problem::Problem;
use crate::run::containers::call::Calls;
use crate::run::event::Kind;
use crate::run::{World, stages};

/// What a stage left, and goes on from.
#[derive(Clone, Debug)]
pub(crate) struct Resume {
    pub(crate) on: Found,
    /// Its name on the engine.
    pub(crate) tag: String,
}

impl Question<'_> {
    /// What stages left here that have no image of their key.
    pub(super) fn resumes(&self, start: &mut Start) -> Result<(), Problem> {
        for at in self.selection.found() {
            if start.found[at].is_none()
                && let Some(image) = self.failed_here(at, start)?
            {
                // A name that somebody gave it is not ours to take away.
                let stage = &self.plan.stages[at];
                let mut tags = image.repo_tags.iter().flatten();
                let tag = tags.find(|tag| self.plan.gave(stage, tag));
                let tag = tag.unwrap_or(&image.id).clone();
                self.go_on_from(at, &image, tag, start);
            }
        }
        Ok(())
    }

    fn go_on_from(&self, at: usize, image: &Image, tag: String, start: &mut Start) {
        if self.is_too_deep(at, image) {
            let text = "it was resumed so often that no engine stacks more: from its beginning";
            start.clean[at].get_or_insert_with(|| text.to_owned());
            return;
        }
        start.see(image);
        let on = Found::of(image);
        start.resumes[at] = Some(Resume { on, tag });
    }

    /// The newest image that the engine has of what a stage left.
    fn failed_here(&self, at: usize, start: &Start) -> Result<Option<Arc<Image>>, Problem> {
        let expected = self.expected(at, start);
        let key = start.keys[at].to_string();
        let labels = [(labels::FAILED_KEY, key.as_str())];
        let all = self.inventory.labelled(self.calls, self.project, &labels)?;
        let fits = all
            .into_iter()
            .filter(|image| self.may_go_on(&expected, image));
        Ok(fits.max_by_key(|image| image.made()))
    }

    fn may_go_on(&self, expected: &Expected, image: &Image) -> bool {
        expected.is_failed(image) && !(self.clean && image.links() > 0) && !self.refuted.has(image)
    }

    /// Takes what a registry has of what a stage left, if it is newer than what the engine has.
    pub(super) fn resume_elsewhere(
        &self,
        registry: &Registry,
        start: &mut Start,
        at: usize,
        say: &mut dyn FnMut(Kind),
    ) -> Result<(), Problem> {
        let expected = self.expected(at, start);
        let fits = |image: &Image| self.may_go_on(&expected, image);
        let tag = self.plan.failed_tag(start.keys[at]);
        let named = self.named(at, start, &tag);
        let newer_than = self.failed_here(at, start)?.map(|image| image.made());
        let Some(there) = registry.newest(&fits, &named, newer_than, say) else {
            return Ok(());
        };
        let stage = &self.plan.stages[at];
        say(pulling(&format!("what `{}` left", stage.name), &there));
        let tag = self.plan.image_name(stage, &tag);
        if let Some(image) = self.bring(registry, &fits, &there, &tag, say)? {
            self.go_on_from(at, &image, tag, start);
        }
        Ok(())
    }
}

/// What a stage of its key left, whoever ran it, on the engine or in the registry: the deepest, and its image.
pub(crate) fn seek(
    calls: &Calls<'_>,
    world: &World<'_>,
    plan: &Plan,
    say: &mut dyn FnMut(Kind),
) -> Result<Option<(usize, String)>, Problem> {
    let selection = Selection::of(plan, &[], None, false)?;
    let manifests = stages::read(plan, world, &selection)?;
    let parts = stages::parts(plan, &manifests, &stages::here(plan, world.host));
    let registry = world.registry(calls.cancel);
    let beyond = Beyond::Registry(registry);
    let folder = world.folder.env(&plan.env);
    let refuted = folder.note().refuted;
    let question = Question {
        calls,
        inventory: world.inventory(calls.engine),
        project: &world.ours.id,
        plan,
        parts: &parts,
        selection: &selection,
        beyond,
        all: false,
        clean: false,
        whole: true,
        resume: true,
        base: None,
        manifests: &manifests,
        folder: &folder,
        refuted: &refuted,
    };
    let had = base::find(calls, question.inventory, plan, &[], beyond, Vec::new())?;
    let mut start = question.on(had.base, &[])?;
    for at in (0..plan.stages.len()).rev() {
        if !start.run[at] {
            continue;
        }
        question.resume_elsewhere(registry, &mut start, at, say)?;
        if let Some(left) = &start.resumes[at] {
            return Ok(Some((at, left.on.image.clone())));
        }
    }
    Ok(None)
}
