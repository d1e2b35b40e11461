//! `runenv show`: every setting final, with its origin.

use snapbox::str;

use crate::errors::PROJECT;
use crate::support::{Project, same};

fn sample() -> Project {
    Project::new().envs_toml(PROJECT)
}

#[test]
fn every_setting_is_shown() {
    let ran = sample()
        .runenv("show docker-debian-bookworm-gcc_12")
        .exits(0);
    same(
        ran.stdout,
        str![[r#"
name                          docker-debian-bookworm-gcc_12-standard
runner                        docker
system                        debian-bookworm
image                         debian:bookworm
package-manager               apt
distro                        debian
packages                      make
                              zlib
workdir                       /sample
memory                        2g
cpus                          2
env.CC                        gcc-12
package-names                 make
                              zlib1g-dev
end-of-life                   2028-06-30
vars.jobs                     2
vars.targets                  build
stage.with-packages.packages  true
stage.built.copy              src
stage.built.run               make -j2 build
stage.tested.run              make check
                              ./show 'a b'
stage.tested.on-failure       cat test.log
stage.tested.timeout          30m

"#]],
    );
}

#[test]
fn origins_are_places() {
    let ran = sample().runenv("show docker-debian-bookworm-gcc_12 --origin");
    same(
        ran.exits(0).stdout,
        str![[r#"
name                          docker-debian-bookworm-gcc_12-standard
runner                        docker
system                        debian-bookworm
image                         debian:bookworm    # catalog
package-manager               apt    # catalog
distro                        debian    # catalog
packages                      make    # envs.toml:23:13
                              zlib    # envs.toml:23:22
workdir                       /sample    # default
memory                        2g    # envs.toml:18:10
cpus                          2    # envs.toml:11:8
env.CC                        gcc-12    # envs.toml:26:14
package-names                 make    # envs.toml:34:19
                              zlib1g-dev    # envs.toml:35:19
end-of-life                   2028-06-30    # catalog
vars.jobs                     2    # envs.toml:14:8
vars.targets                  build    # envs.toml:15:12
stage.with-packages.packages  true    # envs.toml:38:12
stage.built.copy              src    # envs.toml:40:9
stage.built.run               make -j2 build    # envs.toml:41:8
stage.tested.run              make check    # envs.toml:43:8
                              ./show 'a b'    # envs.toml:43:22
stage.tested.on-failure       cat test.log    # envs.toml:45:15
stage.tested.timeout          30m    # envs.toml:44:11

"#]],
    );
}

#[test]
fn keys_alone_print_values_alone() {
    let project = sample();
    assert_eq!(
        project
            .runenv("show docker-fedora-42 image")
            .exits(0)
            .stdout,
        "fedora:42\n"
    );
    let several = project.runenv("show docker-fedora-42 image packages stage.tested.run");
    same(
        several.exits(0).stdout,
        str![[r#"
fedora:42
make
zlib
make check
./show 'a b'

"#]],
    );
    let origin = project.runenv("show docker-fedora-42 packages --origin");
    same(
        origin.exits(0).stdout,
        str![[r#"
make    # envs.toml:23:13
zlib    # envs.toml:23:22

"#]],
    );
}

#[test]
fn json_is_an_object_of_texts_and_lists() {
    let ran = sample().runenv("show docker-fedora-42 --json image packages vars");
    same(
        ran.exits(0).stdout,
        str![[r#"
{
  "image": [
    "fedora:42"
  ],
  "packages": [
    "make",
    "zlib"
  ],
  "vars.jobs": "2",
  "vars.targets": [
    "build"
  ]
}

"#]],
    );
    let origin = sample().runenv("show docker-fedora-42 --json --origin image packages");
    same(
        origin.exits(0).stdout,
        str![[r#"
{
  "image": [
    {
      "value": "fedora:42",
      "origin": "catalog"
    }
  ],
  "packages": [
    {
      "value": "make",
      "origin": "envs.toml:23:13"
    },
    {
      "value": "zlib",
      "origin": "envs.toml:23:22"
    }
  ]
}

"#]],
    );
}

#[test]
fn posargs_are_shown_in_their_place() {
    let ran = sample().runenv([
        "show",
        "docker-debian-bookworm",
        "stage.built.run",
        "--",
        "a b",
        "{jobs}",
    ]);
    assert_eq!(ran.exits(0).stdout, "make -j2 'a b' '{jobs}'\n");
}

#[test]
fn a_local_environment_names_the_variables_it_passes() {
    let ran = sample().runenv("show lint").exits(0);
    // What this machine is differs.
    let lines = ran
        .stdout
        .lines()
        .filter(|l| !l.starts_with("package-manager") && !l.starts_with("distro"));
    let text: String = lines.map(|l| format!("{l}\n")).collect();
    same(
        text,
        str![[r#"
name                lint
runner              local
description         the linter
workdir             /sample
cpus                2
vars.jobs           2
vars.targets        build
stage.commands.run  echo lint all
passed-variables    PATH
                    HOME
                    LANG
                    TERM
                    TMPDIR

"#]],
    );
}

/// `show -- x` prints what `run` will do: the two agree word for word.
#[test]
fn cpus_are_the_limit_where_there_is_one() {
    let project = Project::new()
        .envs_toml("[defaults]\ncpus = \"3\"\n[stage.built]\nrun = \"make -j{cpus}\"\n");
    let ran = project.runenv("show docker-debian-bookworm stage.built.run");
    assert_eq!(ran.exits(0).stdout, "make -j3\n");
    let plan = project.runenv("run -n docker-debian-bookworm").exits(0);
    assert!(plan.stdout.contains("make -j3"), "{}", plan.stdout);
}

/// What is about one environment reads each alternative of `env-list` once: a slip is found, the product is not made.
#[test]
fn a_slip_anywhere_in_env_list_is_found() {
    let file = |last: &str| {
        format!(
            "[project]\nenv-list = [\"docker-{{debian-{{bookworm,trixie}},fedora-{{40,{last}}}}}-{{a,b}}\"]\n\
             [config.a]\n[config.b]\n[stage.built]\nrun = \"true\"\n"
        )
    };
    let show = "show docker-debian-bookworm-a image";
    let good = Project::new().envs_toml(&file("41"));
    assert_eq!(good.runenv(show).exits(0).stdout, "debian:bookworm\n");
    let slip = Project::new().envs_toml(&file("4l"));
    let said = slip.runenv(show).exits(2).stderr;
    assert!(said.contains("unknown release `4l` of `fedora`"), "{said}");
}
