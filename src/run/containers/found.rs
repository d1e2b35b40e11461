//! Stages that are found and not run: what is told of them, and their artifacts, which come out of their images where they
//! are not here already.

use super::super::artifacts::{self, Origin, Taken};
use super::super::event::{Kind, Teller};
use super::super::result::{Increments, Place, StageResult, State};
use super::EngineEnv;
use super::lookup::Start;
use crate::engine::Container;
use crate::engine::facts::HandedDown;
use crate::engine::labels::Labels;
use crate::plan::Stage;
use crate::plan::chain::Selection;
use crate::problem::Problem;
use crate::random;

impl EngineEnv<'_> {
    /// A stage that is not run: it is there, or a deeper one is. `None`: its artifacts are wanted, and its image is gone
    /// since we looked.
    pub(super) fn cached(
        &mut self,
        at: usize,
        start: &Start,
        selection: &Selection,
        tell: &mut Teller<'_>,
    ) -> Result<Option<StageResult>, Problem> {
        let stage = &self.plan.stages[at];
        let (name, key) = (&stage.name, start.keys[at].to_string());
        let found = start.found[at].as_ref();
        let place = found.map(|_| match start.there[at] {
            Some(_) => Place::Registry,
            None => Place::Engine,
        });
        if let Some(found) = found {
            self.note.images.insert(name.clone(), found.image.clone());
            self.give_names(stage, &found.image, false);
            self.push(at, start, found, false);
        }
        let proven = start.proves(at, self.plan);
        let needed = proven || start.spared_for(at, self.plan).is_none();
        if !proven {
            self.memory.forget(at);
        }
        tell.say(Kind::StageCached { needed });
        // What was missing when it was installed is missing still.
        let packages = stage.packages.as_ref();
        let packages = packages.map(|_| self.folder.last_packages(&key));
        let (missing_packages, package_sources) = packages.unwrap_or_default();
        let mut result = StageResult {
            cached: true,
            not_needed: !needed,
            found: place,
            incremental: found.and_then(|f| Increments::of(f.links, &f.from)),
            key,
            image: found.map(|found| found.image.clone()),
            missing_packages,
            package_sources,
            ..StageResult::new(name, State::Passed)
        };
        if !stage.artifacts.is_empty()
            && !self.keep_own_artifacts(name, &result.key)?
            && !self.bring_artifacts(at, start, selection, &mut result, tell)?
        {
            let text = "an image was removed meanwhile: looking again".to_owned();
            tell.say(Kind::Note { text });
            return Ok(None);
        }
        Ok(Some(result))
    }

    /// Takes away artifacts of another key, or of a run that failed, of a stage that was found. Are its own here?
    fn keep_own_artifacts(&self, stage: &str, key: &str) -> Result<bool, Problem> {
        let own = self.folder.has_artifacts(stage, key);
        if !own {
            self.folder.forget_artifacts_of(stage)?;
        }
        Ok(own)
    }

    /// Copies a stage's artifacts out of its image. False: that is gone.
    fn bring_artifacts(
        &mut self,
        at: usize,
        start: &Start,
        selection: &Selection,
        result: &mut StageResult,
        tell: &mut Teller<'_>,
    ) -> Result<bool, Problem> {
        let stage = &self.plan.stages[at];
        let name = &stage.name;
        let image = if stage.keep {
            self.image_of(at, start, selection)?
        } else {
            None
        };
        let Some(image) = image else {
            let why = match (stage.keep, result.not_needed) {
                (true, false) => "which was found, and its image is not here",
                (true, true) => "which was not needed, and has no image",
                (false, _) => "which was found and keeps no files",
            };
            let text =
                format!("artifacts: none are here of `{name}`, {why}: `--redo {name}` runs it");
            tell.say(Kind::Note { text });
            return Ok(true);
        };
        let container = format!("runenv-{}-{}", self.world.run_id, random::word());
        let taken = self.artifacts_of_image(stage, &image, &container, start);
        self.spent.containers.push(container);
        let taken = match taken {
            Err(_) if self.is_gone(&image) => return Ok(false),
            taken => taken?,
        };
        if let Some(artifacts) = taken.artifacts() {
            self.seal(name, artifacts, start.keys[at]);
        }
        taken.tell(result, tell);
        Ok(true)
    }

    /// The image of a stage that need not have been looked at, as a deeper one was found: a clean one before increments,
    /// the newest first.
    fn image_of(
        &self,
        at: usize,
        start: &Start,
        selection: &Selection,
    ) -> Result<Option<String>, Problem> {
        if let Some(found) = &start.found[at] {
            return Ok(Some(found.image.clone()));
        }
        let images = self.question(selection).of_key(at, start)?.into_iter();
        let own = images.filter(|image| !self.note.refuted.has(image));
        let own = own.max_by_key(|image| (image.links() == 0, image.made()));
        Ok(own.map(|image| image.id))
    }

    /// A container is made of the image and never started.
    fn artifacts_of_image(
        &self,
        stage: &Stage,
        image: &str,
        container: &str,
        start: &Start,
    ) -> Result<Taken, Problem> {
        let spec = Container {
            name: container,
            image,
            network: Some("none"),
            labels: &Labels::owned(&self.world.ours.id, &self.world.owner),
            memory: None,
            cpus: None,
            platform: self.plan.platform.as_deref(),
            has_path: start.seen().is_none_or(HandedDown::has_path),
            extra: &[],
            client: self.proxies.client.as_deref(),
        };
        let doing = format!("create a container of `{}` for its artifacts", stage.name);
        self.calls.work(&self.calls.engine.create(&spec), &doing)?;
        Ok(artifacts::of_container(&Origin {
            calls: &self.calls,
            container,
            env: &self.plan.env,
            stage,
            late: &self.late,
            root: &self.world.root,
            folder: self.folder.path(),
        }))
    }
}
