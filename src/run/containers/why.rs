//! Why a stage is run that was passed or found before; and what is kept for that question the next time.

use std::collections::BTreeSet;

use super::EngineEnv;
use super::lookup::Start;
use super::lookup::base::Beyond;
use crate::plan::chain::Selection;
use crate::plan::copy;
use crate::plan::record::{self, Change, Record, What};
use crate::problem::Problem;
use crate::run::records::{Kept, Last, Now};
use crate::run::result::State;
use crate::run::stages;
use crate::run::why::Why;

/// The records of the last time, and of this one.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    last: Kept,
    /// By stage; `None` where it is not wanted.
    now: Vec<Option<Record>>,
    /// Stages that are not to be remembered.
    unproven: BTreeSet<usize>,
}

impl Memory {
    /// What the image of a stage that is run says of its key.
    pub(super) fn label(&self, at: usize) -> String {
        let record = self.now.get(at).and_then(Option::as_ref);
        record.map(Record::label).unwrap_or_default()
    }

    /// Nothing shows that a stage of this key has passed: it is not to be remembered.
    pub(super) fn forget(&mut self, at: usize) {
        self.unproven.insert(at);
    }
}

impl EngineEnv<'_> {
    /// Takes the records out where they may be needed: a stage is run, or another key than the last is found.
    pub(super) fn recall(&mut self, start: &Start, selection: &Selection) {
        let noted = |name: &str| self.note.recorded.get(name).cloned();
        let mut stages = selection.stages(self.plan);
        let same = stages.all(|(at, s)| noted(&s.name) == Some(start.keys[at].to_string()));
        if same && !start.run.contains(&true) {
            return;
        }
        let ignored = copy::ignored(&self.world.root);
        let here = stages::here(self.plan, self.world.host);
        let now = Now {
            here: &here,
            plan: self.plan,
            parts: &self.parts,
            manifests: &self.manifests,
            ignored: &ignored,
            base: Some(start.on()),
        };
        let record = |at| selection.wants(at).then(|| now.record(at));
        let now = (0..self.plan.stages.len()).map(record).collect();
        self.memory = Memory {
            last: Kept::read(self.folder),
            now,
            unproven: BTreeSet::new(),
        };
    }

    /// Why a stage is run, in a line; `None` where nobody asks: it is new, it was asked for, or the stage before it was
    /// run for a reason that was told.
    pub(super) fn why(&self, at: usize, start: &Start, selection: &Selection) -> Option<String> {
        let Memory { last, now, .. } = &self.memory;
        let new = now.get(at)?.as_ref()?;
        if selection.is_anew(at) {
            return None;
        }
        let stage = &self.plan.stages[at];
        // What registries have costs questions: of one stage in a chain that is enough.
        let first = stage.parent.is_none_or(|parent| !start.run[parent]);
        let registry = match self.beyond(selection) {
            Beyond::Registry(registry) if first => Some(registry),
            Beyond::Registry(_) | Beyond::Engine | Beyond::Nobody => None,
        };
        let engine = self.calls.engine.name();
        let question = self.question(selection);
        let nearest = || question.nearest(at, new, start, registry);
        let last = last.stages.get(&stage.name);
        let why = Why::of(new, last, start.untaken[at], engine, nearest);
        why.with(self.not_made_again(at, start)).brief(engine)
    }

    /// What changed of the stages that are not run since this one starts from its own image.
    fn not_made_again(&self, at: usize, start: &Start) -> Vec<Change> {
        let Memory { last, now, .. } = &self.memory;
        let below = self.plan.down(at).skip(1);
        let spared = below.filter(|below| {
            let missing = start.found[*below].is_none() && !start.run[*below];
            missing && start.increment(at).is_some()
        });
        let mut all = Vec::new();
        for below in spared {
            let old = last.stages.get(&self.plan.stages[below].name);
            if let Some((old, new)) = old.zip(now[below].as_ref()) {
                all.extend(record::changes(&old.record, new));
            }
        }
        all.retain(|change| change.what != What::Stage);
        all
    }

    /// Keeps the records of what passed and is what its key says.
    pub(super) fn remember(&mut self) -> Result<(), Problem> {
        let Memory {
            mut last,
            mut now,
            unproven,
        } = std::mem::take(&mut self.memory);
        if now.is_empty() {
            return Ok(());
        }
        let passed = self.results.iter().filter(|r| r.state == State::Passed);
        for result in passed {
            let at = self.plan.stages.iter().position(|s| s.name == result.name);
            let at = at.filter(|at| !unproven.contains(at));
            let Some(record) = at.and_then(|at| now[at].take()) else {
                continue;
            };
            let key = record.key.clone();
            self.note.recorded.insert(result.name.clone(), key);
            let engine = self.calls.engine.name().to_owned();
            let stage = Last { engine, record };
            last.stages.insert(result.name.clone(), stage);
        }
        last.write(self.folder)
    }
}
