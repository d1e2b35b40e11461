//! Records of an environment's stages: those of now, and those of the last time that each was passed or found.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::folder::EnvFolder;
use crate::digest::Digest;
use crate::files;
use crate::plan::Plan;
use crate::plan::copy::Manifest;
use crate::plan::key::{Here, KeyParts};
use crate::plan::record::{Around, Record};
use crate::problem::Problem;

/// Beside plan.json.
const NAME: &str = "keys.json";
/// Records are not larger.
const MOST_BYTES: u64 = 64_000_000;

/// What an environment's folder keeps of its stages.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct Kept {
    pub(crate) stages: BTreeMap<String, Last>,
}

/// A stage, as it was passed or found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Last {
    /// The engine that had it.
    pub(crate) engine: String,
    #[serde(flatten)]
    pub(crate) record: Record,
}

impl Kept {
    /// Broken or too large is none.
    pub(crate) fn read(folder: &EnvFolder) -> Self {
        let text = files::read_text(&folder.path().join(NAME), MOST_BYTES);
        let kept = text.ok().and_then(|text| serde_json::from_str(&text).ok());
        kept.unwrap_or_default()
    }

    /// The name of the base image that was taken.
    pub(crate) fn base(&self) -> Option<&str> {
        let mut stages = self.stages.values();
        stages.find_map(|last| Some(last.record.image()?.text.as_str()))
    }

    pub(crate) fn write(&self, folder: &EnvFolder) -> Result<(), Problem> {
        folder.write_json(NAME, self)
    }
}

/// What the stages of a plan depend on now.
pub(crate) struct Now<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) parts: &'a [KeyParts],
    pub(crate) manifests: &'a [Option<Manifest>],
    /// The lines of the tree's `.dockerignore`.
    pub(crate) ignored: &'a [String],
    pub(crate) here: &'a Here,
    /// The base image that is taken, and the keys on top of it; `None`: it is not known.
    pub(crate) base: Option<(&'a str, Digest, &'a [Digest])>,
}

impl Now<'_> {
    /// The record of a stage.
    pub(crate) fn record(&self, at: usize) -> Record {
        let stage = &self.plan.stages[at];
        let key = |at: usize| self.base.map(|(_, _, keys)| keys[at]);
        let around = Around {
            parts: &self.parts[at],
            files: self.manifests[at].as_ref(),
            ignored: self.ignored,
            period: stage.key_period.map(|period| period.name(self.here.now)),
            machine: stage.machine.then(|| self.here.machine.digest()),
            key: key(at),
            parent: stage
                .parent
                .map(|p| (self.plan.stages[p].name.as_str(), key(p))),
            base: self.base.map(|(name, identity, _)| (name, identity)),
        };
        Record::of(&stage.said, &around)
    }
}
