//! A stage that is missing: built here, or taken from whoever builds the same at this moment.

use super::super::options::Limit;
use super::EngineEnv;
use super::claim::{Asked, Claim};
use super::lookup::Start;
use crate::engine::labels;
use crate::exec::Stop;
use crate::plan::chain::Selection;
use crate::problem::Problem;
use crate::run::event::{Kind, Teller};
use crate::run::result::{self, StageResult, Took};
use crate::time;

impl EngineEnv<'_> {
    /// Runs a stage, unless somebody else has built it since we looked, or does now: then it is waited for. `None`: the
    /// image to start from is gone.
    pub(super) fn missing(
        &mut self,
        at: usize,
        start: &mut Start,
        selection: &Selection,
        tell: &mut Teller<'_>,
    ) -> Result<Option<StageResult>, Problem> {
        // What is run anew is nobody else's, nor is what does not start from what its key says.
        if selection.is_anew(at) || self.starts_keyless(at, start) {
            return self.run_stage(at, start, selection, tell);
        }
        let claim = match self.claim(at, start, tell) {
            Ok(claim) => claim,
            Err(stopped) => return Ok(Some(*stopped)),
        };
        let result = if self.was_built(at, start, selection, &claim)? {
            self.cached(at, start, selection, tell)
        } else {
            self.run_stage(at, start, selection, tell)
        };
        let found = start.found[at].as_ref().filter(|found| !found.keyless);
        if let Some(found) = found {
            claim.built(&found.image);
        }
        result
    }

    /// The right to build it, as soon as nobody else has it. The error: its result, where it is not waited for longer.
    fn claim(
        &self,
        at: usize,
        start: &Start,
        tell: &mut Teller<'_>,
    ) -> Result<Claim, Box<StageResult>> {
        let started = time::start();
        let (stage, engine) = (&self.plan.stages[at], self.calls.engine);
        let (claims, limit) = (&self.world.claims, self.options.limit(stage, started));
        let mut told = None;
        if let Some(late) = StageResult::too_late(&stage.name, limit) {
            return Err(Box::new(late));
        }
        loop {
            let waiting = match claims.ask(engine, start.keys[at], &self.plan.env) {
                Asked::Ours(claim) => return Ok(claim),
                Asked::Others(waiting) => waiting,
            };
            let holder = waiting.holder.clone();
            if told.as_ref() != Some(&holder) {
                let text = format!("{}: waiting for the same stage in {holder}", stage.name);
                tell.say(Kind::Note { text });
                told = Some(holder.clone());
            }
            // The place among those that run is had again before the claim: nobody waits for one that waits.
            let _lent = self.world.slots.lend();
            let left = limit.map(Limit::left);
            waiting.wait(left, self.calls.cancel).map_err(|stop| {
                let mut result = stopped(&stage.name, stop, limit, &holder);
                result.seconds = Took(started.elapsed());
                Box::new(result)
            })?;
        }
    }

    /// Is it there, since somebody else has kept it? Of another process the engine is asked.
    fn was_built(
        &self,
        at: usize,
        start: &mut Start,
        selection: &Selection,
        claim: &Claim,
    ) -> Result<bool, Problem> {
        let inventory = self.world.inventory(self.calls.engine);
        start.found[at] = self.question(selection).kept(start.keys[at]);
        if let (None, Some(image)) = (&start.found[at], &claim.image) {
            inventory.forget_name(image);
            inventory.ask(&self.calls, std::slice::from_ref(image))?;
            let image = inventory.get(image);
            start.take(image.as_deref().into_iter(), &self.question(selection));
        }
        if start.found[at].is_none() && claim.abandoned {
            // It may have been kept and not told.
            inventory.forget();
            let key = start.keys[at].to_string();
            let labels = [(labels::KEY, key.as_str())];
            let images = inventory.labelled(&self.calls, &self.world.ours.id, &labels)?;
            start.take(images.iter().map(|i| &**i), &self.question(selection));
        }
        Ok(start.found[at].is_some())
    }
}

/// The result of a stage that was not waited for to the end.
fn stopped(stage: &str, stop: Stop, limit: Option<Limit>, holder: &str) -> StageResult {
    let (state, detail) = result::stopped(stop, limit);
    StageResult {
        detail: detail.map(|detail| format!("{detail} while it waited for {holder}")),
        ..StageResult::new(stage, state)
    }
}
