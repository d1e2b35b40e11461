//! Which stages of an environment each job runs, by the names behind `--to`.

use std::collections::BTreeSet;

use crate::config::Project;
use crate::environment::draft::Draft;
use crate::environment::is_on;
use crate::name::EnvName;
use crate::problem::Problem;

/// A stage, and the one that it starts from.
pub(super) struct Stage {
    pub(super) name: String,
    parent: Option<usize>,
}

/// The stages of an environment, in order.
pub(super) fn of(project: &Project, name: &EnvName, draft: &Draft) -> Result<Vec<Stage>, Problem> {
    let (mut stages, mut last): (Vec<Stage>, _) = (Vec::new(), None);
    for (stage, said) in &draft.stages {
        if let Some(condition) = &said.condition
            && let Some(place) = condition.place()
            && !project.holds(&condition.value, place, name)?
        {
            continue;
        }
        let from = said.from.as_ref();
        let parent = match from {
            Some(from) => stages.iter().position(|s| s.name == from.value),
            None => last,
        };
        let ends = is_on(said.allow_failure.as_ref())
            || said.keep.as_ref().is_some_and(|keep| !keep.value);
        if !ends {
            last = Some(stages.len());
        }
        stages.push(Stage {
            name: stage.clone(),
            parent,
        });
    }
    Ok(stages)
}

/// Of the stages for which `wanted` holds those that no other of them stands on: to run them is to run all.
pub(super) fn ends(stages: &[Stage], wanted: impl Fn(&str) -> bool) -> Vec<&str> {
    let wanted: Vec<&Stage> = stages.iter().filter(|s| wanted(&s.name)).collect();
    let mut below = BTreeSet::new();
    for stage in &wanted {
        let mut next = stage.parent;
        while let Some(at) = next {
            below.insert(stages[at].name.as_str());
            next = stages[at].parent;
        }
    }
    let names = wanted.iter().map(|stage| stage.name.as_str());
    names.filter(|name| !below.contains(name)).collect()
}

/// A stage, and one that it stands on which is in a later row. What no row lists runs where it is needed.
pub(super) fn disordered(
    stages: &[Stage],
    row: impl Fn(&str) -> Option<usize>,
) -> Option<(&str, &str)> {
    stages.iter().find_map(|stage| {
        let own = row(&stage.name)?;
        let mut below = std::iter::successors(stage.parent, |at| stages[*at].parent);
        let late = below.find(|at| row(&stages[*at].name).is_some_and(|row| row > own))?;
        Some((&*stage.name, &*stages[late].name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_another_stands_on_is_run_with_it() {
        let stage = |name: &str, parent| Stage {
            name: name.to_owned(),
            parent,
        };
        let stages = [
            stage("built", None),
            stage("linted", Some(0)),
            stage("tested", Some(0)),
            stage("packed", Some(2)),
        ];
        assert_eq!(ends(&stages, |_| true), ["linted", "packed"]);
        assert_eq!(ends(&stages, |s| s == "built" || s == "packed"), ["packed"]);
        assert_eq!(ends(&stages, |s| s == "built"), ["built"]);
        assert_eq!(ends(&stages, |_| false), [""; 0]);
        let all = |late: &'static str| move |s: &str| Some(usize::from(s == late));
        assert_eq!(disordered(&stages, all("packed")), None);
        assert_eq!(
            disordered(&stages, all("tested")),
            Some(("packed", "tested"))
        );
        let some = |s: &str| (s != "built" && s != "tested").then_some(0);
        assert_eq!(disordered(&stages, some), None);
        let far = |s: &str| (s != "tested").then(|| usize::from(s == "built"));
        assert_eq!(disordered(&stages, far), Some(("linted", "built")));
    }
}
