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
    /// It runs in a tree of its own.
    isolated: bool,
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
    bounds: Bounds<'a>,
    commands: &'a [PlanCommand],
    /// The named parts of its key, so that two plans can be told apart.
    key_parts: indexmap::IndexMap<&'static str, Digest>,
}

/// Limits, which make no other key.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Bounds<'a> {
    /// Seconds.
    timeout: Option<f64>,
    /// Seconds.
    kill_after: f64,
    memory: Option<&'a str>,
    cpus: Option<&'a str>,
    /// Bytes.
    log_limit: u64,
    max_links: u32,
    /// On this host, packages that are missing are installed.
    install: bool,
}

impl<'a> Bounds<'a> {
    fn of(stage: &'a super::Stage) -> Self {
        let limits = &stage.limits;
        Self {
            timeout: limits.timeout.map(|time| time.as_secs_f64()),
            kill_after: limits.kill_after.as_secs_f64(),
            memory: limits.memory.as_deref(),
            cpus: limits.cpus.as_deref(),
            log_limit: limits.log,
            max_links: stage.max_links,
            install: stage.packages.as_ref().is_some_and(|step| step.install),
        }
    }
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
        bounds: Bounds::of(stage),
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
        isolated: plan.isolated,
        stages: plan.stages.iter().enumerate().map(stage).collect(),
    }
}
