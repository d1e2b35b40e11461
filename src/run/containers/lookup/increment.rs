//! `incremental = true`: a stage whose key nothing has starts from its own newest image in place of the stage before.
//!
//! Such an image is one of this stage of this environment on the same base image, where all is the same but files and the
//! stage's own commands (`key::line`), on the engine or in the registry; the commands are run again, and the files are made
//! up to date by what the image says of them. What comes of it is never found by other environments, nor by `--clean` runs.

use std::sync::Arc;

use super::base;
use super::registry::Registry;
use super::registry::image::pulling;
use super::registry::stages::There;
use super::registry::walk::Purpose;
use super::{Question, Start};
use crate::digest::Digest;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::plan::copy::delivery::TIME;
use crate::plan::tags;
use crate::problem::Problem;
use crate::registry::Reference;
use crate::run::containers::checks::MOST_LAYERS;
use crate::run::event::Kind;
use crate::run::records::Kept;

/// The image that a stage starts from in place of that of the stage before.
#[derive(Clone, Debug)]
pub(crate) struct Increment {
    pub(crate) image: String,
    pub(crate) layers: usize,
    /// Increments since a clean build, with the one that comes.
    pub(crate) links: u32,
    /// What it was made of: git's description of the tree, or the image's tag.
    pub(crate) from: String,
    /// The time of what is sent to it, in seconds since 1970: a whole second later than all that is in it.
    pub(crate) time: u64,
    pub(crate) whence: Whence,
}

/// Where the image is that a stage starts from.
#[derive(Clone, Debug)]
pub(crate) enum Whence {
    Engine,
    /// It came from a registry, or would.
    Registry(There),
    /// The person named it.
    Given,
}

impl Increment {
    fn of(image: &Image, whence: Whence) -> Self {
        let revision = image.label(labels::REVISION).unwrap_or_default();
        let key = Digest::parse(image.label(labels::KEY).unwrap_or_default());
        let seconds = image.made().max(0).unsigned_abs().div_ceil(1_000_000_000);
        Self {
            image: image.id.clone(),
            layers: image.layers().len(),
            links: image.links() + 1,
            from: if revision.is_empty() {
                key.map(tags::key).unwrap_or_default()
            } else {
                revision.to_owned()
            },
            time: u64::try_from(seconds).unwrap_or(TIME).max(TIME) + 1,
            whence,
        }
    }

    fn is_given(&self) -> bool {
        matches!(self.whence, Whence::Given)
    }
}

impl Question<'_> {
    /// Where incremental stages start that have no image of their key.
    pub(super) fn increments(&self, start: &mut Start) -> Result<(), Problem> {
        let missing = |at: &usize| start.found[*at].is_none() && self.plan.stages[*at].incremental;
        let missing: Vec<usize> = self.selection.found().filter(missing).collect();
        let given = match self.base.filter(|_| !missing.is_empty()) {
            Some(reference) => Some(self.given(reference, start)?),
            None => None,
        };
        for at in missing {
            let given = given.as_ref().filter(|(of, _)| *of == at);
            if let Some((_, image)) = given {
                self.start_from(at, image, Whence::Given, start);
            } else if let Some(image) = self.newest(at, start)? {
                self.start_from(at, &image, Whence::Engine, start);
            }
        }
        Ok(())
    }

    /// Lets a stage start from an image of itself, or notes why it does not.
    fn start_from(&self, at: usize, image: &Image, whence: Whence, start: &mut Start) {
        let own = Increment::of(image, whence);
        start.clean[at] = self.no_increment(at, image, own.is_given());
        start.increments[at] = start.clean[at].is_none().then_some(own);
        if start.increments[at].is_some() {
            start.see(image);
        }
    }

    /// Why a stage does not start from its newest image.
    fn no_increment(&self, at: usize, image: &Image, given: bool) -> Option<String> {
        if self.is_too_deep(at, image) {
            Some("clean: no engine stacks more layers on its newest image".to_owned())
        } else if !given && image.links() >= self.plan.stages[at].max_links {
            let links = image.links();
            Some(format!("clean after {links} increments (`max-links`)"))
        } else {
            let path = self.turned(at, image)?;
            Some(format!(
                "clean: `{path}` was a file and is a folder, or the reverse"
            ))
        }
    }

    /// A path that is no folder any more, or one now: no engine copies one over the other. Where the records are not of
    /// this image, it is found out when its container is made.
    fn turned(&self, at: usize, image: &Image) -> Option<String> {
        let last = Kept::read(self.folder);
        let mut key = image.label(labels::KEY)?;
        for below in self.plan.down(at) {
            let stage = &self.plan.stages[below].name;
            let record = &last
                .stages
                .get(stage)
                .filter(|l| l.record.key == key)?
                .record;
            let files = self.manifests[below].as_ref();
            if let Some(path) = files.and_then(|files| record.turned(files)) {
                return Some(path);
            }
            key = &record.parent.as_ref()?.key;
        }
        None
    }

    /// Would the stages from this one on be more layers on an image than engines stack?
    pub(super) fn is_too_deep(&self, at: usize, image: &Image) -> bool {
        image.layers().len() + self.plan.stages.len() - at > MOST_LAYERS
    }

    /// The newest image on the engine that a stage can start from.
    fn newest(&self, at: usize, start: &Start) -> Result<Option<Arc<Image>>, Problem> {
        let expected = self.expected(at, start);
        let line = expected.line();
        let labels = [(labels::LINE, line.as_str())];
        let all = self.inventory.labelled(self.calls, self.project, &labels)?;
        let stage = &self.plan.stages[at].name;
        let fits = all
            .into_iter()
            .filter(|image| expected.is_in_line(image) && self.refuted.may_begin(stage, image));
        Ok(fits.max_by_key(|image| image.made()))
    }

    /// Is a registry asked for an image that this stage can start from?
    pub(super) fn starts_elsewhere(&self, at: usize, start: &Start) -> bool {
        let own = start.increments[at].as_ref();
        self.plan.stages[at].incremental
            && !self.clean
            && !self.whole
            && !own.is_some_and(Increment::is_given)
    }

    /// The names of such an image, with the platform.
    pub(super) fn line_there(&self, at: usize, start: &Start) -> Vec<(Reference, String)> {
        let tag = self.expected(at, start).line_tag(self.plan);
        self.named(at, start, &tag)
    }

    /// Lets a stage start from the image that the registry has of its line, if it is newer than the engine's; a run gets
    /// it.
    pub(super) fn increment_elsewhere(
        &self,
        registry: &Registry,
        start: &mut Start,
        at: usize,
        purpose: Purpose,
        say: &mut dyn FnMut(Kind),
    ) -> Result<(), Problem> {
        let expected = self.expected(at, start);
        let stage = &self.plan.stages[at];
        let fits = |image: &Image| {
            expected.is_in_line(image) && self.refuted.may_begin(&stage.name, image)
        };
        let named = self.line_there(at, start);
        let newer_than = self.newest(at, start)?.map(|image| image.made());
        let Some(there) = registry.newest(&fits, &named, newer_than, say) else {
            return Ok(());
        };
        let image = &there.remote.image;
        let image = if purpose == Purpose::Run && self.no_increment(at, image, false).is_none() {
            say(pulling(&format!("an image of `{}`", stage.name), &there));
            let key = image.any_key(self.project);
            let key = key.expect("an image of a line has one");
            // It is called what it is, not by a tag that moves.
            let own = self.plan.stage_tag(key, image.links() == 0);
            let own = self.plan.image_name(stage, &own);
            self.bring(registry, &fits, &there, &own, say)?
        } else {
            Some(image.clone())
        };
        if let Some(image) = image {
            self.start_from(at, &image, Whence::Registry(There::of(&there)), start);
        }
        Ok(())
    }

    /// The image that `--base` names, and the stage that it is of: an incremental one of this environment, on the same
    /// base image, since what is made of it is kept under the stage's key.
    fn given(&self, reference: &str, start: &Start) -> Result<(usize, Arc<Image>), Problem> {
        let (calls, inventory) = (self.calls, self.inventory);
        inventory.ask(calls, &[reference.to_owned()])?;
        let platform = self.plan.platform.as_deref();
        let image = inventory.get(reference).map_or_else(
            || base::fetch(calls, inventory, reference, platform, self.beyond)?,
            Ok,
        )?;
        let mut stages = 0..self.plan.stages.len();
        let base = start.base.identity.to_string();
        let fits = |at: &usize| {
            let expected = self.expected(*at, start);
            self.plan.stages[*at].incremental
                && expected.is_stage(&image)
                && image.label(labels::BASE) == Some(&base)
                && (!self.stands_on_incremental(*at) || expected.is_in_line(&image))
        };
        stages
            .find(fits)
            .map(|at| (at, Arc::clone(&image)))
            .ok_or_else(|| self.not_base(reference, &image, start))
    }

    fn stands_on_incremental(&self, at: usize) -> bool {
        let mut below = self.plan.down(at).skip(1);
        below.any(|below| self.plan.stages[below].incremental)
    }

    /// What `--base` names, and what it should be.
    fn not_base(&self, reference: &str, image: &Image, start: &Start) -> Problem {
        let (plan, base) = (self.plan, &start.base);
        let incremental = plan.stages.iter().filter(|stage| stage.incremental);
        let names: Vec<String> = incremental.map(|s| format!("`{}`", s.name)).collect();
        let title = format!(
            "`--base {reference}` is no image of an incremental stage of `{}` on its base image",
            plan.env
        );
        let label = |name| image.label(name).unwrap_or_default();
        let platform = format!("{}/{}", image.os, image.architecture);
        let is = if image.any_key(self.project).is_none() {
            format!("it is for {platform}, and no run of this project left it like this")
        } else {
            let other = if label(labels::BASE) == base.identity.to_string() {
                let own = plan.index(label(labels::STAGE));
                if own.is_ok_and(|at| self.stands_on_incremental(at)) {
                    ", and an incremental stage before it is another one now"
                } else {
                    ""
                }
            } else {
                " and of another base image"
            };
            format!(
                "it is `{}` of `{}` for {platform}{other}",
                label(labels::STAGE),
                label(labels::ENV)
            )
        };
        let expected = format!(
            "name one of {} of `{}` for {}/{} on `{}`",
            names.join(" or "),
            plan.slug,
            base.os,
            base.architecture,
            base.name
        );
        Problem {
            help: vec![is, expected],
            ..Problem::new(title, "")
        }
    }
}
