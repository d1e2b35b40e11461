//! A plan as data: `plan.json` in the environment's folder.

use serde::Serialize;

use super::key::KeyParts;
use super::{Period, Plan, PlanCommand};
use crate::digest::Digest;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct PlanJson<'a> {
    env: &'a str,
    project: &'a str,
    runner: &'a str,
    image: Option<String>,
    stages: Vec<StageJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct StageJson<'a> {
    name: &'a str,
    /// The stage it goes on from.
    parent: Option<&'a str>,
    workdir: &'a str,
    copy: Vec<&'a str>,
    keep: bool,
    key_period: Option<&'static str>,
    machine: bool,
    push: bool,
    incremental: bool,
    max_links: u32,
    commands: &'a [PlanCommand],
    /// The named parts of its key, so that two plans can be told apart.
    key_parts: indexmap::IndexMap<&'static str, Digest>,
}

/// `parts` has those of each stage, or none at all: nothing is kept of a local one.
pub(crate) fn of<'a>(plan: &'a Plan, parts: &[KeyParts]) -> PlanJson<'a> {
    let stage = |(at, stage): (usize, &'a super::Stage)| StageJson {
        name: &stage.name,
        parent: stage.parent.map(|at| plan.stages[at].name.as_str()),
        workdir: &stage.workdir,
        copy: stage.copy.iter().map(|s| s.value.as_str()).collect(),
        keep: stage.keep,
        key_period: stage.key_period.map(Period::word),
        machine: stage.machine,
        push: stage.push,
        incremental: stage.incremental,
        max_links: stage.max_links,
        commands: &stage.commands,
        key_parts: parts
            .get(at)
            .into_iter()
            .flat_map(|p| p.0.iter().copied())
            .collect(),
    };
    PlanJson {
        env: &plan.env,
        project: &plan.project,
        runner: &plan.runner,
        image: plan.base(),
        stages: plan.stages.iter().enumerate().map(stage).collect(),
    }
}
