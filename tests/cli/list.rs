//! `runenv list`: what there is, in file order, each once.

use snapbox::str;

use crate::errors::PROJECT;
use crate::support::{Project, same};

fn sample() -> Project {
    Project::new().envs_toml(PROJECT)
}

#[test]
fn the_list_is_env_list_and_names_of_their_own() {
    let ran = sample().runenv("list").exits(0);
    same(
        ran.stdout,
        str![[r#"
docker-debian-bookworm-minimal
docker-debian-bookworm-standard
docker-fedora-41-minimal
docker-fedora-41-standard
docker-fedora-42-minimal
docker-fedora-42-standard
local-host-minimal
lint                             the linter
smoke

"#]],
    );
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_selection_is_listed_in_the_order_it_was_named() {
    let ran = sample().runenv("list lint docker-fedora-4*-minimal lint docker-ubuntu-noble-gcc_12");
    same(
        ran.exits(0).stdout,
        str![[r#"
lint                                 the linter
docker-fedora-41-minimal
docker-fedora-42-minimal
docker-ubuntu-noble-gcc_12-standard

"#]],
    );
}

#[test]
fn the_axes_show_every_value() {
    let words = "runner scientificlinux homebrew toolchain config stage";
    let ran = sample().runenv(&*format!("list --axes {words}")).exits(0);
    same(
        ran.stdout,
        str![[r#"
runner
  docker  containers
  podman  containers
  local   this machine
system
  scientificlinux
    scientificlinux-6
    scientificlinux-7
  homebrew
toolchain
  gcc_12
  clang_16
config
  minimal
  standard  (default)
stage
  with-packages
  built
  tested

"#]],
    );
}

#[test]
fn axes_are_json_too() {
    let json = sample().runenv("list --axes --json").exits(0);
    let axes: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let values = axes["axes"]["toolchain"].as_array().unwrap();
    let values: Vec<_> = values
        .iter()
        .map(|v| v["value"].as_str().unwrap())
        .collect();
    assert_eq!(values, ["gcc_12", "clang_16"]);
}

#[test]
fn json_has_words_for_everything() {
    let ran = sample()
        .runenv("list --json docker-fedora-41-minimal lint")
        .exits(0);
    same(
        ran.stdout,
        str![[r#"
[
  {
    "name": "docker-fedora-41-minimal",
    "runner": "docker",
    "system": "fedora-41",
    "family": "fedora",
    "release": "41",
    "axes": {},
    "config": "minimal",
    "stage": null,
    "labels": [],
    "in-env-list": true,
    "own-name": false,
    "description": null,
    "end-of-life": "2025-12-15"
  },
  {
    "name": "lint",
    "runner": "local",
    "system": null,
    "family": null,
    "release": null,
    "axes": {},
    "config": null,
    "stage": null,
    "labels": [],
    "in-env-list": false,
    "own-name": true,
    "description": "the linter",
    "end-of-life": null
  }
]

"#]],
    );
}

#[test]
fn an_empty_list_says_what_to_write() {
    let project = Project::new().envs_toml("[stage.built]\nrun = \"true\"\n");
    same(
        project.runenv("list").exits(0).whole(),
        str![[r#"
exit 0
--- stderr
no environments: set `[project] env-list`, or name any product of values (`runenv list --axes`)

"#]],
    );
    assert_eq!(
        project.runenv("list --json").exits(0).whole(),
        "exit 0\n--- stdout\n[]\n"
    );
}

#[test]
fn list_as_an_option_is_the_same() {
    let project = sample();
    let verb = project.runenv("list -e docker-fedora-*").exits(0);
    assert_eq!(
        project.runenv("-l -e docker-fedora-*").exits(0).stdout,
        verb.stdout
    );
    assert_eq!(
        project.runenv("--list -e docker-fedora-*").exits(0).stdout,
        verb.stdout
    );
}

#[test]
fn it_is_found_from_a_folder_below_and_by_name() {
    let project = sample().file("a/b/c", "");
    let here = project.runenv("list").exits(0).stdout;
    let mut below = project.command("list");
    below.current_dir(project.path("a/b"));
    assert_eq!(project.ran(below.output().unwrap()).exits(0).stdout, here);
    let mut named = project.command("-c ../../envs.toml list");
    named.current_dir(project.path("a/b"));
    assert_eq!(project.ran(named.output().unwrap()).exits(0).stdout, here);
    let by_variable = sample()
        .file("other.toml", PROJECT)
        .var("RUNENV_CONFIG", "other.toml");
    assert_eq!(by_variable.runenv("list").exits(0).stdout, here);
}

/// Design 1: pure. Nothing is written, not even in the tree.
#[test]
fn it_leaves_no_trace() {
    let project = sample();
    for words in [
        "list",
        "list --axes",
        "show docker-debian-bookworm",
        "run -n lint",
        "ci matrix",
    ] {
        project.runenv(words).exits(0);
    }
    let mut left: Vec<_> = std::fs::read_dir(project.root()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let name = left.pop().unwrap().unwrap().file_name();
    assert_eq!(name, "envs.toml");
}

/// Releases past their day are marked; one that ended long ago is one whatever the day.
#[test]
fn the_end_of_life_is_marked() {
    let project = Project::new().envs_toml("[stage.built]\nrun = \"true\"\n");
    let ran = project
        .runenv("list docker-fedora-35 docker-fedora-35")
        .exits(0);
    let bytes = String::from_utf8(ran.bytes).unwrap();
    assert_eq!(bytes, "docker-fedora-35  (end of life 2022-12-13)\n");
}

/// The file's word on a system's end comes before the catalog's.
#[test]
fn a_file_may_say_how_long_a_system_is_maintained() {
    let file = "[project]\nenv-list = [\"docker-{debian-bookworm,mine-1,mine-2}\"]\n[stage.built]\nrun = \"true\"\n\
        [system.debian.release]\nbookworm = { end-of-life = \"2001-01-01\", archive = \"http://a.example/debian\" }\n\
        [system.mine]\nimage = \"mine:{release}\"\nend-of-life = \"2002-02-02\"\nrelease.1 = {}\n\
        release.2 = { end-of-life = \"2999-01-01\" }\n";
    let project = Project::new().envs_toml(file);
    let listed = project.runenv("list --json").exits(0).stdout;
    for day in ["2001-01-01", "2002-02-02", "2999-01-01"] {
        assert!(listed.contains(day), "{day} in {listed}");
    }
    let shown = project.runenv("show docker-debian-bookworm end-of-life archive --origin");
    let expected = "2001-01-01    # envs.toml:6:28\nhttp://a.example/debian    # envs.toml:6:52\n";
    assert_eq!(shown.exits(0).stdout, expected);
}
