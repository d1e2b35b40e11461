//! `runenv show ENV`: every resolved setting, with its origin where asked. Starts no process.

use clap::Args;
use serde_json::{Map, Value, json};

use super::select::Selection;
use super::{Context, Exit};
use crate::config::Project;
use crate::environment::Environment;
use crate::environment::rows::{self, Row};
use crate::json;
use crate::nearest;
use crate::problem::Problem;
use crate::run::folder::Folder;
use crate::run::{self, local};
use crate::time;

#[derive(Clone, Debug, Args)]
pub(crate) struct ShowArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// Only these settings, their values alone
    #[arg(value_name = "KEY")]
    keys: Vec<String>,
    /// Say where each value was written
    #[arg(long)]
    origin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Words for `{posargs}`
    #[arg(last = true, value_name = "POSARGS")]
    posargs: Vec<String>,
}

pub(crate) fn exec(args: ShowArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    for (at, name) in context
        .select(&project, &Selection::one(&args.env))?
        .iter()
        .enumerate()
    {
        let env = context.resolve(&project, name, &args.posargs)?;
        let rows = pick(rows_of(&project, &env, context), &args.keys)?;
        let text = if args.json {
            json::text(&to_json(&rows, args.origin))
        } else if args.keys.is_empty() {
            let gap = if at > 0 { "\n" } else { "" };
            // What a stage has from the layers stands with them.
            let own: Vec<&Row> = rows.iter().filter(|row| !row.inherited).collect();
            format!("{gap}{}", to_text(&own, args.origin))
        } else {
            let values = rows.iter().flat_map(|r| &r.values);
            let line = |(value, origin): &(String, Option<String>)| {
                with_origin(value, origin.as_deref(), args.origin)
            };
            values.map(line).collect()
        };
        context.out.result(&text);
    }
    Ok(0)
}

/// All settings, and for this host the variables that its commands get.
fn rows_of(project: &Project, env: &Environment, context: &Context) -> Vec<Row> {
    let (name, host) = (env.name.to_string(), &context.host);
    let cpus = env.settings.cpus.as_ref().map(|c| c.value.as_str());
    let tree = local::tree(&project.root, &name, env.isolated());
    let folder = Folder::of(&project.root).env(&name);
    let mut rows = rows::rows(env, &run::late(&tree, folder.path(), cpus, host));
    let past = env
        .end_of_life
        .as_ref()
        .is_some_and(|day| day.value.as_str() < &time::now()[..10]);
    // Until then its packages are where they always were.
    rows.retain(|row| past || row.key != "archive");
    if !env.container() {
        let passed = local::PASSED.iter().filter(|name| host.is_set(name));
        let value = |name: &&str| ((*name).to_owned(), Some("default".to_owned()));
        rows.push(Row {
            key: "passed-variables".to_owned(),
            list: true,
            inherited: false,
            values: passed.map(value).collect(),
        });
    }
    rows
}

/// The rows that are asked for; a key that there is not is a mistake.
fn pick(rows: Vec<Row>, keys: &[String]) -> Result<Vec<Row>, Problem> {
    for key in keys {
        if !rows
            .iter()
            .any(|r| r.key == *key || r.key.starts_with(&format!("{key}.")))
        {
            let known = rows.iter().map(|r| r.key.as_str());
            return Err(Problem::new(
                format!("no setting `{key}` in this environment"),
                nearest::advice(key, "settings", known),
            ));
        }
    }
    let asked = |row: &Row| {
        keys.is_empty()
            || keys
                .iter()
                .any(|k| row.key == *k || row.key.starts_with(&format!("{k}.")))
    };
    Ok(rows.into_iter().filter(asked).collect())
}

fn with_origin(value: &str, origin: Option<&str>, show: bool) -> String {
    match origin.filter(|_| show) {
        Some(origin) => format!("{value}    # {origin}\n"),
        None => format!("{value}\n"),
    }
}

/// `key  value`; elements of a list below each other, lines of a text below its first.
fn to_text(rows: &[&Row], origin: bool) -> String {
    let width = rows.iter().map(|r| r.key.len()).max().unwrap_or(0);
    let mut out = String::new();
    for row in rows {
        for (at, (value, from)) in row.values.iter().enumerate() {
            let key = if at == 0 { row.key.as_str() } else { "" };
            let value = value.replace('\n', &format!("\n{:width$}  ", ""));
            out += &format!(
                "{key:width$}  {}",
                with_origin(&value, from.as_deref(), origin)
            );
        }
    }
    out
}

fn to_json(rows: &[Row], origin: bool) -> Value {
    let one = |(value, from): &(String, Option<String>)| {
        if origin {
            json!({ "value": value, "origin": from })
        } else {
            json!(value)
        }
    };
    let object: Map<String, Value> = rows
        .iter()
        .map(|row| {
            let value = if row.list {
                Value::Array(row.values.iter().map(one).collect())
            } else {
                one(&row.values[0])
            };
            (row.key.clone(), value)
        })
        .collect();
    Value::Object(object)
}
