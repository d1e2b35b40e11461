//! SIGKILL at any moment, of runenv and of the engine's client: the next run is right, and nothing is left.
//!
//! `RUNENV_TEST_KILLS=100 cargo test --test real kills -- --nocapture` kills a hundred times and prints figures.

use std::process::Child;
use std::time::{Duration, Instant};
use std::{fs, thread};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Project, each, engine_says, quoted, unique, until};

/// Each stage's file is made from the one before; the last checks them all.
const CHAIN: &str = r#"
[stage.one]
run = ["echo WORD >/one; usleep 100000; echo end >>/one"]
[stage.two]
copy = ["src"]
run = ["cat /one src >/two; usleep 100000; echo end >>/two"]
[stage.three]
run = ["cat /two >/three", "test \"$(echo $(cat /three))\" = 'WORD end src end'", "echo all is WORD"]
"#;

fn kill(child: &Child) {
    let pid = Pid::from_child(child);
    kill_process(pid, Signal::KILL).unwrap();
}

/// A random number that needs no crate.
fn random(below: u64) -> u64 {
    let mut bytes = [0; 8];
    std::io::Read::read_exact(&mut fs::File::open("/dev/urandom").unwrap(), &mut bytes).unwrap();
    u64::from_le_bytes(bytes) % below
}

#[test]
fn runenv_is_killed_at_any_moment() {
    let times: u32 = std::env::var("RUNENV_TEST_KILLS").map_or(2, |n| n.parse().unwrap());
    each(|engine| {
        let (project, stranger) = (Project::plain(engine, CHAIN), Stranger::new(engine));
        project.file("src", "src\n");
        let start = Instant::now();
        project.toml(&CHAIN.replace("WORD", "first"));
        project.run(&[]).code(0);
        let whole = u64::try_from(start.elapsed().as_millis()).unwrap();
        let (mut killed, mut left, mut reused) = (0, 0, 0);
        for at in 0..times {
            let word = format!("w{at}");
            project.toml(&CHAIN.replace("WORD", &word));
            let mut child = project.start(&[]);
            thread::sleep(Duration::from_millis(random(whole)));
            if child.try_wait().unwrap().is_none() {
                kill(&child);
                killed += u32::from(!child.wait().unwrap().success());
            }
            left += u32::from(!project.containers().is_empty());
            if at % 2 == 0 {
                // Not at once: most of what the dead run's clients still did is over.
                thread::sleep(Duration::from_millis(500));
            }
            project.run(&[]).code(0);
            let ran = project.ran();
            reused += 3 - ran.len();
            if ran.contains(&"three".to_owned()) {
                assert!(project.log(3, "three").contains(&format!("all is {word}")));
            }
        }
        println!(
            "{engine}: {times} kills, {killed} before its end, {left} left containers, {reused} stages reused"
        );
        settle(&project);
        project.toml(&CHAIN.replace("WORD", "last"));
        project.run(&[]).code(0);
        assert_eq!(
            project.containers(),
            [""; 0],
            "a run removes what dead ones left"
        );
        project.clean();
        stranger.is_there();
    });
}

/// Waits until no client of a dead run works any more. podman's needs 20 s to see that the network's container cannot
/// go before those that joined it.
fn settle(project: &Project) {
    let start = Instant::now();
    let client = |(_, line): &(Pid, String)| !line.contains("/conmon ");
    while let Some((_, line)) = workers(project).into_iter().find(client) {
        assert!(start.elapsed().as_secs() < 60, "it works for ever: {line}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Processes that engines have in the project's folder.
fn workers(project: &Project) -> Vec<(Pid, String)> {
    let folder = project.root().join(".runenv");
    let mut all = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        if fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder)) {
            let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
            let pid = process
                .file_name()
                .to_string_lossy()
                .parse()
                .ok()
                .and_then(Pid::from_raw);
            all.extend(pid.map(|p| (p, String::from_utf8_lossy(&line).replace('\0', " "))));
        }
    }
    all
}

/// A container and an image of somebody else, made from busybox.
struct Stranger(String, String);

impl Stranger {
    fn new(engine: &str) -> Self {
        let name = format!("{}-stranger", unique());
        let words = [
            "run",
            "-d",
            "--name",
            &name,
            "busybox:latest",
            "sleep",
            "86400",
        ];
        engine_says(engine, &words).code(0);
        engine_says(engine, &["commit", &name, &name]).code(0);
        Self(engine.to_owned(), name)
    }

    fn is_there(&self) {
        engine_says(&self.0, &["image", "inspect", &self.1]).code(0);
        let words = [
            "container",
            "inspect",
            "--format",
            "{{.State.Status}}",
            &self.1,
        ];
        assert_eq!(engine_says(&self.0, &words).out, "running\n");
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        engine_says(&self.0, &["rm", "-f", &self.1]);
        engine_says(&self.0, &["rmi", &self.1]);
    }
}

/// The engine's clients that a run has started: their command line holds this.
fn client(parent: &Child, word: &str) -> Option<Pid> {
    let children = format!("/proc/{0}/task/{0}/children", parent.id());
    let tasks = fs::read_dir(format!("/proc/{}/task", parent.id())).ok()?;
    let mut pids = fs::read_to_string(children).unwrap_or_default();
    for task in tasks.flatten() {
        pids += &fs::read_to_string(task.path().join("children")).unwrap_or_default();
        pids += " ";
    }
    let is = |pid: &&str| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line)
            .replace('\0', " ")
            .contains(word)
    };
    let pid = pids.split_whitespace().find(is)?.parse().ok()?;
    Pid::from_raw(pid)
}

/// The client dies while the stage runs, or while the script is being sent.
#[test]
fn the_client_is_killed() {
    each(|engine| {
        for (run, big) in [
            (vec!["echo begun", "sleep 3"], false),
            (vec!["echo begun"], true),
        ] {
            let mut run: Vec<String> = run.into_iter().map(str::to_owned).collect();
            run.extend((0..20 * usize::from(big)).map(|_| format!(": {}", "x".repeat(100_000))));
            run.push("echo whole >/whole".to_owned());
            let check = "[stage.two]\nrun = [\"cat /whole\"]\n";
            let project = Project::plain(
                engine,
                &format!("[stage.one]\nrun = {}\n{check}", quoted(run)),
            );
            let child = project.start(&[]);
            until("the client runs", || client(&child, "-e -s").is_some());
            if !big {
                until("the stage runs", || {
                    let log = project
                        .root()
                        .join(format!(".runenv/{}/log/01-one.log", project.env()));
                    fs::read_to_string(log).is_ok_and(|text| text.contains("begun"))
                });
            }
            kill_process(client(&child, "-e -s").unwrap(), Signal::KILL).unwrap();
            let said = crate::support::Said::from(child.wait_with_output().unwrap());
            assert!(said.code == 3, "{}: {}", said.code, said.err);
            assert!(project.images().is_empty(), "nothing is kept: {}", said.err);
            project.run(&[]).code(0).says("whole");
            assert_eq!(project.ran(), ["one", "two"]);
        }
    });
}
