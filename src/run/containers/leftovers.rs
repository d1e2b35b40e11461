//! Containers whose owner is dead: removed by the next run and by `clean`, and no others.

use super::super::owner::Owner;
use super::call::Calls;
use crate::engine::labels;
use crate::exec::{self, Background};
use crate::problem::Problem;

/// The project's containers, by whether a process of ours lives that made them.
#[derive(Debug, Default)]
pub(crate) struct Owners {
    /// Ids of those that nobody lives to remove.
    pub(crate) dead: Vec<String>,
    /// Who lives, or may live on another host.
    pub(crate) living: Vec<Owner>,
}

/// Who made the project's containers. What people start from our images has no owner, and is in neither list.
pub(crate) fn owners(calls: &Calls<'_>, project: &str) -> Result<Owners, Problem> {
    let output = calls.query(
        &calls
            .engine
            .container_list(&format!("{}={project}", labels::PROJECT)),
    )?;
    calls.expect(&output, "list containers")?;
    let text = output.text();
    let mut owners = Owners::default();
    for (id, owner) in text.lines().filter_map(|line| line.split_once(' ')) {
        match Owner::parse(owner.trim()) {
            Some(owner) if owner.is_dead() => owners.dead.push(id.to_owned()),
            Some(owner) => owners.living.push(owner),
            None => {}
        }
    }
    Ok(owners)
}

/// Removes them beside what else goes on; a failure to do so is no reason to stop a run.
pub(crate) fn remove_dead(calls: &Calls<'_>, project: &str) -> Background {
    let ids = owners(calls, project).unwrap_or_default().dead;
    // One call each: podman refuses the container whose network others have until those are gone.
    let call = |id: &String| calls.engine.remove_containers(&[id]);
    exec::background(ids.iter().map(call).chain(ids.iter().map(call)).collect())
}
