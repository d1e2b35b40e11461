//! Names of an environment's packages: what its package manager is given.

use indexmap::IndexMap;

use super::draft::{Settings, Strings};
use super::fill::Scope;
use super::fill_list;
use super::setting::{Origin, Setting};
use crate::config::Project;
use crate::name::expand::shown;
use crate::packages;
use crate::problem::Problem;

#[derive(Default)]
pub(super) struct Names {
    /// The package manager's.
    manager: Option<&'static str>,
    /// For the package manager, each once.
    pub(super) words: IndexMap<String, Origin>,
    /// Options of the install that the package tree asks for, each once.
    pub(super) options: IndexMap<String, Origin>,
    /// Keys that have a name here.
    pub(super) keys: Vec<String>,
    /// Keys that have none.
    pub(super) nameless: Strings,
}

/// Those of `packages`, then `system-packages`.
pub(super) fn of(
    project: &Project,
    scope: &Scope<'_>,
    settings: &Settings,
) -> Result<Names, Problem> {
    let mut all = Names {
        manager: super::manager(settings).map(|manager| manager.name),
        ..Names::default()
    };
    let distro: Vec<String> = settings.distro.iter().map(|d| d.value.clone()).collect();
    for key in &settings.packages {
        match packages::names(project, &key.value, &distro)? {
            packages::Names::None => {
                all.nameless.push(key.clone());
                continue;
            }
            packages::Names::Written(words, place) => {
                for word in words {
                    let name = scope.text(&word, Some(&place))?;
                    all.add(Setting::new(name, Origin::File(place.clone())), &key.origin)?;
                }
            }
            packages::Names::Tree(words, file) => {
                let origin = Origin::Tree(file);
                for name in words.names {
                    all.add(Setting::new(name, origin.clone()), &key.origin)?;
                }
                for option in words.options {
                    all.options.entry(option).or_insert_with(|| origin.clone());
                }
            }
        }
        all.keys.push(key.value.clone());
    }
    for name in fill_list(scope, &settings.system_packages)? {
        let written = name.origin.clone();
        all.add(name, &written)?;
    }
    Ok(all)
}

/// Words with their origins, as a list of settings.
pub(super) fn listed(words: IndexMap<String, Origin>) -> Strings {
    let words = words.into_iter();
    words
        .map(|(word, origin)| Setting::new(word, origin))
        .collect()
}

impl Names {
    /// A name is data: no control characters, and nothing that the package manager would take for an option or for a
    /// word of its own.
    fn add(&mut self, name: Setting<String>, asked: &Origin) -> Result<(), Problem> {
        let Setting {
            value: name,
            origin,
            uses: _,
        } = name;
        let own = match self.manager {
            Some("apt") if name.ends_with('-') => Some("apt removes what has `-` at its end"),
            Some("zypper") if name.starts_with(['!', '~']) => {
                Some("zypper removes what has `!` or `~` at its beginning")
            }
            _ => None,
        };
        let option = name.chars().any(char::is_control) || name.starts_with('-');
        if own.is_some() || option || name.trim().is_empty() {
            let title = if name.trim().is_empty() {
                "an empty name of a package".to_owned()
            } else {
                format!("`{}` cannot be the name of a package", shown(&name))
            };
            let help = "a name is not empty, has no control characters and no `-` first";
            let help = own.unwrap_or(help);
            let problem = Problem::new(title, help);
            let place = origin.place().or(asked.place()).cloned();
            return Err(place.into_iter().fold(problem, Problem::place));
        }
        self.words.entry(name).or_insert(origin);
        Ok(())
    }
}
