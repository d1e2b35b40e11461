//! Proxies: kept out of containers' configuration, where a commit would publish their passwords, and exported by the
//! script instead, outside the key.
//!
//! docker's client takes them from its own configuration (docs.docker.com/engine/cli/proxy), podman from the
//! caller's environment (podman-run(1), `--http-proxy`).

use std::path::Path;

use serde_json::Value;

use super::super::client::Docker;
use super::super::pass_env;
use crate::engine::Engine;
use crate::files;
use crate::host::Host;
use crate::problem::Problem;

const NAMES: [&str; 5] = [
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "all_proxy",
];

/// The same in docker's `config.json`.
const KEYS: [&str; 5] = ["httpProxy", "httpsProxy", "ftpProxy", "noProxy", "allProxy"];

/// What containers of this engine would be given, and the client's configuration without it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    variables: Vec<(String, String)>,
    /// What a glob of `pass-env` matches: only where the image does not set it.
    matched: Vec<(String, String)>,
    /// Set where docker's client has proxies configured: the folder to give it in place of the user's own.
    pub(crate) client: Option<String>,
}

impl Proxies {
    /// And the caller's variables that the environment passes: exported in the same way, as they name no image.
    pub(crate) fn and_passed(mut self, host: &Host, pass_env: &[String]) -> Result<Self, Problem> {
        let passed = pass_env::for_container(host, pass_env)?;
        self.variables.extend(passed.named);
        self.matched = passed.matched;
        Ok(self)
    }

    /// What a script exports in an image with these variables (`NAME=VALUE`).
    pub(crate) fn exported(&self, image: &[String]) -> Vec<(String, String)> {
        let set = |name: &str| {
            let mut names = image.iter().filter_map(|v| v.split_once('='));
            names.any(|(set, _)| set == name)
        };
        let matched = self.matched.iter().filter(|(name, _)| !set(name));
        matched.chain(&self.variables).cloned().collect()
    }
}

pub(crate) fn of(engine: Engine, host: &Host, ours: &Path) -> Result<Proxies, Problem> {
    match engine {
        Engine::Podman => {
            let both = NAMES
                .iter()
                .flat_map(|n| [(*n).to_owned(), n.to_uppercase()]);
            let set = both.filter_map(|name| {
                host.variable(&name)
                    .map(|value| (name.clone(), value.to_owned()))
            });
            Ok(Proxies {
                variables: set.collect(),
                ..Proxies::default()
            })
        }
        Engine::Docker => docker(host, ours),
    }
}

/// `proxies` of docker's `config.json`; then a configuration without them for its client.
fn docker(host: &Host, ours: &Path) -> Result<Proxies, Problem> {
    let client = Docker::of(host);
    let Docker {
        folder: Some(folder),
        config,
    } = &client
    else {
        return Ok(Proxies::default());
    };
    let Some(proxies) = config.get("proxies").filter(|p| p.is_object()) else {
        return Ok(Proxies::default());
    };
    Ok(Proxies {
        variables: variables(proxies, &client.daemon(host)),
        client: Some(without_proxies(config, folder, &ours.join("docker"))?),
        ..Proxies::default()
    })
}

/// The variables that docker's client would set for containers of this daemon, each in both cases.
fn variables(proxies: &Value, daemon: &str) -> Vec<(String, String)> {
    let Some(set) = proxies.get(daemon).or_else(|| proxies.get("default")) else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for (name, key) in NAMES.iter().zip(KEYS) {
        let value = set.get(key).and_then(Value::as_str);
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            all.push(((*name).to_owned(), value.to_owned()));
            all.push((name.to_uppercase(), value.to_owned()));
        }
    }
    all
}

/// Makes the client's configuration: the context that is in use, the certificates that it shows, and nothing else.
fn without_proxies(config: &Value, theirs: &Path, ours: &Path) -> Result<String, Problem> {
    files::make_folder(ours)?;
    let context = config.get("currentContext").cloned();
    let kept = serde_json::Map::from_iter(context.map(|c| ("currentContext".to_owned(), c)));
    let text = Value::Object(kept).to_string();
    files::write_atomic(&ours.join("config.json"), text.as_bytes())?;
    for name in ["contexts", "ca.pem", "cert.pem", "key.pem"] {
        files::link(&theirs.join(name), &ours.join(name))?;
    }
    Ok(ours.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_those_of_the_daemon() {
        let proxies = serde_json::json!({
            "tcp://a:2376": { "httpProxy": "http://a", "noProxy": "" },
            "default": { "httpsProxy": "http://d" },
        });
        let names = |daemon: &str| {
            let all = variables(&proxies, daemon).into_iter();
            all.map(|(name, value)| format!("{name}={value}"))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names("tcp://a:2376"),
            ["http_proxy=http://a", "HTTP_PROXY=http://a"]
        );
        let default = ["https_proxy=http://d", "HTTPS_PROXY=http://d"];
        assert_eq!(names("unix:///var/run/docker.sock"), default);
        let of_another = serde_json::json!({ "tcp://a:2376": { "httpProxy": "http://a" } });
        assert_eq!(variables(&of_another, "tcp://b:2376"), []);
    }
}
