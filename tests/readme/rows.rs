//! What clients of CI systems execute: six environments over two stages in a row of jobs that meet in the loopback registry.
//! Five pass, one of them with a failure that is allowed, and one fails.

use std::fs;
use std::path::Path;

use crate::{command, said};

/// `NUMBER` is a word of the test's own. Every job empties the engine first, as a machine of its own would be.
const FILE: &str = r#"
[project]
name = "NUMBER"
env-list = ["docker-box-latest-{a,b,c,d,soft,broken}"]
[system.box]
image = "busybox:latest"
release.latest = {}
[axis.kind]
a = { stage.built.artifacts = "/kept" }
b = {}
c = {}
d = {}
soft = { stage.checked.run = ["echo soft fails; false"] }
broken = { stage.built.run = ["echo before the end; echo NUMBER; exit 7"] }
[stage.prepared]
run = ["echo prepared {kind} NUMBER"]
[stage.built]
run = ["echo built {kind} | tee /kept"]
[stage.checked]
run = ["echo checked"]
allow-failure = true
[registry]
repository = "127.0.0.1:5000/NUMBER"
[ci]
jobs = ["prepared", ["built", "checked"]]
matrix-limit = 4
steps-before = ["runenv clean"]
"#;

/// The file of a project of this name.
pub(crate) fn file(name: &str) -> String {
    FILE.replace("NUMBER", name)
}

/// The state of each stage, in the `result.json` of a folder that was kept.
pub(crate) fn states(kept: &Path) -> Vec<String> {
    let path = kept.join("result.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let result: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let stages = result["stages"].as_array().expect("stages").iter();
    let word = |value: &serde_json::Value| value.as_str().expect("a word").to_owned();
    let state = |stage: &serde_json::Value| {
        let cached = stage["cached"].as_bool() == Some(true);
        let state = if cached {
            "cached".to_owned()
        } else {
            word(&stage["state"])
        };
        format!("{} {state}", word(&stage["name"]))
    };
    stages.map(state).collect()
}

/// What lies in the tree's registry and on the engine goes.
pub(crate) fn clean(tree: &Path) {
    for words in [&["clean", "--registry"][..], &["clean"]] {
        let output = command("runenv", tree).args(words).output();
        let output = output.expect("it runs");
        assert!(output.status.success(), "{}", said(&output));
    }
}
