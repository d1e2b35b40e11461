//! The forms of `runenv list` for people: descriptions, headings, axes.

use std::collections::BTreeSet;

use snapbox::str;

use crate::support::{Project, golden, same};

pub(crate) const FILE: &str = r#"
[project]
default = { config = "standard", cc = "gcc_12" }
env-list = [
  "docker-{debian-{bookworm,trixie},fedora-35,arch,ubuntu}-{minimal,standard}",
  "local-host",
  "docker-debian-trixie-clang-16",
]
labels = { nightly = ["docker-*-standard", "docker-*-trixie-*"], quick = ["lint", "local-*"] }
[config.minimal]
description = "only what it needs"
[config.standard]
[system.arch]
image = "archlinux"
package-manager = "apt"
description = "the rolling one"
[system.ubuntu]
default-release = "noble"
[system.debian]
description = "Debian"
[system.debian.release]
trixie = { description = "Debian 13" }
[axis.cc]
gcc_12 = { description = "GCC 12" }
clang-16 = { only = "debian,ubuntu-!ubuntu-focal", not = "minimal" }
[stage.built]
run = "make"
[env.docker-fedora-35-minimal]
description = "the oldest that works"
[env.docker-debian-trixie]
description = "the main one"
[env.lint]
description = "the linter\nand more of it"
runner = "local"
commands = ["true"]
[env.smoke]
like = "docker-debian-bookworm"
commands = ["./smoke"]
[env.hush]
description = "\u001b[31mred\u202e"
runner = "local"
commands = ["true"]
"#;

fn project() -> Project {
    Project::new().envs_toml(FILE)
}

#[test]
fn a_description_is_the_environments_own_or_that_of_its_values() {
    same(
        project().runenv("list").exits(0).stdout,
        str![[r#"
docker-debian-bookworm-gcc_12-minimal   Debian, GCC 12, only what it needs
docker-debian-bookworm-gcc_12-standard  Debian, GCC 12
docker-debian-trixie-gcc_12-minimal     Debian 13, GCC 12, only what it needs
docker-debian-trixie-gcc_12-standard    the main one
docker-fedora-35-gcc_12-minimal         the oldest that works
docker-fedora-35-gcc_12-standard        GCC 12
docker-arch-gcc_12-minimal              the rolling one, GCC 12, only what it needs
docker-arch-gcc_12-standard             the rolling one, GCC 12
docker-ubuntu-noble-gcc_12-minimal      GCC 12, only what it needs
docker-ubuntu-noble-gcc_12-standard     GCC 12
local-host-gcc_12-standard              GCC 12
docker-debian-trixie-clang-16-standard  Debian 13
lint                                    the linter …
smoke                                   Debian, GCC 12
hush                                    ␛[31mred�

"#]],
    );
}

#[test]
fn headings_are_globs_that_select_what_stands_below() {
    let project = project();
    let text = project.runenv("list --group").exits(0).stdout;
    let mut names = BTreeSet::new();
    for group in text.split("\n\n") {
        let (heading, below) = group.split_once('\n').unwrap();
        let below: Vec<&str> = below
            .lines()
            .map(|l| l.trim().split(' ').next().unwrap())
            .collect();
        let (glob, count) = heading.split_once(": ").unwrap();
        assert_eq!(
            count.split(' ').next().unwrap(),
            below.len().to_string(),
            "{heading}"
        );
        if glob.contains('*') {
            let flat = project.runenv(["list", glob]).exits(0).stdout;
            let flat: Vec<&str> = flat.lines().map(|l| l.split(' ').next().unwrap()).collect();
            assert_eq!(flat, below, "{heading}");
        }
        names.extend(below);
    }
    let all = project.runenv("list").exits(0).stdout;
    let all: BTreeSet<&str> = all.lines().map(|l| l.split(' ').next().unwrap()).collect();
    assert_eq!(names, all);
    golden(text, "list/group");
}

#[test]
fn a_name_that_ends_with_its_family_has_a_heading_too() {
    let bare = Project::new().envs_toml("[stage.built]\nrun = \"true\"\n");
    same(
        bare.runenv("list --group docker-ubuntu-focal local")
            .exits(0)
            .stdout,
        str![[r#"
docker-ubuntu-*: 1 environment
  docker-ubuntu-focal

local-host*: 1 environment
  local-host

"#]],
    );
}

#[test]
fn axes_are_told_with_all_there_is_to_say() {
    // Globs mean whole values: a system that the catalog learns changes nothing here.
    let words = "runner debia? debian-trixi? ubunt? ubuntu-nobl? arc? cc config stage";
    let ran = project().runenv(&*format!("list --axes {words}"));
    same(
        ran.exits(0).stdout,
        str![[r#"
runner
  docker  containers
  podman  containers
  local   this machine
system
  debian           Debian (default release: latest)
    debian-trixie  Debian 13
  ubuntu           (default release: noble)
    ubuntu-noble
  arch             the rolling one
cc
  gcc_12    GCC 12 (default)
  clang-16  (only debian,ubuntu-!ubuntu-focal) (not minimal)
config
  minimal   only what it needs
  standard  (default)
stage
  built

"#]],
    );
}

#[test]
fn words_choose_axes_values_and_parts_of_them() {
    let told = |words: &str| {
        let ran = project()
            .runenv(format!("list --axes {words}").as_str())
            .exits(0);
        format!("$ {words}\n{}", ran.stdout)
    };
    let words = [
        "scientific",
        "config",
        "gcc imal",
        "clang-1?",
        "cc*",
        "scientificlinux-7,runner",
    ];
    golden(words.map(told).concat(), "list/axes-words");
}

/// Names stay names for whoever reads lines.
#[test]
fn five_thousand_names_are_five_thousand_lines() {
    let values: String = (0..2500).map(|n| format!("v{n} = {{}}\n")).collect();
    let text = format!(
        "[project]\nenv-list = [\"docker-debian-{{bookworm,trixie}}-v{{0..2499}}\"]\n[axis.n]\n{values}[stage.built]\nrun = \"true\"\n"
    );
    let ran = Project::new().envs_toml(&text).runenv("list").exits(0);
    let names: BTreeSet<&str> = ran.stdout.lines().collect();
    assert_eq!(names.len(), 5000);
    assert!(names.iter().all(|name| !name.contains(' ')));
}
