//! What a stage leaves that ends early: kept as an image, never under a key, and where `--resume` goes on.
//!
//! The image's labels say of which stage, environment and key it is; only what agrees in all of them is gone on from, so
//! nothing that was edited in between is taken for the same.

use super::super::event::{Kind, Teller};
use super::super::folder::Failed;
use super::EngineEnv;
use super::beginning::{Beginning, How};
use super::call::HEAVY;
use super::checks::MOST_LAYERS;
use super::lookup::{Found, Start};
use crate::digest::Digest;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::exec::{self, Cancel, Limits};
use crate::plan::Stage;
use crate::problem::Problem;

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
    ) -> Result<Option<Beginning>, Problem> {
        let (stage, key) = (&self.plan.stages[at], start.keys[at]);
        let noted = self.note.failed.as_ref();
        let noted = noted.filter(|failed| failed.stage == stage.name);
        let Some(image) = self.failed_image(noted, key, start)? else {
            if noted.is_some() {
                let text = "what it left when it last ended early is not of this key, or gone: from its beginning";
                tell.say(note(text.to_owned()));
            }
            return Ok(None);
        };
        let layers = image.layers().len();
        if layers + self.plan.stages.len() - at > MOST_LAYERS {
            let text = "it was resumed so often that no engine stacks more: from its beginning";
            tell.say(note(text.to_owned()));
            return Ok(None);
        }
        tell.say(note("goes on from what it left".to_owned()));
        // Perhaps another run's: then it is ours to remove when the stage has passed.
        let tag = image.repo_tags.iter().flatten().next();
        self.note.failed = Some(Failed {
            stage: stage.name.clone(),
            image: image.id.clone(),
            tag: tag.unwrap_or(&image.id).clone(),
        });
        Ok(Some(Beginning {
            on: Found::of(&image),
            how: How::Resumed,
        }))
    }

    /// The image that the note names; else the newest that there is.
    fn failed_image(
        &self,
        noted: Option<&Failed>,
        key: Digest,
        start: &Start,
    ) -> Result<Option<Image>, Problem> {
        let (plan, project) = (self.plan, &self.world.project_id);
        let fits = |image: &Image| {
            image.failed_key(project) == Some(key)
                && image.label(labels::ENV) == Some(&plan.slug)
                && start.base.is_like(image)
        };
        let inventory = self.world.inventory(self.calls.engine);
        if let Some(failed) = noted {
            inventory.ask(&self.calls, std::slice::from_ref(&failed.image))?;
            let found = inventory.get(&failed.image);
            if let Some(image) = found.filter(|image| fits(image)) {
                return Ok(Some(Image::clone(&image)));
            }
        }
        let all = inventory.of_project(&self.calls, project)?;
        let newest = all.iter().filter(|i| fits(i)).max_by_key(|i| i.made());
        Ok(newest.cloned())
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
        let describe = self.world.describe();
        let word = describe.map_or_else(|| "failed".to_owned(), |d| format!("{d}-failed"));
        let tag = self.plan.image_name(stage, &word);
        let key = key.map(|key| key.to_string()).unwrap_or_default();
        let changes = [
            (labels::OWNER, ""),
            (labels::KEY, ""),
            (labels::FAILED, "1"),
            (labels::FAILED_KEY, &key),
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
        if self.calls.cancel.requested() && !ci {
            let text = "what it left is kept as an image; another signal ends at once";
            tell.say(note(text.to_owned()));
        }
        let output = exec::capture(&commit, &limits, if ci { &never } else { &second }).ok()?;
        let image = output.text().lines().last()?.to_owned();
        if !output.exit.success() {
            return None;
        }
        self.forget_failed(Some(Failed {
            stage: stage.name.clone(),
            image: image.clone(),
            tag,
        }));
        Some(image)
    }

    /// The stage passed: what it left when it last failed is of no use any more.
    pub(super) fn forget_failed_of(&mut self, stage: &Stage) {
        let failed = self.note.failed.as_ref();
        if failed.is_some_and(|failed| failed.stage == stage.name) {
            self.forget_failed(None);
        }
    }

    /// Removes the last failed image for a new one, or for none. One that was gone on from has images made of it: of that
    /// docker takes away the name alone, and the rest goes with those.
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
        let free = new.is_none_or(|new| new.tag != old.tag);
        self.spent.images.push(old.image);
        self.spent.images.extend(free.then_some(old.tag));
    }
}
