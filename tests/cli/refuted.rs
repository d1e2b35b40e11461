//! A stage that fails when it is run anew: the images that were there of its key are not taken any more.

use snapbox::str;

use crate::support::{Fake, Project, same};

const FILE: &str = r#"
[project]
name = "p"
[stage.one]
run = ["echo one"]
[stage.two]
run = ["echo two"]
[stage.three]
run = ["echo three"]
"#;

const ENV: &str = "docker-debian-bookworm";

/// All stages have passed; from now on each that is run fails.
fn failing(fake: &Fake, toml: &str, env: &str) -> Project {
    let project = Project::new().envs_toml(toml).file("src", "");
    let project = project.engine(fake);
    project.runenv(format!("run {env}").as_str()).exits(0);
    fake.play("run.fails", "1 1");
    fake.play("start.fails", "1 1");
    project
}

fn run(project: &Project, words: &str, code: i32) -> String {
    project.runenv(words).exits(code).stderr
}

#[test]
fn what_failed_anew_is_run_again_until_it_passes() {
    let fake = Fake::new();
    let project = failing(&fake, FILE, ENV);
    run(&project, &format!("run {ENV} --redo two"), 1);
    fake.play_nothing();
    let explained = project.runenv(format!("explain {ENV}").as_str()).exits(0);
    let stale = project
        .runenv(format!("list --stale {ENV}").as_str())
        .exits(0);
    let all = [
        explained.stdout,
        stale.stdout,
        run(&project, "run --failed", 0),
        run(&project, &format!("run {ENV}"), 0),
    ];
    same(
        all.join("\n"),
        str![[r#"
docker-debian-bookworm (docker, debian:bookworm eeb81b2675cc60ce)
  one    found    989bf40198f05225  p-debian-bookworm-one:key-989bf40198f05225
  two    runs     1020c28e38f52906  its image was refuted: the stage failed when it was run anew
  three  runs     a9b8065db49d702e  its image stands on one that was refuted

docker-debian-bookworm

docker-debian-bookworm
  one    cached
== two runs: its image was refuted: the stage failed when it was run anew
== two (2/3)
$ echo two
== two passed in [TIME]
== three runs: its image stands on one that was refuted
== three (3/3)
$ echo three
== three passed in [TIME]
1 passed in [TIME]

docker-debian-bookworm
  one    cached
  two    cached
  three  cached
1 passed in [TIME], all stages cached

"#]],
    );
}

/// Also by those that were not asked for then, and on each engine.
#[test]
fn what_stands_on_it_is_not_taken_either() {
    for engine in ["docker", "podman"] {
        let fake = Fake::new();
        let env = format!("{engine}-debian-bookworm");
        let project = failing(&fake, FILE, &env);
        run(&project, &format!("run {env} -r --to two"), 1);
        run(&project, &format!("run {env}"), 1);
        fake.play_nothing();
        // The first failed, and the others stand on it.
        let text = run(&project, &format!("run {env}"), 0);
        let passed = text.lines().filter(|line| line.contains(" passed in "));
        assert_eq!(passed.count(), 4, "{text}");
    }
}

#[test]
fn an_increment_that_a_clean_run_refutes_is_not_started_from() {
    let fake = Fake::new();
    let toml = "[project]\nname = \"p\"\n[stage.built]\ncopy = [\"src\"]\nincremental = true\nrun = [\"make\"]\n";
    let project = failing(&fake, toml, ENV);
    fake.play_nothing();
    project.write("src", "new");
    run(&project, &format!("run {ENV}"), 0);
    fake.play("start.fails", "1 1");
    run(&project, &format!("run {ENV} --clean"), 1);
    fake.play_nothing();
    let explained = project.runenv(format!("explain {ENV}").as_str());
    let mut all = explained.exits(0).stdout;
    // Nor by what comes after it.
    project.write("src", "newer");
    all += &run(&project, &format!("run {ENV}"), 0);
    project.write("src", "newest");
    all += &run(&project, &format!("run {ENV}"), 0);
    same(
        all,
        str![[r#"
docker-debian-bookworm (docker, debian:bookworm eeb81b2675cc60ce)
  built  runs     91ce42928e3c07ff  its image was refuted: the stage failed when it was run anew
docker-debian-bookworm
== built runs: src changed
== built (1/1)
$ make
== built passed in [TIME]
1 passed in [TIME]
docker-debian-bookworm
== built runs: src changed
== built (1/1)
== from its image of key-b608e9dffeb3e431: 1 file sent, 0 taken away
$ make
== built passed in [TIME] (incremental)
1 passed in [TIME]

"#]],
    );
}
