//! What `local-host` is: this machine's `os-release`, as a system of the catalog where it is one.

use std::path::Path;

use super::draft::Settings;
use super::setting::{Origin, Setting};
use crate::config::Project;
use crate::files;
use crate::name::EnvName;
use crate::problem::Problem;

/// Family and release as the catalog calls them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostSystem {
    pub(crate) id: String,
    pub(crate) release: Option<String>,
    pub(crate) like: Vec<String>,
}

/// os-release(5): `ID`, `VERSION_CODENAME` or `VERSION_ID`, `ID_LIKE`.
pub(crate) fn parse(text: &str) -> HostSystem {
    let field = |name: &str| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.map(|value| value.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|v| !v.is_empty())
    };
    let like = field("ID_LIKE").unwrap_or_default();
    HostSystem {
        id: field("ID").unwrap_or_else(|| "linux".to_owned()),
        release: field("VERSION_CODENAME").or_else(|| field("VERSION_ID")),
        like: like.split_whitespace().map(str::to_owned).collect(),
    }
}

/// This machine.
pub(crate) fn read() -> HostSystem {
    let text = ["/etc/os-release", "/usr/lib/os-release"]
        .iter()
        .find_map(|p| files::read_if_there(Path::new(p)));
    parse(&text.unwrap_or_default())
}

/// Gives a local environment this machine's package manager and distro keys; a named system must be this one.
pub(crate) fn apply(
    project: &Project,
    name: &EnvName,
    settings: &mut Settings,
) -> Result<(), Problem> {
    let host = read();
    if let Some(system) = name.system.as_ref().filter(|s| s.family != "host") {
        let same_release = system.release.is_none() || system.release == host.release;
        if system.family != host.id || !same_release {
            let this = host
                .release
                .as_ref()
                .map_or(host.id.clone(), |r| format!("{}-{r}", host.id));
            let title = format!("`{name}` needs {system}, and this machine is {this}");
            return Err(Problem::new(
                title,
                format!("run `local-host` here, or `docker-{system}` in a container"),
            ));
        }
    }
    let family = std::iter::once(&host.id)
        .chain(&host.like)
        .find_map(|id| project.catalog.families.get(id));
    if let Some(family) = family {
        if settings.package_manager.is_none() {
            settings.package_manager =
                Some(Setting::new(family.package_manager.clone(), Origin::Host));
        }
        if settings.distro.is_empty() {
            settings.distro = family
                .distro
                .iter()
                .map(|d| Setting::new(d.clone(), Origin::Host))
                .collect();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_release_is_read_as_its_manual_says() {
        let debian =
            parse("NAME=\"Debian\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
        assert_eq!(
            debian,
            HostSystem {
                id: "debian".into(),
                release: Some("bookworm".into()),
                like: vec![]
            }
        );
        let leap = parse("ID='opensuse-leap'\nID_LIKE=\"suse opensuse\"\nVERSION_ID=15.6\n");
        assert_eq!(leap.like, ["suse", "opensuse"]);
        assert_eq!(leap.release.as_deref(), Some("15.6"));
    }
}
