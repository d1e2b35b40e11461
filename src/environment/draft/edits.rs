//! `append.KEY` and `remove.KEY` of a layer.

use super::merge::{Edit, elements, list};
use super::{Draft, Var, packages};
use crate::config::Project;
use crate::config::file::{List, ListEdits, Text};
use crate::nearest;
use crate::problem::Problem;

impl Draft {
    pub(super) fn edit(
        &mut self,
        project: &Project,
        append: Option<&ListEdits>,
        remove: Option<&ListEdits>,
    ) -> Result<(), Problem> {
        for (edits, edit) in [(append, Edit::Append), (remove, Edit::Remove)] {
            if let Some(edits) = edits {
                self.edit_lists(project, edits, edit)?;
            }
        }
        Ok(())
    }

    /// Exhaustive: a new list does not compile until it can be edited.
    fn edit_lists(
        &mut self,
        project: &Project,
        edits: &ListEdits,
        edit: Edit,
    ) -> Result<(), Problem> {
        #[rustfmt::skip]
        let ListEdits {
            image, distro, packages, system_packages, packages_before, packages_after, prelude, shell, create_args,
            mounts, secrets, pass_env, annotate, host_os, vars,
        } = edits;
        let s = &mut self.settings;
        for (slot, words) in [
            (&mut s.image, image),
            (&mut s.distro, distro),
            (&mut s.system_packages, system_packages),
            (&mut s.packages_before, packages_before),
            (&mut s.packages_after, packages_after),
            (&mut s.prelude, prelude),
            (&mut s.shell, shell),
            (&mut s.create_args, create_args),
            (&mut s.pass_env, pass_env),
            (&mut s.host_os, host_os),
        ] {
            edit.apply(slot, list(project, words.as_ref()));
        }
        let mounts = mounts.as_deref().unwrap_or_default();
        edit.apply(&mut s.mounts, elements(project, mounts));
        let secrets = secrets.as_deref().unwrap_or_default();
        edit.apply(&mut s.secrets, elements(project, secrets));
        let annotate = annotate.as_deref().unwrap_or_default();
        edit.apply(&mut s.annotate, elements(project, annotate));
        match edit {
            Edit::Append => packages::add(project, &mut s.packages, packages.as_ref())?,
            Edit::Remove => packages::remove(project, &mut s.packages, packages.as_ref())?,
        }
        let mut vars = vars.iter().flatten();
        vars.try_for_each(|(name, words)| self.edit_var(project, name, words, edit))
    }

    fn edit_var(
        &mut self,
        project: &Project,
        name: &Text,
        words: &List,
        edit: Edit,
    ) -> Result<(), Problem> {
        let problem = match self.vars.get_mut(name.get_ref()) {
            Some(Var::List(slot)) => {
                edit.apply(slot, list(project, Some(words)));
                return Ok(());
            }
            Some(Var::Text(_)) => Problem::new(
                format!("the var `{}` is a text, not a list", name.get_ref()),
                "write it as a list where it is declared",
            ),
            None => {
                let known = self.vars.keys().map(String::as_str);
                let help = nearest::advice(name.get_ref(), "vars", known);
                Problem::new(format!("unknown var `{}`", name.get_ref()), help)
            }
        };
        Err(problem.place(project.place(name.span())))
    }
}
