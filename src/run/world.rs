//! What all environments of a run share.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use super::ahead::{self, Ready};
use super::containers::call::Calls;
use super::containers::claim::Claims;
use super::containers::lookup;
use super::containers::lookup::inventory::Inventory;
use super::containers::lookup::registry::Registry;
use super::containers::lookup::registry::walk::{self, Purpose};
use super::containers::lookup::remembered;
use super::folder::Folder;
use super::local::made::Told;
use super::looked::Looked;
use super::ours::Ours;
use super::owner::Owner;
use super::records::Kept;
use super::room::Room;
use super::schedule::Slots;
use super::secrets::Secrets;
use super::{Job, Options, git, local};
use crate::config::Project;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::host::Host;
use crate::late::Late;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::random;

/// What is the same for all environments of a run.
pub(crate) struct World<'a> {
    pub(crate) root: PathBuf,
    pub(crate) folder: Folder,
    pub(crate) ours: Ours,
    pub(crate) run_id: String,
    pub(crate) owner: String,
    pub(crate) host: &'a Host,
    pub(crate) secrets: Secrets,
    /// Volumes that are there, as this run knows: of which engine, and their names.
    pub(crate) caches: Mutex<BTreeSet<(&'static str, String)>>,
    /// The tree: local environments work in it one at a time.
    pub(crate) tree: Mutex<()>,
    /// Files that a local run made, of which was warned.
    pub(crate) made: Told,
    /// Room on disks.
    pub(crate) room: Room,
    inventories: [Inventory; Engine::ALL.len()],
    pub(crate) claims: Claims,
    pub(crate) slots: Slots,
    registry: OnceLock<Arc<Registry>>,
    pub(super) looked: Looked,
    describe: OnceLock<Option<String>>,
}

impl<'a> World<'a> {
    pub(crate) fn new(project: &Project, host: &'a Host) -> Result<Self, Problem> {
        Folder::of(&project.root).make()?;
        let mut world = Self::looking(project, host)?;
        world.looked.saves = true;
        Ok(world)
    }

    /// For somebody who runs nothing, and so needs no folder.
    pub(crate) fn looking(project: &Project, host: &'a Host) -> Result<Self, Problem> {
        let folder = Folder::of(&project.root);
        let run_id = random::word()[..8].to_owned();
        let ours = Ours::of(project, &folder)?;
        Ok(Self {
            root: project.root.clone(),
            claims: Claims::of(host, &ours.id, folder.path()),
            slots: Slots::default(),
            looked: Looked::of(project.root.clone(), folder.path().to_owned(), host.cpus),
            ours,
            owner: Owner::this(&run_id, host.pid).to_string(),
            run_id,
            host,
            secrets: Secrets::default(),
            caches: Mutex::default(),
            tree: Mutex::new(()),
            made: Told::default(),
            room: Room::new(&folder, host)?,
            inventories: Default::default(),
            registry: OnceLock::new(),
            folder,
            describe: OnceLock::new(),
        })
    }

    /// Gives the stages their secrets.
    pub(crate) fn with_secrets(self, secrets: Secrets) -> Self {
        Self { secrets, ..self }
    }

    /// git's description of the tree; asked once, and only when an image is to be tagged.
    pub(crate) fn describe(&self) -> Option<&str> {
        self.describe
            .get_or_init(|| git::describe(&self.root))
            .as_deref()
    }

    /// How long commands get to end after a signal, where that is less than their `kill-after`: a CI's runner sends INT
    /// and kills all 10 s later, and what a stage left is to be kept in that time.
    pub(crate) fn hurry(&self) -> Option<Duration> {
        self.host.is_ci().then_some(Duration::from_secs(3))
    }

    /// What an engine has.
    pub(crate) fn inventory(&self, engine: Engine) -> &Inventory {
        &self.inventories[engine as usize]
    }

    /// What registries were asked so far.
    pub(crate) fn registry(&self, cancel: &Cancel) -> &Arc<Registry> {
        self.registry
            .get_or_init(|| Arc::new(Registry::new(self.host, cancel)))
    }

    /// Asks each engine once for what all environments want to know of it first. That it does not answer is told by
    /// the environment that needs it.
    pub(super) fn ask_engines(&self, jobs: &[Job], options: &Options, cancel: &Cancel) {
        for engine in Engine::ALL {
            let on_engine = |job: &&Job| super::engine(&job.plan, options) == Some(engine);
            let ours = jobs.iter().filter(on_engine);
            let names = ours.flat_map(|Job { plan, wanted, .. }| {
                let note = self.folder.env(&plan.env).note();
                let noted = lookup::noted(plan, wanted, &note, engine.name(), false);
                // A locked image is asked for only when a stage has to start from it.
                let base = plan.image.iter().filter(|_| plan.pin.is_none());
                base.cloned().chain(noted)
            });
            let names: Vec<String> = names.collect();
            let calls = Calls::new(engine, cancel);
            let _ = remembered::ask(self.inventory(engine), &calls, &names, &self.folder);
        }
    }

    /// Asks registries once for what all environments are likely to want of them. Each asks again for what it misses: if
    /// a file is edited before it begins, its keys are others.
    pub(super) fn ask_registries(
        &self,
        jobs: &[Job],
        options: &Options,
        cancel: &Cancel,
        warn: &mut dyn FnMut(Problem),
    ) {
        if options.offline {
            return;
        }
        let ready = jobs.iter().filter_map(|Job { plan, wanted, .. }| {
            let engine = super::engine(plan, options)?;
            let asks = !plan.registries.look.is_empty() && wanted.may_find();
            let calls = Calls::new(engine, cancel);
            let ready = || Ready::read((plan, wanted), calls, self, Kept::default(), false);
            // Its trouble is told when the environment is begun.
            asks.then(ready)?.ok()
        });
        let ready: Vec<Ready<'_>> = ready.collect();
        if ready.is_empty() {
            return;
        }
        let registry = self.registry(cancel);
        let mut known = ahead::ask(&ready, Some(registry), options.clean, self);
        let asked = known.iter_mut().filter_map(|one| one.asked.as_mut().ok());
        walk::look(&asked.collect::<Vec<_>>(), Purpose::Run, registry, warn);
    }

    /// What `{cpus}` and paths stand for in an environment's commands.
    pub(crate) fn late(&self, plan: &Plan) -> Late {
        let tree = local::tree(&self.root, &plan.env, plan.isolated);
        super::late(
            &tree,
            self.folder.env(&plan.env).path(),
            plan.cpus.as_deref(),
            self.host,
        )
    }
}
