//! `runenv shell`: where it opens, and what it says when it cannot.

use std::process::Stdio;

use snapbox::str;

use crate::support::{Fake, Project, golden, same};

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
    let refused = |words: &str, name: &str| {
        let ran = project.runenv(format!("shell docker-debian-bookworm {words}").as_str());
        golden(ran.exits(2).whole(), &format!("shell/{name}"));
    };
    refused("", "never-run");
    project
        .runenv("run docker-debian-bookworm --to built")
        .exits(0);
    refused("--failed", "not-failed");
    refused("--stage tested", "no-image");
    refused("--stage tset", "no-stage");
    refused("--engine podman", "other-engine");
    refused("--failed --stage built", "both");
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
    assert!(runs.len() == 1 && runs[0].contains(" --rm "), "{runs:?}");
    // Values are in no argument.
    let words = " -e RUNENV_SHELL_0 ";
    let script = " -c export Y=\"$RUNENV_SHELL_0\"; unset RUNENV_SHELL_0; ";
    assert!(
        runs[0].contains(words) && runs[0].contains(script),
        "{runs:?}"
    );
    assert!(!runs[0].contains("Y=y"), "{runs:?}");
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
