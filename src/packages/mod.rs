//! Package keys and groups, and what they are called on a system. Knows no package manager but by its row.

pub(crate) mod script;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

use crate::config::Project;
use crate::config::check::texts;
use crate::problem::Place;

/// One entry of a list of packages after groups were opened: a key, or one to take out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Add(String),
    TakeOut(String),
}

/// Opens `@group`s and `!`s of one written word. References were checked when the file was loaded.
pub(crate) fn open(project: &Project, word: &str) -> Vec<Entry> {
    let (taken_out, name) = word
        .strip_prefix('!')
        .map_or((false, word), |rest| (true, rest));
    let entry = if taken_out {
        Entry::TakeOut
    } else {
        Entry::Add
    };
    let keys = match name.strip_prefix('@') {
        Some(group) => members(project, group, &mut BTreeMap::new()),
        None => vec![name.to_owned()],
    };
    keys.into_iter().map(entry).collect()
}

/// The keys that a group comes to, each once; `known` has those of groups that were opened before.
fn members(
    project: &Project,
    group: &str,
    known: &mut BTreeMap<String, Vec<String>>,
) -> Vec<String> {
    if let Some(keys) = known.get(group) {
        return keys.clone();
    }
    let mut keys = IndexSet::new();
    let list = project.file.group.get(group);
    for word in list.into_iter().flat_map(|list| list.get_ref().words()) {
        let name = word.strip_prefix('!').unwrap_or(word);
        let inner = match name.strip_prefix('@') {
            Some(group) => members(project, group, known),
            None => vec![name.to_owned()],
        };
        // A group that is taken out takes out its members; what it excludes does not matter.
        if word == name {
            keys.extend(inner);
        } else {
            let out: BTreeSet<String> = inner.into_iter().collect();
            keys.retain(|key| !out.contains(key));
        }
    }
    let keys: Vec<String> = keys.into_iter().collect();
    known.insert(group.to_owned(), keys.clone());
    keys
}

/// The names of a package under the first of the distro keys that it has: words, still with substitutions, and
/// their place. Empty where it has no name there.
pub(crate) fn names(project: &Project, key: &str, distro: &[String]) -> Vec<(String, Place)> {
    let Some(table) = project.file.packages.get(key) else {
        return Vec::new();
    };
    let Some(list) = distro.iter().find_map(|d| table.get(d.as_str())) else {
        return Vec::new();
    };
    let whole = project.place(list.span());
    let words = texts(project, Some(list));
    words
        .into_iter()
        .flat_map(|(text, _)| crate::quote::split(&text).unwrap_or_default())
        .map(|word| (word, whole.clone()))
        .collect()
}
