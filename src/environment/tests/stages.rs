//! Stages: what of the layers reaches them, conditions of commands, late values.

use super::super::setting::Setting;
use super::{environment, lines};
use crate::environment::Stage;
use crate::late::Late;

const FILE: &str = r#"
[defaults]
env = { A = "layer", B = "layer" }
shell = "bash"
prelude = ["echo layer"]
workdir = "/layer"
network = "none"
timeout = "1h"
[stage.packages]
packages = true
prelude = ["echo own"]
[stage.plain]
run = ["true"]
[stage.own]
env = { B = "own", C = "{cpus}" }
shell = ["nix-shell", "--run"]
prelude = ["echo own"]
workdir = "/own"
network = "host"
timeout = "2s"
run = ["true"]
"#;

fn texts(stage: &Stage) -> (Vec<&str>, Vec<&str>, &str) {
    (
        stage.shell.iter().map(|s| s.value.as_str()).collect(),
        stage.prelude.iter().map(|s| s.value.as_str()).collect(),
        stage.workdir.value.as_str(),
    )
}

#[test]
fn a_stages_own_value_replaces_the_layers() {
    let env = environment(FILE, "docker-debian-bookworm");
    let [packages, plain, own] = env.stages.as_slice() else {
        panic!("three stages")
    };
    assert_eq!(
        texts(packages),
        (vec![], vec!["echo own"], "/layer"),
        "layers' shell and prelude do not act here"
    );
    assert_eq!(texts(plain), (vec!["bash"], vec!["echo layer"], "/layer"));
    assert_eq!(
        texts(own),
        (
            vec!["nix-shell", "--run"],
            vec!["echo layer", "echo own"],
            "/own"
        )
    );
    let said = |s: &Option<Setting<String>>| s.as_ref().unwrap().value.clone();
    assert_eq!(
        (said(&plain.network), said(&own.network)),
        ("none".to_owned(), "host".to_owned())
    );
    assert_eq!(
        (said(&plain.timeout), said(&own.timeout)),
        ("1h".to_owned(), "2s".to_owned())
    );
    let variables: Vec<(&str, &str)> = own
        .env
        .iter()
        .map(|(n, s)| (n.as_str(), s.value.as_str()))
        .collect();
    assert_eq!(variables[..2], [("A", "layer"), ("B", "own")], "env merges");
    let late = Late {
        cpus: "3".to_owned(),
        ..Late::default()
    };
    assert_eq!(late.fill(variables[2].1), "3", "and may hold late values");
}

#[test]
fn commands_have_three_forms_and_conditions() {
    let text = r#"
[stage.built]
run = [
  "line one\nline two",
  ["an", "argv"],
  { run = "if so", if = "debian" },
  { run = "not so", if = "fedora" },
  { run = ["argv", "too"], if = "!fedora,podman" },
  { run = { run = "nested", if = "docker" }, allow-failure = true },
  { run = { run = "nested not", if = "local" }, if = "docker" },
]
"#;
    let env = environment(text, "docker-debian-bookworm");
    assert_eq!(
        lines(&env),
        [
            "line one\nline two",
            "[\"an\", \"argv\"]",
            "if so",
            "[\"argv\", \"too\"]",
            "nested"
        ]
    );
    let allowed: Vec<bool> = env.stages[0].run.iter().map(|c| c.allow_failure).collect();
    assert_eq!(allowed, [false, false, false, false, true]);
    let one = environment(
        "[stage.built]\nrun = \"alone\"\non-failure = \"why\"\n",
        "docker-debian-bookworm",
    );
    assert_eq!(
        (lines(&one), one.stages[0].on_failure.len()),
        (vec!["alone".to_owned()], 1)
    );
}

/// A path of this machine is data in a shell line, wherever it is put; a key does not see it.
#[test]
fn late_values_are_put_in_at_the_end() {
    let text = "[vars]\nhere = \"{root}/x\"\n[stage.built]\nrun = [\"ls {root} {here} -j{cpus}\", [\"ls\", \"{here}\"]]\n";
    let env = environment(text, "local");
    let late = Late {
        cpus: "8".to_owned(),
        root: "/it's here".to_owned(),
        env_dir: String::new(),
    };
    let made: Vec<String> = lines(&env).iter().map(|l| late.fill_shell(l)).collect();
    assert_eq!(made[0], r"ls '/it'\''s here' '/it'\''s here/x' -j8");
    assert!(!lines(&env)[0].contains("here"));
}
