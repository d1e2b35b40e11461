//! One image of a registry: what it is, asked before a layer is pulled, and getting it onto the engine.
//!
//! Whatever a registry does, the run goes on: what cannot be had is as if it were not there.

use super::super::expected::Expected;
use super::super::{Question, Start};
use super::Registry;
use crate::engine::facts::Image;
use crate::problem::Problem;
use crate::registry::{Reference, Remote, Version};
use crate::run::containers::transfer;
use crate::run::event::Kind;
use crate::size;

/// Is an image the one that is wanted? Asked of what a registry says of it, and again of what came.
pub(crate) type Fits<'f> = &'f dyn Fn(&Image) -> bool;

/// An image that a registry has.
pub(crate) struct Offer {
    pub(crate) tag: Reference,
    pub(crate) remote: Remote,
}

impl Registry {
    /// The newest image that registries have under these names, if it fits and is newer than another one.
    pub(crate) fn newest(
        &self,
        fits: Fits<'_>,
        named: &[(Reference, String)],
        newer_than: Option<i128>,
        say: &mut dyn FnMut(Kind),
    ) -> Option<Offer> {
        let mut warn = |problem| say(Kind::Warning { problem });
        let mut there = Vec::new();
        for ((tag, _), answer) in named.iter().zip(self.images(named)) {
            match answer {
                Ok(remote) => there.extend(remote.map(|remote| (tag.clone(), remote))),
                Err(trouble) => self.tell(tag, &trouble, &mut warn),
            }
        }
        let there = there.into_iter().map(|(tag, remote)| Offer { tag, remote });
        there
            .filter(|there| fits(&there.remote.image))
            .filter(|there| newer_than.is_none_or(|made| there.remote.image.made() > made))
            .max_by_key(|there| there.remote.image.made())
    }
}

impl Question<'_> {
    /// What an image of a stage has to say of itself.
    pub(crate) fn expected(&self, at: usize, start: &Start) -> Expected {
        Expected::of(self.project, self.plan, self.parts, at, start)
    }

    /// The names of an image of a stage in all registries that are looked into, by its tag. A name that no registry can
    /// have is no image's.
    pub(crate) fn references(&self, at: usize, tag: &str) -> Vec<Reference> {
        let names = self.plan.registry_names(&self.plan.stages[at], tag);
        names
            .into_iter()
            .filter_map(|name| Reference::parse(&name).ok())
            .collect()
    }

    /// What registries are asked for who want such an image: names and platform.
    pub(crate) fn named(&self, at: usize, start: &Start, tag: &str) -> Vec<(Reference, String)> {
        let names = self.references(at, tag).into_iter();
        names.map(|name| (name, start.base.platform())).collect()
    }

    /// Gets an image onto the engine, where it has this name then; `None`: it cannot be had, or is not what it says.
    pub(crate) fn bring(
        &self,
        registry: &Registry,
        fits: Fits<'_>,
        there: &Offer,
        own: &str,
        say: &mut dyn FnMut(Kind),
    ) -> Result<Option<Image>, Problem> {
        let Offer { tag, remote } = there;
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
            Ok(()) => match self.pulled(&[&name, own])? {
                Some(image) if fits(&image) => {
                    self.call_its_own(&image, &name, own)?;
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
        Ok(self.calls.images(names)?.into_iter().next())
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
