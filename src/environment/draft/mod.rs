//! Settings while the layers are laid over each other: the merge rule of every key, written out.

mod edits;
mod merge;
mod packages;
mod stages;

use indexmap::IndexMap;

use super::setting::{Origin, Setting};
use crate::config::file::shape::{Annotation, Mount, Secret, VarValue};
use crate::config::file::{Layer, List, Map};
use crate::config::{Project, Spanned};
use crate::problem::Problem;
pub(crate) use merge::{commands, list};
use merge::{elements, merge, replace_all, replace_elements, replace_list};
pub(crate) use stages::StageDraft;

/// A list whose elements each know where they were written.
pub(crate) type Strings = Vec<Setting<String>>;

/// Every setting of the layers. Texts still hold substitutions in a draft and none in an `Environment`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) description: Option<Setting<String>>,
    /// The first that can be had.
    pub(crate) image: Strings,
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
    pub(crate) user: Option<Setting<String>>,
    pub(crate) network: Option<Setting<String>>,
    pub(crate) mounts: Vec<Setting<Mount>>,
    pub(crate) create_args: Strings,
    pub(crate) secrets: Vec<Setting<Secret>>,
    pub(crate) allow_volumes: Option<Setting<bool>>,
    pub(crate) memory: Option<Setting<String>>,
    pub(crate) cpus: Option<Setting<String>>,
    pub(crate) timeout: Option<Setting<String>>,
    pub(crate) kill_after: Option<Setting<String>>,
    pub(crate) isolate: Option<Setting<String>>,
    pub(crate) install: Option<Setting<bool>>,
    pub(crate) pass_env: Strings,
    pub(crate) annotate: Vec<Setting<Annotation>>,
    pub(crate) host_os: Strings,
}

/// A var as it was written.
#[derive(Clone, Debug)]
pub(crate) enum Var {
    Text(Setting<String>),
    List(Strings),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) settings: Settings,
    pub(crate) vars: IndexMap<String, Var>,
    pub(crate) stages: IndexMap<String, StageDraft>,
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
            image, platform, package_manager, workdir, user, network, memory, cpus, timeout, kill_after, isolate,
            description, ignore_missing_packages, allow_volumes, install, distro, shell, create_args, pass_env,
            host_os, packages, system_packages, packages_before, packages_after, prelude, mounts, secrets, annotate,
            env, vars, stage, append, remove,
        } = layer;
        let s = &mut self.settings;
        set_image(project, &mut s.image, image.as_ref());
        #[rustfmt::skip]
        let texts = [
            (&mut s.platform, platform), (&mut s.package_manager, package_manager), (&mut s.workdir, workdir),
            (&mut s.user, user), (&mut s.network, network), (&mut s.memory, memory), (&mut s.cpus, cpus),
            (&mut s.timeout, timeout), (&mut s.kill_after, kill_after), (&mut s.isolate, isolate),
            (&mut s.description, description),
        ];
        replace_all(project, texts);
        #[rustfmt::skip]
        let flags = [
            (&mut s.ignore_missing_packages, ignore_missing_packages), (&mut s.allow_volumes, allow_volumes),
            (&mut s.install, install),
        ];
        replace_all(project, flags);
        #[rustfmt::skip]
        let lists = [
            (&mut s.distro, distro), (&mut s.shell, shell), (&mut s.create_args, create_args),
            (&mut s.pass_env, pass_env), (&mut s.host_os, host_os),
        ];
        for (slot, value) in lists {
            replace_list(project, slot, value.as_ref());
        }
        replace_elements(project, &mut s.mounts, mounts.as_ref());
        replace_elements(project, &mut s.secrets, secrets.as_ref());
        replace_elements(project, &mut s.annotate, annotate.as_ref());
        packages::add(project, &mut s.packages, packages.as_ref())?;
        #[rustfmt::skip]
        let adding = [
            (&mut s.system_packages, system_packages), (&mut s.packages_before, packages_before),
            (&mut s.packages_after, packages_after), (&mut s.prelude, prelude),
        ];
        for (slot, value) in adding {
            slot.extend(list(project, value.as_ref()));
        }
        merge(project, &mut s.env, env.as_ref());
        self.set_vars(project, vars.as_ref());
        self.set_stages(project, stage.as_ref());
        self.edit(project, append.as_ref(), remove.as_ref())
    }

    /// Empties a list that layers add up, and the prelude of a stage.
    pub(crate) fn forget(&mut self, key: &str) {
        let s = &mut self.settings;
        match key {
            "packages" => s.packages.clear(),
            "system-packages" => s.system_packages.clear(),
            "packages-before" => s.packages_before.clear(),
            "packages-after" => s.packages_after.clear(),
            "prelude" => s.prelude.clear(),
            _ => {
                let stage = key
                    .strip_prefix("stage.")
                    .and_then(|k| k.strip_suffix(".prelude"));
                if let Some(stage) = stage.and_then(|stage| self.stages.get_mut(stage)) {
                    stage.prelude.clear();
                }
            }
        }
    }

    fn set_vars(&mut self, project: &Project, vars: Option<&Map<Spanned<VarValue>>>) {
        for (name, value) in vars.into_iter().flatten() {
            let origin = Origin::File(project.place(value.span()));
            let var = match value.get_ref() {
                VarValue::Text(text) => Var::Text(Setting::new(text.clone(), origin)),
                VarValue::Flag(flag) => Var::Text(Setting::new(flag.to_string(), origin)),
                VarValue::List(texts) => Var::List(elements(project, texts)),
            };
            self.vars.insert(name.get_ref().clone(), var);
        }
    }
}

/// `{image}` in it is the value so far; of several, each in turn.
fn set_image(project: &Project, slot: &mut Strings, image: Option<&List>) {
    if image.is_none() {
        return;
    }
    let before = std::mem::take(slot);
    for image in list(project, image) {
        if image.value.contains("{image}") && !before.is_empty() {
            let each = before
                .iter()
                .map(|b| image.value.replace("{image}", &b.value));
            slot.extend(each.map(|text| image.with(text)));
        } else {
            slot.push(image.with(image.value.replace("{image}", "")));
        }
    }
}
