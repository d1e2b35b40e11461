//! The workflows that `runenv ci github` writes: linters have nothing to say of those in `tests/golden/ci` and of the
//! document's, and act really executes one on this host: the calling one with its matrix, and by it the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::blocks::blocks;
use crate::ci::{act, commit};
use crate::{command, engines, root, said};

const CALLER: &str = ".github/workflows/runenv.yml";
/// The action of `ci github` that act cannot fetch here.
const UPLOAD: &str = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02";

/// Folders with workflows: the goldens', and one that is made of the document's file.
fn projects(folder: &Path) -> Vec<PathBuf> {
    let text = fs::read_to_string(root().join("docs/ci.md")).expect("there is docs/ci.md");
    let found = blocks(&text).into_iter().find(|b| b.language == "toml");
    let file = found.expect("it shows a file").text;
    fs::write(folder.join("envs.toml"), file).expect("a file");
    let output = command("runenv", folder)
        .args(["ci", "github"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    let entries = fs::read_dir(root().join("tests/golden/ci")).expect("there are goldens");
    let mut all: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    all.push(folder.to_owned());
    all.sort();
    assert!(all.len() >= 8, "{all:?}");
    all
}

/// Runs a linter on one of the folders.
fn lint(program: &str, words: &[&str], folder: &Path) -> Output {
    let mut command = command(program, folder);
    let output = command.args(words).output();
    output.unwrap_or_else(|e| panic!("tests/engines/ci-clients.sh puts {program} into PATH: {e}"))
}

#[test]
fn linters_have_nothing_to_say() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    for project in projects(folder.path()) {
        let mut files = vec!["--builtin-schema", "vendor.github-workflows"];
        files.extend([CALLER, ".github/workflows/runenv-environment.yml"]);
        for (program, words) in [
            ("check-jsonschema", files.as_slice()),
            (
                "zizmor",
                &["--offline", "--no-config", "--quiet", ".github/workflows"],
            ),
            ("actionlint", &[".github/workflows/*.yml"]),
        ] {
            let output = lint(program, words, &project);
            let said = said(&output);
            assert!(
                output.status.success(),
                "{program} {}: {said}",
                project.display()
            );
        }
    }
}

/// The linters see what they are there to see.
#[test]
fn linters_find_what_is_wrong() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(CALLER);
    fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
    let wrong = "on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v4\n      \
                 - run: echo ${{ github.head_ref }} ${{ needs.b.result }}\n";
    fs::write(file, wrong).expect("a file");
    for (program, words) in [
        (
            "zizmor",
            &["--offline", "--no-config", "--quiet", ".github/workflows"][..],
        ),
        ("actionlint", &[".github/workflows/*.yml"]),
    ] {
        assert!(
            !lint(program, words, folder.path()).status.success(),
            "{program}"
        );
    }
}

/// Six environments over two stages: five pass, one of them with a failure that is allowed, and one fails.
const FILE: &str = r#"
[project]
name = "rows"
env-list = ["docker-box-latest-{a,b,c,d,soft,broken}"]
[system.box]
image = "busybox:latest"
release.latest = {}
[axis.kind]
a = {}
b = {}
c = {}
d = {}
soft = { stage.checked.run = ["echo soft fails; false"] }
broken = { stage.built.run = ["echo before the end; echo NUMBER; exit 7"] }
[stage.prepared]
run = ["echo prepared {kind} NUMBER"]
[stage.built]
run = ["echo built {kind}"]
[stage.checked]
run = ["echo checked"]
allow-failure = true
[registry]
repository = "127.0.0.1:5000/NUMBER"
[ci]
jobs = ["prepared", ["built", "checked"]]
matrix-limit = 4
"#;

/// A repository with the file and its workflows, and an action that keeps what is uploaded in `kept`.
fn repository(folder: &Path) -> PathBuf {
    let number = std::process::id();
    let tree = folder.join("tree");
    fs::create_dir_all(&tree).expect("a folder");
    fs::write(
        tree.join("envs.toml"),
        FILE.replace("NUMBER", &format!("rows{number}")),
    )
    .expect("a file");
    let output = command("runenv", &tree)
        .args(["ci", "github"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    commit(&tree);
    let action = folder.join("upload");
    fs::create_dir_all(&action).expect("a folder");
    let text = r#"
name: upload
inputs:
  name: { required: true }
  path: { required: true }
  include-hidden-files: { required: false }
  if-no-files-found: { required: false }
  overwrite: { required: false }
runs:
  using: composite
  steps:
    - shell: sh
      env: { NAME: "${{ inputs.name }}", PATHS: "${{ inputs.path }}" }
      run: mkdir -p "$KEPT/$NAME"; for p in $PATHS; do [ ! -e "$p" ] || cp -r "$p" "$KEPT/$NAME/"; done
"#;
    fs::write(action.join("action.yml"), text).expect("a file");
    tree
}

/// Runs the workflow; `matrix` chooses one environment.
fn run(folder: &Path, env: &str) -> Output {
    let act = act().expect("act is installed by tests/engines/ci-clients.sh and in PATH");
    let mut command = command(act.to_str().expect("a path"), &folder.join("tree"));
    command.args(["push", "-W", CALLER, "-P", "ubuntu-latest=-self-hosted"]);
    command.args(["--matrix", &format!("env:{env}")]);
    command
        .arg("--env")
        .arg(format!("KEPT={}", folder.join("kept").display()));
    let local = format!("{UPLOAD}={}", folder.join("upload").display());
    command.args(["--local-repository", &local]);
    let home = folder.join("home");
    command
        .env("XDG_CONFIG_HOME", &home)
        .env("XDG_CACHE_HOME", &home);
    command.output().expect("act runs")
}

/// The state of each stage, in a result that was kept.
fn states(folder: &Path, kept: &str) -> Vec<String> {
    let path = folder.join("kept").join(kept).join("result.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let result: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let stages = result["stages"].as_array().expect("stages");
    let state = |stage: &serde_json::Value| {
        let found = stage["cached"].as_bool() == Some(true);
        let state = stage["state"].as_str().expect("a state");
        format!(
            "{} {}",
            stage["name"].as_str().expect("a name"),
            if found { "cached" } else { state }
        )
    };
    stages.iter().map(state).collect()
}

#[test]
fn act_executes_the_workflow_of_an_environment() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let tree = repository(folder);
    for (kind, built, checked) in [
        ("a", "passed", "passed"),
        ("b", "passed", "passed"),
        ("c", "passed", "passed"),
        ("d", "passed", "passed"),
        ("soft", "passed", "failed"),
        ("broken", "failed", "not-run"),
    ] {
        let env = format!("docker-box-latest-{kind}");
        let output = run(folder, &env);
        let text = said(&output);
        assert_eq!(output.status.success(), kind != "broken", "{kind}: {text}");
        let part = |n: u32| states(folder, &format!("{env}.part-{n}"));
        assert_eq!(part(1), ["prepared passed"], "{text}");
        // What the first job made is found by the second, a machine of its own.
        let second = [
            "prepared cached",
            &format!("built {built}"),
            &format!("checked {checked}"),
        ];
        assert_eq!(part(2), second, "{text}");
        let logs = folder.join("kept").join(format!("{env}.part-2/log"));
        assert!(logs.join("02-built.log").is_file(), "{text}");
        assert!(
            !folder.join("kept").join(format!("{env}.all")).exists(),
            "{text}"
        );
    }
    let output = command("runenv", &tree)
        .args(["clean", "--registry"])
        .output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    let output = command("runenv", &tree)
        .arg("clean")
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
}
