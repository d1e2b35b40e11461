//! `explain` on both engines: what was edited is named, from the last run's record and from the label of an image, here or
//! in a registry; and what an incremental stage would begin from.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;

use crate::support::{Project, each};

const FILE: &str = r#"
[vars]
target = "all"
[defaults]
workdir = "/w"
system-packages = ["make"]
[system.own]
image = "BASE"
package-manager = "apk"
release.base = {}
[stage.packages]
packages = true
[stage.built]
copy = ["src"]
env = { CC = "gcc" }
run = ["echo {target} {posargs:none}", "cat src/a"]
[stage.tested]
run = ["echo tested"]
"#;

/// An image of another content each, with a package manager that has everything.
const BASE: &str = "FROM busybox:latest\nENV BASE=NUMBER\n\
    RUN printf '#!/bin/sh\\n' >/bin/apk && chmod 755 /bin/apk\n";

fn explain(project: &Project, env: &str, words: &[&str]) -> Value {
    let said = project.runenv(&[&["explain", env, "--json"], words].concat());
    let json: Value = serde_json::from_str(&said.code(0).out).unwrap();
    json[0].clone()
}

/// `STAGE: name old -> new` of every change that no other is behind; digests are `#`.
fn causes(explained: &Value) -> Vec<String> {
    let digest = regex::Regex::new("[0-9a-f]{16}").unwrap();
    let mut causes = Vec::new();
    for stage in explained["stages"].as_array().unwrap() {
        for change in stage["changes"].as_array().unwrap() {
            if change["because"].is_null() && change["what"] != "stage" {
                let text = |key: &str| change[key].as_str().unwrap_or("-").to_owned();
                let (stage, name) = (stage["name"].as_str().unwrap(), text("name"));
                let cause = format!("{stage}: {name} {} -> {}", text("old"), text("new"));
                causes.push(digest.replace_all(&cause, "#").into_owned());
            }
        }
    }
    causes.sort();
    causes
}

/// A key of every stage, as words.
fn each_stage<'a>(explained: &'a Value, key: &str) -> Vec<&'a str> {
    let stages = explained["stages"].as_array().unwrap().iter();
    stages.map(|s| s[key].as_str().unwrap_or("-")).collect()
}

/// The state of each stage, or why it runs.
fn said(explained: &Value) -> Vec<&str> {
    let (states, why) = (each_stage(explained, "state"), each_stage(explained, "why"));
    let said = why.into_iter().zip(states);
    said.map(|(why, state)| if why == "-" { state } else { why })
        .collect()
}

fn link(project: &Project, target: &str) {
    let link = project.root().join("src/l");
    let _ = std::fs::remove_file(&link);
    symlink(target, link).unwrap();
}

/// In envs.toml: this, in place of that.
fn replace(project: &Project, old: &str, new: &str) {
    let text = std::fs::read_to_string(project.root().join("envs.toml")).unwrap();
    assert!(text.contains(old), "{old}");
    project.file("envs.toml", text.replace(old, new));
}

fn executable(project: &Project) {
    let mode = PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(project.root().join("src/run"), mode).unwrap();
}

/// One edit after another, and what each adds to what is told.
fn edits(project: &Project, base: &str, other: &str) {
    let toml = |old, new| replace(project, old, new);
    let edits: [(&dyn Fn(), &[&str]); 10] = [
        (
            &|| project.file("src/a", "b\n"),
            &["built: src/a file 2 # -> file 2 #"],
        ),
        (
            &|| executable(project),
            &["built: src/run file 5 # -> program 5 #"],
        ),
        (
            &|| link(project, "run"),
            &["built: src/l link a -> link run"],
        ),
        (
            &|| toml("\"all\"", "\"most\""),
            &["built: vars.target all -> most"],
        ),
        (&|| toml("gcc", "clang"), &["built: env.CC gcc -> clang"]),
        (
            &|| toml("[defaults]", "[defaults]\nprelude = [\"A=1\"]"),
            &["built: prelude - -> A=1", "tested: prelude - -> A=1"],
        ),
        (
            &|| toml("[\"make\"]", "[\"make\", \"bison\"]"),
            &["packages: packages - -> bison"],
        ),
        (
            &|| drop(project.engine(&["tag", other, base])),
            &["packages: base # -> #"],
        ),
        (
            &|| project.file(".dockerignore", "src/b\n"),
            &["built: .dockerignore - -> src/b"],
        ),
        (&|| (), &["built: posargs - -> x"]),
    ];
    let mut told = Vec::new();
    for (at, (edit, expected)) in edits.iter().enumerate() {
        edit();
        let words: &[&str] = if at == 9 { &["--", "x"] } else { &[] };
        let explained = explain(project, &own(project), words);
        told.extend(expected.iter().map(|cause| (*cause).to_owned()));
        told.sort();
        assert_eq!(causes(&explained), told, "after {expected:?}");
    }
}

fn own(project: &Project) -> String {
    format!("{}-own-base", project.engine)
}

#[test]
fn ten_edits_in_a_row_are_named() {
    each(|engine| {
        let mut project = Project::new(engine, "");
        let [base, other] = ["1", "2"].map(|n| project.build(&BASE.replace("NUMBER", n)));
        let toml = FILE.replace("BASE", &base);
        project.toml(&toml);
        project.file("src/a", "a\n");
        project.file("src/b", "b\n");
        project.file("src/run", "true\n");
        link(&project, "a");
        let env = own(&project);
        assert_eq!(said(&explain(&project, &env, &[])), ["new"; 3]);
        project.runenv(&["run", &env]).code(0);
        let found = explain(&project, &env, &[]);
        assert_eq!(said(&found), ["found"; 3]);
        assert_eq!(each_stage(&found, "found"), ["engine"; 3]);
        edits(&project, &base, &other);
        // The run says the same in a line for each stage that it begins with a reason of its own.
        let ran = project.runenv(&["run", &env, "--", "x"]).code(0);
        let ran = ran.says("packages runs: the base image changed from");
        ran.says("built runs: posargs `x` added (and 7 more)")
            .says("tested runs: prelude `A=1` added\n");
        // On a machine that never ran it: the nearest of the images.
        std::fs::remove_dir_all(project.root().join(".runenv")).unwrap();
        replace(&project, "clang", "tcc");
        let explained = explain(&project, &env, &["--", "x"]);
        assert_eq!(causes(&explained), ["built: env.CC - -> tcc"]);
        assert!(each_stage(&explained, "against")[1].starts_with("sha256:") || engine == "podman");
        assert_eq!(said(&explained), ["found", "changed", "stage-before"]);
        let wrote = project.root().join(".runenv").exists();
        assert!(!wrote, "it writes nothing");
        let ran = project.runenv(&["run", &env, "--", "x"]).code(0);
        ran.says("built runs: env.CC changed (against ");
    });
}

const INCREMENTAL: &str = r#"
[stage.conf]
copy = ["conf"]
run = ["cat conf"]
[stage.built]
copy = ["src"]
run = ["cat src/a"]
incremental = true
max-links = 1
[stage.tested]
run = ["true"]
"#;

#[test]
fn an_incremental_stage_says_what_it_would_begin_from() {
    each(|engine| {
        let project = Project::new(engine, INCREMENTAL);
        let env = project.env();
        project.file("conf", "1\n");
        project.file("src/a", "1\n");
        project.run(&[]).code(0);
        // Neither is run for it: its files are brought into its own image.
        project.file("src/a", "2\n");
        project.file("conf", "2\n");
        let explained = explain(&project, &env, &[]);
        assert_eq!(said(&explained), ["skipped", "changed", "stage-before"]);
        let file = "file 2 # -> file 2 #";
        let told = [format!("built: src/a {file}"), format!("conf: conf {file}")];
        assert_eq!(causes(&explained), told);
        assert_eq!(explained["stages"][1]["incremental"]["links"], 1);
        let text = project.runenv(&["explain", &env]).code(0).out;
        let from = "built   runs     ";
        let line = text.lines().find(|line| line.contains(from)).unwrap();
        assert!(line.contains("from its own image of "), "{text}");
        assert!(
            line.contains(" (link 1 of 1); since the last run:"),
            "{text}"
        );
        assert!(
            text.contains("not needed: `built` starts from its own image"),
            "{text}"
        );
        project.run(&[]).code(0);
        assert_eq!(project.ran(), ["built", "tested"]);
        // What came of it is found by its key.
        let found = explain(&project, &env, &[]);
        assert_eq!(said(&found), ["skipped", "found", "found"]);
        for at in [1, 2] {
            assert_eq!(found["stages"][at]["incremental"]["links"], 1);
        }
        let tag = found["stages"][1]["tags"][0].as_str().unwrap();
        assert!(tag.contains(":inc-"), "{tag}");
        project.file("src/a", "3\n");
        let clean = explain(&project, &env, &[]);
        assert_eq!(said(&clean), ["changed", "changed", "stage-before"]);
        let detail = clean["stages"][1]["detail"].as_str().unwrap();
        assert_eq!(detail, "clean after 1 increments (`max-links`)");
        project.run(&[]).code(0);
        assert_eq!(project.ran(), ["conf", "built", "tested"]);
    });
}
