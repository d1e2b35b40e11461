//! The stages of one environment in registries: under which names, and what is there.

use std::collections::BTreeSet;

use super::super::{Question, Start};
use super::Registry;
use super::image::{Offer, pulling};
use crate::engine::facts::Image;
use crate::problem::Problem;
use crate::registry::{Reference, Sought, Trouble};
use crate::run::event::Kind;

/// An image of a stage that a registry has.
#[derive(Clone, Debug)]
pub(crate) struct There {
    /// Its name.
    pub(crate) tag: Reference,
    /// Of the manifest for the platform.
    pub(crate) digest: String,
    /// Of all layers, as they are sent.
    pub(crate) bytes: u64,
}

impl There {
    pub(crate) fn of(Offer { tag, remote }: &Offer) -> Self {
        Self {
            tag: tag.clone(),
            digest: remote.digest.clone(),
            bytes: remote.bytes,
        }
    }
}

impl Question<'_> {
    /// The names of these stages in the registries, with the stages: the deepest first. What stands at the end of a chain
    /// spares all that it stands on.
    pub(crate) fn sought(&self, start: &Start, of: &[bool]) -> Vec<(usize, Sought)> {
        let ends = self.ends();
        let stages = self.selection.found().rev().filter(|at| of[*at]);
        let names = stages.flat_map(|at| {
            let mut down = self.plan.down(at);
            // What was made in increments counts behind what was made clean.
            let increments = !self.clean && down.any(|below| self.plan.stages[below].incremental);
            let kinds = [true].into_iter().chain(increments.then_some(false));
            let tags = kinds.map(|clean| self.plan.stage_tag(start.keys[at], clean));
            let names = tags.flat_map(|tag| self.references(at, &tag));
            names.map(|name| (at, name)).collect::<Vec<_>>()
        });
        let sought = names.map(|(at, name)| {
            let ends = ends[at].clone();
            (at, Sought { name, ends })
        });
        sought.collect()
    }

    /// By stage: the last of the chains that it is in.
    fn ends(&self) -> Vec<BTreeSet<usize>> {
        let mut ends = vec![BTreeSet::new(); self.plan.stages.len()];
        for at in (0..ends.len()).rev() {
            let mut own = BTreeSet::new();
            for above in self.selection.above(self.plan, at) {
                own.extend(&ends[above]);
            }
            if own.is_empty() {
                own.insert(at);
            }
            ends[at] = own;
        }
        ends
    }

    /// Why it is not known whether a registry has a stage that nobody found, or what it would start from.
    pub(crate) fn unasked(&self, start: &Start, at: usize, registry: &Registry) -> Option<Trouble> {
        let mut of = vec![false; start.keys.len()];
        of[at] = true;
        let names = self.sought(start, &of).into_iter();
        let mut stage = names.map(|(_, sought)| registry.digest(&sought.name));
        let line = || {
            let asked = self.starts_elsewhere(at, start);
            let named = asked.then(|| self.line_there(at, start));
            let mut named = named.into_iter().flatten();
            named.find_map(|named| registry.trouble(&named))
        };
        stage.find_map(|answer| answer?.err()).or_else(line)
    }

    /// Gets a stage onto the engine; `None`: it cannot be had, or is not what it says.
    pub(super) fn bring_stage(
        &self,
        registry: &Registry,
        start: &Start,
        at: usize,
        offer: &Offer,
        say: &mut dyn FnMut(Kind),
    ) -> Result<Option<Image>, Problem> {
        let fits = |image: &Image| self.is_stage(start, at, image);
        let (stage, links) = (&self.plan.stages[at], offer.remote.image.links());
        let own = self.plan.stage_tag(start.keys[at], links == 0);
        say(pulling(&format!("`{}`", stage.name), offer));
        let own = self.plan.image_name(stage, &own);
        self.bring(registry, &fits, offer, &own, say)
    }

    /// Is an image the stage of this key, and not taken all the same?
    pub(super) fn passes_over(&self, start: &mut Start, at: usize, image: &Image) -> bool {
        let stage = &self.plan.stages[at].name;
        let why = self.refuted.why_not(stage, start.keys[at], image);
        start.untaken[at] = why.or(start.untaken[at]);
        why.is_some() && self.is_stage(start, at, image)
    }

    /// Images of a stage's key that registries have, whatever else there is.
    pub(crate) fn in_registries(
        &self,
        at: usize,
        start: &Start,
        registry: &Registry,
    ) -> Vec<Image> {
        let mut of = vec![false; start.keys.len()];
        of[at] = true;
        let sought = self.sought(start, &of).into_iter();
        let sought: Vec<Sought> = sought.map(|(_, sought)| sought).collect();
        registry.look(&sought, &mut |_| {});
        let there = |tag: &Reference| matches!(registry.digest(tag), Some(Ok(Some(_))));
        let tags = sought.into_iter().map(|sought| sought.name);
        let named = tags.filter(there).map(|tag| (tag, start.base.platform()));
        let answers = registry.images(&named.collect::<Vec<_>>()).into_iter();
        let images = answers.filter_map(|answer| Some(answer.ok()??.image));
        images
            .filter(|image| self.is_stage(start, at, image))
            .collect()
    }

    /// Is an image the stage of this key, as a run of this project left it?
    pub(crate) fn is_stage(&self, start: &Start, at: usize, image: &Image) -> bool {
        let expected = self.expected(at, start);
        expected.is_clean(image) || !self.clean && expected.is_increment(image)
    }
}
