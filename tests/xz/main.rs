//! A build with autotools on real input: xz, from its configure.ac to its tests, in containers of both engines, and what
//! is copied out of them.
//!
//! Needs docker with `debian:bookworm` and podman with `debian:trixie` (`tests/all.sh` sees to it); without
//! `RUNENV_TEST_ENGINES` the tests say that they are skipped.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files, start programs and look at the clock"
)]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

#[path = "../support/example.rs"]
mod support;

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use support::{Copy, example, run, said, skipped};

const DOCKER: &str = "docker-debian-bookworm-standard";
const PODMAN: &str = "podman-debian-trixie-minimal";

/// What was copied out of a stage, one file's text.
fn artifact(copy: &Copy, env: &str, path: &str) -> String {
    let path = copy
        .path()
        .join(".runenv")
        .join(env)
        .join("artifacts")
        .join(path);
    let bytes = fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The example with less work for the compiler: its result is not used.
fn quicker(copy: Copy) -> Copy {
    let path = copy.path().join("envs.toml");
    let text = fs::read_to_string(&path).expect("it has one");
    fs::write(path, text + "\n[defaults]\nenv = { CFLAGS = \"-O0\" }\n").expect("a file");
    copy
}

/// One of the tests, for the second engine.
const ONE_TEST: [&str; 2] = [
    "--set",
    "stage.with-targets-optional.run=[\"make -C xz -j{cpus} check TESTS=test_files.sh\"]",
];

/// All blocks of the example's README, in order, and what each has done.
#[test]
fn the_readme_on_docker() {
    if skipped() {
        return;
    }
    let copy = quicker(Copy::new("xz", "xz-test-docker"));
    let text = fs::read_to_string(example("xz").join("README.md")).expect("it has one");
    let expected: [&[&str]; 4] = [
        &["passed"; 6],
        &["cached"; 6],
        &["cached", "cached", "cached", "cached", "cached", "failed"],
        &[
            "cached", "cached", "failed", "not-run", "not-run", "not-run",
        ],
    ];
    let blocks: Vec<&str> = text.split("```sh\n").skip(1).map(until_fence).collect();
    assert_eq!(blocks.len(), expected.len());
    let bin = PathBuf::from(assert_cmd::cargo::cargo_bin!("runenv"));
    let bin = bin.parent().expect("a folder").display().to_string();
    for (block, states) in blocks.iter().zip(expected) {
        let started = Instant::now();
        let mut sh = Command::new("sh");
        sh.args(["-e", "-c", block]).current_dir(copy.path());
        let path = std::env::var("PATH").expect("there is a PATH");
        let output = run({
            sh.env("PATH", format!("{bin}:{path}")).env_remove("CI");
            sh
        });
        println!("{}{:?}", block, started.elapsed());
        assert!(output.status.success(), "{}\n{}", block, said(&output));
        assert_eq!(copy.stages(DOCKER), states, "{}", said(&output));
    }
    let log = artifact(&copy, DOCKER, "configured/xz/config.log");
    assert!(log.contains("--enable-threads only accepts"), "{log}");
}

fn until_fence(text: &str) -> &str {
    text.split("```").next().unwrap_or_default()
}

#[test]
fn all_stages_on_podman_and_what_a_broken_edit_leaves() {
    if skipped() {
        return;
    }
    let copy = quicker(Copy::new("xz", "xz-test-podman"));
    let started = Instant::now();
    let first = copy.runenv(&[&["-e", PODMAN], &ONE_TEST[..]].concat());
    println!("{PODMAN}: {:?}", started.elapsed());
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    assert_eq!(copy.stages(PODMAN), ["passed"; 6]);
    let log = artifact(&copy, PODMAN, "configured/xz/config.log");
    assert!(
        log.contains("--disable-nls") && log.contains("configure: exit 0"),
        "{log}"
    );
    let tests = artifact(
        &copy,
        PODMAN,
        "with-targets-optional/xz/tests/test-suite.log",
    );
    assert!(tests.contains("# FAIL:  0"), "{tests}");

    let second = copy.runenv(&[&["-e", PODMAN], &ONE_TEST[..]].concat());
    assert_eq!(second.status.code(), Some(0), "{}", said(&second));
    assert_eq!(copy.stages(PODMAN), ["cached"; 6]);
    assert_eq!(artifact(&copy, PODMAN, "configured/xz/config.log"), log);

    let path = copy.path().join("xz/configure.ac");
    let text = fs::read_to_string(&path).expect("it has one");
    let line = "AC_CONFIG_SRCDIR(";
    let broken = text.replacen(
        line,
        &format!("AC_MSG_ERROR([broken on purpose])\n{line}"),
        1,
    );
    assert_ne!(broken, text);
    fs::write(path, broken).expect("a file");
    let third = copy.runenv(&[&["-e", PODMAN], &ONE_TEST[..]].concat());
    assert_eq!(third.status.code(), Some(1), "{}", said(&third));
    let states = [
        "cached", "passed", "failed", "not-run", "not-run", "not-run",
    ];
    assert_eq!(copy.stages(PODMAN), states);
    let log = artifact(&copy, PODMAN, "configured/xz/config.log");
    assert!(log.contains("error: broken on purpose"), "{log}");
    let folder = format!("{PODMAN}/artifacts/configured");
    assert!(said(&third).contains(&folder), "{}", said(&third));
}

#[test]
fn its_one_command_finds_an_engine_and_the_source() {
    if skipped() {
        return;
    }
    let mut command = Command::new(example("xz").join("run.sh"));
    command.arg("--dry-run");
    let output = run(command);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(
        said(&output).contains("./autogen.sh --no-po4a"),
        "{}",
        said(&output)
    );
}
