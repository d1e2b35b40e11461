//! The workflow of docs/ci.md, really executed by act, on this host.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::blocks::blocks;
use crate::{command, engines, root, said};

/// act, where `tests/engines/ci-clients.sh` put it.
pub(crate) fn act() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join("act"))
        .find(|act| act.is_file())
}

fn workflow() -> String {
    let text = fs::read_to_string(root().join("docs/ci.md")).expect("there is docs/ci.md");
    let found = blocks(&text).into_iter().find(|b| b.language == "yaml");
    found.expect("it shows a workflow").text
}

/// A repository with three environments, of which one fails if `broken`.
fn repository(folder: &Path, broken: bool) {
    let last = if broken { "false" } else { "true" };
    let file = format!(
        "[project]\nname = \"three\"\nenv-list = [\"docker-box-latest-{{a,b,c}}\"]\n\
         [system.box]\nimage = \"busybox:latest\"\nrelease.latest = {{}}\n\
         [axis.letter]\na = {{}}\nb = {{}}\nc = {{ vars.end = \"{last}\" }}\n\
         [vars]\nend = \"true\"\n[stage.one]\nrun = [\"echo ran {{letter}}\", [\"{{end}}\"]]\n"
    );
    fs::create_dir_all(folder.join(".github/workflows")).expect("a folder");
    fs::write(folder.join("envs.toml"), file).expect("a file");
    fs::write(
        folder.join(".github/workflows/environments.yml"),
        workflow(),
    )
    .expect("a file");
    commit(folder);
}

/// Makes a repository of a folder, as a runner finds one.
pub(crate) fn commit(folder: &Path) {
    let git = |words: &[&str]| {
        let output = command("git", folder)
            .args(words)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{}", said(&output));
    };
    git(&["init", "-q"]);
    git(&["add", "-A"]);
    git(&[
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.org",
        "commit",
        "-qm",
        "t",
    ]);
    git(&["remote", "add", "origin", "git@example.invalid:a/b.git"]);
}

/// Runs the workflow; `words` may choose jobs of its matrix.
fn run(folder: &Path, act: &Path, words: &[&str]) -> Output {
    let mut command = command(act.to_str().expect("a path"), folder);
    command.args(["push", "-W", ".github/workflows/environments.yml"]);
    command
        .args(["-P", "ubuntu-latest=-self-hosted"])
        .args(words);
    // Beside the repository, not in it: act copies that whole.
    let home = tempfile::tempdir().expect("a folder");
    command.env("XDG_CONFIG_HOME", home.path());
    command.env("XDG_CACHE_HOME", home.path());
    command.output().expect("act runs")
}

/// Removes the images that the jobs made, which act ran in copies of the folder.
fn clean(folder: &Path) {
    let output = command("runenv", folder)
        .arg("clean")
        .output()
        .expect("runs");
    assert!(output.status.success(), "{}", said(&output));
}

#[test]
fn act_runs_the_workflow_of_the_document() {
    if !engines() {
        return;
    }
    let act = act().expect("act is installed by tests/engines/ci-clients.sh and in PATH");
    let folder = tempfile::tempdir().expect("a folder");
    repository(folder.path(), false);
    let output = run(folder.path(), &act, &[]);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    for letter in ["a", "b", "c"] {
        assert!(
            text.contains(&format!("ran {letter}")),
            "no job ran {letter}: {text}"
        );
    }
    clean(folder.path());
}

#[test]
fn a_failing_environment_fails_its_job_and_no_other() {
    if !engines() {
        return;
    }
    let act = act().expect("act is installed by tests/engines/ci-clients.sh and in PATH");
    let folder = tempfile::tempdir().expect("a folder");
    repository(folder.path(), true);
    // act ends with the first job that fails and cuts off the others, so each has a call of its own.
    for (letter, passes) in [("a", true), ("c", false)] {
        let job = format!("env:docker-box-latest-{letter}");
        let output = run(folder.path(), &act, &["--matrix", &job]);
        let text = said(&output);
        assert_eq!(output.status.success(), passes, "{text}");
        assert!(text.contains(&format!("ran {letter}")), "{text}");
        assert_eq!(text.contains("Job failed"), !passes, "{text}");
    }
    clean(folder.path());
}

#[test]
fn the_workflow_follows_its_schema() {
    let Some(act) = act() else {
        assert!(!engines(), "the CI clients are not in PATH");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("environments.yml");
    fs::write(&file, workflow()).expect("a file");
    let check = act.with_file_name("check-jsonschema");
    let mut command = command(check.to_str().expect("a path"), folder.path());
    let words = ["--builtin-schema", "vendor.github-workflows"];
    let output = command.args(words).arg(&file).output().expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
}
