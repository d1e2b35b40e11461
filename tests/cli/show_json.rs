//! The JSON of `runenv show`, as docs/reference/json.md promises it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::support::Project;

/// Every setting says something in one of the environments.
const FILE: &str = r#"
[vars]
text = "t"
list = ["a", "b"]
[packages]
gmp = { debian = "libgmp-dev" }
none = { fedora = "none" }
[package-tree]
names = "pkgs/{package}/{distro}.txt"
[defaults]
description = "words"
platform = "linux/amd64"
packages = ["gmp", "none", "tree"]
system-packages = ["make"]
packages-before = ["echo before"]
packages-after = ["echo after"]
ignore-missing-packages = true
env = { A = "x" }
prelude = ["echo prelude"]
shell = "bash"
workdir = "/src"
user = "builder"
network = "none"
mounts = [{ cache = "c", at = "/c" }]
create-args = ["--privileged"]
secrets = ["TOKEN", { file = "~/.netrc", as = "NETRC" }]
allow-volumes = true
memory = "1g"
cpus = "2"
timeout = "1h"
kill-after = "3s"
pass-env = ["CI_JOB"]
annotate = [{ match = "x", level = "error" }]
host-os = ["linux"]
[runner.local]
isolate = "copy"
install = true
[stage.configured]
packages = true
run = ["./configure"]
[stage.built]
from = "configured"
packages = false
copy = ["src"]
run = ["make", ["a", "b c"]]
on-failure = ["cat log"]
finally = ["ccache -s"]
key-period = "weekly"
machine = true
keep = false
log-limit = "1m"
max-links = 10
allow-failure = true
artifacts = ["log"]
incremental = true
push = false
"#;

/// Buster is past its end: it has an archive.
const ENVS: [&str; 3] = [
    "docker-debian-bookworm",
    "docker-debian-buster",
    "local-host",
];

fn shown(words: &str) -> Value {
    let project = Project::new().envs_toml(FILE);
    let project = project.file("pkgs/tree/debian.txt", "--no-recommends tree");
    let ran = project.runenv(format!("show --json {words}").as_str());
    serde_json::from_str(&ran.exits(0).stdout).unwrap()
}

/// The keys of the first table below the heading, with their types.
fn documented() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/json.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, below) = text.split_once("## `runenv show --json`\n").unwrap();
    let (table, _) = below.split_once("\nWith `--origin`").unwrap();
    let rows = table.lines().filter_map(|row| row.strip_prefix("| `"));
    let cells = rows.map(|row| row.split_once("` | ").unwrap());
    let typed = cells.map(|(key, rest)| (key, rest.split(" |").next().unwrap()));
    typed.map(|(k, t)| (k.to_owned(), t.to_owned())).collect()
}

/// A key as the page calls it: names that a file chooses stand as `NAME`.
fn general(key: &str) -> String {
    let parts: Vec<&str> = key.split('.').collect();
    match parts.as_slice() {
        ["stage", _, "env", _] => "stage.NAME.env.NAME".to_owned(),
        ["stage", _, key] => format!("stage.NAME.{key}"),
        [map @ ("env" | "vars"), _] => format!("{map}.NAME"),
        _ => key.to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    let texts = |all: &Vec<Value>| all.iter().all(Value::is_string);
    if value.is_string() {
        "text"
    } else if value.as_array().is_some_and(texts) {
        "list of texts"
    } else {
        "something else"
    }
}

#[test]
fn every_key_is_documented_with_its_type_and_every_documented_key_is_there() {
    let documented = documented();
    let mut seen = BTreeSet::new();
    for env in ENVS {
        for (key, value) in shown(env).as_object().unwrap() {
            let general = general(key);
            let types = documented.get(&general);
            let types = types.unwrap_or_else(|| panic!("`{key}` of {env} is not documented"));
            let kind = kind(value);
            let right = *types == kind || *types == format!("text or {kind}");
            let right = right || (kind == "text" && types.starts_with("text or "));
            assert!(right, "`{key}` is a {kind}, and documented as {types}");
            seen.insert(general);
        }
    }
    let lacking = documented.keys().filter(|key| !seen.contains(*key));
    let lacking: Vec<_> = lacking.collect();
    assert!(lacking.is_empty(), "documented and not there: {lacking:?}");
}

/// Without the origins it is the same; an origin is a place, a file of the package tree, or one of three words, or null.
#[test]
fn origins_stand_beside_the_values() {
    fn without(value: &Value, origins: &mut BTreeSet<String>) -> Value {
        if let Some(all) = value.as_array() {
            return all.iter().map(|v| without(v, origins)).collect();
        }
        let table = value.as_object().unwrap();
        let keys: Vec<&String> = table.keys().collect();
        assert_eq!(keys, ["value", "origin"]);
        let origin = &table["origin"];
        assert!(origin.is_null() || origin.is_string(), "{origin}");
        let text = origin.as_str().unwrap_or("null");
        let place = text.starts_with("envs.toml:") || text.starts_with("--set:1:");
        let word = if place { "place" } else { text };
        origins.insert(word.to_owned());
        table["value"].clone()
    }
    let mut origins = BTreeSet::new();
    for env in ENVS {
        let words = format!("{env} --set vars.text=other");
        let table = shown(&format!("{words} --origin"));
        let table = table.as_object().unwrap().iter();
        let bare = table.map(|(key, value)| (key.clone(), without(value, &mut origins)));
        let bare: serde_json::Map<String, Value> = bare.collect();
        assert_eq!(Value::Object(bare), shown(&words));
    }
    // Only of a machine that the catalog knows.
    origins.remove("this host");
    let words: Vec<&str> = origins.iter().map(String::as_str).collect();
    assert_eq!(
        words,
        [
            "catalog",
            "default",
            "null",
            "pkgs/tree/debian.txt",
            "place"
        ]
    );
}

#[test]
fn values_are_as_they_are_printed() {
    let words = "docker-debian-bookworm image allow-volumes stage.built.max-links stage.built.run mounts secrets \
        annotate vars.list";
    let expected = json!({
        "image": ["debian:bookworm"],
        "mounts": ["cache:c at /c"],
        "secrets": ["TOKEN", "NETRC from ~/.netrc"],
        "allow-volumes": "true",
        "annotate": ["error: x"],
        "vars.list": ["a", "b"],
        "stage.built.run": ["make", "a 'b c'"],
        "stage.built.max-links": "10",
    });
    assert_eq!(shown(words), expected);
}
