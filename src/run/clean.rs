//! Removes what runs of this project left on an engine: containers of dead owners, and images that are ours as we
//! left them. Never by force, never what somebody else made from them.

use super::call::Calls;
use super::{leftovers, lookup};
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
pub(crate) fn find(calls: &Calls<'_>, project: &str) -> Result<Leftovers, Problem> {
    let containers = leftovers::dead(calls, project)?;
    let mut images: Vec<Image> = lookup::all_of_project(calls, project)?;
    // Children before their parents: more layers first.
    images.sort_by_key(|i| std::cmp::Reverse(i.layers().len()));
    let ours = images.iter().filter(|i| i.untouched(project));
    let names = |i: &Image| {
        let tags = i.repo_tags.clone().unwrap_or_default();
        if tags.is_empty() {
            vec![i.id.clone()]
        } else {
            tags
        }
    };
    let images = ours
        .flat_map(|i| names(i).into_iter().map(|name| (name, i.size)))
        .collect();
    Ok(Leftovers {
        containers,
        images,
        kept: Vec::new(),
    })
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

/// The label that all of a project's things carry.
pub(crate) fn label(project: &str) -> String {
    format!("{}={project}", labels::PROJECT)
}
