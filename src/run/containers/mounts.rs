//! Mounts and options that a stage's container gets from outside, as words of the engine's `create`; and the volumes of
//! caches, which are the project's on that engine, whatever environment or stage uses them.

use std::path::Path;
use std::sync::PoisonError;

use super::EngineEnv;
use crate::engine::labels::Labels;
use crate::host::Host;
use crate::plan::Stage;
use crate::plan::copy::{Manifest, shown};
use crate::plan::given::{Given, Mount, Source, field};
use crate::problem::{Problem, Problems};
use crate::run::secrets::of_host;

/// What gives commands the whole machine.
const WHOLE: [&str; 3] = ["docker.sock", "podman.sock", "containerd.sock"];

/// The volume of a cache.
pub(crate) fn volume(project: &str, cache: &str) -> String {
    format!("runenv-{project}-{cache}")
}

/// The words, in the order of the file; `project` names the volumes.
pub(crate) fn words(given: &Given, project: &str, root: &Path, host: &Host) -> Vec<String> {
    let mount = |mount: &Mount| {
        let (kind, source) = match &mount.source {
            Source::Cache(name) => ("volume", volume(project, name)),
            Source::Host(path) => ("bind", of_host(path, root, host).display().to_string()),
        };
        let only = if mount.read_only { ",readonly" } else { "" };
        let (source, target) = (field("source", &source), field("target", &mount.at));
        format!("--mount=type={kind},{source},{target}{only}")
    };
    let mounts = given.mounts.iter().map(mount);
    given.create_args.iter().cloned().chain(mounts).collect()
}

/// Are the folders of the host there? What gives commands the whole machine is a warning.
pub(crate) fn check<'s>(
    stages: impl IntoIterator<Item = &'s Stage>,
    root: &Path,
    host: &Host,
) -> Result<Problems, Problems> {
    let mut problems = Problems::default();
    for mount in stages.into_iter().flat_map(|stage| &stage.given.mounts) {
        let Source::Host(path) = &mount.source else {
            continue;
        };
        let folder = of_host(path, root, host);
        let problem = if folder.symlink_metadata().is_err() {
            let title = format!("`{path}`, which is to be mounted, is not there");
            Problem::new(title, format!("make `{}` before the run", folder.display()))
        } else if folder.parent().is_none() || WHOLE.iter().any(|name| folder.ends_with(name)) {
            let title = format!("`{path}` in a container gives its commands this whole machine");
            Problem::warning(title, "mount only what they need")
        } else {
            continue;
        };
        problems.push(mount.place.iter().cloned().fold(problem, Problem::place));
    }
    problems.none().map(Problems)
}

/// A file that is copied to a place inside of a mount would not be kept, and would change the mount.
pub(crate) fn check_copies(stage: &Stage, manifest: &Manifest) -> Result<(), Problem> {
    for mount in &stage.given.mounts {
        let inside = |path: &[u8]| {
            mount.holds(&format!(
                "{}/{}",
                stage.workdir,
                String::from_utf8_lossy(path)
            ))
        };
        if let Some(entry) = manifest.entries().iter().find(|entry| inside(&entry.path)) {
            let (path, at) = (shown(&entry.path), &mount.at);
            let title = format!("`{path}` is copied to where `{at}` is mounted");
            let help = "it would not be kept: take it out of `copy`, or mount at another place";
            let problem = Problem::new(title, help);
            return Err(mount.place.iter().cloned().fold(problem, Problem::place));
        }
    }
    Ok(())
}

impl EngineEnv<'_> {
    /// The words for a stage's container, with the volumes made.
    pub(super) fn extra(&self, stage: &Stage) -> Result<Vec<String>, Problem> {
        self.make_caches(stage)?;
        let world = self.world;
        let (id, root) = (&world.ours.id, &world.root);
        Ok(words(&stage.given, id, root, world.host))
    }

    /// Makes the volumes of a stage's caches, where they are not there.
    fn make_caches(&self, stage: &Stage) -> Result<(), Problem> {
        let (engine, id) = (self.calls.engine, &self.world.ours.id);
        for mount in &stage.given.mounts {
            let Source::Cache(name) = &mount.source else {
                continue;
            };
            let known = (engine.name(), volume(id, name));
            let caches = || {
                self.world
                    .caches
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
            };
            if caches().contains(&known) {
                continue;
            }
            let command = engine.make_volume(&known.1, &Labels::cache(id, name));
            let output = self.calls.query(&command)?;
            // docker says nothing of one that is there.
            if !String::from_utf8_lossy(&output.stderr).contains("already exists") {
                let doing = format!("make the volume `{}`", known.1);
                self.calls.expect(&output, &doing)?;
            }
            caches().insert(known);
        }
        Ok(())
    }
}
