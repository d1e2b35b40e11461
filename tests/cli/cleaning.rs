//! `clean` beside a run that has no container at the moment, and signals that end `clean` and `lock`.

use std::net::TcpListener;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::fake_engine::FILE;
use crate::support::{Fake, Project};

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// After an INT it ends with 130.
fn interrupted(mut child: Child) {
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let code = child.wait().unwrap().code();
    assert_eq!(code, Some(130));
}

fn after_a_run(fake: &Fake) -> Project {
    let project = Project::new().envs_toml(FILE).file("src/a.c", "int a;\n");
    let project = project.engine(fake);
    project.runenv("run docker-debian-bookworm").exits(0);
    project
}

#[test]
fn a_run_that_only_pulls_keeps_the_projects_images() {
    let fake = Fake::new().in_registry("debian:trixie");
    let project = after_a_run(&fake);
    let images = fake.images();
    fake.play("pull.hang", "");
    let run = project.command("run docker-debian-trixie").spawn().unwrap();
    until("it pulls", || !fake.calls_of("docker pull").is_empty());
    let said = project.runenv("clean --engine docker").exits(0).stderr;
    let kept = format!(
        "docker: kept 3 of the project's images: process {} on this host is running with it\n",
        run.id()
    );
    assert!(said.contains(&kept), "{said}");
    assert_eq!(fake.images(), images);
    interrupted(run);
    let said = project.runenv("clean --engine docker").exits(0).stderr;
    assert!(said.contains("removed 3 images"), "{said}");
}

#[test]
fn a_run_waits_for_clean_to_end() {
    let fake = Fake::new();
    let project = after_a_run(&fake);
    fake.play("image-rm.delay", "1");
    let clean = project.command("clean --engine docker").spawn().unwrap();
    until("it removes", || {
        !fake.calls_of("docker image rm").is_empty()
    });
    let run = project.runenv("run docker-debian-bookworm").exits(0);
    let waits = "waiting for `runenv clean` of this project to end\n";
    assert!(run.stderr.contains(waits), "{run:?}");
    assert!(run.stderr.contains("== one passed"), "{run:?}");
    let clean = clean.wait_with_output().unwrap();
    assert!(clean.status.success(), "{clean:?}");
    assert_eq!(fake.images().len(), 4, "what the run made is there");
}

#[test]
fn a_signal_ends_clean_and_what_is_left_is_whole() {
    let fake = Fake::new();
    let project = after_a_run(&fake);
    fake.play("image-rm.1.code", "1");
    fake.play("image-rm.3.hang", "");
    let clean = project.command("clean --engine docker").spawn().unwrap();
    // All at once, which fails; one after the other then.
    until("it removes", || fake.calls_of("docker image rm").len() == 3);
    interrupted(clean);
    assert_eq!(fake.images().len(), 3);
    fake.play_nothing();
    let run = project.runenv("run docker-debian-bookworm").exits(0);
    assert!(run.stderr.contains("one    cached"), "{run:?}");
}

#[test]
fn a_signal_ends_lock_and_writes_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = silent.local_addr().unwrap();
    let text = format!(
        "[stage.one]\nrun = \"true\"\n[env.docker-own-a]\n[system.own]\nimage = \"{host}/a:1\"\nrelease.a = {{}}\n"
    );
    let project = Project::new().envs_toml(&text);
    let lock = project.command("lock docker-own-a").spawn().unwrap();
    let _asked = silent.accept().unwrap();
    interrupted(lock);
    assert!(!project.path("envs.lock").exists());
}

#[test]
fn without_a_registry_none_is_cleaned() {
    let project =
        Project::new().envs_toml("[project]\nname = \"p\"\n[stage.one]\nrun = \"true\"\n");
    let ran = project.runenv("clean --registry").exits(2);
    for text in [
        "there is no registry to clean",
        "--> envs.toml",
        "`[registry]` with `repository = ",
    ] {
        assert!(ran.stderr.contains(text), "{ran:?}");
    }
}
