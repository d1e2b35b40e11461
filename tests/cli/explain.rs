//! `explain`, and the line that says why a stage runs: what was edited, by its name, with old and new.

use std::os::unix::fs::symlink;

use regex::Regex;
use serde_json::Value;
use snapbox::str;

use crate::support::{Fake, Project, executable, same};

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

/// Something that a person changes.
enum Edit {
    Write(&'static str, &'static str),
    Executable(&'static str),
    Link(&'static str, &'static str),
    /// In envs.toml: this, in place of that.
    Toml(&'static str, &'static str),
    /// The base image's name means other bytes.
    Base,
    Nothing,
}
use Edit::{Base, Executable, Link, Nothing, Toml, Write};

impl Edit {
    fn apply(&self, project: &Project, fake: &Fake) {
        match self {
            Write(path, text) => project.write(path, text),
            Executable(path) => executable(&project.path(path)),
            Link(path, target) => {
                std::fs::remove_file(project.path(path)).unwrap();
                symlink(target, project.path(path)).unwrap();
            }
            Toml(old, new) => {
                let text = project.read("envs.toml");
                assert!(text.contains(old), "{old}");
                project.write("envs.toml", text.replace(old, new));
            }
            Base => {
                let layers = fake.folder().join("images/debian-bookworm/layers");
                std::fs::write(layers, "another-layer\n").unwrap();
            }
            Nothing => {}
        }
    }
}

/// What is done, the words behind `--`, and the causes that are told; `*` is a digest.
const EDITS: [(Edit, &str, &str); 10] = [
    (
        Write("src/a.c", "int b;\n"),
        "",
        "built: src/a.c file 7 * -> file 7 *",
    ),
    (
        Executable("src/run.sh"),
        "",
        "built: src/run.sh file 5 * -> program 5 *",
    ),
    (
        Link("src/link", "run.sh"),
        "",
        "built: src/link link a.c -> link run.sh",
    ),
    (
        Toml("\"all\"", "\"most\""),
        "",
        "built: vars.target all -> most",
    ),
    (
        Toml("\"gcc\"", "\"clang\""),
        "",
        "built: env.CC gcc -> clang",
    ),
    (
        Toml("[defaults]", "[defaults]\nprelude = [\". env\"]"),
        "",
        "built: prelude - -> . env|tested: prelude - -> . env",
    ),
    (
        Toml("[\"make\"]", "[\"make\", \"bison\"]"),
        "",
        "packages: packages - -> bison",
    ),
    (Base, "", "packages: base * -> *"),
    (
        Write(".dockerignore", "src/b.o\n"),
        "",
        "built: .dockerignore - -> src/b.o",
    ),
    (Nothing, "-- some words", "built: posargs - -> some words"),
];

/// Ten edits in a row: each time the very thing that was edited is named, and nothing else. A run says the same in a line
/// for each stage that it names, and after it nothing is left to say.
#[test]
fn what_was_edited_is_named() {
    let fake = Fake::new();
    let project = project(&fake);
    let run = |words: &str| {
        let ran = project.runenv(format!("run {ENV} {words}").as_str());
        ran.exits(0).stderr
    };
    run("");
    for (edit, words, expected) in EDITS {
        edit.apply(&project, &fake);
        let explained = explain(&project, words);
        let told = causes(&explained).join("|");
        let pattern = regex::escape(expected).replace(r"\*", "[0-9a-f]{16}");
        let pattern = Regex::new(&format!("^{pattern}$")).unwrap();
        let right = pattern.is_match(&told);
        assert!(right, "expected {expected}, told {told}\n{explained:#}");
        let (told, stages) = (run(words), expected.split('|').count());
        assert_eq!(told.matches(" runs: ").count(), stages, "{told}");
        let left = causes(&explain(&project, words));
        assert_eq!(left, [""; 0], "after {expected}");
    }
}

/// Found, run for a reason, run because the stage before is.
#[test]
fn what_is_told_of_each_stage() {
    let fake = Fake::new();
    let project = project(&fake);
    let text = || {
        let said = project.runenv(format!("explain {ENV}").as_str()).exits(0);
        assert_eq!(said.stderr, "");
        let digest = Regex::new("[0-9a-f]{16}").unwrap();
        digest.replace_all(&said.stdout, "[KEY]").into_owned()
    };
    same(
        text(),
        str![[r#"
docker-debian-bookworm (docker, debian:bookworm [KEY])
  packages  runs     [KEY]  nothing of it was built yet
  built     runs     [KEY]  nothing of it was built yet
  tested    runs     [KEY]  nothing of it was built yet

"#]],
    );
    assert!(!project.path(".runenv").exists(), "it writes nothing");
    project.runenv(format!("run {ENV}").as_str()).exits(0);
    project.write("src/a.c", "int b;\n");
    let toml = FILE.replace(
        "make {target}",
        "make {target} and some more words than a line of words has room for",
    );
    project.write("envs.toml", toml);
    fake.forget_calls();
    same(
        text(),
        str![[r#"
docker-debian-bookworm (docker, debian:bookworm [KEY])
  packages  found    [KEY]  p-debian-bookworm-packages:key-[KEY]
  built     runs     [KEY]  since the last run:
      run[1] changed  envs.toml:13:8
        - make all
        + make all and some more words than a line of words has room for
      src/a.c changed
  tested    runs     [KEY]  `built` changed

"#]],
    );
    assert!(fake.calls().len() <= 3, "{:?}", fake.calls());
}

#[test]
fn an_image_that_is_gone_is_told() {
    let fake = Fake::new();
    let project = project(&fake);
    project.runenv(format!("run {ENV}").as_str()).exits(0);
    for image in fake.images() {
        if !image.contains("debian") {
            std::fs::remove_dir_all(fake.folder().join("images").join(image)).unwrap();
        }
    }
    let explained = explain(&project, "");
    let stages = explained["stages"].as_array().unwrap();
    assert!(stages.iter().all(|s| s["why"] == "gone"), "{explained:#}");
    let told = project.runenv(format!("run {ENV}").as_str()).exits(0);
    assert_eq!(told.stderr.matches(" runs: its image is gone\n").count(), 3);
    let local = project.runenv("explain local-host").exits(0).stdout;
    assert!(local.contains("always"), "{local}");
}
