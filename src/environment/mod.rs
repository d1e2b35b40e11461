//! One environment: a name, resolved. Every setting is final and knows where it was written.
//!
//! Starts nothing, touches no network; reads `os-release` for `local-host`.

mod complete;
pub(crate) mod draft;
pub(crate) mod fill;
pub(crate) mod host_system;
pub(crate) mod layers;
mod mounts;
mod names;
pub(crate) mod rows;
pub(crate) mod setting;
pub(crate) mod stage;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use indexmap::IndexMap;

use crate::catalog::managers::{self, Manager};
use crate::config::Project;
use crate::host::Host;
use crate::name::{CONFIG, EnvName};
use crate::problem::{Place, Problem};
use draft::{Settings, Strings, Var};
use fill::{Scope, Value};
pub(crate) use mounts::{mount_text, secret_text};
use setting::{Origin, Setting};
pub(crate) use stage::{Form, Stage, StageCommand, is_on};

#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub(crate) name: EnvName,
    pub(crate) project: String,
    pub(crate) settings: Settings,
    pub(crate) manager: Option<&'static Manager>,
    pub(crate) vars: IndexMap<String, Var>,
    /// Names that the package manager gets: those of `packages`, then `system-packages`.
    pub(crate) package_names: Strings,
    /// Options of the install that the package tree asks for.
    pub(crate) package_options: Strings,
    /// Keys of `packages` that have no name on this system.
    pub(crate) nameless: Strings,
    pub(crate) stages: Vec<Stage>,
    /// What vars, posargs and variables of the caller stood for, where one was used.
    pub(crate) used: BTreeMap<String, String>,
    /// The day its system's maintenance ends.
    pub(crate) end_of_life: Option<Setting<String>>,
    /// Where its system's packages are from then on.
    pub(crate) archive: Option<Setting<String>>,
}

impl Environment {
    /// Does it run in containers?
    pub(crate) fn container(&self) -> bool {
        !self.name.is_local()
    }

    /// Does it run on this host in a tree of its own?
    pub(crate) fn isolated(&self) -> bool {
        let isolate = self.settings.isolate.as_ref();
        !self.container() && isolate.is_some_and(|isolate| isolate.value == "copy")
    }
}

/// Makes every setting of a name final.
pub(crate) fn resolve(
    project: &Project,
    name: &EnvName,
    host: &Host,
    posargs: &[String],
) -> Result<Environment, Problem> {
    let (name, mut draft) = layers::draft(project, name)?;
    let container = !name.is_local();
    if !container {
        host_system::apply(project, &name, &mut draft.settings)?;
    }
    let built_in = builtin(project, &name);
    let mut scope = Scope::new(project, &draft.vars, built_in, posargs, host, container);
    let names = names::of(project, &scope, &draft.settings)?;
    let words = names.words.keys().cloned().collect();
    for (name, list) in [("packages", words), ("package-keys", names.keys)] {
        let value = Some(Value::List(list));
        scope.builtin.insert(name.to_owned(), value);
    }
    let settings = fill_settings(&scope, draft.settings)?;
    let stages = stage::fill(project, &scope, &name, &settings, draft.stages)?;
    // Before all vars are made for `show`: what nobody used acts nowhere.
    let used = scope.used.borrow().clone();
    let vars = draft.vars.iter();
    let vars = vars.filter_map(|(n, var)| shown(&scope, n, var)).collect();
    let system = name.system.as_ref();
    let written = |(text, place): (&str, Option<Place>)| {
        let origin = place.map_or(Origin::Catalog, Origin::File);
        Setting::new(text.to_owned(), origin)
    };
    let environment = Environment {
        project: project.name.clone(),
        manager: manager(&settings),
        end_of_life: system.and_then(|s| project.end_of_life(s)).map(written),
        archive: system.and_then(|s| project.archive(s)).map(written),
        vars,
        used,
        package_names: names::listed(names.words),
        package_options: names::listed(names.options),
        nameless: names.nameless,
        stages,
        name,
        settings,
    };
    complete::check(&environment, project)?;
    Ok(environment)
}

/// Names that every environment has, or could have.
fn builtin(project: &Project, name: &EnvName) -> IndexMap<String, Option<Value>> {
    let text = |text: &str| Some(Value::Text(text.to_owned()));
    let mut all = IndexMap::from([
        ("env-name".to_owned(), text(&name.to_string())),
        ("project".to_owned(), text(&project.name)),
        ("runner".to_owned(), text(&name.runner)),
        (
            "system".to_owned(),
            name.system.as_ref().and_then(|s| text(&s.to_string())),
        ),
        (
            "family".to_owned(),
            name.system.as_ref().and_then(|s| text(&s.family)),
        ),
        (
            "release".to_owned(),
            name.system
                .as_ref()
                .and_then(|s| s.release.as_deref())
                .and_then(text),
        ),
        (CONFIG.to_owned(), name.config.as_deref().and_then(text)),
    ]);
    for axis in project.axes.own.keys() {
        all.insert(axis.clone(), name.value(axis).map(Value::Text));
    }
    all
}

/// Substitutes in every setting; exhaustive, so that a new one cannot be forgotten.
fn fill_settings(scope: &Scope<'_>, draft: Settings) -> Result<Settings, Problem> {
    let text = |s: Option<Setting<String>>| s.map(|s| scope.text_of(&s)).transpose();
    let shell = |list: Strings| {
        let fill = |s: &Setting<String>| scope.shell_of(s);
        list.iter().map(fill).collect::<Result<Strings, Problem>>()
    };
    #[rustfmt::skip]
    let Settings {
        package_manager, distro, packages, ignore_missing_packages, network, allow_volumes, timeout, kill_after,
        isolate, install, annotate, host_os, description, platform, workdir, user, memory, cpus, image,
        system_packages, shell: shell_words, pass_env, create_args, packages_before, packages_after, prelude, env,
        mounts, secrets,
    } = draft;
    Ok(Settings {
        package_manager,
        distro,
        packages,
        ignore_missing_packages,
        network,
        allow_volumes,
        timeout,
        kill_after,
        isolate,
        install,
        annotate,
        host_os,
        description: text(description)?,
        platform: text(platform)?,
        workdir: text(workdir)?,
        user: text(user)?,
        memory: text(memory)?,
        cpus: text(cpus)?,
        image: fill_list(scope, &image)?,
        system_packages: fill_list(scope, &system_packages)?,
        shell: fill_list(scope, &shell_words)?,
        pass_env: fill_list(scope, &pass_env)?,
        create_args: fill_list(scope, &create_args)?,
        packages_before: shell(packages_before)?,
        packages_after: shell(packages_after)?,
        prelude: shell(prelude)?,
        env: fill_env(scope, env)?,
        mounts: mounts::fill_mounts(scope, &mounts)?,
        secrets: mounts::fill_secrets(scope, &secrets)?,
    })
}

/// Elements with their origins; one that is a list is spliced.
pub(crate) fn fill_list(scope: &Scope<'_>, list: &Strings) -> Result<Strings, Problem> {
    let mut out = Strings::new();
    for s in list {
        let (texts, uses) = scope.noting(|| scope.list([(s.value.as_str(), s.place())]))?;
        out.extend(texts.into_iter().map(|text| Setting {
            uses: uses.clone(),
            ..s.with(text)
        }));
    }
    Ok(out)
}

pub(crate) fn fill_env(
    scope: &Scope<'_>,
    env: IndexMap<String, Setting<String>>,
) -> Result<IndexMap<String, Setting<String>>, Problem> {
    env.into_iter()
        .map(|(name, s)| Ok((name, scope.text_of(&s)?)))
        .collect()
}

/// A var's final value for `show`; one that nobody uses may have no value here, and is left out.
fn shown(scope: &Scope<'_>, name: &str, var: &Var) -> Option<(String, Var)> {
    let filled = match var {
        Var::Text(text) => Var::Text(text.with(scope.text(&text.value, text.place()).ok()?)),
        Var::List(list) => Var::List(fill_list(scope, list).ok()?),
    };
    Some((name.to_owned(), filled))
}

fn manager(settings: &Settings) -> Option<&'static Manager> {
    settings
        .package_manager
        .as_ref()
        .and_then(|m| managers::find(&m.value))
}
