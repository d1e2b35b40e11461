//! Names of an environment's packages: what its package manager is given.

use indexmap::IndexSet;

use super::draft::Settings;
use super::fill::Scope;
use super::fill_list;
use super::setting::Setting;
use crate::config::Project;
use crate::name::expand::shown;
use crate::packages;
use crate::problem::{Place, Problem};

#[derive(Default)]
pub(super) struct Names {
    /// For the package manager, each once.
    pub(super) words: IndexSet<String>,
    /// Options of the install that the package tree asks for, each once.
    pub(super) options: IndexSet<String>,
    /// Keys that have a name here.
    pub(super) keys: Vec<String>,
    /// Keys that have none.
    pub(super) nameless: Vec<String>,
}

/// Those of `packages`, then `system-packages`.
pub(super) fn of(
    project: &Project,
    scope: &Scope<'_>,
    settings: &Settings,
) -> Result<Names, Problem> {
    let mut all = Names::default();
    let distro: Vec<String> = settings.distro.iter().map(|d| d.value.clone()).collect();
    for key in &settings.packages {
        match packages::names(project, &key.value, &distro)? {
            packages::Names::None => {
                all.nameless.push(key.value.clone());
                continue;
            }
            packages::Names::Written(words, place) => {
                for word in words {
                    all.add(scope.text(&word, Some(&place))?, Some(&place))?;
                }
            }
            packages::Names::Tree(words) => {
                for name in words.names {
                    all.add(name, key.place())?;
                }
                all.options.extend(words.options);
            }
        }
        all.keys.push(key.value.clone());
    }
    for name in fill_list(scope, &settings.system_packages)? {
        all.add(name.value.clone(), Setting::place(&name))?;
    }
    Ok(all)
}

impl Names {
    /// A name is data: no control characters, and no dash first, which the package manager would take for an option.
    fn add(&mut self, name: String, place: Option<&Place>) -> Result<(), Problem> {
        if name.is_empty() || name.chars().any(char::is_control) || name.starts_with('-') {
            let title = if name.is_empty() {
                "an empty name of a package".to_owned()
            } else {
                format!("`{}` cannot be the name of a package", shown(&name))
            };
            let help = "a name is not empty, has no control characters and no `-` first";
            let problem = Problem::new(title, help);
            return Err(place.cloned().into_iter().fold(problem, Problem::place));
        }
        self.words.insert(name);
        Ok(())
    }
}
