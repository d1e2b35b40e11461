//! `--stale`: of the environments that are selected those in which a run would run something. Asks engines and registries;
//! pulls and writes nothing. What is not known counts as stale, and is told.

use clap::builder::FalseyValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use super::{Context, engines, run};
use crate::config::Project;
use crate::config::listed::Entry;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::nearest::counted;
use crate::plan::Plan;
use crate::problem::{Problem, Problems};
use crate::run::World;
use crate::run::stale::{self, Stale};

#[derive(Clone, Debug, Args)]
pub(crate) struct StaleArgs {
    /// Only environments of which a stage would run: it is neither on the engine nor in the registry
    #[arg(long)]
    pub(super) stale: bool,
    /// Ask no registry (with --stale)
    #[arg(long, env = "RUNENV_OFFLINE", value_parser = FalseyValueParser::new())]
    offline: bool,
    /// Ask this engine for docker environments (with --stale)
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
}

impl StaleArgs {
    /// For who asks for all.
    pub(super) fn none() -> Self {
        Self {
            stale: false,
            offline: false,
            engine: None,
        }
    }

    /// For who asks without options.
    pub(super) fn asking() -> Self {
        Self {
            stale: true,
            ..Self::none()
        }
    }

    /// With `--stale`, leaves out what would not run; `None`: a signal ended it.
    pub(super) fn of<'e>(
        &self,
        entries: Vec<&'e Entry>,
        project: &Project,
        context: &Context,
    ) -> Result<Option<Vec<&'e Entry>>, Problems> {
        if !self.stale {
            return Ok(Some(entries));
        }
        let (mut all, mut problems) = (Vec::new(), Problems::default());
        for entry in &entries {
            let name = &entry.name;
            let wanted = |plan: &Plan| run::wanted(project, name, plan, &[]);
            let one = context.target(project, name, &[], self.engine, wanted);
            all.extend(problems.keep(one));
        }
        problems.or(())?;
        let world = World::looking(project, &context.host)?;
        let cancel = Cancel::install();
        let registry = (!self.offline).then(|| &**world.registry(&cancel));
        let mut told = Problems::default();
        let mut warn = |problem| told.push(problem);
        let states = stale::stale(&all, registry, &world, &cancel, &mut warn)?;
        if cancel.requested() {
            return Ok(None);
        }
        told.0.extend(unknown(&states));
        context.out.problems(&told);
        let stale = entries.into_iter().zip(states);
        let stale = stale.filter(|(_, state)| !matches!(state, Stale::No));
        Ok(Some(stale.map(|(entry, _)| entry).collect()))
    }
}

/// An option that was typed and says how is asked.
pub(super) fn typed(matches: &ArgMatches) -> Option<&'static str> {
    let typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
    let mut options = [("offline", "--offline"), ("engine", "--engine")].into_iter();
    options.find(|(id, _)| typed(id)).map(|(_, option)| option)
}

/// A warning for each reason.
fn unknown(states: &[Stale]) -> Vec<Problem> {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for state in states {
        if let Stale::Unknown(reason) = state {
            let reason = reason.to_string();
            match reasons.iter_mut().find(|(known, _)| *known == reason) {
                Some((_, count)) => *count += 1,
                None => reasons.push((reason, 1)),
            }
        }
    }
    let warning = |(reason, count): (String, usize)| {
        let title = format!(
            "{} listed though it is not known whether a stage would run: {reason}",
            counted("environment", count)
        );
        Problem::warning(title, "`runenv explain NAME` tells more")
    };
    reasons.into_iter().map(warning).collect()
}
