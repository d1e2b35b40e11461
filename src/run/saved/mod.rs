//! Stages in files: where a job may not push, an artifact of the CI takes them to the next job.
//!
//! Such a file is the archive that the engine's own `save` makes, which docker and podman both load, behind an entry of
//! ours, `runenv.json`. Who made a file is not trusted: what it holds is looked at before an engine sees any of it
//! (`archive`), and the engine gets an archive of what was looked at, under names that we give (`load`). What an image
//! is good for, a run asks its labels, as of any image.

mod archive;
pub(crate) mod load;
pub(crate) mod save;

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ours::Ours;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::plan::tags;

/// The entry that is ours.
const OURS: &str = "runenv.json";

/// What an engine gets beside the time for the bytes.
const PATIENCE: Duration = Duration::from_secs(300);

/// What it says: the engine that saved the file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Said {
    engine: String,
}

/// What an image of a stage is called, by what its labels say of it; `None`: no stage of the project left it so.
fn name_of(image: &Image, of: &Ours) -> Option<String> {
    let word = |label| {
        let text = image.label(label)?;
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        (!text.is_empty() && text.chars().all(plain)).then_some(text)
    };
    let (env, stage) = (word(labels::ENV)?, word(labels::STAGE)?);
    let tag = match image.any_key(&of.id) {
        Some(key) => tags::stage(&of.registries, env, key, image.links() == 0),
        None => tags::failed(&of.registries, env, image.failed_key(&of.id)?),
    };
    Some(of.registries.name([&of.project, env, stage], &tag))
}

/// Does something that may take long; meanwhile `say` is called every minute.
fn watched<T: Send>(work: impl FnOnce() -> T + Send, say: &mut dyn FnMut()) -> T {
    const MINUTE: Duration = Duration::from_secs(60);
    thread::scope(|scope| {
        let (done, ended) = channel::<()>();
        let working = scope.spawn(move || {
            // Dropped at its end, however that comes.
            let _done = done;
            work()
        });
        while ended.recv_timeout(MINUTE) == Err(RecvTimeoutError::Timeout) {
            say();
        }
        working.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}
