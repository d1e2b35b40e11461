//! Images that are not taken for a stage any more: it failed when it was run though they were there.
//!
//! Each is known by its layers, so the same image is meant on every engine and in registries, whatever its id there, and
//! all that was made from it. An environment's folder has them until the stage passes under that key.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::engine::facts::Image;

/// Those of one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Refuted(Vec<One>);

/// Those of one stage under one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct One {
    stage: String,
    key: String,
    /// By their layers, all together.
    images: BTreeSet<String>,
    /// When the newest of them was made, in nanoseconds since 1970.
    made: i64,
    /// The stage has passed in this run.
    #[serde(skip)]
    passed: bool,
}

/// Why an image of a stage's key that is there is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Untaken {
    /// The stage failed when it was run anew.
    Refuted,
    /// A stage that it stands on did.
    OnRefuted,
    /// It was made in increments, and none are taken.
    Increment,
}

impl Untaken {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Refuted => "its image was refuted: the stage failed when it was run anew",
            Self::OnRefuted => "its image stands on one that was refuted",
            Self::Increment => "its image was made in increments, and `--clean` takes none",
        }
    }
}

impl Refuted {
    /// Notes that a stage failed though these images of its key were there.
    pub(crate) fn add(&mut self, stage: &str, key: Digest, images: &[Image]) {
        if images.is_empty() {
            return;
        }
        let made = images.iter().map(made).max();
        let images = images.iter().map(|image| stack(image.layers()));
        let key = key.to_string();
        let mut all = self.0.iter_mut();
        match all.find(|one| one.stage == stage && one.key == key) {
            Some(one) => {
                one.images.extend(images);
                one.made = one.made.max(made.unwrap_or_default());
                one.passed = false;
            }
            None => self.0.push(One {
                stage: stage.to_owned(),
                key,
                images: images.collect(),
                made: made.unwrap_or_default(),
                passed: false,
            }),
        }
    }

    /// The stage has passed with this key. What stands on it is still to be run in this run.
    pub(crate) fn passed(&mut self, stage: &str, key: Digest) {
        let key = key.to_string();
        let mut all = self.0.iter_mut();
        if let Some(one) = all.find(|one| one.stage == stage && one.key == key) {
            one.passed = true;
        }
    }

    /// At the end of a run: images of what has passed may be taken again.
    pub(crate) fn forget_passed(&mut self) {
        self.0.retain(|one| !one.passed);
    }

    /// Why an image is not taken for a stage of this key; `None`: it may be.
    pub(crate) fn why_not(&self, stage: &str, key: Digest, image: &Image) -> Option<Untaken> {
        let key = key.to_string();
        let own = self
            .0
            .iter()
            .any(|one| one.stage == stage && one.key == key);
        let why = if own {
            Untaken::Refuted
        } else {
            Untaken::OnRefuted
        };
        self.has(image).then_some(why)
    }

    /// Is it one of them, or made from one?
    pub(crate) fn has(&self, image: &Image) -> bool {
        let known = |layers: &[String]| {
            let stack = stack(layers);
            self.0.iter().any(|one| one.images.contains(&stack))
        };
        let layers = image.layers();
        !self.0.is_empty() && (1..=layers.len()).any(|count| known(&layers[..count]))
    }

    /// May a stage start from this image of its own? What is older than one of them may have the same in it.
    pub(crate) fn may_begin(&self, stage: &str, image: &Image) -> bool {
        let mut own = self.0.iter().filter(|one| one.stage == stage);
        !self.has(image) && own.all(|one| made(image) > one.made)
    }
}

fn made(image: &Image) -> i64 {
    i64::try_from(image.made()).unwrap_or(i64::MAX)
}

/// Layers, one upon the other.
fn stack(layers: &[String]) -> String {
    let mut lines = layers.join("\n");
    lines.push('\n');
    Digest::of(lines.as_bytes()).to_string()
}
