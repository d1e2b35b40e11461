//! Package keys and groups, and what they are called on a system. Knows no package manager but by its row.

pub(crate) mod script;

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexSet;

use crate::config::Project;
use crate::config::tree::Words;
use crate::problem::{Place, Problem};
use crate::quote;

/// One entry of a list of packages after groups were opened: a key, or one to take out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Add(String),
    TakeOut(String),
}

/// Opens `@group`s and `!`s of one written word. References were checked when the file was loaded.
pub(crate) fn open(project: &Project, word: &str) -> Result<Vec<Entry>, Problem> {
    let (taken_out, name) = word
        .strip_prefix('!')
        .map_or((false, word), |rest| (true, rest));
    let entry = if taken_out {
        Entry::TakeOut
    } else {
        Entry::Add
    };
    let keys = match name.strip_prefix('@') {
        Some(group) => members(project, group)?,
        None => vec![name.to_owned()],
    };
    Ok(keys.into_iter().map(entry).collect())
}

/// The keys that a group comes to, each once. That there is such a group was checked before.
fn members(project: &Project, group: &str) -> Result<Vec<String>, Problem> {
    opened(project, group, &mut BTreeMap::new())
}

/// Those of some keys that are of a group; of a tree's group the others are not asked.
pub(crate) fn those_of(
    project: &Project,
    group: &str,
    mut keys: Vec<String>,
) -> Result<Vec<String>, Problem> {
    let Some(tree) = project.tree.as_ref().filter(|tree| tree.has_group(group)) else {
        let members = members(project, group)?;
        keys.retain(|key| members.contains(key));
        return Ok(keys);
    };
    let mut of_group = Vec::new();
    for key in keys {
        if tree.is_member(group, &key)? {
            of_group.push(key);
        }
    }
    Ok(of_group)
}

/// The same; `known` has those of groups that were opened before.
fn opened(
    project: &Project,
    group: &str,
    known: &mut BTreeMap<String, Vec<String>>,
) -> Result<Vec<String>, Problem> {
    if let Some(keys) = known.get(group) {
        return Ok(keys.clone());
    }
    if let Some(tree) = project.tree.as_ref().filter(|tree| tree.has_group(group)) {
        return tree.members(group);
    }
    let mut keys = IndexSet::new();
    let list = project.file.group.get(group);
    for word in list.into_iter().flat_map(|list| list.get_ref().words()) {
        let name = word.strip_prefix('!').unwrap_or(word);
        let inner = match name.strip_prefix('@') {
            Some(group) => opened(project, group, known)?,
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
    Ok(keys)
}

/// What a package is called on a system.
pub(crate) enum Names {
    /// Words of `[packages]`, still with substitutions, and their place.
    Written(Vec<String>, Place),
    /// Words of the tree, literal, and the file they stand in.
    Tree(Words, String),
    /// It has no name there.
    None,
}

/// The names of a package under the first of the distro keys that says anything of it; under each, `[packages]` comes
/// before the tree.
pub(crate) fn names(project: &Project, key: &str, distro: &[String]) -> Result<Names, Problem> {
    let table = project.file.packages.get(key);
    for distro in distro {
        if let Some(list) = table.and_then(|table| table.get(distro.as_str())) {
            let words = project.texts(Some(list)).into_iter();
            let words = words.flat_map(|(text, _)| quote::split(&text).unwrap_or_default());
            let words: Vec<String> = words.collect();
            return Ok(if words.is_empty() {
                Names::None
            } else {
                Names::Written(words, project.place(list.span()))
            });
        }
        if let Some(tree) = &project.tree
            && let Some(words) = tree.words(key, distro)?
        {
            let none = words.names.is_empty() && words.options.is_empty();
            return Ok(if none {
                Names::None
            } else {
                Names::Tree(words, tree.file(key, distro))
            });
        }
    }
    Ok(Names::None)
}
