//! Names and passwords of registries, where docker and podman keep them.
//!
//! Read, never written, never printed. The files: `$REGISTRY_AUTH_FILE`, `$DOCKER_CONFIG/config.json`,
//! `$XDG_RUNTIME_DIR/containers/auth.json`, `~/.config/containers/auth.json`, `~/.docker/config.json`; the first that
//! knows the registry counts, whichever engine is used. Both programs' formats are one (containers-auth.json(5)): keys
//! of `auths` are hosts, or hosts with a part of the path; `credHelpers` and `credsStore` name programs that know.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::reference::Reference;
use crate::command::{Command, Stdin};
use crate::exec::{self, Cancel, Limits};
use crate::files;
use crate::host::Host;

/// docker's key for its own registry.
const HUB: &str = "https://index.docker.io/v1/";
/// The name that stands for "the password is a token" (docker's credential helpers).
const TOKEN_NAME: &str = "<token>";
const MOST_BYTES: u64 = 1 << 20;
/// How long a helper may take; one may ask a cloud.
const HELPER: Duration = Duration::from_secs(30);

/// How somebody is let in.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    Password {
        name: String,
        password: String,
    },
    /// Exchanged for tokens of the registry (a refresh token).
    Identity(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// One file, as it is written. What is of another shape counts as not said.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Written {
    auths: BTreeMap<String, Entry>,
    cred_helpers: BTreeMap<String, String>,
    creds_store: Option<String>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
}

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Helped {
    username: String,
    secret: String,
}

/// All files that are there, read once.
pub(super) struct Credentials {
    files: Vec<Written>,
}

impl Credentials {
    pub(super) fn read(host: &Host) -> Self {
        let written = places(host).into_iter().filter_map(|path| {
            let text = files::read_text(&path, MOST_BYTES).ok()?;
            serde_json::from_str(&text).ok()
        });
        Self {
            files: written.collect(),
        }
    }

    /// The login for an image's repository; `None`: nobody said one.
    pub(super) fn login(&self, of: &Reference) -> Option<Login> {
        self.files.iter().find_map(|file| file.login(of))
    }
}

/// The files in the order in which they count.
fn places(host: &Host) -> Vec<PathBuf> {
    let folder = |variable: &str| {
        host.variable(variable)
            .filter(|v| !v.is_empty())
            .map(Path::new)
    };
    let home = folder("HOME");
    let runtime = folder("XDG_RUNTIME_DIR").map(Path::to_owned);
    let runtime = runtime.unwrap_or_else(|| PathBuf::from(format!("/run/containers/{}", host.uid)));
    let config = folder("XDG_CONFIG_HOME").map(Path::to_owned);
    let config = config.or_else(|| home.map(|home| home.join(".config")));
    let runtime_file = if folder("XDG_RUNTIME_DIR").is_some() {
        "containers/auth.json"
    } else {
        "auth.json"
    };
    [
        folder("REGISTRY_AUTH_FILE").map(Path::to_owned),
        folder("DOCKER_CONFIG").map(|d| d.join("config.json")),
        Some(runtime.join(runtime_file)),
        config.map(|c| c.join("containers/auth.json")),
        home.map(|home| home.join(".docker/config.json")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

impl Written {
    fn login(&self, of: &Reference) -> Option<Login> {
        let keys = keys(of);
        if let Some(key) = keys.iter().find(|key| self.cred_helpers.contains_key(*key)) {
            return ask(&self.cred_helpers[key], key);
        }
        // docker leaves an empty entry behind for what its store keeps.
        if let Some(store) = &self.creds_store {
            let named = if of.host == "docker.io" {
                HUB
            } else {
                &of.host
            };
            if let Some(login) = ask(store, named) {
                return Some(login);
            }
        }
        let plain = self.auths.iter().map(|(key, entry)| (bare(key), entry));
        let plain: BTreeMap<&str, &Entry> = plain.collect();
        keys.iter().find_map(|key| plain.get(bare(key))?.login())
    }
}

impl Entry {
    fn login(&self) -> Option<Login> {
        let said = |text: &Option<String>| text.clone().filter(|t| !t.is_empty());
        if let Some(token) = said(&self.identitytoken) {
            return Some(Login::Identity(token));
        }
        let decoded = said(&self.auth).and_then(|auth| STANDARD.decode(auth.trim()).ok());
        let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = text.as_deref().and_then(|text| text.split_once(':'));
        match pair {
            // Some versions of docker ended the password with a NUL.
            Some((name, password)) => of_pair(name, password.trim_end_matches('\0')),
            None => of_pair(&said(&self.username)?, &said(&self.password)?),
        }
    }
}

fn of_pair(name: &str, password: &str) -> Option<Login> {
    let (name, password) = (name.to_owned(), password.to_owned());
    match name.as_str() {
        "" => None,
        TOKEN_NAME => Some(Login::Identity(password)),
        _ => Some(Login::Password { name, password }),
    }
}

/// Keys that a repository's login may stand under, the most exact first: podman's with the path, then the host.
fn keys(of: &Reference) -> Vec<String> {
    let mut name = of.name();
    let mut keys = vec![name.clone()];
    while let Some(slash) = name.rfind('/') {
        name.truncate(slash);
        keys.push(name.clone());
    }
    if of.host == "docker.io" {
        keys.extend([HUB, "index.docker.io", "registry-1.docker.io"].map(str::to_owned));
    }
    keys
}

/// A key without its scheme and the interface's version, which older versions wrote.
fn bare(key: &str) -> &str {
    let key = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let key = key.trim_end_matches('/');
    key.strip_suffix("/v1")
        .or_else(|| key.strip_suffix("/v2"))
        .unwrap_or(key)
}

/// Asks `docker-credential-NAME`; one that does not know says so by failing.
fn ask(helper: &str, key: &str) -> Option<Login> {
    if helper.is_empty() || helper.contains('/') {
        return None;
    }
    let command = Command::new([format!("docker-credential-{helper}"), "get".to_owned()]);
    let command = command.stdin(Stdin::Text(key.to_owned()));
    let limits = Limits {
        time: Some(HELPER),
        ..Limits::default()
    };
    let output = exec::capture(&command, &limits, &Cancel::never()).ok()?;
    let answer: Helped = serde_json::from_slice(&output.stdout)
        .ok()
        .filter(|_| output.exit.success())?;
    of_pair(&answer.username, &answer.secret)
}
