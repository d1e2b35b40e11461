//! Names, families of values and conditions, as the whole program sees them.

use snapbox::str;

use crate::support::{Project, same};

/// `[axis.toolchain."gcc_{8..14}"]` and what else a file may say of values.
const FILE: &str = r#"
[project]
default = { config = "standard" }
repeatable = ["with"]
env-list = ["docker-{ubuntu-{jammy,noble},debian-trixie}", "docker-ubuntu-noble-gcc_{9,12}-minimal"]
[config.minimal]
[config.standard]
[axis.toolchain."gcc_{8..14}"]
description = "GCC {match} from the toolchain PPA"
only = "ubuntu"
system-packages = ["gcc-{match}", "g++-{match}"]
append.vars.configure-args = ["CC=gcc-{match}", "CXX=g++-{match}"]
[axis.python."python3.{9..12}"]
vars.python-minor = "{match}"
[axis.with."{ssl,gui}"]
append.vars.configure-args = ["--with-{match}"]
env.WITH = "{with}"
[axis.arch.i386]
image = "i386/{image}"
platform = "linux/386"
not = "fedora"
[vars]
configure-args = []
python-minor = "none"
[stage.configured]
run = ["./configure {configure-args} PYTHON=python3.{python-minor}"]
"#;

fn project() -> Project {
    Project::new().envs_toml(FILE)
}

#[test]
fn a_family_of_values_is_each_of_them() {
    let name = "docker-ubuntu-noble-gcc_12-python3.10-gui-ssl-i386";
    let keys = "description image system-packages stage.configured.run env.WITH";
    let ran = project().runenv(format!("show {name} {keys}").as_str());
    same(
        ran.exits(0).stdout,
        str![[r#"
GCC 12 from the toolchain PPA
i386/ubuntu:noble
gcc-12
g++-12
ssl-gui
./configure CC=gcc-12 CXX=g++-12 --with-ssl --with-gui PYTHON=python3.10

"#]],
    );
    let ran = project().runenv(format!("show {name} name").as_str());
    assert_eq!(
        ran.exits(0).stdout,
        "docker-ubuntu-noble-gcc_12-python3.10-ssl-gui-i386-standard\n"
    );
}

#[test]
fn a_value_says_where_it_may_not_stand() {
    for name in ["docker-debian-trixie-gcc_9", "docker-fedora-42-i386"] {
        let ran = project().runenv(format!("show {name}").as_str()).exits(2);
        assert!(ran.stderr.contains("envs.toml:"), "{}", ran.stderr);
    }
    let ran = project().runenv("list docker-{ubuntu-noble,fedora-42}-i386");
    same(
        ran.exits(2).stderr,
        str![[r#"
error: `i386` is not for `fedora`, and `docker-fedora-42-i386-standard` is that
  --> command line:1:33
   |
 1 | docker-{ubuntu-noble,fedora-42}-i386
   |                                 ^^^^
   |
  ::: envs.toml:21:7
   |
21 | not = "fedora"
   |       --------
   |
help: take `i386` out of the name, or change its `not`

"#]],
    );
}

/// Conditions that cannot be meant.
const ODD: &str = r#"
[config.minimal]
only = "ubuntu,ubuntu"
[config.standard]
[axis.n."v_{1..3}"]
not = "minimal-standard"
[[when]]
if = "!minimal,!standard"
prelude = ["true"]
[stage.built]
run = [{ run = "make", if = "v_{1,2}-v_3" }]
"#;

/// They are told, once each, and stop nothing.
#[test]
fn an_odd_condition_is_a_warning() {
    let ran = Project::new().envs_toml(ODD).runenv("list --axes").exits(0);
    same(
        ran.stderr,
        str![[r#"
warning: in the condition `minimal-standard`, `minimal` and `standard` never hold together
 --> envs.toml:6:7
  |
6 | not = "minimal-standard"
  |       ^^^^^^^^^^^^^^^^^^
  |
help: `-` is and: write `minimal,standard` where either may hold

warning: `ubuntu` stands twice in the condition `ubuntu,ubuntu`
 --> envs.toml:3:8
  |
3 | only = "ubuntu,ubuntu"
  |        ^^^^^^^^^^^^^^^
  |
help: leave one out

warning: in the condition `v_{1,2}-v_3`, `v_1` and `v_3` never hold together
  --> envs.toml:11:29
   |
11 | run = [{ run = "make", if = "v_{1,2}-v_3" }]
   |                             ^^^^^^^^^^^^^
   |
help: `-` is and: write `v_1,v_3` where either may hold

warning: the condition `!minimal,!standard` is always true: `!minimal` or `!standard` holds
 --> envs.toml:8:6
  |
8 | if = "!minimal,!standard"
  |      ^^^^^^^^^^^^^^^^^^^^
  |
help: `,` is or: write `!minimal-!standard` where both must hold

"#]],
    );
}

/// A newer catalog must not break a file: what the file declares wins over single releases.
#[test]
fn a_release_of_the_catalog_gives_way_to_values_of_the_file() {
    let file = r#"
[project]
default = { level = "9" }
[axis.level.8]
[axis.level.9]
[axis.target."debian-bookworm"]
[axis.tool."fedora-42-x"]
[config.x]
[stage.built]
run = "make {level}"
"#;
    let project = Project::new().envs_toml(file);
    let axes = project.runenv("list --axes").exits(0).stdout;
    for (system, there) in [
        ("almalinux-8", false),
        ("rockylinux-9", false),
        ("debian-bookworm", false),
        ("debian-trixie", true),
        ("fedora-42", false),
        ("fedora-41", true),
    ] {
        let (values, left_out) = axes.split_once("\nleft out of the catalog").unwrap();
        // A release stands below its family.
        let mut releases = values.lines().filter_map(|l| l.strip_prefix("    "));
        let value = releases.any(|l| l.split(' ').next() == Some(system));
        assert_eq!(value, there, "{system} in {axes}");
        let told = left_out.contains(&format!("\n  {system}  "));
        assert_eq!(told, !there, "{system} in {axes}");
    }
    let ran = project.runenv("show docker-debian-trixie-debian-bookworm-8-x name");
    assert_eq!(
        ran.exits(0).stdout,
        "docker-debian-trixie-8-debian-bookworm-x\n"
    );
    let ran = project.runenv("show docker-fedora-42").exits(2);
    assert!(
        ran.stderr.contains("unknown release `42`"),
        "{}",
        ran.stderr
    );
}
