//! A workflow that `runenv ci github` wrote is really executed by act, on this host: the calling one with its matrix, by it
//! the other, and the report. Every job empties the engine first, as a machine of its own would be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::ci::{act, commit};
use crate::rows::{self, clean, states};
use crate::{command, engines, said};

const CALLER: &str = ".github/workflows/runenv.yml";
/// Actions of `ci github` that act cannot fetch here: repository, file, and what plays it. Folders of `$KEPT` are artifacts, and
/// `$KEPT.cache` is the cache's one file.
const ACTIONS: [(&str, &str, &str); 4] = [
    (
        "actions/upload-artifact@b7c566a772e6b6bfb58ed0dc250532a479d7789f",
        "action.yml",
        r#"
name: upload
inputs:
  name: { required: true }
  path: { required: true }
  include-hidden-files: { required: false }
  if-no-files-found: { required: false }
  overwrite: { required: false }
  retention-days: { required: false }
  compression-level: { required: false }
runs:
  using: composite
  steps:
    - shell: sh
      env: { NAME: "${{ inputs.name }}", PATHS: "${{ inputs.path }}" }
      run: for p in $PATHS; do [ ! -e "$p" ] || { mkdir -p "$KEPT/$NAME"; cp -r "$p" "$KEPT/$NAME/"; }; done
"#,
    ),
    (
        "actions/download-artifact@37930b1c2abaa49bbe596cd826c3c89aef350131",
        "action.yml",
        r#"
name: download
inputs:
  pattern: { required: true }
  path: { required: true }
  merge-multiple: { required: false, default: "false" }
runs:
  using: composite
  steps:
    - shell: sh
      env: { PATTERN: "${{ inputs.pattern }}", TO: "${{ inputs.path }}", MERGE: "${{ inputs.merge-multiple }}" }
      run: |
        rm -rf "$TO"
        mkdir -p "$TO"
        for from in "$KEPT"/$PATTERN; do
          [ -d "$from" ] || continue
          if [ "$MERGE" = true ]; then cp -r "$from/." "$TO/"; else cp -r "$from" "$TO/"; fi
        done
"#,
    ),
    (
        "actions/cache@cdf6c1fa76f9f475f3d7449005a359c84ca0f306",
        "restore/action.yml",
        r#"
name: restore
inputs:
  path: { required: true }
  key: { required: true }
  restore-keys: { required: true }
runs:
  using: composite
  steps:
    - shell: sh
      env: { TO: "${{ inputs.path }}" }
      run: "[ ! -e $KEPT.cache ] || { mkdir -p ${TO%/*}; cp $KEPT.cache $TO; }"
"#,
    ),
    (
        "actions/cache@cdf6c1fa76f9f475f3d7449005a359c84ca0f306",
        "save/action.yml",
        r#"
name: save
inputs:
  path: { required: true }
  key: { required: true }
runs:
  using: composite
  steps:
    - shell: sh
      env: { FROM: "${{ inputs.path }}" }
      run: cp $FROM $KEPT.cache
"#,
    ),
];

/// A repository with the file and its workflows, and what plays the actions; the word makes a project of its own of it.
fn repository(folder: &Path, word: &str) -> PathBuf {
    let number = std::process::id();
    let tree = folder.join("tree");
    fs::create_dir_all(&tree).expect("a folder");
    let file = rows::file(&format!("{word}{number}"));
    fs::write(tree.join("envs.toml"), file).expect("a file");
    let output = command("runenv", &tree)
        .args(["ci", "github"])
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    commit(&tree);
    // The runner keeps a step's summary until the step ends: so it is looked at there.
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let binary = assert_cmd::cargo::cargo_bin!("runenv");
    let text = format!(
        "#!/bin/sh\ncode=0\n{} \"$@\" || code=$?\n[ ! -s \"$GITHUB_STEP_SUMMARY\" ] || cat \"$GITHUB_STEP_SUMMARY\" >>\"$KEPT/summary.md\"\nexit $code\n",
        binary.display()
    );
    fs::write(bin.join("runenv"), text).expect("a file");
    fs::set_permissions(bin.join("runenv"), fs::Permissions::from_mode(0o755)).expect("a mode");
    for (repository, file, text) in ACTIONS {
        let file = folder.join(repository).join(file);
        fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        fs::write(file, text).expect("a file");
    }
    tree
}

/// Runs the workflow for an event; `matrix` chooses one environment.
fn run(folder: &Path, event: &[&str], env: &str) -> Output {
    let act = act().expect("act is installed by tests/engines/ci-clients.sh and in PATH");
    let mut command = command(act.to_str().expect("a path"), &folder.join("tree"));
    command.args(event);
    command.args(["-W", CALLER, "-P", "ubuntu-latest=-self-hosted"]);
    command.args(["--matrix", &format!("env:{env}")]);
    let kept = format!("KEPT={}", folder.join("kept").display());
    command.args(["--env", &kept]);
    for (repository, ..) in ACTIONS {
        let local = format!("{repository}={}", folder.join(repository).display());
        command.args(["--local-repository", &local]);
    }
    let home = folder.join("home");
    let path = std::env::var("PATH").expect("there is a PATH");
    fs::create_dir_all(folder.join("kept")).expect("a folder");
    command
        .env("PATH", format!("{}:{path}", folder.join("bin").display()))
        .env("XDG_CONFIG_HOME", &home)
        .env("XDG_CACHE_HOME", &home);
    command.output().expect("act runs")
}

/// The report that the last job made: environment and state.
fn reported(folder: &Path) -> Vec<(String, String)> {
    let kept = folder.join("kept/report");
    let page = fs::read_to_string(kept.join("report.html")).expect("the page is kept");
    assert!(page.contains("docker-box-latest-broken"));
    // Five were known from the calls before, by the cache.
    assert_eq!(page.matches("\"change\":\"new\"").count(), 1);
    assert!(kept.join("junit.xml").is_file());
    let output = command("runenv", folder)
        .args(["report", "--json", "kept"])
        .output();
    let output = output.expect("it runs");
    let run: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let envs = run["envs"].as_array().expect("environments").iter();
    envs.map(|env| (text(&env["name"]), text(&env["state"])))
        .collect()
}

/// Executes an environment's jobs, and looks at what they left.
fn execute(folder: &Path, kind: &str, built: &str, checked: &str) {
    let env = format!("docker-box-latest-{kind}");
    let output = run(folder, &["push"], &env);
    let text = said(&output);
    assert_eq!(output.status.success(), kind != "broken", "{kind}: {text}");
    let part = |n: u32| states(&folder.join("kept").join(format!("result.{env}.part-{n}")));
    assert_eq!(part(1), ["prepared passed"], "{text}");
    // What the first job made is found by the second, whose engine was empty.
    let second = [
        "prepared cached",
        &format!("built {built}"),
        &format!("checked {checked}"),
    ];
    assert_eq!(part(2), second, "{text}");
    let kept = |name: &str| folder.join("kept").join(name);
    let log = kept(&format!("{env}.part-2/log/02-built.log"));
    assert!(log.is_file(), "{text}");
    assert!(!kept(&format!("stages.{env}")).exists(), "{text}");
}

#[test]
fn act_executes_the_workflow() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let tree = repository(folder, "rows");
    let kinds = [
        ("a", "passed", "passed"),
        ("b", "passed", "passed"),
        ("c", "passed", "passed"),
        ("d", "passed", "passed"),
        ("soft", "passed", "failed"),
        ("broken", "failed", "not-run"),
    ];
    let name = |kind: &str| format!("docker-box-latest-{kind}");
    for (kind, built, checked) in kinds {
        execute(folder, kind, built, checked);
    }
    // act ends where a called workflow fails, and makes no report then: the next run's is of all, and red.
    let output = run(folder, &["push"], &name("a"));
    let text = said(&output);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("5 passed, 1 failed"), "{text}");
    let expected = kinds.map(|(kind, built, _)| (name(kind), built.to_owned()));
    let packed = folder.join("kept/docker-box-latest-a.part-2");
    let unpack = ["-xOf", "artifacts.tar", "artifacts/built/kept"];
    let content = command("tar", &packed).args(unpack).output();
    let content = content.expect("tar runs").stdout;
    assert_eq!(String::from_utf8_lossy(&content), "built a\n");
    let summary = fs::read_to_string(folder.join("kept/summary.md")).expect("there are summaries");
    assert!(
        summary.contains("docker-box-latest-d") && summary.contains("exit code 7"),
        "{summary}"
    );
    assert!(summary.contains("5 passed, 1 failed"), "{summary}");
    let mut all = reported(folder);
    let known = fs::read_to_string(folder.join("kept.cache")).expect("it is kept");
    assert!(kinds.iter().all(|(kind, ..)| known.contains(&name(kind))));
    all.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(all, expected);
    clean(&tree);
}

/// A fork may not push: what its first job made travels as an artifact.
#[test]
fn act_hands_on_the_stages_of_a_fork() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let tree = repository(folder, "fork");
    let event = folder.join("event.json");
    let text = r#"{"pull_request":{"head":{"ref":"x","repo":{"full_name":"somebody/b"}},"base":{"ref":"main"}},
                   "repository":{"full_name":"a/b"}}"#;
    fs::write(&event, text).expect("a file");
    let event = event.to_str().expect("a path");
    let output = run(
        folder,
        &["pull_request", "-e", event],
        "docker-box-latest-d",
    );
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    let part = |n: u32| {
        states(
            &folder
                .join("kept")
                .join(format!("result.docker-box-latest-d.part-{n}")),
        )
    };
    assert_eq!(part(1), ["prepared passed"], "{text}");
    assert_eq!(
        part(2),
        ["prepared cached", "built passed", "checked passed"],
        "{text}"
    );
    assert!(!folder.join("kept.cache").exists(), "{text}");
    let handed = folder.join("kept/stages.docker-box-latest-d/stages.tar");
    assert!(handed.is_file(), "{text}");
    let output = command("runenv", &tree)
        .args(["clean", "--registry", "-n"])
        .output();
    let nothing = said(&output.expect("it runs"));
    assert!(
        !nothing.contains("prepared"),
        "nothing was pushed: {nothing}"
    );
    clean(&tree);
}
