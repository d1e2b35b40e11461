//! What `local-host` is: this machine's `os-release`, as a system of the catalog where it is one.

use super::draft::Settings;
use super::setting::{Origin, Setting};
use crate::config::Project;
use crate::host::os_release;
use crate::name::EnvName;
use crate::problem::Problem;

/// Gives a local environment this machine's package manager and distro keys; a named system must be this one.
pub(crate) fn apply(
    project: &Project,
    name: &EnvName,
    settings: &mut Settings,
) -> Result<(), Problem> {
    let host = os_release::read();
    let named = name.system.as_ref().filter(|s| s.family != "host");
    if let Some(system) = named.filter(|s| !host.is(&s.family, s.release.as_deref())) {
        let release = host.release.as_ref();
        let this = release.map_or(host.id.clone(), |r| format!("{}-{r}", host.id));
        let title = format!("`{name}` needs {system}, and this machine is {this}");
        let help = format!("run `local-host` here, or `docker-{system}` in a container");
        return Err(Problem::new(title, help));
    }
    let families = &project.catalog.families;
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
