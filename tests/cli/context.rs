//! `runenv context ENV STAGE`: the tar that a container gets.

use std::process::{Command, Stdio};

use snapbox::str;

use crate::support::{Project, executable, same};

const FILE: &str = "[stage.built]\ncopy = [\"src\", \"*.txt\"]\nrun = \"true\"\n";

fn project() -> Project {
    let project = Project::new()
        .envs_toml(FILE)
        .file("src/a b.c", "text")
        .file("src/run", "#!/bin/sh\n")
        .file("src/deep/empty", "")
        .file("x.txt", "x")
        .file("left-out", "")
        .link("src/link", "../x.txt");
    executable(&project.path("src/run"));
    project
}

fn listed(tar: &[u8]) -> String {
    let mut child = Command::new("tar")
        .args(["-tvf", "-", "--numeric-owner", "--full-time"])
        .env("TZ", "UTC")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), tar).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[test]
fn the_tar_is_the_files_with_one_owner_and_one_time() {
    let ran = project()
        .runenv("context docker-debian-bookworm built")
        .exits(0);
    same(
        listed(&ran.bytes),
        str![[r#"
drwxr-xr-x 0/0               0 2000-01-01 00:00:00 project/src/
-rw-r--r-- 0/0               4 2000-01-01 00:00:00 project/src/a b.c
drwxr-xr-x 0/0               0 2000-01-01 00:00:00 project/src/deep/
-rw-r--r-- 0/0               0 2000-01-01 00:00:00 project/src/deep/empty
lrwxrwxrwx 0/0               0 2000-01-01 00:00:00 project/src/link -> ../x.txt
-rwxr-xr-x 0/0              10 2000-01-01 00:00:00 project/src/run
-rw-r--r-- 0/0               1 2000-01-01 00:00:00 project/x.txt
-rw-r--r-- 0/0             544 2000-01-01 00:00:00 .runenv/built.manifest

"#]],
    );
    assert_eq!(ran.stderr, "");
}

/// The same bytes wherever, whenever and by whomever the files were made.
#[test]
fn the_tar_depends_on_nothing_but_the_files() {
    let one = project();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let two = project();
    let words = "context docker-debian-bookworm built";
    assert_eq!(
        one.runenv(words).exits(0).bytes,
        two.runenv(words).exits(0).bytes
    );
}

#[test]
fn a_pipe_is_named_and_never_read() {
    let project = project();
    let made = Command::new("mkfifo")
        .arg(project.path("src/pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    let ran = project
        .runenv("context docker-debian-bookworm built")
        .exits(2);
    same(
        ran.whole(),
        str![[r#"
exit 2
--- stderr
error: `src/pipe` is a pipe, which cannot be copied
 --> envs.toml:2:9
  |
2 | copy = ["src", "*.txt"]
  |         ^^^^^
  |
help: name it in `.dockerignore`, or copy something narrower

"#]],
    );
}

#[test]
fn a_stage_that_copies_nothing_gives_an_empty_tar() {
    let project = Project::new().envs_toml("[stage.built]\nrun = \"true\"\n");
    let ran = project
        .runenv("context docker-debian-bookworm built")
        .exits(0);
    assert_eq!(listed(&ran.bytes), "");
}
