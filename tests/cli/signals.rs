//! INT, TERM and HUP: nothing is left running, the code is 130, the result is written.

use std::process::{Child, Output};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use snapbox::str;

use crate::support::{Project, same};

/// A stage that starts a grandchild which ignores TERM, in the same group; `pids` has both.
const STUBBORN: &str = r#"
[defaults]
kill-after = "1s"
[env.a]
runner = "local"
commands = ["sh -c 'trap \"\" TERM INT HUP; echo $$ >>pids; echo up; sleep 300; sleep 300' & echo $$ >>pids; wait", "echo never"]
[env.b]
runner = "local"
commands = ["echo never"]
"#;

struct Run {
    project: Project,
    child: Child,
}

impl Run {
    fn start(file: &str, words: &str) -> Self {
        let project = Project::new().envs_toml(file);
        let child = project.command(words).spawn().unwrap();
        let run = Self { project, child };
        let lines = || {
            std::fs::read_to_string(run.project.path("pids"))
                .unwrap_or_default()
                .lines()
                .count()
        };
        let started = Instant::now();
        while lines() < 2 {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "the stage did not start"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        run
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn pids(&self) -> Vec<Pid> {
        let text = self.project.read("pids");
        text.lines()
            .map(|l| Pid::from_raw(l.parse().unwrap()).unwrap())
            .collect()
    }

    fn end(self) -> (Project, Output, Vec<Pid>) {
        let pids = self.pids();
        let output = self.child.wait_with_output().unwrap();
        (self.project, output, pids)
    }
}

/// A zombie does not live: whoever is its parent now has not looked yet.
fn lives(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let state = stat.ok().and_then(|s| {
        s.rsplit_once(") ")
            .map(|(_, rest)| rest.starts_with(['Z', 'X']))
    });
    state == Some(false)
}

fn none_lives(pids: &[Pid]) {
    assert!(!pids.is_empty());
    for pid in pids {
        assert!(!lives(*pid), "{pid:?} lives");
    }
}

#[test]
fn each_signal_ends_everything() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let run = Run::start(STUBBORN, "run a b");
        run.project
            .write(".runenv/b/result.json", "{\"state\": \"passed\"}\n");
        let started = Instant::now();
        run.signal(signal);
        let (project, output, pids) = run.end();
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "{signal:?} {:?}",
            started.elapsed()
        );
        none_lives(&pids);
        let ran = project.ran(output).exits(130);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
        let result = project.json(".runenv/a/result.json");
        assert_eq!(result["state"], "interrupted", "{signal:?}");
        assert_eq!(result["stages"][0]["state"], "interrupted");
        // What was not reached has no old result.
        let result = project.json(".runenv/b/result.json");
        assert_eq!(result["state"], "not-run", "{signal:?}");
    }
}

#[test]
fn what_is_told_after_an_interrupt() {
    let run = Run::start(STUBBORN, "run a");
    run.signal(Signal::INT);
    let (project, output, _) = run.end();
    same(
        project.ran(output).exits(130).whole(),
        str![[r#"
exit 130
--- stderr
a
== commands (1/1)
$ sh -c 'trap "" TERM INT HUP; echo $$ >>pids; echo up; sleep 300; sleep 300' & echo $$ >>pids; wait
up
== commands interrupted after [TIME]

interrupted: a
  stage    commands interrupted after [TIME]
  command  sh -c 'trap "" TERM INT HUP; echo $$ >>pids; echo up; sleep 300; sleep 300' & echo $$ >>pids; wait
  at       envs.toml:6:13
  log      [ROOT]/.runenv/a/log/01-commands.log
  again    runenv run a --redo commands

1 interrupted in [TIME]

"#]],
    );
}

/// The second signal gives nobody time.
#[test]
fn a_second_signal_kills_at_once() {
    let patient = STUBBORN.replace("\"1s\"", "\"60s\"");
    let run = Run::start(&patient, "run a");
    let started = Instant::now();
    run.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    run.signal(Signal::INT);
    let (project, output, pids) = run.end();
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
    none_lives(&pids);
    project.ran(output).exits(130);
}

/// A stage that ends well after the signal is still no pass, the next one is not begun, and the lock is free for the next
/// run.
#[test]
fn after_a_signal_nothing_passes() {
    let file = r#"
[stage.first]
run = ["trap 'exit 0' TERM; echo $$ >>pids; echo x >>pids; while :; do sleep 0.1; done"]
[stage.second]
run = ["echo second >>ran"]
"#;
    let run = Run::start(
        &file.replace("echo x >>pids", "echo $$ >>pids"),
        "run local",
    );
    run.signal(Signal::TERM);
    let (project, output, pids) = run.end();
    none_lives(&pids);
    let told = project.ran(output).exits(130).stderr;
    assert!(!project.path("ran").exists());
    let result = project.json(".runenv/local-host/result.json");
    assert_eq!(result["state"], "interrupted");
    let states = [0, 1].map(|at| result["stages"][at]["state"].clone());
    assert_eq!(states, ["interrupted", "not-run"]);
    // What was not begun has no place in the report, and no time.
    assert!(told.contains("--redo first"), "{told}");
    assert!(!told.contains("second"), "{told}");
    let history = project.read(".runenv/history.jsonl");
    assert_eq!(history.lines().count(), 1, "{history}");
    project.write("envs.toml", "[stage.first]\nrun = \"true\"\n");
    project.runenv("run local").exits(0);
}

/// A child that leaves the session and keeps the pipe does not keep us.
#[test]
fn a_process_left_behind_is_ended_and_told() {
    let file =
        "[env.a]\nrunner = \"local\"\ncommands = [\"sleep 300 & echo $! >left; echo done\"]\n";
    let project = Project::new().envs_toml(file);
    let started = Instant::now();
    let ran = project.runenv("run a").exits(0);
    assert!(
        started.elapsed() < Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
    let left = Pid::from_raw(project.read("left").trim().parse().unwrap()).unwrap();
    none_lives(&[left]);
    assert!(ran.stderr.contains("leaked"), "{}", ran.stderr);
    assert_eq!(
        project.json(".runenv/a/result.json")["stages"][0]["leaked"],
        true
    );
}
