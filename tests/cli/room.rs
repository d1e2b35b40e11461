//! Free disk is looked at before a stage: too little is told, and what is found again needs none.

use crate::fake_engine::FILE;
use crate::support::{Fake, Project};

fn project(fake: &Fake) -> Project {
    let project = Project::new().envs_toml(FILE).file("src/a.c", "int a;\n");
    project.engine(fake)
}

#[test]
fn too_little_on_the_engines_disk_is_an_error_that_says_what_to_do() {
    let fake = Fake::new();
    let project = project(&fake);
    project
        .runenv("run docker-debian-bookworm --to one")
        .exits(0);
    let project = project.var("RUNENV_MIN_FREE", "1000t");
    fake.forget_calls();
    let ran = project.runenv("run docker-debian-bookworm").exits(3).stderr;
    let first = "too little disk for a stage: ";
    let last = format!(
        " free under `{}`, and 1099511.6 GB is the least",
        fake.folder().display()
    );
    assert!(ran.contains(first) && ran.contains(&last), "{ran}");
    assert!(
        ran.contains("`runenv clean` would free 0 kB of this project's images"),
        "{ran}"
    );
    assert!(fake.calls_of("docker create").is_empty() && fake.calls_of("docker run").is_empty());
    // What is found needs no disk, and no question.
    fake.forget_calls();
    project
        .runenv("run docker-debian-bookworm --to one")
        .exits(0);
    assert!(fake.calls_of("docker info").is_empty());
    for least in ["0", "1k"] {
        let project = crate::room::project(&fake).var("RUNENV_MIN_FREE", least);
        project.runenv("run docker-debian-bookworm").exits(0);
    }
    let ran = project
        .var("RUNENV_MIN_FREE", "much")
        .runenv("run docker-debian-bookworm");
    assert!(
        ran.exits(2)
            .stderr
            .contains("`RUNENV_MIN_FREE=much` is no size")
    );
}

/// Where an engine keeps its images is asked once, and again only where there seems to be too little.
#[test]
fn the_engine_is_asked_once() {
    let fake = Fake::new();
    let project = project(&fake);
    for (words, asked) in [("-r", 1), ("-r", 0)] {
        fake.forget_calls();
        project
            .runenv(format!("run docker-debian-bookworm {words}").as_str())
            .exits(0);
        assert_eq!(fake.calls_of("docker info").len(), asked);
    }
    // Another machine's disk is not seen from here.
    let project = project
        .var("DOCKER_HOST", "tcp://elsewhere:1")
        .var("RUNENV_MIN_FREE", "1000t");
    fake.play(
        "info.out",
        r#"{"ServerVersion":"1","Name":"elsewhere","DockerRootDir":"/"}"#,
    );
    project.runenv("run docker-debian-bookworm -r").exits(0);
}

#[test]
fn too_little_here_is_an_error_too() {
    let project = Project::new().envs_toml("[stage.a]\nrun = \"true\"\n");
    let project = project.var("RUNENV_MIN_FREE", "1000t");
    let ran = project.runenv("run local").exits(3).stderr;
    assert!(
        ran.contains("free under `[ROOT]`, and 1099511.6 GB is the least"),
        "{ran}"
    );
}
