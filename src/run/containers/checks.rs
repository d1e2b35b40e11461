//! What is refused before anything is run: what a base image would lose without a word, what no engine can stack.

use std::path::{Component, Path, PathBuf};

use super::EngineEnv;
use super::lookup::Start;
use crate::problem::Problem;

/// Beyond this an overlay file system refuses ("max depth exceeded"), measured at 125 to 127.
pub(super) const MOST_LAYERS: usize = 120;

impl EngineEnv<'_> {
    /// More layers than an engine can stack: told before anything is run (docker and podman stop near 127).
    pub(super) fn check_depth(&self, start: &Start) -> Result<(), Problem> {
        let mut layers: Vec<usize> = Vec::new();
        for (at, stage) in self.plan.stages.iter().enumerate() {
            let below = stage
                .parent
                .map_or_else(|| start.base.layers(), |p| layers[p]);
            let found = start.found[at].as_ref().map(|found| found.layers);
            let own = start.increment(at).map(|own| own.layers + 1);
            layers.push(found.or(own).unwrap_or(below + 1));
        }
        let layers = layers.into_iter().max().unwrap_or_default();
        if layers <= MOST_LAYERS {
            return Ok(());
        }
        let title = format!(
            "`{}` would need {layers} layers, and engines stack {MOST_LAYERS} at most",
            self.plan.env
        );
        Err(Problem::new(
            title,
            "put stages together: each is one layer on the base image's",
        ))
    }

    /// A volume of the base image where the build writes: a commit would lose it without a word.
    pub(super) fn check_volumes(&self, start: &Start) -> Result<(), Problem> {
        if self.plan.allow_volumes {
            return Ok(());
        }
        for volume in &start.handed().volumes {
            let lost = lexical(volume);
            let within = |workdir: &str| {
                let workdir = lexical(workdir);
                workdir.starts_with(&lost) || lost.starts_with(&workdir)
            };
            if let Some(stage) = self.plan.stages.iter().find(|s| within(&s.workdir)) {
                let image = &start.base.name;
                let title = format!(
                    "the image `{image}` keeps `{volume}` in a volume, and the stage `{}` works in `{}`",
                    stage.name, stage.workdir
                );
                let help = "what is written there would not be kept: set `workdir` to another folder, or `allow-volumes = true`";
                let place = self.plan.image_place.iter().cloned();
                return Err(place.fold(Problem::new(title, help), Problem::place));
            }
        }
        Ok(())
    }
}

/// A path without `.` and `..`, as an engine reads it.
fn lexical(path: &str) -> PathBuf {
    let mut out = PathBuf::from("/");
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => drop(out.pop()),
            Component::Normal(name) => out.push(name),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    out
}
