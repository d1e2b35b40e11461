//! Settings while the layers are laid over each other: the merge rule of every key, written out.

use std::collections::BTreeSet;

use crate::config::spanned::Spanned;
use indexmap::IndexMap;

use super::setting::{Origin, Setting};
use crate::config::Project;
use crate::config::check::texts;
use crate::config::file::{Layer, List, ListEdits, Map, StageEdits, StageTable, Text};
use crate::config::shape::{CommandForm, Commands, VarValue};
use crate::packages::{self, Entry};
use crate::problem::Problem;

/// A list whose elements each know where they were written.
pub(crate) type Strings = Vec<Setting<String>>;

/// Every setting of the layers. Texts still hold substitutions in a draft and none in an `Environment`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) description: Option<Setting<String>>,
    pub(crate) image: Option<Setting<String>>,
    pub(crate) platform: Option<Setting<String>>,
    pub(crate) package_manager: Option<Setting<String>>,
    pub(crate) distro: Strings,
    /// Keys; groups are opened.
    pub(crate) packages: Strings,
    pub(crate) system_packages: Strings,
    pub(crate) packages_before: Strings,
    pub(crate) packages_after: Strings,
    pub(crate) ignore_missing_packages: Option<Setting<bool>>,
    pub(crate) env: IndexMap<String, Setting<String>>,
    pub(crate) prelude: Strings,
    pub(crate) shell: Strings,
    pub(crate) workdir: Option<Setting<String>>,
    pub(crate) network: Option<Setting<String>>,
    pub(crate) allow_volumes: Option<Setting<bool>>,
    pub(crate) memory: Option<Setting<String>>,
    pub(crate) cpus: Option<Setting<String>>,
    pub(crate) timeout: Option<Setting<String>>,
    pub(crate) kill_after: Option<Setting<String>>,
    pub(crate) pass_env: Strings,
}

/// A var as it was written.
#[derive(Clone, Debug)]
pub(crate) enum Var {
    Text(Setting<String>),
    List(Strings),
}

/// A stage as it was written, all layers applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageDraft {
    pub(crate) packages: bool,
    pub(crate) copy: Strings,
    pub(crate) run: Vec<Setting<CommandForm>>,
    pub(crate) on_failure: Vec<Setting<CommandForm>>,
    pub(crate) env: IndexMap<String, Setting<String>>,
    pub(crate) shell: Strings,
    pub(crate) prelude: Strings,
    pub(crate) workdir: Option<Setting<String>>,
    pub(crate) network: Option<Setting<String>>,
    pub(crate) timeout: Option<Setting<String>>,
    pub(crate) allow_failure: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) settings: Settings,
    pub(crate) vars: IndexMap<String, Var>,
    pub(crate) stages: IndexMap<String, StageDraft>,
}

fn file<T: Clone>(project: &Project, value: &Spanned<T>) -> Setting<T> {
    Setting::new(
        value.get_ref().clone(),
        Origin::File(project.place(value.span())),
    )
}

/// A later layer's value replaces an earlier one's.
fn replace<T: Clone>(project: &Project, slot: &mut Option<Setting<T>>, value: Option<&Spanned<T>>) {
    if let Some(value) = value {
        *slot = Some(file(project, value));
    }
}

/// The elements of a list with their places.
pub(crate) fn list(project: &Project, list: Option<&List>) -> Strings {
    texts(project, list)
        .into_iter()
        .map(|(text, place)| Setting::new(text, Origin::File(place)))
        .collect()
}

/// The commands of a list with their places.
pub(crate) fn commands(
    project: &Project,
    commands: &Spanned<Commands>,
) -> Vec<Setting<CommandForm>> {
    commands
        .get_ref()
        .each(commands.span())
        .iter()
        .map(|c| file(project, c))
        .collect()
}

fn replace_list(project: &Project, slot: &mut Strings, value: Option<&List>) {
    if value.is_some() {
        *slot = list(project, value);
    }
}

fn merge(
    project: &Project,
    map: &mut IndexMap<String, Setting<String>>,
    layer: Option<&Map<Text>>,
) {
    for (name, value) in layer.into_iter().flatten() {
        map.insert(name.get_ref().clone(), file(project, value));
    }
}

fn take_out(slot: &mut Strings, words: &Strings) {
    slot.retain(|have| !words.iter().any(|w| w.value == have.value));
}

impl Draft {
    /// What holds before any layer.
    pub(crate) fn new(project: &Project) -> Self {
        let mut draft = Self::default();
        draft.settings.workdir = Some(Setting::default(format!("/{}", project.name)));
        draft.set_vars(project, Some(&project.file.vars));
        draft
    }

    /// Lays one more layer over the draft. Exhaustive: a new key does not compile until its rule is written.
    pub(crate) fn apply(&mut self, project: &Project, layer: &Layer) -> Result<(), Problem> {
        #[rustfmt::skip]
        let Layer {
            image, platform, package_manager, workdir, network, memory, cpus, timeout, kill_after, description,
            ignore_missing_packages, allow_volumes, distro, shell, pass_env,
            packages, system_packages, packages_before, packages_after, prelude, env, vars, stage, append, remove,
        } = layer;
        self.set_image(project, image.as_ref());
        let s = &mut self.settings;
        let texts = [
            (&mut s.platform, platform),
            (&mut s.package_manager, package_manager),
            (&mut s.workdir, workdir),
            (&mut s.network, network),
            (&mut s.memory, memory),
            (&mut s.cpus, cpus),
            (&mut s.timeout, timeout),
            (&mut s.kill_after, kill_after),
            (&mut s.description, description),
        ];
        for (slot, value) in texts {
            replace(project, slot, value.as_ref());
        }
        let missing = ignore_missing_packages.as_ref();
        replace(project, &mut s.ignore_missing_packages, missing);
        replace(project, &mut s.allow_volumes, allow_volumes.as_ref());
        replace_list(project, &mut s.distro, distro.as_ref());
        replace_list(project, &mut s.shell, shell.as_ref());
        replace_list(project, &mut s.pass_env, pass_env.as_ref());
        add_packages(project, &mut s.packages, packages.as_ref());
        let adding = [
            (&mut s.system_packages, system_packages),
            (&mut s.packages_before, packages_before),
            (&mut s.packages_after, packages_after),
            (&mut s.prelude, prelude),
        ];
        for (slot, value) in adding {
            slot.extend(list(project, value.as_ref()));
        }
        merge(project, &mut s.env, env.as_ref());
        self.set_vars(project, vars.as_ref());
        self.set_stages(project, stage.as_ref());
        self.edit(project, append.as_ref(), remove.as_ref())
    }

    /// `{image}` in it is the value so far.
    fn set_image(&mut self, project: &Project, image: Option<&Text>) {
        let slot = &mut self.settings.image;
        if let Some(image) = image {
            let before = slot.take().map(|i| i.value).unwrap_or_default();
            let setting = file(project, image);
            *slot = Some(setting.with(image.get_ref().replace("{image}", &before)));
        }
    }

    fn set_stages(&mut self, project: &Project, stages: Option<&Map<Spanned<StageTable>>>) {
        for (name, table) in stages.into_iter().flatten() {
            if let Some(draft) = self.stages.get_mut(name.get_ref()) {
                draft.apply(project, table.get_ref());
            }
        }
    }

    fn set_vars(&mut self, project: &Project, vars: Option<&Map<Spanned<VarValue>>>) {
        for (name, value) in vars.into_iter().flatten() {
            let origin = Origin::File(project.place(value.span()));
            let var = match value.get_ref() {
                VarValue::Text(text) => Var::Text(Setting::new(text.clone(), origin)),
                VarValue::Flag(flag) => Var::Text(Setting::new(flag.to_string(), origin)),
                VarValue::List(texts) => {
                    Var::List(texts.iter().map(|t| file(project, t)).collect())
                }
            };
            self.vars.insert(name.get_ref().clone(), var);
        }
    }

    fn edit(
        &mut self,
        project: &Project,
        append: Option<&ListEdits>,
        remove: Option<&ListEdits>,
    ) -> Result<(), Problem> {
        for (edits, add) in [(append, true), (remove, false)] {
            let Some(edits) = edits else { continue };
            #[rustfmt::skip]
            let ListEdits {
                distro, packages, system_packages, packages_before, packages_after, prelude, pass_env, vars,
            } = edits;
            let s = &mut self.settings;
            let pairs = [
                (&mut s.distro, distro),
                (&mut s.system_packages, system_packages),
                (&mut s.packages_before, packages_before),
                (&mut s.packages_after, packages_after),
                (&mut s.prelude, prelude),
                (&mut s.pass_env, pass_env),
            ];
            for (slot, edit) in pairs {
                let words = list(project, edit.as_ref());
                if add {
                    slot.extend(words);
                } else {
                    take_out(slot, &words);
                }
            }
            if add {
                add_packages(project, &mut s.packages, packages.as_ref());
            } else {
                remove_packages(project, &mut s.packages, packages.as_ref());
            }
            for (name, edit) in vars.iter().flatten() {
                self.edit_var(project, name, edit, add)?;
            }
        }
        Ok(())
    }

    fn edit_var(
        &mut self,
        project: &Project,
        name: &Text,
        edit: &List,
        add: bool,
    ) -> Result<(), Problem> {
        let words = list(project, Some(edit));
        let place = project.place(name.span());
        match self.vars.get_mut(name.get_ref()) {
            Some(Var::List(slot)) if add => slot.extend(words),
            Some(Var::List(slot)) => take_out(slot, &words),
            Some(Var::Text(_)) => {
                let title = format!("the var `{}` is a text, not a list", name.get_ref());
                return Err(
                    Problem::new(title, "write it as a list where it is declared").place(place),
                );
            }
            None => {
                let help = crate::nearest::advice(
                    name.get_ref(),
                    "vars",
                    self.vars.keys().map(String::as_str),
                );
                return Err(
                    Problem::new(format!("unknown var `{}`", name.get_ref()), help).place(place),
                );
            }
        }
        Ok(())
    }

    pub(crate) fn declare_stage(&mut self, project: &Project, name: &Text, table: &StageTable) {
        let mut draft = StageDraft::default();
        draft.apply(project, table);
        self.stages.insert(name.get_ref().clone(), draft);
    }
}

impl StageDraft {
    fn apply(&mut self, project: &Project, table: &StageTable) {
        let StageTable {
            packages,
            copy,
            run,
            env,
            shell,
            prelude,
            workdir,
            network,
            timeout,
            allow_failure,
            on_failure,
            append,
        } = table;
        if let Some(packages) = packages {
            self.packages = *packages.get_ref();
        }
        replace_list(project, &mut self.copy, copy.as_ref());
        if let Some(run) = run {
            self.run = commands(project, run);
        }
        if let Some(on_failure) = on_failure {
            self.on_failure = commands(project, on_failure);
        }
        merge(project, &mut self.env, env.as_ref());
        replace_list(project, &mut self.shell, shell.as_ref());
        self.prelude.extend(list(project, prelude.as_ref()));
        replace(project, &mut self.workdir, workdir.as_ref());
        replace(project, &mut self.network, network.as_ref());
        replace(project, &mut self.timeout, timeout.as_ref());
        if let Some(allow) = allow_failure {
            self.allow_failure = *allow.get_ref();
        }
        if let Some(StageEdits {
            copy,
            run,
            on_failure,
        }) = append
        {
            self.copy.extend(list(project, copy.as_ref()));
            self.run
                .extend(run.iter().flat_map(|r| commands(project, r)));
            self.on_failure
                .extend(on_failure.iter().flat_map(|r| commands(project, r)));
        }
    }
}

/// Keys add up, groups are opened, `!` takes out of what there is so far.
fn add_packages(project: &Project, slot: &mut Strings, layer: Option<&List>) {
    let mut have: BTreeSet<String> = slot.iter().map(|s| s.value.clone()).collect();
    for (word, place) in texts(project, layer) {
        let (mut add, mut take_out) = (Vec::new(), BTreeSet::new());
        for entry in packages::open(project, &word) {
            match entry {
                Entry::Add(key) => add.push(key),
                Entry::TakeOut(key) => drop(take_out.insert(key)),
            }
        }
        if !take_out.is_empty() {
            slot.retain(|s| !take_out.contains(&s.value));
            have.retain(|key| !take_out.contains(key));
        }
        for key in add {
            if have.insert(key.clone()) {
                slot.push(Setting::new(key, Origin::File(place.clone())));
            }
        }
    }
}

/// Groups are opened: what is in them goes.
fn remove_packages(project: &Project, slot: &mut Strings, layer: Option<&List>) {
    let words = texts(project, layer).into_iter();
    let entries = words.flat_map(|(word, _)| packages::open(project, &word));
    let keys: BTreeSet<String> = entries
        .map(|(Entry::Add(key) | Entry::TakeOut(key))| key)
        .collect();
    slot.retain(|s| !keys.contains(&s.value));
}
