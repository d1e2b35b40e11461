//! `--set KEY=VALUE`, `KEY+=VALUE`, `KEY-=VALUE`: layers that are typed, over all that are written.
//!
//! Each becomes a line of TOML in a source of its own, so that its mistakes are told like the file's. A value is taken
//! as a text; where none fits, or where it begins like a list, a table or a quoted text, as TOML.

use std::sync::Arc;

use toml::de::DeTable;

use super::super::file::Layer;
use super::sources::Sources;
use crate::problem::{Problem, Problems, Source};

/// A layer of the command line.
#[derive(Clone, Debug)]
pub(crate) struct Override {
    pub(crate) layer: Layer,
    /// The list that `KEY=` sets: what layers add up is forgotten first.
    pub(crate) replaces: Option<String>,
}

/// How a key and its value are joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    Set,
    Append,
    Remove,
}

/// Reads what was typed behind each `--set`.
pub(crate) fn read(texts: &[String], sources: &mut Sources) -> Result<Vec<Override>, Problems> {
    let (mut all, mut problems) = (Vec::new(), Problems::default());
    for text in texts {
        match one(text, sources) {
            Ok(layer) => all.push(layer),
            Err(found) => problems.0.extend(found.0),
        }
    }
    problems.or(all)
}

fn one(text: &str, sources: &mut Sources) -> Result<Override, Problems> {
    let (key, join, value) = split(text)?;
    let path = match join {
        Join::Set => key.to_owned(),
        Join::Append => inside(key, "append"),
        Join::Remove => inside(key, "remove"),
    };
    let quoted = toml::Value::String(value.to_owned()).to_string();
    let as_toml = format!("{path} = {value}\n");
    let as_text = format!("{path} = {quoted}\n");
    let literal = value.starts_with(['[', '{', '"', '\'']);
    let parses = DeTable::parse(&as_toml).is_ok_and(|table| table.get_ref().len() == 1);
    // The first form that fits; if none does, what is wrong with the first.
    let forms = match (literal, parses) {
        (true, true) => vec![as_toml],
        (false, true) => vec![as_text, as_toml],
        (_, false) => vec![as_text],
    };
    let mut first = None;
    for form in forms {
        match layer(&form, sources) {
            Ok(layer) => {
                let replaces = (join == Join::Set).then(|| key.to_owned());
                return Ok(Override { layer, replaces });
            }
            Err(problems) => first = first.or(Some(problems)),
        }
    }
    Err(first.expect("there is at least one form"))
}

fn layer(text: &str, sources: &mut Sources) -> Result<Layer, Problems> {
    let source: Arc<Source> = Source::new("--set", text);
    let offset = sources.add(&source);
    super::layer(&source, offset, sources)
}

/// `stage.NAME.run` is edited by `stage.NAME.append.run`, every other key by `append.KEY`.
fn inside(key: &str, edit: &str) -> String {
    let parts: Vec<&str> = key.splitn(3, '.').collect();
    match parts.as_slice() {
        ["stage", name, key] => format!("stage.{name}.{edit}.{key}"),
        _ => format!("{edit}.{key}"),
    }
}

fn split(text: &str) -> Result<(&str, Join, &str), Problem> {
    let help = "write `KEY=VALUE`, or `KEY+=VALUE` and `KEY-=VALUE` for lists: `--set vars.jobs=4`";
    let wrong = |title: String| Problem::new(title, help);
    let Some((key, value)) = text.split_once('=') else {
        return Err(wrong(format!("`--set {text}` has no `=`")));
    };
    let (key, join) = match (key.strip_suffix('+'), key.strip_suffix('-')) {
        (Some(key), _) => (key, Join::Append),
        (None, Some(key)) => (key, Join::Remove),
        (None, None) => (key, Join::Set),
    };
    let plain = |part: &str| {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        !part.is_empty() && part.chars().all(ok)
    };
    if !key.split('.').all(plain) {
        return Err(wrong(format!("`{key}` is no key")));
    }
    Ok((key, join, value))
}
