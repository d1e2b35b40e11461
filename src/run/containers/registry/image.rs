//! One image of a registry: what it is, asked before a layer is pulled, and getting it onto the engine.
//!
//! Whatever a registry does, the run goes on: what cannot be had is as if it were not there.

use super::super::super::event::Kind;
use super::super::expected::Expected;
use super::super::lookup::{Question, Start};
use super::super::transfer;
use super::Registry;
use crate::engine::facts::{self, Image};
use crate::problem::Problem;
use crate::registry::{Reference, Remote, Version};
use crate::size;

/// An image of a stage that a registry may have.
pub(crate) struct Wanted<'w> {
    /// The stage.
    pub(crate) at: usize,
    /// `os/architecture`.
    pub(crate) platform: String,
    /// Is it this one? Asked of what the registry says of it, and again of what came.
    pub(crate) fits: &'w dyn Fn(&Image) -> bool,
}

impl<'w> Wanted<'w> {
    pub(crate) fn of(at: usize, start: &Start, fits: &'w dyn Fn(&Image) -> bool) -> Self {
        Self {
            at,
            platform: start.base.platform(),
            fits,
        }
    }
}

/// An image that a registry has.
pub(crate) struct Offer {
    pub(crate) tag: Reference,
    pub(crate) remote: Remote,
}

impl Question<'_> {
    /// What an image of a stage has to say of itself.
    pub(crate) fn expected(&self, at: usize, start: &Start) -> Expected {
        Expected::of(self.project, self.plan, self.parts, at, start)
    }

    /// The newest image that registries have under a tag of a stage, if it fits and is newer than another one.
    pub(crate) fn newest_there(
        &self,
        registry: &Registry,
        wanted: &Wanted<'_>,
        tag: &str,
        newer_than: Option<i128>,
        say: &mut dyn FnMut(Kind),
    ) -> Option<Offer> {
        let stage = &self.plan.stages[wanted.at];
        let names = self.plan.registry_names(stage, tag).into_iter();
        // A name that no registry can have is no image's.
        let names = names.filter_map(|name| Reference::parse(&name).ok());
        let asked: Vec<(Reference, String)> =
            names.map(|name| (name, wanted.platform.clone())).collect();
        let mut warn = |problem| say(Kind::Warning { problem });
        let mut there = Vec::new();
        for ((tag, _), answer) in asked.iter().zip(registry.images(&asked)) {
            match answer {
                Ok(remote) => there.extend(remote.map(|remote| (tag.clone(), remote))),
                Err(trouble) => registry.tell(tag, &trouble, &mut warn),
            }
        }
        let there = there.into_iter().map(|(tag, remote)| Offer { tag, remote });
        there
            .filter(|there| (wanted.fits)(&there.remote.image))
            .filter(|there| newer_than.is_none_or(|made| there.remote.image.made() > made))
            .max_by_key(|there| there.remote.image.made())
    }

    /// Gets an image onto the engine, where it has this tag then; `None`: it cannot be had, or is not what it says.
    pub(crate) fn bring(
        &self,
        registry: &Registry,
        wanted: &Wanted<'_>,
        there: &Offer,
        own: &str,
        say: &mut dyn FnMut(Kind),
    ) -> Result<Option<Image>, Problem> {
        let Offer { tag, remote } = there;
        let own = self.plan.image_name(&self.plan.stages[wanted.at], own);
        let digest = Version::Digest(remote.digest.clone());
        let name = tag.with(digest).to_string();
        let pull = self.calls.engine.pull(&name, None);
        let limit = transfer::limit(remote.bytes, registry.silence());
        let problem = match transfer::carry(self.calls, &pull, limit)? {
            Err(failed) => {
                if failed.hung {
                    registry.hung(tag, &failed.said);
                }
                let title = format!("{tag} cannot be pulled: {}", failed.said);
                Problem::warning(title, "what is missing is run here in place of it")
            }
            Ok(()) => match self.pulled(&[&name, &own])? {
                Some(image) if (wanted.fits)(&image) => {
                    self.call_its_own(&image, &name, &own)?;
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

    /// What came under a name, which is gone if another run has brought the same meanwhile and called it its own.
    fn pulled(&self, names: &[&str]) -> Result<Option<Image>, Problem> {
        let question = self.calls.engine.image_inspect(names);
        let images = facts::images(&self.calls.query(&question)?.stdout)?;
        Ok(images.into_iter().next())
    }

    /// Gives an image the name that it has where it is made; without it the image is as good, since labels find it. The
    /// name with the digest goes, or podman keeps the image for it when its tag is removed.
    fn call_its_own(&self, image: &Image, pulled: &str, own: &str) -> Result<(), Problem> {
        let calls = self.calls;
        let tagged = calls.query(&calls.engine.tag(&image.id, own))?;
        if tagged.exit.success() {
            calls.query(&calls.engine.remove_images(&[pulled]))?;
        }
        Ok(())
    }
}

/// Tells what is pulled.
pub(crate) fn pulling(what: &str, there: &Offer) -> Kind {
    let Offer { tag, remote } = there;
    let size = size::shown(remote.bytes);
    let text = format!("{what} is in the registry: pulling {tag} ({size})");
    Kind::Note { text }
}

/// Somebody else's image under a tag of ours.
pub(crate) fn foreign(tag: &Reference) -> Problem {
    let title = format!("{tag} is not what its tag says, and is not used");
    Problem::warning(
        title,
        "who else pushes there? its labels, layers or platform are others",
    )
}
