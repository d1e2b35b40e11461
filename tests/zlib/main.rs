//! The main job on real input: zlib, fetched, built and tested in containers of both engines and on this host.
//!
//! Needs docker and podman with `debian:bookworm` and `debian:trixie` (`tests/all.sh` sees to it); without
//! `RUNENV_TEST_ENGINES` the tests say that they are skipped.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files, start programs and look at the clock"
)]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/zlib")
}

fn skipped() -> bool {
    let there = std::env::var_os("RUNENV_TEST_ENGINES").is_some_and(|e| !e.is_empty());
    if !there {
        println!("skipped: RUNENV_TEST_ENGINES names no engine");
    }
    !there
}

/// A copy of the example with its source, a project of its own; its images go when it does.
struct Copy(tempfile::TempDir);

impl Copy {
    fn new(id: &str) -> Self {
        let fetched = run(Command::new(example().join("fetch.sh")));
        assert!(fetched.status.success(), "{}", said(&fetched));
        let folder = tempfile::tempdir().expect("a folder");
        let mut copy = Command::new("cp");
        copy.arg("-R")
            .arg(example().join("zlib"))
            .arg(folder.path());
        assert!(run(copy).status.success());
        let text = fs::read_to_string(example().join("envs.toml")).expect("the example has one");
        let text = text.replacen("[project]\n", &format!("[project]\nid = \"{id}\"\n"), 1);
        fs::write(folder.path().join("envs.toml"), text).expect("a file");
        Self(folder)
    }

    fn runenv(&self, words: &[&str]) -> Output {
        run(self.command(words))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("runenv"));
        command.args(words).current_dir(self.0.path());
        command.env_remove("CI").env_remove("RUNENV_ENV");
        command
    }

    /// States of the last run's stages: the word, or `cached`.
    fn stages(&self, env: &str) -> Vec<String> {
        let path = self.0.path().join(".runenv").join(env).join("result.json");
        let text = fs::read_to_string(path).expect("a run leaves a result");
        let json: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let stages = json["stages"].as_array().expect("a list").iter();
        let word = |stage: &serde_json::Value| {
            let cached = stage["cached"] == true;
            let state = stage["state"].as_str().expect("a word");
            if cached { "cached" } else { state }.to_owned()
        };
        stages.map(word).collect()
    }

    fn append(&self, file: &str, text: &str) {
        let path = self.0.path().join(file);
        let mut file = fs::File::options().append(true).open(path).expect("a file");
        file.write_all(text.as_bytes()).expect("it can be written");
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let output = self.runenv(&["clean"]);
        println!("{}", said(&output));
    }
}

fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null()).output().expect("it starts")
}

fn said(output: &Output) -> String {
    let both = [&output.stdout, &output.stderr];
    both.map(|b| String::from_utf8_lossy(b).into_owned())
        .concat()
}

/// A line that is typed at a terminal, and what the terminal shows.
fn typed(copy: &Copy, env: &str, line: &str) -> String {
    let binary = assert_cmd::cargo::cargo_bin!("runenv");
    let shell = format!("{} shell {env} --failed", binary.display());
    let mut script = Command::new("script");
    script
        .args(["-qec", &shell, "/dev/null"])
        .current_dir(copy.0.path());
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

const ALL_CACHED: [&str; 4] = ["cached"; 4];

/// First run, second run, an edit, a break, and a look at it: the whole story in one environment.
fn story(env: &str, id: &str) {
    let copy = Copy::new(id);
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

    copy.append("zlib/adler32.c", "\n/* an edit */\n");
    let edited = copy.runenv(&["-e", env]);
    assert_eq!(edited.status.code(), Some(0), "{}", said(&edited));
    assert_eq!(copy.stages(env), ["cached", "cached", "passed", "passed"]);

    copy.append("zlib/adler32.c", "\nthis is not C\n");
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
    let copy = Copy::new("zlib-test-local");
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
    let output = run(Command::new(example().join("run.sh")));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let again = run(Command::new(example().join("run.sh")));
    assert!(
        said(&again).contains("all stages cached"),
        "{}",
        said(&again)
    );
}
