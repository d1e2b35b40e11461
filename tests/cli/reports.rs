//! `--result-json`, `--junit`, `--events`: what a run leaves for programs.

use serde_json::Value;
use snapbox::{file, str};

use crate::support::{Project, same};

/// A passing environment, one that fails, and one that may.
const FILE: &str = r#"
[project]
env-list = ["fine", "ill", "odd"]
[env.fine]
runner = "local"
commands = ["echo hello"]
[env.ill]
runner = "local"
commands = ["echo '<b> & \"token0000\"'; exit 3"]
secrets = ["TOKEN"]
[env.odd]
runner = "local"
host-os = ["openbsd"]
commands = ["true"]
"#;

fn project() -> Project {
    Project::new().envs_toml(FILE).var("TOKEN", "token0000")
}

/// A text without what differs from run to run.
fn steady(project: &Project, text: &str) -> String {
    let text = text.replace(&project.root().display().to_string(), "[ROOT]");
    let differs = [
        (r#""seconds": ?[0-9.e-]+"#, "\"seconds\":[TIME]"),
        (r#"time="[0-9.]+""#, "time=\"[TIME]\""),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ?", "[NOW]"),
    ];
    differs.iter().fold(text, |text, (differs, is)| {
        let differs = regex::Regex::new(differs).unwrap();
        differs.replace_all(&text, *is).into_owned()
    })
}

#[test]
fn a_run_leaves_its_result_in_every_form() {
    let project = project();
    project
        .runenv("run --result-json out/run.json --junit out/junit.xml --events out/events")
        .exits(1);
    let run = project.read("out/run.json");
    let (junit, events) = (project.read("out/junit.xml"), project.read("out/events"));
    same(
        steady(&project, &run),
        file!["../golden/reports/run.json": Text],
    );
    same(
        steady(&project, &junit),
        file!["../golden/reports/junit.xml": Text],
    );
    same(
        steady(&project, &events),
        file!["../golden/reports/events.jsonl": Text],
    );
    for text in [&run, &junit, &events] {
        assert!(!text.contains("token0000"), "{text}");
    }
    let one = project.json(".runenv/ill/result.json");
    assert_eq!(project.json("out/run.json")["envs"][1], one);
}

#[test]
fn events_are_written_as_they_happen_to_standard_output() {
    let ran = project().runenv("run -q fine --events -").exits(0);
    let lines = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let names = lines.map(|line: Value| line["event"].as_str().unwrap().to_owned());
    let names: Vec<String> = names.collect();
    same(
        names.join("\n") + "\n",
        str![[r#"
run-started
env-started
stage-started
command-started
output
stage-ended
env-ended
run-ended

"#]],
    );
}

#[test]
fn where_nothing_can_be_written_nothing_is_run() {
    let project = project().file("file", "").file("folder/x", "");
    let mut told = String::new();
    for words in ["--junit file/x", "--result-json folder", "--events /proc/x"] {
        let ran = project.runenv(format!("run fine {words}").as_str());
        told += &format!("$ {words}\n{}", ran.whole());
    }
    assert!(!project.path(".runenv").exists());
    same(
        told,
        str![[r#"
$ --junit file/x
exit 2
--- stderr
error: cannot make the folder `[ROOT]/file`: File exists (os error 17)
help: look at the path and its disk
$ --result-json folder
exit 2
--- stderr
error: `[ROOT]/folder` is a folder
help: give the path of a file
$ --events /proc/x
exit 2
--- stderr
error: cannot write `/proc/x`: No such file or directory (os error 2)
help: the path does not exist

"#]],
    );
}

/// Of an older run nothing is left that could be taken for this one's.
#[test]
fn a_result_that_is_lost_is_told_and_is_no_success() {
    let project = project().file("run.json", "old");
    let told = project.runenv("run -q fine --result-json run.json --junit /dev/full");
    same(
        told.whole(),
        str![[r#"
exit 3
--- stderr
1 passed in [TIME]
error: cannot write `/dev/full`: No space left on device (os error 28)
help: make room on that disk; `runenv clean` frees images

"#]],
    );
    assert_eq!(project.json("run.json")["exit-code"], 0);
    project
        .runenv("run -n fine --result-json run.json")
        .exits(0);
    assert_eq!(project.json("run.json")["exit-code"], 0);
}
