//! `runenv report`: results of many jobs as one.

use std::fs;

use snapbox::str;

use crate::support::{Project, same};

/// A result of an environment, as a job leaves it.
fn result(name: &str, started: &str, state: &str, stages: &[&str]) -> String {
    let config = name.rsplit('-').next().unwrap();
    let stages: Vec<String> = stages
        .iter()
        .map(|stage| {
            let words: Vec<&str> = stage.split(' ').collect();
            let cached = words[1] == "cached";
            let word = if cached { "passed" } else { words[1] };
            let tail = if word == "failed" {
                r#", "tail": ["checking", "</script><script>alert(1)</script>"],
                "command": {"text": "make check", "place": "envs.toml:4:8", "exit-code": 2, "signal": null}"#
            } else {
                ""
            };
            format!(
                r#"{{"name": "{}", "state": "{word}", "cached": {cached}, "seconds": {}, "key": "k-{}",
                "log": "/machine/.runenv/{name}/log/01-{}.log"{tail}}}"#,
                words[0], words[2], words[0], words[0]
            )
        })
        .collect();
    format!(
        r#"{{"name": "{name}", "runner": "docker", "system": "s", "config": "{config}", "state": "{state}", "seconds": 1.5,
        "stages": [{}], "started": "2026-01-01T{started}Z", "runenv": "0.1.0"}}"#,
        stages.join(",\n")
    )
}

/// What the jobs of a matrix of two systems and two configurations left: first `built`, then `tested`.
fn jobs() -> Project {
    let first = |name: &str| result(name, "10:00:00", "passed", &["built passed 60"]);
    let both = ["built cached 0", "tested passed 5"];
    let ill = ["built cached 0", "tested failed 7"];
    let second = |name: &str, stages: &[&str]| {
        let state = if stages[1].contains("failed") {
            "failed"
        } else {
            "passed"
        };
        result(name, "11:00:00", state, stages)
    };
    let mut project = Project::new();
    for (name, stages) in [
        ("docker-debian-12-minimal", &ill),
        ("docker-debian-12-standard", &both),
        ("docker-fedora-42-minimal", &both),
        ("docker-fedora-42-standard", &both),
    ] {
        project = project
            .file(
                &format!("jobs/built {name}/.runenv/{name}/result.json"),
                first(name),
            )
            .file(
                &format!("jobs/tested {name}/.runenv/{name}/result.json"),
                second(name, stages),
            );
    }
    project.file(
        "jobs/tested docker-debian-12-minimal/.runenv/docker-debian-12-minimal/log/01-tested.log",
        "all of it\n",
    )
}

#[test]
fn many_jobs_are_one_table() {
    let project = jobs();
    let ran = project.runenv("report jobs --junit out/junit.xml");
    same(
        ran.whole(),
        str![[r#"
exit 1
--- stdout
                  minimal        standard
docker-fedora-42  passed 1m05s   passed 1m05s
docker-debian-12  failed tested  passed 1m05s

failed: docker-debian-12-minimal
  stage    tested failed after [TIME]: exit code 2
  command  make check
  at       envs.toml:4:8
  last lines
    | checking
    | </script><script>alert(1)</script>
  log      [ROOT]/jobs/tested docker-debian-12-minimal/.runenv/docker-debian-12-minimal/log/01-tested.log
  again    runenv run docker-debian-12-minimal --redo tested

3 passed, 1 failed; 4m22s altogether

"#]],
    );
    let xml = project.read("out/junit.xml");
    assert!(
        xml.contains(r#"tests="8" skipped="0" failures="1" errors="0""#),
        "{xml}"
    );
}

/// What `--json` prints is a result that is read again.
#[test]
fn merged_results_merge_to_themselves() {
    let project = jobs();
    let once = project.runenv("report jobs --json").exits(1).stdout;
    project.write("all.json", &once);
    let twice = project.runenv("report all.json --json").exits(1).stdout;
    assert_eq!(once, twice);
    let again = project
        .runenv("report jobs all.json jobs --json")
        .exits(1)
        .stdout;
    assert_eq!(once, again);
}

/// A run before it in which another failed, and a stage was quicker.
#[test]
fn a_run_is_compared_with_the_one_before() {
    let project = jobs();
    let now = project.runenv("report jobs --json").exits(1).stdout;
    let mut old: serde_json::Value = serde_json::from_str(&now).unwrap();
    for env in old["envs"].as_array_mut().unwrap() {
        let ill = env["name"] == "docker-fedora-42-minimal";
        let state = if ill { "failed" } else { "passed" };
        env["state"] = state.into();
        env["stages"][1]["state"] = state.into();
        env["stages"][0]["seconds"] = 40.0.into();
    }
    project.write("old.json", old.to_string());
    let words = "report jobs --baseline old.json --html out/report.html";
    same(
        project.runenv(words).whole(),
        str![[r#"
exit 1
--- stdout
                  minimal        standard
docker-fedora-42  passed 1m05s   passed 1m05s
docker-debian-12  failed tested  passed 1m05s

failed: docker-debian-12-minimal
  stage    tested failed after [TIME]: exit code 2
  command  make check
  at       envs.toml:4:8
  last lines
    | checking
    | </script><script>alert(1)</script>
  log      [ROOT]/jobs/tested docker-debian-12-minimal/.runenv/docker-debian-12-minimal/log/01-tested.log
  again    runenv run docker-debian-12-minimal --redo tested

newly failed: docker-debian-12-minimal
fixed: docker-fedora-42-minimal
slower: docker-debian-12-minimal built 1m00s (was [TIME])
slower: docker-debian-12-standard built 1m00s (was [TIME])
slower: docker-fedora-42-minimal built 1m00s (was [TIME])
slower: docker-fedora-42-standard built 1m00s (was [TIME])

3 passed, 1 failed; 4m22s altogether

"#]],
    );
    let page = project.read("out/report.html");
    assert!(page.contains("\"change\":\"newly failed\""), "{page}");
    assert!(!page.contains("<script>alert"));
}

/// A run of a part is compared with what is known of that part, and forgets nothing of the rest.
#[test]
fn what_the_next_run_is_compared_with_is_kept() {
    let project = jobs();
    let keep = "--baseline known.json --save-baseline known.json";
    let first = project.runenv("report jobs --save-baseline known.json");
    first.exits(1);
    let name = "docker-debian-12-minimal";
    let well = ["built cached 0", "tested passed 7"];
    project.write(
        "part/result.json",
        result(name, "12:00:00", "passed", &well),
    );
    let part = project.runenv(format!("report part {keep}").as_str());
    let changes = "fixed: docker-debian-12-minimal\nnot in this run: docker-debian-12-standard, docker-fedora-42-minimal, docker-fedora-42-standard\n";
    let part = part.exits(0).stdout;
    assert!(part.contains(changes), "{part}");
    let known = project.runenv("report known.json").exits(0).stdout;
    assert!(known.ends_with("4 passed; 3m16s altogether\n"), "{known}");
    // What is no file of results is not replaced by less than was known.
    project.write("known.json", "{");
    let broken = project.runenv(format!("report part {keep}").as_str());
    broken.exits(2);
    assert_eq!(project.read("known.json"), "{");
}

#[test]
fn without_paths_it_is_of_this_project() {
    let file = "[env.a]\nrunner = \"local\"\ncommands = [\"true\"]\n";
    let project = Project::new().envs_toml(file);
    let before = project.runenv("report").exits(2).whole();
    project.runenv("run a").exits(0);
    let after = project.runenv("report").exits(0).whole();
    same(
        before + &after,
        str![[r#"
exit 2
--- stderr
error: nothing was run here: there is no `[ROOT]/.runenv`
help: run something first, or say where results are: `runenv report FOLDER`
exit 0
--- stdout
        environment  commands
passed  a            [TIME]

1 passed; [TIME] altogether

"#]],
    );
    // A broken envs.toml is in nobody's way.
    project.write("envs.toml", "[");
    project.runenv("report").exits(0);
}

#[test]
fn what_cannot_be_read_is_told() {
    let cut = &result("docker-debian-12-minimal", "10:00:00", "passed", &[])[..60];
    let project = Project::new()
        .file("cut/.runenv/docker-debian-12-minimal/result.json", cut)
        .file("empty/x.txt", "")
        .file("other.json", "{\"name\": 1}");
    let mut told = String::new();
    for words in ["cut", "empty", "other.json", "nowhere"] {
        let ran = project.runenv(format!("report {words}").as_str());
        told += &format!("$ report {words}\n{}", ran.whole());
    }
    same(
        told,
        str![[r#"
$ report cut
exit 2
--- stderr
error: `[ROOT]/cut/.runenv/docker-debian-12-minimal/result.json` is no whole result: EOF while parsing a string at line 1 column 60
help: was the job killed that wrote or sent it? run or send it again
$ report empty
exit 2
--- stderr
error: no results in `[ROOT]/empty`
help: runs leave them in `.runenv`, and where `--result-json` says
$ report other.json
exit 2
--- stderr
error: `[ROOT]/other.json` is no result of runenv
help: give a `result.json`, what `--result-json` wrote, or a folder with such files
$ report nowhere
exit 2
--- stderr
error: cannot read `[ROOT]/nowhere`: No such file or directory (os error 2)
help: the path does not exist

"#]],
    );
}

/// One file that is cut off hides none of the others.
#[test]
fn what_can_be_read_is_reported_all_the_same() {
    let project = jobs();
    let whole = project.runenv("report jobs").exits(1);
    let project = project.file("jobs/cut/run.json", "{\"runenv\": \"0.1.0\", ");
    let ran = project.runenv("report jobs --html all.html").exits(2);
    assert_eq!(ran.stdout, whole.stdout);
    assert!(ran.stderr.contains("is no whole result"), "{}", ran.stderr);
    assert!(
        project
            .read("all.html")
            .contains("docker-debian-12-minimal")
    );
    let none = project.runenv("report none --allow-empty");
    none.exits(2);
    fs::create_dir(project.path("none")).unwrap();
    project.runenv("report none --allow-empty").exits(0);
}

/// In a job of GitHub the page of the run has it, and no line that a child wrote acts.
#[test]
fn a_job_of_github_gets_a_summary() {
    let project = jobs();
    let evil = result(
        "docker-evil-1-minimal",
        "12:00:00",
        "failed",
        &["built failed 3"],
    );
    let evil = evil.replace("checking", "##[error]owned");
    let project = project.file("jobs/evil/.runenv/docker-evil-1-minimal/result.json", evil);
    let project = project
        .var("GITHUB_ACTIONS", "true")
        .var("GITHUB_STEP_SUMMARY", "summary.md");
    let ran = project.runenv("report jobs").exits(1);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    let at = |what: &str| lines.iter().position(|line| line.contains(what)).unwrap();
    let (stop, evil) = (at("::stop-commands::"), at("##[error]owned"));
    let token = lines[stop].rsplit("::").next().unwrap();
    assert!(
        stop < evil && evil < at(&format!("::{token}::")),
        "{lines:?}"
    );
    let summary = project.read("summary.md");
    assert!(
        summary.contains("docker-evil-1-minimal") && summary.contains("| passed |"),
        "{summary}"
    );
}
