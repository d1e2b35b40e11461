//! Manifests and configurations of images, as registries have them (github.com/opencontainers/image-spec), and the same
//! facts of them as an engine's `image inspect` gives.

use serde::Deserialize;

use crate::config::forms::is_digest;
use crate::engine::facts::{Config, Image, RootFs};
use crate::platform;

/// What may be a manifest: lists by platform, and images.
pub(super) const TYPES: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// A manifest of either kind; which one, its own words say.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Manifest {
    /// Of a list: an image for each platform.
    manifests: Option<Vec<Listed>>,
    /// Of an image.
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Descriptor {
    digest: String,
    #[serde(default)]
    size: u64,
}

#[derive(Clone, Debug, Deserialize)]
struct Listed {
    digest: String,
    platform: Option<Platform>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Platform {
    fn text(&self) -> String {
        let variant = self.variant.iter().filter(|variant| !variant.is_empty());
        let variant: String = variant.map(|variant| format!("/{variant}")).collect();
        format!("{}/{}{variant}", self.os, self.architecture)
    }
}

/// What stands behind a manifest.
pub(super) enum Behind {
    /// The manifest of this digest, for the platform that was asked for.
    Manifest(String),
    /// A configuration of this digest, and the layers: digests, and bytes as they are sent.
    Config(String, Vec<(String, u64)>),
    /// A list without the platform; it has these.
    OtherPlatforms(Vec<String>),
    /// Neither a list nor an image.
    Odd,
}

impl Manifest {
    pub(super) fn behind(&self, platform: &str) -> Behind {
        if let Some(listed) = &self.manifests {
            return pick(listed, platform);
        }
        match (&self.config, &self.layers) {
            (Some(config), Some(layers)) if is_digest(&config.digest) => {
                let layers = layers.iter().map(|l| (l.digest.clone(), l.size));
                Behind::Config(config.digest.clone(), layers.collect())
            }
            _ => Behind::Odd,
        }
    }
}

/// The image of a list for `os/architecture[/variant]`: of those that will do the nearest, as for engines.
fn pick<'l>(listed: &'l [Listed], asked: &str) -> Behind {
    let fits = |listed: &'l Listed| {
        let offered = listed.platform.as_ref()?.text();
        Some((platform::distance(asked, &offered)?, listed))
    };
    let nearest = listed.iter().filter_map(fits).min_by_key(|(far, _)| *far);
    match nearest.map(|(_, listed)| listed) {
        Some(found) if is_digest(&found.digest) => Behind::Manifest(found.digest.clone()),
        Some(_) => Behind::Odd,
        None => {
            let platforms = listed.iter().filter_map(|l| l.platform.as_ref());
            let known = platforms.filter(|p| p.os != "unknown");
            Behind::OtherPlatforms(known.map(Platform::text).collect())
        }
    }
}

/// An image's configuration, as it lies in a registry.
#[derive(Clone, Debug, Deserialize)]
struct Written {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    variant: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    author: String,
    #[serde(default)]
    created: String,
    rootfs: Layers,
    config: Option<Config>,
}

#[derive(Clone, Debug, Deserialize)]
struct Layers {
    diff_ids: Option<Vec<String>>,
}

/// A configuration as the facts that an engine gives of the image when it has it.
pub(crate) fn facts(digest: &str, json: &[u8]) -> Result<Image, serde_json::Error> {
    let written: Written = serde_json::from_slice(json)?;
    Ok(Image {
        id: digest.to_owned(),
        repo_tags: None,
        architecture: written.architecture,
        variant: written.variant,
        os: written.os,
        created: written.created,
        root_fs: RootFs {
            layers: written.rootfs.diff_ids,
        },
        config: written.config,
        healthcheck: None,
        author: written.author,
        size: 0,
    })
}
