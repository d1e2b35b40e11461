//! The JSON of `runenv list` and of `result.json`, as docs/reference/json.md promises it.

use std::path::Path;

use serde_json::Value;

use crate::list_forms::FILE;
use crate::support::{Project, golden};

fn project() -> Project {
    Project::new().envs_toml(FILE)
}

/// The keys of a table of docs/reference/json.md.
fn documented(heading: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/json.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, below) = text.split_once(&format!("## `{heading}`\n")).unwrap();
    let rows = below.lines().take_while(|l| !l.starts_with("## "));
    let keys = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next());
    keys.map(str::to_owned).collect()
}

fn keys(table: &Value) -> Vec<String> {
    table.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn json_has_the_keys_that_are_documented() {
    let of = |words: &str| -> Value {
        serde_json::from_str(&project().runenv(words).exits(0).stdout).unwrap()
    };
    let list = of("list --json --all");
    for item in list.as_array().unwrap() {
        assert_eq!(keys(item), documented("runenv list --json"));
    }
    let axes = of("list --axes --json");
    assert_eq!(keys(&axes), ["axes", "left-out"]);
    for values in axes["axes"].as_object().unwrap().values() {
        for value in values.as_array().unwrap() {
            assert_eq!(keys(value), documented("runenv list --axes --json"));
        }
    }
}

#[test]
fn a_result_has_the_keys_that_are_documented() {
    let project = Project::new().envs_toml("[stage.one]\nrun = [\"true\"]\n");
    project.runenv("run local").exits(0);
    let result = project.json(".runenv/local-host/result.json");
    let both = [keys(&result), keys(&result["stages"][0])].concat();
    assert_eq!(both, documented("result.json"));
}

#[test]
fn json_is_for_programs() {
    let ran = project().runenv("list --json docker-debian-trixie-clang-16-built smoke local");
    golden(ran.exits(0).stdout, "list/list.json");
    let ran = project().runenv("list --axes --json cc ubuntu-focal arc?");
    golden(ran.exits(0).stdout, "list/axes.json");
}
