//! INT, TERM, HUP and time limits: nothing left running, nothing kept that did not pass.

use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Project, Said, each, until};

const LONG: &str = r#"
[stage.one]
run = ["echo 1 >/one"]
[stage.two]
run = ["echo half >/two", "echo begun; sleep 50; echo never", "echo never"]
[stage.three]
run = ["cat /two"]
"#;

fn begun(project: &Project) -> bool {
    let log = project
        .root()
        .join(format!(".runenv/{}/log/02-two.log", project.env()));
    fs::read_to_string(log).is_ok_and(|text| text.contains("begun"))
}

/// Runs until the second stage has begun, then sends the signals.
fn interrupted(project: &Project, signals: &[Signal]) -> Said {
    let child = project.start(&[]);
    until("the stage runs", || begun(project));
    let (pid, start) = (Pid::from_child(&child), Instant::now());
    for signal in signals {
        kill_process(pid, *signal).unwrap();
        thread::sleep(Duration::from_millis(20));
    }
    let said = child.wait_with_output().unwrap().into();
    assert!(
        start.elapsed() < Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
    said
}

/// The keys of the project's images.
fn keys(project: &Project) -> Vec<String> {
    let format = "{{index .Config.Labels \"runenv.key\"}}";
    let key = |image: &String| project.engine(&["image", "inspect", "--format", format, image]);
    let keys = project.images();
    let keys = keys.iter().map(|i| key(i).trim().to_owned());
    keys.filter(|k| !k.is_empty()).collect()
}

#[test]
fn a_signal_ends_the_run() {
    each(|engine| {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
            let project = Project::new(engine, LONG);
            let said = interrupted(&project, &[signal]).code(130);
            assert!(!said.err.contains("\nnever\n"), "{}", said.err);
            assert_eq!(project.containers(), [""; 0]);
            let result = project.result();
            assert_eq!(result["state"], "interrupted", "{result:#}");
            assert_eq!(project.stage("two")["state"], "interrupted");
            assert_eq!(
                keys(&project),
                [project.stage("one")["key"].as_str().unwrap()]
            );
            let failed = project.stage("two")["image"].clone();
            let failed = failed.as_str().expect("what was half done is kept");
            let words = ["run", "--rm", "--entrypoint", "cat", failed, "/two"];
            assert_eq!(project.engine(&words), "half\n");
        }
    });
}

#[test]
fn a_second_signal_ends_it_at_once() {
    each(|engine| {
        // Who does not hear TERM.
        let deaf = LONG.replace("echo begun; sleep 50", "trap '' TERM; echo begun; sleep 50");
        let project = Project::new(engine, &deaf);
        let start = Instant::now();
        interrupted(&project, &[Signal::INT, Signal::INT]).code(130);
        assert!(
            start.elapsed() < Duration::from_secs(15),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(project.containers(), [""; 0]);
        assert_eq!(
            keys(&project),
            [project.stage("one")["key"].as_str().unwrap()]
        );
    });
}

#[test]
fn a_signal_before_anything_runs() {
    each(|engine| {
        let project = Project::new(engine, LONG);
        for wait in [0, 30, 100, 250, 400] {
            let mut child = project.start(&[]);
            thread::sleep(Duration::from_millis(wait));
            let _ = kill_process(Pid::from_child(&child), Signal::TERM);
            let code = child.wait().unwrap();
            // Before runenv listens, TERM does what it does to every program.
            assert!(code.code() == Some(130) || wait < 100, "{code}");
            assert_eq!(project.containers(), [""; 0], "after {wait} ms");
        }
    });
}

#[test]
fn a_time_limit_ends_a_stage() {
    each(|engine| {
        let project = Project::new(engine, LONG);
        let said = project
            .run(&["--timeout", "2s"])
            .code(1)
            .says("time limit of 2");
        assert!(!said.err.contains("\nnever\n"), "{}", said.err);
        let two = project.stage("two");
        assert_eq!(two["state"], "timed-out", "{two:#}");
        assert_eq!(project.stage("three")["state"], "not-run");
        assert_eq!(project.containers(), [""; 0]);
        assert_eq!(
            keys(&project),
            [project.stage("one")["key"].as_str().unwrap()]
        );
        let failed = two["image"].as_str().unwrap();
        let words = ["run", "--rm", "--entrypoint", "cat", failed, "/two"];
        assert_eq!(project.engine(&words), "half\n");
        let project = Project::new(engine, LONG);
        project
            .run(&["--timeout", "2s", "--no-keep-failed"])
            .code(1);
        assert!(project.stage("two")["image"].is_null());
        assert_eq!(project.images().len(), 1);
    });
}

#[test]
fn every_process_is_asked_to_end_and_waited_for() {
    each(|engine| {
        // A make of sorts, two processes below the stage's shell: it takes away what it has begun.
        let tidy = "trap 'sleep 1; rm /half; echo tidied >/tidied; exit 1' TERM; : >/half; echo begun; sleep 50 & wait";
        let toml = format!(
            "[stage.one]\nrun = [[\"sh\", \"-c\", {:?}]]\n",
            format!("({tidy}); echo never")
        );
        let project = Project::new(engine, &toml);
        project.run(&["--timeout", "2s"]).code(1);
        let failed = project.image("one");
        let words = ["run", "--rm", "--entrypoint", "ls", &failed, "/"];
        let files = project.engine(&words);
        assert!(
            files.contains("tidied") && !files.contains("half"),
            "{files}"
        );
    });
}
