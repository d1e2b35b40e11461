//! An environment on docker or podman: look up, run what is missing stage by stage, keep what passed.

pub(crate) mod beginning;
pub(crate) mod call;
mod checks;
pub(crate) mod claim;
pub(crate) mod container;
mod failed;
mod finally;
mod found;
pub(crate) mod leftovers;
pub(crate) mod lookup;
pub(crate) mod marks;
mod missing;
pub(crate) mod mounts;
mod named;
pub(crate) mod network;
pub(crate) mod proxies;
mod push;
pub(crate) mod stage;
pub(crate) mod stage_run;
pub(crate) mod stamp;
pub(crate) mod stream;
pub(crate) mod transfer;
pub(crate) mod tries;
mod update;
pub(crate) mod verdict;
mod why;

use super::artifacts;
use super::binfmt;
use super::event::{Event, Kind, Teller};
use super::folder::{EnvFolder, Failed, Note};
use super::result::{self, Artifacts, Increments, StageResult, State};
use super::{Options, Push, World};
use crate::digest::Digest;
use crate::exec::{self, Background};
use crate::late::Late;
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::plan::copy::Manifest;
use crate::plan::key::KeyParts;
use crate::problem::Problem;
use beginning::{Beginning, How};
use call::Calls;
use lookup::base::Beyond;
use lookup::{Found, Question, Start};
use network::Network;
use proxies::Proxies;
use push::Pusher;
use stage_run::Ran;
pub(crate) use why::Memory;

/// How an attempt ended.
enum Flow {
    Ended,
    /// An image was removed between look-up and use.
    Again,
}

/// What is removed at the end.
#[derive(Default)]
pub(crate) struct Spent {
    /// Together, since one call is cheaper.
    pub(crate) containers: Vec<String>,
    /// Those that held a network: after all others.
    pub(crate) networks: Vec<String>,
    /// Failed images: after all containers, some of which are made of them, and after all pushes.
    pub(crate) failed: Vec<Failed>,
}

/// One environment's run on an engine.
pub(crate) struct EngineEnv<'a> {
    pub(crate) calls: Calls<'a>,
    pub(crate) world: &'a World<'a>,
    pub(crate) options: &'a Options,
    pub(crate) plan: &'a Plan,
    pub(crate) folder: &'a EnvFolder,
    pub(crate) late: Late,
    pub(crate) manifests: Vec<Option<Manifest>>,
    pub(crate) parts: Vec<KeyParts>,
    pub(crate) note: Note,
    /// The note as its file has it.
    pub(crate) noted: Note,
    pub(crate) proxies: Proxies,
    pub(crate) network: Option<Network>,
    /// An image could not be made up to date: no stage starts from its own in this run.
    pub(crate) whole: bool,
    pub(crate) spent: Spent,
    pub(crate) background: Vec<Background>,
    /// What is pushed; made with the first image.
    pub(crate) pusher: Option<Pusher>,
    pub(crate) results: Vec<StageResult>,
    /// Those of stages that were run before we looked again.
    pub(crate) ran: Vec<StageResult>,
    pub(crate) memory: Memory,
}

impl EngineEnv<'_> {
    /// Runs all that is selected; the results stand in `self.results`, also when it ends with a problem.
    pub(crate) fn run(
        &mut self,
        selection: &Selection,
        tell: &mut dyn FnMut(Event),
    ) -> Result<(), Problem> {
        binfmt::check(self.plan, self.calls.engine, self.world.host)?;
        // Ids of the other engine's images mean nothing here.
        if self.note.engine != self.calls.engine.name() {
            self.note = Note {
                refuted: std::mem::take(&mut self.note.refuted),
                ..Note::default()
            };
        }
        let mut ended = Ok(Flow::Again);
        // Twice more at most: somebody who prunes all the time is not to keep us here for ever.
        for _ in 0..3 {
            if !matches!(ended, Ok(Flow::Again)) {
                break;
            }
            self.keep_results();
            self.network = None;
            ended = self.look_up_and_run(selection, tell);
        }
        self.tidy();
        // Before the pushes, which may take so long that somebody ends us.
        let noted = self.write_down();
        self.end_pushes(tell);
        self.remove_failed();
        noted?;
        match ended? {
            Flow::Ended => Ok(()),
            Flow::Again => Err(Problem::engine(
                format!(
                    "images of `{}` are removed while they are used",
                    self.plan.env
                ),
                "what prunes images on this engine? let it end, then run again",
            )),
        }
    }

    /// What later runs are to know.
    fn write_down(&mut self) -> Result<(), Problem> {
        self.remember()?;
        self.note.refuted.forget_passed();
        self.calls.engine.name().clone_into(&mut self.note.engine);
        self.write_note()
    }

    pub(super) fn write_note(&mut self) -> Result<(), Problem> {
        if self.note != self.noted {
            self.folder.write_note(&self.note)?;
            self.noted.clone_from(&self.note);
        }
        Ok(())
    }

    /// One attempt, from the question what is there to the last stage.
    fn look_up_and_run(
        &mut self,
        selection: &Selection,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Flow, Problem> {
        let mut teller = Teller {
            env: &self.plan.env,
            stage: "",
            to: &mut *tell,
        };
        let question = self.question(selection);
        let start = question.look_up(&self.note, &mut |kind| teller.say(kind))?;
        for problem in &start.passed_over {
            teller.say(passed_over(problem, &start.base.name));
        }
        if start.run.contains(&true) {
            self.check_volumes(&start)?;
            self.check_depth(&start)?;
            let (calls, project) = (&self.calls, &self.world.ours.id);
            if self.world.inventory(calls.engine).tidy_first() {
                self.background.push(leftovers::remove_dead(calls, project));
            }
        }
        self.recall(&start, selection);
        self.stages(start, selection, tell)
    }

    fn question<'q>(&'q self, selection: &'q Selection) -> Question<'q> {
        Question {
            calls: &self.calls,
            inventory: self.world.inventory(self.calls.engine),
            project: &self.world.ours.id,
            plan: self.plan,
            parts: &self.parts,
            selection,
            beyond: self.beyond(selection),
            all: self.options.push != Push::No || !self.options.tags.is_empty(),
            clean: self.options.clean,
            whole: self.whole,
            resume: self.options.resume,
            base: self.options.base.as_deref(),
            manifests: &self.manifests,
            folder: self.folder,
            refuted: &self.note.refuted,
        }
    }

    /// What may be asked beside the engine. Where nothing is reused, a registry has nothing to tell.
    fn beyond(&self, selection: &Selection) -> Beyond<'_> {
        if self.options.offline {
            Beyond::Nobody
        } else if self.plan.registries.look.is_empty() || !selection.may_find() {
            Beyond::Engine
        } else {
            Beyond::Registry(self.world.registry(self.calls.cancel))
        }
    }

    /// Removes what is left of the run. First all containers that joined a network: podman does not let the one go whose
    /// network others have, and removes what one call names side by side. Then the networks, which end by themselves:
    /// podman's client takes a second to see it when they are removed alive.
    fn tidy(&mut self) {
        let removal = self.remove_containers(&self.spent.containers);
        self.join_background();
        removal.join();
        if let Some(network) = self.network.take() {
            network.release();
        }
        self.remove_containers(&self.spent.networks).join();
    }

    fn remove_containers(&self, names: &[String]) -> Background {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let remove = self.calls.engine.remove_containers(&names);
        let remove = (!names.is_empty()).then_some(remove);
        exec::background(remove.into_iter().collect())
    }

    fn join_background(&mut self) {
        for background in std::mem::take(&mut self.background) {
            background.join();
        }
    }

    fn stages(
        &mut self,
        mut start: Start,
        selection: &Selection,
        to: &mut dyn FnMut(Event),
    ) -> Result<Flow, Problem> {
        let plan = self.plan;
        // By stage: it failed, or stands on one that did.
        let mut failed = vec![false; plan.stages.len()];
        for (at, stage) in selection.stages(plan) {
            let mut tell = Teller {
                env: &plan.env,
                stage: &stage.name,
                to: &mut *to,
            };
            let result = if self.calls.cancel.requested() {
                StageResult::new(&stage.name, State::NotRun)
            } else if stage.parent.is_some_and(|parent| failed[parent]) {
                failed[at] = true;
                StageResult::new(&stage.name, State::NotRun)
            } else if let Some(result) = self.ran_before(at, &start) {
                failed[at] = result.ends();
                result
            } else if start.run[at] {
                let why = self.why(at, &start, selection);
                if let Some(text) = why.map(|why| format!("{} runs: {why}", stage.name)) {
                    tell.say(Kind::Note { text });
                }
                let Some(mut result) = self.missing(at, &mut start, selection, &mut tell)? else {
                    return Ok(self.again());
                };
                result.allow(stage.allow_failure);
                failed[at] = result.ends();
                if !result.cached {
                    let result = result.clone();
                    tell.say(Kind::StageEnded { result });
                }
                result
            } else {
                let Some(result) = self.cached(at, &start, selection, &mut tell)? else {
                    return Ok(self.again());
                };
                result
            };
            self.results.push(result);
            result::trouble(&mut self.results)?;
            super::ends_run(failed[at], self.options, self.calls.cancel);
        }
        Ok(Flow::Ended)
    }

    fn again(&self) -> Flow {
        self.world.inventory(self.calls.engine).forget();
        Flow::Again
    }

    /// Runs a stage and notes its image, from which later ones start. `None`: the image that it was to start from is
    /// gone since we looked.
    fn run_stage(
        &mut self,
        at: usize,
        start: &mut Start,
        selection: &Selection,
        tell: &mut Teller<'_>,
    ) -> Result<Option<StageResult>, Problem> {
        let name = &self.plan.stages[at].name;
        // Whatever ends us from here on: what is in their place then is not known.
        if !self.plan.stages[at].artifacts.is_empty() {
            self.folder.unseal_artifacts(name)?;
        }
        tell.say(Kind::StageStarted {
            number: at + 1,
            of: self.plan.stages.len(),
        });
        let beginning = self.beginning(at, start, selection, tell);
        let ran = self.tries(at, start, &beginning, tell);
        let began = ran.as_ref().is_ok_and(|ran| ran.result.command.is_some());
        let passed = ran
            .as_ref()
            .is_ok_and(|ran| ran.result.state == State::Passed);
        if !began && !passed && self.is_gone(&beginning.on.image) {
            let text = "the image to start from was removed meanwhile: looking again".to_owned();
            tell.say(Kind::Note { text });
            return Ok(None);
        }
        let ran = ran.inspect_err(|problem| {
            let mut result = StageResult::new(name, State::Error);
            result.detail = Some(problem.title.clone());
            self.results.push(result);
        })?;
        if ran.unfit {
            let why = ran.result.detail.unwrap_or_default();
            let text = format!("it cannot start from its own image: {why}");
            tell.say(Kind::Note { text });
            self.whole = true;
            return Ok(None);
        }
        self.refute(at, start, selection, &ran)?;
        self.note_kept(at, start, &beginning, &ran);
        let mut result = ran.result;
        result.key = start.keys[at].to_string();
        result.resumed = beginning.how == How::Resumed;
        result.incremental = Increments::of(beginning.on.links, &beginning.on.from);
        Ok(Some(result))
    }

    /// Notes the image of a stage that was run, for this run and later ones; one that passed and left none has none any more.
    fn note_kept(&mut self, at: usize, start: &mut Start, beginning: &Beginning, ran: &Ran) {
        let (stage, key) = (&self.plan.stages[at], start.keys[at]);
        if ran.result.state == State::Passed {
            self.forget_failed_of(stage);
            self.note.images.remove(&stage.name);
            if !ran.keyless {
                self.note.refuted.passed(&stage.name, key);
            }
        }
        if let Some(image) = ran.image.clone() {
            self.note.images.insert(stage.name.clone(), image.clone());
            if let Some(artifacts) = ran.result.artifacts.as_ref().filter(|_| !ran.keyless) {
                self.seal(&stage.name, artifacts, key);
            }
            let found = Found {
                image,
                layers: beginning.on.layers + 1,
                keyless: ran.keyless,
                ..beginning.on.clone()
            };
            if !found.keyless && found.links == 0 {
                let inventory = self.world.inventory(self.calls.engine);
                inventory.keep(key, found.clone());
            }
            if found.keyless {
                self.memory.forget(at);
            }
            self.push(at, start, &found, true);
            start.take_made(at, found);
        }
    }

    /// What was copied out is that of the key. That it cannot be noted costs only that it is copied again.
    fn seal(&self, stage: &str, artifacts: &Artifacts, key: Digest) {
        let _ = artifacts::seal(&self.world.root, &self.plan.env, stage, artifacts, key);
    }

    /// Is an image that was there not there any more?
    fn is_gone(&self, image: &str) -> bool {
        let command = self.calls.engine.image_inspect(&[image]);
        let output = self.calls.query(&command);
        output.is_ok_and(|o| o.exit.stopped.is_none() && Calls::says_missing(&o))
    }
}

/// Tells that an image that stands before the one that is taken cannot be had.
fn passed_over(problem: &Problem, taken: &str) -> Kind {
    let help = format!("`{taken}` is taken in place of it; take out what is gone for good");
    let problem = Problem::warning(problem.title.clone(), help);
    Kind::Warning { problem }
}
