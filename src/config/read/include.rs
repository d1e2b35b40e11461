//! `[project] include`: more files of the tree, read before the one that names them. They become one table here, before
//! its shape is read.
//!
//! Tables of named entries (`[config.NAME]`, `[packages]`, …) may be spread over files, `[[when]]`s follow each other; an
//! entry in two files is an error, and so is any other table.

use std::path::{Component, Path};
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::super::MOST_BYTES;
use super::sources::Sources;
use crate::files;
use crate::problem::{Problem, Problems, Source};

/// More files than these are a mistake.
const MOST_FILES: usize = 100;

/// How many levels of names a table has before an entry that stands in one file alone.
fn levels(table: &str) -> usize {
    match table {
        "runner" | "config" | "system" | "stage" | "env" | "group" | "packages" => 1,
        "axis" => 2,
        _ => 0,
    }
}

/// The files that a table includes. What is no text is for the shape to tell.
pub(super) fn included(table: &DeTable<'_>) -> Vec<Spanned<String>> {
    let project = table.get("project").and_then(|p| p.get_ref().as_table());
    let Some(include) = project.and_then(|p| p.get("include")) else {
        return Vec::new();
    };
    let text = |value: &Spanned<DeValue<'_>>| {
        let text = value.get_ref().as_str()?;
        Some(Spanned::new(value.span(), text.to_owned()))
    };
    match include.get_ref().as_array() {
        Some(all) => all.iter().filter_map(text).collect(),
        None => text(include).into_iter().collect(),
    }
}

/// Reads the included files, and puts each behind those that were read.
pub(super) fn load(
    named: &[Spanned<String>],
    root: &Path,
    sources: &mut Sources,
) -> Result<Vec<(usize, Arc<Source>)>, Problems> {
    let (mut problems, mut all, mut bytes) = (Problems::default(), Vec::new(), 0);
    if let Some(extra) = named.get(MOST_FILES) {
        let title = format!("more than {MOST_FILES} files are included");
        let problem = Problem::new(title, "put several into one");
        return Err(problem.place(sources.place(extra.span())).into());
    }
    for (at, name) in named.iter().enumerate() {
        let read = file(name.get_ref(), root).map_err(|p| p.place(sources.place(name.span())));
        if let Some(text) = problems.keep(read) {
            let twice = named[..at].iter().any(|n| n.get_ref() == name.get_ref());
            let itself = !text.trim().is_empty() && sources.first().text == text;
            if twice || itself {
                let title = format!("`{}` is read already", name.get_ref());
                let help = "take it out: a file is included once, and none includes itself";
                problems.push(Problem::new(title, help).place(sources.place(name.span())));
                continue;
            }
            bytes += text.len() as u64;
            if bytes > MOST_BYTES {
                let title = format!("more than {} MB are included", MOST_BYTES / 1_000_000);
                let problem = Problem::new(title, "are these the right files?");
                return Err(problem.place(sources.place(name.span())).into());
            }
            let source = Source::new(name.get_ref().as_str(), text);
            all.push((sources.add(&source), source));
        }
    }
    problems.or(all)
}

/// The text of a file inside the tree.
fn file(name: &str, root: &Path) -> Result<String, Problem> {
    let plain = |c: Component<'_>| matches!(c, Component::Normal(_) | Component::CurDir);
    let path = Path::new(name);
    let outside = || {
        let title = format!("`{name}` is not a file inside the tree");
        Problem::new(
            title,
            "name it by its path from the tree's folder, without `..`",
        )
    };
    if name.is_empty() || !path.components().all(plain) {
        return Err(outside());
    }
    let whole = root.join(path);
    if !files::is_inside(&whole, root) {
        return Err(outside());
    }
    files::read_text(&whole, MOST_BYTES)
}

/// Puts the entries of a later file behind those that are there.
pub(super) fn merge<'t>(
    into: &mut DeTable<'t>,
    from: DeTable<'t>,
    sources: &Sources,
    problems: &mut Problems,
) {
    for (key, value) in from {
        let name = key.get_ref().to_string();
        join(into, (key, value), levels(&name), &name, sources, problems);
    }
}

type Entry<'t> = (Spanned<DeString<'t>>, Spanned<DeValue<'t>>);

fn join<'t>(
    into: &mut DeTable<'t>,
    (key, value): Entry<'t>,
    levels: usize,
    path: &str,
    sources: &Sources,
    problems: &mut Problems,
) {
    let first = into.get_key_value(&key).map(|(key, _)| key.span());
    let Some(there) = into.get_mut(&key) else {
        into.insert(key, value);
        return;
    };
    let (span, value) = (value.span(), value.into_inner());
    match (there.get_mut(), value) {
        (DeValue::Table(there), DeValue::Table(more)) if levels > 0 => {
            for (key, value) in more {
                let path = format!("{path}.{}", key.get_ref());
                join(there, (key, value), levels - 1, &path, sources, problems);
            }
        }
        (DeValue::Array(there), DeValue::Array(more)) if path == "when" => {
            more.into_iter().for_each(|table| there.push(table));
        }
        _ if problems.full() => {}
        _ => {
            let first = first.unwrap_or(span);
            let title = format!("`{path}` stands in two files");
            let help = "write each table and each entry of a table in one file";
            let problem = Problem::new(title, help).place(sources.place(key.span()));
            problems.push(problem.place(sources.place(first)));
        }
    }
}
