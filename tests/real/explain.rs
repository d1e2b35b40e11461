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

#[test]
fn what_was_edited_is_named_by_the_last_run_and_by_an_image() {
    each(|engine| {
        let project = Project::new(engine, FILE);
        project.file("src/a", "a\n");
        symlink("a", project.root().join("src/l")).unwrap();
        let state = |explained: &Value, at: usize| explained["stages"][at]["state"].clone();
        let why = |explained: &Value, at: usize| explained["stages"][at]["why"].clone();
        let new = explain(&project, &[]);
        assert_eq!(
            (state(&new, 0), why(&new, 0)),
            ("runs".into(), "new".into())
        );
        project.run(&[]).code(0);
        let found = explain(&project, &[]);
        assert_eq!(
            (state(&found, 0), state(&found, 1)),
            ("found".into(), "found".into())
        );
        let key = project.stage("built")["key"].clone();
        assert_eq!(found["stages"][0]["key"], key);

        let folder = project.root().join("src");
        project.file("src/a", "b\n");
        assert_eq!(causes(&explain(&project, &[])), ["src/a"]);
        project.run(&[]).code(0).says("built runs: src/a changed\n");
        std::fs::set_permissions(folder.join("a"), PermissionsExt::from_mode(0o755)).unwrap();
        project
            .run(&[])
            .code(0)
            .says("built runs: src/a is executable now\n");
        std::fs::remove_file(folder.join("l")).unwrap();
        symlink("b", folder.join("l")).unwrap();
        project
            .run(&[])
            .code(0)
            .says("built runs: src/l links to `b`, not `a`\n");
        let said = project.run(&["--", "x"]).code(0);
        let said = said.says("built runs: posargs `x` added\n");
        assert!(!said.err.contains("tested runs"), "{}", said.err);

        // On a machine that never ran it: the nearest of five images.
        std::fs::remove_dir_all(project.root().join(".runenv")).unwrap();
        project.toml(&FILE.replace("gcc", "clang"));
        let explained = explain(&project, &["--", "x"]);
        assert_eq!(causes(&explained), ["env.CC"]);
        assert!(explained["stages"][0]["against"].as_str().unwrap().len() > 60);
        assert_eq!(why(&explained, 1), "stage-before");
        assert!(
            !project.root().join(".runenv").exists(),
            "it writes nothing"
        );
    });
}
