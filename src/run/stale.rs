//! In which environments a run would run something. Asks engines and registries once for all; pulls and writes nothing.

use super::World;
use super::ahead::{self, Known, Target, Unasked};
use super::containers::lookup::registry::Registry;
use super::containers::lookup::registry::walk::Purpose;
use super::local::own;
use crate::exec::Cancel;
use crate::problem::Problem;

/// Would something of an environment run?
#[derive(Debug)]
pub(crate) enum Stale {
    /// All that is wanted is there.
    No,
    Yes,
    /// It is not known, for this reason.
    Unknown(Unasked),
}

/// By environment. `registry`: `None` with `--offline`. What could not be asked is a warning.
pub(crate) fn stale(
    all: &[Target],
    registry: Option<&Registry>,
    world: &World<'_>,
    cancel: &Cancel,
    warn: &mut dyn FnMut(Problem),
) -> Result<Vec<Stale>, Problem> {
    let ready = ahead::read(all, false, world, cancel)?;
    let mut known = ahead::ask(&ready, registry, false, world);
    let mut told: Vec<Problem> = Vec::new();
    for trouble in known.iter().filter_map(|one| one.trouble.as_ref()) {
        if told.iter().all(|told| told.title != trouble.title) {
            told.push(trouble.clone());
        }
    }
    for Problem { title, help, .. } in told {
        let problem = Problem::warning(title, "");
        warn(Problem { help, ..problem });
    }
    if let Some(registry) = registry {
        ahead::find(&mut known, Purpose::Stale, registry, warn)?;
    }
    let mut known = known.into_iter();
    let one = |target: &Target| {
        if target.engine.is_none() {
            return here(target, world, cancel);
        }
        let known = known.next().expect("one for each that is on an engine");
        Ok(of(&known, registry))
    };
    all.iter().map(one).collect()
}

/// In the source tree all stages run every time.
fn here(target: &Target, world: &World<'_>, cancel: &Cancel) -> Result<Stale, Problem> {
    let (plan, wanted) = (&target.plan, &target.wanted);
    if !plan.isolated {
        return Ok(Stale::Yes);
    }
    let looked = own::look(plan, wanted, world, cancel)?;
    let found = wanted.stages(plan).all(|(at, _)| looked.found[at]);
    Ok(if found { Stale::No } else { Stale::Yes })
}

fn of(known: &Known<'_>, registry: Option<&Registry>) -> Stale {
    let run = match &known.asked {
        Ok(asked) => asked.start.run.as_slice(),
        Err(_) => &[true],
    };
    let mut run = (0..run.len()).filter(|at| run[*at]).peekable();
    if run.peek().is_none() {
        return Stale::No;
    }
    let unknown = run.find_map(|at| known.unasked(at, registry));
    unknown.map_or(Stale::Yes, Stale::Unknown)
}
