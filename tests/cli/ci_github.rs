//! `runenv ci github`: the files of several projects as goldens, whole; which environment is in which matrix, read back
//! by a YAML library; what is refused; `--check`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use snapbox::str;

use crate::support::{Project, golden, same};

const CALLER: &str = ".github/workflows/runenv.yml";
const CALLED: &str = ".github/workflows/runenv-environment.yml";

/// What is told where no step installs runenv.
const NO_STEP: &str = "\
warning: no step of `[ci] steps-before` installs runenv, and GitHub's own machines do not have it
help: docs/ci.md has the ways: \"How a job gets runenv\"
";

/// What is told where a selection leaves nothing of an event's label.
const NOTHING_LEFT: &str = "\
warning: nothing starts on `push`, `pull_request`: of the label `quick` no environment is left
help: look at `systems` and `configs` of `[ci]`, and at what is selected
";

/// Compares the files with goldens that are files, too: `tests/readme` gives those to linters.
fn goldens(project: &Project, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/ci")
        .join(name);
    for path in [CALLER, CALLED] {
        fs::create_dir_all(folder.join(".github/workflows")).unwrap();
        let golden =
            snapbox::Data::read_from(&folder.join(path), Some(snapbox::data::DataFormat::Text));
        same(project.read(path), golden.raw());
    }
}

fn yaml(project: &Project, path: &str) -> Value {
    serde_saphyr::from_str(&project.read(path)).unwrap()
}

/// A file of `tests/data/ci`, and what was written for it.
fn written(name: &str, words: &str) -> Project {
    let path = format!("tests/data/ci/{name}.toml");
    written_of(Path::new(&path), words)
}

/// The same for any file of this project.
fn written_of(path: &Path, words: &str) -> Project {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let project = Project::new().envs_toml(&text);
    let ran = project
        .runenv(format!("ci github {words}").as_str())
        .exits(0);
    assert_eq!(ran.stdout, format!("{CALLER}\n{CALLED}\n"));
    let known = ["", NO_STEP, NOTHING_LEFT];
    assert!(known.contains(&&*ran.stderr), "{}", ran.stderr);
    project
        .runenv(format!("ci github --check {words}").as_str())
        .exits(0);
    project
}

#[test]
fn the_smallest_file_has_a_job_for_each_environment() {
    goldens(&written("small", ""), "small");
}

#[test]
fn stages_are_jobs_in_a_row_that_meet_in_a_registry() {
    goldens(&written("row", ""), "row");
}

#[test]
fn a_selection_is_taken_and_said_in_the_header() {
    goldens(&written("row", "-f debian --skip *-minimal"), "selection");
}

#[test]
fn with_stale_a_first_job_makes_the_matrices() {
    goldens(&written("row", "--stale"), "stale");
    goldens(
        &written("small", "docker-debian-* --stale"),
        "stale-selection",
    );
}

#[test]
fn environments_of_different_stages_and_machines_say_so_in_their_cells() {
    goldens(&written("cells", ""), "cells");
}

#[test]
fn stages_of_no_registry_are_handed_on_as_artifacts() {
    goldens(&written("no-registry", ""), "no-registry");
}

/// A tree that is built on a host cannot be handed on.
#[test]
fn an_environment_of_the_host_is_one_job() {
    goldens(&written("host", ""), "host");
}

/// The files that the project shows to others, and its own.
#[test]
fn workflows_of_whole_projects() {
    for name in ["xz", "zlib"] {
        let path = format!("examples/{name}/envs.toml");
        goldens(&written_of(Path::new(&path), ""), name);
    }
    goldens(&written_of(Path::new("envs.toml"), ""), "own");
}

#[test]
fn beyond_the_limit_there_is_a_second_matrix() {
    goldens(&of(300, "[ci]\nmax-parallel = 20\n"), "many");
}

/// What a stranger may have written into a file that a maintainer merges.
#[test]
fn hostile_texts_stay_texts() {
    let project = written("hostile", "");
    goldens(&project, "hostile");
    let (caller, called) = (yaml(&project, CALLER), yaml(&project, CALLED));
    for file in [&caller, &called] {
        for script in scripts(file) {
            assert!(!script.contains("${{"), "{script}");
        }
    }
    let job = &called["jobs"]["part-1"];
    assert_eq!(job["runs-on"], "l\"\n${{ '${{' }} secrets.X }}: &a *b !c");
    let login = job["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["name"] == "log in to the registry");
    assert_eq!(
        login.unwrap()["env"]["REGISTRY_USER"],
        "u'\"; ${{ '${{' }} github.token }}\u{1f600}"
    );
}

/// Every `run` of a workflow.
fn scripts(file: &Value) -> Vec<String> {
    let jobs = file["jobs"].as_object().unwrap().values();
    let steps = jobs.filter_map(|job| job["steps"].as_array()).flatten();
    steps
        .filter_map(|step| Some(step["run"].as_str()?.to_owned()))
        .collect()
}

/// A project of so many environments.
fn of(count: usize, more: &str) -> Project {
    let values: String = (0..count).map(|n| format!("v{n} = {{}}\n")).collect();
    let list: Vec<String> = (0..count)
        .map(|n| format!("\"docker-debian-bookworm-v{n}\""))
        .collect();
    let text = format!(
        "[stage.built]\nrun = \"true\"\n[axis.n]\n{values}[project]\nenv-list = [{}]\n{more}",
        list.join(", ")
    );
    let project = Project::new().envs_toml(&text);
    project.runenv("ci github").exits(0);
    project
}

/// The environments of each job, and how many it runs at a time; `Err`: of a fork.
fn matrices(project: &Project) -> BTreeMap<String, (Vec<String>, Option<u64>)> {
    let caller = yaml(project, CALLER);
    let jobs = caller["jobs"].as_object().unwrap();
    let matrix = |(id, job): (&String, &Value)| {
        let names = job["strategy"]["matrix"]["env"].as_array().unwrap();
        let names = names
            .iter()
            .map(|name| name.as_str().unwrap().to_owned())
            .collect();
        (
            id.clone(),
            (names, job["strategy"]["max-parallel"].as_u64()),
        )
    };
    jobs.iter()
        .filter(|(id, _)| *id != "report")
        .map(matrix)
        .collect()
}

#[test]
fn every_environment_is_in_one_matrix_and_none_is_too_large() {
    for (count, sizes) in [
        (255, vec![255]),
        (256, vec![256]),
        (257, vec![256, 1]),
        (513, vec![256, 256, 1]),
        (1000, vec![256, 256, 256, 232]),
    ] {
        let matrices = matrices(&of(count, ""));
        let all: Vec<&(Vec<String>, _)> = matrices.values().collect();
        assert_eq!(
            all.iter().map(|(names, _)| names.len()).collect::<Vec<_>>(),
            sizes
        );
        let mut names: Vec<&String> = all.iter().flat_map(|(names, _)| names).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "each once");
    }
}

#[test]
fn with_a_registry_a_forks_environments_are_the_same_in_jobs_of_their_own() {
    let matrices = matrices(&of(257, "[registry]\nrepository = \"ghcr.io/me\"\n"));
    let names = |id: &str| &matrices[id].0;
    assert_eq!(matrices.len(), 4);
    assert_eq!(names("run-1"), names("fork-1"));
    assert_eq!(names("run-2"), names("fork-2"));
    assert_eq!((names("run-1").len(), names("run-2").len()), (256, 1));
}

#[test]
fn so_many_at_a_time_are_shared_among_the_matrices() {
    let at_a_time = |most: u32| {
        let project = of(
            30,
            &format!("[ci]\nmatrix-limit = 10\nmax-parallel = {most}\n"),
        );
        let all: Vec<u64> = matrices(&project)
            .values()
            .map(|(_, n)| n.unwrap())
            .collect();
        let caller = yaml(&project, CALLER);
        (all, caller["jobs"]["run-2"]["needs"].clone())
    };
    assert_eq!(at_a_time(8), (vec![3, 3, 2], Value::Null));
    assert_eq!(at_a_time(2), (vec![2, 2, 2], "run-1".into()));
}

/// A job that ended before it left a result makes the report red, too; one that was not for the event does not.
#[test]
fn a_job_that_was_lost_is_no_success() {
    let report = &yaml(&written("small", "--stale"), CALLER)["jobs"]["report"];
    assert_eq!(report["needs"], serde_json::json!(["stale", "run-1"]));
    assert_eq!(report["if"], "${{ always() }}");
    let look = report["steps"].as_array().unwrap().last().unwrap();
    assert_eq!(look["env"]["ENDED"], "${{ join(needs.*.result, ' ') }}");
    for (ended, expected) in [
        ("success", 0),
        ("success skipped", 0),
        ("success failure", 1),
        ("failure skipped", 1),
        ("cancelled", 1),
    ] {
        let mut shell = std::process::Command::new("sh");
        let shell = shell.args(["-ec", look["run"].as_str().unwrap()]);
        let output = shell.env("ENDED", ended).output().unwrap();
        assert_eq!(output.status.code(), Some(expected), "{ended}");
    }
}

#[test]
fn check_shows_which_lines_differ() {
    let project = written("small", "");
    let old = project.read(CALLER);
    project.write(CALLER, old.replace("fail-fast: false", "fail-fast: true"));
    fs::remove_file(project.path(CALLED)).unwrap();
    let ran = project.runenv("ci github --check").exits(1);
    let first: Vec<&str> = ran.stdout.lines().take(6).collect();
    same(
        format!("{}\n{}", first.join("\n"), ran.stderr),
        str![[r#"
--- .github/workflows/runenv.yml
+++ as it would be
@@ -24,3 +24,3 @@
     strategy:
-      fail-fast: true
+      fail-fast: false
warning: no step of `[ci] steps-before` installs runenv, and GitHub's own machines do not have it
help: docs/ci.md has the ways: "How a job gets runenv"
`runenv ci github` writes them anew

"#]],
    );
    assert!(!project.path(CALLED).exists(), "nothing is written");
}

#[test]
fn a_file_of_somebody_elses_is_left_alone() {
    let text = "[project]\nenv-list = [\"docker-debian-bookworm\"]\n[stage.a]\nrun = \"true\"\n";
    let project = Project::new().envs_toml(text).file(CALLER, "on: push\n");
    same(
        project.runenv("ci github").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
warning: no step of `[ci] steps-before` installs runenv, and GitHub's own machines do not have it
help: docs/ci.md has the ways: "How a job gets runenv"
error: `.github/workflows/runenv.yml` was not made by `runenv ci github`
help: move it away, or give it another name

"#]],
    );
    assert_eq!(project.read(CALLER), "on: push\n");
    assert!(!project.path(CALLED).exists());
}

#[test]
fn what_workflows_may_not_hold_is_refused() {
    let refused = |ci: &str| {
        let text = format!(
            "[project]\nenv-list = [\"docker-debian-bookworm\"]\nlabels = {{ few = [\"docker-*\"] }}\n\
             [stage.a]\nrun = \"true\"\n[ci]\n{ci}\n"
        );
        let project = Project::new().envs_toml(&text);
        project.runenv("ci github").exits(2).stderr
    };
    let texts = [
        "steps-before = [\"echo ${{ github.head_ref }}\", { uses = \"actions/cache@v4\" }]",
        "steps-before = [{ name = \"x\" }, { run = \"x\", foo = 1 }, { run = \"x\", evn = { A = \"b\" } }]",
        "steps-before = [{ run = \"x\", env = { A = \"${{ secrets.FOO }}\" } }]",
        "login = { password = \"GITHUB_FOO\" }",
        "labels = { pull_request_target = \"few\", workflow_call = \"few\" }",
        "runs-on = { arm64 = \"ubuntu-24.04-arm\" }",
    ];
    golden(texts.map(refused).join("\n"), "told/ci-github-refused");
}

#[test]
fn what_depends_on_more_than_the_file_is_refused() {
    let text = "[project]\nenv-list = [\"docker-debian-bookworm\"]\nlabels = { few = [\"docker-*\"] }\n\
                [stage.a]\nrun = \"true\"\n[ci]\nlabels = { push = \"few\" }\n";
    let project = Project::new().envs_toml(text);
    let refused = |words: &str| {
        project
            .runenv(format!("ci github {words}").as_str())
            .exits(2)
            .stderr
    };
    let all = [
        "--set image=x",
        "--failed",
        "docker-debian-bookworm-a",
        "--stale -f docker -f debian",
        "--stale -m few",
    ];
    golden(all.map(refused).join("\n"), "told/ci-github-selection");
}

/// Jobs find the file at the top of the repository, or not at all.
#[test]
fn another_file_or_place_is_refused() {
    let text = "[project]\nenv-list = [\"docker-debian-bookworm\"]\n[stage.a]\nrun = \"true\"\n";
    let project = Project::new()
        .envs_toml(text)
        .file("other.toml", text)
        .file("sub/envs.toml", text)
        .file(".git/HEAD", "ref: refs/heads/main\n");
    project.runenv("ci github").exits(0);
    let refused = |words: &str| project.runenv(words).exits(2).stderr;
    same(
        refused("ci github -c other.toml") + &refused("ci github -c sub/envs.toml"),
        str![[r#"
error: jobs read `envs.toml` in the tree's folder, and this is `[ROOT]/other.toml`
help: give the file that name and place
error: `[ROOT]/sub` is not the top of its repository, `[ROOT]`: CI systems look for their files there alone
help: move `envs.toml` there, or write the jobs by hand: `runenv ci matrix`

"#]],
    );
}

#[test]
fn systems_and_configs_restrict_workflows_and_matrices() {
    let text = "[project]\nenv-list = [\"docker-{debian-bookworm,fedora-35}-{minimal,maximal}\"]\n\
                [config]\nminimal = {}\nmaximal = {}\n[stage.a]\nrun = \"true\"\n\
                [ci]\nsystems = \"debian-*\"\nconfigs = [\"maximal\"]\nmatrix-limit = 1\n";
    let project = Project::new().envs_toml(text);
    let ran = project.runenv("ci matrix").exits(0);
    assert_eq!(
        ran.stdout,
        "[{\"env\":[\"docker-debian-bookworm-maximal\"]}]\n"
    );
    project.runenv("ci github").exits(0);
    assert_eq!(
        matrices(&project)["run-1"].0,
        ["docker-debian-bookworm-maximal"]
    );
    let ran = project.runenv("ci github docker-fedora-*").exits(4);
    same(
        ran.stderr,
        str![[r#"
error: nothing to run: none of the environments is of `[ci] systems` and `configs`
help: `runenv list` shows the environments

"#]],
    );
}
