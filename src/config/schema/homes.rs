//! Where a key of `envs.toml` belongs, by its schema: for one that stands in another table.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::schema;

/// Of a layer's key the tables that come to mind first.
const LAYERS: [&str; 4] = ["[defaults]", "[system.NAME]", "[config.NAME]", "[env.NAME]"];

/// The tables that have the key: `[ci]`. None for one in a value with keys of its own, such as a mount: `known` are the
/// keys of where it stands.
pub(crate) fn homes(key: &str, known: &[&str]) -> Vec<String> {
    let schema = schema();
    let known: BTreeSet<&str> = known.iter().copied().collect();
    let tables: Vec<_> = tables(&schema).collect();
    let is_one = |(_, keys): &(String, &Map<String, Value>)| {
        let keys: BTreeSet<&str> = keys.keys().map(String::as_str).collect();
        keys == known
    };
    if !tables.iter().any(is_one) {
        return Vec::new();
    }
    if schema["$defs"]["Layer"]["properties"].get(key).is_some() {
        return LAYERS.map(str::to_owned).into();
    }
    let has = tables
        .into_iter()
        .filter(|(_, keys)| keys.contains_key(key));
    has.map(|(header, _)| header).collect()
}

/// The tables of the file and their keys.
fn tables(schema: &Value) -> impl Iterator<Item = (String, &Map<String, Value>)> {
    let all = schema["properties"].as_object().into_iter().flatten();
    all.filter_map(|(name, property)| {
        let (header, of) = match (property.get("additionalProperties"), property.get("items")) {
            (Some(entry), _) if entry.is_object() => (format!("[{name}.NAME]"), entry),
            (_, Some(items)) => (format!("[[{name}]]"), items),
            _ => (format!("[{name}]"), property),
        };
        let table = of["$ref"].as_str()?.rsplit('/').next()?;
        Some((header, schema["$defs"][table]["properties"].as_object()?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_known_by_its_tables() {
        let schema = schema();
        let (_, stage) = tables(&schema)
            .find(|(header, _)| header == "[stage.NAME]")
            .unwrap();
        let stage: Vec<&str> = stage.keys().map(String::as_str).collect();
        assert_eq!(homes("jobs", &stage), ["[ci]"]);
        assert_eq!(homes("annotate", &stage), LAYERS);
        assert_eq!(homes("depends", &stage), ["[env.NAME]"]);
        assert_eq!(homes("nothing", &stage), [""; 0]);
        assert_eq!(homes("annotate", &["file", "as"]), [""; 0]);
    }
}
