//! What engines answer, parsed strictly: images and the state of containers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::labels;
use crate::digest::{Digest, Digester};
use crate::platform;
use crate::problem::Problem;
use crate::time;

/// An image as `image inspect` shows it; both engines write the same names for what we read.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Image {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) repo_tags: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) architecture: String,
    #[serde(default)]
    pub(crate) variant: String,
    #[serde(default)]
    pub(crate) os: String,
    /// When it was made, by the engine's clock: RFC 3339.
    #[serde(default)]
    pub(crate) created: String,
    #[serde(rename = "RootFS")]
    pub(crate) root_fs: RootFs,
    pub(crate) config: Option<Config>,
    /// podman's place for it.
    #[serde(default)]
    pub(crate) healthcheck: Option<Healthcheck>,
    #[serde(default)]
    pub(crate) author: String,
    #[serde(default)]
    pub(crate) size: u64,
}

/// What all stages have of their base image.
#[derive(Clone, Debug, Default)]
pub(crate) struct HandedDown {
    /// Variables, `NAME=VALUE`, sorted.
    pub(crate) env: Vec<String>,
    pub(crate) volumes: Vec<String>,
    /// `Image::marks` of the base.
    pub(crate) marks: Vec<String>,
}

impl HandedDown {
    /// Does the configuration set a `PATH`?
    pub(crate) fn has_path(&self) -> bool {
        self.env.iter().any(|v| v.starts_with("PATH="))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RootFs {
    #[serde(default)]
    pub(crate) layers: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Config {
    pub(crate) env: Option<Vec<String>>,
    pub(crate) entrypoint: Option<Vec<String>>,
    pub(crate) cmd: Option<Vec<String>>,
    pub(crate) user: Option<String>,
    pub(crate) working_dir: Option<String>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
    pub(crate) volumes: Option<BTreeMap<String, serde_json::Value>>,
    pub(crate) exposed_ports: Option<BTreeMap<String, serde_json::Value>>,
    pub(crate) on_build: Option<Vec<String>>,
    pub(crate) stop_signal: Option<String>,
    pub(crate) shell: Option<Vec<String>>,
    pub(crate) healthcheck: Option<Healthcheck>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Healthcheck {
    pub(crate) test: Option<Vec<String>>,
}

/// The images of an `image inspect`: a list, also when some were missing.
pub(crate) fn images(json: &[u8]) -> Result<Vec<Image>, Problem> {
    if json.iter().all(u8::is_ascii_whitespace) {
        return Ok(Vec::new());
    }
    serde_json::from_slice(json).map_err(|e| odd("image inspect", &e))
}

fn odd(what: &str, error: &serde_json::Error) -> Problem {
    Problem::engine(
        format!("the engine's answer to `{what}` cannot be read: {error}"),
        "is it docker or podman? try the command by hand",
    )
}

impl Image {
    pub(crate) fn layers(&self) -> &[String] {
        self.root_fs.layers.as_deref().unwrap_or_default()
    }

    fn label_map(&self) -> Option<&BTreeMap<String, String>> {
        self.config.as_ref()?.labels.as_ref()
    }

    pub(crate) fn label(&self, name: &str) -> Option<&str> {
        self.label_map()?.get(name).map(String::as_str)
    }

    /// What an image hands down unchanged to all that is made from it: variables, labels, volumes, ports, the signal
    /// that stops it. Our own labels change from stage to stage: their names alone count.
    pub(crate) fn marks(&self) -> Vec<String> {
        let config = self.config.clone().unwrap_or_default();
        let labels = config.labels.unwrap_or_default().into_iter();
        let mut marks: Vec<String> = labels
            .map(|(name, value)| {
                if labels::is_ours(&name) {
                    name
                } else {
                    format!("{name}={value}")
                }
            })
            .collect();
        let keys = |map: Option<BTreeMap<String, serde_json::Value>>, kind: &str| {
            let keys = map.unwrap_or_default().into_keys();
            keys.map(|key| format!("{kind} {key}")).collect::<Vec<_>>()
        };
        marks.extend(keys(config.volumes, "volume"));
        marks.extend(keys(config.exposed_ports, "port"));
        let variables = config.env.unwrap_or_default().into_iter();
        marks.extend(variables.map(|variable| format!("variable {variable}")));
        let signal = config.stop_signal.filter(|signal| !signal.is_empty());
        marks.extend(signal.map(|signal| format!("signal {signal}")));
        marks
    }

    /// Variables of the image's configuration, sorted.
    pub(crate) fn env(&self) -> Vec<String> {
        let mut env = self
            .config
            .as_ref()
            .and_then(|c| c.env.clone())
            .unwrap_or_default();
        env.sort();
        env
    }

    /// Is it for this platform, `os/architecture` with perhaps a variant behind? podman does not tell the variant, and
    /// an image need not: then the first two decide.
    pub(crate) fn is_for(&self, platform: Option<&str>) -> bool {
        let own = format!("{}/{}/{}", self.os, self.architecture, self.variant);
        platform.is_none_or(|asked| match self.variant.as_str() {
            "" => platform::machine(asked) == (&self.os, &self.architecture),
            _ => platform::distance(asked, &own).is_some(),
        })
    }

    /// What a base image hands down to stages, told by itself or by any stage: those have our labels beside.
    pub(crate) fn handed_down(&self) -> HandedDown {
        let volumes = self.config.iter().filter_map(|c| c.volumes.as_ref());
        let mut marks = self.marks();
        marks.retain(|mark| !labels::of_stages(mark));
        HandedDown {
            env: self.env(),
            volumes: volumes.flat_map(|v| v.keys().cloned()).collect(),
            marks,
        }
    }

    /// What a base image is, the same on every engine: its layers, platform and variables, not its id or name.
    pub(crate) fn identity(&self) -> Digest {
        Digester::new("runenv-base")
            .list("layers", self.layers())
            .field("os", self.os.as_bytes())
            .field("architecture", self.architecture.as_bytes())
            .list("env", &self.env())
            .finish()
    }

    /// The key whose stage this image is, if it is one of ours as we left it: an image that somebody built or
    /// committed from it has the same labels, but another layer, another configuration or another label.
    pub(crate) fn stage_key(&self, project: &str) -> Option<Digest> {
        self.any_key(project).filter(|_| self.links() == 0)
    }

    /// The same of an image that an increment was made in, or what stands on one: it is a stage's for its own
    /// environment alone.
    pub(crate) fn increment_key(&self, project: &str, env: &str) -> Option<Digest> {
        let own = self.label(labels::ENV) == Some(env) && self.links() > 0;
        self.any_key(project).filter(|_| own)
    }

    /// The key of a stage's image, whatever it was made from.
    pub(crate) fn any_key(&self, project: &str) -> Option<Digest> {
        let key = Digest::parse(self.label(labels::KEY)?)?;
        (self.untouched(project) && self.label(labels::FAILED) == Some("")).then_some(key)
    }

    /// Increments since a clean build.
    pub(crate) fn links(&self) -> u32 {
        let links = self.label(labels::LINKS).unwrap_or_default();
        links.parse().unwrap_or_default()
    }

    /// When it was made, in nanoseconds since 1970 by the engine's clock.
    pub(crate) fn made(&self) -> i128 {
        time::nanos(&self.created)
    }

    /// The key of the stage that ended early and left this, if it is one of ours as we left it.
    pub(crate) fn failed_key(&self, project: &str) -> Option<Digest> {
        let key = Digest::parse(self.label(labels::FAILED_KEY)?)?;
        (self.untouched(project) && self.label(labels::FAILED) == Some("1")).then_some(key)
    }

    /// Is it an image that a run of this project committed, with nothing built on it since?
    pub(crate) fn untouched(&self, project: &str) -> bool {
        let config = self.config.clone().unwrap_or_default();
        let words = |list: Option<Vec<String>>| list.unwrap_or_default();
        let layers = self.label(labels::LAYERS).and_then(|n| n.parse().ok());
        self.label(labels::PROJECT) == Some(project)
            && self.label(labels::OWNER) == Some("")
            && layers == Some(self.layers().len())
            && self.label(labels::SEAL) == Some(labels::seal(self.marks()).as_str())
            && words(config.entrypoint) == ["sh"]
            && words(config.cmd) == ["-e", "-s"]
            && config.user.as_deref() == Some("0:0")
            && config.working_dir.as_deref() == Some("/")
            && words(config.on_build).is_empty()
            && words(config.shell).is_empty()
            && [config.healthcheck, self.healthcheck.clone()]
                .into_iter()
                .flatten()
                .all(|check| words(check.test) == ["NONE"])
            && self.author.is_empty()
    }
}

/// `.State` of an exited or running container.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ContainerState {
    pub(crate) status: String,
    pub(crate) exit_code: i32,
    #[serde(rename = "OOMKilled")]
    pub(crate) oom_killed: bool,
    pub(crate) error: String,
}

pub(crate) fn container_state(json: &[u8]) -> Result<ContainerState, Problem> {
    serde_json::from_slice(json).map_err(|e| odd("container inspect", &e))
}
