//! `runenv dockerfile ENV`: the text, and what cannot be one. `tests/real` builds such texts.

use crate::support::{Project, golden};

const FILE: &str = r#"
[project]
name = "widget"
[vars]
targets = ["{posargs:all}"]
options = ["--prefix=/usr", "CFLAGS=-O2 -g", "{package-keys|each:--with-system-{}=yes}"]
[defaults]
env = { LC_ALL = "C.UTF-8", WORDS = "it's \"$x\"" }
timeout = "2h"
packages = ["gcc", "zlib", "gmp", "mpfr", "readline"]
pass-env = ["CCACHE_DIR", "CI_*"]
[runner.docker]
image = ["{image}", "mirror.example/{image}"]
[packages]
gcc = { debian = "gcc libc6-dev" }
zlib = { debian = "zlib1g-dev" }
gmp = { debian = "libgmp-dev" }
mpfr = { debian = "libmpfr-dev" }
readline = { debian = "libreadline-dev" }
[stage.with-system-packages]
packages = true
[stage.configured]
copy = ["configure", "Makefile.in", "include/*.h"]
run = ["./configure {options}"]
on-failure = ["cat config.log", "uname -a"]
[stage.documented]
run = ["make docs"]
allow-failure = true
[stage.built]
copy = ["src/**"]
memory = "8g"
network = "none"
run = ["make -j{cpus} {targets}", { run = "make extras", allow-failure = true }, ["strip", "-s", "it's"]]
[stage.tested]
copy = ["tests/*", "link"]
workdir = "/widget/build"
run = ["make check"]
shell = "bash"
"#;

fn project() -> Project {
    [
        "configure",
        "Makefile.in",
        "include/a.h",
        "include/b.h",
        "src/a.c",
        "tests/x.sh",
        "tests/data/y",
    ]
    .iter()
    .fold(Project::new().envs_toml(FILE), |project, path| {
        project.file(path, "")
    })
    .link("link", "src/a.c")
}

#[test]
fn a_dockerfile_is_a_golden() {
    let ran = project()
        .runenv("dockerfile docker-debian-bookworm -- all")
        .exits(0);
    assert_eq!(ran.stderr, "");
    golden(ran.stdout, "dockerfile/widget");
}

/// A glob is written as one only while it finds nothing but files; what it finds of a folder keeps its place.
#[test]
fn what_copy_would_take_apart_is_named() {
    let project =
        Project::new().envs_toml("[stage.a]\ncopy = [\"*\", \"**/z\", \"o/?*\"]\nrun = \"true\"\n");
    let project = project
        .file("d/z", "")
        .file("f", "")
        .file("e/f/z", "")
        .file("o/[1]", "")
        .link("l", "nowhere's");
    let text = project
        .runenv("dockerfile docker-debian-bookworm")
        .exits(0)
        .stdout;
    for line in [
        "\nCOPY envs.toml f /\n",
        "\nCOPY d/ /d/\n",
        "\nCOPY e/ /e/\n",
        "\nCOPY d/z /d/\n",
        "\nCOPY o/?* /o/\n",
        "\nCOPY e/f/z /e/f/\n",
        " ln -sfn -- \"nowhere's\" ./l; ",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
}

/// docker wants a letter first, and would take the image's name for that of a stage.
#[test]
fn a_stage_is_called_otherwise_where_docker_would_not_take_its_name() {
    let file = "[system.box]\nimage = \"box\"\nrelease.x = {}\n[stage.3rd]\nrun = \"true\"\nallow-failure = true\n\
                [stage.scratch]\nrun = \"true\"\n[stage.last]\nrun = \"true\"\n";
    let project = Project::new().envs_toml(file);
    let text = project.runenv("dockerfile docker-box-x").exits(0).stdout;
    let from: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("FROM "))
        .collect();
    let want = [
        "FROM box AS stage__3rd",
        "FROM box AS stage__scratch",
        "FROM stage__scratch AS last",
    ];
    assert_eq!(from, want);
}

/// Seven stages, names and arguments by the hundred.
#[test]
fn a_large_environment_has_few_layers_and_short_lines() {
    let name = |n: usize| format!("\"package-number-{n}-dev\"");
    let names: Vec<String> = (0..150).map(name).collect();
    let mut file = format!(
        "[vars]\nall = [{names}]\n[defaults]\nsystem-packages = [{names}]\n[stage.packages]\npackages = true\n",
        names = names.join(", ")
    );
    for stage in ["b", "c", "d", "e", "f", "g"] {
        let copy = if "bce".contains(stage) {
            "copy = [\"x\", \"y/z\"]\n"
        } else {
            ""
        };
        file += &format!(
            "[stage.{stage}]\n{copy}run = [\"./configure {{all|each:--with-system-{{}}=yes}}\", \"make\"]\n"
        );
    }
    let project = Project::new()
        .envs_toml(&file)
        .file("x", "")
        .file("y/z", "");
    let text = project
        .runenv("dockerfile docker-debian-bookworm")
        .exits(0)
        .stdout;
    let longest = text.lines().map(str::len).max();
    assert!(longest < Some(120), "{longest:?}");
    // What is copied together first is no layer of the image.
    let kept = text
        .split("\n\n")
        .filter(|stage| !stage.starts_with("FROM scratch"));
    let layers = kept.flat_map(str::lines).filter(|line| {
        ["RUN ", "COPY ", "WORKDIR "]
            .iter()
            .any(|word| line.starts_with(word))
    });
    assert_eq!(layers.count(), 7 + 3 + 1, "{text}");
}

#[test]
fn what_a_dockerfile_cannot_hold_is_refused() {
    let file = "[stage.a]\ncopy = [\"**/x*\"]\nrun = \"true\"\n";
    let project = Project::new()
        .envs_toml(file)
        .file("d/x[1]", "")
        .file("d/x-folder/f", "");
    let ran = project.runenv("dockerfile docker-debian-bookworm").exits(2);
    golden(ran.stderr, "dockerfile/odd-name");
    let file = format!("[stage.a]\nrun = \"true {}\"\n", "x".repeat(70_000));
    let ran = project
        .envs_toml(&file)
        .runenv("dockerfile docker-debian-bookworm")
        .exits(2);
    golden(ran.stderr, "dockerfile/too-long");
}
