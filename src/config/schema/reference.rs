//! The reference of `envs.toml` as Markdown, made from its schema. What a key means is said in the types' comments alone.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::schema;

/// What stands before the tables.
const HEAD: &str = "# envs.toml\n\n\
<!-- Made by `runenv schema --markdown` from the comments in src/config: change those. -->\n\n\
Every table and key of `envs.toml`. A key that is not here is an error.\n\n\
What a key is to a stage's key: one that *acts* makes another key when it changes, and so another image; one that \
*bounds* is a limit or a place; one that *tells* says what is shown, kept beside, or allowed.\n";

/// The tables that are layers.
const LAYERS: [&str; 6] = [
    "Layer",
    "ValueTable",
    "ReleaseTable",
    "SystemTable",
    "WhenTable",
    "EnvTable",
];

/// The whole page.
pub(crate) fn markdown() -> String {
    let schema = schema();
    let page = Page {
        tables: &schema["$defs"],
    };
    let mut out = HEAD.to_owned();
    for (key, property) in object(&schema["properties"]) {
        page.table(&mut out, key, property);
    }
    out += "\n## Keys of a layer\n\nThese keys may stand in every table that is a layer.\n\n";
    Page::keys(&mut out, &page.tables["Layer"], &[]);
    for (title, table) in [
        ("append and remove of a layer", "ListEdits"),
        ("append and remove of a stage", "StageEdits"),
    ] {
        let _ = write!(out, "\n## {title}\n\n{}\n\n", text(&page.tables[table]));
        Page::keys(&mut out, &page.tables[table], &[]);
    }
    out += "\n## Values with keys of their own\n";
    for (title, table) in [
        ("A command", "CommandTable"),
        ("A mount", "Mount"),
        ("A secret from a file", "SecretFile"),
        ("A rule of annotate", "Annotation"),
        ("A filter of the package tree", "TreeFilter"),
        ("A login", "Login"),
    ] {
        let _ = write!(out, "\n### {title}\n\n{}\n\n", text(&page.tables[table]));
        Page::keys(&mut out, &page.tables[table], &[]);
    }
    out
}

struct Page<'s> {
    tables: &'s Value,
}

impl Page<'_> {
    /// One table of the file: what it is for, and the keys that are its own.
    fn table(&self, out: &mut String, key: &str, property: &Value) {
        let (mut header, mut of) = (format!("[{key}]"), property);
        // A table of named entries, or of tables of them.
        for name in ["NAME", "VALUE"] {
            if let Some(entry) = of.get("additionalProperties").filter(|e| e.is_object()) {
                of = entry;
                if self.resolve(of).get("properties").is_some() || name == "NAME" {
                    header = header.replace(']', &format!(".{name}]"));
                }
            }
        }
        if let Some(items) = property.get("items") {
            (header, of) = (format!("[[{key}]]"), items);
        }
        let table = self.resolve(of);
        let Some(keys) = table.get("properties") else {
            let _ = write!(out, "\n## [{key}]\n\n{}\n", text(property));
            let value = kind(property.get("additionalProperties").unwrap_or(property));
            let _ = writeln!(out, "\nEach value: {value}.");
            return;
        };
        let _ = write!(out, "\n## {header}\n\n{}\n\n", text(property));
        let layer = LAYERS.iter().any(|name| self.tables[name] == *table);
        let common: Vec<&str> = if layer {
            let keys = object(&self.tables["Layer"]["properties"]);
            keys.map(|(key, _)| key.as_str()).collect()
        } else {
            Vec::new()
        };
        if layer {
            let own = object(keys).any(|(key, _)| !common.contains(&key.as_str()));
            out.push_str("A layer: [keys of a layer](#keys-of-a-layer)");
            out.push_str(if own { ", and:\n\n" } else { ".\n" });
            if !own {
                return;
            }
        }
        Self::keys(out, table, &common);
    }

    /// A row a key.
    fn keys(out: &mut String, table: &Value, without: &[&str]) {
        let keys = || object(&table["properties"]).filter(|(k, _)| !without.contains(&k.as_str()));
        let classes = keys().any(|(_, property)| property.get("x-class").is_some());
        out.push_str(if classes {
            "| key | value | | meaning |\n| --- | --- | --- | --- |\n"
        } else {
            "| key | value | meaning |\n| --- | --- | --- |\n"
        });
        for (key, property) in keys() {
            let class = property.get("x-class").and_then(Value::as_str);
            let class = class.map_or(String::new(), |class| format!(" {class} |"));
            let (value, text) = (kind(property), text(property));
            let _ = writeln!(out, "| `{key}` | {value} |{class} {text} |");
        }
    }

    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        match value["$ref"].as_str().and_then(|r| r.rsplit('/').next()) {
            Some(name) => &self.tables[name],
            None => value,
        }
    }
}

/// What kind of value it is, in the words of the error messages.
fn kind(property: &Value) -> String {
    if let Some(all) = property["anyOf"].as_array() {
        let kinds: Vec<String> = all.iter().map(kind).collect();
        return kinds.join(" or ");
    }
    match property["type"].as_str() {
        Some("string") => "text".to_owned(),
        Some("boolean") => "true or false".to_owned(),
        Some("integer") => "number".to_owned(),
        Some("array") => format!("list of {}", plural(&kind(&property["items"]))),
        Some("object") => "table".to_owned(),
        _ if property.get("$ref").is_some() => "table".to_owned(),
        _ => "value".to_owned(),
    }
}

fn plural(kind: &str) -> String {
    if kind.contains(" or ") {
        format!("({kind})")
    } else if kind.starts_with("list") {
        kind.replacen("list", "lists", 1)
    } else {
        format!("{kind}s")
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// A description on one line, safe in a row of a table.
fn text(property: &Value) -> String {
    let text = property["description"].as_str().unwrap_or_default();
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}
