//! One stage of an engine's environment: its labels and tags, its container, and what is kept of it.

use std::path::PathBuf;
use std::time::Duration;

use super::super::event::{Kind, Teller};
use super::super::log::Log;
use super::super::result::State;
use super::EngineEnv;
use super::beginning::Beginning;
use super::container;
use super::lookup::Start;
use super::network::Network;
use super::stage_run::{Ran, StageRun};
use super::stamp;
use super::tries::Try;
use crate::digest::Digest;
use crate::engine::Container;
use crate::engine::labels::{Labels, StageLabels};
use crate::exec;
use crate::plan::{Stage, key};
use crate::problem::Problem;
use crate::random;
use crate::time;

/// A stage that takes longer is worth a call of its own to free its disk early.
const LONG: Duration = Duration::from_secs(5);

impl EngineEnv<'_> {
    /// Runs a stage and keeps its filesystem: under its key if it passed, as a failed image if it did not.
    pub(crate) fn stage(
        &mut self,
        at: usize,
        start: &Start,
        beginning: &Beginning,
        one: &mut Try<'_>,
        tell: &mut Teller<'_>,
    ) -> Result<Ran, Problem> {
        let (plan, stage, started) = (self.plan, &self.plan.stages[at], time::start());
        let image = &beginning.on.image;
        let network = self.join(stage, image, start)?;
        let extra = self.extra(stage)?;
        let name = format!("runenv-{}-{}", self.world.run_id, random::word());
        let exported = self.exported(stage, start);
        let key = start.keys[at];
        let run = StageRun {
            calls: &self.calls,
            plan,
            stage,
            image,
            labels: &self.labels(at, start, beginning),
            name: &name,
            network: network.as_deref(),
            extra: &extra,
            files: self.files(at, beginning.how),
            from: &beginning.on.from,
            root: &self.world.root,
            late: &self.late,
            proxies: &self.proxies,
            exported: &exported,
            has_path: start.handed().has_path(),
            folder: self.folder.path(),
            timeout: self.options.limit(stage, one.started),
            hurry: self.world.hurry(),
            tag: &plan.image_name(stage, &plan.stage_tag(key, beginning.on.links == 0)),
            keyless: beginning.on.keyless,
        };
        let mut ran = container::run(&run, one.log, tell);
        if let Ok(ran) = &mut ran {
            ran.again = !one.last && self.may_pass(stage, ran, one.log);
            if !ran.again {
                self.keep(stage, key, &name, ran, tell);
                self.finally(stage, &name, &exported, ran, one.log, tell);
            }
        }
        self.remove_beside(stage, &name, &ran);
        self.remove(name, started.elapsed());
        ran
    }

    /// The log of a stage, and its path.
    pub(super) fn log(&self, at: usize) -> Result<(PathBuf, Log), Problem> {
        let (stage, mask) = (&self.plan.stages[at], self.world.secrets.mask());
        let path = self.folder.log(at + 1, &stage.name);
        let log = Log::create(&path, stage, mask)?;
        Ok((path, log))
    }

    /// Has the container removed that a stage's stamp may have been made in.
    fn remove_beside(&mut self, stage: &Stage, container: &str, ran: &Result<Ran, Problem>) {
        let passed = |ran: &Ran| ran.result.state == State::Passed;
        if !stage.keep && ran.as_ref().map_or(true, passed) {
            self.spent
                .containers
                .push(stamp::container_beside(container));
        }
    }

    /// What the script exports outside the key: proxies, what is passed on, secrets.
    fn exported(&self, stage: &Stage, start: &Start) -> Vec<(String, String)> {
        let mut exported = self.proxies.exported(&start.handed().env);
        exported.extend(self.world.secrets.of(stage));
        exported
    }

    /// Is there room for the stage, and is what it copies what the person means?
    pub(super) fn prepare(&self, at: usize, tell: &mut Teller<'_>) -> Result<(), Problem> {
        let world = self.world;
        world.room.on_engine(&self.calls, &world.ours)?;
        if let Some(files) = &self.manifests[at]
            && let Some(problem) = world.made.warning(&world.root, files, self.calls.cancel)
        {
            tell.say(Kind::Warning { problem });
        }
        Ok(())
    }

    /// Removes a container: at once after a long stage, whose layer would be on disk twice; else together with the
    /// others at the end, since one call for all is cheaper than a call beside each next stage.
    fn remove(&mut self, name: String, took: Duration) {
        if took > LONG {
            self.background.push(exec::background(vec![
                self.calls.engine.remove_containers(&[&name]),
            ]));
        } else {
            self.spent.containers.push(name);
        }
    }

    /// After a pass: more tags, and the failed image is out of date. After a failure: a failed image.
    fn keep(
        &mut self,
        stage: &Stage,
        key: Digest,
        container: &str,
        ran: &mut Ran,
        tell: &mut Teller<'_>,
    ) {
        match ran.result.state {
            State::Passed => {
                if let Some(image) = &ran.image {
                    self.give_names(stage, image, true);
                }
            }
            State::Failed | State::TimedOut | State::OutOfMemory | State::Interrupted => {
                let begun = ran.result.command.is_some();
                if begun && self.options.keep_failed && self.calls.cancel.count() < 2 {
                    let key = (!ran.keyless).then_some(key);
                    ran.result.image = self.keep_failed(stage, container, key, tell);
                }
            }
            State::Skipped | State::NotRun | State::Error => {}
        }
        if ran.image.is_some() {
            ran.result.image.clone_from(&ran.image);
        }
    }

    /// Did a stage fail, or not even start, and the network that it shares is gone from under it?
    pub(crate) fn is_cut_off(&self, stage: &Stage, ran: &Result<Ran, Problem>) -> bool {
        let failed = ran.as_ref().map_or(true, |ran| match ran.result.state {
            State::Failed | State::Error => true,
            State::Passed
            | State::TimedOut
            | State::OutOfMemory
            | State::Interrupted
            | State::Skipped
            | State::NotRun => false,
        });
        let network = self.network.as_ref().filter(|_| stage.shares_network());
        failed && !self.calls.cancel.requested() && network.is_some_and(|n| n.is_lost(&self.calls))
    }

    fn labels(&self, at: usize, start: &Start, beginning: &Beginning) -> Labels {
        let stage = &self.plan.stages[at];
        let of = StageLabels {
            project: &self.world.ours.id,
            env: &self.plan.slug,
            stage: &stage.name,
            key: start.keys[at],
            parent: stage.parent.map_or(start.base.identity, |p| start.keys[p]),
            base: start.base.identity,
            parts: &self.memory.label(at),
            parent_layers: beginning.on.layers,
            inherited: &start.handed().marks,
            links: beginning.on.links,
            from: &beginning.on.from,
            line: key::line(self.plan, &self.parts, at, start.base.identity, &start.keys),
            revision: self.revision(),
        };
        Labels::stage(&of, &self.world.owner)
    }

    /// git's description of the tree, where somebody may start from what is made of it.
    fn revision(&self) -> &str {
        let incremental = self.plan.stages.iter().any(|stage| stage.incremental);
        let describe = incremental.then(|| self.world.describe()).flatten();
        describe.unwrap_or_default()
    }

    /// The network option of a stage: its own, or the one that all stages share, made when it is first needed and
    /// when somebody ended the last one. `None`: one of its own, as its options ask.
    fn join(
        &mut self,
        stage: &Stage,
        image: &str,
        start: &Start,
    ) -> Result<Option<String>, Problem> {
        if !stage.shares_network() {
            return Ok(stage.network.clone());
        }
        if self.network.as_ref().is_none_or(Network::ended) {
            let labels = Labels::owned(&self.world.ours.id, &self.world.owner);
            // docker gives a name free a moment after its client has ended: never the same one twice.
            let word = random::word();
            let name = format!("runenv-{}-{word}-network", self.world.run_id);
            let spec = Container {
                name: &name,
                image,
                network: None,
                labels: &labels,
                memory: None,
                cpus: None,
                platform: self.plan.platform.as_deref(),
                has_path: start.handed().has_path(),
                extra: &[],
                client: self.proxies.client.as_deref(),
            };
            self.network = Some(Network::start(&self.calls, &spec, self.folder.path())?);
            if self.calls.engine.network_stays() {
                self.spent.networks.push(name);
            }
        }
        self.network.as_mut().expect("made above").join().map(Some)
    }
}
