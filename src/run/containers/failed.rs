//! What a stage leaves that ends early: kept as an image, never under a key, and removed when it is of no use any more.

use super::super::event::{Kind, Teller};
use super::super::folder::Failed;
use super::EngineEnv;
use super::beginning::{Beginning, How};
use super::call::{Calls, HEAVY};
use super::lookup::resume::Resume;
use super::lookup::{Question, Start};
use super::stage_run::Ran;
use crate::command::Command;
use crate::digest::Digest;
use crate::engine::labels;
use crate::exec::{self, Cancel, Limits};
use crate::plan::chain::Selection;
use crate::plan::{Stage, tags};
use crate::problem::Problem;
use crate::run::result::{StageResult, State};

/// Something to tell of a stage.
fn note(text: String) -> Kind {
    Kind::Note { text }
}

impl EngineEnv<'_> {
    /// What this stage left when it last ended early, if it is of this very key.
    pub(super) fn resumed(
        &mut self,
        at: usize,
        start: &Start,
        tell: &mut Teller<'_>,
    ) -> Option<Beginning> {
        let stage = &self.plan.stages[at].name;
        let Some(Resume { on, tag }) = start.resumes[at].clone() else {
            let noted = self.note.failed.as_ref();
            let noted = noted.is_some_and(|failed| failed.stage == *stage);
            if noted && start.clean[at].is_none() {
                let text = "what it left when it last ended early is not of this key, or gone: from its beginning";
                tell.say(note(text.to_owned()));
            }
            return None;
        };
        tell.say(note("goes on from what it left".to_owned()));
        // Perhaps another run's: then it is ours to remove when the stage has passed, and what we left before at once.
        let (stage, image) = (stage.clone(), on.image.clone());
        let noted = self.note.failed.as_ref();
        let older = noted.filter(|old| old.stage == stage && old.image != image);
        self.spent.failed.extend(older.cloned());
        self.note.failed = Some(Failed { stage, image, tag });
        let how = How::Resumed;
        Some(Beginning { on, how })
    }

    /// Commits what a stage left that ended early; there is one such image for each environment. That it cannot be kept
    /// is no reason to end otherwise than the stage did. `key`: what it was to be, if its files are those of its key.
    pub(super) fn keep_failed(
        &mut self,
        stage: &Stage,
        container: &str,
        key: Option<Digest>,
        tell: &mut Teller<'_>,
    ) -> Option<String> {
        let (plan, describe) = (self.plan, self.world.describe());
        let tag = tags::left(&plan.registries, &plan.slug, describe);
        let tag = plan.image_name(stage, &tag);
        let of_key = key.map(|key| key.to_string()).unwrap_or_default();
        let changes = [
            (labels::OWNER, ""),
            (labels::KEY, ""),
            (labels::FAILED, "1"),
            (labels::FAILED_KEY, &of_key),
        ];
        let commit = self.calls.engine.commit(container, &tag, &changes);
        let limits = Limits {
            time: Some(HEAVY),
            ..Limits::default()
        };
        // A second signal ends this, too; but a CI's runner sends two in any case.
        let (second, _subscription) = self.calls.cancel.second();
        let never = Cancel::never();
        let ci = self.world.host.is_ci();
        let pushed = self.pushes_failed(stage);
        if self.calls.cancel.requested() && !ci {
            let also = if pushed { " and pushed" } else { "" };
            let text =
                format!("what it left is kept as an image{also}; another signal ends at once");
            tell.say(note(text));
        }
        let output = exec::capture(&commit, &limits, if ci { &never } else { &second }).ok()?;
        let image = output.text().lines().last()?.to_owned();
        if !output.exit.success() {
            return None;
        }
        if pushed {
            self.push_failed(stage, key, &image, &tag, tell);
        }
        self.forget_failed(Some(Failed {
            stage: stage.name.clone(),
            image: image.clone(),
            tag,
        }));
        Some(image)
    }

    /// What was run need not be run again only because we look again.
    pub(super) fn keep_results(&mut self) {
        let mut new = std::mem::take(&mut self.results);
        new.retain(|result| !result.cached && result.state != State::NotRun);
        let again = |old: &StageResult| new.iter().any(|new| new.name == old.name);
        self.ran.retain(|old| !again(old));
        self.ran.append(&mut new);
    }

    /// The result of a stage that was run before we looked again: it failed, or its image is what was found now.
    pub(super) fn ran_before(&self, at: usize, start: &Start) -> Option<StageResult> {
        let (name, key) = (&self.plan.stages[at].name, start.keys[at].to_string());
        let found = start.found[at].as_ref().map(|found| &found.image);
        let mut ran = self.ran.iter();
        let ran = ran.find(|result| result.name == *name && result.key == key)?;
        let holds = match found {
            Some(image) => ran.image.as_ref() == Some(image),
            None => ran.state.is_bad(),
        };
        holds.then(|| ran.clone())
    }

    /// Notes, if a stage failed that was run although there are images of its key, that these are not taken any more.
    /// They are looked for only now: what is run anew was not asked for.
    pub(super) fn refute(
        &mut self,
        at: usize,
        start: &Start,
        selection: &Selection,
        ran: &Ran,
    ) -> Result<(), Problem> {
        let failed = matches!(
            ran.result.state,
            State::Failed | State::TimedOut | State::OutOfMemory
        );
        let all_the_same =
            selection.is_anew(at) || self.options.clean || start.untaken[at].is_some();
        if !failed || !all_the_same || ran.keyless || self.starts_keyless(at, start) {
            return Ok(());
        }
        let question = Question {
            clean: false,
            ..self.question(selection)
        };
        let mut images = question.of_key(at, start).unwrap_or_default();
        if !self.options.offline && !self.plan.registries.look.is_empty() {
            let registry = self.world.registry(self.calls.cancel);
            images.extend(question.in_registries(at, start, registry));
        }
        let stage = &self.plan.stages[at].name;
        self.note.refuted.add(stage, start.keys[at], &images);
        self.write_note()
    }

    /// The stage passed: what it left when it last failed is of no use any more.
    pub(super) fn forget_failed_of(&mut self, stage: &Stage) {
        let failed = self.note.failed.as_ref();
        if failed.is_some_and(|failed| failed.stage == stage.name) {
            self.forget_failed(None);
        }
    }

    /// The last failed image is to be removed for a new one, or for none.
    fn forget_failed(&mut self, new: Option<Failed>) {
        let old = std::mem::replace(&mut self.note.failed, new);
        let new = self.note.failed.as_ref();
        let Some(old) = old.filter(|old| new.is_none_or(|new| new.image != old.image)) else {
            return;
        };
        // A stage of another branch may have failed before in this very run.
        for result in &mut self.results {
            result.image.take_if(|image| *image == old.image);
        }
        self.spent.failed.push(old);
    }

    /// Removes failed images that are of no use any more. One that was gone on from has images made of it: of that docker
    /// takes away the name alone, and the rest goes with those. A name that is another image's by now stays that one's.
    pub(super) fn remove_failed(&mut self) {
        let (engine, never) = (self.calls.engine, Cancel::never());
        let calls = Calls::new(engine, &never);
        let done = |command: &Command| {
            let output = calls.query(command);
            output.is_ok_and(|output| output.exit.success() || Calls::says_missing(&output))
        };
        for Failed { image, tag, .. } in std::mem::take(&mut self.spent.failed) {
            if done(&engine.remove_images(&[&image])) {
                continue;
            }
            let named = calls.images(&[&tag]).unwrap_or_default();
            if named.iter().any(|named| named.id == image) {
                done(&engine.remove_images(&[&tag]));
            }
        }
    }
}
