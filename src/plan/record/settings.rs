//! The settings of a stage under their names: what acts of them, each text with its place and what was put into it.

use std::collections::BTreeMap;

use super::{Item, Part, Said};
use crate::environment::draft::Strings;
use crate::environment::setting::{Origin, Setting};
use crate::environment::{Environment, Form, Stage, StageCommand, is_on, mount_text, secret_text};
use crate::late;
use crate::plan::script;

/// What the settings of a stage say; `variables` are those that its script exports.
pub(crate) fn said(
    env: &Environment,
    stage: &Stage,
    variables: &BTreeMap<String, String>,
    key_salt: &str,
) -> Said {
    let acts = acts(env, stage, variables, key_salt).0;
    let mut tells = Parts::default();
    tells.list(super::IMAGE, &env.settings.image);
    tells.one("platform", env.settings.platform.as_ref());
    tells.list(super::COPY, &stage.copy);
    let items = acts.iter().chain(&tells.0).flat_map(|part| &part.items);
    let value = |name: &String| {
        let value = Item::new(late::shown(env.used.get(name)?));
        Some((name.clone(), value))
    };
    let names = items.flat_map(|item| &item.uses).filter_map(value);
    Said {
        names: names.collect(),
        acts,
        tells: tells.0,
    }
}

fn acts(
    env: &Environment,
    stage: &Stage,
    variables: &BTreeMap<String, String>,
    key_salt: &str,
) -> Parts {
    // Exhaustive: a new key of a stage does not compile until it is decided whether it acts.
    #[rustfmt::skip]
    let Stage {
        name, from: _, packages, copy: _, run, on_failure: _, finally: _, env: own, shell, prelude, workdir, user, network,
        mounts, secrets, create_args, key_period, machine, keep, timeout: _, memory: _, cpus: _, log_limit: _,
        max_links: _, allow_failure: _, artifacts: _, incremental: _, push: _,
    } = stage;
    let mut parts = Parts::default();
    if is_on(packages.as_ref()) {
        of_packages(env, &mut parts);
    }
    for (name, value) in variables {
        // The package manager's own are in no file.
        let own = own.get(name).cloned();
        let value = own.unwrap_or_else(|| Setting::new(value.clone(), Origin::Catalog));
        parts.one(&format!("env.{name}"), Some(&value));
    }
    // Commands are what they act on; a list of words needs no shell.
    let lines = run.iter().any(|run| matches!(run.form, Form::Line(_)));
    let words: Vec<String> = shell.iter().map(|s| s.value.clone()).collect();
    if (lines || !prelude.is_empty()) && !run.is_empty() && script::interpreter(&words).is_some() {
        parts.list("shell", shell);
    }
    if !run.is_empty() {
        parts.list("prelude", prelude);
    }
    parts.one("workdir", Some(workdir));
    parts.one("user", user.as_ref());
    parts.one("network", network.as_ref());
    parts.each("mounts", mounts, mount_text);
    parts.each("secrets", secrets, secret_text);
    parts.list("create-args", create_args);
    parts.commands("run", run);
    parts.one(super::PERIOD, key_period.as_ref());
    parts.one(super::MACHINE, machine.as_ref().filter(|s| s.value));
    parts.one("keep", keep.as_ref().filter(|s| !s.value));
    let volumes = env.settings.allow_volumes.as_ref();
    parts.one("allow-volumes", volumes.filter(|s| s.value));
    if !key_salt.is_empty() {
        parts.0.push(Part::text("key-salt", key_salt));
    }
    parts.0.push(Part::text("stage", name));
    parts
}

/// What a package stage installs, and how.
fn of_packages(env: &Environment, parts: &mut Parts) {
    let settings = &env.settings;
    parts.list("packages", &env.package_names);
    parts.list("package-options", &env.package_options);
    parts.list("packages-before", &settings.packages_before);
    parts.list("packages-after", &settings.packages_after);
    if env.package_names.is_empty() {
        return;
    }
    parts.one("package-manager", settings.package_manager.as_ref());
    let ignores = settings.ignore_missing_packages.as_ref();
    parts.one("ignore-missing-packages", ignores.filter(|s| s.value));
    if env.manager.is_some_and(|manager| manager.archive.is_some()) && env.archive.is_some() {
        parts.one("end-of-life", env.end_of_life.as_ref());
        parts.one("archive", env.archive.as_ref());
    }
}

/// Parts in the order in which they are told; what is not said is none.
#[derive(Default)]
struct Parts(Vec<Part>);

impl Parts {
    fn one<T: ToString>(&mut self, name: &str, setting: Option<&Setting<T>>) {
        self.0.extend(setting.map(|s| Part {
            name: name.to_owned(),
            list: false,
            items: vec![item(s.value.to_string(), &s.uses, &s.origin.to_string())],
        }));
    }

    fn list(&mut self, name: &str, list: &Strings) {
        self.each(name, list, Clone::clone);
    }

    fn each<T>(&mut self, name: &str, list: &[Setting<T>], text: fn(&T) -> String) {
        let items = list.iter();
        let items = items.map(|s| item(text(&s.value), &s.uses, &s.origin.to_string()));
        let items: Vec<Item> = items.collect();
        self.0
            .extend((!items.is_empty()).then(|| Part::list(name, items)));
    }

    fn commands(&mut self, name: &str, commands: &[StageCommand]) {
        let items = commands.iter().map(|command| {
            let text = match &command.form {
                Form::Line(text) => text.clone(),
                // As it is written in the file.
                Form::Argv(words) => {
                    let words: Vec<String> = words.iter().map(|w| late::shown(w)).collect();
                    format!("{words:?}")
                }
            };
            let text = if command.allow_failure {
                format!("{text} (may fail)")
            } else {
                text
            };
            let place = command.place.as_ref().map(ToString::to_string);
            item(text, &command.uses, &place.unwrap_or_default())
        });
        let items: Vec<Item> = items.collect();
        self.0
            .extend((!items.is_empty()).then(|| Part::list(name, items)));
    }
}

fn item(text: String, uses: &[String], place: &str) -> Item {
    Item {
        text: late::shown(&text),
        uses: uses.to_vec(),
        place: place.to_owned(),
        marked: false,
    }
}
