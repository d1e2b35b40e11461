//! Environments as a list has them: with descriptions, labels and marks; as lines, under headings, as JSON.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Serialize;

use super::{a_line, axes, past};
use crate::config::{Project, listed};
use crate::name::{EnvName, parse};
use crate::nearest::counted;

/// An environment; `docs/reference/json.md` has these keys.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Item {
    name: String,
    runner: String,
    system: Option<String>,
    family: Option<String>,
    release: Option<String>,
    axes: BTreeMap<String, String>,
    config: Option<String>,
    stage: Option<String>,
    labels: Vec<String>,
    in_env_list: bool,
    own_name: bool,
    description: Option<String>,
    end_of_life: Option<String>,
}

pub(super) fn items(project: &Project, names: &[EnvName]) -> Vec<Item> {
    let listed = &project.listed;
    let in_env_list: BTreeSet<&str> = listed
        .env_list
        .iter()
        .map(|e| e.canonical.as_str())
        .collect();
    let mut labels = BTreeMap::<String, Vec<String>>::new();
    for label in listed.labels.keys() {
        for entry in listed.labelled(label) {
            let all = labels.entry(entry.canonical).or_default();
            if all.last() != Some(label) {
                all.push(label.clone());
            }
        }
    }
    let own = own_descriptions(project);
    let item = |name: &EnvName| {
        let canonical = name.to_string();
        let item = Item {
            labels: labels.get(&canonical).cloned().unwrap_or_default(),
            in_env_list: in_env_list.contains(canonical.as_str()),
            ..item(project, name, canonical)
        };
        match own.get(&item.name) {
            Some(own) => Item {
                description: Some((*own).to_owned()),
                ..item
            },
            None => item,
        }
    };
    names.iter().map(item).collect()
}

/// What `[env.NAME]` says, by canonical name: it may be written in a shorter form.
fn own_descriptions(project: &Project) -> BTreeMap<String, &str> {
    let tables = project.file.env.iter();
    let described = tables.filter_map(|(name, table)| {
        let description = table.get_ref().description.as_ref()?.get_ref().as_str();
        let place = project.place(name.span());
        let read = parse::parse(name.get_ref(), &project.axes, &place).ok()?;
        Some((read.to_string(), description))
    });
    described.collect()
}

fn item(project: &Project, name: &EnvName, canonical: String) -> Item {
    // What is wrong with its `like` was told when the file was loaded.
    let as_run = listed::resolved(project, name);
    let as_run = as_run.as_ref().unwrap_or(name);
    let system = as_run.system.as_ref();
    let end = system.and_then(|s| project.catalog.end_of_life(&s.family, s.release.as_deref()));
    let axes = as_run.axes.iter().map(|(a, v)| (a.clone(), v.clone()));
    Item {
        runner: as_run.runner.clone(),
        system: system.map(ToString::to_string),
        family: system.map(|s| s.family.clone()),
        release: system.and_then(|s| s.release.clone()),
        axes: axes.collect(),
        config: as_run.config.clone(),
        stage: name.to.clone(),
        labels: Vec::new(),
        in_env_list: false,
        own_name: name.own.is_some(),
        description: description(project, as_run),
        end_of_life: end.map(str::to_owned),
        name: canonical,
    }
}

/// Those of its system, own axes and config, joined.
fn description(project: &Project, name: &EnvName) -> Option<String> {
    let system = name.system.as_ref();
    let system = system.and_then(|s| axes::of_system(project, &s.family, s.release.as_deref()));
    let axes = name.axes.iter();
    let axes = axes.filter_map(|(axis, value)| axes::of_value(project, axis, value));
    let config = name.config.as_ref();
    let config = config.and_then(|config| axes::of_config(project, config));
    let all: Vec<String> = system.into_iter().chain(axes).chain(config).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// A name a line; what there is to say of it behind.
pub(super) fn text(items: &[Item], today: &str) -> String {
    let mut text = String::new();
    let all: Vec<&Item> = items.iter().collect();
    lines(&mut text, &all, "", today);
    text
}

fn lines(text: &mut String, items: &[&Item], indent: &str, today: &str) {
    let width = items.iter().map(|i| i.name.len()).max().unwrap_or(0);
    for item in items {
        let description = item.description.as_deref().map(a_line);
        let past = past(item.end_of_life.as_deref(), today);
        let notes: Vec<String> = description.into_iter().chain(past).collect();
        *text += indent;
        *text += &item.name;
        if !notes.is_empty() {
            *text += &" ".repeat(width - item.name.len() + 2);
            *text += &notes.join(" ");
        }
        text.push('\n');
    }
}

/// The same under a heading for each runner and family, in the order in which they come first.
pub(super) fn grouped(items: &[Item], today: &str) -> String {
    let mut groups = IndexMap::<String, Vec<&Item>>::new();
    for item in items {
        let family = item.family.as_deref().unwrap_or_default();
        let key = if item.own_name {
            String::new()
        } else {
            format!("{}-{family}", item.runner)
        };
        groups.entry(key).or_default().push(item);
    }
    let mut text = String::new();
    for (key, items) in groups {
        if !text.is_empty() {
            text.push('\n');
        }
        let count = counted("environment", items.len());
        text += &if key.is_empty() {
            format!("names of their own: {count}\n")
        } else {
            // Without a release, own axes and configs the name ends with the family.
            let dash = if items.iter().any(|i| i.name == key) {
                ""
            } else {
                "-"
            };
            format!("{key}{dash}*: {count}\n")
        };
        lines(&mut text, &items, "  ", today);
    }
    text
}
