//! An environment that engines and registries are asked about before anything is run.

use super::Context;
use crate::config::Project;
use crate::engine::Engine;
use crate::name::EnvName;
use crate::plan::Plan;
use crate::plan::chain::Selection;
use crate::problem::Problem;
use crate::run::ahead::Target;

impl Context {
    /// `engine`: what `--engine` says; `wanted`: which stages of the plan are meant.
    pub(super) fn target(
        &self,
        project: &Project,
        name: &EnvName,
        posargs: &[String],
        engine: Option<Engine>,
        wanted: impl FnOnce(&Plan) -> Result<Selection, Problem>,
    ) -> Result<Target, Problem> {
        let plan = self.plan(project, name, posargs)?;
        let wanted = wanted(&plan)?;
        Ok(Target::of(plan, wanted, engine))
    }
}
