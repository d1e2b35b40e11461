//! The image of a stage that has the most in common with what is to be run, for who has no record of an earlier run: on
//! the engine, else in a registry. What it was made of, its labels say; an image that does not say it is no guess.

use super::registry::Registry;
use super::{Question, Start};
use crate::digest::Digest;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::plan::record::{self, Parent, Record};
use crate::plan::tags;
use crate::registry::{Reference, Version};
use crate::run::why::Nearest;

/// Of a repository so many images are looked at: some registries count.
const MOST: usize = 16;
/// Of so many tags.
const MOST_TAGS: usize = 1000;

impl Question<'_> {
    /// Looks on the engine, and where it has none in the registries.
    pub(crate) fn nearest(
        &self,
        at: usize,
        new: &Record,
        start: &Start,
        registry: Option<&Registry>,
    ) -> Nearest {
        // An engine that does not answer has told so before.
        // Of all stages at once: there is an answer for the next one, too.
        let labels = [(labels::ENV, self.plan.slug.as_str())];
        let images = self.inventory.labelled(self.calls, self.project, &labels);
        let images = images.unwrap_or_default().into_iter();
        let images = images.map(|image| (image.id.clone(), (*image).clone()));
        match (self.of_these(at, new, images.collect()), registry) {
            (Nearest::None, Some(registry)) => {
                self.of_these(at, new, self.images_there(at, start, registry))
            }
            (nearest, _) => nearest,
        }
    }

    fn of_these(&self, at: usize, new: &Record, images: Vec<(String, Image)>) -> Nearest {
        let stage = &self.plan.stages[at].name;
        let own = images.into_iter().filter(|(_, image)| {
            image.label(labels::ENV) == Some(&self.plan.slug)
                && image.label(labels::STAGE) == Some(stage)
                && image.any_key(self.project).is_some()
        });
        let mut nearest = Nearest::None;
        let mut fewest = usize::MAX;
        let mut own: Vec<(String, Image)> = own.collect();
        own.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (name, image) in own {
            match of_image(&image, new) {
                None if fewest == usize::MAX => nearest = Nearest::Unsaid,
                None => {}
                Some(old) => {
                    let count = record::changes(&old, new).len();
                    if count < fewest {
                        fewest = count;
                        nearest = Nearest::Image(name, Box::new(old));
                    }
                }
            }
        }
        nearest
    }

    /// Some of the images that registries have of a stage.
    fn images_there(&self, at: usize, start: &Start, registry: &Registry) -> Vec<(String, Image)> {
        let platform = start.base.platform();
        let mut images = Vec::new();
        for repository in self.references(at, "key") {
            let tags = registry.tags(&repository, MOST_TAGS).into_iter();
            let tags = tags.filter(|tag| tags::is_key(tag)).take(MOST);
            let names = tags.map(|tag| (repository.with(Version::Tag(tag)), platform.clone()));
            let names: Vec<(Reference, String)> = names.collect();
            let answers = registry.images(&names).into_iter();
            let there = answers.zip(names).filter_map(|(answer, (name, _))| {
                let remote = answer.ok().flatten()?;
                Some((name.to_string(), remote.image))
            });
            images.extend(there);
        }
        images
    }
}

/// What an image's labels say of its key; the stage before is called as it is now.
fn of_image(image: &Image, new: &Record) -> Option<Record> {
    let label = |name| image.label(name).unwrap_or_default();
    let key = Digest::parse(label(labels::PARENT));
    let parent = new.parent.as_ref().map(|parent| Parent {
        stage: parent.stage.clone(),
        key: key.map(|key| key.to_string()).unwrap_or_default(),
    });
    Record::of_label(label(labels::PARTS), label(labels::KEY), parent)
}
