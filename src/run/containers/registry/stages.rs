//! Stages that registries have, told of many environments without a pull.

use std::collections::BTreeSet;

use super::super::lookup::{Question, Start};
use super::super::stage::stage_tag;
use super::Registry;
use super::image::foreign;
use crate::problem::Problem;
use crate::registry::{Reference, Remote, Sought, Trouble, Version};

/// A stage that a registry has.
#[derive(Clone, Debug)]
pub(crate) struct There {
    /// Its name, by the key.
    pub(crate) tag: Reference,
    /// Of the manifest for the platform.
    pub(crate) digest: String,
    /// Of all layers, as they are sent.
    pub(crate) bytes: u64,
}

impl There {
    pub(crate) fn of(tag: &Reference, remote: &Remote) -> Self {
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
        let found: Vec<usize> = self.selection.found().filter(|at| of[*at]).collect();
        let names = found.into_iter().rev().flat_map(|at| {
            let (stage, key) = (&self.plan.stages[at], start.keys[at]);
            let mut down = self.plan.down(at);
            // What was made in increments counts behind what was made clean.
            let increments = !self.clean && down.any(|below| self.plan.stages[below].incremental);
            let kinds = [true].into_iter().chain(increments.then_some(false));
            let tags = kinds.map(|clean| stage_tag(self.plan, key, clean));
            let names = tags.flat_map(|tag| self.plan.registry_names(stage, &tag));
            // A name that no registry can have is no image's.
            let names = names.filter_map(|name| Reference::parse(&name).ok());
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

    /// Why it is not known whether a registry has a stage that nobody found.
    pub(crate) fn unasked(&self, start: &Start, at: usize, registry: &Registry) -> Option<Trouble> {
        let mut of = vec![false; start.keys.len()];
        of[at] = true;
        let names = self.sought(start, &of).into_iter();
        names
            .map(|(_, sought)| registry.digest(&sought.name))
            .find_map(|answer| answer?.err())
    }
}

/// One environment that is looked for.
pub(crate) struct Asked<'a> {
    pub(crate) question: Question<'a>,
    pub(crate) start: Start,
}

/// Which stages of an environment are looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Those that would be run, the deepest first, and none that it spares.
    Deepest,
    /// All that are not on the engine.
    Every,
}

/// A name that is there, and which stage of which environment it may be.
type Candidate = (usize, usize, Reference);

/// Asks for the names of the stages of all these environments at once. The answer: which names are there.
pub(crate) fn look(
    asked: &[&mut Asked<'_>],
    depth: Depth,
    registry: &Registry,
    warn: &mut dyn FnMut(Problem),
) -> Vec<Candidate> {
    let (mut all, mut first) = (Vec::new(), 0);
    for (env, one) in asked.iter().enumerate() {
        let Asked { question, start } = &**one;
        let of = match depth {
            Depth::Deepest => start.run.clone(),
            Depth::Every => start.missing(),
        };
        let sought = question.sought(start, &of).into_iter();
        all.extend(sought.enumerate().map(|(place, (at, mut sought))| {
            if depth == Depth::Every {
                sought.ends = BTreeSet::from([at]);
            }
            sought.ends = sought.ends.iter().map(|end| first + end).collect();
            (place, env, at, sought)
        }));
        first += start.keys.len();
    }
    // Of all environments first the deepest stage.
    all.sort_by_key(|(place, ..)| *place);
    let names: Vec<Sought> = all.iter().map(|(.., sought)| sought.clone()).collect();
    registry.look(&names, warn);
    let there = all.into_iter().filter(|(.., sought)| {
        let digest = registry.digest(&sought.name);
        matches!(digest, Some(Ok(Some(_))))
    });
    there.map(|(_, env, at, s)| (env, at, s.name)).collect()
}

/// Notes which stages registries have, by their labels; nothing is pulled.
pub(crate) fn find(
    asked: &mut [&mut Asked<'_>],
    depth: Depth,
    registry: &Registry,
    warn: &mut dyn FnMut(Problem),
) {
    let mut tried = BTreeSet::new();
    loop {
        let mut there = look(asked, depth, registry, warn);
        there.retain(|one| !tried.contains(one));
        if depth == Depth::Deepest {
            let mut seen = BTreeSet::new();
            there.retain(|(env, ..)| seen.insert(*env));
        }
        if there.is_empty() {
            return;
        }
        let named = |(env, _, tag): &Candidate| {
            let base = &asked[*env].start.base;
            let digest = registry.digest(tag).and_then(Result::ok).flatten();
            let version = digest.map_or_else(|| tag.version.clone(), Version::Digest);
            (tag.with(version), base.platform())
        };
        let names: Vec<(Reference, String)> = there.iter().map(named).collect();
        for (answer, one) in registry.images(&names).into_iter().zip(there) {
            let (env, at, tag) = &one;
            let Asked { question, start } = &mut *asked[*env];
            match answer {
                Ok(Some(remote)) if question.is_stage(start, *at, &remote.image) => {
                    start.take_there(*at, There::of(tag, &remote), question);
                }
                Ok(Some(_)) => {
                    warn(foreign(tag));
                    registry.note(tag.clone(), None);
                }
                Ok(None) => registry.note(tag.clone(), None),
                Err(trouble) => registry.failed(tag, &trouble, warn),
            }
            tried.insert(one);
        }
    }
}
