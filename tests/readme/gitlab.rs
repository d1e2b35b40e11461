//! The pipelines that `runenv ci gitlab` writes: they follow GitLab's schema, and gitlab-ci-local really executes them on
//! this host. It starts the children of a matrix, but gives them none of its variables and does not look how they end; so
//! an environment's own pipeline is executed, too, as GitLab starts it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::ci::commit;
use crate::rows::{self, clean, states};
use crate::{command, engines, root, said, sha256};

const PARENT: &str = ".gitlab/runenv.yml";
const CHILD: &str = ".gitlab/runenv-environment.yml";

#[test]
fn pipelines_follow_their_schema() {
    if !engines() {
        return;
    }
    let entries = fs::read_dir(root().join("tests/golden/gitlab")).expect("there are goldens");
    let mut files = vec![root().join(".gitlab/setup.yml")];
    for entry in entries {
        let folder = entry.expect("an entry").path();
        files.extend([PARENT, CHILD].map(|path| folder.join(path)));
    }
    assert!(files.len() > 20, "{files:?}");
    let mut check = command("check-jsonschema", &root());
    check.args(["--builtin-schema", "vendor.gitlab-ci"]);
    check.args(["--data-transform", "gitlab-ci"]).args(&files);
    let output = check
        .output()
        .expect("tests/engines/ci-clients.sh puts it into PATH");
    assert!(output.status.success(), "{}", said(&output));
}

/// A repository with these files in it.
fn repository(folder: &Path, files: &[(&str, &str)]) -> PathBuf {
    let tree = folder.join("tree");
    for (path, text) in files {
        let path = tree.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    tree
}

/// gitlab-ci-local, each job in a copy of the tree.
fn local(folder: &Path, variables: &[String]) -> Command {
    let mut command = command("gitlab-ci-local", &folder.join("tree"));
    command.env("HOME", folder).env("CI", "true");
    command.args(["--shell-isolation", "--no-artifacts-to-source"]);
    // That is another test's.
    command.arg("--no-json-schema-validation");
    for variable in variables {
        command.args(["--variable", variable]);
    }
    command
}

fn output(command: &mut Command) -> Output {
    command
        .output()
        .expect("gitlab-ci-local is installed by tests/engines/ci-clients.sh and in PATH")
}

/// runenv in the tree, which has to pass; what it prints.
fn runenv(tree: &Path, words: &[&str]) -> String {
    let output = command("runenv", tree).args(words).output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).expect("a text")
}

/// Executes an environment's pipeline, and looks at what its jobs left.
fn execute(folder: &Path, kind: &str, built: &str, checked: &str) {
    let state = folder.join("tree/.gitlab-ci-local");
    let env = format!("docker-box-latest-{kind}");
    let variables = [format!("ENV={env}"), "PUSH=true".to_owned()];
    let ended = output(local(folder, &variables).args(["--file", CHILD]));
    let text = said(&ended);
    assert_eq!(ended.status.success(), kind != "broken", "{kind}: {text}");
    let kept = |n: u32| state.join(format!("artifacts/part-{n}/.runenv/{env}"));
    assert_eq!(states(&kept(1)), ["prepared passed"], "{text}");
    // What the first job made is found by the second, whose engine was empty.
    let second = [
        "prepared cached",
        &format!("built {built}"),
        &format!("checked {checked}"),
    ];
    assert_eq!(states(&kept(2)), second, "{text}");
    assert!(kept(2).join("log/02-built.log").is_file(), "{text}");
    let artifacts = kept(2).join("artifacts");
    assert_eq!(artifacts.exists(), kind == "a", "{text}");
    // It copies no report, but the job left it where its pipeline says.
    let junit = fs::read_to_string(state.join("builds/part-2/.runenv/junit.xml"));
    let junit = junit.expect("JUnit's XML");
    assert!(junit.contains("name=\"built\""), "{junit}");
    assert_eq!(junit.contains("<failure"), kind == "broken", "{junit}");
    let results = folder.join("results").join(kind);
    fs::create_dir_all(&results).expect("a folder");
    fs::rename(state.join("artifacts"), results.join("artifacts")).expect("one file system");
}

#[test]
fn gitlab_ci_local_executes_the_pipeline_of_an_environment() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let number = format!("gitlab{}", std::process::id());
    let tree = repository(folder, &[("envs.toml", &rows::file(&number))]);
    runenv(&tree, &["ci", "gitlab"]);
    commit(&tree);
    for kind in ["a", "b", "c", "d"] {
        execute(folder, kind, "passed", "passed");
    }
    execute(folder, "soft", "passed", "failed");
    execute(folder, "broken", "failed", "not-run");
    // All that the jobs left makes one report.
    let report = command("runenv", folder)
        .args(["report", "results", "--json"])
        .output();
    let report: serde_json::Value =
        serde_json::from_slice(&report.expect("it runs").stdout).expect("JSON");
    let envs = report["envs"].as_array().expect("environments").iter();
    let mut all: Vec<String> = envs
        .map(|env| format!("{} {}", env["name"], env["state"]))
        .collect();
    all.sort();
    let expected = ["a", "b", "broken", "c", "d", "soft"].map(|kind| {
        let state = if kind == "broken" { "failed" } else { "passed" };
        format!("\"docker-box-latest-{kind}\" \"{state}\"")
    });
    assert_eq!(all, expected);
    clean(&tree);
}

/// The parent of the same: which of its jobs an event has, and that it starts a child for each environment.
#[test]
fn gitlab_ci_local_starts_a_pipeline_for_each_environment() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let text = "[project]\nenv-list = [\"local-{a,b}\"]\nlabels = { few = [\"local-a\"] }\n[axis.kind]\na = {}\nb = {}\n\
                [stage.one]\nrun = \"true\"\n[registry]\nrepository = \"127.0.0.1:5000/x\"\n\
                [ci]\nlabels = { push = \"few\" }\n";
    let tree = repository(folder, &[("envs.toml", text)]);
    let written = command("runenv", &tree)
        .args(["ci", "gitlab"])
        .output()
        .expect("it runs");
    assert!(written.status.success(), "{}", said(&written));
    commit(&tree);
    let jobs = |source: &str| {
        let variables = [format!("CI_PIPELINE_SOURCE={source}")];
        let text = said(&output(local(folder, &variables).arg("--list")));
        let names = text.lines().filter_map(|line| line.split_once("runenv-"));
        let names = names.filter_map(|(_, rest)| rest.split_once(']'));
        names
            .map(|(name, _)| format!("{name}]"))
            .collect::<Vec<_>>()
    };
    assert_eq!(jobs("push"), ["1: [local-host-a]"]);
    assert_eq!(jobs("web"), ["2: [local-host-a]", "2: [local-host-b]"]);
    // Without its variable the child's job finds nothing to do, but it is that job.
    let text = said(&output(&mut local(folder, &[])));
    let started = "[runenv-1: [local-host-a]] -> part-1 $ runenv -e \"$ENV\" --push=try";
    assert!(text.contains(started), "{text}");
    // A first job leaves out what is unchanged: what it writes starts the same children.
    let written = command("runenv", &tree)
        .args(["ci", "gitlab", "--stale"])
        .output();
    assert!(written.expect("it runs").status.success());
    let text = said(&output(&mut local(
        folder,
        &["ENV=local-host-a".to_owned()],
    )));
    assert!(
        text.contains("[runenv-1] -> runenv-1: [local-host-a]"),
        "{text}"
    );
    assert!(!text.contains("local-host-b]"), "{text}");
}

/// runenv by a URL and a checksum: right, and wrong.
#[test]
fn the_setup_job_takes_only_what_its_checksum_matches() {
    if !engines() {
        return;
    }
    let binary = assert_cmd::cargo::cargo_bin!("runenv");
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("runenv.tar.gz");
    let mut tar = command("tar", binary.parent().expect("a folder"));
    let packed = tar.arg("-czf").arg(&archive).arg("runenv").status();
    assert!(packed.expect("it runs").success());
    let setup = fs::read_to_string(root().join(".gitlab/setup.yml")).expect("a file");
    let version = env!("CARGO_PKG_VERSION");
    for (file, sum, version, passes, says) in [
        (binary, sha256(binary), version, true, "download: OK"),
        (&*archive, sha256(&archive), version, true, "download: OK"),
        (binary, "0".repeat(64), version, false, "download: FAILED"),
        (binary, sha256(binary), "9.9.9", false, "download: OK"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let job = format!(
            "include:\n  - local: .gitlab/setup.yml\njob:\n  extends: .runenv-setup\n  variables:\n    \
             RUNENV_VERSION: \"{version}\"\n    RUNENV_SHA256: \"{sum}\"\n    RUNENV_URL: \"file://{}\"\n  \
             script:\n    - echo \"got $(command -v runenv)\"\n",
            file.display()
        );
        let files = [(".gitlab/setup.yml", &*setup), (".gitlab-ci.yml", &*job)];
        commit(&repository(folder.path(), &files));
        let ended = output(&mut local(folder.path(), &[]));
        let text = said(&ended);
        assert_eq!(ended.status.success(), passes, "{text}");
        assert!(text.contains(says), "{text}");
        let got = text
            .lines()
            .any(|line| line.contains("> got ") && line.ends_with(".tmp/bin/runenv"));
        assert_eq!(got, passes, "{text}");
    }
}
