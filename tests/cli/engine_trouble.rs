//! Engines that are down, answer rubbish, refuse, die or hang: exit 3, told, nothing left that counts.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use snapbox::str;

use crate::fake_engine::FILE;
use crate::support::{Fake, Project, Ran, same};

const RUN: &str = "run docker-debian-bookworm";

fn project(fake: &Fake) -> Project {
    Project::new()
        .envs_toml(FILE)
        .file("src/a.c", "int a;\n")
        .engine(fake)
}

/// A run with this played: exit 3, nothing of it left, and the next one is right.
fn trouble(played: &[(&str, &str)]) -> Ran {
    let fake = Fake::new();
    for (what, text) in played {
        fake.play(what, text);
    }
    let project = project(&fake);
    let ran = project.runenv(RUN).exits(3);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    let result = project.json(".runenv/docker-debian-bookworm/result.json");
    assert_eq!(result["state"], "error", "{result}");
    fake.play_nothing();
    project.runenv(RUN).exits(0);
    let result = project.json(".runenv/docker-debian-bookworm/result.json");
    assert_eq!(result["state"], "passed", "{result}");
    assert_eq!(fake.containers(), Vec::<String>::new());
    ran
}

const DOWN: &str = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n";

#[test]
fn the_daemon_is_down() {
    let ran = trouble(&[("image-inspect.err", DOWN), ("image-inspect.code", "1")]);
    same(
        ran.whole(),
        str![[r#"
exit 3
--- stderr
docker-debian-bookworm

error: docker-debian-bookworm
  error: docker could not look for images: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?
  help: start it, or use the other engine: `--engine podman`
  again    runenv run docker-debian-bookworm

1 error in [TIME]

"#]],
    );
}

#[test]
fn the_program_is_not_there() {
    let ran = Project::new()
        .envs_toml(FILE)
        .file("src/a.c", "")
        .runenv(RUN);
    same(
        ran.exits(3).whole(),
        str![[r#"
exit 3
--- stderr
docker-debian-bookworm

error: docker-debian-bookworm
  error: cannot start `docker`: not found
  help: is it installed and in PATH?
  again    runenv run docker-debian-bookworm

1 error in [TIME]

"#]],
    );
}

#[test]
fn inspect_answers_rubbish() {
    let ran = trouble(&[("image-inspect.out", "<html>not today</html>\n")]);
    same(
        ran.whole(),
        str![[r#"
exit 3
--- stderr
docker-debian-bookworm

error: docker-debian-bookworm
  error: the engine's answer to `image inspect` cannot be read: expected value at line 1 column 1
  help: is it docker or podman? try the command by hand
  again    runenv run docker-debian-bookworm

1 error in [TIME]

"#]],
    );
    trouble(&[("image-inspect.out", "{}\n")]);
    trouble(&[("image-inspect.out", "[{\"Id\": 5}]\n")]);
    trouble(&[("container-inspect.out", "null and void\n")]);
    trouble(&[("container-inspect.out", "{}\n")]);
}

#[test]
fn a_commit_fails() {
    let ran = trouble(&[
        ("commit.err", "Error: no space left on device\n"),
        ("commit.code", "1"),
    ]);
    same(
        ran.whole(),
        str![[r#"
exit 3
--- stderr
docker-debian-bookworm
== one (1/3)
$ echo one

error: docker-debian-bookworm
  stage    one error after [TIME]
  again    runenv run docker-debian-bookworm --redo one
  error: docker could not keep the stage `one`: Error: no space left on device
  help: make room on the engine's disk; `runenv clean` removes this project's images

1 error in [TIME]

"#]],
    );
}

#[test]
fn creating_and_copying_fail() {
    trouble(&[
        ("run.err", "Error: name already in use\n"),
        ("run.code", "125"),
    ]);
    trouble(&[
        ("create.err", "Error: name already in use\n"),
        ("create.code", "125"),
    ]);
    let ran = trouble(&[("cp.err", "Error: not a directory\n"), ("cp.code", "1")]);
    same(
        ran.whole(),
        str![[r#"
exit 3
--- stderr
docker-debian-bookworm
== one (1/3)
$ echo one
== one passed in [TIME]
== two (2/3)

error: docker-debian-bookworm
  stage    two error after [TIME]
  again    runenv run docker-debian-bookworm --redo two
  error: docker could not copy the files of `two` into `/p`: Error: not a directory
  help: does the image of `one` have a link or a file where a folder is copied to?

1 error in [TIME]

"#]],
    );
}

#[test]
fn an_image_is_missing_and_cannot_be_pulled() {
    let fake = Fake::empty();
    fake.play("pull.err", "Error: manifest unknown\n");
    fake.play("pull.code", "1");
    let project = project(&fake);
    same(
        project.runenv(RUN).exits(3).whole(),
        str![[r#"
exit 3
--- stderr
docker-debian-bookworm

error: docker-debian-bookworm
  error: the image `debian:bookworm` is not there and cannot be pulled: Error: manifest unknown
  help: is the name right, and the registry reachable?
  again    runenv run docker-debian-bookworm

1 error in [TIME]

"#]],
    );
    assert_eq!(
        fake.calls_of("docker pull").len(),
        1,
        "it will not appear: no second try"
    );
    fake.play_nothing();
    project.runenv(RUN).exits(0);
    assert_eq!(fake.calls_of("docker pull").len(), 2);
}

#[test]
fn a_pull_that_fails_for_a_moment_is_tried_again() {
    let fake = Fake::empty();
    fake.play(
        "pull.1.err",
        "Error: received unexpected HTTP status: 503 Service Unavailable\n",
    );
    fake.play("pull.1.code", "1");
    project(&fake).runenv(RUN).exits(0);
    assert_eq!(fake.calls_of("docker pull").len(), 2);
}

/// The client dies, the container is gone or still runs: no pass, whatever was printed before.
#[test]
fn a_client_that_dies_midway_is_no_pass() {
    let ran = trouble(&[("start.cut", "1")]);
    same(
        ran.whole(),
        str![[r#"
exit 3
--- stderr
docker-debian-bookworm
== one (1/3)
$ echo one
== one passed in [TIME]
== two (2/3)
$ echo two
== two error after [TIME]: the container is `running` with exit code 0, and its script did not come to its end

error: docker-debian-bookworm
  stage    two error after [TIME]: the container is `running` with exit code 0, and its script did not come to its end
  command  echo two
  at       envs.toml:8:8
  log      [ROOT]/.runenv/docker-debian-bookworm/log/02-two.log
  again    runenv run docker-debian-bookworm --redo two

1 error in [TIME]

"#]],
    );
    trouble(&[("run.cut", "1")]);
    trouble(&[("start.die", "")]);
    trouble(&[("commit.die", "")]);
}

/// A stage passed if the exited container says so: a client that says 0 is not believed.
#[test]
fn a_container_that_says_otherwise_is_no_pass() {
    let lies = "{\"Status\":\"exited\",\"ExitCode\":9,\"OOMKilled\":false,\"Error\":\"\"}\n";
    let fake = Fake::new();
    fake.play("container-inspect.out", lies);
    let project = project(&fake);
    let ran = project.runenv(RUN);
    assert!(ran.code == Some(1) || ran.code == Some(3), "{ran:?}");
    let result = project.json(".runenv/docker-debian-bookworm/result.json");
    assert_ne!(result["stages"][0]["state"], "passed", "{result}");
    fake.play_nothing();
    fake.forget_calls();
    project.runenv(RUN).exits(0);
    assert_eq!(
        fake.calls_of("docker commit").len(),
        3,
        "nothing of it was kept"
    );
}

#[test]
fn out_of_memory_is_told_as_such() {
    let fake = Fake::new();
    fake.play("run.fails", "1 137\n");
    let state = "{\"Status\":\"exited\",\"ExitCode\":137,\"OOMKilled\":true,\"Error\":\"\"}\n";
    fake.play("container-inspect.out", state);
    let project = project(&fake);
    project.runenv(RUN).exits(1);
    let result = project.json(".runenv/docker-debian-bookworm/result.json");
    assert_eq!(result["stages"][0]["state"], "out-of-memory");
}

#[test]
fn a_stage_that_hangs_is_ended_by_its_limit() {
    let fake = Fake::new();
    fake.play("run.hang", "");
    let project = project(&fake);
    let started = Instant::now();
    project
        .runenv("run docker-debian-bookworm --timeout 1s")
        .exits(1);
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(fake.calls_of("docker stop").len(), 1, "{:?}", fake.calls());
    assert_eq!(fake.containers(), Vec::<String>::new());
    let result = project.json(".runenv/docker-debian-bookworm/result.json");
    assert_eq!(result["stages"][0]["state"], "timed-out");
}

#[test]
fn an_interrupt_stops_and_removes_the_container() {
    for signal in [Signal::INT, Signal::TERM] {
        let fake = Fake::new();
        fake.play("start.hang", "");
        let project = project(&fake);
        let child = project.command(RUN).spawn().unwrap();
        let started = Instant::now();
        while !fake.folder().join("hanging").exists() {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "{:?}",
                fake.calls()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        kill_process(Pid::from_child(&child), signal).unwrap();
        let ran = project.ran(child.wait_with_output().unwrap()).exits(130);
        assert!(
            started.elapsed() < Duration::from_secs(40),
            "{:?}",
            started.elapsed()
        );
        assert_eq!(fake.containers(), Vec::<String>::new(), "{}", ran.stderr);
        let result = project.json(".runenv/docker-debian-bookworm/result.json");
        let states: Vec<_> = result["stages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s["state"].clone())
            .collect();
        assert_eq!(states, ["passed", "interrupted", "not-run"]);
        fake.play_nothing();
        fake.forget_calls();
        project.runenv(RUN).exits(0);
        assert_eq!(
            fake.calls_of("docker start").len(),
            1,
            "the first stage is found"
        );
    }
}

/// A signal while files are copied or a stage is kept: the stage that had ended may count, nothing else, and the next
/// run is right.
#[test]
fn an_interrupt_during_a_copy_or_a_commit() {
    for (verb, states) in [
        ("cp", ["passed", "interrupted", "not-run"]),
        ("commit", ["passed", "not-run", "not-run"]),
    ] {
        for signal in [Signal::INT, Signal::TERM] {
            let fake = Fake::new();
            fake.play(&format!("{verb}.delay"), "2");
            let project = project(&fake);
            let child = project.command(RUN).spawn().unwrap();
            let started = Instant::now();
            while fake.calls_of(&format!("docker {verb}")).is_empty() {
                assert!(started.elapsed().as_secs() < 20, "{:?}", fake.calls());
                std::thread::sleep(Duration::from_millis(10));
            }
            kill_process(Pid::from_child(&child), signal).unwrap();
            let ran = project.ran(child.wait_with_output().unwrap()).exits(130);
            assert!(!ran.stderr.contains("error"), "{}", ran.stderr);
            assert_eq!(fake.containers(), Vec::<String>::new(), "{}", ran.stderr);
            let result = project.json(".runenv/docker-debian-bookworm/result.json");
            assert_eq!(result["state"], "interrupted", "{result}");
            let stages = result["stages"].as_array().unwrap().iter();
            let found: Vec<_> = stages.map(|s| s["state"].clone()).collect();
            assert_eq!(found, states, "{verb}");
            fake.play_nothing();
            fake.forget_calls();
            project.runenv(RUN).exits(0);
            assert_eq!(
                fake.calls_of("docker commit").len(),
                2,
                "the stage that was kept is found: {:?}",
                fake.calls()
            );
            assert_eq!(fake.containers(), Vec::<String>::new());
        }
    }
}
