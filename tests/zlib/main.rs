//! The main job on real input: zlib, fetched, built and tested in containers of both engines and on this host.
//!
//! Needs docker and podman with `debian:bookworm` and `debian:trixie` (`tests/all.sh` sees to it); without
//! `RUNENV_TEST_ENGINES` the tests say that they are skipped.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files, start programs and look at the clock"
)]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

#[path = "../support/example.rs"]
mod support;

use support::{Copy, example, run, said, skipped};

/// A line that is typed at a terminal, and what the terminal shows.
fn typed(copy: &Copy, env: &str, line: &str) -> String {
    let binary = assert_cmd::cargo::cargo_bin!("runenv");
    let shell = format!("{} shell {env} --failed", binary.display());
    let mut script = Command::new("script");
    script
        .args(["-qec", &shell, "/dev/null"])
        .current_dir(copy.path());
    let mut child = script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script(1) is a part of every Debian");
    let mut keys = child.stdin.take().expect("a pipe");
    keys.write_all(format!("{line}\nexit\n").as_bytes())
        .expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    drop(keys);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Adds a text at the end of a file.
fn append(copy: &Copy, file: &str, text: &str) {
    let path = copy.path().join(file);
    let file = std::fs::File::options().append(true).open(path);
    let mut file = file.expect("a file");
    file.write_all(text.as_bytes()).expect("it can be written");
}

const ALL_CACHED: [&str; 4] = ["cached"; 4];

/// First run, second run, an edit, a break, and a look at it: the whole story in one environment.
fn story(env: &str, id: &str) {
    let copy = Copy::new("zlib", id);
    let first = copy.runenv(&["-e", env]);
    assert_eq!(first.status.code(), Some(0), "{}", said(&first));
    assert_eq!(copy.stages(env), ["passed"; 4]);
    assert!(
        said(&first).contains("*** zlib test OK ***"),
        "{}",
        said(&first)
    );

    let started = Instant::now();
    let second = copy.runenv(&["-e", env]);
    let took = started.elapsed();
    assert_eq!(second.status.code(), Some(0), "{}", said(&second));
    assert_eq!(copy.stages(env), ALL_CACHED);
    println!("{env}: a run that has nothing to do took {took:?}");
    assert!(took.as_secs_f64() < 1.0, "{took:?}");

    append(&copy, "zlib/adler32.c", "\n/* an edit */\n");
    let edited = copy.runenv(&["-e", env]);
    assert_eq!(edited.status.code(), Some(0), "{}", said(&edited));
    assert_eq!(copy.stages(env), ["cached", "cached", "passed", "passed"]);

    append(&copy, "zlib/adler32.c", "\nthis is not C\n");
    let broken = copy.runenv(&["-e", env]);
    assert_eq!(broken.status.code(), Some(1), "{}", said(&broken));
    assert_eq!(copy.stages(env), ["cached", "cached", "failed", "not-run"]);
    let text = said(&broken);
    let last: Vec<&str> = text.lines().rev().take(30).collect();
    let message = |line: &&str| line.contains("adler32.c") && line.contains("error:");
    assert!(last.iter().any(message), "{text}");

    let shown = typed(
        &copy,
        env,
        "test -t 0 && tail -n 1 zlib/adler32.c; ls zlib/Makefile",
    );
    assert!(shown.contains("this is not C"), "{shown}");
    assert!(shown.contains("zlib/Makefile"), "{shown}");
}

#[test]
fn zlib_on_docker() {
    if !skipped() {
        story("docker-debian-bookworm-standard", "zlib-test-docker");
    }
}

#[test]
fn zlib_on_podman() {
    if !skipped() {
        story("podman-debian-trixie-standard", "zlib-test-podman");
    }
}

#[test]
fn zlib_on_this_host() {
    if skipped() {
        return;
    }
    let copy = Copy::new("zlib", "zlib-test-local");
    for _ in 0..2 {
        let output = copy.runenv(&["-e", "local-host-standard"]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        assert_eq!(copy.stages("local-host-standard"), ["passed"; 4]);
    }
}

/// README's first command, as it stands there.
#[test]
fn the_first_command_of_the_readme() {
    if skipped() {
        return;
    }
    let output = run(Command::new(example("zlib").join("run.sh")));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let again = run(Command::new(example("zlib").join("run.sh")));
    assert!(
        said(&again).contains("all stages cached"),
        "{}",
        said(&again)
    );
}
