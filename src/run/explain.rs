//! Why each stage of an environment would be run, or is not: found where, or changed in what against the last run or
//! the nearest image. Pulls nothing, writes nothing; at most the three processes that a look-up takes.

use super::World;
use super::containers::base::{self as base_image, Beyond};
use super::containers::call::Calls;
use super::containers::lookup::{Question, Start};
use super::folder::EnvFolder;
use super::records::{Kept, Now};
use super::stages;
use crate::digest::Digest;
use crate::engine::Engine;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::exec::Cancel;
use crate::plan::chain::Selection;
use crate::plan::key::KeyParts;
use crate::plan::record::{self, Change, Parent, Record, What};
use crate::plan::{Plan, copy};
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
    /// `None`: the base image is not known, or there are no keys (local).
    pub(crate) key: Option<Digest>,
    pub(crate) fate: Fate,
}

/// What happens to a stage in the next run.
#[derive(Debug)]
pub(crate) enum Fate {
    /// Its image is there.
    Found {
        image: String,
        tags: Vec<String>,
    },
    /// Its image is not there, and nobody needs it: that of a later stage is.
    NotNeeded,
    Run(Why),
    /// The key is not known, or the engine does not answer; with what changed all the same.
    Unknown(Vec<Change>),
    /// It has no key.
    Always,
}

/// Why a stage would be run.
#[derive(Debug)]
pub(crate) enum Why {
    /// Nothing of it was ever passed, as far as is known here.
    New,
    /// It passed with this very key, and its image is not there any more.
    Gone,
    /// It passed with this very key on the other engine.
    OtherEngine(String),
    /// Only the stage before it changed.
    Before(String),
    Changed {
        against: Against,
        changes: Vec<Change>,
    },
}

/// What a stage is compared with.
#[derive(Debug)]
pub(crate) enum Against {
    LastRun,
    /// The image of this id: of this stage of this environment, with the most in common.
    Image(String),
}

/// Explains the stages of a plan that are wanted.
pub(crate) fn explain(
    plan: &Plan,
    wanted: &Selection,
    engine: Option<Engine>,
    world: &World<'_>,
    cancel: &Cancel,
) -> Result<Explained, Problem> {
    let Some(engine) = engine else {
        return Ok(here(plan, wanted));
    };
    let manifests = stages::read(plan, world, wanted)?;
    let here = stages::here(plan, world.host);
    let parts = stages::parts(plan, &manifests, &here);
    let calls = Calls::new(engine, cancel);
    let folder = world.folder.env(&plan.env);
    let asked = Asked {
        last: Kept::read(&folder),
        folder,
        question: question(&calls, world, plan, &parts, wanted),
    };
    let started = asked.start();
    let start = started.as_ref().ok().and_then(Option::as_ref);
    let ignored = copy::ignored(&world.root);
    let now = Now {
        plan,
        parts: &parts,
        manifests: &manifests,
        ignored: &ignored,
        here: &here,
        base: start.map(Start::on),
    };
    let told = wanted
        .stages(plan)
        .map(|(at, _)| asked.stage(at, &now.record(at), start));
    Ok(Explained {
        engine: Some(engine),
        stages: told.collect::<Result<_, _>>()?,
        base: base(plan, start),
        trouble: started.err(),
    })
}

/// Nothing is fetched to be explained.
fn question<'a>(
    calls: &'a Calls<'a>,
    world: &'a World<'_>,
    plan: &'a Plan,
    parts: &'a [KeyParts],
    selection: &'a Selection,
) -> Question<'a> {
    Question {
        calls,
        inventory: world.inventory(calls.engine),
        project: &world.project_id,
        plan,
        parts,
        selection,
        beyond: Beyond::Nobody,
        all: false,
        clean: false,
        whole: true,
        base: None,
    }
}

/// The base image's name, and its identity where it is known.
fn base(plan: &Plan, start: Option<&Start>) -> Option<(String, Option<Digest>)> {
    match start.map(Start::on) {
        Some((name, identity, _)) => Some((name.to_owned(), Some(identity))),
        None => plan.image.clone().map(|name| (name, None)),
    }
}

/// On this host nothing is kept under a key.
fn here(plan: &Plan, wanted: &Selection) -> Explained {
    let always = |(_, stage): (usize, &crate::plan::Stage)| Told {
        name: stage.name.clone(),
        key: None,
        fate: Fate::Always,
    };
    Explained {
        engine: None,
        base: None,
        stages: wanted.stages(plan).map(always).collect(),
        trouble: None,
    }
}

struct Asked<'a> {
    question: Question<'a>,
    folder: EnvFolder,
    last: Kept,
}

impl Asked<'_> {
    /// What the engine has, if the base image is there: nothing is pulled.
    fn start(&self) -> Result<Option<Start>, Problem> {
        let Question {
            calls,
            inventory,
            plan,
            selection,
            ..
        } = self.question;
        let note = self.folder.note();
        // Not only the deepest: it is told where each is, and the question is one all the same.
        let stages = selection.stages(plan).map(|(_, stage)| stage);
        let stages = stages.filter(|_| note.engine == calls.engine.name());
        let noted = stages.filter_map(|stage| note.images.get(&stage.name).cloned());
        let noted: Vec<String> = noted.collect();
        let mut records = self.last.stages.values();
        let last = records.find_map(|record| record.image().map(|item| item.text.clone()));
        let base = base_image::known(calls, inventory, plan, last.as_deref(), &noted)?;
        base.map(|base| self.question.on(base, &noted)).transpose()
    }

    fn stage(&self, at: usize, new: &Record, start: Option<&Start>) -> Result<Told, Problem> {
        let name = &self.question.plan.stages[at].name;
        let fate = match start {
            None => Fate::Unknown(self.since_the_last_run(name, new)),
            Some(start) => match &start.found[at] {
                Some(found) => {
                    let image = self.question.inventory.get(&found.image);
                    let tags = image.and_then(|image| image.repo_tags.clone());
                    Fate::Found {
                        image: found.image.clone(),
                        tags: tags.unwrap_or_default(),
                    }
                }
                None if !start.run[at] => Fate::NotNeeded,
                None => Fate::Run(self.why(name, new)?),
            },
        };
        Ok(Told {
            name: name.clone(),
            key: start.map(|start| start.keys[at]),
            fate,
        })
    }

    fn since_the_last_run(&self, stage: &str, new: &Record) -> Vec<Change> {
        let last = self.last.stages.get(stage);
        last.map(|old| record::changes(old, new))
            .unwrap_or_default()
    }

    fn why(&self, stage: &str, new: &Record) -> Result<Why, Problem> {
        let engine = self.question.calls.engine.name();
        let (against, old) = match self.last.stages.get(stage) {
            Some(old) if old.key == new.key && self.last.engine == engine => return Ok(Why::Gone),
            Some(old) if old.key == new.key => {
                return Ok(Why::OtherEngine(self.last.engine.clone()));
            }
            Some(old) => (Against::LastRun, old.clone()),
            None => match self.nearest(stage, new)? {
                Some((image, old)) => (Against::Image(image), old),
                None => return Ok(Why::New),
            },
        };
        let changes = record::changes(&old, new);
        if let [
            Change {
                what: What::Stage,
                name,
                ..
            },
        ] = changes.as_slice()
        {
            return Ok(Why::Before(name.clone()));
        }
        Ok(Why::Changed { against, changes })
    }

    /// The image of this stage of this environment that has the most in common with what is to be run.
    fn nearest(&self, stage: &str, new: &Record) -> Result<Option<(String, Record)>, Problem> {
        let Question {
            calls,
            inventory,
            project,
            plan,
            ..
        } = self.question;
        let images = inventory.of_project(calls, project)?;
        let of_it = images.iter().filter(|image| {
            image.label(labels::ENV) == Some(plan.slug.as_str())
                && image.label(labels::STAGE) == Some(stage)
                && image.stage_key(project).is_some()
        });
        let old = of_it.map(|image| (image.id.clone(), of_image(image, new)));
        let nearest = old.min_by_key(|(id, old)| (record::changes(old, new).len(), id.clone()));
        Ok(nearest)
    }
}

/// What an image's labels say of its key; the stage before is called as it is now.
fn of_image(image: &Image, new: &Record) -> Record {
    let label = |name| image.label(name).unwrap_or_default();
    let parent = new.parent.as_ref().map(|parent| Parent {
        stage: parent.stage.clone(),
        key: label(labels::PARENT).to_owned(),
    });
    Record::of_label(label(labels::PARTS), label(labels::KEY), parent)
}
