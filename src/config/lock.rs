//! `envs.lock`: which bytes each base image is, so that every machine starts from the same. Read and written as text;
//! asks no registry.
//!
//! It stands beside the file that it is for, with the ending `lock`. An image without a line there is what its tag
//! means today.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::forms::{self, is_digest};
use super::{MOST_BYTES, Project};
use crate::digest::Digest;
use crate::files;
use crate::problem::{Place, Problem, Source};

/// A file of another version means something else.
const VERSION: u32 = 1;

/// One image for one platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pin {
    /// As envs.toml calls it.
    pub(crate) image: String,
    /// `linux/amd64`, with a variant behind where it has one.
    pub(crate) platform: String,
    /// `sha256:…`, by which the registry has it for this platform.
    pub(crate) digest: String,
    /// What keys are made of: the same that an engine's own answer gives.
    pub(crate) identity: Digest,
}

impl Pin {
    /// What an engine pulls: no tag beside the digest, which podman refuses.
    pub(crate) fn reference(&self) -> String {
        pinned(&self.image, &self.digest)
    }
}

/// An image's name with a digest in place of its tag.
pub(crate) fn pinned(image: &str, digest: &str) -> String {
    let bare = image.split('@').next().unwrap_or(image);
    let name = bare.rfind('/').map_or(0, |at| at + 1);
    let end = bare[name..].find(':').map_or(bare.len(), |at| name + at);
    format!("{}@{digest}", &bare[..end])
}

/// A lock file as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lock(pub(crate) Vec<Pin>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    version: Spanned<u32>,
    #[serde(default)]
    image: Vec<WrittenPin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct WrittenPin {
    name: Spanned<String>,
    platform: Spanned<String>,
    digest: Spanned<String>,
    identity: Spanned<String>,
}

impl Lock {
    /// The pin of an image for a platform.
    pub(crate) fn pin(&self, image: &str, platform: &str) -> Option<&Pin> {
        self.0
            .iter()
            .find(|pin| pin.image == image && pin.platform == platform)
    }

    /// The pin of the first of these images that has one.
    pub(crate) fn first<'a>(
        &self,
        mut images: impl Iterator<Item = &'a String>,
        platform: &str,
    ) -> Option<&Pin> {
        images.find_map(|image| self.pin(image, platform))
    }

    /// The file's text: sorted, so that a change of one image is a change of its lines alone.
    pub(crate) fn text(&self) -> String {
        let mut pins = self.0.clone();
        pins.sort();
        let mut text = format!(
            "# Made by `runenv lock`: commit it. `runenv lock --upgrade` takes newer images.\nversion = {VERSION}\n"
        );
        for pin in &pins {
            let Pin {
                image,
                platform,
                digest,
                identity,
            } = pin;
            let string = |text: &str| toml::Value::String(text.to_owned()).to_string();
            text += &format!(
                "\n[[image]]\nname = {}\nplatform = {}\ndigest = {}\nidentity = \"{identity}\"\n",
                string(image),
                string(platform),
                string(digest)
            );
        }
        text
    }

    fn parse(source: &Arc<Source>) -> Result<Self, Problem> {
        let help = "`runenv lock` writes it anew if you remove it";
        let written: Written = toml::from_str(&source.text).map_err(|error| {
            let title = format!("the lock file cannot be read: {}", error.message());
            let span = error.span().unwrap_or(0..0);
            Problem::new(title, help).place(Place::new(source, span))
        })?;
        if *written.version.get_ref() != VERSION {
            let title = format!(
                "the lock file is of version {}, and this runenv reads {VERSION}",
                written.version.get_ref()
            );
            let problem = Problem::new(title, "use a newer runenv, or remove the file");
            return Err(problem.place(Place::new(source, written.version.span())));
        }
        let pin = |pin: WrittenPin| {
            for (text, form) in [(&pin.name, forms::IMAGE), (&pin.platform, forms::PLATFORM)] {
                if let Some(problem) = forms::wrong(text.get_ref(), form) {
                    return Err(problem.place(Place::new(source, text.span())));
                }
            }
            let digest = pin.digest.get_ref();
            let identity = Digest::parse(pin.identity.get_ref());
            let wrong = if is_digest(digest) {
                pin.identity.span()
            } else {
                pin.digest.span()
            };
            match identity.filter(|_| is_digest(digest)) {
                Some(identity) => Ok(Pin {
                    image: pin.name.into_inner(),
                    platform: pin.platform.into_inner(),
                    digest: pin.digest.into_inner(),
                    identity,
                }),
                None => Err(Problem::new("this is no digest of an image", help)
                    .place(Place::new(source, wrong))),
            }
        };
        let pins: Result<Vec<Pin>, Problem> = written.image.into_iter().map(pin).collect();
        Ok(Self(pins?))
    }
}

impl Project {
    /// Where the lock file of this project is.
    pub(crate) fn lock_path(&self) -> PathBuf {
        self.path.with_extension("lock")
    }

    /// What is locked; `None`: there is no lock file. Read at the first question.
    ///
    /// # Errors
    /// A file that cannot be read or is none of ours.
    pub(crate) fn lock(&self) -> Result<Option<&Lock>, Problem> {
        let lock = self.lock.get_or_init(|| {
            let path = self.lock_path();
            if !files::is_there(&path) {
                return Ok(None);
            }
            let text = files::read_text(&path, MOST_BYTES)?;
            let shown = Path::new(&self.sources.first().name).with_extension("lock");
            let shown = shown.display().to_string();
            Lock::parse(&Source::new(shown, text)).map(Some)
        });
        lock.as_ref().map(Option::as_ref).map_err(Problem::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(image: &str) -> Pin {
        Pin {
            image: image.into(),
            platform: "linux/amd64".into(),
            digest: format!("sha256:{}", "0a".repeat(32)),
            identity: Digest::of(image.as_bytes()),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let lock = Lock(vec![pin("b:1"), pin("127.0.0.1:5000/a")]);
        let text = lock.text();
        let read = Lock::parse(&Source::new("envs.lock", text.clone())).expect("it is ours");
        assert_eq!(read.text(), text);
        assert_eq!(read.pin("b:1", "linux/amd64"), Some(&pin("b:1")));
        assert_eq!(read.pin("b:1", "linux/arm64"), None);
    }

    #[test]
    fn a_digest_takes_the_tags_place() {
        for (image, reference) in [
            ("debian:bookworm", "debian@D"),
            ("debian", "debian@D"),
            ("r:5000/a/b", "r:5000/a/b@D"),
            ("r:5000/a/b:1@sha256:0", "r:5000/a/b@D"),
        ] {
            assert_eq!(pinned(image, "D"), reference);
        }
    }
}
