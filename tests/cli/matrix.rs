//! `runenv ci matrix`: one line of JSON, split where a matrix is full.

use std::fmt::Write;

use snapbox::str;

use crate::support::{Project, Ran, same};

/// A project of so many environments.
fn of(count: usize) -> Project {
    let mut text = String::from("[stage.built]\nrun = \"true\"\n[axis.n]\n");
    for n in 0..count {
        writeln!(text, "v{n} = {{}}").unwrap();
    }
    let list: Vec<String> = (0..count)
        .map(|n| format!("\"docker-debian-bookworm-v{n}\""))
        .collect();
    writeln!(text, "[project]\nenv-list = [{}]", list.join(", ")).unwrap();
    Project::new().envs_toml(&text)
}

fn sizes(ran: &Ran) -> Vec<usize> {
    assert_eq!(ran.stdout.lines().count(), 1, "one line");
    let parts: Vec<serde_json::Value> = serde_json::from_str(&ran.stdout).unwrap();
    parts
        .iter()
        .map(|part| part["env"].as_array().unwrap().len())
        .collect()
}

#[test]
fn a_matrix_is_a_line() {
    let ran = of(3).runenv("ci matrix").exits(0);
    same(
        ran.whole(),
        str![[r#"
exit 0
--- stdout
[{"env":["docker-debian-bookworm-v0","docker-debian-bookworm-v1","docker-debian-bookworm-v2"]}]

"#]],
    );
}

#[test]
fn at_256_it_is_whole_and_at_257_split() {
    let whole = of(256).runenv("ci matrix").exits(0);
    assert_eq!((sizes(&whole), whole.stderr.as_str()), (vec![256], ""));
    let split = of(257).runenv("ci matrix").exits(0);
    assert_eq!(sizes(&split), [256, 1]);
    same(
        split.stderr,
        str![[r#"
257 environments in 2 parts: a matrix holds at most 256 jobs

"#]],
    );
}

#[test]
fn nothing_selected_is_told() {
    let none = of(0).runenv("ci matrix").exits(4);
    same(
        none.whole(),
        str![[r#"
exit 4
--- stderr
error: nothing to run: no environment is named, and `env-list` is empty
help: name one, or set `[project] env-list`

"#]],
    );
    assert_eq!(
        of(0).runenv("ci matrix --allow-empty").exits(0).whole(),
        "exit 0\n--- stdout\n[]\n"
    );
}

#[test]
fn a_selection_is_taken() {
    let ran = of(20).runenv("ci matrix *-v1 *-v1?").exits(0);
    assert_eq!(sizes(&ran), [11]);
}

/// What no job lists runs where it is needed, in whatever place it stands.
#[test]
fn jobs_need_not_list_every_stage() {
    let file = |jobs: &str| {
        let stages =
            ["prepared", "built", "tested"].map(|s| format!("[stage.{s}]\nrun = \"true\"\n"));
        let project = "[project]\nenv-list = [\"docker-debian-bookworm\"]\n";
        format!("{project}{}[ci]\njobs = [{jobs}]\n", stages.concat())
    };
    let project = Project::new().envs_toml(&file("\"built\", \"tested\""));
    let ran = project.runenv("ci matrix").exits(0);
    assert_eq!(ran.stdout, "[{\"env\":[\"docker-debian-bookworm\"]}]\n");
    let turned = Project::new().envs_toml(&file("\"tested\", \"prepared\""));
    let ran = turned.runenv("ci matrix").exits(2);
    let title = "`tested` stands on `prepared`, which is in a later job";
    assert!(ran.stderr.contains(title), "{}", ran.stderr);
}
