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

/// The state of each stage, or why it runs.
fn said(explained: &Value) -> Vec<String> {
    let stages = explained["stages"].as_array().unwrap().iter();
    let said = stages.map(|stage| stage["why"].as_str().or(stage["state"].as_str()));
    said.map(|word| word.unwrap().to_owned()).collect()
}

/// Makes something of the labels of the stages' images.
fn labels(fake: &Fake, edit: impl Fn(&str) -> String) {
    for image in fake.images() {
        let path = fake.folder().join("images").join(image).join("labels");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines = text.lines().map(|line| edit(line) + "\n");
        std::fs::write(&path, lines.collect::<String>()).unwrap();
    }
}

/// Somebody else's label, half a label, none: it is said that they say nothing, and nothing is guessed from them.
#[test]
fn a_label_that_is_broken_is_no_guess() {
    for broken in ["", "true", ".script=0f0f0f0f env.CC", "/%1b[2J=0f0f0f0f"] {
        let fake = Fake::new();
        let project = project(&fake);
        project.runenv(format!("run {ENV}").as_str()).exits(0);
        std::fs::remove_dir_all(project.path(".runenv")).unwrap();
        labels(&fake, |line| match line.split_once('=') {
            Some(("runenv.parts", _)) => format!("runenv.parts={broken}"),
            _ => line.to_owned(),
        });
        project.write("src/a.c", "int b;\n");
        let explained = explain(&project, "");
        assert_eq!(said(&explained), ["found", "unsaid", "unsaid"], "{broken}");
        assert_eq!(causes(&explained), [""; 0]);
        let told = project.runenv(format!("run {ENV}").as_str()).exits(0);
        let words = "built runs: its images do not say what they were made of\n";
        assert!(told.stderr.contains(words), "{}", told.stderr);
    }
    // Without a key it is no image of a stage.
    let fake = Fake::new();
    let project = project(&fake);
    project.runenv(format!("run {ENV}").as_str()).exits(0);
    std::fs::remove_dir_all(project.path(".runenv")).unwrap();
    labels(&fake, |line| match line.split_once('=') {
        Some(("runenv.key", key)) => format!("runenv.key={}", &key[1..]),
        _ => line.to_owned(),
    });
    assert_eq!(said(&explain(&project, "")), ["new"; 3]);
}

/// What each engine had is known of each stage; what was never there is not remembered.
#[test]
fn engines_are_not_mixed() {
    let fake = Fake::new();
    let project = project(&fake);
    project.runenv(format!("run {ENV}").as_str()).exits(0);
    let podman = format!("run {ENV} --engine podman --to packages");
    project.runenv(podman.as_str()).exits(0);
    for image in fake.images() {
        if !image.contains("debian") {
            std::fs::remove_dir_all(fake.folder().join("images").join(image)).unwrap();
        }
    }
    let of = |engine: &str| said(&explain(&project, &format!("--engine {engine}")));
    assert_eq!(of("docker"), ["other-engine", "gone", "gone"]);
    assert_eq!(of("podman"), ["gone", "other-engine", "other-engine"]);
}

const OWN_TREE: &str = r#"
[runner.local]
isolate = "copy"
[env.plain]
runner = "local"
isolate = "tree"
commands = ["true"]
[stage.built]
copy = ["src"]
run = ["cat src/a >made"]
[stage.tested]
copy = ["test"]
run = ["cat made"]
"#;

/// In a tree of its own an environment finds its stages by their keys, and `explain` and `list --stale` say so.
#[test]
fn what_a_tree_of_its_own_has_is_told() {
    let project = Project::new().envs_toml(OWN_TREE).file("src/a", "a\n");
    let project = project.file("test", "t\n");
    let explain = || {
        let ran = project.runenv("explain local-host --json").exits(0);
        let json: Value = serde_json::from_str(&ran.stdout).unwrap();
        json[0].clone()
    };
    let stale = || project.runenv("list --stale local-host").exits(0).stdout;
    assert_eq!(
        (said(&explain()), stale().trim()),
        (
            vec!["new".to_owned(), "stage-before".to_owned()],
            "local-host"
        )
    );
    assert!(!project.path(".runenv").exists(), "it writes nothing");
    project.runenv("run local-host").exits(0);
    let result = project.json(".runenv/local-host/result.json");
    let found = explain();
    assert_eq!(said(&found), ["found", "found"]);
    assert_eq!(found["stages"][1]["key"], result["stages"][1]["key"]);
    assert_eq!(stale(), "");
    project.write("test", "u\n");
    assert_eq!(said(&explain()), ["found", "changed"]);
    assert_eq!(stale(), "local-host\n");
    let text = project.runenv("explain local-host").exits(0).stdout;
    assert!(
        text.contains("it passed in its tree with another key"),
        "{text}"
    );
    std::fs::remove_dir_all(project.path(".runenv/local-host/tree")).unwrap();
    assert_eq!(said(&explain()), ["new", "stage-before"]);
    // In the source tree every stage runs every time.
    assert_eq!(
        project.runenv("list --stale plain").exits(0).stdout,
        "plain\n"
    );
}

/// `list --stale`: those in which something would run; plain `list` asks nobody.
#[test]
fn stale_environments_are_listed_alone() {
    let fake = Fake::new().image("debian:trixie");
    let project = project(&fake);
    let names = "docker-debian-{bookworm,trixie}";
    let list = |words: &str| project.runenv(format!("list {words} {names}").as_str());
    let both = "docker-debian-bookworm\ndocker-debian-trixie\n";
    assert_eq!(list("--stale").exits(0).stdout, both);
    project.runenv(format!("run {ENV}").as_str()).exits(0);
    fake.forget_calls();
    assert_eq!(list("").exits(0).stdout, both);
    assert_eq!(fake.calls(), [""; 0], "plain `list` starts no process");
    let stale = list("--stale").exits(0);
    assert_eq!(
        (stale.stdout.as_str(), stale.stderr.as_str()),
        ("docker-debian-trixie\n", "")
    );
    assert!(fake.calls().len() <= 3, "{:?}", fake.calls());
    let json: Value = serde_json::from_str(&list("--stale --json").exits(0).stdout).unwrap();
    let whole: Value = serde_json::from_str(&list("--json").exits(0).stdout).unwrap();
    assert_eq!(json, Value::Array(vec![whole[1].clone()]));
    project.runenv(format!("run {names}").as_str()).exits(0);
    let none = list("--stale").exits(0);
    assert_eq!(
        (none.stdout.as_str(), none.stderr.as_str()),
        ("", "nothing would run\n")
    );
    assert_eq!(list("--stale --json").exits(0).stdout, "[]\n");
    // The base image is not there, and nobody is asked what it is.
    std::fs::remove_dir_all(fake.folder().join("images/debian-trixie")).unwrap();
    let unknown = list("--stale --offline").exits(0);
    assert_eq!(unknown.stdout, "docker-debian-trixie\n");
    assert!(
        unknown
            .stderr
            .contains("the base image is not here, and no registry was asked")
    );
    let idle = project.runenv("list --offline").exits(2).stderr;
    assert!(idle.contains("only `--stale` asks"), "{idle}");
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
