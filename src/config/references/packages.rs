//! `[packages]` and `[group]`: keys, groups, names of packages, distro keys.

use indexmap::IndexSet;

use super::super::Project;
use super::super::file::{Layer, List};
use super::super::tree::Tree;
use super::groups;
use crate::nearest;
use crate::problem::{Problem, Problems};
use crate::quote;

pub(super) fn check(project: &Project, layers: &[&Layer], problems: &mut Problems) {
    for list in project.file.group.values() {
        keys(project, Some(list), problems);
    }
    groups::check(project, problems);
    names(project, problems);
    distro_keys(project, layers, problems);
}

/// `key`, `@group`, and `!` before either.
pub(super) fn keys(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (text, place) in project.texts(list) {
        if problems.full() {
            return;
        }
        let word = text.strip_prefix('!').unwrap_or(&text);
        let unknown = unknown(project, word);
        problems
            .0
            .extend(unknown.map(|problem| problem.place(place)));
    }
}

/// What is wrong with a `key` or an `@group` that nobody declares.
pub(crate) fn unknown(project: &Project, word: &str) -> Option<Problem> {
    let (file, tree) = (&project.file, project.tree.as_ref());
    if let Some(group) = word.strip_prefix('@') {
        if file.group.contains_key(group) || tree.is_some_and(|t| t.has_group(group)) {
            return None;
        }
        let known = file.group.keys().map(|k| k.get_ref().as_str());
        let known = known.chain(tree.into_iter().flat_map(Tree::groups));
        let help = nearest::advice(group, "groups", known);
        return Some(Problem::new(format!("unknown group `@{group}`"), help));
    }
    if file.packages.contains_key(word) || tree.is_some_and(|t| t.has(word)) {
        return None;
    }
    let known = file.packages.keys().map(|k| k.get_ref().as_str());
    let of_tree = tree.into_iter().flat_map(Tree::packages);
    let known = known.chain(of_tree.map(String::as_str));
    let help = nearest::advice(word, "packages", known);
    let problem = Problem::new(format!("unknown package `{word}`"), help);
    Some(problem.help(format!(
        "declare it: `[packages] {word} = {{ debian = \"…\" }}`; names as the package manager has them go into `system-packages`"
    )))
}

/// Names are words, quoted as in a shell.
fn names(project: &Project, problems: &mut Problems) {
    let lists = project
        .file
        .packages
        .values()
        .flat_map(|names| names.values());
    for (text, place) in lists.flat_map(|list| project.texts(Some(list))) {
        if quote::split(&text).is_none() && !problems.full() {
            let title = format!("a quote is left open in `{text}`");
            let problem = Problem::new(
                title,
                "names are words, quoted as in a shell: close the quote",
            );
            problems.push(problem.place(place));
        }
    }
}

/// Distro keys of `[packages]` are those of the catalog and of the file's systems.
fn distro_keys(project: &Project, layers: &[&Layer], problems: &mut Problems) {
    let of_catalog = project.catalog.distro_keys().map(str::to_owned);
    let mut known: IndexSet<String> = of_catalog.collect();
    for layer in layers {
        let added = layer.append.as_ref().and_then(|a| a.distro.as_ref());
        for list in [layer.distro.as_ref(), added] {
            known.extend(project.texts(list).into_iter().map(|(t, _)| t));
        }
    }
    for key in project
        .file
        .packages
        .values()
        .flat_map(|names| names.keys())
    {
        if !known.contains(key.get_ref()) && !problems.full() {
            // As a system is called.
            let family = project.catalog.families.get(key.get_ref());
            let help = if let Some(own) = family.and_then(|family| family.distro.first()) {
                format!("packages of `{}` stand under `{own}`", key.get_ref())
            } else {
                let all = known.iter().map(String::as_str);
                nearest::advice(key.get_ref(), "distro keys", all)
            };
            let problem = Problem::new(format!("unknown distro key `{}`", key.get_ref()), help);
            problems.push(problem.place(project.place(key.span())));
        }
    }
}
