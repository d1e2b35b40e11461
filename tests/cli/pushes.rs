//! `--push` and `--push-failed` on an engine that is played, beside a registry that has nothing: signals and mistakes.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use snapbox::str;

use crate::support::{Fake, Project, Ran, same};

const ENV: &str = "docker-debian-bookworm";

/// A registry that says of everything that it is not there; its host.
fn empty_registry() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let answer = |client: TcpStream| -> std::io::Result<()> {
        let (mut reader, mut line) = (BufReader::new(&client), String::new());
        while reader.read_line(&mut line)? > 2 {
            line.clear();
        }
        let answer = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        (&client).write_all(answer)
    };
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // Whoever does not listen is not answered.
            let _ = answer(client);
        }
    });
    host
}

fn project(fake: &Fake) -> Project {
    let host = empty_registry();
    let toml = format!(
        "[project]\nname = \"p\"\n[stage.one]\nrun = [\"true\"]\n[registry]\nrepository = \"{host}/me\"\n"
    );
    fake.play("push.out", "");
    Project::new().envs_toml(&toml).engine(fake)
}

/// Starts a run, and signals it as soon as this was called.
fn signalled(project: &Project, fake: &Fake, options: &str, call: &str) -> Child {
    let words = format!("run {ENV} {options}");
    let child = project.command(words.as_str()).spawn().unwrap();
    let started = Instant::now();
    while fake.calls_of(call).is_empty() {
        let waited = started.elapsed();
        assert!(
            waited < Duration::from_secs(20),
            "no {call}: {:?}",
            fake.calls()
        );
        thread::sleep(Duration::from_millis(10));
    }
    // The one that runs the script is heard of before it hangs.
    let hanging = fake.folder().join("hanging");
    while call == "docker run" && !hanging.exists() && started.elapsed().as_secs() < 20 {
        thread::sleep(Duration::from_millis(10));
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    child
}

fn ended(project: &Project, child: Child) -> (Ran, Value) {
    let ran = project.ran(child.wait_with_output().unwrap());
    let result = project.json(&format!(".runenv/{ENV}/result.json"));
    (ran, result["stages"][0].clone())
}

#[test]
fn a_push_that_a_signal_cuts_is_told() {
    let fake = Fake::new();
    let project = project(&fake);
    fake.play("push.hang", "");
    let child = signalled(&project, &fake, "--push", "docker push");
    let (ran, stage) = ended(&project, child);
    let ran = ran.exits(130);
    assert!(
        ran.stderr
            .contains("not pushed on docker-debian-bookworm: one (interrupted)"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        (&stage["state"], &stage["pushed"]["state"]),
        (&"passed".into(), &"interrupted".into())
    );
}

#[test]
fn what_passed_is_pushed_though_a_failure_ends_the_run() {
    let fake = Fake::new();
    let project = project(&fake);
    let two = "[stage.two]\nrun = [\"false\"]\n";
    project.write("envs.toml", project.read("envs.toml") + two);
    // The first is the network's, the second the first stage's.
    fake.play("run.3.fails", "1 1");
    fake.play("push.delay", "1");
    let words = format!("run {ENV} --push --fail-fast");
    let ran = project.runenv(words.as_str()).exits(1);
    assert!(!ran.stderr.contains("not pushed"), "{}", ran.stderr);
    let result = project.json(&format!(".runenv/{ENV}/result.json"));
    assert_eq!(result["state"], "failed");
    assert_eq!(result["stages"][0]["pushed"]["state"], "pushed");
}

#[test]
fn what_a_signal_ended_is_pushed_behind_it() {
    let fake = Fake::new();
    let project = project(&fake);
    fake.play("run.hang", "");
    let child = signalled(&project, &fake, "--push-failed", "docker run");
    let (ran, stage) = ended(&project, child);
    let ran = ran.exits(130);
    assert!(
        ran.stderr
            .contains("kept as an image and pushed; another signal ends at once"),
        "{}",
        ran.stderr
    );
    assert_eq!(
        (&stage["state"], &stage["pushed"]["state"]),
        (&"interrupted".into(), &"pushed".into())
    );
    let key = &stage["key"].as_str().unwrap()[..16];
    let pushed = fake.calls_of("docker push");
    let by_key = format!("/me/p-debian-bookworm-one:failed-{key}");
    assert!(
        pushed.len() == 2 && pushed[0].ends_with(&by_key) && pushed[1].ends_with("-one:failed"),
        "{pushed:?}"
    );
    // The second name was there only to be pushed.
    let removed = fake.calls_of("docker image rm");
    assert!(
        removed.iter().any(|call| call.ends_with(&by_key)),
        "{removed:?}"
    );
}

/// It has had its time: the other name is not tried.
#[test]
fn a_failure_that_cannot_be_pushed_is_still_that_failure() {
    let fake = Fake::new();
    let project = project(&fake);
    fake.play("run.fails", "1 1\n");
    fake.play("push.err", "denied: no\n");
    fake.play("push.code", "1");
    let ran = project
        .runenv(format!("run {ENV} --push-failed").as_str())
        .exits(1);
    assert!(
        ran.stderr
            .contains("not pushed on docker-debian-bookworm: one (denied: no)"),
        "{}",
        ran.stderr
    );
    assert_eq!(fake.calls_of("docker push").len(), 1);
}

#[test]
fn there_has_to_be_somewhere_to_push_to() {
    let project = Project::new().envs_toml("[stage.one]\nrun = [\"true\"]\n");
    let told = |words: &str| project.runenv(words).exits(2).stderr;
    same(
        told(&format!("run {ENV} --push-failed"))
            + &told(&format!("run {ENV} --push-failed --offline")),
        str![[r#"
error: `--push-failed` has nowhere to push to
help: say where images go: `[registry]` with `repository = "ghcr.io/me"`
error: `--push-failed` needs a registry, and `--offline` asks none
help: leave one of them out

"#]],
    );
}

#[test]
fn images_get_the_tags_that_are_asked_for_made_or_found() {
    let fake = Fake::new();
    let project = project(&fake);
    let pushed = |options: &str| {
        let before = fake.calls_of("docker push").len();
        project
            .runenv(format!("run {ENV} --push=try {options}").as_str())
            .exits(0);
        let pushes = fake.calls_of("docker push").into_iter().skip(before);
        let tags = pushes.map(|push| push.rsplit(':').next().unwrap().to_owned());
        tags.filter(|tag| !tag.starts_with("key-"))
            .collect::<Vec<_>>()
    };
    assert_eq!(pushed("--tag nightly --tag v1.2"), ["nightly", "v1.2"]);
    assert_eq!(
        pushed("--tag again"),
        ["again"],
        "of a stage that was found"
    );
    let tagged = fake.calls_of("docker tag");
    let named = |tag: &str| {
        tagged
            .iter()
            .any(|call| call.ends_with(&format!("-one:{tag}")))
    };
    assert!(
        named("nightly") && named("v1.2") && named("again"),
        "{tagged:?}"
    );
    for (tag, why) in [
        ("a/b", "letters, digits"),
        (".x", "begins with none"),
        ("key-1", "runenv's own"),
    ] {
        let ran = project.runenv(["run", ENV, "--tag", tag]).exits(2);
        assert!(ran.stderr.contains(why), "{}", ran.stderr);
    }
}

/// One registry, two environments of two stages: it is asked once, and told once.
#[test]
fn a_registry_that_refuses_is_not_tried_again_where_it_need_not() {
    for (option, code, tries) in [("--push=try", 0, 1), ("--push", 3, 4)] {
        let fake = Fake::new().image("debian:trixie");
        let host = empty_registry();
        let toml = format!(
            "[project]\nname = \"p\"\n[stage.one]\nrun = [\"true\"]\n[stage.two]\nrun = [\"true\"]\n\
             [registry]\nrepository = \"{host}/me\"\n"
        );
        let project = Project::new().envs_toml(&toml).engine(&fake);
        fake.play(
            "push.err",
            "denied: requested access to the resource is denied\n",
        );
        fake.play("push.code", "1");
        let words = format!("run {ENV} docker-debian-trixie {option}");
        let ran = project.runenv(words.as_str()).exits(code);
        assert_eq!(fake.calls_of("docker push").len(), tries, "{}", ran.stderr);
        let title = format!("nothing may be pushed to {host}/me: denied: requested access");
        let told = ran.stderr.matches(&title).count();
        assert_eq!(told, usize::from(option == "--push=try"), "{}", ran.stderr);
        let lines = ran.stderr.matches("not pushed on").count();
        assert_eq!(lines, if tries == 1 { 1 } else { 2 }, "{}", ran.stderr);
        let result = project.json(".runenv/docker-debian-trixie/result.json");
        let pushed = &result["stages"][1]["pushed"];
        assert_eq!(pushed["state"], "not-pushed", "{pushed}");
        let reason = pushed["reason"].as_str().unwrap();
        assert_eq!(
            reason.ends_with("/me refused before"),
            tries == 1,
            "{reason}"
        );
    }
}
