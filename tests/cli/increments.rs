//! Incremental stages: which run from their own images and which clean; which images `--base` may name.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use snapbox::str;

use crate::support::{Fake, Project, same};

const FILE: &str = r#"
[project]
name = "p"
[stage.conf]
run = ["true"]
[stage.built]
copy = ["src"]
incremental = true
run = ["make"]
"#;

/// The folder of the image of a stage.
fn image_of(fake: &Fake, stage: &str) -> PathBuf {
    let line = format!("runenv.stage={stage}");
    let folders = fake.images().into_iter();
    let mut folders = folders.map(|name| fake.folder().join("images").join(name));
    let is = |folder: &PathBuf| {
        let labels = fs::read_to_string(folder.join("labels")).unwrap();
        labels.lines().any(|label| label == line)
    };
    folders.find(is).expect("its image")
}

/// Labels with another value of one.
fn with(labels: &str, label: &str, value: &str) -> String {
    let name = format!("runenv.{label}=");
    let changed = labels.lines().map(|line| match line.strip_prefix(&name) {
        Some(_) => format!("{name}{value}\n"),
        None => format!("{line}\n"),
    });
    changed.collect()
}

/// A project of which the engine has an image, and which has changed since.
fn changed(fake: &Fake) -> Project {
    let project = Project::new().envs_toml(FILE).engine(fake);
    project.write("src/a.c", "int a;\n");
    project.runenv("run docker-debian-bookworm").exits(0);
    project.write("src/a.c", "int b;\n");
    project
}

#[test]
fn only_an_image_of_that_very_stage_is_started_from() {
    let fake = Fake::new();
    let project = changed(&fake);
    let folder = image_of(&fake, "built");
    let ours = fs::read_to_string(folder.join("labels")).unwrap();
    fs::write(folder.join("tags"), "it\n").unwrap();
    let told = || {
        let ran = project.runenv("run docker-debian-bookworm --base it");
        let lines = ran.exits(2).stderr;
        let lines = lines.lines().filter(|line| line.contains("help: it is "));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let mut all = String::new();
    for (label, value) in [
        ("project", "other"),
        ("env", "fedora-42"),
        ("stage", "conf"),
        ("base", "0"),
    ] {
        fs::write(folder.join("labels"), with(&ours, label, value)).unwrap();
        all += &told();
    }
    fs::write(folder.join("labels"), &ours).unwrap();
    fs::write(folder.join("arch"), "arm64\n").unwrap();
    same(
        all + &told(),
        str![[r#"
  help: it is for linux/amd64, and no run of this project left it like this
  help: it is `built` of `fedora-42` for linux/amd64
  help: it is `conf` of `debian-bookworm` for linux/amd64
  help: it is `built` of `debian-bookworm` for linux/amd64 and of another base image
  help: it is `built` of `debian-bookworm` for linux/arm64

"#]],
    );
}

#[test]
fn nothing_is_pulled_where_that_is_not_wished() {
    let fake = Fake::new();
    let ran = changed(&fake).runenv("run docker-debian-bookworm --base gone:1 --offline");
    same(
        ran.exits(3).stderr,
        str![[r#"
docker-debian-bookworm

error: docker-debian-bookworm
  error: the image `gone:1` is not on docker, and nothing is pulled
  help: run it without `--offline`
  again    runenv run docker-debian-bookworm

1 error in [TIME]

"#]],
    );
    assert_eq!(fake.calls_of("docker pull"), [""; 0]);
}

const TWO: &str = r#"
[project]
name = "p"
[stage.conf]
copy = ["conf"]
run = ["cat conf"]
[stage.built]
copy = ["src"]
incremental = true
run = ["make"]
[stage.tested]
copy = ["tests"]
incremental = true
run = ["make check"]
"#;

const ENV: &str = "docker-debian-bookworm";

fn two(fake: &Fake, more: &str) -> Project {
    let project = Project::new().envs_toml(&format!("{TWO}{more}"));
    let project = project.file("src/a.c", "int a;\n").file("conf", "");
    let project = project.file("tests/a", "").engine(fake);
    ran(&project, "");
    project
}

/// What a run says.
fn run(project: &Project, words: &str, code: i32) -> String {
    let words = format!("run {ENV} {words}");
    project.runenv(words.as_str()).exits(code).stderr
}

/// What a run did with the stages, and that `explain` had said it.
fn ran(project: &Project, words: &str) -> String {
    let explained = project.runenv(format!("explain {ENV} --json").as_str());
    let explained: Value = serde_json::from_str(&explained.exits(0).stdout).unwrap();
    run(project, words, 0);
    let result = project.read(&format!(".runenv/{ENV}/result.json"));
    let result: Value = serde_json::from_str(&result).unwrap();
    let stages = result["stages"].as_array().unwrap().iter();
    let mut told = Vec::new();
    for stage in stages {
        let explained = explained[0]["stages"].as_array().unwrap();
        let explained = explained.iter().find(|e| e["name"] == stage["name"]);
        let own = explained.unwrap()["incremental"].clone();
        let word = match (&stage["not-needed"], &stage["cached"]) {
            (Value::Bool(true), _) => "not needed".to_owned(),
            (_, Value::Bool(true)) => "cached".to_owned(),
            _ => match stage["incremental"]["links"].as_u64() {
                None => "clean".to_owned(),
                Some(links) => format!("link {links}"),
            },
        };
        let state = explained.unwrap()["state"].as_str().unwrap();
        let from = if own.is_null() { "" } else { " from its own" };
        let name = stage["name"].as_str().unwrap();
        told.push(format!("{name}: {state}{from}, {word}\n"));
    }
    told.concat()
}

/// The image of a stage that is made from another `built` lacks what that made.
#[test]
fn a_stage_starts_from_its_own_image_only_on_the_same_incremental_stage() {
    let fake = Fake::new();
    let project = two(&fake, "");
    project.write("tests/a", "more");
    let mut all = ran(&project, "");
    project.write("src/a.c", "int b;\n");
    all += &ran(&project, "");
    project.write("src/a.c", "int c;\n");
    run(&project, "--to built", 0);
    all += &ran(&project, "");
    same(
        all,
        str![[r#"
conf: found, cached
built: found, cached
tested: runs from its own, link 1
conf: found, cached
built: runs from its own, link 1
tested: runs, link 1
conf: found, cached
built: found from its own, cached
tested: runs, link 2

"#]],
    );
}

#[test]
fn a_stage_that_is_run_for_another_one_is_not_passed_over() {
    let fake = Fake::new();
    let project = two(&fake, "[stage.docs]\nfrom = \"conf\"\nrun = [\"docs\"]\n");
    project.write("conf", "new");
    same(
        ran(&project, "--to tested") + "\n" + &ran(&project, ""),
        str![[r#"
conf: runs, not needed
built: runs, link 1
tested: runs, link 1

conf: runs, clean
built: found from its own, cached
tested: found from its own, cached
docs: runs, clean

"#]],
    );
    project.write("conf", "newer");
    same(
        run(&project, "", 0),
        str![[r#"
docker-debian-bookworm
== conf runs: conf changed
== conf (1/4)
$ cat conf
== conf passed in [TIME]
== built (2/4)
== clean, on the image of the stage before: `conf` is run, too
$ make
== built passed in [TIME]
== tested (3/4)
$ make check
== tested passed in [TIME]
== docs (4/4)
$ docs
== docs passed in [TIME]
1 passed in [TIME]

"#]],
    );
}

#[test]
fn a_stage_that_is_not_needed_is_told_apart_from_one_that_is_found() {
    let fake = Fake::new();
    let project = two(&fake, "");
    project.write("conf", "new");
    let explained = project.runenv(format!("explain {ENV}").as_str());
    let all = [
        explained.exits(0).stdout,
        run(&project, "", 0),
        run(&project, "--clean", 0),
    ];
    same(
        all.join("\n"),
        str![[r#"
docker-debian-bookworm (docker, debian:bookworm eeb81b2675cc60ce)
  conf    skipped  434920820a336920  not needed: `built` starts from its own image; since the last run:
      conf changed
  built   runs     36ac0ae7e40afb2f  from its own image of key-2d0871ecabfb64a2 (link 1 of 10); `conf` changed
  tested  runs     936ad32c6604a342  `built` changed

docker-debian-bookworm
  conf    not needed
== built runs: conf changed
== built (2/3)
== from its image of key-2d0871ecabfb64a2: 1 file sent, 0 taken away
$ make
== built passed in [TIME] (incremental)
== tested (3/3)
$ make check
== tested passed in [TIME] (incremental)
1 passed in [TIME]

docker-debian-bookworm
== conf runs: conf changed
== conf (1/3)
$ cat conf
== conf passed in [TIME]
== built runs: its image was made in increments, and `--clean` takes none
== built (2/3)
$ make
== built passed in [TIME]
== tested runs: its image was made in increments, and `--clean` takes none
== tested (3/3)
$ make check
== tested passed in [TIME]
1 passed in [TIME]

"#]],
    );
}

#[test]
fn another_base_has_to_stand_on_the_same_incremental_stage() {
    let fake = Fake::new();
    let project = two(&fake, "");
    fs::write(image_of(&fake, "tested").join("tags"), "it\n").unwrap();
    project.write("src/a.c", "int b;\n");
    same(
        run(&project, "--base it", 2),
        str![[r#"
docker-debian-bookworm

error: docker-debian-bookworm
  error: `--base it` is no image of an incremental stage of `docker-debian-bookworm` on its base image
  help: it is `tested` of `debian-bookworm` for linux/amd64, and an incremental stage before it is another one now
  help: name one of `built` or `tested` of `debian-bookworm` for linux/amd64 on `debian:bookworm`
  again    runenv run docker-debian-bookworm

1 error in [TIME]

"#]],
    );
}

const LINTED: &str = r#"
[project]
name = "p"
[stage.conf]
copy = ["conf"]
run = ["cat conf"]
[stage.lint]
allow-failure = true
run = ["lint"]
[stage.built]
copy = ["src"]
incremental = true
run = ["make"]
"#;

/// A folder where a file was: that is known before anything is run, if the image is one of the last run's.
#[test]
fn what_cannot_be_made_up_to_date_is_clean_and_nothing_else_runs_twice() {
    for known in [true, false] {
        let fake = Fake::new();
        let project = Project::new().envs_toml(LINTED).file("conf", "");
        let project = project.file("src/a", "").engine(&fake);
        fake.play("run.fails", "1 1");
        run(&project, "", 0);
        fs::remove_file(project.path("src/a")).unwrap();
        project.write("src/a/x", "");
        if !known {
            fs::remove_file(project.path(&format!(".runenv/{ENV}/keys.json"))).unwrap();
        }
        let explained = project.runenv(format!("explain {ENV}").as_str());
        let explained = explained.exits(0).stdout;
        let text = run(&project, "", 0);
        let turned = "`src/a` was a file and is a folder, or the reverse";
        assert_eq!(
            (explained.contains(turned), text.contains("it cannot start")),
            (known, !known),
            "{explained}{text}"
        );
        assert_eq!(text.matches("$ lint").count(), 1, "{text}");
        assert_eq!(text.matches("built passed").count(), 1, "{text}");
        let result = project.json(&format!(".runenv/{ENV}/result.json"));
        assert_eq!(result["stages"][1]["allowed"], true);
        assert_eq!(result["stages"][2]["incremental"], Value::Null);
    }
}
