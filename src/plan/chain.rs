//! How the stages of a plan stand on each other: which one each starts from, and which of them are meant.
//!
//! Pure: what there is of a stage already is not asked here.

use super::{Plan, Stage};
use crate::environment;
use crate::nearest;
use crate::problem::Problem;

/// Finds the stage that each stage starts from, in the order of the file.
#[derive(Default)]
pub(super) struct Chain {
    /// The stage that the next one goes on from.
    last: Option<usize>,
}

impl Chain {
    /// The stage that this one starts from: what `from` names, else the one before it; `None`: the base image.
    pub(super) fn parent(
        &self,
        planned: &[Stage],
        stage: &environment::Stage,
    ) -> Result<Option<usize>, Problem> {
        let Some(from) = &stage.from else {
            return Ok(self.last);
        };
        let (name, own) = (&from.value, &stage.name);
        let wrong = |title: String, help: String| {
            let problem = Problem::new(title, help);
            from.place()
                .cloned()
                .into_iter()
                .fold(problem, Problem::place)
        };
        let Some(at) = planned.iter().position(|s| s.name == *name) else {
            let known = planned.iter().map(|s| s.name.as_str());
            let title = format!(
                "`{own}` goes on from `{name}`, and no such stage is before it in this environment"
            );
            let help = match planned {
                [] => "the first stage starts from the base image: take `from` out".to_owned(),
                _ => nearest::advice(name, "stages before it", known),
            };
            return Err(wrong(title, help));
        };
        if planned[at].ends_chain() {
            let title = format!("`{own}` goes on from `{name}`, which ends its chain");
            let help = match planned[at].parent {
                Some(before) => {
                    format!("go on from the stage before it: `{}`", planned[before].name)
                }
                None => {
                    format!("take `allow-failure` and `keep` of `{name}` out, or `from` of `{own}`")
                }
            };
            return Err(wrong(title, help));
        }
        Ok(Some(at))
    }

    /// The stage at this index is planned: the next one goes on from it, unless it ends its chain.
    pub(super) fn add(&mut self, at: usize, stage: &Stage) {
        if !stage.ends_chain() {
            self.last = Some(at);
        }
    }
}

impl Stage {
    /// Does no stage start from it?
    pub(crate) fn ends_chain(&self) -> bool {
        self.allow_failure || !self.keep
    }
}

impl Plan {
    /// A stage and those that it stands on, from it down to the first.
    pub(crate) fn down(&self, at: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(at), |at| self.stages[*at].parent)
    }
}

/// Which stages of a plan are meant, and which of those are run whatever there is of them.
#[derive(Clone, Debug)]
pub(crate) struct Selection {
    wanted: Vec<bool>,
    anew: Vec<bool>,
}

impl Selection {
    /// `to`: these stages and what they need; none: all. `redo`: that stage and those that stand on it are run anew; `no_cache`: all.
    /// A name that the plan lacks is a mistake.
    pub(crate) fn of(
        plan: &Plan,
        to: &[&str],
        redo: Option<&str>,
        no_cache: bool,
    ) -> Result<Self, Problem> {
        let count = plan.stages.len();
        let mut wanted = vec![to.is_empty(); count];
        for to in to {
            for at in plan.down(plan.index(to)?) {
                wanted[at] = true;
            }
        }
        let redo = redo.map(|name| plan.index(name)).transpose()?;
        let stands = |at: usize| redo.is_some_and(|redo| plan.down(at).any(|below| below == redo));
        let anew = (0..count).map(|at| no_cache || stands(at)).collect();
        Ok(Self { wanted, anew })
    }

    /// Is this stage meant, or does one that is stand on it?
    pub(crate) fn wants(&self, at: usize) -> bool {
        self.wanted[at]
    }

    /// Is it run whatever there is of it?
    pub(crate) fn is_anew(&self, at: usize) -> bool {
        self.anew[at]
    }

    /// Is any stage that is meant run whatever there is of it?
    pub(crate) fn redoes(&self) -> bool {
        let mut both = self.wanted.iter().zip(&self.anew);
        both.any(|(wanted, anew)| *wanted && *anew)
    }

    /// The stages that are meant and need not be run if they are there.
    pub(crate) fn found(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.wanted.len()).filter(|at| self.wanted[*at] && !self.anew[*at])
    }

    /// Is there one?
    pub(crate) fn may_find(&self) -> bool {
        self.found().next().is_some()
    }

    /// The stages that are meant, in the order in which they run.
    pub(crate) fn stages<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = (usize, &'p Stage)> {
        let all = plan.stages.iter().enumerate();
        all.filter(|(at, _)| self.wanted[*at])
    }

    /// The stages that are meant and start from this one.
    pub(crate) fn above(&self, plan: &Plan, at: usize) -> impl Iterator<Item = usize> {
        self.stages(plan)
            .filter(move |(_, stage)| stage.parent == Some(at))
            .map(|(above, _)| above)
    }
}
