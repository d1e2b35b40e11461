//! What restricts a selection: labels, conditions, what is taken out, and all products.

use snapbox::str;

use crate::support::{Project, same};

pub(crate) const FILE: &str = r#"
[project]
default = { config = "standard" }
env-list = [
  "docker-{debian-{bookworm,trixie},fedora-{41,42}}-{minimal,standard}",
  "local-host",
]
exclude = ["docker-debian-trixie-*"]
labels = { nightly = ["docker-*-standard", "docker-ubuntu-noble"], quick = ["lint", "local-host"] }
[config.minimal]
[config.standard]
[axis.cc]
gcc_12 = {}
clang-16 = {}
[stage.built]
run = 'test -n "$OK"'
[defaults]
pass-env = ["OK"]
[env.lint]
runner = "local"
commands = ['test -n "$OK"']
[env.smoke]
like = "docker-debian-bookworm"
commands = ["./smoke"]
"#;

pub(crate) fn project() -> Project {
    Project::new().envs_toml(FILE)
}

/// What each command lists, a line a command. (A condition on a system holds for `local-host`, too, on such a machine.)
pub(crate) fn each(project: &Project, words: &[&str]) -> String {
    let line = |w: &&str| {
        let ran = project.runenv(shlex::split(&format!("list {w}")).unwrap());
        let names = ran.exits(0).stdout;
        let names = names.lines().map(|l| l.split(' ').next().unwrap());
        format!("{w}: {}\n", names.collect::<Vec<_>>().join(" "))
    };
    words.iter().map(line).collect()
}

#[test]
fn excluded_names_are_run_only_when_they_are_named() {
    let words = ["", "*trixie*", "docker-debian-trixie-minimal"];
    let project = project();
    same(
        project.runenv("list *trixie*").exits(4).whole(),
        str![[r#"
exit 4
--- stderr
error: `*trixie*` matches no environment of `env-list`
help: environments: docker-debian-bookworm-minimal, docker-debian-bookworm-standard, docker-fedora-41-minimal, docker-fedora-41-standard, docker-fedora-42-minimal, docker-fedora-42-standard, local-host-standard, lint, smoke
help: `exclude` takes `docker-debian-trixie-minimal` out: name it in full to have it

"#]],
    );
    same(
        each(&project, &[words[0], words[2]]),
        str![[r#"
: docker-debian-bookworm-minimal docker-debian-bookworm-standard docker-fedora-41-minimal docker-fedora-41-standard docker-fedora-42-minimal docker-fedora-42-standard local-host-standard lint smoke
docker-debian-trixie-minimal: docker-debian-trixie-minimal

"#]],
    );
}

#[test]
fn labels_conditions_and_skips_restrict_in_every_combination() {
    same(
        each(
            &project(),
            &[
                "-m nightly",
                "-m nightly,quick",
                "-m quick -m nightly -f local",
                "-m nightly docker-fedora-41 lint docker-debian-bookworm-minimal",
                "-f fedora-docker",
                "-f debian-docker",
                "-f '{fedora-41,debian}-!minimal-docker'",
                "-f fedora -f minimal",
                "-f container --skip '*-minimal'",
                "-f local",
                "--skip 'docker-*'",
                "--skip docker-fedora-41,smoke --skip 'docker-debian-{bookworm,trixie}' lint *-standard smoke",
                "--skip docker-ubuntu-noble-gcc_12 -f fedora-42",
                "docker-fedora-{41,42} -f fedora-42,fedora-41",
                "-m nightly -f '!debian' --skip '*-41'",
            ],
        ),
        str![[r#"
-m nightly: docker-debian-bookworm-standard docker-fedora-41-standard docker-fedora-42-standard docker-ubuntu-noble-standard
-m nightly,quick: docker-debian-bookworm-standard docker-fedora-41-standard docker-fedora-42-standard docker-ubuntu-noble-standard lint local-host-standard
-m quick -m nightly -f local: lint local-host-standard
-m nightly docker-fedora-41 lint docker-debian-bookworm-minimal: docker-fedora-41-standard
-f fedora-docker: docker-fedora-41-minimal docker-fedora-41-standard docker-fedora-42-minimal docker-fedora-42-standard
-f debian-docker: docker-debian-bookworm-minimal docker-debian-bookworm-standard smoke
-f '{fedora-41,debian}-!minimal-docker': docker-debian-bookworm-standard docker-fedora-41-standard smoke
-f fedora -f minimal: docker-fedora-41-minimal docker-fedora-42-minimal
-f container --skip '*-minimal': docker-debian-bookworm-standard docker-fedora-41-standard docker-fedora-42-standard smoke
-f local: local-host-standard lint
--skip 'docker-*': local-host-standard
--skip docker-fedora-41,smoke --skip 'docker-debian-{bookworm,trixie}' lint *-standard smoke: lint docker-fedora-42-standard local-host-standard
--skip docker-ubuntu-noble-gcc_12 -f fedora-42: docker-fedora-42-minimal docker-fedora-42-standard
docker-fedora-{41,42} -f fedora-42,fedora-41: docker-fedora-41-standard docker-fedora-42-standard
-m nightly -f '!debian' --skip '*-41': docker-fedora-41-standard docker-fedora-42-standard docker-ubuntu-noble-standard

"#]],
    );
}

#[test]
fn all_is_every_product_that_the_file_names() {
    same(
        each(
            &project(),
            &[
                "--all",
                "--all -f 'minimal-!fedora-docker'",
                "--all '*-minimal' --skip 'docker-*'",
                "--all 'podman-*-standard'",
                "--all 'docker-*-gcc_12'",
                "--all 'docker-fedora-4?-c*-{minimal,standard}'",
                "--all docker-debian-trixie 'l*t'",
                "--all -m nightly -f ubuntu",
            ],
        ),
        str![[r#"
--all: docker-debian-bookworm-minimal docker-debian-bookworm-standard docker-fedora-41-minimal docker-fedora-41-standard docker-fedora-42-minimal docker-fedora-42-standard local-host-standard docker-ubuntu-noble-minimal docker-ubuntu-noble-standard local-host-minimal
--all -f 'minimal-!fedora-docker': docker-debian-bookworm-minimal docker-ubuntu-noble-minimal
--all '*-minimal' --skip 'docker-*': local-host-minimal
--all 'podman-*-standard': podman-debian-bookworm-standard podman-fedora-41-standard podman-fedora-42-standard podman-ubuntu-noble-standard
--all 'docker-*-gcc_12': docker-debian-bookworm-gcc_12-standard docker-fedora-41-gcc_12-standard docker-fedora-42-gcc_12-standard docker-ubuntu-noble-gcc_12-standard
--all 'docker-fedora-4?-c*-{minimal,standard}': docker-fedora-41-clang-16-minimal docker-fedora-42-clang-16-minimal docker-fedora-41-clang-16-standard docker-fedora-42-clang-16-standard
--all docker-debian-trixie 'l*t': docker-debian-trixie-standard local-host-standard lint
--all -m nightly -f ubuntu: docker-ubuntu-noble-standard

"#]],
    );
}

/// Every product of ten values on each of five axes would be 100,000 environments.
#[test]
fn all_has_an_end() {
    let values: String = (0..5)
        .map(|axis| {
            let values: String = (0..10)
                .map(|v| format!("{}{v} = {{}}\n", ["a", "b", "c", "d", "e"][axis]))
                .collect();
            format!("[axis.n{axis}]\n{values}")
        })
        .collect();
    let text = format!(
        "[project]\nenv-list = [\"docker-debian-bookworm\"]\n{values}[stage.built]\nrun = \"true\"\n"
    );
    let project = Project::new().envs_toml(&text);
    let ran = project.runenv("list --all docker-*-a?-b?-c?-d?-e?");
    same(
        ran.exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: `--all` gives more than 10000 environments
help: name fewer, as `'docker-fedora-*-minimal'`: a glob chooses the values of each axis

"#]],
    );
    let few = project
        .runenv("list --all docker-*-a1-b2-c3-d4-e?")
        .exits(0);
    assert_eq!(few.stdout.lines().count(), 10);
}

#[test]
fn what_matches_nothing_is_a_warning() {
    let text = FILE.replace("\"lint\", \"local-host\"", "\"docker-nix-*\", \"lint\"");
    let text = text.replace(
        "-trixie-*\"]",
        "-trixie-*\", \"*-{a,b}\", \"docker-fedora-40\"]",
    );
    let project = Project::new().envs_toml(&text);
    let ran =
        project.runenv("list -m quick --skip docker-fedroa-*,local-*,docker-fedora-42-gcc_12");
    same(
        ran.exits(0).whole(),
        str![[r#"
exit 0
--- stderr
warning: `*-a` matches no environment of `env-list`, and excludes nothing
 --> envs.toml:8:38
  |
8 | exclude = ["docker-debian-trixie-*", "*-{a,b}", "docker-fedora-40"]
  |                                      ^^^^^^^^^
  |
help: `runenv list` shows the environments; take the name out, or correct it
help: nor do: *-b

warning: `docker-fedora-40` matches no environment of `env-list`, and excludes nothing
 --> envs.toml:8:49
  |
8 | exclude = ["docker-debian-trixie-*", "*-{a,b}", "docker-fedora-40"]
  |                                                 ^^^^^^^^^^^^^^^^^^
  |
help: `runenv list` shows the environments; take the name out, or correct it

warning: `docker-nix-*` matches no environment of `env-list`
 --> envs.toml:9:77
  |
9 | labels = { nightly = ["docker-*-standard", "docker-ubuntu-noble"], quick = ["docker-nix-*", "lint"] }
  |                                                                             ^^^^^^^^^^^^^^
  |
help: `runenv list` shows the environments; take the name out, or correct it
warning: `--skip docker-fedroa-*` matches no environment
help: no value has the factor `fedroa`: did you mean `fedora`?
--- stdout
lint

"#]],
    );
}

#[test]
fn variables_restrict_too() {
    let with = |variables: &[(&str, &str)], words: &str| {
        let project = variables.iter().fold(project(), |project, (name, value)| {
            project.var(name, *value)
        });
        format!("{variables:?} {}", each(&project, &[words]))
    };
    let told = [
        with(
            &[
                ("RUNENV_FACTORS", "fedora-minimal"),
                ("RUNENV_SKIP", "*-41-*"),
            ],
            "",
        ),
        with(
            &[
                ("RUNENV_LABEL", "quick,nightly"),
                ("RUNENV_SKIP", "docker-*"),
            ],
            "",
        ),
        with(&[("RUNENV_ALL", "1")], "local-*"),
        with(&[("RUNENV_ALL", "0"), ("RUNENV_FAILED", "")], "local-*"),
        with(&[("RUNENV_ENV", "lint")], "smoke"),
        with(&[("RUNENV_ENV", "lint")], "-e smoke"),
    ];
    same(
        told.concat(),
        str![[r#"
[("RUNENV_FACTORS", "fedora-minimal"), ("RUNENV_SKIP", "*-41-*")] : docker-fedora-42-minimal
[("RUNENV_LABEL", "quick,nightly"), ("RUNENV_SKIP", "docker-*")] : lint local-host-standard
[("RUNENV_ALL", "1")] local-*: local-host-standard local-host-minimal
[("RUNENV_ALL", "0"), ("RUNENV_FAILED", "")] local-*: local-host-standard
[("RUNENV_ENV", "lint")] smoke: smoke
[("RUNENV_ENV", "lint")] -e smoke: smoke

"#]],
    );
}
