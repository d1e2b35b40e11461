//! Files on disk: what a run writes, where it refuses to, and files of the user's that are not what they seem.

use snapbox::{file, str};

use crate::fake_engine::FILE;
use crate::support::{Fake, Project, same};

const LOCAL: &str = "[env.a]\nrunner = \"local\"\ncommands = [\"echo ran >>ran\"]\n";

#[test]
fn the_folder_has_what_the_design_says() {
    let fake = Fake::new();
    let project = Project::new()
        .envs_toml(FILE)
        .file("src/a.c", "")
        .engine(&fake);
    project.runenv("run docker-debian-bookworm").exits(0);
    let mut files = Vec::new();
    let mut open = vec![project.path(".runenv")];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                files.push(
                    path.strip_prefix(project.root())
                        .unwrap()
                        .display()
                        .to_string(),
                );
            }
        }
    }
    // Digests of files are noted once the files are old enough: perhaps not yet.
    files.retain(|file| file != ".runenv/files.cache");
    files.sort();
    same(
        files.join("\n") + "\n",
        str![[r#"
.runenv/.gitignore
.runenv/CACHEDIR.TAG
.runenv/docker-debian-bookworm/images.json
.runenv/docker-debian-bookworm/keys.json
.runenv/docker-debian-bookworm/log/01-one.log
.runenv/docker-debian-bookworm/log/02-two.log
.runenv/docker-debian-bookworm/log/03-three.log
.runenv/docker-debian-bookworm/plan.json
.runenv/docker-debian-bookworm/result.json
.runenv/docker-root
.runenv/history.jsonl

"#]],
    );
    assert_eq!(project.read(".runenv/.gitignore"), "*\n");
}

#[test]
fn plan_json_says_what_runs() {
    let fake = Fake::new();
    let project = Project::new()
        .envs_toml(FILE)
        .file("src/a.c", "")
        .engine(&fake);
    project.runenv("run docker-debian-bookworm").exits(0);
    let text = project.read(".runenv/docker-debian-bookworm/plan.json");
    let digests = regex::Regex::new("[0-9a-f]{64}").unwrap();
    same(
        digests.replace_all(&text, "[DIGEST]"),
        file!["../golden/plan.json": Text],
    );
}

/// No key is made for what is not kept.
#[test]
fn a_local_run_has_a_plan_too() {
    let project = Project::new().envs_toml("[stage.one]\nrun = [\"true\"]\n[stage.two]\n");
    project.runenv("run local").exits(0);
    let plan = project.json(".runenv/local-host/plan.json");
    assert_eq!(plan["runner"], "local");
    assert_eq!(plan["stages"][0]["commands"][0]["text"], "true");
    assert_eq!(plan["stages"][1]["name"], "two");
    assert_eq!(plan["stages"][1]["parent"], "one");
    assert_eq!(plan["stages"][0]["key-parts"], serde_json::json!({}));
}

#[test]
fn result_json_says_how_it_ended() {
    let fake = Fake::new();
    fake.play("start.output", "checking\nbroken\n");
    fake.play("start.fails", "2 3\n");
    let project = Project::new()
        .envs_toml(FILE)
        .file("src/a.c", "")
        .engine(&fake);
    project.runenv("run docker-debian-bookworm").exits(1);
    let text = project.read(".runenv/docker-debian-bookworm/result.json");
    let text = text.replace(&project.root().display().to_string(), "[ROOT]");
    let differs = [
        (r"sha256:\d+", "sha256:[ID]"),
        ("[0-9a-f]{64}", "[DIGEST]"),
        (r#""seconds": [0-9.e-]+"#, "\"seconds\": [TIME]"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "[NOW]"),
    ];
    let text = differs.iter().fold(text, |text, (differs, is)| {
        regex::Regex::new(differs)
            .unwrap()
            .replace_all(&text, *is)
            .into_owned()
    });
    same(text, file!["../golden/result.json": Text]);
}

/// A link there may lead anywhere; nothing is written through it.
#[test]
fn a_link_in_place_of_the_folder_is_refused() {
    let project = Project::new()
        .envs_toml(LOCAL)
        .file("elsewhere/x", "")
        .link(".runenv", "elsewhere");
    same(
        project.runenv("run a").whole(),
        str![[r#"
exit 3
--- stderr
error: `[ROOT]/.runenv` is not a folder
help: runenv keeps logs and results there: move it away

"#]],
    );
    assert!(!project.path("ran").exists());
    assert_eq!(
        std::fs::read_dir(project.path("elsewhere"))
            .unwrap()
            .count(),
        1
    );
    let dangling = Project::new().envs_toml(LOCAL).link(".runenv", "nowhere");
    dangling.runenv("run a").exits(3);
    assert!(!dangling.path("nowhere").exists());
    let file = Project::new().envs_toml(LOCAL).file(".runenv", "mine");
    file.runenv("run a").exits(3);
    assert_eq!(file.read(".runenv"), "mine");
}

#[test]
fn a_link_in_place_of_an_environments_folder_is_refused() {
    let project = Project::new()
        .envs_toml(LOCAL)
        .file("elsewhere/x", "")
        .file(".runenv/x", "");
    let project = project.link(".runenv/a", "../elsewhere");
    let ran = project.runenv("run a").exits(3);
    assert_eq!(
        std::fs::read_dir(project.path("elsewhere"))
            .unwrap()
            .count(),
        1,
        "{}",
        ran.stderr
    );
    assert!(!project.path("ran").exists());
}

/// Nothing is run where nothing can be kept; what is pure works anyway.
#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let project = Project::new().envs_toml(LOCAL);
    same(
        project.runenv("--root /proc run a").whole(),
        str![[r#"
exit 3
--- stderr
error: cannot make the folder `/proc/.runenv`: No such file or directory (os error 2)
help: the path does not exist

"#]],
    );
    project.runenv("--root /proc list").exits(0);
    project.runenv("--root /proc show a").exits(0);
    project.runenv("--root /proc run -n a").exits(0);
}

#[test]
fn a_result_that_cannot_be_written_is_told() {
    let project = Project::new()
        .envs_toml(LOCAL)
        .file(".runenv/a/result.json/x", "");
    let ran = project.runenv("run a");
    same(
        ran.whole(),
        str![[r#"
exit 3
--- stderr
a
== commands (1/1)
$ echo ran >>ran
== commands passed in [TIME]

error: a
  error: cannot write `[ROOT]/.runenv/a/result.json`: Is a directory (os error 21)
  help: look at the path and its disk
  again    runenv run a

1 error in [TIME]

"#]],
    );
}

#[test]
fn what_is_no_file_is_not_read() {
    let project = Project::new();
    let made = std::process::Command::new("mkfifo")
        .arg(project.path("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    same(
        project.runenv("-c pipe list").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: `[ROOT]/pipe` is not a regular file
help: give the path of a file

"#]],
    );
    same(
        project.runenv("-c /dev/zero list").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: `/dev/zero` is not a regular file
help: give the path of a file

"#]],
    );
    std::fs::create_dir(project.path("envs.toml")).unwrap();
    same(
        project.runenv("list").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: `[ROOT]/envs.toml` is not a regular file
help: give the path of a file

"#]],
    );
}

#[test]
fn what_is_no_text_is_told_with_its_line() {
    let project = Project::new().file("envs.toml", b"[vars]\na = \"\xff\"\n");
    same(
        project.runenv("list").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: `[ROOT]/envs.toml` is not UTF-8 text (line 2)
help: save the file as UTF-8

"#]],
    );
    let large = Project::new().file("envs.toml", "#".repeat(5_000_000));
    same(
        large.runenv("list").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: `[ROOT]/envs.toml` is larger than 4 MB
help: is it the right file?

"#]],
    );
    let bom = Project::new().file("envs.toml", "\u{feff}[stage.built]\r\nrun = \"true\"\r\n");
    bom.runenv("show docker-debian-bookworm").exits(0);
    let empty = Project::new().file("envs.toml", "");
    same(
        empty.runenv("run docker-debian-bookworm").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: `docker-debian-bookworm` has no stages
--> envs.toml
 |
help: declare at least one: `[stage.built] run = ["make"]`

"#]],
    );
}

#[test]
fn there_is_no_file() {
    let ran = Project::new().runenv("list").exits(2);
    same(
        ran.whole(),
        str![[r#"
exit 2
--- stderr
error: no `envs.toml` in `[ROOT]` or a folder above it
help: name one with `-c FILE`, or write one: the README shows the smallest

"#]],
    );
}

/// No HOME, no TMPDIR, no PATH, a folder that is gone.
#[test]
fn a_bare_world_is_enough() {
    let project = Project::new()
        .envs_toml("[env.a]\nrunner = \"local\"\ncommands = [[\"/bin/sh\", \"-c\", \"echo x\"]]\n");
    let mut bare = project.command("run a");
    bare.env_clear();
    project.ran(bare.output().unwrap()).exits(0);
    let gone = project.path("gone");
    std::fs::create_dir(&gone).unwrap();
    let mut command = std::process::Command::new("sh");
    command
        .env_clear()
        .env("PATH", "/bin:/usr/bin")
        .current_dir(&gone);
    command
        .args(["-c", "rmdir ../gone; exec \"$0\" list"])
        .arg(assert_cmd::cargo::cargo_bin!("runenv"));
    let ran = project.ran(command.output().unwrap()).exits(2);
    same(
        ran.whole(),
        str![[r#"
exit 2
--- stderr
error: the working directory is gone
help: go to a folder that exists

"#]],
    );
}

#[test]
fn a_path_that_is_no_text_works() {
    use std::os::unix::ffi::OsStrExt;
    let project = Project::new();
    let odd = project
        .root()
        .join(std::ffi::OsStr::from_bytes(b"odd \xff\n'x"));
    std::fs::create_dir(&odd).unwrap();
    std::fs::write(odd.join("envs.toml"), LOCAL).unwrap();
    let mut command = project.command("run a");
    command.current_dir(&odd);
    project.ran(command.output().unwrap()).exits(0);
    assert!(odd.join("ran").exists());
}
