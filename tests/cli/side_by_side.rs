//! `--jobs`: several environments at once, with the results of a run one after another.

use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Fake, Project};

/// Three environments of two stages that share nothing.
const FILE: &str = r#"
[project]
name = "p"
env-list = ["docker-debian-bookworm-{a,b,c}"]
default.config = "a"
[config.a]
[config.b]
[config.c]
[stage.one]
run = ["echo {config}"]
[stage.two]
run = ["echo two"]
"#;

fn project(fake: &Fake) -> Project {
    Project::new().envs_toml(FILE).engine(fake)
}

/// How many containers were started before the first stage was kept: with each environment's first stage goes one for
/// its network.
fn begun_at_once(fake: &Fake) -> usize {
    let calls = fake.calls();
    let first = calls
        .iter()
        .position(|call| call.starts_with("docker commit"));
    let before = &calls[..first.expect("a stage was kept")];
    before
        .iter()
        .filter(|call| call.starts_with("docker run"))
        .count()
        / 2
}

/// What a run left, without what differs from run to run.
fn results(project: &Project) -> Vec<Value> {
    ["a", "b", "c"]
        .map(|config| {
            let name = format!(".runenv/docker-debian-bookworm-{config}/result.json");
            let mut result = project.json(&name);
            let object = result.as_object_mut().unwrap();
            object.remove("seconds");
            object.remove("started");
            for stage in object["stages"].as_array_mut().unwrap() {
                let stage = stage.as_object_mut().unwrap();
                stage.remove("seconds");
                stage.remove("image");
                let log = stage["log"].as_str().unwrap().rsplit('/').next();
                stage["log"] = log.unwrap().into();
            }
            result
        })
        .into()
}

/// The table and what stands behind it.
fn end(stderr: &str) -> &str {
    stderr.split_once("\n\n").expect("a table").1
}

#[test]
fn so_many_run_at_once() {
    for (words, at_once) in [("run", 1), ("run -p 2", 2), ("run -j all", 3)] {
        let fake = Fake::new();
        fake.play("run.delay", "0.2");
        project(&fake).runenv(words).exits(0);
        assert_eq!(begun_at_once(&fake), at_once, "{words}");
        assert_eq!(fake.containers(), Vec::<String>::new());
    }
}

#[test]
fn results_are_those_of_one_after_another() {
    let (serial, parallel) = (Fake::new(), Fake::new());
    let (one, other) = (project(&serial), project(&parallel));
    let told = one.runenv("run").exits(0).stderr;
    let others = other.runenv("run -p 3").exits(0).stderr;
    assert_eq!(end(&told), end(&others));
    assert_eq!(results(&one), results(&other));
    assert_eq!(serial.images().len(), parallel.images().len());
    let ran = other.runenv("run -p 3").exits(0);
    assert!(ran.stderr.contains("all stages cached"), "{}", ran.stderr);
}

#[test]
fn local_environments_take_turns_in_the_tree() {
    let project = Project::new().envs_toml(
        r#"
[project]
env-list = ["a", "b", "c"]
[env.a]
runner = "local"
commands = ["mkdir taken", "sleep 0.1", "rmdir taken"]
[env.b]
runner = "local"
commands = ["mkdir taken", "sleep 0.1", "rmdir taken"]
[env.c]
runner = "local"
commands = ["mkdir taken", "sleep 0.1", "rmdir taken"]
"#,
    );
    let ran = project
        .var("RUNENV_JOBS", "auto")
        .runenv("run -p all")
        .exits(0);
    assert!(ran.stderr.contains("3 passed"), "{}", ran.stderr);
}

#[test]
fn a_wrong_number_is_told() {
    let project = Project::new().envs_toml(FILE);
    for wrong in ["0", "-1", "many", ""] {
        let ran = project.runenv(["run", &format!("-p{wrong}")]).exits(2);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    let ran = project.runenv("run -j 0").exits(2);
    let help = "write a number from 1 on, `auto` or `all`";
    assert!(ran.stderr.contains(help), "{}", ran.stderr);
}

fn until(what: &str, done: impl Fn() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn interrupt(child: &Child) {
    kill_process(Pid::from_child(child), Signal::INT).unwrap();
}

#[test]
fn one_signal_ends_all() {
    let fake = Fake::new();
    fake.play("run.hang", "");
    let project = project(&fake);
    let child = project.command("run -p 2").spawn().unwrap();
    let hanging = || std::fs::read_to_string(fake.folder().join("hanging")).unwrap_or_default();
    until("two hang", || hanging().lines().count() == 2);
    interrupt(&child);
    let ran = project.ran(child.wait_with_output().unwrap()).exits(130);
    assert_eq!(fake.containers(), Vec::<String>::new());
    let states = ["a", "b", "c"].map(|config| {
        let name = format!(".runenv/docker-debian-bookworm-{config}/result.json");
        project.json(&name)["state"].as_str().unwrap().to_owned()
    });
    assert_eq!(
        states,
        ["interrupted", "interrupted", "not-run"],
        "{}",
        ran.stderr
    );
}

/// How many scripts of stages were sent.
fn scripts(fake: &Fake) -> usize {
    let scripts = fake.scripts();
    scripts
        .iter()
        .filter(|s| s.contains("runenv_mark="))
        .count()
}

#[test]
fn what_environments_share_is_built_once() {
    let file = FILE
        .replace("echo {config}", "echo shared")
        .replace("echo two", "echo {config}");
    for words in ["run", "run -p all"] {
        let fake = Fake::new();
        fake.play("run.delay", "0.2");
        let project = Project::new().envs_toml(&file).engine(&fake);
        let ran = project.runenv(words).exits(0);
        assert_eq!(scripts(&fake), 1 + 3, "{words}: {}", ran.stderr);
        assert_eq!(fake.images().len(), 1 + 4);
        let told = ran
            .stderr
            .contains("one: waiting for the same stage in process ");
        assert_eq!(told, words != "run", "{}", ran.stderr);
    }
}

/// What a holder has built is found although nobody knew of it: one question, and the next stages the same.
#[test]
fn two_processes_share_what_each_builds() {
    let fake = Fake::new();
    fake.play("run.delay", "0.3");
    let project = project(&fake);
    let start = || {
        project
            .command("run docker-debian-bookworm-a")
            .spawn()
            .unwrap()
    };
    let runs = [start(), start(), start()];
    let said = runs.map(|run| project.ran(run.wait_with_output().unwrap()).exits(0));
    assert_eq!(scripts(&fake), 2, "{said:?}");
    assert_eq!(fake.images().len(), 1 + 2);
    assert_eq!(fake.containers(), Vec::<String>::new());
}

/// One client asks for one image after the other: of many, two ask at once.
#[test]
fn many_images_are_asked_for_by_two_clients() {
    let (mut file, mut fake) = (FILE_OF_MANY.to_owned(), Fake::empty());
    for n in 10..70 {
        file += &format!("[system.s{n}]\nimage = \"i:{n}\"\nrelease.latest = {{}}\n");
        fake = fake.image(&format!("i:{n}"));
    }
    let project = Project::new().envs_toml(&file).engine(&fake);
    let stale = || project.runenv("list --stale --all --offline");
    assert_eq!(stale().exits(0).stdout.lines().count(), 60);
    let mut asked = fake.calls_of("docker image inspect");
    asked.sort();
    let call = |image: &str, numbers: std::ops::Range<u32>| {
        let images = numbers.map(|n| format!(" {image}{n}"));
        "docker image inspect".to_owned() + &images.collect::<String>()
    };
    let expected = ["i:", "sha256:base-i-"].map(|i| [call(i, 10..40), call(i, 40..70)]);
    assert_eq!(asked, expected.concat());

    // Of names that are not all there each is asked for by itself.
    std::fs::remove_dir_all(fake.folder().join("images/i-50")).unwrap();
    fake.forget_calls();
    stale();
    let mut asked = fake.calls_of("docker image inspect");
    asked.retain(|call| call.contains(" i:"));
    assert_eq!(asked.len(), 2 + 60);
}

/// Of images that an earlier run was told of it is only asked whether they are there, in one list of all.
#[test]
fn what_was_told_of_many_images_is_not_asked_again() {
    let file = FILE_OF_MANY.replace("{}", "") + "[system.box]\nimage = \"debian:bookworm\"\n";
    let releases = (10..44).map(|n| format!("[system.box.release.r{n}]\n"));
    let file = file.replace("echo one", "echo {env-name}") + &releases.collect::<String>();
    let fake = Fake::new();
    let project = Project::new().envs_toml(&file).engine(&fake);
    let run = || {
        fake.forget_calls();
        project.runenv("run -q -p 4 --all").exits(0);
        let calls = fake
            .calls()
            .into_iter()
            .filter(|call| call.starts_with("docker image"));
        let mut calls: Vec<String> = calls
            .map(|call| {
                format!(
                    "{} of {}",
                    &call[..call.len().min(20)],
                    call.split(' ').count() - 3
                )
            })
            .collect();
        calls.sort();
        calls
    };
    run();
    let told = ["docker image inspect of 35"];
    let again = ["docker image inspect of 1", "docker image ls -aq  of 2"];
    assert_eq!(run(), told, "nothing is remembered yet");
    assert_eq!(run(), again);
    let kept = project.path(".runenv/docker-images.json");
    std::fs::write(&kept, "{").unwrap();
    assert_eq!(run(), told, "a broken file");
    assert_eq!(run(), again);

    // One that is gone is made again, and remembered.
    let note = project.json(".runenv/docker-box-r20/images.json");
    let id = note["images"]["one"].as_str().unwrap();
    let images = fake.folder().join("images");
    std::fs::remove_dir_all(images.join(id.replace(':', "-"))).unwrap();
    assert!(run().len() > 2);
    let result = project.json(".runenv/docker-box-r20/result.json");
    assert_eq!(result["stages"][0]["cached"], false);
    run();
    assert_eq!(run(), again);
}

const FILE_OF_MANY: &str = r#"
[project]
name = "p"
[stage.one]
run = ["echo one"]
"#;
