//! `depends`: what runs first, beside what was selected; and `--fail-fast`.

use serde_json::Value;

use crate::support::{Fake, Project};

const FILE: &str = r#"
[project]
env-list = ["last", "next", "first", "other"]
[env.first]
runner = "local"
commands = ["echo first >>order", "test ! -e broken"]
[env.next]
runner = "local"
commands = ["echo next {posargs:-} >>order"]
depends = ["first"]
[env.last]
runner = "local"
commands = ["echo last >>order"]
depends = ["ne*", "first"]
[env.other]
runner = "local"
commands = ["echo other >>order"]
"#;

fn order(project: &Project, words: &str, code: i32) -> (String, String) {
    let _ = std::fs::remove_file(project.path("order"));
    let ran = project.runenv(words).exits(code);
    let order = project.read("order").lines().collect::<Vec<_>>().join(" ");
    (order, ran.stderr)
}

fn states(project: &Project, names: &[&str]) -> Vec<String> {
    let state = |name: &&str| {
        let result = project.json(&format!(".runenv/{name}/result.json"));
        format!(
            "{} {}",
            result["state"].as_str().unwrap(),
            result["problem"]
        )
    };
    names.iter().map(state).collect()
}

#[test]
fn what_others_depend_on_runs_first() {
    let project = Project::new().envs_toml(FILE);
    for parallel in ["", " -p all"] {
        let run = |words: &str| order(&project, &format!("run{parallel} {words}"), 0).0;
        assert_eq!(run(""), "first next - last other");
        assert_eq!(run("last -- word"), "first next - last");
        assert_eq!(run("next -- word"), "first next word");
        assert_eq!(run("first"), "first");
        assert_eq!(run("last --skip first"), "next - last");
        assert_eq!(run("last --skip ne*,first"), "last");
    }
}

#[test]
fn the_table_stands_in_the_order_of_the_selection() {
    let project = Project::new().envs_toml(FILE);
    let (_, told) = order(&project, "run other last first", 0);
    let rows: Vec<&str> = told
        .lines()
        .filter_map(|line| line.strip_prefix("passed  "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(rows, ["other", "next", "last", "first"]);
    let plan = project.runenv("run -n last").exits(0).stdout;
    let at = |env: &str| plan.find(&format!("# {env}: ")).unwrap();
    assert!(
        at("first") < at("next") && at("next") < at("last"),
        "{plan}"
    );
}

#[test]
fn one_whose_dependency_failed_is_skipped_and_says_why() {
    let project = Project::new().envs_toml(FILE).file("broken", "");
    let (order, told) = order(&project, "run -p 2", 1);
    assert_eq!(order, "first other");
    let next = r#"skipped "it depends on `first`, which did not pass""#;
    let last = r#"skipped "it depends on `first`, which did not pass""#;
    let others = states(&project, &["next", "last", "first", "other"]);
    assert_eq!(others[..1], [next], "{told}");
    assert!(
        others[1] == last || others[1] == last.replace("first", "next"),
        "{others:?}"
    );
    assert_eq!(others[2..], ["failed null", "passed null"]);
    assert!(told.contains("1 passed, 2 skipped, 1 failed in "), "{told}");
}

/// What was skipped for a failure is gone on with; what is not for this host, or depends on such a one, has not failed.
#[test]
fn what_a_failure_kept_from_running_is_run_by_failed() {
    let file = FILE.replace("\"other\"]", "\"other\", \"far\", \"behind\"]")
        + "[env.far]\nrunner = \"local\"\nhost-os = [\"windows\"]\ncommands = [\"true\"]\n"
        + "[env.behind]\nrunner = \"local\"\ncommands = [\"true\"]\ndepends = [\"far\"]\n";
    let project = Project::new().envs_toml(&file).file("broken", "");
    project.runenv("run").exits(1);
    let failed = project.runenv("list --failed").exits(0).stdout;
    assert_eq!(failed, "last\nnext\nfirst\n");
    let unmet = |env: &str| project.json(&format!(".runenv/{env}/result.json"))["unmet"].clone();
    assert_eq!(["last", "next"].map(unmet), ["first", "first"]);
    assert!(
        ["first", "far", "behind"]
            .map(unmet)
            .iter()
            .all(Value::is_null)
    );
    std::fs::remove_file(project.path("broken")).unwrap();
    let (order, _) = order(&project, "run --failed", 0);
    assert_eq!(order, "first next - last");
    project.runenv("list --failed").exits(4);
}

/// A project whose container does not end; while it runs there is a file `going`.
fn hanging(fake: &Fake, file: &str) -> Project {
    fake.play("run.hang", "");
    let project = Project::new().envs_toml(file).engine(fake);
    let hanging = fake.folder().join("hanging");
    std::os::unix::fs::symlink(hanging, project.path("going")).unwrap();
    project
}

#[test]
fn the_first_failure_ends_the_run_if_that_is_asked_for() {
    let file = r#"
[project]
name = "p"
env-list = ["docker-debian-bookworm", "bad", "later"]
[stage.long]
run = ["true"]
[env.bad]
runner = "local"
commands = ["until test -e {root}/going; do sleep 0.05; done", "exit 3"]
[env.later]
runner = "local"
commands = ["true"]
"#;
    let fake = Fake::new();
    let project = hanging(&fake, file);
    let ran = project.runenv("run -p 2 --fail-fast").exits(1);
    let why = "another environment failed (`--fail-fast`)";
    assert_eq!(
        states(&project, &["docker-debian-bookworm", "bad", "later"]),
        [
            format!("interrupted \"{why}\""),
            "failed null".to_owned(),
            format!("not-run \"{why}\"")
        ],
        "{}",
        ran.stderr
    );
    let stages = &project.json(".runenv/docker-debian-bookworm/result.json")["stages"];
    assert_eq!(stages[0]["detail"], why);
    assert_eq!(fake.containers(), Vec::<String>::new());
    // One after another, too.
    let ran = project.runenv("run --fail-fast bad later").exits(1);
    assert!(
        ran.stderr.contains("1 not-run, 1 failed in "),
        "{}",
        ran.stderr
    );
    // What was not run is not lost for the next time.
    let ran = project.runenv("run --failed -n").exits(0);
    assert!(ran.stdout.contains("# later: "), "{}", ran.stdout);
}

/// Other branches of the same environment, too; a failure that is allowed ends nothing.
#[test]
fn the_first_stage_that_fails_ends_the_run_if_that_is_asked_for() {
    let file = r#"
[project]
name = "p"
env-list = ["docker-debian-bookworm", "local-host"]
[stage.one]
run = ["true"]
[stage.may]
run = ["until test -e going; do sleep 0.05; done; exit 1"]
allow-failure = true
[stage.must]
from = "one"
run = ["exit 3"]
[stage.three]
from = "one"
run = ["echo three >ran"]
"#;
    let fake = Fake::new();
    let project = hanging(&fake, file);
    let ran = project.runenv("run -p 2 --fail-fast").exits(1);
    let names = ["docker-debian-bookworm", "local-host"];
    let why = "interrupted \"another environment failed (`--fail-fast`)\"";
    let ended = states(&project, &names);
    assert_eq!(ended, [why, "failed null"], "{}", ran.stderr);
    let states = names.map(|name| {
        let result = project.json(&format!(".runenv/{name}/result.json"));
        let stages = result["stages"].as_array().unwrap().iter();
        let states = stages.map(|stage| stage["state"].as_str().unwrap().to_owned());
        states.collect::<Vec<_>>().join(" ")
    });
    let expected = [
        "interrupted not-run not-run not-run",
        "passed failed failed not-run",
    ];
    assert_eq!(states, expected, "{}", ran.stderr);
    assert!(!project.path("ran").exists());
}
