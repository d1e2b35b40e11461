//! Chains of stages: which one each goes on from, what a failure ends, and what `--to` and `--redo` mean.

use crate::support::{Fake, Project};

/// `tested`, `linted` and `documented` all go on from `built`; `packed` goes on from `documented`.
const STAGES: &str = r#"
[stage.built]
run = ["echo built $FAIL; [ \"$FAIL\" != built ]"]
[stage.tested]
run = ["echo tested; [ \"$FAIL\" != tested ]"]
[stage.linted]
from = "built"
run = ["echo linted"]
[stage.documented]
from = "built"
run = ["echo documented"]
[stage.packed]
run = ["echo packed"]
"#;

fn local(fail: &str) -> Project {
    let head = "[defaults]\npass-env = [\"FAIL\"]\n";
    Project::new()
        .envs_toml(&format!("{head}{STAGES}"))
        .var("FAIL", fail)
}

/// The stages of the last result, with their states.
fn states(project: &Project, env: &str) -> String {
    let result = project.json(&format!(".runenv/{env}/result.json"));
    let stages = result["stages"].as_array().unwrap().iter();
    let word = |stage: &serde_json::Value| {
        let state = stage["state"].as_str().unwrap();
        let cached = if stage["cached"] == true {
            " cached"
        } else {
            ""
        };
        format!("{} {state}{cached}", stage["name"].as_str().unwrap())
    };
    stages.map(word).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_failure_ends_what_stands_on_it_and_nothing_else() {
    let project = local("tested");
    project.runenv("run local").exits(1);
    assert_eq!(
        states(&project, "local-host"),
        "built passed, tested failed, linted passed, documented passed, packed passed"
    );
    let project = local("built");
    project.runenv("run local").exits(1);
    assert_eq!(
        states(&project, "local-host"),
        "built failed, tested not-run, linted not-run, documented not-run, packed not-run"
    );
}

#[test]
fn to_runs_what_a_stage_needs() {
    let project = local("");
    project.runenv("run local --to packed").exits(0);
    assert_eq!(
        states(&project, "local-host"),
        "built passed, documented passed, packed passed"
    );
    let lines = project.runenv("run -n local --to linted").exits(0).stdout;
    let headings: Vec<&str> = lines.lines().filter(|l| l.starts_with('#')).collect();
    assert_eq!(
        headings,
        ["# local-host: built (1/5)", "# local-host: linted (3/5)"]
    );
}

#[test]
fn stages_of_branches_start_from_their_own_images() {
    let fake = Fake::new();
    let project = Project::called("p").envs_toml(STAGES).engine(&fake);
    let env = "docker-debian-bookworm";
    fake.play("run.3.fails", "1 1");
    // The first call holds the network.
    project.runenv(format!("run {env}").as_str()).exits(1);
    assert_eq!(
        states(&project, env),
        "built passed, tested failed, linted passed, documented passed, packed passed"
    );
    let key = |stage: &str| {
        let result = project.json(&format!(".runenv/{env}/result.json"));
        let mut stages = result["stages"].as_array().unwrap().iter();
        stages.find(|s| s["name"] == stage).unwrap()["key"].clone()
    };
    let before = ["built", "tested", "linted", "packed"].map(key);
    fake.play_nothing();
    project.runenv(format!("run {env}").as_str()).exits(0);
    assert_eq!(
        states(&project, env),
        "built passed cached, tested passed, linted passed cached, documented passed cached, packed passed cached"
    );
    project
        .runenv(format!("run {env} --redo documented").as_str())
        .exits(0);
    assert_eq!(
        states(&project, env),
        "built passed cached, tested passed cached, linted passed cached, documented passed, packed passed"
    );
    let words = format!("run {env} --to linted");
    project.runenv(words.as_str()).exits(0);
    assert_eq!(
        states(&project, env),
        "built passed cached, linted passed cached"
    );
    // Another command above a branch leaves the other branches as they are.
    let other = STAGES.replace("echo documented", "echo other");
    project.write("envs.toml", &other);
    project.runenv(format!("run {env}").as_str()).exits(0);
    assert_eq!(
        states(&project, env),
        "built passed cached, tested passed cached, linted passed cached, documented passed, packed passed"
    );
    let after = ["built", "tested", "linted", "packed"].map(key);
    assert_eq!(before[..3], after[..3]);
    assert_ne!(before[3], after[3]);
}

#[test]
fn what_is_redone_has_to_be_run() {
    let project = Project::new().envs_toml(STAGES);
    let run = "run -n docker-debian-bookworm --to linted --redo";
    let told = project.runenv(format!("{run} tested").as_str()).exits(2);
    let title = "error: `--redo tested` runs nothing anew: what is run does not need it\n";
    assert!(told.stderr.starts_with(title), "{}", told.stderr);
    project.runenv(format!("{run} built").as_str()).exits(0);
}

#[test]
fn dockerfile_and_devcontainer_follow_the_chain() {
    let last = "[stage.last]\nfrom = \"linted\"\ncopy = [\"a\"]\nrun = [\"cat a\"]\n";
    let file = format!("{STAGES}{last}");
    let project = Project::new().envs_toml(&file).file("a", "");
    let text = project
        .runenv("dockerfile docker-debian-bookworm")
        .exits(0)
        .stdout;
    let froms: Vec<&str> = text.lines().filter(|l| l.starts_with("FROM")).collect();
    assert_eq!(
        froms,
        [
            "FROM debian:bookworm AS built",
            "FROM built AS tested",
            "FROM built AS linted",
            "FROM built AS documented",
            "FROM documented AS packed",
            "FROM linted AS last",
        ]
    );
    assert!(
        text.contains("# Ends of other chains, each to be named as --target: tested, packed\n"),
        "{text}"
    );
    let text = project
        .runenv("devcontainer docker-debian-bookworm")
        .exits(0)
        .stdout;
    assert!(
        text.contains("echo linted") && !text.contains("echo tested"),
        "{text}"
    );
}

#[test]
fn a_stage_that_is_not_kept_is_found_by_an_image_of_its_stamp() {
    let file = r#"
[stage.built]
run = ["echo built"]
[stage.tested]
keep = false
run = ["echo tested"]
[stage.packed]
run = ["echo packed"]
"#;
    let fake = Fake::new();
    let project = Project::called("p").envs_toml(file).engine(&fake);
    let run = "run docker-debian-bookworm";
    project.runenv(run).exits(0);
    let scripts = fake.scripts();
    let stamp = "{ mkdir -p /.runenv && : >/.runenv/tested; } </dev/null\n";
    assert!(scripts.iter().any(|script| script == stamp), "{scripts:#?}");
    project.runenv(run).exits(0);
    assert_eq!(
        states(&project, "docker-debian-bookworm"),
        "built passed cached, tested passed cached, packed passed cached"
    );
    assert_eq!(fake.containers(), [""; 0]);
    let told = project
        .runenv("shell docker-debian-bookworm --stage tested")
        .exits(2);
    assert_eq!(
        told.stderr,
        "error: the stage `tested` keeps no files, only that it passed (`keep = false`)\n\
         help: what it starts from: `runenv shell docker-debian-bookworm --stage built`\n\
         help: what it left when it failed: `--failed`\n"
    );
}

#[test]
fn a_key_knows_no_zone() {
    let file = "[stage.a]\nkey-period = \"daily\"\nmachine = true\nrun = [\"true\"]\n";
    let keys = ["UTC", "Pacific/Kiritimati", "Etc/GMT+12"].map(|zone| {
        let fake = Fake::new();
        let project = Project::called("p")
            .envs_toml(file)
            .engine(&fake)
            .var("TZ", zone);
        project.runenv("run docker-debian-bookworm").exits(0);
        let result = project.json(".runenv/docker-debian-bookworm/result.json");
        result["stages"][0]["key"].clone()
    });
    assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
}

#[test]
fn finally_is_run_here_passed_failed_or_out_of_time() {
    let file = r#"
[stage.passes]
run = ["echo passes"]
finally = ["echo behind passes", "exit 3", "echo after that"]
[stage.fails]
from = "passes"
run = ["exit 4"]
finally = ["echo behind fails"]
[stage.stops]
from = "passes"
timeout = "300ms"
run = ["sleep 60"]
finally = ["echo behind stops"]
"#;
    let project = Project::new().envs_toml(file);
    let told = project.runenv("run local").exits(1).stderr;
    for line in [
        "behind passes",
        "after that",
        "behind fails",
        "behind stops",
    ] {
        assert!(told.contains(&format!("\n{line}\n")), "{line}: {told}");
    }
    assert!(
        told.contains("warning: `finally` of `passes`: exit code 3 of `exit 3`"),
        "{told}"
    );
    assert_eq!(
        states(&project, "local-host"),
        "passes passed, fails failed, stops timed-out"
    );
    let result = project.json(".runenv/local-host/result.json");
    assert_eq!(result["stages"][0]["tail"], serde_json::json!(["passes"]));
    assert_eq!(
        project.read(".runenv/local-host/log/02-fails.log"),
        "behind fails\n"
    );
}

#[test]
fn a_log_is_no_longer_than_it_may_be() {
    let file = "[stage.a]\nlog-limit = \"1k\"\nrun = [\"for i in 1 2 3 4 5; do printf '%0500d\\n' $i; done\"]\n";
    let project = Project::new().envs_toml(file);
    project.runenv("run local").exits(0);
    let log = project.read(".runenv/local-host/log/01-a.log");
    assert!(
        log.len() < 1100 && log.contains("[runenv: 1481 bytes are left out here (`log-limit`)]"),
        "{log}"
    );
    assert!(log.ends_with("5\n"), "{log}");
}
