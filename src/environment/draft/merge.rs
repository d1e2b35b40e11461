//! The rules by which a later layer's value meets an earlier one's: it replaces, adds up, merges by name.

use indexmap::IndexMap;

use super::super::setting::{Origin, Setting};
use super::Strings;
use crate::config::file::shape::{CommandForm, Commands};
use crate::config::file::{List, Map, Text};
use crate::config::{Project, Spanned};
use crate::problem::Problem;

pub(super) fn file<T: Clone>(project: &Project, value: &Spanned<T>) -> Setting<T> {
    let place = project.place(value.span());
    Setting::new(value.get_ref().clone(), Origin::File(place))
}

/// A later layer's value replaces an earlier one's.
pub(super) fn replace<T: Clone>(
    project: &Project,
    slot: &mut Option<Setting<T>>,
    value: Option<&Spanned<T>>,
) {
    if let Some(value) = value {
        *slot = Some(file(project, value));
    }
}

/// Slots, each with what a later layer says of it.
type Slots<'a, T, const N: usize> = [(&'a mut Option<Setting<T>>, &'a Option<Spanned<T>>); N];

/// The same for several.
pub(super) fn replace_all<T: Clone, const N: usize>(project: &Project, pairs: Slots<'_, T, N>) {
    for (slot, value) in pairs {
        replace(project, slot, value.as_ref());
    }
}

/// The elements of a list with their places.
pub(crate) fn list(project: &Project, list: Option<&List>) -> Strings {
    let texts = project.texts(list).into_iter();
    texts
        .map(|(text, place)| Setting::new(text, Origin::File(place)))
        .collect()
}

pub(super) fn elements<T: Clone>(project: &Project, list: &[Spanned<T>]) -> Vec<Setting<T>> {
    list.iter().map(|one| file(project, one)).collect()
}

/// The commands of a list with their places.
pub(crate) fn commands(
    project: &Project,
    commands: &Spanned<Commands>,
) -> Vec<Setting<CommandForm>> {
    elements(project, &commands.get_ref().each(commands.span()))
}

pub(super) fn replace_list(project: &Project, slot: &mut Strings, value: Option<&List>) {
    if value.is_some() {
        *slot = list(project, value);
    }
}

pub(super) fn replace_elements<T: Clone>(
    project: &Project,
    slot: &mut Vec<Setting<T>>,
    value: Option<&Vec<Spanned<T>>>,
) {
    if let Some(value) = value {
        *slot = elements(project, value);
    }
}

pub(super) fn replace_commands(
    project: &Project,
    slot: &mut Vec<Setting<CommandForm>>,
    value: Option<&Spanned<Commands>>,
) {
    if let Some(value) = value {
        *slot = commands(project, value);
    }
}

/// Values are set by name; the others stay.
pub(super) fn merge(
    project: &Project,
    map: &mut IndexMap<String, Setting<String>>,
    layer: Option<&Map<Text>>,
) {
    for (name, value) in layer.into_iter().flatten() {
        map.insert(name.get_ref().clone(), file(project, value));
    }
}

/// `append` puts words behind a list, `remove` takes what equals one of them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Append,
    Remove,
}

impl Edit {
    pub(super) fn apply<T: PartialEq>(self, slot: &mut Vec<Setting<T>>, words: Vec<Setting<T>>) {
        match self {
            Self::Append => slot.extend(words),
            Self::Remove => slot.retain(|have| !words.iter().any(|w| w.value == have.value)),
        }
    }
}

/// A stage's list: its own in place of the layers', and what edits make of it.
#[derive(Clone, Debug)]
pub(crate) struct OwnList<T> {
    own: Option<Vec<Setting<T>>>,
    edits: Vec<(Edit, Vec<Setting<T>>)>,
}

impl<T> Default for OwnList<T> {
    fn default() -> Self {
        let edits = Vec::new();
        Self { own: None, edits }
    }
}

impl<T: Clone + PartialEq> OwnList<T> {
    /// A later layer's list in place of all that is so far.
    pub(super) fn set(&mut self, list: Option<Vec<Setting<T>>>) {
        if list.is_some() {
            self.own = list;
            self.edits.clear();
        }
    }

    pub(super) fn edit(&mut self, edit: Edit, words: Vec<Setting<T>>) {
        if !words.is_empty() {
            self.edits.push((edit, words));
        }
    }

    /// The final list, where the layers have this final one; `fill` makes what is its own final.
    pub(crate) fn over(
        self,
        layers: &[Setting<T>],
        fill: impl Fn(&Vec<Setting<T>>) -> Result<Vec<Setting<T>>, Problem>,
    ) -> Result<Vec<Setting<T>>, Problem> {
        let mut list = match &self.own {
            Some(own) => fill(own)?,
            None => layers.to_vec(),
        };
        for (edit, words) in self.edits {
            edit.apply(&mut list, fill(&words)?);
        }
        Ok(list)
    }
}
