//! What registries of images have: a small client of their interface (github.com/opencontainers/distribution-spec).
//!
//! It asks, and removes what somebody cleans away; pushing and pulling is the engine's. Every question has limits of time and size and three tries; many are
//! asked side by side over kept connections. Plain HTTP is spoken to this machine alone.
//!
//! ```ignore
//! let client = Client::new(&host, &cancel);
//! for answer in client.digests(tags) { .. }              // is it there?
//! for remote in client.images(named) { .. }              // what is it?
//! ```

mod challenge;
mod credentials;
mod http;
mod image;
mod listing;
mod many;
mod reference;
#[cfg(test)]
mod tests;
mod token;
mod trouble;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::engine::facts::Image;
use crate::exec::Cancel;
use crate::host::Host;
use crate::problem::Problem;
use http::Http;
pub(crate) use image::facts;
use image::{Behind, Manifest, TYPES};
pub(crate) use reference::{Reference, Version};
pub(crate) use trouble::{Kind, Trouble};

/// Larger manifests are none (the specification asks for 4 MiB).
const MOST_OF_A_MANIFEST: u64 = 4 << 20;
const MOST_OF_A_CONFIG: u64 = 8 << 20;

/// So long a registry that was lost is left alone: each question would wait for it as long as the first one did.
pub(crate) const LOST: Duration = Duration::from_secs(300);

/// An image in a registry, and what an engine would say of it.
#[derive(Clone, Debug)]
pub(crate) struct Remote {
    /// Of the manifest for the platform: what to pull.
    pub(crate) digest: String,
    pub(crate) image: Image,
    /// Of all layers, as they are sent.
    pub(crate) bytes: u64,
    /// Each layer's digest and bytes.
    pub(crate) layers: Vec<(String, u64)>,
}

/// Whether an image is there. `Ok(None)`: the registry says that it is not.
pub(crate) type Answer<T> = Result<Option<T>, Trouble>;

/// Is what the caller's variables say of registries in order?
///
/// # Errors
/// A mistake, if it is not.
pub(crate) fn check(host: &Host) -> Result<(), Problem> {
    http::silence(host).map(|_| ())
}

/// A name that is looked for.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    pub(crate) name: Reference,
    /// What it is looked for: as soon as a name before it is there for each of these, nobody asks for it.
    pub(crate) ends: BTreeSet<usize>,
}

/// Asks registries. Clones share connections, tokens and what was learnt.
#[derive(Clone)]
pub(crate) struct Client(Arc<Http>);

impl Client {
    /// Reads where credentials are; asks nothing yet.
    pub(crate) fn new(host: &Host, cancel: &Cancel) -> Self {
        Self(Arc::new(Http::new(host, cancel)))
    }

    /// Did somebody say a login for the repository?
    pub(crate) fn has_login(&self, of: &Reference) -> bool {
        self.0.login(of).is_some()
    }

    /// The digests of what these names stand for, in their order.
    pub(crate) fn digests(&self, of: Vec<Reference>) -> Vec<Answer<String>> {
        self.each(of, |http, reference| digest(http, &reference))
    }

    /// The same, but only as long as something is looked for. `None`: it was not asked.
    pub(crate) fn look(&self, sought: Vec<Sought>) -> Vec<Option<Answer<String>>> {
        let http = Arc::clone(&self.0);
        let found = Arc::<Mutex<BTreeSet<usize>>>::default();
        let answers = many::ask(sought, &self.0.cancel, move |Sought { name, ends }| {
            if ends.is_subset(&http::lock(&found)) {
                return None;
            }
            let answer = digest(&http, &name);
            if let Ok(Some(_)) = answer {
                http::lock(&found).extend(ends);
            }
            Some(answer)
        });
        answers.into_iter().map(Option::flatten).collect()
    }

    /// The images that these names stand for on a platform (`os/architecture[/variant]`), in their order.
    pub(crate) fn images(&self, of: Vec<(Reference, String)>) -> Vec<Answer<Remote>> {
        self.each(of, |http, (reference, platform)| {
            image(http, &reference, &platform)
        })
    }

    /// How long a registry may send nothing.
    pub(crate) fn silence(&self) -> Duration {
        self.0.silence
    }

    fn each<Q: Send + 'static, T: Send + 'static>(
        &self,
        questions: Vec<Q>,
        ask: fn(&Http, Q) -> Answer<T>,
    ) -> Vec<Answer<T>> {
        let http = Arc::clone(&self.0);
        let answers = many::ask(questions, &self.0.cancel, move |question| {
            ask(&http, question)
        });
        let unasked = || Err(Trouble::new(Kind::Interrupted, "interrupted"));
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(unasked))
            .collect()
    }
}

fn digest(http: &Http, of: &Reference) -> Answer<String> {
    let path = format!("manifests/{}", of.version());
    let Some(reply) = http.head(of, &path, TYPES)? else {
        return Ok(None);
    };
    match reply.digest {
        Some(digest) => Ok(Some(digest)),
        None => Ok(manifest(http, of)?.map(|(digest, _)| digest)),
    }
}

fn image(http: &Http, of: &Reference, platform: &str) -> Answer<Remote> {
    let Some((mut digest, mut manifest_now)) = manifest(http, of)? else {
        return Ok(None);
    };
    // A list may name a list, which engines do not follow either.
    for _ in 0..2 {
        match manifest_now.behind(platform) {
            Behind::Manifest(behind) => {
                let of = of.with(Version::Digest(behind));
                let Some(next) = manifest(http, &of)? else {
                    return Ok(None);
                };
                (digest, manifest_now) = next;
            }
            Behind::Config(config, layers) => {
                let Some(image) = config_of(http, of, &config)? else {
                    return Ok(None);
                };
                return Ok(Some(Remote {
                    digest,
                    image,
                    bytes: layers
                        .iter()
                        .fold(0, |sum, (_, bytes)| sum.saturating_add(*bytes)),
                    layers,
                }));
            }
            Behind::OtherPlatforms(known) => {
                let said = format!("{of} is for {}, not for {platform}", known.join(", "));
                return Err(Trouble::new(Kind::Odd, said));
            }
            Behind::Odd => break,
        }
    }
    let said = format!("{of} is no image that engines know");
    Err(Trouble::new(Kind::Odd, said))
}

/// A manifest with the digest of its bytes.
fn manifest(http: &Http, of: &Reference) -> Answer<(String, Manifest)> {
    let path = format!("manifests/{}", of.version());
    let Some(body) = http.get(of, &path, TYPES, MOST_OF_A_MANIFEST)? else {
        return Ok(None);
    };
    let digest = http::sha256(&body);
    if let Version::Digest(asked) = &of.version {
        expect(of, asked, &digest)?;
    }
    let read = serde_json::from_slice(&body).map_err(|error| odd(of, &error))?;
    Ok(Some((digest, read)))
}

fn config_of(http: &Http, of: &Reference, digest: &str) -> Answer<Image> {
    let Some(body) = http.get(of, &format!("blobs/{digest}"), "*/*", MOST_OF_A_CONFIG)? else {
        return Ok(None);
    };
    expect(of, digest, &http::sha256(&body))?;
    image::facts(digest, &body)
        .map(Some)
        .map_err(|error| odd(of, &error))
}

/// Bytes that are not what their name says.
fn expect(of: &Reference, asked: &str, sent: &str) -> Result<(), Trouble> {
    if asked == sent {
        return Ok(());
    }
    let said = format!("{} sends other bytes than those of {asked}", of.host);
    Err(Trouble::new(Kind::Odd, said))
}

fn odd(of: &Reference, error: &serde_json::Error) -> Trouble {
    let said = format!("what {} says of {of} cannot be read: {error}", of.host);
    Trouble::new(Kind::Odd, said)
}
