//! KILL of a run on this host: what it left working in the tree is ended by the next run, before that begins.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Project;

/// Long, until there is a file `stop`.
const FILE: &str = r#"
[stage.made]
run = ["echo $$ >>pids; test -e stop || { sleep 300; echo late >>made; }; echo made >>made"]
"#;

/// Where a run of `local` works, how the tree is called, and what says so.
const TREES: [(&str, &str, &str); 2] = [
    ("", "this tree", ""),
    (
        ".runenv/local-host/tree",
        "the tree of `local-host`",
        "[runner.local]\nisolate = \"copy\"\n",
    ),
];

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// A run that is killed while its command works; the first process of that.
fn killed(more: &str, tree: &str) -> (Project, PathBuf, Pid) {
    let project = Project::new().envs_toml(&format!("{FILE}{more}"));
    let lock = if tree.is_empty() {
        ".runenv/local.lock".to_owned()
    } else {
        format!("{tree}.lock")
    };
    let (tree, lock) = (project.path(tree), project.path(&lock));
    let mut child = project.command("run local").spawn().unwrap();
    let started = Instant::now();
    while !read(&tree.join("pids")).ends_with('\n') || !read(&lock).contains("\ngroup ") {
        assert!(started.elapsed() < Duration::from_secs(20), "never begun");
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let pid = read(&tree.join("pids")).trim().parse().unwrap();
    (project, tree, Pid::from_raw(pid).unwrap())
}

/// Who is in a process's group and lives: from ps(1).
fn members(group: Pid) -> usize {
    let ps = std::process::Command::new("ps")
        .args(["-e", "-o", "pgid=,stat="])
        .output()
        .unwrap();
    let text = String::from_utf8(ps.stdout).unwrap();
    let group = group.as_raw_nonzero().to_string();
    let mut rows = text.lines().map(|line| line.split_whitespace());
    rows.by_ref()
        .filter_map(|mut words| Some((words.next()?.to_owned(), words.next()?.to_owned())))
        .filter(|(of, state)| *of == group && !state.starts_with('Z'))
        .count()
}

#[test]
fn what_a_killed_run_left_working_is_ended_by_the_next() {
    for (tree, what, more) in TREES {
        let (project, tree, pid) = killed(more, tree);
        assert!(members(pid) > 0, "it works on");
        project.write("stop", "");
        let ran = project.runenv("run local").exits(0);
        assert_eq!(members(pid), 0, "{}", ran.stderr);
        let told = format!("working in {what}: ended\n");
        assert_eq!(ran.stderr.matches(&told).count(), 1, "{}", ran.stderr);
        assert!(
            ran.stderr
                .contains(&format!("processes {}, ", pid.as_raw_nonzero()))
        );
        assert_eq!(read(&tree.join("made")), "made\n");
        // Once is enough.
        project.write("more", "");
        let ran = project.runenv("run local").exits(0);
        assert!(!ran.stderr.contains("killed"), "{}", ran.stderr);
    }
}

/// The shell dies of it that nobody reads what it prints; what it started does not.
#[test]
fn the_rest_of_a_group_is_found_without_its_first_process() {
    let (tree, _, more) = TREES[0];
    let (project, tree, pid) = killed(more, tree);
    kill_process(pid, Signal::KILL).unwrap();
    let started = Instant::now();
    while members(pid) != 1 {
        assert!(started.elapsed() < Duration::from_secs(20));
    }
    // Of another boot it would be somebody else's.
    let lock = project.path(".runenv/local.lock");
    let text = read(&lock);
    let boot = read(Path::new("/proc/sys/kernel/random/boot_id"));
    std::fs::write(&lock, text.replace(boot.trim(), "another")).unwrap();
    project.write("stop", "");
    project.runenv("run local").exits(0);
    assert_eq!(members(pid), 1);
    std::fs::write(&lock, text).unwrap();
    let ran = project.runenv("run local").exits(0);
    assert_eq!(members(pid), 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("left process "), "{}", ran.stderr);
    assert_eq!(read(&tree.join("made")), "made\nmade\n");
}
