//! One environment: a name, resolved. Every setting is final and knows where it was written.
//!
//! Starts nothing, touches no network; reads `os-release` for `local-host`.

pub(crate) mod draft;
pub(crate) mod fill;
pub(crate) mod host_system;
pub(crate) mod layers;
pub(crate) mod rows;
pub(crate) mod setting;
pub(crate) mod stage;

use std::cell::RefCell;

use indexmap::IndexMap;

use crate::catalog::managers::{self, Manager};
use crate::config::Project;
use crate::host::Host;
use crate::name::{CONFIG, EnvName};
use crate::packages;
use crate::problem::{Place, Problem};
use draft::{Settings, Strings, Var};
use fill::{Scope, Value};
use setting::{Origin, Setting};
pub(crate) use stage::{Form, Stage, StageCommand};

#[derive(Clone, Debug)]
pub(crate) struct Environment {
    pub(crate) name: EnvName,
    pub(crate) project: String,
    pub(crate) settings: Settings,
    pub(crate) manager: Option<&'static Manager>,
    pub(crate) vars: IndexMap<String, Setting<Value>>,
    /// Names that the package manager gets: those of `packages`, then `system-packages`.
    pub(crate) package_names: Vec<String>,
    /// Keys of `packages` that have no name on this system.
    pub(crate) nameless: Vec<String>,
    pub(crate) stages: Vec<Stage>,
    /// The day its system's maintenance ends.
    pub(crate) end_of_life: Option<String>,
}

impl Environment {
    /// Does it run in containers?
    pub(crate) fn container(&self) -> bool {
        self.name.runner != "local"
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
    if name.runner == "local" {
        host_system::apply(project, &name, &mut draft.settings)?;
    }
    let distro: Vec<String> = draft
        .settings
        .distro
        .iter()
        .map(|d| d.value.clone())
        .collect();
    let mut scope = Scope {
        vars: &draft.vars,
        builtin: builtin(project, &name),
        posargs,
        host,
        container: name.runner != "local",
        open: RefCell::new(Vec::new()),
    };
    let (package_names, keys, nameless) = package_names(project, &scope, &draft.settings, &distro)?;
    scope.builtin.insert(
        "packages".to_owned(),
        Some(Value::List(package_names.clone())),
    );
    scope
        .builtin
        .insert("package-keys".to_owned(), Some(Value::List(keys)));
    let settings = fill_settings(&scope, draft.settings)?;
    let stages = stage::fill(project, &scope, &name, &settings, draft.stages)?;
    let vars = draft
        .vars
        .iter()
        .filter_map(|(n, var)| shown(&scope, n, var))
        .collect();
    let manager = manager(&settings);
    let system = name.system.as_ref();
    let end = system
        .and_then(|s| project.catalog.end_of_life(&s.family, s.release.as_deref()))
        .map(str::to_owned);
    let environment = Environment {
        project: project.name.clone(),
        manager,
        vars,
        package_names,
        nameless,
        stages,
        end_of_life: end,
        name,
        settings,
    };
    complete(&environment, project)?;
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
        all.insert(axis.clone(), name.axes.get(axis).and_then(|v| text(v)));
    }
    all
}

/// Names for the package manager, keys that have one, keys that have none.
type Names = (Vec<String>, Vec<String>, Vec<String>);

fn package_names(
    project: &Project,
    scope: &Scope<'_>,
    settings: &Settings,
    distro: &[String],
) -> Result<Names, Problem> {
    let (mut names, mut keys, mut nameless) = (Vec::<String>::new(), Vec::new(), Vec::new());
    let mut add = |name: String| {
        if !names.contains(&name) {
            names.push(name)
        }
    };
    for key in &settings.packages {
        let words = packages::names(project, &key.value, distro);
        if words.is_empty() {
            nameless.push(key.value.clone());
            continue;
        }
        keys.push(key.value.clone());
        for (word, place) in words {
            add(package_name(
                &scope.text(&word, Some(&place))?,
                Some(&place),
            )?);
        }
    }
    for name in scope.list(
        settings
            .system_packages
            .iter()
            .map(|s| (s.value.as_str(), s.place())),
    )? {
        let place = settings.system_packages.first().and_then(Setting::place);
        add(package_name(&name, place)?);
    }
    Ok((names, keys, nameless))
}

/// A name is data: no control characters, and no dash first, which the package manager would take for an option.
fn package_name(name: &str, place: Option<&Place>) -> Result<String, Problem> {
    if name.is_empty() || name.chars().any(char::is_control) || name.starts_with('-') {
        let title = format!(
            "`{}` cannot be the name of a package",
            crate::name::expand::shown(name)
        );
        let problem = Problem::new(
            title,
            "a name is not empty, has no control characters and no `-` first",
        );
        return Err(match place {
            Some(place) => problem.place(place.clone()),
            None => problem,
        });
    }
    Ok(name.to_owned())
}

/// Substitutes in every setting; exhaustive, so that a new one cannot be forgotten.
fn fill_settings(scope: &Scope<'_>, draft: Settings) -> Result<Settings, Problem> {
    let text = |s: Option<Setting<String>>| {
        s.map(|s| Ok::<_, Problem>(s.with(scope.text(&s.value, s.place())?)))
            .transpose()
    };
    let shell = |list: Strings| {
        list.iter()
            .map(|s| Ok(s.with(scope.shell(&s.value, s.place())?)))
            .collect::<Result<Strings, Problem>>()
    };
    let each = |list: Strings| -> Result<Strings, Problem> {
        let mut out = Strings::new();
        for s in &list {
            out.extend(
                scope
                    .list([(s.value.as_str(), s.place())])?
                    .into_iter()
                    .map(|t| s.with(t)),
            );
        }
        Ok(out)
    };
    let Settings {
        description,
        image,
        platform,
        package_manager,
        distro,
        packages,
        system_packages,
        packages_before,
        packages_after,
        ignore_missing_packages,
        env,
        prelude,
        shell: shell_words,
        workdir,
        network,
        allow_volumes,
        memory,
        cpus,
        timeout,
        kill_after,
        pass_env,
    } = draft;
    Ok(Settings {
        description: text(description)?,
        image: text(image)?,
        platform: text(platform)?,
        package_manager,
        distro,
        packages,
        system_packages: each(system_packages)?,
        packages_before: shell(packages_before)?,
        packages_after: shell(packages_after)?,
        ignore_missing_packages,
        env: fill_env(scope, env)?,
        prelude: shell(prelude)?,
        shell: each(shell_words)?,
        workdir: text(workdir)?,
        network,
        allow_volumes,
        memory: text(memory)?,
        cpus: text(cpus)?,
        timeout,
        kill_after,
        pass_env: each(pass_env)?,
    })
}

pub(crate) fn fill_env(
    scope: &Scope<'_>,
    env: IndexMap<String, Setting<String>>,
) -> Result<IndexMap<String, Setting<String>>, Problem> {
    env.into_iter()
        .map(|(name, s)| Ok((name, s.with(scope.text(&s.value, s.place())?))))
        .collect()
}

/// A var's final value for `show`; one that nobody uses may have no value here, and is left out.
fn shown(scope: &Scope<'_>, name: &str, var: &Var) -> Option<(String, Setting<Value>)> {
    let filled = match var {
        Var::Text(text) => text.with(Value::Text(scope.text(&text.value, text.place()).ok()?)),
        Var::List(list) => {
            let value = scope
                .list(list.iter().map(|s| (s.value.as_str(), s.place())))
                .ok()?;
            Setting::new(
                Value::List(value),
                list.first().map_or(Origin::Default, |s| s.origin.clone()),
            )
        }
    };
    Some((name.to_owned(), filled))
}

fn manager(settings: &Settings) -> Option<&'static Manager> {
    settings
        .package_manager
        .as_ref()
        .and_then(|m| managers::find(&m.value))
}

/// What a run needs and nobody said.
fn complete(env: &Environment, project: &Project) -> Result<(), Problem> {
    let s = &env.settings;
    if env.container() {
        let Some(image) = &s.image else {
            let title = format!("`{}` has no image", env.name);
            return Err(Problem::new(
                title,
                "give its system one: `[system.NAME] image = \"…\"`, or name a system of the catalog",
            ));
        };
        if !is_image(&image.value) {
            let problem = Problem::new(
                format!("`{}` is not an image reference", image.value),
                "write it as `debian:bookworm` or `registry/path/name:tag`",
            );
            return Err(match image.place() {
                Some(place) => problem.place(place.clone()),
                None => problem,
            });
        }
    }
    let workdir = s.workdir.as_ref().expect("has a default");
    if !workdir.value.starts_with('/')
        || workdir.value.split('/').any(|p| p == "..")
        || workdir.value.chars().any(char::is_control)
    {
        let problem = Problem::new(
            format!("`{}` is not an absolute path", workdir.value),
            "write it as `/src`",
        );
        return Err(workdir
            .place()
            .map_or(problem.clone(), |p| problem.place(p.clone())));
    }
    if env.stages.is_empty() {
        let problem = Problem::new(
            format!("`{}` has no stages", env.name),
            "declare at least one: `[stage.built] run = [\"make\"]`",
        );
        return Err(problem.at(&project.source, 0..0, ""));
    }
    Ok(())
}

/// Is this text an image reference, and nothing an engine could take for an option?
fn is_image(text: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    !text.is_empty()
        && text.len() < 256
        && text.chars().all(ok)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}
