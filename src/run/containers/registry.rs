//! Stages in registries: which of them are there, and getting the deepest one onto the engine.
//!
//! A tag is a hint. What an image is, its labels say: they are read before a layer is pulled, and again of the image
//! that came. Whatever a registry does, the run goes on: what cannot be had is built.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::super::event::Kind;
use super::lookup::{Question, Start};
use super::stage::key_tag;
use super::transfer;
use crate::engine::facts::{self, Image};
use crate::engine::labels;
use crate::exec::Cancel;
use crate::host::Host;
use crate::problem::Problem;
use crate::registry::{self, Client, Reference, Remote, Trouble, Version};
use crate::size;

/// What registries answered in this run; shared by all environments.
pub(crate) struct Registry {
    client: Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Digests by tag; `None`: it is not there, or cannot be had.
    digests: BTreeMap<Reference, Option<String>>,
    /// Hosts that were lost: they are not asked again.
    lost: BTreeSet<String>,
    /// Hosts of which something was told.
    told: BTreeSet<String>,
}

impl Registry {
    pub(crate) fn new(host: &Host, cancel: &Cancel) -> Self {
        Self {
            client: Client::new(host, cancel),
            known: Mutex::default(),
        }
    }

    /// How long a registry may send nothing.
    pub(crate) fn silence(&self) -> Duration {
        self.client.silence()
    }

    /// The digests under these tags, as far as they are there; each is asked for once.
    pub(crate) fn digests(
        &self,
        tags: &[Reference],
        warn: &mut dyn FnMut(Problem),
    ) -> Vec<Option<String>> {
        let known = self.known();
        let new = tags
            .iter()
            .filter(|tag| !known.digests.contains_key(tag) && !known.lost.contains(&tag.host));
        let new: Vec<Reference> = new.cloned().collect();
        drop(known);
        let answers = self.client.digests(new.clone());
        for (tag, answer) in new.into_iter().zip(answers) {
            match answer {
                Ok(digest) => self.note(tag, digest),
                Err(trouble) => self.told(&tag, &trouble, warn),
            }
        }
        let known = self.known();
        tags.iter()
            .map(|tag| known.digests.get(tag).cloned().flatten())
            .collect()
    }

    /// The image that a name stands for now; `None`: it cannot be had.
    pub(crate) fn image(
        &self,
        of: &Reference,
        platform: &str,
        warn: &mut dyn FnMut(Problem),
    ) -> Option<Remote> {
        if self.known().lost.contains(&of.host) {
            return None;
        }
        self.client.image(of, platform).unwrap_or_else(|trouble| {
            self.told(of, &trouble, warn);
            None
        })
    }

    /// The digest under a tag now, whatever it was; `None`: none that we know of.
    pub(crate) fn digest_now(&self, tag: &Reference) -> Option<String> {
        let answer = self.client.digests(vec![tag.clone()]).remove(0);
        answer.ok().flatten()
    }

    /// Notes what is under a tag.
    pub(crate) fn note(&self, tag: Reference, digest: Option<String>) {
        self.known().digests.insert(tag, digest);
    }

    /// Tells trouble once for each registry. One that was lost would keep everybody waiting again.
    fn told(&self, of: &Reference, trouble: &Trouble, warn: &mut dyn FnMut(Problem)) {
        let mut known = self.known();
        if trouble.kind == registry::Kind::Interrupted {
            return;
        }
        if trouble.kind == registry::Kind::Lost {
            known.lost.insert(of.host.clone());
        }
        if known.told.insert(of.host.clone()) {
            let title = format!("not all images can be looked for: {}", trouble.said);
            warn(Problem::warning(title, trouble.advice()));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Question<'_> {
    /// Looks for the stages that would have to run, all at once, and gets the deepest that is there; nothing that it
    /// spares is pulled.
    pub(super) fn fetch_stages(
        &self,
        registry: &Registry,
        start: &mut Start,
        say: &mut dyn FnMut(Kind),
    ) -> Result<(), Problem> {
        let mut tags = Vec::new();
        let found: Vec<usize> = self.selection.found().collect();
        for at in found.into_iter().rev() {
            if start.run[at] {
                let (stage, tag) = (&self.plan.stages[at], key_tag(start.keys[at]));
                let names = self.plan.registry_names(stage, &tag).into_iter();
                // A name that no registry can have is no image's.
                let names = names.filter_map(|name| Reference::parse(&name).ok());
                tags.extend(names.map(|name| (at, name)));
            }
        }
        let names: Vec<Reference> = tags.iter().map(|(_, name)| name.clone()).collect();
        let digests = registry.digests(&names, &mut |problem| say(Kind::Warning { problem }));
        for ((at, tag), digest) in tags.into_iter().zip(digests) {
            let wanted = start.run[at] && !self.calls.cancel.requested();
            let Some(digest) = digest.filter(|_| wanted) else {
                continue;
            };
            match self.fetch_stage(registry, start, at, &tag, digest, say)? {
                Some(image) => start.take_fetched(at, &image, self),
                None => registry.note(tag, None),
            }
        }
        Ok(())
    }

    /// Gets one stage onto the engine; `None`: it is not what its tag says, or cannot be had.
    fn fetch_stage(
        &self,
        registry: &Registry,
        start: &Start,
        at: usize,
        tag: &Reference,
        digest: String,
        say: &mut dyn FnMut(Kind),
    ) -> Result<Option<Image>, Problem> {
        let named = tag.with(Version::Digest(digest));
        let platform = format!("{}/{}", start.base.os, start.base.architecture);
        let mut warn = |problem| say(Kind::Warning { problem });
        let Some(remote) = registry.image(&named, &platform, &mut warn) else {
            return Ok(None);
        };
        if !self.is_stage(start, at, &remote.image) {
            warn(foreign(tag));
            return Ok(None);
        }
        let (name, size) = (&self.plan.stages[at].name, size::shown(remote.bytes));
        let text = format!("`{name}` is in the registry: pulling {tag} ({size})");
        say(Kind::Note { text });
        let name = named.with(Version::Digest(remote.digest)).to_string();
        let pull = self.calls.engine.pull(&name, None);
        let limit = transfer::limit(remote.bytes, registry.silence());
        let problem = match transfer::carry(self.calls, &pull, limit)? {
            Err(failed) => {
                let title = format!("{tag} cannot be pulled: {}", failed.said);
                Problem::warning(title, "what is missing is run here in place of it")
            }
            Ok(()) => match self.pulled(&name)? {
                Some(image) if self.is_stage(start, at, &image) => {
                    self.call_its_own(&image, &name, start, at)?;
                    return Ok(Some(image));
                }
                Some(_) => foreign(tag),
                // Somebody removes images meanwhile: as if it had not been there.
                None => return Ok(None),
            },
        };
        say(Kind::Warning { problem });
        Ok(None)
    }

    /// What came under a name.
    fn pulled(&self, name: &str) -> Result<Option<Image>, Problem> {
        let question = self.calls.engine.image_inspect(&[name]);
        let images = facts::images(&self.calls.query(&question)?.stdout)?;
        Ok(images.into_iter().next())
    }

    /// Gives a stage the name that it has where it is made; without it the image is as good, since labels find it. The
    /// name with the digest goes, or podman keeps the image for it when its tag is removed.
    fn call_its_own(
        &self,
        image: &Image,
        pulled: &str,
        start: &Start,
        at: usize,
    ) -> Result<(), Problem> {
        let (calls, tag) = (self.calls, key_tag(start.keys[at]));
        let own = self.plan.image_name(&self.plan.stages[at], &tag);
        let tagged = calls.query(&calls.engine.tag(&image.id, &own))?;
        if tagged.exit.success() {
            calls.query(&calls.engine.remove_images(&[pulled]))?;
        }
        Ok(())
    }

    /// Is an image the stage of this key, as a run of this project left it?
    fn is_stage(&self, start: &Start, at: usize, image: &Image) -> bool {
        let parent = self.plan.stages[at].parent;
        let parent = parent
            .map_or(start.base.identity, |p| start.keys[p])
            .to_string();
        start.base.is_like(image)
            && image.stage_key(self.project) == Some(start.keys[at])
            && image.label(labels::PARENT) == Some(&parent)
    }
}

/// Somebody else's image under a tag of ours.
fn foreign(tag: &Reference) -> Problem {
    let title = format!("{tag} is not what its tag says, and is not used");
    Problem::warning(
        title,
        "who else pushes there? its labels, layers or platform are others",
    )
}
