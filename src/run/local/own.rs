//! An environment in a tree of its own (`isolate = "copy"`): the tree is brought up to date, and of the stages that last
//! passed in it those are skipped that nothing has changed for.
//!
//! Stages work in one tree one after another, so a stage is skipped only if all before it are. What passed is written
//! down after each stage, and what will not be true any more is taken out before it is begun.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use serde::{Deserialize, Serialize};

use super::{LocalEnv, sync, tracked};
use crate::digest::{Digest, Digester};
use crate::exec::Cancel;
use crate::host::os_release;
use crate::plan::chain::Selection;
use crate::plan::copy::{FileCache, Manifest, named};
use crate::plan::key::{self, KeyParts};
use crate::plan::{Plan, Stage};
use crate::problem::Problem;
use crate::run::event::{Event, Kind};
use crate::run::folder::EnvFolder;
use crate::run::{World, pass_env, stages};

/// Of the variables that every local command gets, those that act on results; `pass-env` acts whole.
const ACTING: [&str; 8] = [
    "PATH", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "TZ", "CI",
];

/// Where the stages are listed, in the environment's folder.
pub(super) const FILE: &str = "passed.json";

/// So many paths are told by name.
const NAMED: usize = 5;

/// The stages that passed in the tree as it is now.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Passed {
    stages: Vec<PassedStage>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PassedStage {
    name: String,
    key: String,
}

impl Passed {
    /// By stage: it passed with its key, and so did all before it that are meant.
    fn found(&self, plan: &Plan, selection: &Selection, keys: &[Digest]) -> Vec<bool> {
        let mut found = vec![false; keys.len()];
        for (at, stage) in selection.stages(plan) {
            let key = keys[at].to_string();
            let mut all = self.stages.iter();
            let passed = all.any(|passed| passed.name == stage.name && passed.key == key);
            if !passed || selection.is_anew(at) {
                break;
            }
            found[at] = true;
        }
        found
    }
}

/// What the next run does with the stages, as far as it is known before.
pub(crate) struct Looked {
    pub(crate) keys: Vec<Digest>,
    /// By stage: it is skipped.
    pub(crate) found: Vec<bool>,
    /// Something was run in the tree.
    pub(crate) known: bool,
    /// Names of the stages that passed in the tree, with whatever key.
    pub(crate) passed: Vec<String>,
}

/// Looks what the next run would skip; nothing is copied or written.
pub(crate) fn look(
    plan: &Plan,
    selection: &Selection,
    world: &World<'_>,
    cancel: &Cancel,
) -> Result<Looked, Problem> {
    let root = &world.root;
    let mut cache = FileCache::open(root, world.folder.path(), world.host.cpus);
    let tree = tracked::of(root, &mut cache, cancel)?;
    let parts = parts(plan, world, &tree, selection, &mut cache)?;
    let keys = key::chain(plan, &parts, identity(plan, world));
    let folder = world.folder.env(&plan.env);
    let known = sync::is_known(folder.path());
    let passed = if known {
        read(&folder)
    } else {
        Passed::default()
    };
    Ok(Looked {
        found: passed.found(plan, selection, &keys),
        known,
        passed: passed.stages.into_iter().map(|stage| stage.name).collect(),
        keys,
    })
}

/// The tree's stages: their keys, and which of them are not run.
pub(super) struct Own {
    pub(super) parts: Vec<KeyParts>,
    keys: Vec<Digest>,
    passed: Passed,
    /// By stage: it is found, and so are all before it that are meant.
    pub(super) found: Vec<bool>,
    /// The tree is not what the keys say: nothing is written down.
    keyless: bool,
}

impl Own {
    pub(super) fn key(&self, at: usize) -> String {
        self.keys[at].to_string()
    }

    /// The first stage that is run; the number of stages where none is.
    pub(super) fn first(&self, selection: &Selection) -> usize {
        let count = self.found.len();
        let mut run = (0..count).filter(|at| selection.wants(*at) && !self.found[*at]);
        run.next().unwrap_or(count)
    }

    /// Before a stage is run: neither it nor one behind it has passed any more.
    pub(super) fn forget(
        &mut self,
        plan: &Plan,
        at: usize,
        folder: &EnvFolder,
    ) -> Result<(), Problem> {
        let before = self.passed.stages.len();
        let stays = |name: &str| plan.stages[..at].iter().any(|stage| stage.name == name);
        self.passed.stages.retain(|stage| stays(&stage.name));
        if self.passed.stages.len() < before {
            folder.write_json(FILE, &self.passed)?;
        }
        Ok(())
    }

    /// After it has passed.
    pub(super) fn note(
        &mut self,
        at: usize,
        name: &str,
        folder: &EnvFolder,
    ) -> Result<(), Problem> {
        if self.keyless {
            return Ok(());
        }
        let (name, key) = (name.to_owned(), self.key(at));
        self.passed.stages.push(PassedStage { name, key });
        folder.write_json(FILE, &self.passed)
    }
}

impl LocalEnv<'_> {
    /// Brings the environment's own tree up to date and looks which stages have passed in it.
    pub(super) fn own(
        &self,
        selection: &Selection,
        to: &mut dyn FnMut(Event),
    ) -> Result<Own, Problem> {
        let mut say = |kind| to(Event::of_env(&self.plan.env, kind));
        let root = &self.world.root;
        let mut cache = FileCache::open(root, self.world.folder.path(), self.world.host.cpus);
        let tree = tracked::of(root, &mut cache, self.cancel)?;
        let parts = parts(self.plan, self.world, &tree, selection, &mut cache)?;
        cache.save()?;
        let synced = sync::sync(root, &self.plan.env, &tree, &|| !self.cancel.requested())?;
        tell(&synced, &mut say);
        let mut own = Own {
            keys: key::chain(self.plan, &parts, identity(self.plan, self.world)),
            parts,
            passed: Passed::default(),
            found: vec![false; self.plan.stages.len()],
            keyless: !synced.changed.is_empty(),
        };
        if synced.fresh {
            // What passed in another tree has not passed in this one.
            self.folder.write_json(FILE, &own.passed)?;
        } else {
            own.passed = read(self.folder);
            own.found = own.passed.found(self.plan, selection, &own.keys);
        }
        Ok(own)
    }
}

/// What acts on each stage of its own.
fn parts(
    plan: &Plan,
    world: &World<'_>,
    tree: &Manifest,
    selection: &Selection,
    cache: &mut FileCache,
) -> Result<Vec<KeyParts>, Problem> {
    let (whole, mut parts) = (tree.digest(), Vec::new());
    let here = stages::here(plan, world.host);
    for (at, stage) in plan.stages.iter().enumerate() {
        let files = match stage.copy.as_slice() {
            _ if !selection.wants(at) => None,
            [] if installs_alone(stage) => None,
            [] => Some(whole),
            list => {
                let copied = Manifest::collect(&world.root, list, cache)?;
                Some(copied.within(tree).digest())
            }
        };
        parts.push(KeyParts::of(plan, stage, files, &here));
    }
    Ok(parts)
}

/// What the first stage starts from: this machine's system, and what of the caller's variables acts.
fn identity(plan: &Plan, world: &World<'_>) -> Digest {
    let system = os_release::read();
    let mut digester = Digester::new("runenv-host");
    digester
        .field("system", system.id.as_bytes())
        .field("release", system.release.unwrap_or_default().as_bytes())
        .field("architecture", std::env::consts::ARCH.as_bytes());
    let host = world.host;
    let passed = pass_env::of(host, &plan.pass_env);
    let mut all: Vec<(String, &OsStr)> = Vec::new();
    for name in ACTING {
        let value = host.variables.get(OsStr::new(name));
        all.extend(value.map(|value| (name.to_owned(), value.as_os_str())));
    }
    let passed = passed.named.into_iter().chain(passed.matched);
    all.extend(passed.map(|(name, value)| (name.clone(), value)));
    all.sort_unstable();
    all.dedup();
    for (name, value) in all {
        digester.field(&name, value.as_bytes());
    }
    digester.finish()
}

/// Does the stage nothing but install packages? Then no file of the tree acts on it.
fn installs_alone(stage: &Stage) -> bool {
    let step = stage.packages.as_ref();
    step.is_some_and(|step| step.commands == stage.commands.len())
}

/// A broken list is none.
fn read(folder: &EnvFolder) -> Passed {
    crate::files::read_if_there(&folder.path().join(FILE))
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// Says what stands in place of a copied file, and what changed meanwhile.
fn tell(synced: &sync::Synced, say: &mut dyn FnMut(Kind)) {
    let paths = |all: &[Vec<u8>]| named(all.iter().map(Vec::as_slice), NAMED);
    if !synced.left.is_empty() {
        let text = format!(
            "what commands wrote in place of files of the tree stays: {}",
            paths(&synced.left)
        );
        say(Kind::Note { text });
    }
    if !synced.changed.is_empty() {
        let text = format!(
            "edited while the tree was copied: {}; the next run runs all stages that pass now again",
            paths(&synced.changed)
        );
        say(Kind::Note { text });
    }
}
