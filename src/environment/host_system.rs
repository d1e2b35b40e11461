//! What `local-host` is: this machine's `os-release`, as a system of the catalog where it is one.

use super::draft::Settings;
use super::setting::{Origin, Setting};
use crate::catalog::Family;
use crate::config::Project;
use crate::host::os_release::{self, HostSystem};
use crate::name::{EnvName, System};
use crate::problem::Problem;

/// Is this machine the system? By its name or number; of a rolling one, and of `latest`, the family is all that can be
/// compared.
fn is(host: &HostSystem, system: &System, known: Option<&Family>) -> bool {
    let release = system.release.as_deref();
    let row = release.and_then(|r| known?.release.get(r));
    let version = row.and_then(|r| r.version.as_deref());
    let any = row.is_some() && (release == Some("latest") || host.release.is_none());
    host.is(&system.family, release)
        || version.is_some_and(|v| host.is(&system.family, Some(v)))
        || (any && host.is(&system.family, None))
}

/// Gives a local environment this machine's package manager and distro keys; a named system must be this one.
pub(crate) fn apply(
    project: &Project,
    name: &EnvName,
    settings: &mut Settings,
) -> Result<(), Problem> {
    let families = &project.catalog.families;
    let named = name.system.as_ref().filter(|s| s.family != "host");
    let anywhere = |s: &System| families.get(&s.family).is_some_and(|f| f.anywhere);
    if named.is_some_and(anywhere) {
        return Ok(());
    }
    let host = os_release::read();
    if let Some(system) = named.filter(|s| !is(&host, s, families.get(&s.family))) {
        let release = host.release.as_ref();
        let this = release.map_or(host.id.clone(), |r| format!("{}-{r}", host.id));
        let title = format!("`{name}` needs {system}, and this machine is {this}");
        let help = format!("run `local-host` here, or `docker-{system}` in a container");
        return Err(Problem::new(title, help));
    }
    let itself = families.iter().find(|(name, _)| host.is(name, None));
    let like = || host.like.iter().find_map(|id| families.get(id));
    let family = itself.map(|(_, family)| family).or_else(like);
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
    use crate::catalog::Catalog;

    #[test]
    fn a_machine_is_its_release_by_name_number_or_family() {
        let is = |os_release: &str, family: &str, release: &str| {
            let (family, release) = (family.to_owned(), Some(release.to_owned()));
            let system = System { family, release };
            let known = Catalog::get().families.get(&system.family);
            super::is(&os_release::parse(os_release), &system, known)
        };
        let stream = "ID=\"centos\"\nVERSION_ID=\"9\"";
        assert!(is(stream, "centos", "stream-9"));
        assert!(!is(stream, "centos", "stream-10"));
        let noble = "ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble";
        assert!(is(noble, "ubuntu", "noble"));
        assert!(is(noble, "ubuntu", "latest"));
        assert!(!is(noble, "ubuntu", "jammy"));
        assert!(!is(noble, "debian", "latest"));
        // Rolling systems have no number.
        assert!(is("ID=arch", "archlinux", "latest"));
        assert!(is("ID=void", "voidlinux", "musl"));
        assert!(!is("ID=void", "voidlinux", "classic"));
    }
}
