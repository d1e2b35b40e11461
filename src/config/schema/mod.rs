//! The JSON Schema of `envs.toml`, made from the types that read it: their doc comments are its texts.
//!
//! TOML has no null, so what may be left out is only not required. `x-class` says what a key is to a stage's key.

mod homes;
pub(crate) mod reference;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

pub(crate) use homes::homes;

use super::File;
use super::file::class::Class;
use super::file::layer::ReleaseTable;
use super::file::{
    EnvTable, Layer, ListEdits, StageEdits, StageTable, SystemTable, ValueTable, WhenTable,
};

/// The tables whose keys have classes, by the names that their schemas have.
const CLASSES: [(&str, &[(&str, Class)]); 9] = [
    ("Layer", Layer::CLASSES),
    ("ValueTable", ValueTable::CLASSES),
    ("ReleaseTable", ReleaseTable::CLASSES),
    ("SystemTable", SystemTable::CLASSES),
    ("WhenTable", WhenTable::CLASSES),
    ("EnvTable", EnvTable::CLASSES),
    ("ListEdits", ListEdits::CLASSES),
    ("StageTable", StageTable::CLASSES),
    ("StageEdits", StageEdits::CLASSES),
];

/// The whole schema.
pub(crate) fn schema() -> Value {
    let settings = SchemaSettings::draft2020_12();
    let schema = SchemaGenerator::new(settings).into_root_schema_for::<File>();
    let mut schema = Value::from(schema);
    without_null(&mut schema);
    for (table, classes) in CLASSES {
        for (field, class) in classes {
            let key = field.trim_start_matches("r#").replace('_', "-");
            let property = &mut schema["$defs"][table]["properties"][&key];
            if let Value::Object(property) = property {
                property.insert("x-class".to_owned(), json!(class.word()));
            }
        }
    }
    schema
}

/// Takes out what Rust's options and defaults leave behind.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.shift_remove("default");
            object.shift_remove("format");
            drop_null(object, "anyOf", &json!({ "type": "null" }));
            drop_null(object, "type", &json!("null"));
            unwrap_single(object);
            for (key, inner) in object {
                // What stands there are names of keys and tables, not words of the schema.
                if let ("properties" | "$defs", Value::Object(named)) = (key.as_str(), &mut *inner)
                {
                    named.values_mut().for_each(without_null);
                } else {
                    without_null(inner);
                }
            }
        }
        Value::Array(array) => array.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn drop_null(object: &mut Map<String, Value>, key: &str, null: &Value) {
    if let Some(Value::Array(all)) = object.get_mut(key) {
        all.retain(|one| one != null);
        if let ("type", [only]) = (key, all.as_slice()) {
            object[key] = only.clone();
        }
    }
}

/// `anyOf` of one is that one; a description beside it stays.
fn unwrap_single(object: &mut Map<String, Value>) {
    let Some(Value::Array(all)) = object.get_mut("anyOf") else {
        return;
    };
    if let [Value::Object(_)] = all.as_slice()
        && let Some(Value::Object(only)) = all.pop()
    {
        object.shift_remove("anyOf");
        for (key, value) in only {
            object.entry(key).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_a_layer_and_a_stage_has_a_class_and_a_text() {
        let schema = schema();
        for (table, classes) in CLASSES {
            let Value::Object(keys) = &schema["$defs"][table]["properties"] else {
                panic!("{table} is a table");
            };
            assert_eq!(keys.len(), classes.len(), "{table}");
            for (key, property) in keys {
                assert!(property["x-class"].is_string(), "{table}.{key}");
                assert!(property["description"].is_string(), "{table}.{key}");
            }
        }
        assert!(!schema.to_string().contains("null"), "{schema:#}");
    }
}
