//! `artifacts`: on this host for real, and of containers what a real engine would not give.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use snapbox::str;
use tar::{Builder, EntryType, Header};

use crate::support::{Fake, Project, Ran, same};

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

/// A disk's trouble is an error, with the failure of the stage told beside it.
#[test]
fn what_cannot_be_written_is_exit_3() {
    let project = local("'exit 7'").file("config.log", vec![0; 3_000_000]);
    let run = project.command("run local");
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$@\"", "sh"]);
    command.arg(run.get_program()).args(run.get_args());
    command.env_clear().current_dir(project.root());
    command.envs(
        run.get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    let ran = project.ran(command.output().unwrap()).exits(3);
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

const FILE: &str = "[project]\nname = \"p\"\n[stage.one]\nrun = [\"echo one\"]\nartifacts = [\"logs/**\", \"logs/x\", \"a.log\"]\n[stage.two]\nrun = [\"echo two\"]\n";
const RUN: &str = "run docker-debian-bookworm";

fn played(fake: &Fake) -> Project {
    Project::new().envs_toml(FILE).engine(fake)
}

fn tar(entries: &[(&str, EntryType, &str)]) -> String {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, target) in entries {
        let mut header = Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o4777);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        let content: &[u8] = if kind.is_file() { b"text" } else { b"" };
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    String::from_utf8(builder.into_inner().unwrap()).unwrap()
}

fn run(fake: &Fake, project: &Project) -> Ran {
    let ran = project.runenv(RUN).exits(0);
    assert_eq!(fake.containers(), Vec::<String>::new());
    ran
}

#[test]
fn one_call_for_each_place_and_none_where_there_are_no_artifacts() {
    let fake = Fake::new();
    let project = played(&fake);
    let ran = run(&fake, &project);
    let calls = fake.calls_of("docker cp");
    let ends: Vec<&str> = calls
        .iter()
        .map(|call| call.split_once(':').unwrap().1)
        .collect();
    assert_eq!(ends, ["/p/a.log -", "/p/logs -"], "{calls:?}");
    assert!(
        calls
            .iter()
            .all(|call| call.starts_with("docker cp -L runenv-"))
    );
    for glob in ["logs/**", "logs/x", "a.log"] {
        let line = format!("== artifacts: nothing matches `{glob}`\n");
        assert!(ran.stderr.contains(&line), "{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    // A stage that is found is not asked, and what there is stays.
    let found = run(&fake, &project).stderr;
    let line = "== artifacts: none are here of `one`, which was found: `--redo one` runs it\n";
    assert!(found.contains(line), "{found}");
    project.write(".runenv/docker-debian-bookworm/artifacts/one/kept", "");
    fake.forget_calls();
    assert!(!run(&fake, &project).stderr.contains("artifacts"));
    assert_eq!(fake.calls_of("docker cp"), Vec::<String>::new());
    assert!(
        project
            .path(".runenv/docker-debian-bookworm/artifacts/one/kept")
            .exists()
    );
}

const HOSTILE: [(&str, EntryType, &str); 9] = [
    ("logs/", EntryType::Directory, ""),
    ("logs/a", EntryType::Regular, ""),
    ("logs/../../x", EntryType::Regular, ""),
    ("/logs/x", EntryType::Regular, ""),
    ("logs/l", EntryType::Symlink, "../../../../.."),
    ("logs/l/x", EntryType::Regular, ""),
    ("logs/in", EntryType::Symlink, "a"),
    ("logs/h", EntryType::Link, "../../envs.toml"),
    ("logs/d", EntryType::Block, ""),
];

#[test]
fn a_hostile_engine_gets_nothing_written_elsewhere() {
    let fake = Fake::new();
    fake.play("cp.1.out", &tar(&[("a.log", EntryType::Regular, "")]));
    fake.play("cp.2.out", &tar(&HOSTILE));
    let project = played(&fake);
    let ran = run(&fake, &project);
    same(
        ran.stderr,
        str![[r#"
docker-debian-bookworm
== one (1/2)
$ echo one
== artifacts: nothing matches `logs/x`
== artifacts: 4 files, 12 bytes in [ROOT]/.runenv/docker-debian-bookworm/artifacts/one
warning: 5 artifacts of `one` left out
help: `logs/logs/../../x`: its path leads out of the folder
help: `logs//logs/x`: its path leads out of the folder
help: `logs/l`: it is a link that leads out of the folder
help: `logs/h`: its path leads out of the folder
help: `logs/d`: it is a device
== one passed in [TIME]
== two (2/2)
$ echo two
== two passed in [TIME]
1 passed in [TIME]

"#]],
    );
    let folder = project.path(".runenv/docker-debian-bookworm/artifacts/one");
    let mode = fs::metadata(folder.join("logs/a"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o755);
    let mut names: Vec<_> = fs::read_dir(folder.join("logs"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["a", "in", "l"]);
    assert!(folder.join("logs/l/x").is_file());
}

/// The engine's trouble with them changes nothing of how the stage ended, and is seen.
#[test]
fn what_the_engine_cannot_give_is_a_warning() {
    for (what, text, said) in [
        (
            "cp.err",
            "Error: no space left on device\n",
            "no space left on device",
        ),
        (
            "cp.out",
            "<html>not today</html>\n",
            "its archive is broken",
        ),
        ("cp.die", "", "signal KILL"),
    ] {
        let fake = Fake::new();
        fake.play(what, text);
        if what == "cp.err" {
            fake.play("cp.code", "1");
        }
        let project = played(&fake);
        let told = run(&fake, &project).stderr;
        let warning =
            "warning: docker could not copy all of `/p/logs` out of the container of `one`: ";
        let line = told.lines().find(|line| line.starts_with(warning));
        assert!(line.is_some_and(|line| line.contains(said)), "{told}");
        assert!(!told.contains("nothing matches"), "{told}");
        let result = project.json(".runenv/docker-debian-bookworm/result.json");
        assert_eq!(
            (&result["state"], &result["stages"][0]["artifacts"]),
            (&"passed".into(), &().into())
        );
    }
}
