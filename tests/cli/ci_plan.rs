//! `runenv ci plan`: times of runs as jobs; `.runenv/history.jsonl`, where a run leaves them.

use std::fmt::Write;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use snapbox::str;

use crate::support::{Project, golden, same};

/// So many environments of these stages.
fn of(count: usize, stages: &[&str], more: &str) -> Project {
    let mut text = format!(
        "[project]\nenv-list = [\"docker-debian-bookworm-v{{0..{}}}\"]\n",
        count - 1
    );
    writeln!(text, "[axis.n.\"v{{0..{}}}\"]", count - 1).unwrap();
    for stage in stages {
        writeln!(text, "[stage.{stage}]\nrun = \"true\"").unwrap();
    }
    Project::new().envs_toml(&(text + more))
}

const STAGES: [&str; 5] = ["packages", "configured", "built", "tested", "documented"];

/// Lines of a history: of each environment the minutes of its stages; 0 is a time that nobody knows.
fn history(rows: &[&[u64]], stages: &[&str]) -> String {
    let mut text = String::new();
    for (n, row) in rows.iter().enumerate() {
        for (stage, minutes) in stages.iter().zip(*row).filter(|(_, m)| **m > 0) {
            let env = format!("docker-debian-bookworm-v{n}");
            let line = json!({ "environment": env, "stage": stage, "seconds": minutes * 60 });
            writeln!(text, "{line}").unwrap();
        }
    }
    text
}

const FOLLOW: &str = "[ci]\nmax-parallel = 3\nfollow-up.documented = \"v3\"\n";

fn four() -> Project {
    let rows: [&[u64]; 4] = [
        &[10, 20, 100, 200],
        &[40, 5, 90, 40],
        &[10, 5, 540, 35],
        &[10, 30, 110, 0, 15],
    ];
    of(4, &STAGES, FOLLOW).file("times.jsonl", history(&rows, &STAGES))
}

#[test]
fn a_plan_is_told_and_its_lines_are_right() {
    let project = four();
    let ran = project.runenv("ci plan --times times.jsonl").exits(0);
    same(
        ran.whole(),
        str![[r#"
exit 0
--- stderr
warning: no time of the stage `tested` is known of `docker-debian-bookworm-v3`
help: 40m00s is taken, as others have it
--- stdout
4 environments in 13 jobs, 21h40m of work; a job may take 5h06m: 6h00m less 15 %

job  longest  of                         environments  stages
1    45m00s   docker-debian-bookworm-v1  4             packages configured
2    9h00m    docker-debian-bookworm-v2  4             built
3    3h20m    docker-debian-bookworm-v0  4             tested
4    15m00s   docker-debian-bookworm-v3  1             documented

1 stage is longer than a job, whatever shares it. `--time-limit 306m --resume --push-failed` ends such a stage in time, and the
next job goes on from what it left (docs/ci.md); so do the jobs of `ci github`, where `[ci] time-limit` is written:
9h00m  docker-debian-bookworm-v2  built  2 jobs

with 3 runners: 9h50m where the longest environment goes first, 10h05m in the order of the list
no order takes less than 9h50m: so long takes `docker-debian-bookworm-v2` alone

[ci]
jobs = [
  ["packages", "configured"],
  ["built"],
  ["tested"],
]

"#]],
    );
    let (_, lines) = ran.stdout.split_once("[ci]\n").unwrap();
    let text = project
        .read("envs.toml")
        .replace("[ci]\n", &format!("[ci]\n{lines}"));
    project.write("envs.toml", text);
    let ran = project.runenv("ci plan --times times.jsonl").exits(0);
    assert!(
        ran.stdout.ends_with("\n`[ci] jobs` has just these jobs\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn a_plan_is_json_too() {
    let words =
        "ci plan *-v2 *-v3 --times times.jsonl --json --runners 1 --margin 0 --time-limit 8h";
    golden(four().runenv(words).exits(0).stdout, "ci-plan-json");
}

#[test]
fn without_times_nothing_is_planned() {
    let project = of(2, &["built"], "");
    let told = |words: &str| {
        let ran = project.runenv(words).exits(2);
        format!("$ {words}\n{}\n", ran.stderr)
    };
    project.write("image.png", [0x89, 0x50, 0xff]);
    let words = [
        "ci plan",
        "ci plan --times nowhere",
        "ci plan --times envs.toml",
        "ci plan --times image.png",
        "ci plan --times .",
    ];
    same(
        words.map(told).concat(),
        str![[r#"
$ ci plan
error: no time is known of any stage of these environments
help: run them, or name the results of jobs that did: `--times RESULTS`

$ ci plan --times nowhere
error: cannot read `[ROOT]/nowhere`: No such file or directory (os error 2)
help: the path does not exist

$ ci plan --times envs.toml
error: there are no times in `[ROOT]/envs.toml`
help: give a `result.json`, a `history.jsonl`, or a folder with such files

$ ci plan --times image.png
error: there are no times in `[ROOT]/image.png`
help: give a `result.json`, a `history.jsonl`, or a folder with such files

$ ci plan --times .
error: no time is known of any stage of these environments
help: run them, or name the results of jobs that did: `--times RESULTS`


"#]],
    );
}

/// What jobs of CI upload: a folder for each, with the result of one environment or more.
#[test]
fn times_come_out_of_folders_of_results() {
    let project = of(2, &["built", "tested"], "");
    for n in 0..2 {
        let stage = |name: &str, seconds: u64, state: &str| json!({ "name": name, "state": state, "cached": false, "seconds": seconds, "key": "" });
        let result = json!({
            "name": format!("docker-debian-bookworm-v{n}"), "state": "timed-out", "started": "2026-01-01T00:00:00Z",
            "stages": [stage("built", 3600, "passed"), stage("tested", 20_000, "timed-out")],
        });
        project.write(
            &format!("jobs/log-{n}/.runenv/v{n}/result.json"),
            result.to_string(),
        );
    }
    project.write("jobs/other/result.json", "{\"broken");
    let ran = project.runenv("ci plan --times jobs").exits(0);
    same(
        ran.whole(),
        str![[r#"
exit 0
--- stderr
warning: there are no times in `[ROOT]/jobs/other/result.json`
help: give a `result.json`, a `history.jsonl`, or a folder with such files
--- stdout
2 environments in 4 jobs, 13h06m of work; a job may take 5h06m: 6h00m less 15 %

job  longest  of                         environments  stages
1    1h00m    docker-debian-bookworm-v0  2             built
2    5h33m    docker-debian-bookworm-v0  2             tested

2 stages are longer than a job, whatever shares it. `--time-limit 306m --resume --push-failed` ends such a stage in time, and the
next job goes on from what it left (docs/ci.md); so do the jobs of `ci github`, where `[ci] time-limit` is written:
more than 5h33m  docker-debian-bookworm-v0  tested  2 jobs
more than 5h33m  docker-debian-bookworm-v1  tested  2 jobs

with 20 runners: 6h33m where the longest environment goes first, 6h33m in the order of the list
no order takes less than 6h33m: so long takes `docker-debian-bookworm-v0` alone

[ci]
jobs = [
  ["built"],
  ["tested"],
]

"#]],
    );
}

#[test]
fn a_run_leaves_the_times_of_what_it_ran() {
    let file =
        "[project]\nenv-list = [\"one\"]\n[env.one]\nrunner = \"local\"\ncommands = [\"true\"]\n";
    let project = Project::new().envs_toml(file);
    project.runenv("run").exits(0);
    project.write(
        ".runenv/history.jsonl",
        project.read(".runenv/history.jsonl") + "{\"env",
    );
    project.runenv("run").exits(0);
    let text = project.read(".runenv/history.jsonl");
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let lines: Vec<Value> = lines.collect();
    let result = project.json(".runenv/one/result.json");
    assert_eq!((lines.len(), text.lines().count()), (2, 3), "{text}");
    assert_eq!(
        lines[1],
        json!({
            "environment": "one", "stage": "commands", "seconds": result["stages"][0]["seconds"],
            "state": "passed", "when": result["started"],
        })
    );
    let ran = project.runenv("ci plan").exits(0);
    assert!(
        ran.stdout.starts_with("1 environment in 1 job, "),
        "{}",
        ran.stdout
    );
    assert!(
        !ran.stdout.contains("[ci]"),
        "commands are no stage: {}",
        ran.stdout
    );
}

/// A link in place of the history is not followed, and no run fails for it.
#[test]
fn a_history_that_cannot_be_written_is_a_warning() {
    let file = "[env.one]\nrunner = \"local\"\ncommands = [\"true\"]\n";
    let project = Project::new().envs_toml(file).file("mine", "mine");
    project.runenv("run one").exits(0);
    std::fs::remove_file(project.path(".runenv/history.jsonl")).unwrap();
    let project = project.link(".runenv/history.jsonl", "../mine");
    let ran = project.runenv("run one").exits(0);
    assert!(
        ran.stderr
            .contains("cannot write `[ROOT]/.runenv/history.jsonl`"),
        "{}",
        ran.stderr
    );
    assert_eq!(project.read("mine"), "mine");
}

const SAGE: [&str; 6] = [
    "packages",
    "bootstrapped",
    "configured",
    "toolchain",
    "first",
    "targets",
];
/// Minutes of its stages, from and to.
const MINUTES: [(u64, u64); 6] = [
    (12, 90),
    (12, 20),
    (12, 40),
    (12, 180),
    (60, 360),
    (120, 540),
];

/// Times of so many environments, as a small generator makes them.
fn sage(count: usize) -> Vec<Vec<u64>> {
    let mut state = 7_u64;
    let mut time = |(least, most): &(u64, u64)| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        least + (state >> 33) % (most - least + 1)
    };
    let row = |_| MINUTES.iter().map(&mut time).collect();
    (0..count).map(row).collect()
}

/// From 0.2 to 9 hours a stage.
#[test]
fn many_environments_are_planned_in_no_time() {
    let rows = sage(138);
    let rows: Vec<&[u64]> = rows.iter().map(Vec::as_slice).collect();
    let project = of(138, &SAGE, "").file("times.jsonl", history(&rows, &SAGE));
    let start = Instant::now();
    let ran = project
        .runenv("ci plan --times times.jsonl --runners 30 --json")
        .exits(0);
    // This build is a slow one.
    assert!(
        start.elapsed() < Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    let number = |name: &str| plan[name].as_f64().unwrap();
    assert_eq!(
        (plan["environments"].as_u64(), number("longest")),
        (Some(138), 18_360.0)
    );
    assert!(
        number("longest-first") <= 1.1 * number("lower-bound"),
        "{}",
        ran.stdout
    );
    let too_long = plan["too-long"].as_array().unwrap();
    for job in plan["jobs"].as_array().unwrap() {
        let stages = job["stages"].as_array().unwrap();
        let helpless = too_long.iter().any(|one| stages.contains(&one["stage"]));
        assert!(
            job["longest"].as_f64().unwrap() <= 18_360.0 || helpless,
            "{job}"
        );
    }
}

#[test]
fn what_ci_leaves_out_is_not_planned() {
    let text = "[project]\nenv-list = [\"docker-debian-{bookworm,trixie}-{a,b}\"]\n[config]\na = {}\nb = {}\n\
                [stage.one]\nrun = \"true\"\n[ci]\nsystems = [\"debian-book*\"]\n";
    let line =
        |env: &str| json!({ "environment": env, "stage": "one", "seconds": 60 }).to_string() + "\n";
    let times: String = ["bookworm-a", "bookworm-b", "trixie-a"]
        .map(|name| line(&format!("docker-debian-{name}")))
        .concat();
    let project = Project::new().envs_toml(text).file("times.jsonl", times);
    let ran = project
        .runenv("ci plan --json --times times.jsonl")
        .exits(0);
    assert_eq!(ran.stderr, "", "no time of others is missed");
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(plan["environments"], 2, "{plan}");
    project.write("envs.toml", text.to_owned() + "configs = [\"b\"]\n");
    let ran = project
        .runenv("ci plan --json --times times.jsonl")
        .exits(0);
    let plan: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(plan["environments"], 1, "{plan}");
    let ran = project.runenv("ci plan *-a --times times.jsonl").exits(4);
    assert!(
        ran.stderr.contains("`[ci] systems` and `configs`"),
        "{}",
        ran.stderr
    );
}
