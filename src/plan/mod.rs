//! A plan: the concrete commands of an environment, stage by stage. Pure: nothing is started, no file is read.
//!
//! `copy/` alone reads the tree, when a run, `context` or `dockerfile` asks for a stage's files.

pub(crate) mod annotate;
pub(crate) mod artifacts;
pub(crate) mod chain;
pub(crate) mod copy;
mod create_args;
pub(crate) mod devcontainer;
pub(crate) mod dockerfile;
pub(crate) mod given;
pub(crate) mod image;
pub(crate) mod json;
pub(crate) mod key;
mod make;
pub(crate) mod period;
pub(crate) mod record;
pub(crate) mod renewal;
pub(crate) mod script;
mod standalone;
pub(crate) mod tags;
pub(crate) mod user;

#[cfg(test)]
mod tests;

use image::Registries;
pub(crate) use make::plan;
pub(crate) use period::Period;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use crate::catalog::managers::Manager;
use crate::config::lock::Pin;
use crate::environment::draft::Strings;
use crate::host;
use crate::nearest;
use crate::problem::{Place, Problem};
use crate::time;
use given::Given;

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The canonical name, and the part of image names that stands for it.
    pub(crate) env: String,
    pub(crate) slug: String,
    pub(crate) project: String,
    pub(crate) runner: String,
    /// As they stand in the name; `None`: it has none.
    pub(crate) system: Option<String>,
    pub(crate) config: Option<String>,
    /// The base image; set for containers.
    pub(crate) image: Option<String>,
    /// Images to take in place of it, in this order, where it cannot be had.
    pub(crate) other_images: Vec<String>,
    /// Which bytes the base image is, if that is locked.
    pub(crate) pin: Option<Pin>,
    /// There is a lock file, and it does not have the image.
    pub(crate) not_locked: bool,
    /// Where it is written, if it is in a file.
    pub(crate) image_place: Option<Place>,
    pub(crate) platform: Option<String>,
    pub(crate) allow_volumes: bool,
    pub(crate) key_salt: String,
    /// Variables of the caller that commands get, names and globs; local ones beside the short default list.
    pub(crate) pass_env: Vec<String>,
    /// Operating systems of the host that it runs on; empty: all.
    pub(crate) host_os: Vec<String>,
    /// On this host: in a tree of its own, and not in the source tree.
    pub(crate) isolated: bool,
    /// `cpus` as a limit; what `{cpus}` stands for.
    pub(crate) cpus: Option<String>,
    /// Keys of `packages` without a name on this system.
    pub(crate) nameless: Vec<String>,
    /// The day the system's maintenance ends.
    pub(crate) end_of_life: Option<String>,
    /// Where its packages come from then, if a package stage can be told to.
    pub(crate) archive: Option<String>,
    /// Where images of stages are looked for and pushed to.
    pub(crate) registries: Registries,
    pub(crate) stages: Vec<Stage>,
}

#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) name: String,
    /// The stage whose image it starts from; `None`: the base image.
    pub(crate) parent: Option<usize>,
    pub(crate) copy: Strings,
    /// Globs of what is copied out after it.
    pub(crate) artifacts: Strings,
    pub(crate) workdir: String,
    pub(crate) env: BTreeMap<String, String>,
    /// Who its commands run as, if not root.
    pub(crate) user: Option<String>,
    pub(crate) network: Option<String>,
    /// What its container and commands get from outside.
    pub(crate) given: Given,
    pub(crate) limits: StageLimits,
    /// Which lines of its output are to be seen at once.
    pub(crate) annotate: Vec<annotate::Rule>,
    pub(crate) allow_failure: bool,
    /// What it leaves is kept; else only that it passed.
    pub(crate) keep: bool,
    /// It runs anew with each new one.
    pub(crate) key_period: Option<Period>,
    /// Its result depends on the processor.
    pub(crate) machine: bool,
    /// Its image goes to the registry.
    pub(crate) push: bool,
    /// It starts from its own newest image where there is no image of its key.
    pub(crate) incremental: bool,
    /// After so many increments it runs afresh.
    pub(crate) max_links: u32,
    pub(crate) commands: Vec<PlanCommand>,
    pub(crate) on_failure: Vec<PlanCommand>,
    /// Run behind the stage, passed or failed; what they leave is not kept.
    pub(crate) finally: Vec<PlanCommand>,
    /// What a local package stage checks in place of its first commands.
    pub(crate) packages: Option<PackageStep>,
    /// The script's brace group: what acts.
    pub(crate) body: String,
    /// Its part that exports variables, to tell the two apart in keys.
    pub(crate) exports: String,
    /// What of the settings is in the key, under their names.
    pub(crate) said: record::Said,
}

impl Stage {
    /// Does its container join the network that the stages of an environment share?
    pub(crate) fn shares_network(&self) -> bool {
        self.network.is_none() && !self.given.own_network
    }
}

/// The packages of a stage that installs some.
#[derive(Clone, Debug)]
pub(crate) struct PackageStep {
    pub(crate) manager: Option<&'static Manager>,
    pub(crate) names: Vec<String>,
    /// Options of the install.
    pub(crate) options: Vec<String>,
    /// Shell lines before the update, and after the install.
    pub(crate) before: Vec<String>,
    pub(crate) after: Vec<String>,
    /// What does not exist is left out and told.
    pub(crate) ignore_missing: bool,
    /// On this host: what is missing is installed.
    pub(crate) install: bool,
    /// How many of the stage's commands, from the first, do it in a container.
    pub(crate) commands: usize,
}

/// Limits and places: in the plan, not in the key.
#[derive(Clone, Debug)]
pub(crate) struct StageLimits {
    /// The most bytes that are kept of its output.
    pub(crate) log: u64,
    pub(crate) timeout: Option<Duration>,
    pub(crate) kill_after: Duration,
    pub(crate) memory: Option<String>,
    pub(crate) cpus: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct PlanCommand {
    /// As it is told: the line, or the words quoted.
    pub(crate) text: String,
    /// What the stage's shell evaluates.
    pub(crate) evaluated: String,
    /// The argv that runs it without a shell of ours, for `local`.
    pub(crate) argv: Vec<String>,
    pub(crate) allow_failure: bool,
    /// `file:line:column`; empty for runenv's own.
    pub(crate) place: String,
}

impl Plan {
    /// A system that nobody maintains any more: its packages may be gone from the mirrors.
    pub(crate) fn past_its_end(&self) -> Option<Problem> {
        let day = self.end_of_life.as_deref()?;
        (day < &time::now()[..10]).then(|| {
            let title = format!(
                "the system of `{}` is past its end of life ({day})",
                self.env
            );
            let help = match &self.archive {
                Some(archive) => format!("its packages come from {archive}, if that has them"),
                None => "no archive of its packages is known: they may be gone".to_owned(),
            };
            Problem::warning(title, help)
        })
    }

    /// What an engine is told to start from.
    pub(crate) fn base(&self) -> Option<String> {
        let pin = self.pin.as_ref().map(Pin::reference);
        pin.or_else(|| self.image.clone())
    }

    /// The platform of its images: the one that is set, else this machine's.
    pub(crate) fn platform(&self) -> String {
        self.platform.clone().unwrap_or_else(host::platform)
    }

    /// The base images that may be taken, in this order.
    pub(crate) fn images(&self) -> impl Iterator<Item = &String> {
        self.image.iter().chain(&self.other_images)
    }

    /// The index of the stage of this name; one that the plan lacks is a mistake.
    pub(crate) fn index(&self, name: &str) -> Result<usize, Problem> {
        let found = self.stages.iter().position(|s| s.name == name);
        found.ok_or_else(|| {
            let known = self.stages.iter().map(|s| s.name.as_str());
            let title = format!("`{}` has no stage `{name}`", self.env);
            Problem::new(title, nearest::advice(name, "stages", known))
        })
    }

    /// The stage of this name.
    pub(crate) fn stage(&self, name: &str) -> Result<&Stage, Problem> {
        self.index(name).map(|at| &self.stages[at])
    }
}
