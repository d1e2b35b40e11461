//! Keys: what a stage's result depends on, and nothing else.
//!
//! A key is made of named parts, so that it can be said which one changed. The engine, the host, the time, limits and
//! paths of the tree are in none of them.

use std::collections::BTreeMap;

use crate::digest::{Digest, Digester};

use super::given::Given;
use super::{Plan, Stage};
use crate::host::machine::Machine;

/// Another number gives other keys everywhere: raise it when the meaning of a part changes.
pub(super) const FORMAT: u32 = 1;

/// What of this moment and this machine enters the keys of stages that ask for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Here {
    /// When the program was started: one moment for the whole run.
    pub(crate) now: jiff::Timestamp,
    pub(crate) machine: Machine,
}

/// The parts of a stage's key that are its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyParts(pub(crate) Vec<(&'static str, Digest)>);

impl KeyParts {
    /// `files` is the digest of what the stage copies; `None` where it copies nothing.
    pub(crate) fn of(plan: &Plan, stage: &Stage, files: Option<Digest>, here: &Here) -> Self {
        // Exhaustive on purpose: a new field does not compile until it is decided whether it acts.
        let Stage {
            name: _,
            parent: _,
            copy: _,
            artifacts: _,
            workdir: _,
            env,
            user: _,
            network,
            given,
            limits: _,
            annotate: _,
            allow_failure: _,
            keep,
            key_period,
            machine,
            push: _,
            incremental: _,
            max_links: _,
            commands: _,
            on_failure: _,
            finally: _,
            packages: _,
            body,
            exports,
            said: _,
        } = stage;
        let commands = body.replacen(exports.as_str(), "", 1);
        let container = container(plan, network.as_deref(), given, *keep);
        let mut parts = vec![
            ("script", Digest::of(commands.as_bytes())),
            ("env", variables(env)),
            ("container", container),
            ("salt", Digest::of(plan.key_salt.as_bytes())),
        ];
        parts.extend(files.map(|files| ("files", files)));
        let period = key_period.map(|period| period.name(here.now));
        parts.extend(period.map(|name| ("period", Digest::of(name.as_bytes()))));
        parts.extend(machine.then(|| ("machine", here.machine.digest())));
        Self(parts)
    }

    /// The key of a stage on top of its parent's key, or of the base image's identity.
    pub(crate) fn key(&self, parent: Digest) -> Digest {
        let mut digester = Digester::new("runenv-key");
        digester
            .field("format", &FORMAT.to_le_bytes())
            .field("parent", parent.bytes());
        for (name, digest) in &self.0 {
            digester.field(name, digest.bytes());
        }
        digester.finish()
    }
}

/// What acts of the container's options.
fn container(plan: &Plan, network: Option<&str>, given: &Given, keep: bool) -> Digest {
    let mut container = Digester::new("runenv-container");
    container.field("network", network.unwrap_or_default().as_bytes());
    given.add_to(&mut container);
    // What lies in a volume is not kept: the result is another one.
    for (name, acts) in [("allow-volumes", plan.allow_volumes), ("not-kept", !keep)] {
        if acts {
            container.field(name, b"true");
        }
    }
    container.finish()
}

/// What has to be the same of an image of a stage that the stage may start from when its key is another: all that acts but
/// the files, of it and of the stages below it; its own commands may differ, too, since they are run again. Of an
/// incremental stage below it all has to be the same: what that makes of its files is made there alone.
pub(crate) fn line(
    plan: &Plan,
    parts: &[KeyParts],
    at: usize,
    base: Digest,
    keys: &[Digest],
) -> Digest {
    let mut digester = Digester::new("runenv-line");
    digester
        .field("base", base.bytes())
        .field("workdir", plan.stages[at].workdir.as_bytes());
    for below in plan.down(at) {
        if below != at && plan.stages[below].incremental {
            digester.field("on", keys[below].bytes());
            break;
        }
        digester.field("stage", plan.stages[below].name.as_bytes());
        for (name, digest) in &parts[below].0 {
            let again = below == at && *name == "script";
            if *name != "files" && !again {
                digester.field(name, digest.bytes());
            }
        }
    }
    digester.finish()
}

/// The digest of the stage's variables, which are sorted by name.
fn variables(env: &BTreeMap<String, String>) -> Digest {
    let mut digester = Digester::new("runenv-env");
    for (name, value) in env {
        digester.field(name, value.as_bytes());
    }
    digester.finish()
}

/// The keys of all stages, given the base image's identity.
pub(crate) fn chain(plan: &Plan, parts: &[KeyParts], base: Digest) -> Vec<Digest> {
    let mut keys: Vec<Digest> = Vec::new();
    for (stage, parts) in plan.stages.iter().zip(parts) {
        let parent = stage.parent.map_or(base, |at| keys[at]);
        keys.push(parts.key(parent));
    }
    keys
}
