//! `explain`, and the line that says why a stage runs: what was edited, by its name, with old and new.

use std::os::unix::fs::{PermissionsExt, symlink};

use regex::Regex;
use serde_json::Value;

use crate::support::{Fake, Project};

const FILE: &str = r#"
[project]
name = "p"
[vars]
target = "all"
[defaults]
system-packages = ["make"]
[stage.packages]
packages = true
[stage.built]
copy = ["src"]
env = { CC = "gcc" }
run = ["make {target}", "echo {posargs:none}"]
[stage.tested]
run = ["make check"]
"#;

const ENV: &str = "docker-debian-bookworm";

fn project(fake: &Fake) -> Project {
    let project = Project::new().envs_toml(FILE).file("src/a.c", "int a;\n");
    let project = project.file("src/run.sh", "true\n").file("src/b.o", "x");
    project.link("src/link", "a.c").engine(fake)
}

fn explain(project: &Project, more: &str) -> Value {
    let words = format!("explain {ENV} --json {more}");
    let ran = project.runenv(words.as_str()).exits(0);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    json[0].clone()
}

/// `STAGE: name old -> new` of every change that no other is behind.
fn causes(explained: &Value) -> Vec<String> {
    let mut causes = Vec::new();
    for stage in explained["stages"].as_array().unwrap() {
        for change in stage["changes"].as_array().unwrap() {
            let text = |key: &str| change[key].as_str().unwrap_or("-").to_owned();
            if change["because"].is_null() && change["what"] != "stage" {
                let (stage, name) = (stage["name"].as_str().unwrap(), text("name"));
                causes.push(format!(
                    "{stage}: {name} {} -> {}",
                    text("old"),
                    text("new")
                ));
            }
        }
    }
    causes
}

/// What is done, the words behind `--`, and the cause that is told.
type Edit<'a> = (&'a dyn Fn(&Project), &'a str, &'a str);

/// Ten edits in a row: each time the very thing that was edited is named, and nothing else.
#[test]
fn what_was_edited_is_named() {
    let fake = Fake::new();
    let project = project(&fake);
    let toml = |project: &Project, old: &str, new: &str| {
        let text = project.read("envs.toml");
        assert!(text.contains(old), "{old}");
        project.write("envs.toml", text.replace(old, new));
    };
    let edits: [Edit<'_>; 10] = [
        (
            &|p| p.write("src/a.c", "int b;\n"),
            "",
            "built: src/a.c file 7 * -> file 7 *",
        ),
        (
            &|p| {
                let mode = std::fs::Permissions::from_mode(0o755);
                std::fs::set_permissions(p.path("src/run.sh"), mode).unwrap();
            },
            "",
            "built: src/run.sh file 5 * -> program 5 *",
        ),
        (
            &|p| {
                std::fs::remove_file(p.path("src/link")).unwrap();
                symlink("run.sh", p.path("src/link")).unwrap();
            },
            "",
            "built: src/link link a.c -> link run.sh",
        ),
        (
            &|p| toml(p, "\"all\"", "\"most\""),
            "",
            "built: vars.target all -> most",
        ),
        (
            &|p| toml(p, "\"gcc\"", "\"clang\""),
            "",
            "built: env.CC gcc -> clang",
        ),
        (
            &|p| toml(p, "[defaults]", "[defaults]\nprelude = [\". env\"]"),
            "",
            "built: prelude - -> . env|tested: prelude - -> . env",
        ),
        (
            &|p| toml(p, "[\"make\"]", "[\"make\", \"bison\"]"),
            "",
            "packages: packages - -> bison",
        ),
        (
            &|_| {
                let layers = fake.folder().join("images/debian-bookworm/layers");
                std::fs::write(layers, "another-layer\n").unwrap();
            },
            "",
            "packages: base * -> *",
        ),
        (
            &|p| p.write(".dockerignore", "src/b.o\n"),
            "",
            "built: .dockerignore - -> src/b.o",
        ),
        (&|_| (), "-- some words", "built: posargs - -> some words"),
    ];
    let run = |words: &str| {
        project
            .runenv(format!("run {ENV} {words}").as_str())
            .exits(0)
    };
    run("");
    for (edit, words, expected) in edits {
        edit(&project);
        let explained = explain(&project, words);
        let told = causes(&explained).join("|");
        let pattern = regex::escape(expected).replace(r"\*", "[0-9a-f]{16}");
        let pattern = Regex::new(&format!("^{pattern}$")).unwrap();
        assert!(
            pattern.is_match(&told),
            "expected {expected}, told {told}\n{explained:#}"
        );
        let ran = run(words).stderr;
        assert_eq!(
            ran.matches(" runs: ").count(),
            expected.split('|').count(),
            "{ran}"
        );
        assert_eq!(
            causes(&explain(&project, words)),
            [""; 0],
            "after {expected}"
        );
    }
}
