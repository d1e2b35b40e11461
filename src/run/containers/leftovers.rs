//! Containers whose owner is dead: removed by the next run and by `clean`, and no others.

use super::super::owner;
use super::call::Calls;
use crate::engine::labels;
use crate::exec::{self, Background};
use crate::problem::Problem;

/// Ids of the project's containers that a process of ours made and no longer lives to remove.
pub(crate) fn dead(calls: &Calls<'_>, project: &str) -> Result<Vec<String>, Problem> {
    let output = calls.query(
        &calls
            .engine
            .container_list(&format!("{}={project}", labels::PROJECT)),
    )?;
    calls.expect(&output, "list containers")?;
    let text = output.text();
    let dead = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter(|(_, owner)| owner::is_dead(owner.trim()));
    Ok(dead.map(|(id, _)| id.to_owned()).collect())
}

/// Removes them beside what else goes on; a failure to do so is no reason to stop a run.
pub(crate) fn remove_dead(calls: &Calls<'_>, project: &str) -> Background {
    match dead(calls, project) {
        Ok(ids) if !ids.is_empty() => {
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            // One call each: podman refuses the container whose network others have until those are gone.
            let call = |id: &&str| calls.engine.remove_containers(&[id]);
            exec::background(ids.iter().map(call).chain(ids.iter().map(call)).collect())
        }
        Ok(_) | Err(_) => exec::background(Vec::new()),
    }
}
