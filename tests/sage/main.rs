//! `examples/sage/envs.toml` held against what is known of Sage's system: what names come to, which names are none,
//! and all of them at once. Needs hadolint, and for one test the engines that `RUNENV_TEST_ENGINES` names.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files, start programs and look at the clock"
)]

#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "this binary needs a part of it")]
mod support;

mod all;
mod build;
mod checks;
mod names;
mod readme;
mod rows;
mod tree;
mod variables;
mod workflows;
mod wrong;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Map, Value};
use support::Project;
use tree::Facts;

/// Sage's tree as far as runenv reads it, with the example's `envs.toml` in it.
pub(crate) struct Sage {
    pub(crate) facts: Facts,
    pub(crate) project: Project,
}

/// What `show --json` prints of one environment.
pub(crate) type Shown = Map<String, Value>;

/// The tree; made once for all tests that run at the same time.
pub(crate) fn sage() -> Arc<Sage> {
    static TREE: Mutex<Weak<Sage>> = Mutex::new(Weak::new());
    let mut tree = TREE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(sage) = tree.upgrade() {
        return sage;
    }
    let (facts, project) = (tree::facts(), Project::called("sage"));
    tree::write(&facts, project.root());
    let file = std::fs::read_to_string(example().join("envs.toml")).expect("the example");
    let project = project.envs_toml(&file);
    let sage = Arc::new(Sage { facts, project });
    *tree = Arc::downgrade(&sage);
    sage
}

/// `examples/sage`.
pub(crate) fn example() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("examples/sage")
}

impl Sage {
    /// The variable PATH of whoever calls runenv here.
    pub(crate) fn path(&self) -> String {
        let command = self.project.command(["list"]);
        let path = command.get_envs().find(|(name, _)| *name == "PATH");
        let value = path.and_then(|(_, value)| value?.to_str().map(str::to_owned));
        let root = self.project.root().to_str().expect("a plain path");
        value.expect("it is set").replace(root, "ROOT")
    }

    /// What `show` says of names with braces, in one process; or its error.
    pub(crate) fn show(&self, names: &str) -> Result<Vec<Shown>, String> {
        let ran = self.project.runenv(["show", names, "--json"]);
        if ran.code != Some(0) {
            return Err(ran.stderr);
        }
        let root = self.project.root().to_str().expect("a plain path");
        let text = String::from_utf8(ran.bytes).expect("JSON is UTF-8");
        let text = text.replace(root, "ROOT");
        let tables = serde_json::Deserializer::from_str(&text).into_iter();
        Ok(tables.map(|table| table.expect("JSON")).collect())
    }
}

/// The texts of a setting; none where it has no value.
pub(crate) fn texts(shown: &Shown, key: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    match shown.get(key) {
        None => Vec::new(),
        Some(Value::Array(list)) => list.iter().map(text).collect(),
        Some(one) => vec![text(one)],
    }
}
