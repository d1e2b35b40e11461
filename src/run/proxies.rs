//! Proxies: kept out of containers' configuration, where a commit would publish their passwords, and exported by the
//! script instead, outside the key.
//!
//! docker's client takes them from its own configuration (docs.docker.com/engine/cli/proxy), podman from the
//! caller's environment (podman-run(1), `--http-proxy`).

use std::path::{Path, PathBuf};

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

/// What containers of this engine would be given, and the client's configuration without it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    pub(crate) variables: Vec<(String, String)>,
    /// Set where docker's client has proxies configured: the folder to give it in place of the user's own.
    pub(crate) client: Option<String>,
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
                client: None,
            })
        }
        Engine::Docker => docker(host, ours),
    }
}

/// `proxies` of docker's `config.json`; then a copy of the configuration without them, contexts kept.
fn docker(host: &Host, ours: &Path) -> Result<Proxies, Problem> {
    let home = || {
        host.variable("HOME")
            .map(|home| Path::new(home).join(".docker"))
    };
    let Some(folder) = host
        .variable("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(home)
    else {
        return Ok(Proxies::default());
    };
    let config = files::read_if_there(&folder.join("config.json"))
        .and_then(|t| serde_json::from_str::<serde_json::Value>(&t).ok());
    let Some(proxies) = config.as_ref().and_then(|c| c.get("proxies")?.as_object()) else {
        return Ok(Proxies::default());
    };
    let variables = proxies
        .get("default")
        .or_else(|| proxies.values().next())
        .and_then(|p| p.as_object());
    let named = |key: &str| match key {
        "httpProxy" => Some("http_proxy"),
        "httpsProxy" => Some("https_proxy"),
        "ftpProxy" => Some("ftp_proxy"),
        "noProxy" => Some("no_proxy"),
        "allProxy" => Some("all_proxy"),
        _ => None,
    };
    let each = variables
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((named(key)?, value.as_str()?)));
    let variables = each.flat_map(|(name, value)| {
        [
            (name.to_owned(), value.to_owned()),
            (name.to_uppercase(), value.to_owned()),
        ]
    });
    let client = ours.join("docker");
    files::make_folder(&client)?;
    let context = config
        .as_ref()
        .and_then(|c| c.get("currentContext").cloned());
    let kept = serde_json::Map::from_iter(context.map(|c| ("currentContext".to_owned(), c)));
    files::write_atomic(
        &client.join("config.json"),
        serde_json::Value::Object(kept).to_string().as_bytes(),
    )?;
    let contexts = client.join("contexts");
    if folder.join("contexts").exists() && !contexts.exists() {
        std::os::unix::fs::symlink(folder.join("contexts"), &contexts)
            .map_err(|e| files::trouble("link", &contexts, &e))?;
    }
    Ok(Proxies {
        variables: variables.collect(),
        client: Some(client.display().to_string()),
    })
}
