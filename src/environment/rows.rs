//! An environment as rows of settings: what `show` prints, and how each is called.

use super::draft::{Settings, Strings};
use super::fill::Value;
use super::setting::{Origin, Setting};
use super::{Environment, Form, Stage, StageCommand};
use crate::late::Late;
use crate::quote;
use crate::time;

/// One setting: its key, its value or its elements, and where each was written.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) list: bool,
    pub(crate) values: Vec<(String, Option<String>)>,
}

impl Row {
    fn plain(key: &str, value: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            list: false,
            values: vec![(value.into(), None)],
        }
    }

    fn one<T: ToString>(key: &str, setting: &Setting<T>) -> Self {
        Self {
            key: key.to_owned(),
            list: false,
            values: vec![(setting.value.to_string(), Some(setting.origin.to_string()))],
        }
    }

    fn many(key: impl Into<String>, list: &Strings) -> Self {
        let values = list
            .iter()
            .map(|s| (s.value.clone(), Some(s.origin.to_string())))
            .collect();
        Self {
            key: key.into(),
            list: true,
            values,
        }
    }
}

/// All settings that say something, in the order of the reference.
pub(crate) fn rows(env: &Environment, late: &Late) -> Vec<Row> {
    let mut rows = vec![
        Row::plain("name", env.name.to_string()),
        Row::plain("runner", env.name.runner.clone()),
    ];
    if let Some(system) = &env.name.system {
        rows.push(Row::plain("system", system.to_string()));
    }
    rows.extend(settings(&env.settings));
    if !env.package_names.is_empty() {
        rows.push(Row {
            key: "package-names".into(),
            list: true,
            values: env
                .package_names
                .iter()
                .map(|n| (n.clone(), None))
                .collect(),
        });
    }
    if !env.nameless.is_empty() {
        rows.push(Row {
            key: "packages-without-a-name".into(),
            list: true,
            values: env.nameless.iter().map(|n| (n.clone(), None)).collect(),
        });
    }
    if let Some(day) = &env.end_of_life {
        rows.push(Row::plain("end-of-life", day.clone()));
    }
    for (name, var) in &env.vars {
        rows.push(var_row(name, var));
    }
    for stage in &env.stages {
        rows.extend(stage_rows(stage));
    }
    for (value, _) in rows.iter_mut().flat_map(|row| &mut row.values) {
        *value = late.fill(value);
    }
    rows
}

fn var_row(name: &str, var: &Setting<Value>) -> Row {
    let origin = Some(var.origin.to_string());
    let (list, values) = match &var.value {
        Value::Text(text) => (false, vec![(text.clone(), origin)]),
        Value::List(texts) => (
            true,
            texts.iter().map(|t| (t.clone(), origin.clone())).collect(),
        ),
    };
    Row {
        key: format!("vars.{name}"),
        list,
        values,
    }
}

/// Exhaustive: a new setting does not compile until it is shown.
fn settings(settings: &Settings) -> Vec<Row> {
    #[rustfmt::skip]
    let Settings {
        description, image, platform, package_manager, workdir, network, memory, cpus, timeout, kill_after,
        distro, packages, system_packages, packages_before, packages_after, prelude, shell, pass_env,
        ignore_missing_packages, allow_volumes, env,
    } = settings;
    let texts = [
        ("description", description),
        ("image", image),
        ("platform", platform),
        ("package-manager", package_manager),
        ("workdir", workdir),
        ("network", network),
        ("memory", memory),
        ("cpus", cpus),
        ("timeout", timeout),
        ("kill-after", kill_after),
    ];
    let lists = [
        ("distro", distro),
        ("packages", packages),
        ("system-packages", system_packages),
        ("packages-before", packages_before),
        ("packages-after", packages_after),
        ("prelude", prelude),
        ("shell", shell),
        ("pass-env", pass_env),
    ];
    let flags = [
        ("ignore-missing-packages", ignore_missing_packages),
        ("allow-volumes", allow_volumes),
    ];
    let texts = texts.iter();
    let mut rows: Vec<Row> = texts
        .filter_map(|(key, s)| s.as_ref().map(|s| Row::one(key, s)))
        .collect();
    let lists = lists.iter().filter(|(_, list)| !list.is_empty());
    rows.extend(lists.map(|(key, list)| Row::many(*key, list)));
    for (key, flag) in flags {
        rows.extend(flag.iter().map(|s| Row::one(key, s)));
    }
    rows.extend(env.iter().map(|(n, s)| Row::one(&format!("env.{n}"), s)));
    rows
}

fn stage_rows(stage: &Stage) -> Vec<Row> {
    #[rustfmt::skip]
    let Stage {
        name, packages, copy, run, on_failure, env, shell, prelude, workdir, network, timeout, allow_failure,
    } = stage;
    let key = |key: &str| format!("stage.{name}.{key}");
    let mut rows = Vec::new();
    if *packages {
        rows.push(Row::plain(&key("packages"), "true"));
    }
    let lists = [
        ("copy", copy.clone()),
        ("run", texts(run)),
        ("on-failure", texts(on_failure)),
        ("shell", shell.clone()),
        ("prelude", prelude.clone()),
    ];
    rows.extend(
        lists
            .iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(k, list)| Row::many(key(k), list)),
    );
    rows.extend(
        env.iter()
            .map(|(variable, s)| Row::one(&key(&format!("env.{variable}")), s)),
    );
    rows.push(Row::one(&key("workdir"), workdir));
    rows.extend(
        network
            .iter()
            .map(|n| Row::plain(&key("network"), n.clone())),
    );
    rows.extend(
        timeout
            .iter()
            .map(|t| Row::plain(&key("timeout"), time::show_duration(*t))),
    );
    if *allow_failure {
        rows.push(Row::plain(&key("allow-failure"), "true"));
    }
    rows
}

fn texts(commands: &[StageCommand]) -> Strings {
    let text = |c: &StageCommand| match &c.form {
        Form::Line(text) => text.clone(),
        Form::Argv(words) => quote::words(words),
    };
    commands
        .iter()
        .map(|c| {
            Setting::new(
                text(c),
                c.place.clone().map_or(Origin::Default, Origin::File),
            )
        })
        .collect()
}
