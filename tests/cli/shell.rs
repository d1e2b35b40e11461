//! `runenv shell`: where it opens, and what it says when it cannot.

use std::process::Stdio;

use snapbox::str;

use crate::support::{Fake, Project, same};

const FILE: &str = r#"
[env.a]
runner = "local"
env = { X = "it's" }
commands = ["true"]
[stage.built]
env = { Y = "y" }
run = ["true"]
[stage.tested]
run = ["true"]
"#;

#[test]
fn a_local_shell_is_in_the_tree_with_the_variables() {
    let project = Project::new().envs_toml(FILE);
    let mut command = project.command("shell a");
    command.stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let typed = b"pwd; echo \"$X\" ${SECRET-unset}; exit 5\n";
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), typed).unwrap();
    let ran = project.ran(child.wait_with_output().unwrap()).exits(5);
    same(
        ran.whole(),
        str![[r#"
exit 5
--- stderr
shell of a in the source tree; leave it with `exit`
--- stdout
[ROOT]
it's unset

"#]],
    );
}

#[test]
fn it_needs_a_run_a_stage_and_an_image() {
    let fake = Fake::new();
    let project = Project::new().envs_toml(FILE).engine(&fake);
    same(
        project
            .runenv("shell docker-debian-bookworm")
            .exits(2)
            .whole(),
        str![[r#"
exit 2
--- stderr
error: `docker-debian-bookworm` has not been run on docker
help: run it first: `runenv run docker-debian-bookworm`

"#]],
    );
    project
        .runenv("run docker-debian-bookworm --to built")
        .exits(0);
    same(
        project
            .runenv("shell docker-debian-bookworm --failed")
            .exits(2)
            .whole(),
        str![[r#"
exit 2
--- stderr
error: no failed image of `docker-debian-bookworm` is kept
help: its last run did not fail in a stage, or ran with `--no-keep-failed`

"#]],
    );
    same(
        project
            .runenv("shell docker-debian-bookworm --stage tested")
            .exits(2)
            .whole(),
        str![[r#"
exit 2
--- stderr
error: the stage `tested` of `docker-debian-bookworm` has no image
help: run it first: `runenv run docker-debian-bookworm`

"#]],
    );
    same(
        project
            .runenv("shell docker-debian-bookworm --stage tset")
            .exits(2)
            .whole(),
        str![[r#"
exit 2
--- stderr
error: `docker-debian-bookworm` has no stage `tset`
help: stages: built, tested

"#]],
    );
    same(
        project
            .runenv("shell --engine podman docker-debian-bookworm")
            .exits(2)
            .whole(),
        str![[r#"
exit 2
--- stderr
error: `docker-debian-bookworm` has not been run on podman
help: run it first: `runenv run docker-debian-bookworm`

"#]],
    );
    same(
        project
            .runenv("shell docker-debian-bookworm --failed --stage built")
            .exits(2)
            .whole(),
        str![[r#"
exit 2
--- stderr
error: the argument '--failed' cannot be used with '--stage <STAGE>'

Usage: runenv shell --failed <ENV>

For more information, try '--help'.

"#]],
    );
}

#[test]
fn it_opens_where_the_last_run_failed() {
    let fake = Fake::new();
    fake.play("run.2.fails", "1 7\n");
    let project = Project::new().envs_toml(FILE).engine(&fake);
    project.runenv("run docker-debian-bookworm").exits(1);
    fake.forget_calls();
    fake.play("run.out", "in the shell\n");
    let ran = project.runenv("shell docker-debian-bookworm --failed");
    let ran = ran.exits(0);
    assert_eq!(ran.stdout, "in the shell\n");
    assert!(
        ran.stderr.contains("what `built` left when it failed"),
        "{}",
        ran.stderr
    );
    let runs = fake.calls_of("docker run");
    assert!(
        runs.len() == 1 && runs[0].contains(" -e Y=y ") && runs[0].contains(" --rm "),
        "{runs:?}"
    );
    fake.play("image-inspect.out", "[]\n");
    same(
        project
            .runenv("shell docker-debian-bookworm --failed")
            .exits(3)
            .whole(),
        str![[r#"
exit 3
--- stderr
error: the image of the stage `built` is gone
help: make it again: `runenv run docker-debian-bookworm --to built`

"#]],
    );
}
