//! `artifacts` on this host, for real.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{Project, Ran, same};
use snapbox::str;

/// A stage that runs this, and one with nothing to copy.
fn local(commands: &str) -> Project {
    Project::new().envs_toml(&format!(
        "[stage.one]\nrun = [{commands}]\nartifacts = [\"logs/**\", \"config.log\", \"none/*.log\", \"/etc/passwd\"]\n\
         [stage.two]\nrun = [\"true\"]\nartifacts = [\"two\"]\n"
    ))
}

fn artifacts(project: &Project, path: &str) -> String {
    project.read(&format!(".runenv/local-host/artifacts/{path}"))
}

#[test]
fn on_this_host_they_are_files_of_the_tree() {
    let project = local(
        "'mkdir -p logs/b; echo x >logs/b/c; echo y >config.log; ln -s b/c logs/l; ln -s / logs/out'",
    );
    let ran = project.runenv("run local").exits(0);
    same(
        ran.stderr,
        str![[r#"
local-host
== one (1/2)
$ mkdir -p logs/b; echo x >logs/b/c; echo y >config.log; ln -s b/c logs/l; ln -s / logs/out
== artifacts: on this host only files of the tree are copied: not `/etc/passwd`
== artifacts: nothing matches `none/*.log`
== artifacts: 3 files, 4 bytes in [ROOT]/.runenv/local-host/artifacts/one
warning: 1 artifact of `one` left out
help: `logs/out`: it is a link that leads out of the folder
== one passed in [TIME]
== two (2/2)
$ true
== artifacts: nothing matches `two`
== two passed in [TIME]
1 passed in [TIME]

"#]],
    );
    assert_eq!(
        artifacts(&project, "one/logs/b/c") + &artifacts(&project, "one/logs/l"),
        "x\nx\n"
    );
    assert_eq!(artifacts(&project, "one/config.log"), "y\n");
    let result = project.json(".runenv/local-host/result.json");
    let one = &result["stages"][0]["artifacts"];
    assert_eq!(
        (&one["files"], &one["bytes"]),
        (&3.into(), &4.into()),
        "{result}"
    );
    assert!(result["stages"][1]["artifacts"].is_null(), "{result}");
    same(
        project.runenv("artifacts local").exits(0).stdout,
        str![[r#"
[ROOT]/.runenv/local-host/artifacts/one/config.log
[ROOT]/.runenv/local-host/artifacts/one/logs/b/c
[ROOT]/.runenv/local-host/artifacts/one/logs/l

"#]],
    );
}

#[test]
fn a_failure_and_a_time_out_leave_them_too() {
    for (end, words, code) in [
        ("exit 3", "run local", 1),
        ("sleep 60", "run local --timeout 1s", 1),
    ] {
        let project = local(&format!("'mkdir logs; echo why >logs/a; {end}'"));
        let ran = project.runenv(words).exits(code);
        assert_eq!(artifacts(&project, "one/logs/a"), "why\n");
        let line = "  files    [ROOT]/.runenv/local-host/artifacts/one\n";
        assert!(ran.stderr.contains(line), "{}", ran.stderr);
    }
}

/// Those of an earlier run do not stand beside the new ones, nor do those of a stage that is no more.
#[test]
fn each_run_has_its_own() {
    let project = local("'mkdir -p logs; date +%N >logs/$$'");
    for _ in 0..2 {
        project.runenv("run local").exits(0);
        let folder = project.path(".runenv/local-host/artifacts/one/logs");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 1);
        fs::remove_dir_all(project.path("logs")).unwrap();
    }
    project.write(".runenv/local-host/artifacts/.one.999999999.new/x", "");
    let folder = project.path(".runenv/local-host/artifacts");
    project
        .runenv("run local --set stage.one.artifacts=none")
        .exits(0);
    assert_eq!(fs::read_dir(folder).unwrap().count(), 0);
    let told = project.runenv("artifacts local").exits(2).stderr;
    assert!(
        told.starts_with("error: no artifacts of `local-host`\n"),
        "{told}"
    );
}

/// A link there may lead anywhere: neither what it leads to nor the link is touched.
#[test]
fn a_link_in_place_of_the_folder_is_refused() {
    let before = local("'touch ran'");
    before.write(".runenv/local-host/log/x", "");
    before.write("elsewhere/x", "");
    symlink(
        "../../elsewhere",
        before.path(".runenv/local-host/artifacts"),
    )
    .unwrap();
    let told = before.runenv("run local").exits(3).stderr;
    assert!(
        told.contains("/.runenv/local-host/artifacts` is not a folder"),
        "{told}"
    );
    assert!(!before.path("ran").exists());
    let meanwhile = local(
        "'echo x >config.log; mkdir elsewhere; ln -s ../../elsewhere .runenv/local-host/artifacts'",
    );
    let ran = meanwhile.runenv("run local").exits(3);
    same(
        ran.whole(),
        str![[r#"
exit 3
--- stderr
local-host
== one (1/2)
$ echo x >config.log; mkdir elsewhere; ln -s ../../elsewhere .runenv/local-host/artifacts
== one passed in [TIME]

error: local-host
  error: `[ROOT]/.runenv/local-host/artifacts` is not a folder
  help: runenv copies artifacts there: move it away
  again    runenv run local-host

1 error in [TIME]

"#]],
    );
    for project in [before, meanwhile] {
        let left = fs::read_dir(project.path("elsewhere")).unwrap();
        assert!(left.flatten().all(|entry| entry.file_name() == "x"));
    }
}

/// Runs `run local` in the process of a shell that has done this before.
fn after(project: &Project, script: &str) -> Ran {
    let run = project.command("run local");
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", &format!("{script}; exec \"$@\""), "sh"]);
    command.arg(run.get_program()).args(run.get_args());
    command.env_clear().current_dir(project.root());
    command.envs(
        run.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    project.ran(command.output().unwrap())
}

/// In containers every run may have the same number.
#[test]
fn what_a_dead_run_of_our_own_number_left_is_removed() {
    let project = local("'echo y >config.log'").file(".runenv/local-host/artifacts/x", "");
    let left =
        "cd .runenv/local-host/artifacts; mkdir -p .one.$$.new/old .one.$$.old/old; cd ../../..";
    after(&project, left).exits(0);
    assert_eq!(artifacts(&project, "one/config.log"), "y\n");
    for (folder, has) in [("", "one"), ("one", "config.log")] {
        let path = project.path(".runenv/local-host/artifacts").join(folder);
        let names = fs::read_dir(path).unwrap().flatten();
        let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
        assert_eq!(names, [has]);
    }
}

/// A disk's trouble is an error, with the failure of the stage told beside it.
#[test]
fn what_cannot_be_written_is_exit_3() {
    let project = local("'exit 7'").file("config.log", vec![0; 3_000_000]);
    let ran = after(&project, "trap '' XFSZ; ulimit -f 1000").exits(3);
    same(
        ran.stderr,
        str![[r#"
local-host
== one (1/2)
$ exit 7
== one failed after [TIME]: exit code 7

error: local-host
  stage    one failed after [TIME]: exit code 7
  command  exit 7
  at       envs.toml:2:8
  log      [ROOT]/.runenv/local-host/log/01-one.log
  again    runenv run local-host --redo one
  error: cannot write `[ROOT]/.runenv/local-host/artifacts/one/config.log`: File too large (os error 27)
  help: look at the path and its disk

1 error in [TIME]

"#]],
    );
    let left = fs::read_dir(project.path(".runenv/local-host/artifacts")).unwrap();
    assert_eq!(left.count(), 0);
}
