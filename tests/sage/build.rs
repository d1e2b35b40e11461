//! What is made of the example beyond settings: a Dockerfile, and a package stage on real engines.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use crate::{Sage, sage};

/// The sources that stages copy, beside `build`.
const SOURCES: [&str; 22] = [
    ".homebrew-build-env",
    "COPYING.txt",
    "Makefile",
    "Pipfile.m4",
    "README.md",
    "VERSION.txt",
    "bootstrap",
    "bootstrap-conda",
    "condarc.yml",
    "config/config.rpath",
    "configure.ac",
    "m4/sage.m4",
    "pkgs/sage-conf/setup.py",
    "sage",
    "src/Pipfile.m4",
    "src/VERSION.txt",
    "src/bin/sage",
    "src/doc/bootstrap",
    "src/pyproject.toml.m4",
    "src/requirements.txt.m4",
    "src/setup.cfg.m4",
    "tox.ini",
];

fn sources(sage: &Sage) {
    for path in SOURCES.map(|path| sage.project.path(path)) {
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, "").expect("a file");
    }
}

/// Sage's own Dockerfile of this environment has over 200 layers, and docker refuses it.
#[test]
fn a_large_environment_is_a_small_dockerfile() {
    let sage = sage();
    sources(&sage);
    let name = "docker-opensuse-15.3-gcc_11-python3.9-standard";
    let text = sage.project.runenv(["dockerfile", name]).exits(0).stdout;
    // What is put together beside a stage is one layer in it.
    let stages = text.split("\nFROM ").skip(1);
    let chain = stages.filter(|stage| {
        !stage
            .lines()
            .next()
            .is_some_and(|from| from.ends_with("__files"))
    });
    let makes = |line: &&str| {
        ["RUN ", "COPY ", "WORKDIR "]
            .iter()
            .any(|word| line.starts_with(word))
    };
    let (stages, layers) = chain.fold((0, 0), |(stages, layers), stage| {
        (stages + 1, layers + stage.lines().filter(makes).count())
    });
    assert_eq!(stages, 7, "{text}");
    assert!(layers < 12, "{layers} layers in:\n{text}");
    let mut hadolint = Command::new("hadolint")
        .args(["--failure-threshold", "error", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("tests/engines/ci-clients.sh put hadolint into PATH");
    let mut stdin = hadolint.stdin.take().expect("a pipe");
    stdin.write_all(text.as_bytes()).expect("it reads");
    drop(stdin);
    let said = hadolint.wait_with_output().expect("it ends");
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stdout)
    );
}

/// `_prereq` and `_bootstrap` of the tree, by apt, on each engine.
#[test]
fn what_building_needs_is_installed() {
    let engines = std::env::var("RUNENV_TEST_ENGINES").unwrap_or_default();
    if engines.trim().is_empty() {
        eprintln!("skipped: RUNENV_TEST_ENGINES names no engine (docker, podman)");
    }
    let (sage, path) = (sage(), std::env::var_os("PATH").expect("it is set"));
    let runenv = |words: &str| {
        let mut command = sage.project.command(words);
        sage.project
            .ran(command.env("PATH", &path).output().expect("it starts"))
    };
    let installs = |engine: &str| {
        let name = format!("{engine}-debian-bookworm-minimal");
        let words = format!("run {name} --to with-system-packages");
        let ran = runenv(&words).exits(0);
        for package in ["autoconf", "g++", "python3"] {
            let line = format!("Setting up {package} (");
            assert!(ran.stderr.contains(&line), "{}", ran.stderr);
        }
        let result = sage.project.json(&format!(".runenv/{name}/result.json"));
        assert_eq!(result["stages"][0]["state"], "passed", "{result:#}");
        assert_eq!(
            result["stages"][0]["missing-packages"],
            serde_json::json!([])
        );
        let ran = runenv(&words).exits(0);
        assert!(ran.stderr.contains("cached"), "{}", ran.stderr);
    };
    thread::scope(|scope| {
        for engine in engines.split_whitespace() {
            let installs = &installs;
            scope.spawn(move || installs(engine));
        }
    });
    runenv("clean").exits(0);
}
