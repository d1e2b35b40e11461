//! The labels on our containers and images: who made them, and what they are.

use crate::digest::{Digest, Digester};

pub(crate) const PROJECT: &str = "runenv.project";
pub(crate) const KEY: &str = "runenv.key";
pub(crate) const PARENT: &str = "runenv.parent";
pub(crate) const BASE: &str = "runenv.base";
pub(crate) const ENV: &str = "runenv.env";
pub(crate) const STAGE: &str = "runenv.stage";
/// How many layers the image has if nobody built on it.
pub(crate) const LAYERS: &str = "runenv.layers";
/// What the key depends on, each with a mark, so that it can be said what changed (`plan/record/label.rs`).
pub(crate) const PARTS: &str = "runenv.parts";
pub(crate) const VERSION: &str = "runenv.version";
/// Digest of all that an image of ours hands down (`Image::marks`): something more, and somebody built on it.
pub(crate) const SEAL: &str = "runenv.seal";
/// Set on what a failed stage left.
pub(crate) const FAILED: &str = "runenv.failed";
/// Of which key that is: what `--resume` goes on from. Such an image never has the key itself.
pub(crate) const FAILED_KEY: &str = "runenv.failed-key";
/// Increments since a clean build; 0: it is one.
pub(crate) const LINKS: &str = "runenv.links";
/// What its last increment was made from.
pub(crate) const FROM: &str = "runenv.from";
/// What has to be the same of an image to start from (`key::line`).
pub(crate) const LINE: &str = "runenv.line";
/// git's description of the tree, where a stage of the plan is incremental.
pub(crate) const REVISION: &str = "runenv.revision";
/// Run, pid, start time, boot and host of the process a container belongs to; emptied at commit.
pub(crate) const OWNER: &str = "runenv.owner";

/// The name of a cache: on its volume.
pub(crate) const CACHE: &str = "runenv.cache";

/// Labels in the order they are given to the engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels(Vec<(&'static str, String)>);

/// What the labels of a stage say.
#[derive(Debug)]
pub(crate) struct StageLabels<'a> {
    pub(crate) project: &'a str,
    pub(crate) env: &'a str,
    pub(crate) stage: &'a str,
    pub(crate) key: Digest,
    pub(crate) parent: Digest,
    pub(crate) base: Digest,
    pub(crate) parts: &'a str,
    /// Layers of the image it starts from.
    pub(crate) parent_layers: usize,
    /// What the base image hands down.
    pub(crate) inherited: &'a [String],
    /// Increments since a clean build, and what the last of them was made from.
    pub(crate) links: u32,
    pub(crate) from: &'a str,
    pub(crate) line: Digest,
    pub(crate) revision: &'a str,
}

impl Labels {
    /// A container that belongs to a process and is never kept.
    pub(crate) fn owned(project: &str, owner: &str) -> Self {
        Self(vec![
            (PROJECT, project.to_owned()),
            (OWNER, owner.to_owned()),
        ])
    }

    /// A volume that is one of a project's caches.
    pub(crate) fn cache(project: &str, name: &str) -> Self {
        Self(vec![
            (PROJECT, project.to_owned()),
            (CACHE, name.to_owned()),
        ])
    }

    /// A stage's container; its image inherits all but the owner.
    pub(crate) fn stage(of: &StageLabels<'_>, owner: &str) -> Self {
        let StageLabels {
            project,
            env,
            stage,
            key,
            parent,
            base,
            parts,
            parent_layers,
            inherited,
            links,
            from,
            line,
            revision,
        } = of;
        let mut labels = Self::owned(project, owner);
        labels.0.extend([
            (KEY, key.to_string()),
            (PARENT, parent.to_string()),
            (BASE, base.to_string()),
            (ENV, (*env).to_owned()),
            (STAGE, (*stage).to_owned()),
            (LAYERS, (parent_layers + 1).to_string()),
            (PARTS, (*parts).to_owned()),
            (VERSION, env!("CARGO_PKG_VERSION").to_owned()),
            (FAILED, String::new()),
            (FAILED_KEY, String::new()),
            (LINKS, links.to_string()),
            (FROM, (*from).to_owned()),
            (LINE, line.to_string()),
            (REVISION, (*revision).to_owned()),
        ]);
        let marks = labels
            .0
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .chain([SEAL.to_owned()])
            .chain(inherited.iter().cloned());
        let seal = seal(marks);
        labels.0.push((SEAL, seal));
        labels
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

/// Is it the name of a label of ours?
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with("runenv.")
}

/// Is it a label that every stage's image gets?
pub(crate) fn of_stages(name: &str) -> bool {
    let all = [
        PROJECT, OWNER, KEY, PARENT, BASE, ENV, STAGE, LAYERS, PARTS, VERSION, FAILED, FAILED_KEY,
        LINKS, FROM, LINE, REVISION, SEAL,
    ];
    all.contains(&name)
}

/// The seal over what an image hands down.
pub(crate) fn seal(marks: impl IntoIterator<Item = String>) -> String {
    let mut marks: Vec<String> = marks.into_iter().collect();
    marks.sort();
    marks.dedup();
    Digester::new("runenv-labels")
        .list("marks", &marks)
        .finish()
        .short()
}
