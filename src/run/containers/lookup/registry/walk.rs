//! One walk over what registries have of the stages of many environments: to tell of it, or to get it onto the engine.

use std::collections::BTreeSet;

use super::super::{Question, Start};
use super::Registry;
use super::image::{Offer, foreign};
use super::stages::There;
use crate::problem::Problem;
use crate::registry::{Reference, Sought, Version};
use crate::run::event::Kind;

/// One environment that is looked for.
pub(crate) struct Asked<'a> {
    pub(crate) question: Question<'a>,
    pub(crate) start: Start,
}

impl Question<'_> {
    /// Gets what a registry has of the stages that would have to run.
    pub(crate) fn fetch_stages(
        self,
        registry: &Registry,
        start: Start,
        say: &mut dyn FnMut(Kind),
    ) -> Result<Start, Problem> {
        let mut asked = Asked {
            question: self,
            start,
        };
        find(&mut [&mut asked], Purpose::Run, registry, say)?;
        Ok(asked.start)
    }
}

/// What is looked for, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Would something run? The deepest stages that are there, and none that they spare.
    Stale,
    /// What would run, and from what? All stages that are not on the engine, and what they would start from.
    Explain,
    /// What does a run begin with? The deepest stages that are there, and what others start from; it is pulled.
    Run,
}

/// A name that is there, and which stage of which environment it may be.
type Candidate = (usize, usize, Reference);

/// A stage of an environment.
type At = (usize, usize);

/// Asks for the names of the stages of all these environments at once. The answer: which names are there.
pub(crate) fn look(
    asked: &[&mut Asked<'_>],
    purpose: Purpose,
    registry: &Registry,
    warn: &mut dyn FnMut(Problem),
) -> Vec<Candidate> {
    let (mut all, mut first) = (Vec::new(), 0);
    for (env, one) in asked.iter().enumerate() {
        let Asked { question, start } = &**one;
        let of = match purpose {
            Purpose::Stale | Purpose::Run => start.run.clone(),
            Purpose::Explain => start.missing(),
        };
        let sought = question.sought(start, &of).into_iter();
        all.extend(sought.enumerate().map(|(place, (at, mut sought))| {
            if purpose == Purpose::Explain {
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

/// Finds what registries have of the stages that would have to run, the deepest first; nothing that it spares is pulled.
/// One that is nowhere may start from an image of its own from there.
pub(crate) fn find(
    asked: &mut [&mut Asked<'_>],
    purpose: Purpose,
    registry: &Registry,
    say: &mut dyn FnMut(Kind),
) -> Result<(), Problem> {
    let (mut tried, mut own) = (BTreeSet::new(), BTreeSet::new());
    while !asked
        .iter()
        .any(|one| one.question.calls.cancel.requested())
    {
        let mut warn = |problem| say(Kind::Warning { problem });
        let mut there = look(asked, purpose, registry, &mut warn);
        there.retain(|one| !tried.contains(one));
        let nowhere = match purpose {
            Purpose::Stale => Vec::new(),
            Purpose::Explain | Purpose::Run => nowhere(asked, &there, &own),
        };
        if !nowhere.is_empty() {
            own_images(asked, &nowhere, purpose, registry, say)?;
            own.extend(nowhere);
            continue;
        }
        if purpose != Purpose::Explain {
            let mut seen = BTreeSet::new();
            there.retain(|(env, ..)| seen.insert(*env));
        }
        if there.is_empty() {
            break;
        }
        take(asked, &there, purpose, registry, say)?;
        tried.extend(there);
    }
    Ok(())
}

/// Of each environment the deepest stage that would have to run and that no registry has, if it may start from an image
/// of its own; `asked` were asked for that.
fn nowhere(all: &[&mut Asked<'_>], there: &[Candidate], asked: &BTreeSet<At>) -> Vec<At> {
    let deepest = |env: usize| {
        let Asked { question, start } = &*all[env];
        let there = there.iter().filter(|(of, ..)| *of == env);
        let there = there.map(|(_, at, _)| *at).max();
        let mut stages = question.selection.found().rev();
        stages.find(|at| {
            start.run[*at]
                && there.is_none_or(|there| *at > there)
                && (question.resume || question.starts_elsewhere(*at, start))
                && !asked.contains(&(env, *at))
        })
    };
    let all = 0..all.len();
    all.filter_map(|env| Some((env, deepest(env)?))).collect()
}

/// What stages of no key that is there may start from, if a registry has something newer than the engine.
fn own_images(
    asked: &mut [&mut Asked<'_>],
    of: &[At],
    purpose: Purpose,
    registry: &Registry,
    say: &mut dyn FnMut(Kind),
) -> Result<(), Problem> {
    let mut lines = Vec::new();
    for (env, at) in of {
        let Asked { question, start } = &mut *asked[*env];
        if question.resume {
            question.resume_elsewhere(registry, start, *at, say)?;
            start.decide(question);
        }
        if start.resumes[*at].is_none() && question.starts_elsewhere(*at, start) {
            lines.push((*env, *at));
        }
    }
    // All at once; then the answers are known.
    let named = lines.iter().flat_map(|(env, at)| {
        let Asked { question, start } = &*asked[*env];
        question.line_there(*at, start)
    });
    registry.images(&named.collect::<Vec<_>>());
    for (env, at) in lines {
        let Asked { question, start } = &mut *asked[env];
        question.increment_elsewhere(registry, start, at, purpose, say)?;
        start.decide(question);
    }
    Ok(())
}

/// Takes what is there for the stages whose tags it has, if its labels agree; a run gets it.
fn take(
    asked: &mut [&mut Asked<'_>],
    there: &[Candidate],
    purpose: Purpose,
    registry: &Registry,
    say: &mut dyn FnMut(Kind),
) -> Result<(), Problem> {
    let named = |(env, _, tag): &Candidate| {
        let base = &asked[*env].start.base;
        let digest = registry.digest(tag).and_then(Result::ok).flatten();
        let version = digest.map_or_else(|| tag.version.clone(), Version::Digest);
        (tag.with(version), base.platform())
    };
    let names: Vec<(Reference, String)> = there.iter().map(named).collect();
    for (answer, (env, at, tag)) in registry.images(&names).into_iter().zip(there) {
        let (Asked { question, start }, at, tag) = (&mut *asked[*env], *at, tag.clone());
        let mut warn = |problem| say(Kind::Warning { problem });
        match answer {
            Ok(Some(remote)) if question.passes_over(start, at, &remote.image) => {
                registry.note(tag, None);
            }
            Ok(Some(remote)) if question.is_stage(start, at, &remote.image) => {
                let offer = Offer { tag, remote };
                if purpose != Purpose::Run {
                    start.take_there(at, There::of(&offer), question);
                } else if let Some(image) =
                    question.bring_stage(registry, start, at, &offer, say)?
                {
                    start.take_fetched(at, &image, There::of(&offer), question);
                } else {
                    registry.note(offer.tag, None);
                }
            }
            Ok(other) => {
                if other.is_some() {
                    warn(foreign(&tag));
                }
                registry.note(tag, None);
            }
            Err(trouble) => registry.failed(&tag, &trouble, &mut warn),
        }
    }
    Ok(())
}
