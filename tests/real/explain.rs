//! `explain` on both engines: what was edited is named, from the last run's record and from the label of an image.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use crate::support::{Project, each};

const FILE: &str = r#"
[vars]
target = "all"
[defaults]
workdir = "/w"
[stage.built]
copy = ["src"]
env = { CC = "gcc" }
run = ["echo {target} {posargs:none}", "cat src/a"]
[stage.tested]
run = ["echo tested"]
"#;

fn explain(project: &Project, words: &[&str]) -> Value {
    let env = project.env();
    let said = project.runenv(&[&["explain", &env, "--json"], words].concat());
    let json: Value = serde_json::from_str(&said.code(0).out).unwrap();
    json[0].clone()
}

/// The changes of the first stage that no other is behind.
fn causes(explained: &Value) -> Vec<String> {
    let changes = explained["stages"][0]["changes"].as_array().unwrap().iter();
    let causes = changes.filter(|c| c["because"].is_null());
    causes
        .map(|c| c["name"].as_str().unwrap().to_owned())
        .collect()
}

/// The state of a stage, or why it runs.
fn said(explained: &Value, at: usize) -> String {
    let stage = &explained["stages"][at];
    let said = stage["why"].as_str().or(stage["state"].as_str());
    said.unwrap().to_owned()
}

fn link(project: &Project, target: &str) {
    let link = project.root().join("src/l");
    let _ = std::fs::remove_file(&link);
    symlink(target, link).unwrap();
}

#[test]
fn what_was_edited_is_named_by_the_last_run_and_by_an_image() {
    each(|engine| {
        let project = Project::new(engine, FILE);
        project.file("src/a", "a\n");
        link(&project, "a");
        assert_eq!(said(&explain(&project, &[]), 0), "new");
        project.run(&[]).code(0);
        let found = explain(&project, &[]);
        assert_eq!([0, 1].map(|at| said(&found, at)), ["found", "found"]);
        assert_eq!(found["stages"][0]["key"], project.stage("built")["key"]);
        edits(&project);
        // On a machine that never ran it: the nearest of the images.
        std::fs::remove_dir_all(project.root().join(".runenv")).unwrap();
        project.toml(&FILE.replace("gcc", "clang"));
        let explained = explain(&project, &["--", "x"]);
        assert_eq!(causes(&explained), ["env.CC"]);
        assert_ne!(explained["stages"][0]["against"], "last-run");
        assert_eq!(said(&explained, 1), "stage-before");
        let wrote = project.root().join(".runenv").exists();
        assert!(!wrote, "it writes nothing");
    });
}

/// Each is told by `explain`, and by the run before the stage.
fn edits(project: &Project) {
    let runs = |why: &str| {
        let said = project.run(&[]).code(0);
        let said = said.says(&format!("built runs: {why}\n"));
        assert!(!said.err.contains("tested runs"), "{}", said.err);
    };
    project.file("src/a", "b\n");
    assert_eq!(causes(&explain(project, &[])), ["src/a"]);
    runs("src/a changed");
    let mode = PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(project.root().join("src/a"), mode).unwrap();
    runs("src/a is executable now");
    link(project, "b");
    runs("src/l links to `b`, not `a`");
    let words = ["--", "x"];
    assert_eq!(causes(&explain(project, &words)), ["posargs"]);
    project.run(&words).code(0);
}
