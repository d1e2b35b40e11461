//! Why each stage of an environment would be run, or is not: found where, or changed in what against the last run or
//! the nearest image. Pulls nothing, writes nothing; at most the three processes that a look-up takes.

use super::World;
use super::ahead::{self, Asked, Known, Ready, Target, Unasked};
use super::containers::lookup::Start;
use super::containers::lookup::base::Unknown;
use super::containers::lookup::increment::Whence;
use super::containers::lookup::registry::Registry;
use super::containers::lookup::registry::stages::There;
use super::containers::lookup::registry::walk::Purpose;
use super::local::own;
use super::records::Now;
use super::result::Increments;
use super::why::Why;
use crate::digest::Digest;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::plan::copy;
use crate::plan::record::{self, Change, Record, What};
use crate::problem::Problem;

/// One environment, explained.
#[derive(Debug)]
pub(crate) struct Explained {
    /// `None`: it runs on this host.
    pub(crate) engine: Option<Engine>,
    /// The base image by its name, and its identity where that is known.
    pub(crate) base: Option<(String, Option<Digest>)>,
    pub(crate) stages: Vec<Told>,
    /// Why the engine could not be asked.
    pub(crate) trouble: Option<Problem>,
}

/// One stage.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) name: String,
    /// `None`: the base image is not known, or there are no keys (in the source tree).
    pub(crate) key: Option<Digest>,
    pub(crate) fate: Fate,
}

/// What happens to a stage in the next run.
#[derive(Debug)]
pub(crate) enum Fate {
    /// Its image is on the engine.
    Found {
        image: String,
        tags: Vec<String>,
        increments: Option<Increments>,
    },
    /// Its image is in a registry.
    There {
        tag: String,
        digest: String,
        bytes: u64,
        /// It is the one that is fetched.
        pulled: bool,
    },
    /// It passed in the environment's own tree.
    Passed,
    /// Its image is not there, and nobody needs it; with what changed where it was not made again.
    NotNeeded(Spared, Vec<Change>),
    Run {
        why: Why,
        way: Way,
    },
    /// It is not known whether it is there; with what changed all the same.
    Unknown(Unasked, Vec<Change>),
    /// It has no key.
    Always,
}

/// Why nobody needs a stage.
#[derive(Debug)]
pub(crate) enum Spared {
    /// A later stage is found.
    Later,
    /// This stage starts from its own image.
    Own(String),
}

/// From where a stage is run.
#[derive(Debug)]
pub(crate) enum Way {
    /// From the stage before.
    Clean,
    /// The same, though it is incremental and has an image: for this reason.
    CleanFor(String),
    /// From its own image, of so many links at most.
    Own {
        increments: Increments,
        most: u32,
        /// Its id, or its digest in the registry.
        image: String,
        /// In the registry: its name and size.
        there: Option<There>,
    },
}

/// Explains the stages of these plans that are wanted. `registry`: `None` with `--offline`.
pub(crate) fn explain(
    jobs: &[Target],
    registry: Option<&Registry>,
    world: &World<'_>,
    cancel: &Cancel,
    warn: &mut dyn FnMut(Problem),
) -> Result<Vec<Explained>, Problem> {
    let ready = ahead::read(jobs, true, world, cancel)?;
    let mut known = ahead::ask(&ready, registry, false, world);
    if let Some(registry) = registry {
        ahead::find(&mut known, Purpose::Explain, registry, warn)?;
    }
    let mut known = ready.iter().zip(known);
    let mut all = Vec::new();
    for target in jobs {
        if target.engine.is_none() {
            all.push(here(target, world, cancel)?);
            continue;
        }
        let (ready, known) = known.next().expect("one for each that is on an engine");
        let asked = OnEngine {
            ready,
            known,
            registry,
        };
        all.push(asked.explained(world));
    }
    Ok(all)
}

/// On this host only a tree of the environment's own has keys.
fn here(target: &Target, world: &World<'_>, cancel: &Cancel) -> Result<Explained, Problem> {
    let (plan, wanted) = (&target.plan, &target.wanted);
    let looked = plan
        .isolated
        .then(|| own::look(plan, wanted, world, cancel));
    let looked = looked.transpose()?;
    let mut ran: Option<&str> = None;
    let told = wanted.stages(plan).map(|(at, stage)| {
        let fate = match (&looked, ran) {
            (None, _) => Fate::Always,
            (Some(looked), _) if looked.found[at] => Fate::Passed,
            (Some(looked), ran) => Fate::Run {
                why: match ran {
                    Some(before) => Why::InTree(before.to_owned()),
                    None if looked.passed.contains(&stage.name) => Why::OtherKey,
                    None if looked.known => Why::NotPassed,
                    None => Why::New,
                },
                way: Way::Clean,
            },
        };
        if matches!(fate, Fate::Run { .. }) {
            ran.get_or_insert(&stage.name);
        }
        Told {
            name: stage.name.clone(),
            key: looked.as_ref().map(|looked| looked.keys[at]),
            fate,
        }
    });
    Ok(Explained {
        engine: None,
        base: None,
        stages: told.collect(),
        trouble: None,
    })
}

/// An environment on an engine, and what was answered.
struct OnEngine<'a> {
    ready: &'a Ready<'a>,
    known: Known<'a>,
    registry: Option<&'a Registry>,
}

impl OnEngine<'_> {
    fn explained(self, world: &World<'_>) -> Explained {
        let plan = self.ready.plan;
        let start = self.known.asked.as_ref().ok().map(|asked| &asked.start);
        let ignored = copy::ignored(&world.root);
        let now = Now {
            plan,
            parts: &self.ready.parts,
            manifests: &self.ready.manifests,
            ignored: &ignored,
            here: &self.ready.here,
            base: start.map(Start::on),
        };
        let told = self.ready.wanted.stages(plan).map(|(at, stage)| Told {
            name: stage.name.clone(),
            key: start.map(|start| start.keys[at]),
            fate: self.fate(at, &now.record(at)),
        });
        let base = match start.map(Start::on) {
            Some((name, identity, _)) => Some((name.to_owned(), Some(identity))),
            None => plan.image.clone().map(|name| (name, None)),
        };
        Explained {
            engine: Some(self.ready.calls.engine),
            stages: told.collect(),
            base,
            trouble: self.known.trouble,
        }
    }

    fn fate(&self, at: usize, new: &Record) -> Fate {
        let Ok(Asked { question, start }) = &self.known.asked else {
            let unknown = self.known.unasked(at, self.registry);
            let unknown = unknown.unwrap_or(Unasked::Base(Unknown::NotHere));
            return Fate::Unknown(unknown, self.since_the_last_run(at, new));
        };
        if let Some(found) = &start.found[at] {
            let image = question.inventory.get(&found.image);
            let tags = image.and_then(|image| image.repo_tags.clone());
            return Fate::Found {
                image: found.image.clone(),
                tags: tags.unwrap_or_default(),
                increments: Increments::of(found.links, &found.from),
            };
        }
        if let Some(there) = &start.there[at] {
            return Fate::There {
                tag: there.tag.to_string(),
                digest: there.digest.clone(),
                bytes: there.bytes,
                pulled: start.needed[at],
            };
        }
        if !start.needed[at] {
            return self.not_needed(at, start, new);
        }
        if let Some(unknown) = self.known.unasked(at, self.registry) {
            return Fate::Unknown(unknown, self.since_the_last_run(at, new));
        }
        let last = self.last(at);
        let engine = question.calls.engine.name();
        let nearest = || question.nearest(at, new, start, self.registry);
        Fate::Run {
            why: Why::of(new, last, start.untaken[at], engine, nearest),
            way: self.way(at, start),
        }
    }

    fn last(&self, at: usize) -> Option<&super::records::Last> {
        let name = &self.ready.plan.stages[at].name;
        self.ready.last.stages.get(name)
    }

    fn since_the_last_run(&self, at: usize, new: &Record) -> Vec<Change> {
        let last = self.last(at);
        last.map(|old| record::changes(&old.record, new))
            .unwrap_or_default()
    }

    fn not_needed(&self, at: usize, start: &Start, new: &Record) -> Fate {
        let plan = self.ready.plan;
        let Some(above) = start.spared_for(at, plan) else {
            return Fate::NotNeeded(Spared::Later, Vec::new());
        };
        let mut changes = self.since_the_last_run(at, new);
        changes.retain(|change| change.what != What::Stage);
        let spared = Spared::Own(plan.stages[above].name.clone());
        Fate::NotNeeded(spared, changes)
    }

    fn way(&self, at: usize, start: &Start) -> Way {
        match (start.increment(at), start.why_clean(at, self.ready.plan)) {
            (Some(own), _) => Way::Own {
                image: own.image.clone(),
                there: match &own.whence {
                    Whence::Registry(there) => Some(there.clone()),
                    Whence::Engine | Whence::Given => None,
                },
                increments: Increments {
                    from: own.from.clone(),
                    links: own.links,
                },
                most: self.ready.plan.stages[at].max_links,
            },
            (None, Some(reason)) => Way::CleanFor(reason),
            (None, None) => Way::Clean,
        }
    }
}
