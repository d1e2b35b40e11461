//! What the words of a file mean: every reference across its tables, all mistakes in one go.

use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;

use super::file::{File, List, Map, StageTable, Text};
use super::{Project, references};
use crate::catalog::Catalog;
use crate::name::axis::{Axes, Family};
use crate::name::{self, CONFIG, RUNNER, RUNNERS, STAGE, SYSTEM};
use crate::nearest;
use crate::problem::{Place, Problem, Problems, Source};

/// The words that `runenv` itself answers to: an environment of that name could never be run by it.
pub(crate) const VERBS: [&str; 10] = [
    "run",
    "list",
    "show",
    "context",
    "shell",
    "logs",
    "clean",
    "ci",
    "help",
    "completions",
];

/// Checks a file of the right shape and makes it a project.
pub(crate) fn check(source: &Arc<Source>, file: File, root: PathBuf) -> Result<Project, Problems> {
    let catalog = Catalog::read();
    let mut problems = Problems::default();
    names(source, &file, &mut problems);
    let axes = axes(&file, &catalog);
    collisions(source, &file, &axes, &mut problems);
    let name = project_name(source, &file, &root, &mut problems);
    let project = Project {
        root,
        name,
        source: Arc::clone(source),
        file,
        catalog,
        axes,
        warnings: Vec::new(),
    };
    if !problems.0.is_empty() {
        return Err(problems);
    }
    references::check(&project, &mut problems);
    let warnings = problems.none()?;
    Ok(Project {
        warnings,
        ..project
    })
}

fn project_name(
    source: &Arc<Source>,
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
                .at(source, name.span(), ""),
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
fn names(source: &Arc<Source>, file: &File, problems: &mut Problems) {
    let mut value = |what: &str, text: &Text| {
        if !name::is_value(text.get_ref()) {
            let help = "values are made of `a-z`, `0-9`, `.` and `_`, joined by `-`";
            let title = format!("`{}` cannot be {what}", text.get_ref());
            problems.push(Problem::new(title, help).at(source, text.span(), ""));
        }
    };
    file.config.keys().for_each(|k| value("a config", k));
    file.stage.keys().for_each(|k| value("a stage", k));
    file.env
        .keys()
        .for_each(|k| value("the name of an environment", k));
    for (family, table) in &file.system {
        value("a system", family);
        table
            .get_ref()
            .release
            .keys()
            .for_each(|k| value("a release", k));
    }
    for (axis, values) in &file.axis {
        value("an axis", axis);
        values.keys().for_each(|k| value("a value of an axis", k));
    }
    for (runner, _) in &file.runner {
        if !RUNNERS.contains(&runner.get_ref().as_str()) && runner.get_ref() != "container" {
            let help = nearest::advice(
                runner.get_ref(),
                "runners",
                RUNNERS.iter().copied().chain(["container"]),
            );
            problems.push(
                Problem::new(format!("unknown runner `{}`", runner.get_ref()), help).at(
                    source,
                    runner.span(),
                    "",
                ),
            );
        }
    }
    for axis in file
        .axis
        .keys()
        .filter(|a| [RUNNER, SYSTEM, CONFIG, STAGE].contains(&a.get_ref().as_str()))
    {
        let title = format!("the axis `{}` is built in", axis.get_ref());
        problems.push(
            Problem::new(
                title,
                format!("declare its values in `[{}.NAME]`", axis.get_ref()),
            )
            .at(source, axis.span(), ""),
        );
    }
    for env in file
        .env
        .keys()
        .filter(|e| VERBS.contains(&e.get_ref().as_str()))
    {
        let title = format!(
            "`{}` is a command of runenv and cannot be an environment",
            env.get_ref()
        );
        problems.push(Problem::new(title, "choose another name").at(source, env.span(), ""));
    }
}

/// The values that may stand in names: the catalog's and the file's.
fn axes(file: &File, catalog: &Catalog) -> Axes {
    let mut axes = Axes::default();
    for (name, family) in &catalog.families {
        let releases: Vec<String> = family.release.keys().cloned().collect();
        let alone = releases.is_empty();
        axes.families.insert(
            name.clone(),
            Family {
                releases,
                default_release: family.default_release.clone(),
                alone,
            },
        );
    }
    for (name, table) in &file.system {
        let family = axes.families.entry(name.get_ref().clone()).or_default();
        for release in table
            .get_ref()
            .release
            .keys()
            .filter(|r| !family.releases.contains(r.get_ref()))
            .collect::<Vec<_>>()
        {
            family.releases.push(release.get_ref().clone());
        }
        family.alone = family.releases.is_empty();
        if let Some(release) = &table.get_ref().default_release {
            family.default_release = Some(release.get_ref().clone());
        }
    }
    axes.families
        .entry("host".to_owned())
        .or_insert_with(|| Family {
            alone: true,
            ..Family::default()
        });
    let words = |keys: &mut dyn Iterator<Item = &Text>| {
        keys.map(|k| k.get_ref().clone()).collect::<Vec<_>>()
    };
    axes.own = file
        .axis
        .iter()
        .map(|(axis, values)| (axis.get_ref().clone(), words(&mut values.keys())))
        .collect();
    axes.configs = words(&mut file.config.keys());
    axes.stages = words(&mut file.stage.keys());
    axes.defaults = file
        .project
        .default
        .iter()
        .map(|(a, v)| (a.get_ref().clone(), v.get_ref().clone()))
        .collect();
    let declared = |name: &str| name.split('-').any(|factor| holds_factor(&axes, factor));
    axes.own_names = file
        .env
        .keys()
        .map(|k| k.get_ref().clone())
        .filter(|name| !declared(name))
        .collect();
    axes
}

/// Is this factor a part of any declared value?
fn holds_factor(axes: &Axes, factor: &str) -> bool {
    axes.find(factor).is_some()
}

/// A word that is a value of two axes makes names ambiguous.
fn collisions(source: &Arc<Source>, file: &File, axes: &Axes, problems: &mut Problems) {
    let mut seen: IndexMap<String, (&str, Option<Place>)> = IndexMap::new();
    let place = |text: &Text| Some(Place::new(source, text.span()));
    let mut all: Vec<(String, &str, Option<Place>)> = RUNNERS
        .iter()
        .map(|r| ((*r).to_owned(), "runner", None))
        .collect();
    all.push(("container".to_owned(), "runner", None));
    for name in axes.families.keys() {
        let written = file.system.keys().find(|k| k.get_ref() == name);
        all.push((name.clone(), "system", written.and_then(place)));
    }
    let mut keys = |axis: &'static str, keys: &mut dyn Iterator<Item = &Text>| {
        keys.for_each(|k| all.push((k.get_ref().clone(), axis, place(k))));
    };
    keys("config", &mut file.config.keys());
    keys("stage", &mut file.stage.keys());
    for (axis, values) in &file.axis {
        values
            .keys()
            .for_each(|k| all.push((k.get_ref().clone(), axis.get_ref(), place(k))));
    }
    for (value, axis, place) in all {
        if let Some((other, first)) = seen.get(&value) {
            let title = format!("`{value}` is a value of two axes: `{other}` and `{axis}`");
            let mut problem = Problem::new(title, "rename one: a name would have two readings");
            problem
                .places
                .extend([place, first.clone()].into_iter().flatten());
            problems.push(problem);
        } else {
            seen.insert(value, (axis, place));
        }
    }
}

/// Each text of a list with its place.
pub(crate) fn texts<'a>(project: &'a Project, list: Option<&'a List>) -> Vec<(String, Place)> {
    let Some(list) = list else { return Vec::new() };
    list.get_ref()
        .each(list.span())
        .into_iter()
        .map(|t| (t.get_ref().clone(), project.place(t.span())))
        .collect()
}

/// Stage tables of the file and of a layer, with the name's text.
pub(crate) fn stages(
    map: Option<&Map<toml::Spanned<StageTable>>>,
) -> impl Iterator<Item = (&Text, &StageTable)> {
    map.into_iter()
        .flatten()
        .map(|(name, table)| (name, table.get_ref()))
}
