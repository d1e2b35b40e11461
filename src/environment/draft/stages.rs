//! The settings of stages while layers are laid over them.

use indexmap::IndexMap;

use super::super::setting::Setting;
use super::merge::{
    Edit, OwnList, commands, elements, list, merge, replace, replace_all, replace_commands,
    replace_list,
};
use super::{Draft, Strings};
use crate::config::file::shape::{CommandForm, Mount, Secret};
use crate::config::file::{Map, StageEdits, StageTable, Text};
use crate::config::{Project, Spanned};

/// A stage as it was written, all layers applied.
#[derive(Clone, Debug, Default)]
pub(crate) struct StageDraft {
    pub(crate) from: Option<Setting<String>>,
    pub(crate) condition: Option<Setting<String>>,
    pub(crate) packages: Option<Setting<bool>>,
    pub(crate) copy: Strings,
    pub(crate) run: Vec<Setting<CommandForm>>,
    pub(crate) on_failure: Vec<Setting<CommandForm>>,
    pub(crate) finally: Vec<Setting<CommandForm>>,
    pub(crate) env: IndexMap<String, Setting<String>>,
    pub(crate) shell: OwnList<String>,
    pub(crate) prelude: Strings,
    pub(crate) workdir: Option<Setting<String>>,
    pub(crate) user: Option<Setting<String>>,
    pub(crate) network: Option<Setting<String>>,
    pub(crate) mounts: OwnList<Mount>,
    pub(crate) secrets: OwnList<Secret>,
    pub(crate) create_args: OwnList<String>,
    pub(crate) key_period: Option<Setting<String>>,
    pub(crate) machine: Option<Setting<bool>>,
    pub(crate) keep: Option<Setting<bool>>,
    pub(crate) timeout: Option<Setting<String>>,
    pub(crate) memory: Option<Setting<String>>,
    pub(crate) cpus: Option<Setting<String>>,
    pub(crate) log_limit: Option<Setting<String>>,
    pub(crate) max_links: Option<Setting<u32>>,
    pub(crate) allow_failure: Option<Setting<bool>>,
    pub(crate) artifacts: Strings,
    pub(crate) incremental: Option<Setting<bool>>,
    pub(crate) push: Option<Setting<bool>>,
}

impl Draft {
    pub(crate) fn declare_stage(&mut self, project: &Project, name: &Text, table: &StageTable) {
        let mut draft = StageDraft::default();
        draft.apply(project, table);
        self.stages.insert(name.get_ref().clone(), draft);
    }

    pub(super) fn set_stages(
        &mut self,
        project: &Project,
        stages: Option<&Map<Spanned<StageTable>>>,
    ) {
        for (name, table) in stages.into_iter().flatten() {
            if let Some(draft) = self.stages.get_mut(name.get_ref()) {
                draft.apply(project, table.get_ref());
            }
        }
    }
}

impl StageDraft {
    /// Exhaustive: a new key does not compile until its rule is written.
    fn apply(&mut self, project: &Project, table: &StageTable) {
        #[rustfmt::skip]
        let StageTable {
            from, r#if, packages, copy, run, env, shell, prelude, workdir, user, network, mounts, secrets, create_args,
            key_period, machine, keep, timeout, memory, cpus, log_limit, max_links, allow_failure, on_failure, finally,
            artifacts, incremental, push, append, remove,
        } = table;
        #[rustfmt::skip]
        let texts = [
            (&mut self.from, from), (&mut self.condition, r#if), (&mut self.workdir, workdir),
            (&mut self.user, user), (&mut self.network, network), (&mut self.key_period, key_period),
            (&mut self.timeout, timeout), (&mut self.memory, memory), (&mut self.cpus, cpus),
            (&mut self.log_limit, log_limit),
        ];
        replace_all(project, texts);
        #[rustfmt::skip]
        let flags = [
            (&mut self.packages, packages), (&mut self.machine, machine), (&mut self.keep, keep),
            (&mut self.allow_failure, allow_failure), (&mut self.incremental, incremental), (&mut self.push, push),
        ];
        replace_all(project, flags);
        replace(project, &mut self.max_links, max_links.as_ref());
        for (slot, value) in [(&mut self.copy, copy), (&mut self.artifacts, artifacts)] {
            replace_list(project, slot, value.as_ref());
        }
        #[rustfmt::skip]
        let lists = [
            (&mut self.run, run), (&mut self.on_failure, on_failure), (&mut self.finally, finally),
        ];
        for (slot, value) in lists {
            replace_commands(project, slot, value.as_ref());
        }
        merge(project, &mut self.env, env.as_ref());
        self.prelude.extend(list(project, prelude.as_ref()));
        #[rustfmt::skip]
        let commands_of = [
            (&mut self.shell, shell), (&mut self.create_args, create_args),
        ];
        for (slot, value) in commands_of {
            slot.set(value.as_ref().map(|_| list(project, value.as_ref())));
        }
        self.mounts
            .set(mounts.as_ref().map(|m| elements(project, m)));
        self.secrets
            .set(secrets.as_ref().map(|s| elements(project, s)));
        self.edit(project, append.as_ref(), Edit::Append);
        self.edit(project, remove.as_ref(), Edit::Remove);
    }

    /// Exhaustive: a new list does not compile until it can be edited.
    fn edit(&mut self, project: &Project, edits: Option<&StageEdits>, edit: Edit) {
        let Some(edits) = edits else { return };
        #[rustfmt::skip]
        let StageEdits {
            copy, run, shell, prelude, mounts, secrets, create_args, on_failure, finally, artifacts,
        } = edits;
        #[rustfmt::skip]
        let argvs = [
            (&mut self.copy, copy), (&mut self.prelude, prelude), (&mut self.artifacts, artifacts),
        ];
        for (slot, words) in argvs {
            edit.apply(slot, list(project, words.as_ref()));
        }
        #[rustfmt::skip]
        let l2 = [
            (&mut self.run, run), (&mut self.on_failure, on_failure), (&mut self.finally, finally),
        ];
        for (slot, words) in l2 {
            let words = words.iter().flat_map(|w| commands(project, w));
            edit.apply(slot, words.collect());
        }
        #[rustfmt::skip]
        let c2 = [
            (&mut self.shell, shell), (&mut self.create_args, create_args),
        ];
        for (slot, words) in c2 {
            slot.edit(edit, list(project, words.as_ref()));
        }
        let mounts = mounts.as_deref().unwrap_or_default();
        self.mounts.edit(edit, elements(project, mounts));
        let secrets = secrets.as_deref().unwrap_or_default();
        self.secrets.edit(edit, elements(project, secrets));
    }
}
