//! Reads the shape of a file: every mistake of shape in one go, each at its place.
//!
//! serde stops at the first mistake. So the entry it points at is taken out and the rest is read again, until
//! nothing is left to say. Syntax errors come alone, and meaning (`check/`) comes only when the shape is right.

mod characters;
mod families;
mod include;
pub(crate) mod overrides;
pub(crate) mod sources;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::file::{File, Layer};
use super::schema::homes;
use crate::nearest;
use crate::problem::{Problem, Problems, Source};
use sources::{Sources, moved};

/// The file as written, or all that is wrong with its shape.
pub(crate) fn read(sources: &mut Sources, root: &Path) -> Result<File, Problems> {
    let first = Arc::clone(sources.first());
    let mut table = parse(&first, 0, sources)?;
    let more = include::load(&include::included(table.get_ref()), root, sources)?;
    let mut problems = Problems::default();
    // Included files come before the one that names them.
    let mut whole = DeTable::new();
    for (offset, source) in &more {
        let included = parse(source, *offset, sources)?.into_inner();
        include::merge(&mut whole, included, sources, &mut problems);
    }
    if !more.is_empty() {
        include::merge(
            &mut whole,
            std::mem::take(table.get_mut()),
            sources,
            &mut problems,
        );
        *table.get_mut() = whole;
    }
    let file = shaped(&mut table, sources, problems)?;
    families(table, file, sources)
}

/// One source's syntax; its places begin at the offset.
fn parse<'t>(
    source: &'t Arc<Source>,
    offset: usize,
    sources: &Sources,
) -> Result<Spanned<DeTable<'t>>, Problems> {
    if let Some(at) = source.text.find(crate::late::is_mark) {
        let end = at + source.text[at..].chars().next().map_or(0, char::len_utf8);
        let help = "remove the character: Unicode reserves it for a program's inside";
        return Err(Problem::new("a Unicode noncharacter in the file", help)
            .at(source, at..end, "")
            .into());
    }
    let table = DeTable::parse(&source.text).map_err(|e| syntax(sources, &e, offset))?;
    let span = table.span().start + offset..table.span().end + offset;
    let table = moved(table.into_inner(), offset);
    characters::check(&table, sources)?;
    Ok(Spanned::new(span, table))
}

/// A layer that is a text of its own, at its offset.
pub(super) fn layer(
    source: &Arc<Source>,
    offset: usize,
    sources: &Sources,
) -> Result<Layer, Problems> {
    let mut table = parse(source, offset, sources)?;
    shaped(&mut table, sources, Problems::default())
}

/// The tables as what they are to be, or all that is wrong with their shape.
fn shaped<T: DeserializeOwned>(
    table: &mut Spanned<DeTable<'_>>,
    sources: &Sources,
    mut problems: Problems,
) -> Result<T, Problems> {
    let mut pruned = BTreeSet::new();
    loop {
        let error = match T::deserialize(toml::Deserializer::from(table.clone())) {
            Ok(file) if problems.0.is_empty() => return Ok(file),
            Ok(_) => return Err(problems),
            Err(error) => error,
        };
        let span = error.span().unwrap_or(0..0);
        let follows = error.message().starts_with("missing field") && pruned.contains(&span.start);
        let problem = shape(sources, error.message(), span.clone());
        let again = problems.0.last().is_some_and(|p| {
            p.title == problem.title && p.places[0].span == problem.places[0].span
        });
        if !follows && !again {
            problems.push(problem);
        }
        match prune_table(table.get_mut(), 0, &span) {
            Some(home) if !problems.full() => pruned.insert(home),
            _ => return Err(problems),
        };
    }
}

/// The file with its families of values written out; of the right shape, it stays so.
fn families(
    mut table: Spanned<DeTable<'_>>,
    file: File,
    sources: &Sources,
) -> Result<File, Problems> {
    if !families::expand(table.get_mut(), sources)? {
        return Ok(file);
    }
    File::deserialize(toml::Deserializer::from(table))
        .map_err(|error| shape(sources, error.message(), error.span().unwrap_or(0..0)).into())
}

fn syntax(sources: &Sources, error: &toml::de::Error, offset: usize) -> Problems {
    let span = error.span().unwrap_or(0..0);
    let span = span.start + offset..span.end + offset;
    let message = error
        .message()
        .lines()
        .next()
        .unwrap_or("it cannot be read")
        .to_owned();
    let help = "see https://toml.io for the syntax: texts stand in quotes, tables in [brackets]";
    Problem::new(format!("the file is not TOML: {message}"), help)
        .place(sources.place(span))
        .into()
}

/// serde's words, made ours.
fn shape(sources: &Sources, message: &str, span: Range<usize>) -> Problem {
    let (title, help) = if let Some(rest) = message.strip_prefix("unknown field `") {
        let (key, expected) = rest.split_once('`').unwrap_or((rest, ""));
        let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
        (
            format!("unknown key `{key}`"),
            unknown(sources, key, &known, &span),
        )
    } else if let Some(rest) = message.strip_prefix("missing field `") {
        let key = rest.split('`').next().unwrap_or(rest);
        (
            format!("the key `{key}` is missing"),
            format!("add `{key} = …`"),
        )
    } else if let Some((got, expected)) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|m| m.split_once(", expected "))
    {
        let text = sources.text(span.clone());
        (
            format!(
                "{} stands where {} is expected",
                ours(got, text),
                kind(expected)
            ),
            wrong_kind(got, expected, text),
        )
    } else {
        (
            message.to_owned(),
            "the README shows the format: The file, by example".to_owned(),
        )
    };
    Problem::new(title, help).place(sources.place(span))
}

/// What to write in place of an unknown key.
fn unknown(sources: &Sources, key: &str, known: &[&str], span: &Range<usize>) -> String {
    let place = sources.place(span.clone());
    let before = place
        .source
        .text
        .get(..place.span.start)
        .unwrap_or_default();
    let dotted = before
        .strip_suffix('.')
        .filter(|_| key.starts_with(|c: char| c.is_ascii_digit()));
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if let Some(before) = dotted {
        let first = &before[before.trim_end_matches(plain).len()..];
        return format!("a value with a dot is quoted: `\"{first}.{key}\"`");
    }
    let homes = homes(key, known)
        .into_iter()
        .map(|table| format!("`{table}`"));
    let homes: Vec<String> = homes.collect();
    if nearest::nearest(key, known.iter().copied()).is_none() && !homes.is_empty() {
        return format!("`{key}` is a key of {}", homes.join(", "));
    }
    nearest::advice(key, "keys here", known.iter().copied())
}

/// A value as a person calls it.
fn ours(got: &str, text: &str) -> String {
    match got.split_once(' ') {
        Some(("integer" | "floating" | "float", _)) => format!("the number {text}"),
        Some(("string", _)) => format!("the text {text}"),
        Some(("boolean", _)) => format!("`{text}`"),
        _ if got == "sequence" => "a list".to_owned(),
        _ if got == "map" && text.starts_with(|c: char| c.is_ascii_digit()) => "a date".to_owned(),
        _ if got == "map" => "a table".to_owned(),
        _ => got.to_owned(),
    }
}

/// serde's word for a kind of value, made ours.
fn kind(expected: &str) -> &str {
    match expected {
        "a string" => "a text",
        "a map" => "a table",
        "a sequence" => "a list",
        "a boolean" => "`true` or `false`",
        "u32" => "a count",
        other if other.starts_with("struct ") => "a table",
        other => other,
    }
}

fn wrong_kind(_got: &str, expected: &str, text: &str) -> String {
    // Numbers and dates.
    let number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let takes_text = ["text", "string", "shell line"]
        .iter()
        .any(|w| expected.contains(w));
    match expected {
        "u32" if text.trim_matches('"').parse::<u32>().is_ok() => {
            format!("write it without quotes: `{}`", text.trim_matches('"'))
        }
        "a sequence" if text.starts_with('[') => {
            format!("it may stand several times: write `[{text}]`")
        }
        "a map" if text.starts_with("[[") => {
            format!(
                "write it with a name, in single brackets: `[{}.NAME]`",
                text.trim_matches(['[', ']'])
            )
        }
        table if kind(table) == "a table" => "write a table: `{ key = \"…\" }`".to_owned(),
        "u32" => format!("write a whole number from 0 to {}", u32::MAX),
        _ if number && takes_text => format!("write it as a text: \"{text}\""),
        _ => format!("write {}", kind(expected)),
    }
}

fn within(a: &Range<usize>, b: &Range<usize>) -> bool {
    b.start <= a.start && a.end <= b.end
}

/// Does the span lie in the value, or in something that a dotted key put into it from elsewhere?
fn reaches(value: &Spanned<DeValue<'_>>, bad: &Range<usize>) -> bool {
    if within(bad, &value.span()) {
        return true;
    }
    match value.get_ref() {
        DeValue::Table(table) => table
            .iter()
            .any(|(k, v)| within(bad, &k.span()) || reaches(v, bad)),
        DeValue::Array(array) => array.iter().any(|v| reaches(v, bad)),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => false,
    }
}

/// Takes out the entry a mistake points at, and says where the table it was in starts.
fn prune_table(table: &mut DeTable<'_>, home: usize, bad: &Range<usize>) -> Option<usize> {
    // A header `[sytem.x]` contains its key's span: a key that is the span itself comes first.
    let exact = table
        .iter()
        .find(|(k, _)| k.span() == *bad)
        .map(|(k, _)| k.clone());
    let key = if let Some(key) = exact {
        key
    } else {
        let (key, value) = table.iter_mut().find(|(_, v)| reaches(v, bad))?;
        let start = value.span().start;
        if let Some(pruned) = prune(value.get_mut(), start, bad) {
            return Some(pruned);
        }
        key.clone()
    };
    table.remove(&key).map(|_| home)
}

fn prune(value: &mut DeValue<'_>, home: usize, bad: &Range<usize>) -> Option<usize> {
    match value {
        DeValue::Table(table) => prune_table(table, home, bad),
        DeValue::Array(array) => {
            let hit = array.iter().position(|v| reaches(v, bad))?;
            let start = array[hit].span().start;
            if let Some(pruned) = prune(array.get_mut(hit)?.get_mut(), start, bad) {
                return Some(pruned);
            }
            let mut kept = DeArray::new();
            array
                .iter()
                .enumerate()
                .filter(|(at, _)| *at != hit)
                .for_each(|(_, v)| kept.push(v.clone()));
            *array = kept;
            Some(home)
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<File, Problems> {
        let mut sources = Sources::new(&Source::new("envs.toml", text));
        read(&mut sources, Path::new("/tree"))
    }

    fn titles(text: &str) -> Vec<String> {
        let problems = read_text(text).err().unwrap_or_default();
        problems
            .0
            .iter()
            .map(|p| format!("{}: {}", p.places[0], p.title))
            .collect()
    }

    #[test]
    fn every_mistake_of_shape_is_told_at_its_place() {
        let found = titles(
            "[project]\nnam = \"x\"\n[defaults]\ntimeout = 5\nenv = { A = 1 }\n[sytem.x]\nimage = \"y\"\n[stage.a]\nrun = [1, \"b\"]\n",
        );
        assert_eq!(found.len(), 5, "{found:#?}");
        for (place, word) in [
            ("2:1", "nam"),
            ("4:11", "number"),
            ("5:13", "number"),
            ("6:2", "sytem"),
            ("9:8", "number"),
        ] {
            assert!(
                found
                    .iter()
                    .any(|f| f.starts_with(&format!("envs.toml:{place}: ")) && f.contains(word)),
                "{place} in {found:#?}"
            );
        }
    }

    #[test]
    fn serde_says_what_we_take_apart() {
        let problems = read_text("[project]\nnmae = \"x\"\n").unwrap_err();
        assert_eq!(problems.0[0].title, "unknown key `nmae`");
        assert_eq!(problems.0[0].help, ["did you mean `name`?"]);
    }

    #[test]
    fn tables_keep_the_order_they_were_written_in() {
        let file = read_text("[stage.b]\n[stage.a]\n[vars]\nz = \"1\"\ny = \"2\"\n").unwrap();
        assert_eq!(
            file.stage
                .keys()
                .map(|k| k.get_ref().as_str())
                .collect::<Vec<_>>(),
            ["b", "a"]
        );
        assert_eq!(
            file.vars
                .keys()
                .map(|k| k.get_ref().as_str())
                .collect::<Vec<_>>(),
            ["z", "y"]
        );
    }
}
