//! What is known of many environments before any of them is begun: their keys, and where their stages are. Every engine
//! and all registries are asked once for all of them; nothing is pulled, and nothing written.

use std::fmt;

use super::containers::call::Calls;
use super::containers::lookup::base::{self, Beyond, Unknown};
pub(crate) use super::containers::lookup::registry::walk::Asked;
use super::containers::lookup::registry::walk::Purpose;
use super::containers::lookup::registry::{self, Registry};
use super::containers::lookup::{self, Question};
use super::event::Kind;
use super::folder::EnvFolder;
use super::records::Kept;
use super::refuted::Refuted;
use super::stages;
use super::{World, engine_of};
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::plan::copy::Manifest;
use crate::plan::key::{Here, KeyParts};
use crate::problem::Problem;
use crate::registry::Trouble;

/// An environment that is asked for.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) plan: Plan,
    /// Which of its stages.
    pub(crate) wanted: Selection,
    /// Who runs it; `None`: this host.
    pub(crate) engine: Option<Engine>,
}

impl Target {
    /// `asked`: what `--engine` says.
    pub(crate) fn of(plan: Plan, wanted: Selection, asked: Option<Engine>) -> Self {
        Self {
            engine: engine_of(&plan, asked),
            plan,
            wanted,
        }
    }
}

/// Reads the files that those on engines copy.
pub(crate) fn read<'a>(
    targets: &'a [Target],
    every: bool,
    world: &World<'_>,
    cancel: &'a Cancel,
) -> Result<Vec<Ready<'a>>, Problem> {
    let on_engines = targets.iter().filter_map(|target| {
        let (plan, wanted) = (&target.plan, &target.wanted);
        let calls = Calls::new(target.engine?, cancel);
        let last = Kept::read(&world.folder.env(&plan.env));
        Some(Ready::read((plan, wanted), calls, world, last, every))
    });
    on_engines.collect()
}

/// An environment, and what its keys are made of.
pub(crate) struct Ready<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) wanted: &'a Selection,
    pub(crate) calls: Calls<'a>,
    pub(crate) here: Here,
    pub(crate) manifests: Vec<Option<Manifest>>,
    pub(crate) parts: Vec<KeyParts>,
    pub(crate) last: Kept,
    /// Ids of images that the last run noted.
    noted: Vec<String>,
    refuted: Refuted,
    folder: EnvFolder,
}

impl<'a> Ready<'a> {
    /// Reads the files that it copies. `last` are the records of its last run, `every`: all of its stages are asked for,
    /// not only the deepest.
    pub(crate) fn read(
        (plan, wanted): (&'a Plan, &'a Selection),
        calls: Calls<'a>,
        world: &World<'_>,
        last: Kept,
        every: bool,
    ) -> Result<Self, Problem> {
        let manifests = stages::read(plan, world, wanted)?;
        let here = stages::here(plan, world.host);
        let folder = world.folder.env(&plan.env);
        let note = folder.note();
        Ok(Self {
            parts: stages::parts(plan, &manifests, &here),
            noted: lookup::noted(plan, wanted, &note, calls.engine.name(), every),
            refuted: note.refuted,
            folder,
            last,
            calls,
            plan,
            wanted,
            here,
            manifests,
        })
    }

    /// Nothing is fetched to be known.
    fn question<'q>(&'q self, world: &'q World<'_>, clean: bool) -> Question<'q> {
        Question {
            calls: &self.calls,
            inventory: world.inventory(self.calls.engine),
            project: &world.ours.id,
            plan: self.plan,
            parts: &self.parts,
            selection: self.wanted,
            beyond: Beyond::Nobody,
            all: false,
            clean,
            whole: false,
            resume: false,
            base: None,
            manifests: &self.manifests,
            folder: &self.folder,
            refuted: &self.refuted,
        }
    }
}

/// Why it is not known whether a stage is there.
#[derive(Clone, Debug)]
pub(crate) enum Unasked {
    /// Its key is not known, since the base image is not.
    Base(Unknown),
    /// The engine does not answer, and no registry has it.
    Engine(Engine),
    /// It is not on the engine, and no registry was asked: `--offline`.
    Offline,
    /// It is not on the engine, and a registry could not tell.
    Registry(Trouble),
}

impl fmt::Display for Unasked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(Unknown::NotHere) => {
                f.write_str("the base image is not here, and no registry was asked")
            }
            Self::Base(Unknown::Nowhere) => {
                f.write_str("the base image is not here, and no registry has it")
            }
            Self::Base(Unknown::Trouble(trouble)) => {
                write!(f, "the base image is not here, and {}", trouble.said)
            }
            Self::Engine(engine) => write!(f, "{} does not answer", engine.name()),
            Self::Offline => f.write_str("no registry was asked (`--offline`)"),
            Self::Registry(trouble) => f.write_str(&trouble.said),
        }
    }
}

impl Known<'_> {
    /// Why it is not known whether a stage that nobody found is there; `None`: it is not.
    pub(crate) fn unasked(&self, at: usize, registry: Option<&Registry>) -> Option<Unasked> {
        let Asked { question, start } = match &self.asked {
            Ok(asked) => asked,
            Err(unknown) => return Some(Unasked::Base(unknown.clone())),
        };
        if question.selection.is_anew(at) {
            return None;
        }
        if self.trouble.is_some() {
            return Some(Unasked::Engine(question.calls.engine));
        }
        match registry {
            None => (!question.plan.registries.look.is_empty()).then_some(Unasked::Offline),
            Some(registry) => question.unasked(start, at, registry).map(Unasked::Registry),
        }
    }
}

/// An environment, as far as it is known.
pub(crate) struct Known<'a> {
    /// Or why its keys are not known.
    pub(crate) asked: Result<Asked<'a>, Unknown>,
    /// Why the engine could not be asked.
    pub(crate) trouble: Option<Problem>,
}

/// Asks the engines, and where a base image is on none of them its registry, what it is. `clean`: what was made in
/// increments counts for nothing.
pub(crate) fn ask<'r>(
    ready: &'r [Ready<'_>],
    registry: Option<&'r Registry>,
    clean: bool,
    world: &'r World<'_>,
) -> Vec<Known<'r>> {
    let mut down = Engine::ALL.map(|engine| {
        let ours = ready.iter().filter(|one| one.calls.engine == engine);
        let calls = ours.clone().map(|one| &one.calls).next()?;
        let names = ours.flat_map(|one| {
            let images = one.plan.images().filter(|_| one.plan.pin.is_none());
            images.chain(&one.noted).cloned()
        });
        let names: Vec<String> = names.collect();
        world.inventory(engine).ask(calls, &names).err()
    });
    if let Some(registry) = registry {
        let inventory = |one: &Ready<'_>| world.inventory(one.calls.engine);
        let bases = ready.iter();
        let bases = bases.filter_map(|one| base::to_ask(inventory(one), one.plan));
        let bases: Vec<_> = bases.collect();
        registry.images(&bases);
    }
    let known = ready.iter().map(|one| {
        let question = one.question(world, clean);
        let down = &mut down[one.calls.engine as usize];
        let beyond = registry.map_or(Beyond::Nobody, Beyond::Registry);
        let base = base::known(question.inventory, one.plan, one.last.base(), beyond);
        let asked = base.map(|base| {
            let there = match down {
                Some(_) => None,
                None => question
                    .on(base.clone(), &one.noted)
                    .map_err(|p| *down = Some(p))
                    .ok(),
            };
            let start = there.unwrap_or_else(|| question.blind(base));
            // What is newer than its own images cannot be said without it.
            let whole = down.is_some();
            let question = Question { whole, ..question };
            Asked { question, start }
        });
        Known {
            asked,
            trouble: down.clone(),
        }
    });
    known.collect()
}

/// Looks in registries for the stages of all of them; nothing is pulled.
pub(crate) fn find(
    known: &mut [Known<'_>],
    purpose: Purpose,
    registry: &Registry,
    warn: &mut dyn FnMut(Problem),
) -> Result<(), Problem> {
    let asked = known.iter_mut().filter_map(|one| one.asked.as_mut().ok());
    let mut say = |kind| {
        if let Kind::Warning { problem } = kind {
            warn(problem);
        }
    };
    registry::walk::find(&mut asked.collect::<Vec<_>>(), purpose, registry, &mut say)
}
