//! What the words of a file mean: every reference across its tables, all mistakes in one go.

mod collisions;
mod declared;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use super::conditions::Conditions;
use super::file::{File, Text};
use super::listed::{self, Listed, Listing};
use super::read::overrides::Override;
use super::read::sources::Sources;
use super::tree::Tree;
use super::{Project, references};
use crate::catalog::Catalog;
use crate::name::{self, CONFIG, RUNNER, RUNNERS, STAGE, SYSTEM};
use crate::nearest;
use crate::problem::{Problem, Problems};

/// The words that `runenv` itself answers to: an environment of that name could never be run by it.
pub(crate) const VERBS: [&str; 20] = [
    "lock",
    "run",
    "list",
    "show",
    "explain",
    "context",
    "shell",
    "logs",
    "artifacts",
    "save",
    "load",
    "report",
    "clean",
    "doctor",
    "ci",
    "dockerfile",
    "devcontainer",
    "schema",
    "help",
    "completions",
];

/// Checks a file of the right shape and makes it a project.
pub(crate) fn check(
    sources: Sources,
    file: File,
    overrides: Vec<Override>,
    root: PathBuf,
    listing: Listing,
) -> Result<Project, Problems> {
    let catalog = Catalog::get();
    let mut problems = Problems::default();
    names(&sources, &file, &mut problems);
    let axes = declared::axes(&file, catalog);
    collisions::check(&sources, &file, &axes, &mut problems);
    let name = project_name(&sources, &file, &root, &mut problems);
    let tree = file
        .package_tree
        .as_ref()
        .map(|table| Tree::new(&root, table));
    let mut project = Project {
        path: root.join(super::NAME),
        lock: OnceLock::new(),
        root,
        overrides,
        tree,
        name,
        sources,
        file,
        catalog,
        axes,
        listed: Listed::default(),
        env_tables: BTreeMap::new(),
        conditions: Conditions::default(),
        warnings: Vec::new(),
    };
    if !problems.0.is_empty() {
        return Err(problems);
    }
    project.axes.rules = declared::rules(&project, &mut problems);
    project.listed = listed::read(&project, listing, &mut problems);
    project.env_tables = references::check(&project, &mut problems);
    project.warnings = problems.none()?;
    Ok(project)
}

fn project_name(
    sources: &Sources,
    file: &File,
    root: &std::path::Path,
    problems: &mut Problems,
) -> String {
    if let Some(name) = &file.project.name {
        if !name::is_value(name.get_ref()) {
            let help = "a name is made of `a-z`, `0-9`, `.`, `_` and `-`: it becomes a part of image names";
            problems.push(
                Problem::new(
                    format!("`{}` cannot be a project's name", name.get_ref()),
                    help,
                )
                .place(sources.place(name.span())),
            );
        }
        return name.get_ref().clone();
    }
    let folder = root.file_name().map_or_else(
        || "project".to_owned(),
        |n| n.to_string_lossy().to_lowercase(),
    );
    let legal: String = folder
        .chars()
        .map(|c| {
            if c.is_ascii_lowercase() || c.is_ascii_digit() {
                c
            } else {
                '-'
            }
        })
        .collect();
    let parts: Vec<&str> = legal.split('-').filter(|p| !p.is_empty()).collect();
    if parts.is_empty() {
        "project".to_owned()
    } else {
        parts.join("-")
    }
}

/// Everything that becomes a value of an axis must be spelled like one.
fn names(sources: &Sources, file: &File, problems: &mut Problems) {
    // Values of one family stand at one place: the first that is wrong says it.
    let mut last = None;
    let mut value = |what: &str, text: &Text| {
        if !problems.full() && last.as_ref() != Some(&text.span()) {
            let wrong = spelling(sources, what, text);
            last = wrong.is_some().then(|| text.span());
            problems.0.extend(wrong);
        }
    };
    file.config.keys().for_each(|k| value("a config", k));
    file.stage.keys().for_each(|k| value("a stage", k));
    file.env
        .keys()
        .for_each(|k| value("the name of an environment", k));
    for (family, table) in &file.system {
        value("a system", family);
        let releases = table.get_ref().release.keys();
        releases.for_each(|k| value("a release", k));
    }
    for (axis, values) in &file.axis {
        value("an axis", axis);
        values.keys().for_each(|k| value("a value of an axis", k));
    }
    reserved(sources, file, problems);
}

fn spelling(sources: &Sources, what: &str, text: &Text) -> Option<Problem> {
    let name = text.get_ref();
    if name::is_value(name) {
        return None;
    }
    let lower = name.to_lowercase();
    let help = if name::is_value(&lower) {
        format!("write it in lower case: `{lower}`")
    } else {
        "names are made of `a-z`, `0-9`, `.` and `_`, joined by `-`".to_owned()
    };
    let problem = Problem::new(format!("`{name}` cannot be {what}"), help);
    Some(problem.place(sources.place(text.span())))
}

/// Names that mean something already: runners, built-in axes, verbs.
fn reserved(sources: &Sources, file: &File, problems: &mut Problems) {
    for runner in file.runner.keys() {
        if problems.full() {
            return;
        }
        let name = runner.get_ref().as_str();
        let mut known = RUNNERS.iter().copied().chain(["container"]);
        if !known.clone().any(|k| k == name) {
            let help = nearest::advice(name, "runners", &mut known);
            let problem = Problem::new(format!("unknown runner `{name}`"), help);
            problems.push(problem.place(sources.place(runner.span())));
        }
    }
    for axis in file.axis.keys() {
        if problems.full() {
            return;
        }
        let name = axis.get_ref().as_str();
        if [RUNNER, SYSTEM, CONFIG, STAGE].contains(&name) {
            let help = format!("declare its values in `[{name}.NAME]`");
            let problem = Problem::new(format!("the axis `{name}` is built in"), help);
            problems.push(problem.place(sources.place(axis.span())));
        }
    }
    for env in file.env.keys() {
        if problems.full() {
            return;
        }
        let name = env.get_ref().as_str();
        if VERBS.contains(&name) {
            let title = format!("`{name}` is a command of runenv and cannot be an environment");
            let problem = Problem::new(title, "choose another name");
            problems.push(problem.place(sources.place(env.span())));
        }
    }
}
