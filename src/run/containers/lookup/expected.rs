//! What an image has to say of itself to be taken for a stage, for what it left, or for one that it starts from. Tags
//! are hints: the same is asked of an image on the engine, in a registry, and of what came from there.

use super::Start;
use crate::digest::{Digest, Digester};
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::plan::key::{self, KeyParts};
use crate::plan::{Plan, tags};

/// One stage of an environment, as labels tell it.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    project: String,
    /// The environment, without its runner.
    env: String,
    stage: String,
    key: Digest,
    /// Of the stage before, or the base image's identity.
    parent: Digest,
    /// What has to be the same of an image to start from.
    line: Digest,
    os: String,
    architecture: String,
}

impl Expected {
    pub(crate) fn of(
        project: &str,
        plan: &Plan,
        parts: &[KeyParts],
        at: usize,
        start: &Start,
    ) -> Self {
        let (stage, base) = (&plan.stages[at], &start.base);
        Self {
            project: project.to_owned(),
            env: plan.slug.clone(),
            stage: stage.name.clone(),
            key: start.keys[at],
            parent: stage.parent.map_or(base.identity, |p| start.keys[p]),
            line: key::line(plan, parts, at, base.identity, &start.keys),
            os: base.os.clone(),
            architecture: base.architecture.clone(),
        }
    }

    /// `os/architecture`, as registries are asked.
    pub(crate) fn platform(&self) -> String {
        format!("{}/{}", self.os, self.architecture)
    }

    /// The newest image of the stage, whatever its key: a tag that moves.
    pub(crate) fn line_tag(&self, plan: &Plan) -> String {
        let mut digester = Digester::new("runenv-line-tag");
        digester
            .field("project", self.project.as_bytes())
            .field("env", self.env.as_bytes())
            .field("stage", self.stage.as_bytes())
            .field("platform", self.platform().as_bytes());
        tags::line(&plan.registries, &plan.slug, digester.finish())
    }

    /// The label of the images that it can start from.
    pub(crate) fn line(&self) -> String {
        self.line.to_string()
    }

    /// Is it the stage of this key, made clean?
    pub(crate) fn is_clean(&self, image: &Image) -> bool {
        self.stands(image) && image.stage_key(&self.project) == Some(self.key)
    }

    /// The same, made in increments: only for its own environment.
    pub(crate) fn is_increment(&self, image: &Image) -> bool {
        let key = image.increment_key(&self.project, &self.env);
        self.stands(image) && key == Some(self.key)
    }

    fn stands(&self, image: &Image) -> bool {
        self.is_like(image) && image.label(labels::PARENT) == Some(&self.parent.to_string())
    }

    /// Was it left by the stage of this key in this environment?
    pub(crate) fn is_failed(&self, image: &Image) -> bool {
        self.is_like(image)
            && self.is_own(image)
            && image.failed_key(&self.project) == Some(self.key)
    }

    /// Is it the stage in this environment, with whatever key?
    pub(crate) fn is_stage(&self, image: &Image) -> bool {
        self.is_like(image)
            && self.is_own(image)
            && image.label(labels::STAGE) == Some(&self.stage)
            && image.any_key(&self.project).is_some()
    }

    /// The same, and may the stage start from it in place of the stage before?
    pub(crate) fn is_in_line(&self, image: &Image) -> bool {
        self.is_stage(image) && image.label(labels::LINE) == Some(&self.line())
    }

    fn is_own(&self, image: &Image) -> bool {
        image.label(labels::ENV) == Some(&self.env)
    }

    fn is_like(&self, image: &Image) -> bool {
        image.os == self.os && image.architecture == self.architecture
    }
}
