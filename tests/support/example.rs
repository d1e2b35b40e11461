//! An example of `examples/` in a folder of its own, with its source fetched, as a project whose images go with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The folder of an example.
pub(crate) fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(name)
}

/// Is no engine named to run on? Then a test says that it is skipped.
pub(crate) fn skipped() -> bool {
    let there = std::env::var_os("RUNENV_TEST_ENGINES").is_some_and(|e| !e.is_empty());
    if !there {
        println!("skipped: RUNENV_TEST_ENGINES names no engine");
    }
    !there
}

/// A copy of an example with its source, a project of its own; its images go when it does.
pub(crate) struct Copy(tempfile::TempDir);

impl Copy {
    pub(crate) fn new(name: &str, id: &str) -> Self {
        let fetched = run(Command::new(example(name).join("fetch.sh")));
        assert!(fetched.status.success(), "{}", said(&fetched));
        let folder = tempfile::tempdir().expect("a folder");
        for part in [name, ".dockerignore"] {
            let part = example(name).join(part);
            let mut copy = Command::new("cp");
            copy.arg("-R").arg(&part).arg(folder.path());
            assert!(!part.exists() || run(copy).status.success());
        }
        let text = fs::read_to_string(example(name).join("envs.toml")).expect("it has one");
        let text = text.replacen("[project]\n", &format!("[project]\nid = \"{id}\"\n"), 1);
        fs::write(folder.path().join("envs.toml"), text).expect("a file");
        Self(folder)
    }

    pub(crate) fn runenv(&self, words: &[&str]) -> Output {
        run(self.command(words))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runenv"));
        command.args(words).current_dir(self.0.path());
        command.env_remove("CI").env_remove("RUNENV_ENV");
        command
    }

    /// States of the last run's stages: the word, or `cached`.
    pub(crate) fn stages(&self, env: &str) -> Vec<String> {
        let path = self.0.path().join(".runenv").join(env).join("result.json");
        let text = fs::read_to_string(path).expect("a run leaves a result");
        let json: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let stages = json["stages"].as_array().expect("a list").iter();
        let word = |stage: &serde_json::Value| {
            let cached = stage["cached"] == true;
            let state = stage["state"].as_str().expect("a word");
            if cached { "cached" } else { state }.to_owned()
        };
        stages.map(word).collect()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let output = self.runenv(&["clean"]);
        println!("{}", said(&output));
    }
}

/// Without what cargo tells a test of its package: a build by `command` would be another than a user's, and made anew.
pub(crate) fn run(mut command: Command) -> Output {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).output().expect("it starts")
}

/// Both streams, for messages.
pub(crate) fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr];
    both.map(|b| String::from_utf8_lossy(b).into_owned())
        .concat()
}
