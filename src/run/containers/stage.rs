//! One stage of an engine's environment: its labels and tags, its container, and what is kept of it.

use std::time::Duration;

use super::super::event::{Kind, Teller};
use super::super::log::Log;
use super::super::owner;
use super::super::result::State;
use super::EngineEnv;
use super::container;
use super::lookup::{Found, Start};
use super::network::Network;
use super::stage_run::{Ran, StageRun};
use super::stamp;
use crate::engine::Container;
use crate::engine::labels::{self, Labels, StageLabels};
use crate::exec::{self, Cancel, Limits};
use crate::plan::{Plan, Stage};
use crate::problem::Problem;
use crate::time;

/// A stage that takes longer is worth a call of its own to free its disk early.
const LONG: Duration = Duration::from_secs(5);

impl EngineEnv<'_> {
    /// Runs a stage and keeps its filesystem: under its key if it passed, as a failed image if it did not.
    pub(crate) fn stage(
        &mut self,
        at: usize,
        start: &Start,
        tell: &mut Teller<'_>,
    ) -> Result<Ran, Problem> {
        let (plan, stage, started) = (self.plan, &self.plan.stages[at], time::start());
        let path = self.folder.log(at + 1, &stage.name);
        let log = Log::create(&path, stage.packages.is_some())?;
        tell.say(Kind::StageStarted {
            number: at + 1,
            of: plan.stages.len(),
        });
        let image = self.parent_image(at, start);
        let network = self.join(stage, image, start)?;
        let name = format!("runenv-{}-{}", self.world.run_id, owner::random_word());
        let run = StageRun {
            calls: &self.calls,
            plan,
            stage,
            image,
            labels: &self.labels(at, start),
            name: &name,
            network: &network,
            files: self.manifests[at].as_ref(),
            root: &self.world.root,
            late: &self.late,
            proxies: &self.proxies,
            exported: &self.proxies.exported(&start.handed().env),
            has_path: start.handed().has_path(),
            folder: self.folder.path(),
            timeout: self.options.timeout.or(stage.limits.timeout),
            hurry: self.world.hurry(),
            tag: &tag(plan, stage, &format!("key-{}", start.keys[at].short())),
            keyless: self.parent(at, start).is_some_and(|found| found.keyless),
        };
        let mut ran = container::run(&run, log, tell);
        if let Ok(ran) = &mut ran {
            ran.result.log = path.display().to_string();
            self.keep(stage, &name, ran);
        }
        let made = ran
            .as_ref()
            .map_or(true, |ran| ran.result.state == State::Passed);
        if !stage.keep && made {
            self.containers.push(stamp::container_beside(&name));
        }
        self.remove(name, started.elapsed());
        ran
    }

    /// Removes a container: at once after a long stage, whose layer would be on disk twice; else together with the
    /// others at the end, since one call for all is cheaper than a call beside each next stage.
    fn remove(&mut self, name: String, took: Duration) {
        if took > LONG {
            self.background.push(exec::background(vec![
                self.calls.engine.remove_containers(&[&name]),
            ]));
        } else {
            self.containers.push(name);
        }
    }

    /// After a pass: more tags, and the failed image is out of date. After a failure: a failed image.
    fn keep(&mut self, stage: &Stage, container: &str, ran: &mut Ran) {
        match ran.result.state {
            State::Passed => {
                if let (Some(image), Some(describe)) = (&ran.image, self.world.describe()) {
                    let tag = tag(self.plan, stage, describe);
                    let command = self.calls.engine.tag(image, &tag);
                    self.background.push(exec::background(vec![command]));
                }
                let failed = self.note.failed.as_ref();
                if failed.is_some_and(|(failed, _)| *failed == stage.name) {
                    self.forget_failed(None);
                }
            }
            State::Failed | State::TimedOut | State::OutOfMemory | State::Interrupted => {
                let begun = ran.result.command.is_some();
                if begun && self.options.keep_failed && self.calls.cancel.count() < 2 {
                    ran.result.image = self.keep_failed(stage, container);
                }
            }
            State::Skipped | State::NotRun | State::Error => {}
        }
        if ran.image.is_some() {
            ran.result.image.clone_from(&ran.image);
        }
    }

    /// Commits what a failed stage left; there is one such image for each environment. That it cannot be kept is no
    /// reason to end otherwise than the stage did.
    fn keep_failed(&mut self, stage: &Stage, container: &str) -> Option<String> {
        let describe = self.world.describe();
        let word = describe.map_or_else(|| "failed".to_owned(), |d| format!("{d}-failed"));
        let tag = tag(self.plan, stage, &word);
        let changes = [
            (labels::OWNER, ""),
            (labels::KEY, ""),
            (labels::FAILED, "1"),
        ];
        let commit = self.calls.engine.commit(container, &tag, &changes);
        let output = exec::capture(&commit, &Limits::default(), &Cancel::never()).ok()?;
        let image = output.text().lines().last()?.to_owned();
        if !output.exit.success() {
            return None;
        }
        self.forget_failed(Some((stage.name.clone(), image.clone())));
        Some(image)
    }

    fn forget_failed(&mut self, new: Option<(String, String)>) {
        let old = std::mem::replace(&mut self.note.failed, new);
        let kept = self.note.failed.as_ref().map(|(_, image)| image.clone());
        if let Some((_, image)) = old.filter(|(_, image)| Some(image) != kept.as_ref()) {
            // A stage of another branch may have failed before in this very run.
            for result in self
                .results
                .iter_mut()
                .filter(|r| r.image.as_ref() == Some(&image))
            {
                result.image = None;
            }
            self.background.push(exec::background(vec![
                self.calls.engine.remove_images(&[&image]),
            ]));
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
        let network = self.network.as_ref().filter(|_| stage.network.is_none());
        failed && !self.calls.cancel.requested() && network.is_some_and(|n| n.is_lost(&self.calls))
    }

    fn labels(&self, at: usize, start: &Start) -> Labels {
        let stage = &self.plan.stages[at];
        let of = StageLabels {
            project: &self.world.project_id,
            env: &self.plan.slug,
            stage: &stage.name,
            key: start.keys[at],
            parent: stage.parent.map_or(start.base.identity, |p| start.keys[p]),
            base: start.base.identity,
            parts: &self.memory.label(at),
            parent_layers: self.parent_layers(at, start),
            inherited: &start.handed().marks,
        };
        Labels::stage(&of, &self.world.owner)
    }

    /// The stage before, where it is kept.
    fn parent<'s>(&self, at: usize, start: &'s Start) -> Option<&'s Found> {
        let parent = self.plan.stages[at].parent?;
        start.found[parent].as_ref()
    }

    /// The image that a stage starts from.
    pub(crate) fn parent_image<'s>(&self, at: usize, start: &'s Start) -> &'s str {
        let found = self.parent(at, start);
        found.map_or_else(|| start.base.id(), |found| &found.image)
    }

    /// How many layers that image has.
    pub(crate) fn parent_layers(&self, at: usize, start: &Start) -> usize {
        let found = self.parent(at, start);
        found.map_or_else(|| start.base.layers(), |found| found.layers)
    }

    /// The network option of a stage: its own, or the one that all stages share, made when it is first needed and
    /// when somebody ended the last one.
    fn join(&mut self, stage: &Stage, image: &str, start: &Start) -> Result<String, Problem> {
        if let Some(network) = &stage.network {
            return Ok(network.clone());
        }
        if self.network.as_ref().is_none_or(Network::ended) {
            let labels = Labels::owned(&self.world.project_id, &self.world.owner);
            // docker gives a name free a moment after its client has ended: never the same one twice.
            let word = owner::random_word();
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
                client: self.proxies.client.as_deref(),
            };
            self.network = Some(Network::start(&self.calls, &spec, self.folder.path())?);
            if self.calls.engine.network_stays() {
                self.networks.push(name);
            }
        }
        self.network.as_mut().expect("made above").join()
    }
}

/// An image's name: `PROJECT-ENV-STAGE:TAG`, the environment without its runner.
pub(crate) fn tag(plan: &Plan, stage: &Stage, tag: &str) -> String {
    format!("{}-{}-{}:{tag}", plan.project, plan.slug, stage.name)
}
