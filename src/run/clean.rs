//! Removes what runs of this project left on an engine: containers of dead owners, and images that are ours as we
//! left them. Never by force, never what somebody else made from them.

use super::containers::call::Calls;
use super::containers::{inventory, leftovers};
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::problem::Problem;

/// What `clean` found, and removes unless it is only asked.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    pub(crate) containers: Vec<String>,
    /// Tags, or the id where there is none; with the size.
    pub(crate) images: Vec<(String, u64)>,
    /// What the engine would not remove, and why.
    pub(crate) kept: Vec<String>,
}

/// Everything of the project's that may go.
pub(crate) fn find(calls: &Calls<'_>, name: &str, project: &str) -> Result<Leftovers, Problem> {
    let containers = leftovers::dead(calls, project)?;
    let mut images: Vec<Image> = inventory::all_of_project(calls, project)?;
    // Children before their parents: more layers first.
    images.sort_by_key(|i| std::cmp::Reverse(i.layers().len()));
    let mut found = Leftovers {
        containers,
        ..Leftovers::default()
    };
    for image in images.iter().filter(|i| i.untouched(project)) {
        let tags = image.repo_tags.clone().unwrap_or_default();
        if tags.is_empty() {
            found.images.push((image.id.clone(), image.size));
        }
        for tag in tags {
            if is_ours(&tag, name, image) {
                found.images.push((tag, image.size));
            } else {
                found
                    .kept
                    .push(format!("{tag}: a name that somebody gave it"));
            }
        }
    }
    Ok(found)
}

/// Did a run give the image this tag?
fn is_ours(tag: &str, name: &str, image: &Image) -> bool {
    let label = |name| image.label(name).unwrap_or_default();
    let ours = format!("{name}-{}-{}", label(labels::ENV), label(labels::STAGE));
    let repository = tag
        .rsplit_once(':')
        .map_or(tag, |(repository, _)| repository);
    // podman's registry of images that are from here.
    repository.strip_prefix("localhost/").unwrap_or(repository) == ours
}

/// Removes them; what the engine refuses (a container somebody started needs it) is told and left.
pub(crate) fn remove(calls: &Calls<'_>, found: &mut Leftovers) -> Result<(), Problem> {
    // Twice: podman refuses the container whose network others have until those are gone.
    for _ in 0..2 {
        for container in &found.containers {
            calls.query(&calls.engine.remove_containers(&[container]))?;
        }
    }
    let mut removed = Vec::new();
    for (name, size) in std::mem::take(&mut found.images) {
        let output = calls.query(&calls.engine.remove_images(&[&name]))?;
        let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
        let gone = ["no such image", "image not known"]
            .iter()
            .any(|w| said.contains(w));
        if output.exit.success() || gone {
            removed.push((name, size));
        } else {
            found.kept.push(format!("{name}: {}", output.error_line()));
        }
    }
    found.images = removed;
    Ok(())
}
