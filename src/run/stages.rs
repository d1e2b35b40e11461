//! The stages of one environment: which of them, with which files, on which runner.

use super::containers::call::Calls;
use super::containers::mounts;
use super::containers::proxies::{self, Proxies};
use super::containers::{EngineEnv, Memory, Spent};
use super::event::Event;
use super::folder::EnvFolder;
use super::result::EnvResult;
use super::{Job, Options, World, engine, local};
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::host::Host;
use crate::host::machine::Machine;
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::plan::copy::Manifest;
use crate::plan::json;
use crate::plan::key::{Here, KeyParts};
use crate::problem::Problem;

pub(crate) fn run(
    job: &Job,
    world: &World<'_>,
    options: &Options,
    cancel: &Cancel,
    folder: &EnvFolder,
    result: &mut EnvResult,
    tell: &mut dyn FnMut(Event),
) -> Result<(), Problem> {
    let (plan, selection) = (&job.plan, &job.wanted);
    folder.make()?;
    let Some(engine) = engine(plan, options) else {
        return on_host(job, world, options, cancel, folder, (result, tell));
    };
    let manifests = read(plan, world, selection)?;
    let parts = parts(plan, &manifests, &here(plan, world.host));
    folder.forget(&plan.stages)?;
    folder.update_json("plan.json", &json::of(plan, &parts))?;
    let note = folder.note();
    let mut run = EngineEnv {
        calls: Calls {
            engine,
            cancel,
            retries: options.retries,
        },
        world,
        options,
        plan,
        folder,
        late: world.late(plan),
        manifests,
        parts,
        proxies: proxies(engine, plan, world)?,
        noted: note.clone(),
        note,
        network: None,
        whole: false,
        spent: Spent::default(),
        background: Vec::new(),
        pusher: None,
        results: Vec::new(),
        ran: Vec::new(),
        memory: Memory::default(),
    };
    let ended = run.run(selection, tell);
    result.stages = run.results;
    ended
}

/// The same on this host.
fn on_host(
    job: &Job,
    world: &World<'_>,
    options: &Options,
    cancel: &Cancel,
    folder: &EnvFolder,
    (result, tell): (&mut EnvResult, &mut dyn FnMut(Event)),
) -> Result<(), Problem> {
    let mut run = local::LocalEnv {
        plan: &job.plan,
        world,
        options,
        cancel,
        folder,
        late: world.late(&job.plan),
        lock: None,
        results: Vec::new(),
    };
    let ended = run.run(&job.wanted, tell);
    result.stages = run.results;
    ended
}

/// What the script exports outside the key.
fn proxies(engine: Engine, plan: &Plan, world: &World<'_>) -> Result<Proxies, Problem> {
    let proxies = proxies::of(engine, world.host, world.folder.path())?;
    proxies.and_passed(world.host, &plan.pass_env)
}

/// The files of every stage that copies.
pub(crate) fn read(
    plan: &Plan,
    world: &World<'_>,
    selection: &Selection,
) -> Result<Vec<Option<Manifest>>, Problem> {
    let mut all = vec![None; plan.stages.len()];
    for (at, stage) in selection.stages(plan) {
        if !stage.copy.is_empty() {
            let manifest = world.looked.at(&stage.copy)?;
            mounts::check_copies(stage, &manifest)?;
            all[at] = Some(manifest);
        }
    }
    Ok(all)
}

/// What of this moment and machine the plan's keys ask for.
pub(crate) fn here(plan: &Plan, host: &Host) -> Here {
    let asks = plan.stages.iter().any(|stage| stage.machine);
    Here {
        now: host.now,
        machine: asks.then(Machine::read).unwrap_or_default(),
    }
}

pub(crate) fn parts(plan: &Plan, manifests: &[Option<Manifest>], here: &Here) -> Vec<KeyParts> {
    let files = manifests.iter().map(|m| m.as_ref().map(Manifest::digest));
    plan.stages
        .iter()
        .zip(files)
        .map(|(stage, files)| KeyParts::of(plan, stage, files, here))
        .collect()
}
