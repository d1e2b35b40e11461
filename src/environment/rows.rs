//! An environment as rows of settings: what `show` prints, and how each is called.

use indexmap::IndexMap;

use super::draft::{Settings, Strings, Var};
use super::mounts::{annotation_text, mount_text, secret_text};
use super::setting::{Origin, Setting};
use super::{Environment, Form, Stage, StageCommand};
use crate::late::Late;
use crate::quote;

/// One setting: its key, its value or its elements, and where each was written.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) list: bool,
    pub(crate) values: Vec<(String, Option<String>)>,
    /// A stage's row that says what the layers' says already.
    pub(crate) inherited: bool,
}

impl Row {
    fn plain(key: &str, value: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            list: false,
            inherited: false,
            values: vec![(value.into(), None)],
        }
    }

    fn one<T: ToString>(key: &str, setting: &Setting<T>) -> Self {
        Self {
            key: key.to_owned(),
            list: false,
            inherited: false,
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
            inherited: false,
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
    for (key, names) in [
        ("package-names", &env.package_names),
        ("package-options", &env.package_options),
        ("packages-without-a-name", &env.nameless),
    ] {
        rows.extend((!names.is_empty()).then(|| Row::many(key, names)));
    }
    let end = env.end_of_life.iter();
    rows.extend(end.map(|day| Row::one("end-of-life", day)));
    let archive = env.archive.iter();
    rows.extend(archive.map(|tree| Row::one("archive", tree)));
    for (name, var) in &env.vars {
        rows.push(var_row(name, var));
    }
    for stage in &env.stages {
        let mut own = stage_rows(stage);
        let before = format!("stage.{}.", stage.name);
        for row in &mut own {
            let key = row.key.strip_prefix(&before);
            let same = |layers: &&Row| Some(layers.key.as_str()) == key;
            row.inherited = rows
                .iter()
                .find(same)
                .is_some_and(|l| l.values == row.values);
        }
        rows.extend(own);
    }
    for (value, _) in rows.iter_mut().flat_map(|row| &mut row.values) {
        *value = late.fill(value);
    }
    rows
}

fn var_row(name: &str, var: &Var) -> Row {
    let key = format!("vars.{name}");
    match var {
        Var::Text(text) => Row::one(&key, text),
        Var::List(list) => Row::many(key, list),
    }
}

/// Exhaustive: a new setting does not compile until it is shown.
fn settings(settings: &Settings) -> Vec<Row> {
    #[rustfmt::skip]
    let Settings {
        description, image, platform, package_manager, distro, packages, system_packages, packages_before,
        packages_after, ignore_missing_packages, env, prelude, shell, workdir, user, network, mounts, create_args,
        secrets, allow_volumes, memory, cpus, timeout, kill_after, isolate, install, pass_env, annotate, host_os,
    } = settings;
    let mut rows = Rows::new("");
    rows.text("description", description.as_ref());
    rows.list("image", image);
    rows.text("platform", platform.as_ref());
    rows.text("package-manager", package_manager.as_ref());
    rows.list("distro", distro);
    rows.list("packages", packages);
    rows.list("system-packages", system_packages);
    rows.list("packages-before", packages_before);
    rows.list("packages-after", packages_after);
    rows.text("ignore-missing-packages", ignore_missing_packages.as_ref());
    rows.list("prelude", prelude);
    rows.list("shell", shell);
    rows.text("workdir", workdir.as_ref());
    rows.text("user", user.as_ref());
    rows.text("network", network.as_ref());
    rows.each("mounts", mounts, mount_text);
    rows.list("create-args", create_args);
    rows.each("secrets", secrets, secret_text);
    rows.text("allow-volumes", allow_volumes.as_ref());
    rows.text("memory", memory.as_ref());
    rows.text("cpus", cpus.as_ref());
    rows.text("timeout", timeout.as_ref());
    rows.text("kill-after", kill_after.as_ref());
    rows.text("isolate", isolate.as_ref());
    rows.text("install", install.as_ref());
    rows.list("pass-env", pass_env);
    rows.each("annotate", annotate, annotation_text);
    rows.list("host-os", host_os);
    rows.named("env", env);
    rows.all
}

fn stage_rows(stage: &Stage) -> Vec<Row> {
    #[rustfmt::skip]
    let Stage {
        name, from, packages, copy, run, on_failure, finally, env, shell, prelude, workdir, user, network, mounts,
        secrets, create_args, key_period, machine, keep, timeout, memory, cpus, log_limit, max_links, allow_failure,
        artifacts, incremental, push,
    } = stage;
    let mut rows = Rows::new(&format!("stage.{name}."));
    rows.text("from", from.as_ref());
    rows.text("packages", packages.as_ref());
    rows.list("copy", copy);
    rows.list("run", &texts(run));
    rows.list("on-failure", &texts(on_failure));
    rows.list("finally", &texts(finally));
    rows.list("shell", shell);
    rows.list("prelude", prelude);
    rows.named("env", env);
    rows.text("workdir", Some(workdir));
    rows.text("user", user.as_ref());
    rows.text("network", network.as_ref());
    rows.each("mounts", mounts, mount_text);
    rows.each("secrets", secrets, secret_text);
    rows.list("create-args", create_args);
    rows.text("key-period", key_period.as_ref());
    rows.text("machine", machine.as_ref());
    rows.text("keep", keep.as_ref());
    rows.text("timeout", timeout.as_ref());
    rows.text("memory", memory.as_ref());
    rows.text("cpus", cpus.as_ref());
    rows.text("log-limit", log_limit.as_ref());
    rows.text("max-links", max_links.as_ref());
    rows.text("allow-failure", allow_failure.as_ref());
    rows.list("artifacts", artifacts);
    rows.text("incremental", incremental.as_ref());
    rows.text("push", push.as_ref());
    rows.all
}

/// Rows whose keys begin alike; what says nothing is left out.
struct Rows {
    before: String,
    all: Vec<Row>,
}

impl Rows {
    fn new(before: &str) -> Self {
        let before = before.to_owned();
        let all = Vec::new();
        Self { before, all }
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.before)
    }

    fn text<T: ToString>(&mut self, key: &str, setting: Option<&Setting<T>>) {
        let key = self.key(key);
        self.all.extend(setting.map(|s| Row::one(&key, s)));
    }

    fn list(&mut self, key: &str, list: &Strings) {
        if !list.is_empty() {
            let row = Row::many(self.key(key), list);
            self.all.push(row);
        }
    }

    fn each<T>(&mut self, key: &str, list: &[Setting<T>], text: fn(&T) -> String) {
        let list = list.iter().map(|s| s.with(text(&s.value))).collect();
        self.list(key, &list);
    }

    fn named(&mut self, key: &str, map: &IndexMap<String, Setting<String>>) {
        for (name, setting) in map {
            self.text(&format!("{key}.{name}"), Some(setting));
        }
    }
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
