//! Environments as a list has them: with descriptions, labels and marks; as lines, under headings, as JSON.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use serde::Serialize;

use super::{a_line, axes, past};
use crate::config::Project;
use crate::config::listed::{self, Entry};
use crate::name::EnvName;
use crate::nearest::counted;

/// An environment and what there is to say of it.
pub(super) struct Row<'a> {
    name: &'a str,
    /// One with a name of its own has runner and system from its table.
    as_run: Cow<'a, EnvName>,
    description: Option<String>,
    end_of_life: Option<&'a str>,
}

pub(super) fn rows<'a>(project: &'a Project, entries: &[&'a Entry]) -> Vec<Row<'a>> {
    let row = |entry: &&'a Entry| {
        // What is wrong with its `like` was told when the file was loaded.
        let as_run = listed::resolved(project, &entry.name);
        let as_run = as_run.unwrap_or(Cow::Borrowed(&entry.name));
        let name = entry.canonical.as_str();
        let own = own_description(project, name).map(str::to_owned);
        let system = as_run.system.as_ref();
        Row {
            name,
            description: own.or_else(|| description(project, &as_run)),
            end_of_life: system.and_then(|s| Some(project.end_of_life(s)?.0)),
            as_run,
        }
    };
    entries.iter().map(row).collect()
}

/// What the environment's `[env.NAME]` says; several may be about it, and the last counts.
fn own_description<'a>(project: &'a Project, name: &str) -> Option<&'a str> {
    let said = project.tables_of(name);
    let mut said = said.filter_map(|table| table.description.as_ref());
    said.next_back().map(|text| text.get_ref().as_str())
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

/// A row for programs; `docs/reference/json.md` has these keys.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Item<'a> {
    name: &'a str,
    runner: &'a str,
    system: Option<String>,
    family: Option<&'a str>,
    release: Option<&'a str>,
    axes: IndexMap<&'a str, Vec<&'a str>>,
    config: Option<&'a str>,
    stage: Option<&'a str>,
    labels: Vec<&'a str>,
    in_env_list: bool,
    own_name: bool,
    description: Option<&'a str>,
    end_of_life: Option<&'a str>,
}

pub(super) fn items<'a>(project: &'a Project, rows: &'a [Row<'_>]) -> Vec<Item<'a>> {
    let listed = &project.listed;
    let in_env_list = listed.env_list.iter().map(|e| e.canonical.as_str());
    let in_env_list: BTreeSet<&str> = in_env_list.collect();
    let mut labels = BTreeMap::<String, Vec<&str>>::new();
    for label in listed.labels.keys() {
        for entry in listed.labelled(label) {
            let all = labels.entry(entry.canonical).or_default();
            if all.last() != Some(&label.as_str()) {
                all.push(label);
            }
        }
    }
    let item = |row: &'a Row<'_>| {
        let name = &row.as_run;
        let system = name.system.as_ref();
        let mut axes = IndexMap::<&str, Vec<&str>>::new();
        for (axis, value) in &name.axes {
            axes.entry(axis).or_default().push(value);
        }
        Item {
            name: row.name,
            runner: &name.runner,
            system: system.map(ToString::to_string),
            family: system.map(|s| s.family.as_str()),
            release: system.and_then(|s| s.release.as_deref()),
            axes,
            config: name.config.as_deref(),
            stage: name.to.as_deref(),
            labels: labels.get(row.name).cloned().unwrap_or_default(),
            in_env_list: in_env_list.contains(row.name),
            own_name: name.own.is_some(),
            description: row.description.as_deref(),
            end_of_life: row.end_of_life,
        }
    };
    rows.iter().map(item).collect()
}

/// A name a line; what there is to say of it behind.
pub(super) fn text(rows: &[Row<'_>], today: &str) -> String {
    let mut text = String::new();
    let all: Vec<&Row<'_>> = rows.iter().collect();
    lines(&mut text, &all, "", today);
    text
}

fn lines(text: &mut String, rows: &[&Row<'_>], indent: &str, today: &str) {
    let width = rows.iter().map(|r| r.name.len()).max().unwrap_or(0);
    for row in rows {
        let description = row.description.as_deref().map(a_line);
        let notes = description.into_iter().chain(past(row.end_of_life, today));
        *text += indent;
        *text += row.name;
        let mut gap = width - row.name.len() + 2;
        for note in notes {
            text.extend(std::iter::repeat_n(' ', gap));
            *text += &note;
            gap = 1;
        }
        text.push('\n');
    }
}

/// The same under a heading for each runner and family, in the order in which they come first.
pub(super) fn grouped(rows: &[Row<'_>], today: &str) -> String {
    let mut groups = IndexMap::<String, Vec<&Row<'_>>>::new();
    for row in rows {
        let system = row.as_run.system.as_ref();
        let family = system.map_or("", |s| s.family.as_str());
        let key = if row.as_run.own.is_some() {
            String::new()
        } else {
            format!("{}-{family}", row.as_run.runner)
        };
        groups.entry(key).or_default().push(row);
    }
    let mut text = String::new();
    for (key, rows) in groups {
        if !text.is_empty() {
            text.push('\n');
        }
        let count = counted("environment", rows.len());
        text += &if key.is_empty() {
            format!("names of their own: {count}\n")
        } else {
            // Without a release, own axes and configs the name ends with the family.
            let dash = if rows.iter().any(|r| r.name == key) {
                ""
            } else {
                "-"
            };
            format!("{key}{dash}*: {count}\n")
        };
        lines(&mut text, &rows, "  ", today);
    }
    text
}
