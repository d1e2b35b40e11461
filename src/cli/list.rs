//! `runenv list`: the environments there are. Starts no process, resolves nothing.

use clap::Args;
use serde::Serialize;

use super::select::{self, Selection};
use super::{Context, Exit};
use crate::config::Project;
use crate::name::EnvName;
use crate::time;

#[derive(Clone, Debug, Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Print the axes and their values instead
    #[arg(long)]
    axes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl ListArgs {
    pub(crate) fn of(selection: Selection) -> Self {
        Self {
            selection,
            axes: false,
            json: false,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Item {
    name: String,
    runner: String,
    system: Option<String>,
    config: Option<String>,
    description: Option<String>,
    end_of_life: Option<String>,
}

pub(crate) fn exec(args: ListArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    if args.axes {
        let axes = axes(&project);
        let text = if args.json {
            json(&axes)
        } else {
            axes_text(&axes)
        };
        context.out.result(&text);
        return Ok(0);
    }
    let bare = args.selection.bare();
    let names = if bare {
        select::declared(&project)
    } else {
        context.select(&project, &args.selection)?
    };
    let items: Vec<Item> = names.iter().map(|name| item(&project, name)).collect();
    let text = if args.json {
        json(&items)
    } else {
        text(&items)
    };
    context.out.result(&text);
    if items.is_empty() && bare && !args.json {
        context.out.tell("no environments: set `[project] env-list`, or name any product of values (`runenv list --axes`)\n");
    }
    Ok(0)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("our own values are JSON") + "\n"
}

fn item(project: &Project, name: &EnvName) -> Item {
    let system = name.system.as_ref();
    let end = system.and_then(|s| project.catalog.end_of_life(&s.family, s.release.as_deref()));
    let table = project
        .file
        .env
        .get(name.to_string().as_str())
        .map(crate::config::Spanned::get_ref);
    let own_runner = table
        .and_then(|t| t.runner.as_ref())
        .map(|r| r.get_ref().clone());
    Item {
        name: name.to_string(),
        runner: own_runner.unwrap_or_else(|| name.runner.clone()),
        system: system.map(ToString::to_string),
        config: name.config.clone(),
        description: table
            .and_then(|t| t.description.as_ref())
            .map(|d| d.get_ref().clone()),
        end_of_life: end.map(str::to_owned),
    }
}

/// A name a line; what there is to say of it behind.
fn text(items: &[Item]) -> String {
    let width = items.iter().map(|i| i.name.len()).max().unwrap_or(0);
    let today = &time::now()[..10];
    let line = |item: &Item| {
        let past = item
            .end_of_life
            .as_deref()
            .filter(|day| *day < today)
            .map(|day| format!("(end of life {day})"));
        let notes: Vec<String> = item.description.clone().into_iter().chain(past).collect();
        if notes.is_empty() {
            format!("{}\n", item.name)
        } else {
            format!("{:width$}  {}\n", item.name, notes.join(" "))
        }
    };
    items.iter().map(line).collect()
}

/// Every axis with its values, in the order that names print them.
fn axes(project: &Project) -> indexmap::IndexMap<String, Vec<String>> {
    let mut all = indexmap::IndexMap::<String, Vec<String>>::new();
    for (axis, value) in project.axes.values() {
        // A family that needs a release is no value by itself.
        let family = project
            .axes
            .families
            .get(&value)
            .filter(|_| axis == crate::name::SYSTEM);
        if family.is_none_or(|f| f.alone) {
            all.entry(axis.to_owned()).or_default().push(value);
        }
    }
    all
}

fn axes_text(axes: &indexmap::IndexMap<String, Vec<String>>) -> String {
    axes.iter()
        .map(|(axis, values)| {
            format!(
                "{axis}\n{}",
                values
                    .iter()
                    .map(|v| format!("  {v}\n"))
                    .collect::<String>()
            )
        })
        .collect()
}
