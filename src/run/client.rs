//! Which engine the clients talk to, as they are configured: docker's by its variables, contexts and `config.json`
//! (docs.docker.com/engine/manage-resources/contexts), podman's by its variables. Reads, and asks nobody.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::engine::Engine;
use crate::files;
use crate::host::Host;

/// The context that docker's client has without being told.
const DEFAULT: &str = "default";
/// Where it finds its daemon then.
const SOCKET: &str = "unix:///var/run/docker.sock";

/// Does the client talk to an engine that runs with this machine's own kernel, beyond doubt? Behind a socket of another
/// place may be a virtual machine, as that of Docker Desktop, or one that is far away.
pub(crate) fn is_here(engine: Engine, host: &Host) -> bool {
    match engine {
        Engine::Docker => {
            let address = Docker::of(host).daemon(host);
            let place = address.strip_prefix("unix://");
            place.is_some_and(|p| p.starts_with("/run/") || p.starts_with("/var/run/"))
        }
        Engine::Podman => {
            let set = |name| host.variable(name).is_some_and(|value| !value.is_empty());
            !set("CONTAINER_HOST") && !set("CONTAINER_CONNECTION")
        }
    }
}

/// How docker's client is configured.
pub(crate) struct Docker {
    /// Where its files are.
    pub(crate) folder: Option<PathBuf>,
    /// Its `config.json`; null where there is none.
    pub(crate) config: Value,
}

impl Docker {
    pub(crate) fn of(host: &Host) -> Self {
        let named = host.variable("DOCKER_CONFIG").filter(|n| !n.is_empty());
        let home = || host.variable("HOME").map(|h| Path::new(h).join(".docker"));
        let folder = named.map(|named| host.cwd.join(named)).or_else(home);
        let file = folder.as_ref().map(|f| f.join("config.json"));
        let text = file.and_then(|file| files::read_if_there(&file));
        let config = text.and_then(|text| serde_json::from_str(&text).ok());
        Self {
            folder,
            config: config.unwrap_or_default(),
        }
    }

    /// The context in use, unless it is the default one.
    fn context<'h>(&'h self, host: &'h Host) -> Option<&'h str> {
        let named = host.variable("DOCKER_CONTEXT").filter(|n| !n.is_empty());
        let current = || self.config.get("currentContext").and_then(Value::as_str);
        let name = named.or_else(current);
        name.filter(|name| !name.is_empty() && *name != DEFAULT)
    }

    /// The daemon's address; empty where a context does not tell.
    pub(crate) fn daemon(&self, host: &Host) -> String {
        if let Some(address) = host.variable("DOCKER_HOST").filter(|a| !a.is_empty()) {
            return address.to_owned();
        }
        let Some(context) = self.context(host) else {
            return SOCKET.to_owned();
        };
        let all = self.folder.as_ref().map(|f| f.join("contexts/meta"));
        let folders = all.iter().flat_map(|all| files::folders(all));
        let found = folders.into_iter().find_map(|folder| {
            let file = all.as_ref()?.join(folder).join("meta.json");
            let text = files::read_if_there(&file)?;
            let meta: Value = serde_json::from_str(&text).ok()?;
            let named = meta.get("Name").and_then(Value::as_str) == Some(context);
            let address = meta.pointer("/Endpoints/docker/Host")?.as_str()?;
            named.then(|| address.to_owned())
        });
        found.unwrap_or_default()
    }
}
