//! `--resume`: a stage that ended early goes on from what it left, if it is still the same stage.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Project, each, lines, until};

/// Six steps, each of which is done once and noted; `SECONDS` long each.
const STEPS: &str = r#"
[stage.one]
run = ["echo 1 >/one"]
[stage.slow]
run = ["""
for step in 1 2 3 4 5 6; do
  [ ! -e /done.$step ] || continue
  echo begun $step >>/log
  sleep SECONDS
  echo done $step >>/log
  : >/done.$step
done"""]
[stage.last]
run = ["cat /log"]
"#;

/// Of a minute under a limit of 25 s: three runs. Of less, with a wider limit, since a busy machine takes seconds of it.
fn in_three_runs(engine: &str, seconds: u32) {
    let project = Project::new(engine, &STEPS.replace("SECONDS", &seconds.to_string()));
    let whole = seconds == 10;
    let limit = if whole { "25s" } else { "12s" };
    let run = |code| project.run(&["--timeout", limit, "--resume"]).code(code);
    run(1).says("--resume");
    assert_eq!(project.stage("slow")["state"], "timed-out");
    let early = || project.run(&["--timeout", limit, "--resume"]).code == 1;
    if whole {
        run(1).says("goes on from what it left");
        assert_eq!(project.ran(), ["slow"]);
        run(0).says("goes on from what it left");
    } else {
        assert!(!(0..5).all(|_| early()), "{engine}: so many runs");
    }
    let slow = project.stage("slow");
    assert_eq!(
        (&slow["state"], &slow["resumed"]),
        (&"passed".into(), &true.into())
    );
    let log = project.log(3, "last");
    let done: Vec<&str> = log.lines().filter(|l| l.starts_with("done")).collect();
    assert_eq!(
        done,
        ["done 1", "done 2", "done 3", "done 4", "done 5", "done 6"],
        "{log}"
    );
    let begun = log.lines().filter(|l| l.starts_with("begun")).count();
    assert!(
        begun == 8 || !whole,
        "two steps were cut off and begun again: {log}"
    );
    project.run(&[]).code(0);
    assert_eq!(project.ran(), [""; 0], "it is kept under its key");
}

/// Of a minute on one engine, shorter on the others, all at once: it is sleep.
#[test]
fn a_stage_that_is_longer_than_its_limit_passes_in_three_runs() {
    let first = std::sync::Once::new();
    thread::scope(|scope| {
        each(|engine| {
            let mut seconds = 3;
            first.call_once(|| seconds = 10);
            let engine = engine.to_owned();
            scope.spawn(move || in_three_runs(&engine, seconds));
        });
    });
}

/// Fails the first time, when it has changed a file that was copied and one of its own.
const TWICE: &str = r#"
[stage.one]
run = ["echo 1 >/one"]
[stage.two]
copy = ["src"]
run = ["echo built >>src/a; echo once >>/count; [ $(wc -l </count) -gt 1 ]", "echo $(cat src/a /count)"]
"#;

/// The tags of the project's failed images.
fn failed_tags(project: &Project) -> Vec<String> {
    let label = format!("label=runenv.project={}", project.id());
    let words = ["image", "ls", "--filter", &label, "--format", "{{.Tag}}"];
    let tags = lines(&project.engine(&words));
    tags.into_iter().filter(|t| t.ends_with("failed")).collect()
}

#[test]
fn what_failed_goes_on_and_is_then_kept_under_its_key() {
    each(|engine| {
        let project = Project::new(engine, TWICE);
        project.file("src/a", "a\n");
        project.run(&[]).code(1);
        project.run(&[]).code(1);
        assert_eq!(project.stage("two")["resumed"], false, "not asked for");
        assert_eq!(failed_tags(&project).len(), 1);
        // Another job on the same engine: no note.
        fs::remove_dir_all(project.root().join(".runenv")).unwrap();
        project
            .run(&["--resume"])
            .code(0)
            .says("a built built once once")
            .says("(resumed)");
        assert_eq!(failed_tags(&project), [""; 0]);
        fs::remove_dir_all(project.root().join(".runenv")).unwrap();
        project.run(&["--resume"]).code(0);
        assert_eq!(project.ran(), [""; 0], "its labels agree with its layers");
        // From the beginning where that is asked for.
        project.run(&["--redo", "two", "--resume"]).code(1);
        assert_eq!(project.stage("two")["resumed"], false);
    });
}

#[test]
fn what_was_edited_begins_anew() {
    each(|engine| {
        let project = Project::new(engine, TWICE);
        project.file("src/a", "a\n");
        project.run(&["--resume"]).code(1);
        project.file("src/a", "b\n");
        project
            .run(&["--resume"])
            .code(1)
            .says("is not of this key");
        assert_eq!(project.stage("two")["resumed"], false);
        project.toml(&TWICE.replace("echo built", "echo made"));
        project
            .run(&["--resume"])
            .code(1)
            .says("is not of this key");
        project
            .run(&["--resume"])
            .code(0)
            .says("b made made once once");
    });
}

/// A program in the engine's place that is slow to keep what failed.
fn slow_to_keep(project: &mut Project) {
    let bin = project.home().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let (real, client) = (project.real_engine(), bin.join(&project.engine));
    let text = format!(
        "#!/bin/sh\ncase $* in *commit*failed=1*) : >{}/keeps; sleep 30;; esac\nexec {real} \"$@\"\n",
        project.home().display()
    );
    fs::write(&client, text).unwrap();
    fs::set_permissions(&client, fs::Permissions::from_mode(0o755)).unwrap();
    project.path_first(&bin);
}

#[test]
fn killed_while_it_keeps_what_failed() {
    each(|engine| {
        let mut project = Project::new(engine, TWICE);
        project.file("src/a", "a\n");
        slow_to_keep(&mut project);
        let mut child = project.start(&["--resume"]);
        let keeps = project.home().join("keeps");
        until("it keeps what failed", || keeps.exists());
        kill_process(Pid::from_child(&child), Signal::KILL).unwrap();
        child.wait().unwrap();
        fs::remove_file(project.home().join("bin").join(engine)).unwrap();
        project.run(&["--resume"]).code(1);
        assert_eq!(project.stage("two")["resumed"], false);
        assert_eq!(project.containers(), [""; 0]);
        project.run(&["--resume"]).code(0);
        // While it is kept a first signal changes nothing; the second ends it.
        let mut project = Project::new(engine, TWICE);
        project.file("src/a", "a\n");
        slow_to_keep(&mut project);
        let mut child = project.start(&[]);
        let (keeps, pid) = (project.home().join("keeps"), Pid::from_child(&child));
        until("it keeps what failed", || keeps.exists());
        kill_process(pid, Signal::INT).unwrap();
        thread::sleep(Duration::from_millis(300));
        assert!(child.try_wait().unwrap().is_none());
        kill_process(pid, Signal::INT).unwrap();
        let said = child.wait_with_output().unwrap();
        assert_eq!(said.status.code(), Some(130));
        assert!(project.stage("two")["image"].is_null());
    });
}
