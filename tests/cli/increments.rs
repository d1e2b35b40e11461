//! `--base`: which images an incremental stage may be told to start from.

use std::fs;
use std::path::PathBuf;

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
