//! Removes what runs of this project left: on an engine containers of dead owners, caches, and images that are ours as
//! we left them; on this host trees of environments' own. Never by force, never what somebody else made from them, nothing
//! while a run of the project lives on the engine.

use std::time::Duration;

use super::containers::call::{self, Calls};
use super::containers::leftovers;
use super::containers::lookup::inventory;
use super::freed;
use super::ours::Ours;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::problem::Problem;
use crate::time;

/// What `clean` found, and removes unless it is only asked.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    pub(crate) containers: Vec<String>,
    pub(crate) images: Vec<Removable>,
    /// Volumes of caches.
    pub(crate) caches: Vec<String>,
    /// What stays, and why.
    pub(crate) kept: Vec<String>,
}

/// An image that may go.
#[derive(Clone, Debug)]
pub(crate) struct Removable {
    /// Its tags, or its id where it has none.
    pub(crate) names: Vec<String>,
    /// What it adds to those that go before it.
    pub(crate) bytes: u64,
    /// Only these names go: it has others.
    pub(crate) stays: bool,
}

impl Removable {
    /// Only these names of it.
    fn names(names: Vec<String>) -> Self {
        Self {
            names,
            bytes: 0,
            stays: true,
        }
    }
}

impl Leftovers {
    /// What removing the images frees.
    pub(crate) fn bytes(&self) -> u64 {
        self.images.iter().map(|image| image.bytes).sum()
    }
}

/// Everything of the project's that may go; of images those that are older than this, and none while `running` is one on
/// this host, or one's containers live.
pub(crate) fn find(
    calls: &Calls<'_>,
    of: &Ours,
    older: Option<Duration>,
    running: Option<&str>,
) -> Result<Leftovers, Problem> {
    let owners = leftovers::owners(calls, &of.id)?;
    let mut found = images(calls, of, older)?;
    found.containers = owners.dead;
    let living = owners.living.first();
    let of_containers = living.map(|owner| format!("process {} on {}", owner.pid, owner.host));
    let running = of_containers.or_else(|| running.map(|who| format!("{who} on this host")));
    // A cache has no age.
    if older.is_none() && running.is_none() {
        let label = format!("{}={}", labels::PROJECT, of.id);
        let volumes = calls.query(&calls.engine.volume_list(&label))?.text();
        found.caches = volumes.lines().map(str::to_owned).collect();
    }
    if let Some(who) = running.filter(|_| !found.images.is_empty()) {
        let count = std::mem::take(&mut found.images).len();
        found.kept = vec![format!(
            "{count} of the project's images: {who} is running with it"
        )];
    }
    Ok(found)
}

/// How many bytes removing all images of the project would free; `None` where the engine does not say.
pub(crate) fn would_free(calls: &Calls<'_>, of: &Ours) -> Option<u64> {
    let found = images(calls, of, None).ok()?;
    Some(found.bytes())
}

fn images(calls: &Calls<'_>, of: &Ours, older: Option<Duration>) -> Result<Leftovers, Problem> {
    let project = &of.id;
    let mut found = Leftovers::default();
    let (mut go, mut stay) = (Vec::new(), Vec::new());
    for image in inventory::of_project(calls, project, &[])? {
        if !image.untouched(project) || !is_older(&image, older) {
            stay.push(image);
            continue;
        }
        let tags = image.repo_tags.clone().unwrap_or_default();
        let (ours, foreign): (Vec<String>, Vec<String>) =
            tags.into_iter().partition(|tag| of.gave(tag, &image));
        if foreign.is_empty() {
            go.push(image);
            continue;
        }
        let told = |tag| format!("{tag}: a name that somebody gave it");
        found.kept.extend(foreign.into_iter().map(told));
        // Our names of it go alone.
        if !ours.is_empty() {
            found.images.push(Removable::names(ours));
        }
        stay.push(image);
    }
    // What a younger one stands on is kept with it.
    let below = |image: &Image| {
        let layers = image.layers();
        let mut young = stay.iter().filter(|other| other.untouched(project));
        older.is_some() && young.any(|other| other.layers().starts_with(layers))
    };
    let (kept, mut go): (Vec<Image>, Vec<Image>) = go.into_iter().partition(below);
    stay.extend(kept);
    stay.extend(others(calls, project, &go));
    // Children before their parents: more layers first.
    go.sort_by_key(|image| std::cmp::Reverse(image.layers().len()));
    let bytes = freed::freed(&go.iter().collect::<Vec<_>>(), &stay);
    let images = go.into_iter().zip(bytes).map(|(image, bytes)| {
        let tags = image.repo_tags.filter(|tags| !tags.is_empty());
        let names = tags.unwrap_or_else(|| vec![image.id]);
        Removable {
            names,
            bytes,
            stays: false,
        }
    });
    let names = std::mem::take(&mut found.images);
    found.images = images.chain(names).collect();
    Ok(found)
}

/// Images that are not the project's, for what they share with those that go. That they cannot be had makes sizes less
/// exact.
fn others(calls: &Calls<'_>, project: &str, go: &[Image]) -> Vec<Image> {
    if go.is_empty() {
        return Vec::new();
    }
    let all = inventory::listed(calls, &calls.engine.all_images());
    let mut all = all.unwrap_or_default();
    all.retain(|image| image.label(labels::PROJECT) != Some(project));
    all
}

/// An image whose age cannot be told is not old.
pub(super) fn is_older(image: &Image, than: Option<Duration>) -> bool {
    than.is_none_or(|than| time::age(&image.created).is_some_and(|age| age >= than))
}

/// So many names are removed by one call: a signal between two calls leaves the rest.
const AT_ONCE: usize = 50;

/// Removes them; what the engine refuses (a container somebody started needs it) is told and left. After a signal what is
/// left stays.
pub(crate) fn remove(calls: &Calls<'_>, found: &mut Leftovers) -> Result<(), Problem> {
    let containers: Vec<&str> = found.containers.iter().map(String::as_str).collect();
    // Twice: podman refuses the container whose network others have until those are gone.
    for _ in 0..2 {
        let open = !containers.is_empty() && !calls.cancel.requested();
        let remove = calls.engine.remove_containers(&containers);
        if !open || calls.query(&remove)?.exit.success() {
            break;
        }
    }
    for cache in std::mem::take(&mut found.caches) {
        if calls.cancel.requested() {
            break;
        }
        let output = calls.query(&calls.engine.remove_volume(&cache))?;
        if output.exit.success() {
            found.caches.push(cache);
        } else {
            found.kept.push(format!("{cache}: {}", output.error_line()));
        }
    }
    let images = std::mem::take(&mut found.images);
    for some in images.chunks(AT_ONCE) {
        if calls.cancel.requested() {
            break;
        }
        let names = some.iter().flat_map(|image| &image.names);
        let names: Vec<&str> = names.map(String::as_str).collect();
        let remove = calls.engine.remove_images(&names);
        let output = calls.within(&remove, call::patience(names.len()))?;
        if output.exit.success() {
            found.images.extend_from_slice(some);
            continue;
        }
        // Which of them stay, and why, one after the other tells.
        for image in some {
            found.remove_one(calls, image)?;
        }
    }
    Ok(())
}

impl Leftovers {
    fn remove_one(&mut self, calls: &Calls<'_>, image: &Removable) -> Result<(), Problem> {
        let (mut gone, mut stay) = (Vec::new(), false);
        for name in &image.names {
            if calls.cancel.requested() {
                stay = true;
                break;
            }
            let output = calls.query(&calls.engine.remove_images(&[name]))?;
            if output.exit.success() || Calls::says_missing(&output) {
                gone.push(name.clone());
            } else {
                stay = true;
                // That a call was stopped is no news.
                if output.exit.stopped.is_none() {
                    self.kept.push(format!("{name}: {}", output.error_line()));
                }
            }
        }
        if !gone.is_empty() {
            self.images.push(Removable {
                names: gone,
                bytes: if stay { 0 } else { image.bytes },
                stays: stay || image.stays,
            });
        }
        Ok(())
    }
}
