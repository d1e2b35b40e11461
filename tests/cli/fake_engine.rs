//! Whole runs on an engine that is played: what is called, what is kept, and what is told when it fails.

use snapbox::str;

use crate::support::{Fake, Project, same};

/// Three stages; the second copies.
pub(crate) const FILE: &str = r#"
[project]
name = "p"
[stage.one]
run = ["echo one"]
[stage.two]
copy = ["src"]
run = ["echo two", "make"]
[stage.three]
run = ["echo three"]
on-failure = ["cat log"]
"#;

const RUN: &str = "run docker-debian-bookworm";

fn project(fake: &Fake) -> Project {
    Project::new()
        .envs_toml(FILE)
        .file("src/a.c", "int a;\n")
        .engine(fake)
}

/// The verbs of the calls: what stands behind the engine's name.
fn verbs(fake: &Fake) -> Vec<String> {
    let calls = fake.calls();
    let verb = |call: &String| {
        let mut words = call.split(' ').skip(1);
        let first = words.next().unwrap().to_owned();
        if ["image", "container"].contains(&first.as_str()) {
            return format!("{first} {}", words.next().unwrap());
        }
        first
    };
    calls.iter().map(verb).collect()
}

fn nothing_is_left(fake: &Fake) {
    assert_eq!(fake.containers(), Vec::<String>::new());
}

#[test]
fn a_run_passes_and_the_next_finds_everything() {
    let fake = Fake::new();
    let project = project(&fake);
    same(
        project.runenv(RUN).exits(0).whole(),
        str![[r#"
exit 0
--- stderr
docker-debian-bookworm
== one (1/3)
$ echo one
== one passed in [TIME]
== two (2/3)
$ echo two
$ make
== two passed in [TIME]
== three (3/3)
$ echo three
== three passed in [TIME]
1 passed in [TIME]

"#]],
    );
    nothing_is_left(&fake);
    assert_eq!(fake.images().len(), 4, "{:?}", fake.images());
    same(
        project.runenv(RUN).exits(0).whole(),
        str![[r#"
exit 0
--- stderr
docker-debian-bookworm
  one    cached
  two    cached
  three  cached
1 passed in [TIME], all stages cached

"#]],
    );
}

#[test]
fn what_is_there_takes_one_process_or_three() {
    for engine in ["docker", "podman"] {
        let fake = Fake::new();
        let project = project(&fake);
        let name = format!("{engine}-debian-bookworm");
        let run = || {
            fake.forget_calls();
            project.runenv(format!("run {name}").as_str()).exits(0);
            verbs(&fake)
        };
        run();
        assert_eq!(run(), ["image inspect"], "a note that holds");
        let note = project.path(&format!(".runenv/{name}/images.json"));
        std::fs::remove_file(note).unwrap();
        assert_eq!(run(), ["image inspect", "image ls", "image inspect"]);
        assert_eq!(run(), ["image inspect"], "the note is there again");
        nothing_is_left(&fake);
    }
}

#[test]
fn what_is_called_is_what_the_design_says() {
    let fake = Fake::new();
    let project = project(&fake);
    project.runenv(RUN).exits(0);
    let mut verbs = verbs(&fake);
    // What is called beside the stages comes when it comes.
    verbs.sort();
    verbs.dedup();
    let expected = [
        "commit",
        "container inspect",
        "cp",
        "create",
        "image inspect",
        "image ls",
        "info",
        "ps",
        "rm",
        "run",
        "start",
    ];
    assert_eq!(verbs, expected);
    let scripts = fake.scripts();
    assert_eq!(scripts.len(), 3);
    for call in fake.calls() {
        assert!(
            !call.contains("echo one") && !call.contains("make"),
            "a script is in argv: {call}"
        );
    }
}

#[test]
fn keys_are_the_same_on_both_engines() {
    let keys = |engine: &str| {
        let fake = Fake::new();
        let project = project(&fake);
        project
            .runenv(format!("run {engine}-debian-bookworm").as_str())
            .exits(0);
        let result = project.json(&format!(".runenv/{engine}-debian-bookworm/result.json"));
        let stages = result["stages"].as_array().unwrap().clone();
        stages
            .iter()
            .map(|s| s["key"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(keys("docker"), keys("podman"));
}

#[test]
fn one_engine_may_stand_in_for_the_other() {
    let fake = Fake::new();
    let project = project(&fake);
    project
        .runenv("run --engine podman docker-debian-bookworm")
        .exits(0);
    assert_eq!(fake.calls_of("docker"), Vec::<String>::new());
    let by_variable = project.var("RUNENV_ENGINE", "podman");
    by_variable.runenv(RUN).exits(0);
    assert_eq!(fake.calls_of("docker"), Vec::<String>::new());
}

#[test]
fn an_edit_runs_from_the_stage_that_copies_it() {
    let fake = Fake::new();
    let project = project(&fake);
    project.runenv(RUN).exits(0);
    project.write("src/a.c", "int b;\n");
    project.write("not-copied", "x");
    fake.forget_calls();
    project.runenv(RUN).exits(0);
    assert_eq!(
        fake.calls_of("docker commit").len(),
        2,
        "{:?}",
        fake.calls()
    );
    project.write("src/a.c", "int a;\n");
    fake.forget_calls();
    project.runenv(RUN).exits(0);
    assert_eq!(
        fake.calls_of("docker commit").len(),
        0,
        "what was there before is found"
    );
}

#[test]
fn to_redo_and_no_cache_choose_stages() {
    let fake = Fake::new();
    let project = project(&fake);
    let commits = |words: &str| {
        fake.forget_calls();
        project.runenv(words).exits(0);
        fake.calls_of("docker commit").len()
    };
    assert_eq!(commits("run docker-debian-bookworm --to two"), 2);
    assert_eq!(commits("run docker-debian-bookworm-two"), 0);
    assert_eq!(commits("run docker-debian-bookworm"), 1);
    assert_eq!(commits("run docker-debian-bookworm --redo two"), 2);
    assert_eq!(commits("run docker-debian-bookworm -r"), 3);
    assert_eq!(commits("run docker-debian-bookworm"), 0);
}

/// Exit codes are told exactly, whatever the client says.
#[test]
fn a_failing_command_is_told_with_its_code() {
    for code in [1, 2, 7, 125, 126, 127, 137, 255] {
        let fake = Fake::new();
        fake.play("start.fails", &format!("2 {code}\n"));
        let project = project(&fake);
        let ran = project.runenv(RUN).exits(1);
        nothing_is_left(&fake);
        let result = project.json(".runenv/docker-debian-bookworm/result.json");
        let two = &result["stages"][1];
        assert_eq!(two["state"], "failed", "{two}");
        assert_eq!(two["command"]["exit-code"], code);
        assert_eq!(two["command"]["text"], "make");
        assert_eq!(two["command"]["place"], "envs.toml:8:20");
        assert_eq!(result["stages"][2]["state"], "not-run");
        if code == 7 {
            same(
                ran.whole(),
                str![[r#"
exit 1
--- stderr
docker-debian-bookworm
== one (1/3)
$ echo one
== one passed in [TIME]
== two (2/3)
$ echo two
$ make
== two failed after [TIME]: exit code 7

failed: docker-debian-bookworm
  stage    two failed after [TIME]: exit code 7
  command  make
  at       envs.toml:8:20
  log      [ROOT]/.runenv/docker-debian-bookworm/log/02-two.log
  look     runenv shell docker-debian-bookworm --failed
  again    runenv run docker-debian-bookworm --redo two

1 failed in [TIME]

"#]],
            );
        }
    }
}

#[test]
fn what_failed_is_kept_as_one_image() {
    let fake = Fake::new();
    let project = project(&fake);
    fake.play("start.fails", "1 1\n");
    project.runenv(RUN).exits(1);
    let failed = |fake: &Fake| fake.images().len();
    assert_eq!(
        failed(&fake),
        3,
        "base, one, and what failed: {:?}",
        fake.images()
    );
    project.runenv(RUN).exits(1);
    assert_eq!(
        failed(&fake),
        3,
        "the new one is in place of the old: {:?}",
        fake.images()
    );
    fake.play_nothing();
    project.runenv(RUN).exits(0);
    assert_eq!(failed(&fake), 4, "gone when it passed: {:?}", fake.images());
    fake.play("run.fails", "1 1\n");
    project
        .runenv("run docker-debian-bookworm -r --no-keep-failed")
        .exits(1);
    assert_eq!(failed(&fake), 4, "{:?}", fake.images());
    nothing_is_left(&fake);
}

#[test]
fn several_environments_share_one_run() {
    let fake = Fake::new().image("debian:trixie");
    fake.play("start.1.fails", "1 1\n");
    let project = project(&fake);
    let ran = project
        .runenv("run docker-debian-{bookworm,trixie}")
        .exits(1);
    same(
        ran.whole(),
        str![[r#"
exit 1
--- stderr
docker-debian-bookworm  one (1/3)
docker-debian-bookworm  one passed in [TIME]
docker-debian-bookworm  two (2/3)
docker-debian-bookworm  two failed after [TIME]: exit code 1
docker-debian-trixie    one (1/3)
docker-debian-trixie    one passed in [TIME]
docker-debian-trixie    two (2/3)
docker-debian-trixie    two passed in [TIME]
docker-debian-trixie    three (3/3)
docker-debian-trixie    three passed in [TIME]
docker-debian-trixie    passed

        environment             one    two           three
passed  docker-debian-trixie    [TIME]  [TIME]         [TIME]
failed  docker-debian-bookworm  [TIME]  failed [TIME]  -

failed: docker-debian-bookworm
  stage    two failed after [TIME]: exit code 1
  command  echo two
  at       envs.toml:8:8
  log      [ROOT]/.runenv/docker-debian-bookworm/log/02-two.log
  look     runenv shell docker-debian-bookworm --failed
  again    runenv run docker-debian-bookworm --redo two

1 passed, 1 failed in [TIME]

"#]],
    );
    nothing_is_left(&fake);
}

/// A client's proxies with their passwords are in no argument, so in no image.
#[test]
fn passwords_of_proxies_stay_out_of_arguments() {
    let fake = Fake::new();
    let config = r#"{"proxies":{"default":{"httpProxy":"http://u:geheim@proxy:3128"}},"auths":{}}"#;
    let project = project(&fake).file("../home/.docker/config.json", config);
    project.runenv(RUN).exits(0);
    let calls = fake.calls();
    assert!(
        calls.iter().all(|call| !call.contains("geheim")),
        "{calls:?}"
    );
    let run = calls
        .iter()
        .find(|c| c.contains(" run ") && !c.contains("echo up"))
        .unwrap();
    assert!(run.starts_with("docker --config "), "{run}");
    assert!(
        fake.scripts()
            .iter()
            .all(|s| s.contains("export http_proxy=http://u:geheim@proxy:3128\n"))
    );
    assert!(
        project
            .runenv("run -n docker-debian-bookworm")
            .exits(0)
            .stdout
            .find("geheim")
            .is_none()
    );
}

#[test]
fn a_volume_where_the_build_writes_is_refused() {
    let fake = Fake::new();
    std::fs::write(fake.folder().join("images/debian-bookworm/volumes"), "/p\n").unwrap();
    let project = project(&fake);
    same(
        project.runenv(RUN).whole(),
        str![[r#"
exit 2
--- stderr
docker-debian-bookworm

error: docker-debian-bookworm
  error: the image `debian:bookworm` keeps `/p` in a volume, and the stage `one` works in `/p`
  help: what is written there would not be kept: set `workdir` to another folder, or `allow-volumes = true`
  again    runenv run docker-debian-bookworm

1 error in [TIME]

"#]],
    );
    let allowed = FILE.replace(
        "[stage.one]",
        "[defaults]\nallow-volumes = true\n[stage.one]",
    );
    project.write("envs.toml", allowed);
    project.runenv(RUN).exits(0);
}
