//! An environment on docker or podman: look up, run what is missing stage by stage, keep what passed.

use super::call::Calls;
use super::event::{Event, Kind};
use super::folder::{EnvFolder, Note};
use super::lookup::{self, Found, Selection, Start};
use super::network::Network;
use super::proxies::Proxies;
use super::result::{StageResult, State};
use super::{Options, World, leftovers};
use crate::exec::{self, Background};
use crate::late::Late;
use crate::plan::copy::Manifest;
use crate::plan::key::KeyParts;
use crate::plan::{Plan, Stage};
use crate::problem::Problem;

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
    pub(crate) proxies: Proxies,
    pub(crate) network: Option<Network>,
    /// Containers that are removed together at the end.
    pub(crate) containers: Vec<String>,
    pub(crate) background: Vec<Background>,
    pub(crate) results: Vec<StageResult>,
}

impl EngineEnv<'_> {
    /// Runs all that is selected; the results stand in `self.results`, also when it ends with a problem.
    pub(crate) fn run(
        &mut self,
        selection: Selection,
        tell: &mut dyn FnMut(Event),
    ) -> Result<(), Problem> {
        let start = lookup::look_up(
            &self.calls,
            self.plan,
            &self.parts,
            selection,
            &self.world.project_id,
            &self.note,
        )?;
        self.check_volumes(&start)?;
        if start.run.contains(&true) {
            self.background
                .push(leftovers::remove_dead(&self.calls, &self.world.project_id));
        }
        let ended = self.stages(start, selection, tell);
        self.tidy();
        self.note.engine = self.calls.engine.name().to_owned();
        self.folder.write_note(&self.note)?;
        ended
    }

    /// Removes what is left of the run. All containers first: podman does not let the one go whose network others have.
    fn tidy(&mut self) {
        let names: Vec<&str> = self.containers.iter().map(String::as_str).collect();
        if !names.is_empty() {
            self.background.push(exec::background(vec![
                self.calls.engine.remove_containers(&names),
            ]));
        }
        std::mem::take(&mut self.background)
            .into_iter()
            .for_each(|b| drop(b.join()));
        if let Some(network) = self.network.take() {
            network.release();
        }
    }

    fn stages(
        &mut self,
        mut start: Start,
        selection: Selection,
        tell: &mut dyn FnMut(Event),
    ) -> Result<(), Problem> {
        let mut failed: Vec<usize> = Vec::new();
        for at in 0..selection.end {
            let stage = &self.plan.stages[at];
            if self.calls.cancel.requested() || !failed.is_empty() {
                let state = if self.calls.cancel.requested() {
                    State::Interrupted
                } else {
                    State::NotRun
                };
                self.results.push(StageResult::new(&stage.name, state));
                continue;
            }
            if !start.run[at] {
                self.cached(at, &start, tell);
                continue;
            }
            let ran = match self.stage(at, &start, tell) {
                Ok(ran) => ran,
                Err(problem) => {
                    self.results.push(StageResult {
                        detail: Some(problem.title.clone()),
                        ..StageResult::new(&stage.name, State::Error)
                    });
                    return Err(problem);
                }
            };
            if let Some(image) = &ran.image {
                self.note.images.insert(stage.name.clone(), image.clone());
                let layers = self.parent_layers(at, &start) + 1;
                start.found[at] = Some(Found {
                    image: image.clone(),
                    layers,
                });
            }
            let mut result = ran.result;
            result.allowed = stage.allow_failure
                && result.state != State::Passed
                && result.state != State::Interrupted;
            if result.state != State::Passed && !result.allowed {
                failed.push(at);
            }
            result.key = start.keys[at].to_string();
            tell(self.event(
                stage,
                Kind::StageEnded {
                    result: result.clone(),
                },
            ));
            self.results.push(result);
        }
        Ok(())
    }

    /// A stage that is not run: it is there, or a deeper one is.
    fn cached(&mut self, at: usize, start: &Start, tell: &mut dyn FnMut(Event)) {
        let stage = &self.plan.stages[at];
        let image = start.found[at].as_ref().map(|f| f.image.clone());
        if let Some(image) = &image {
            self.note.images.insert(stage.name.clone(), image.clone());
        }
        let mut result = StageResult {
            cached: true,
            ..StageResult::new(&stage.name, State::Passed)
        };
        result.key = start.keys[at].to_string();
        result.image = image.clone();
        tell(self.event(
            stage,
            Kind::StageCached {
                image: image.unwrap_or_default(),
            },
        ));
        self.results.push(result);
    }

    pub(crate) fn event(&self, stage: &Stage, kind: Kind) -> Event {
        Event {
            env: self.plan.env.clone(),
            stage: stage.name.clone(),
            kind,
        }
    }

    /// A volume of the base image where the build writes: a commit would lose it without a word.
    fn check_volumes(&self, start: &Start) -> Result<(), Problem> {
        let volumes = start
            .base
            .config
            .iter()
            .filter_map(|c| c.volumes.as_ref())
            .flat_map(|v| v.keys());
        for volume in volumes.filter(|_| !self.plan.allow_volumes) {
            let below = |path: &str| {
                path == volume || path.starts_with(&format!("{}/", volume.trim_end_matches('/')))
            };
            if let Some(stage) = self.plan.stages.iter().find(|s| below(&s.workdir)) {
                let image = self.plan.image.as_deref().unwrap_or_default();
                let title = format!(
                    "the image `{image}` keeps `{volume}` in a volume, and the stage `{}` works in `{}`",
                    stage.name, stage.workdir
                );
                let help = "what is written there would not be kept: set `workdir` to another folder, or `allow-volumes = true`";
                return Err(Problem::new(title, help));
            }
        }
        Ok(())
    }
}
