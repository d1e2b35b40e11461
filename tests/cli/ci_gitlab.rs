//! `runenv ci gitlab`: the files of several projects as goldens, whole; which environment is in which matrix, read back
//! by a YAML library; what is refused and what is left out; `--check`.

use std::fs;
use std::path::Path;

use serde_json::Value;
use snapbox::str;

use crate::support::{Project, golden, same};

const PARENT: &str = ".gitlab/runenv.yml";
const CHILD: &str = ".gitlab/runenv-environment.yml";
const OWN: &str = ".gitlab-ci.yml";

/// Compares the files with goldens that are files, too: `tests/readme` checks those by GitLab's schema.
fn goldens(project: &Project, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/gitlab")
        .join(name);
    for path in [PARENT, CHILD] {
        fs::create_dir_all(folder.join(".gitlab")).unwrap();
        let golden =
            snapbox::Data::read_from(&folder.join(path), Some(snapbox::data::DataFormat::Text));
        same(project.read(path), golden.raw());
    }
}

fn yaml(project: &Project, path: &str) -> Value {
    serde_saphyr::from_str(&project.read(path)).unwrap()
}

/// A file of this project, and what was written for it.
fn written(path: &str, words: &str) -> Project {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let project = Project::new().envs_toml(&text);
    let ran = project
        .runenv(format!("ci gitlab {words}").as_str())
        .exits(0);
    assert_eq!(ran.stdout, format!("{PARENT}\n{CHILD}\n{OWN}\n"));
    project
        .runenv(format!("ci gitlab --check {words}").as_str())
        .exits(0);
    project
}

#[test]
fn pipelines_of_ten_projects() {
    for name in ["small", "row", "cells", "hostile", "no-registry", "host"] {
        goldens(&written(&format!("tests/data/ci/{name}.toml"), ""), name);
    }
    for name in ["xz", "zlib"] {
        goldens(&written(&format!("examples/{name}/envs.toml"), ""), name);
    }
    goldens(&written("envs.toml", ""), "own");
    goldens(&of(700, ""), "many");
}

#[test]
fn a_selection_is_taken_and_said_in_the_header() {
    let words = "-f debian --skip *-minimal";
    goldens(&written("tests/data/ci/row.toml", words), "selection");
}

#[test]
fn with_stale_a_first_job_makes_the_pipeline() {
    goldens(&written("tests/data/ci/row.toml", "--stale"), "stale");
}

/// What a stranger may have written into a file that a maintainer merges.
#[test]
fn hostile_texts_stay_texts() {
    let project = written("tests/data/ci/hostile.toml", "");
    let child = yaml(&project, CHILD);
    let job = &child[".runenv-job"];
    assert_eq!(job["tags"], serde_json::json!(["$RUNNER"]));
    let raw = |value: &str| serde_json::json!({ "value": value, "expand": false });
    assert_eq!(
        job["variables"]["RUNNER"],
        raw("l\"\n${{ secrets.X }}: &a *b !c")
    );
    assert_eq!(
        job["variables"]["LOGIN_USER"],
        raw("u'\"; ${{ github.token }}\u{1f600}")
    );
    for path in [PARENT, CHILD] {
        assert!(!project.read(path).contains("evil"), "{path}");
    }
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
    project.runenv("ci gitlab").exits(0);
    project
}

/// The environments of each trigger job, and the job that it waits for.
fn matrices(project: &Project) -> Vec<(String, Vec<String>, Option<String>)> {
    let parent = yaml(project, PARENT);
    let jobs = parent.as_object().unwrap().iter();
    let jobs = jobs.filter(|(_, job)| job.get("trigger").is_some());
    let matrix = |(id, job): (&String, &Value)| {
        let cells = job["parallel"]["matrix"].as_array().unwrap().iter();
        let names = cells.flat_map(|cell| cell["ENV"].as_array().unwrap());
        let names = names.map(|name| name.as_str().unwrap().to_owned());
        let needs = job["needs"][0].as_str().map(str::to_owned);
        (id.clone(), names.collect(), needs)
    };
    jobs.map(matrix).collect()
}

#[test]
fn every_environment_is_in_one_matrix_and_none_is_too_large() {
    for (count, sizes) in [
        (199, vec![199]),
        (200, vec![200]),
        (201, vec![200, 1]),
        (401, vec![200, 200, 1]),
        (999, vec![200, 200, 200, 200, 199]),
    ] {
        let matrices = matrices(&of(count, ""));
        let found: Vec<usize> = matrices.iter().map(|(_, names, _)| names.len()).collect();
        assert_eq!(found, sizes);
        let mut names: Vec<&String> = matrices.iter().flat_map(|(_, names, _)| names).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count, "each once");
    }
}

#[test]
fn a_forks_environments_are_the_same_in_jobs_of_their_own() {
    let matrices = matrices(&of(201, "[registry]\nrepository = \"ghcr.io/me\"\n"));
    let names = |id: &str| {
        matrices
            .iter()
            .find(|(name, ..)| name == id)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(matrices.len(), 4);
    assert_eq!(names("runenv-1"), names("runenv-fork-1"));
    assert_eq!(names("runenv-2"), names("runenv-fork-2"));
}

/// GitLab.com starts 350 in a minute, and fails the others.
#[test]
fn no_more_than_300_are_started_in_a_minute() {
    let project = of(601, "");
    let waits: Vec<Option<String>> = matrices(&project)
        .into_iter()
        .map(|(_, _, wait)| wait)
        .collect();
    let wait = |n: u32| Some(format!("runenv-wait-{n}"));
    assert_eq!(waits, [None, wait(2), wait(3), wait(3)]);
    let parent = yaml(&project, PARENT);
    let rule = &parent["runenv-wait-3"]["rules"][0];
    assert_eq!(
        (&rule["when"], &rule["start_in"]),
        (&"delayed".into(), &"1 minute".into())
    );
    assert_eq!(parent["runenv-wait-3"]["needs"][0], "runenv-wait-2");
}

#[test]
fn more_than_gitlab_starts_from_one_pipeline_is_told() {
    let project = of(1000, "[ci]\nmatrix-limit = 150\n");
    assert_eq!(matrices(&project).len(), 7);
    same(
        project.runenv("ci gitlab --check").exits(0).stderr,
        str![[r#"
warning: 1000 environments: GitLab starts 999 pipelines from one, where no administrator says otherwise
help: let events run fewer: `[ci] labels`; or ask for a larger `pipeline_hierarchy_size` there
the pipelines are current

"#]],
    );
}

#[test]
fn check_shows_which_lines_differ() {
    let project = written("tests/data/ci/small.toml", "");
    project.write(PARENT, project.read(PARENT).replace("depend", "mirror"));
    fs::remove_file(project.path(CHILD)).unwrap();
    let ran = project.runenv("ci gitlab --check").exits(1);
    let first: Vec<&str> = ran.stdout.lines().take(5).collect();
    same(
        format!("{}\n{}", first.join("\n"), ran.stderr),
        str![[r#"
--- .gitlab/runenv.yml
+++ as it would be
@@ -20,2 +20,2 @@
       - local: ".gitlab/runenv-environment.yml"
-    strategy: mirror
`runenv ci gitlab` writes them anew

"#]],
    );
    assert!(!project.path(CHILD).exists(), "nothing is written");
}

#[test]
fn a_pipeline_that_is_there_is_left_alone() {
    let text = "[project]\nenv-list = [\"docker-debian-bookworm\"]\n[stage.a]\nrun = \"true\"\n";
    let project = Project::new()
        .envs_toml(text)
        .file(OWN, "build:\n  script: make\n");
    same(
        project.runenv("ci gitlab").exits(0).whole(),
        str![[r#"
exit 0
--- stderr
put this into .gitlab-ci.yml:
include:
  - local: .gitlab/runenv.yml
--- stdout
.gitlab/runenv.yml
.gitlab/runenv-environment.yml

"#]],
    );
    project.write(OWN, format!("include: {PARENT}\n"));
    assert_eq!(project.runenv("ci gitlab").exits(0).stderr, "");
    project.write(PARENT, "build:\n  script: make\n");
    same(
        project.runenv("ci gitlab").exits(2).stderr,
        str![[r#"
error: `.gitlab/runenv.yml` was not made by `runenv ci gitlab`
help: move it away, or give it another name

"#]],
    );
}

#[test]
fn what_pipelines_may_not_hold_is_refused_or_left_out() {
    let said = |ci: &str| {
        let text = format!(
            "[project]\nenv-list = [\"docker-debian-bookworm\"]\n[stage.a]\nrun = \"true\"\n[ci]\n{ci}\n"
        );
        let ran = Project::new().envs_toml(&text).runenv("ci gitlab");
        ran.stderr
    };
    let texts = [
        "steps-before = [{ include = \"/a.yml\", uses = \"b\" }, { include = { remote = \"https://example.org/a.yml\" } }]",
        "runs-on = { amd64 = \"$X\" }",
        "steps-before = [{ run = \"make\", if = \"always()\" }, { run = \"make\", env = { A = \"${{ b }}\" } }]",
    ];
    golden(texts.map(said).join("\n"), "told/ci-gitlab-refused");
}

/// An included file's job gives the first lines.
#[test]
fn a_step_can_be_a_file_that_is_included() {
    let text = "[project]\nenv-list = [\"docker-debian-bookworm\"]\n[stage.a]\nrun = \"true\"\n\
                [ci]\nsteps-before = [{ include = \"/.gitlab/setup.yml\" }, \"make tools\"]\n";
    let project = Project::new().envs_toml(text);
    project.runenv("ci gitlab").exits(0);
    let child = project.read(CHILD);
    assert!(
        child.contains("include:\n  - local: /.gitlab/setup.yml\n"),
        "{child}"
    );
    let lines =
        "  before_script:\n    - !reference [.runenv-setup, before_script]\n    - make tools\n";
    assert!(child.contains(lines), "{child}");
    let ran = project.runenv("ci github").exits(0);
    assert!(
        ran.stderr
            .contains("a step that includes a file is GitLab's"),
        "{}",
        ran.stderr
    );
    assert!(
        !project
            .read(".github/workflows/runenv-environment.yml")
            .contains("setup.yml")
    );
}

/// What the job of `--stale` prints: without a registry and an engine all of it is stale.
#[test]
fn the_pipeline_of_what_is_stale_is_printed() {
    let project = of(3, "");
    let ran = project
        .runenv("ci gitlab --print-stale --allow-empty *-v9")
        .exits(0);
    golden(ran.stdout, "ci-gitlab-nothing");
}
