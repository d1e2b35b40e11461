//! What an engine has: asked once, for all environments of a run and from all their threads.
//!
//! It may be out of date as soon as it is told: who finds an image gone says `forget` and looks again.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::Found;
use crate::command::Command;
use crate::digest::Digest;
use crate::engine::facts::{self, Image};
use crate::engine::labels;
use crate::exec::Output;
use crate::problem::Problem;
use crate::run::containers::call::{Calls, patience};

/// How long a list of images may take.
const LISTING: Duration = Duration::from_secs(600);
/// A client that asks for fewer images is not worth its start, and how many ask at once.
const SHARE: usize = 24;
const CLIENTS: usize = 2;
/// Before a list of images is asked for again.
const AGAIN: Duration = Duration::from_millis(100);

/// One engine's images, as far as somebody asked.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    known: Mutex<Known>,
    /// What dead runs left is being removed.
    tidied: AtomicBool,
}

#[derive(Debug, Default)]
struct Known {
    /// By the name or id that was asked for; `None`: it is not there.
    asked: BTreeMap<String, Option<Arc<Image>>>,
    /// All images that carry the project's label.
    of_project: Option<Vec<Arc<Image>>>,
    /// Those of them that carry these labels, where the engine is asked for no others.
    labelled: BTreeMap<Vec<(&'static str, String)>, Vec<Arc<Image>>>,
    /// What this run has kept since, by key.
    kept: BTreeMap<Digest, Found>,
}

impl Inventory {
    /// Asks for all of these that nobody has asked for yet, in one process; in two at once for many.
    pub(crate) fn ask(&self, calls: &Calls<'_>, names: &[String]) -> Result<(), Problem> {
        let mut known = self.known();
        let mut new: Vec<&String> = Vec::new();
        for name in names {
            if !known.asked.contains_key(name) && !new.contains(&name) {
                new.push(name);
            }
        }
        let Some(mut images) = inspect(calls, &new)? else {
            return Ok(());
        };
        if images.len() < new.len() {
            // Some are missing. Ids tell which; of names only the number, unless all or none are there.
            let (ids, names): (Vec<&String>, Vec<&String>) = new.iter().partition(|n| is_id(n));
            for id in ids {
                let at = images.iter().position(|image| image.id == *id);
                known
                    .asked
                    .insert(id.clone(), at.map(|at| images.remove(at)));
            }
            new = names;
        }
        if images.len() != new.len() && !images.is_empty() {
            images.clear();
            for name in std::mem::take(&mut new) {
                let Some(found) = inspect(calls, &[name])? else {
                    return Ok(());
                };
                known.asked.insert(name.clone(), found.into_iter().next());
            }
        }
        let mut images = images.into_iter();
        let answers = new.into_iter().map(|name| (name.clone(), images.next()));
        known.asked.extend(answers);
        Ok(())
    }

    /// Notes what is known of images without a question; `None`: it is not there.
    pub(super) fn know(&self, images: impl Iterator<Item = (String, Option<Image>)>) {
        let images = images.map(|(id, image)| (id, image.map(Arc::new)));
        self.known().asked.extend(images);
    }

    /// The image of this name or id, if it was asked for and is there.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Image>> {
        self.known().asked.get(name).cloned().flatten()
    }

    /// The project's images that carry all of these labels, whatever they are called. Where an engine is slow to tell of
    /// images it is asked for these alone, else once for all of them.
    pub(crate) fn labelled(
        &self,
        calls: &Calls<'_>,
        project: &str,
        labels: &[(&'static str, &str)],
    ) -> Result<Vec<Arc<Image>>, Problem> {
        let mut known = self.known();
        if calls.engine.tells_slowly() {
            let asked: Vec<_> = labels.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
            if let Some(images) = known.labelled.get(&asked) {
                return Ok(images.clone());
            }
            let images = shared(of_project(calls, project, labels)?);
            if !calls.cancel.requested() {
                known.labelled.insert(asked, images.clone());
            }
            return Ok(images);
        }
        if known.of_project.is_none() {
            let images = shared(of_project(calls, project, &[])?);
            if calls.cancel.requested() {
                return Ok(Vec::new());
            }
            known.of_project = Some(images);
        }
        let carries = |image: &&Arc<Image>| labels.iter().all(|(n, v)| image.label(n) == Some(v));
        let images = known.of_project.iter().flatten();
        Ok(images.filter(carries).cloned().collect())
    }

    /// Forgets one name, which may be another image now.
    pub(crate) fn forget_name(&self, name: &str) {
        self.known().asked.remove(name);
    }

    /// Notes a stage that this run has kept, for other environments that have the same.
    pub(crate) fn keep(&self, key: Digest, found: Found) {
        self.known().kept.insert(key, found);
    }

    /// What this run kept under a key.
    pub(crate) fn kept(&self, key: Digest) -> Option<Found> {
        self.known().kept.get(&key).cloned()
    }

    /// Is it the first time that somebody asks this? What dead runs left is to be removed once in a run.
    pub(crate) fn tidy_first(&self) -> bool {
        !self.tidied.swap(true, Ordering::Relaxed)
    }

    /// What is known is out of date: the next one who asks makes the engine tell it again.
    pub(crate) fn forget(&self) {
        *self.known() = Known::default();
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ids as engines write them; a name is not 64 hex digits.
pub(super) fn is_id(name: &str) -> bool {
    Digest::parse(name.strip_prefix("sha256:").unwrap_or(name)).is_some()
}

/// The images that are there, in the order asked. `None`: a signal ended the question.
fn inspect(calls: &Calls<'_>, names: &[&String]) -> Result<Option<Vec<Arc<Image>>>, Problem> {
    if names.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    let mut all = Vec::new();
    for (output, images, asked) in told(calls, &names)? {
        if output.exit.stopped.is_some() {
            return Ok(None);
        }
        if images.len() < asked {
            calls.check_answers(&output)?;
        }
        all.extend(images);
    }
    Ok(Some(shared(all)))
}

/// What the engine says, what images it tells of, and for how many it was asked.
type Told = (Output, Vec<Image>, usize);

/// What the engine says of these images, in their order. Its client asks for one after the other: of many, a few clients
/// ask side by side, each for its share.
fn told(calls: &Calls<'_>, images: &[&str]) -> Result<Vec<Told>, Problem> {
    let ask = |share: &[&str]| -> Result<Told, Problem> {
        let inspect = calls.engine.image_inspect(share);
        let output = calls.within(&inspect, patience(share.len()))?;
        let images = match output.exit.stopped {
            None => facts::images(&output.stdout)?,
            Some(_) => Vec::new(),
        };
        Ok((output, images, share.len()))
    };
    let clients = (images.len() / SHARE).clamp(1, CLIENTS);
    let (first, others) = images.split_at(images.len().div_ceil(clients));
    thread::scope(|scope| {
        let others = others.chunks(first.len().max(1));
        let others: Vec<_> = others
            .map(|share| scope.spawn(move || ask(share)))
            .collect();
        let others = others.into_iter().map(|asking| {
            let asked = asking.join();
            asked.unwrap_or_else(|panic| resume_unwind(panic))
        });
        std::iter::once(ask(first)).chain(others).collect()
    })
}

/// The project's images that carry these labels, too, as the engine has them now.
pub(crate) fn of_project(
    calls: &Calls<'_>,
    project: &str,
    labels: &[(&str, &str)],
) -> Result<Vec<Image>, Problem> {
    let all = [&[(labels::PROJECT, project)], labels].concat();
    listed(calls, &calls.engine.image_list(&all))
}

/// The images of which a command lists the ids.
pub(crate) fn listed(calls: &Calls<'_>, list: &Command) -> Result<Vec<Image>, Problem> {
    let mut output = calls.within(list, LISTING)?;
    for _ in 0..4 {
        // podman fails where another process removes an image while it lists them.
        if !Calls::says_missing(&output) || calls.cancel.wait(AGAIN) {
            break;
        }
        output = calls.within(list, LISTING)?;
    }
    calls.expect(&output, "list images")?;
    let text = output.text();
    let lines = text.lines().map(str::trim);
    let mut ids: Vec<&str> = lines.filter(|l| !l.is_empty()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // Its exit code says nothing: one image that vanished meanwhile makes it fail.
    let told = told(calls, &ids)?.into_iter();
    Ok(told.flat_map(|(_, images, _)| images).collect())
}

fn shared(images: Vec<Image>) -> Vec<Arc<Image>> {
    images.into_iter().map(Arc::new).collect()
}
