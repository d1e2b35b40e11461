//! `runenv dockerfile`: what docker's two builders and podman build of it is what `runenv run` makes. Needs hadolint.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{Project, Said, each, quoted};

/// Quotes, a variable, a backslash, a format, a comment, letters, blanks, the end of a line, and something like an end.
const ODD: &str = "it's \"$HOME\" `id` \\ %s #é\t  *;\n<<X \\\n\n# no comment\n";

/// Every form of command, copy and value, in an odd workdir.
const FILE: &str = r##"
[defaults]
workdir = "/deep/in a/fol$d'er"
pass-env = ["PASSED"]
[vars]
odd = TEXT
[stage.one]
env = { ODD = "{odd}", CALLER = "{env:CALLER}", PLAIN = "1" }
prelude = ["before=prelude"]
run = [
  "printf '%s' \"$ODD\" >odd-variable; printf '%s' \"$CALLER\" >odd-caller",
  ["sh", "-c", "printf '%s|' \"$0\" \"$@\" >odd-words", "{odd}", "", "-n"],
  "printf '%s' {odd} >odd-line; echo $before >prelude",
  """
cat >here <<X
  $PLAIN \\ "
X
""",
  "cd /; export LOST=1; lost=1; set +e; umask 077",
  "case $- in *e*) e=e; esac; echo $PWD ${LOST-no} ${lost-no} ${e-no} >state; cat >stdin; echo {cpus} >cpus",
  { run = "echo >before-failure; false; echo >never", allow-failure = true },
  { run = "echo >never", if = "!box" },
  "echo $PATH $HOME $(umask) $(id -u) $(id -g) >facts",
  "# only a comment",
  "echo {posargs:none} | cat -v >posargs # a comment",
]
[stage.two]
copy = ["src/**", "lib", "*.txt", "a b", "d/*/x", "it's", "top", "x$y"]
run = [
  "echo ${PLAIN-gone} >plain",
  "find . | sort | while read -r f; do ls -ld \"$f\" | cut -c1-10; echo \"$f\"; readlink \"$f\" || :; done >/listed",
]
[stage.may-fail]
run = ["echo >lost; false"]
on-failure = ["echo on failure"]
allow-failure = true
[stage.three]
copy = "."
shell = ["sh", "-xc"]
run = ["false; set -e; test ! -e lost; echo ${PASSED-not} >end"]
"##;

/// The project with its tree.
fn project(engine: &str) -> Project {
    let mut project = Project::new(engine, &FILE.replace("TEXT", &quoted(ODD)));
    project.variable("CALLER", ODD);
    for file in [
        "src/a.c",
        "src/deep/b.c",
        "lib/l.h",
        "a.txt",
        "b.txt",
        "a b",
        "d/1/x",
        "d/2/x",
        "d/2/y",
        "it's",
        "x$y",
        "c.txt/in-a-folder",
    ] {
        project.file(file, format!("this is {file}\n"));
    }
    project.file(".dockerignore", "Dockerfile*\n.runenv\n");
    fs::create_dir_all(project.root().join("src/empty")).unwrap();
    for (link, target) in [
        ("top", "src/a.c"),
        ("src/link", "no where"),
        ("lib/up", "../d"),
    ] {
        std::os::unix::fs::symlink(target, project.root().join(link)).unwrap();
    }
    project
}

/// The builders of an engine: how to call each.
fn builders(engine: &str) -> Vec<(PathBuf, &'static str)> {
    if engine == "podman" {
        return vec![("podman".into(), "")];
    }
    let path = std::env::var("PATH").unwrap();
    let clients = path.split(':').map(|f| PathBuf::from(f).join("docker"));
    // Clients before 23 speak to the daemon's own BuildKit, later ones need a plugin for it.
    let speaks = |client: &PathBuf| {
        let says = |args: &[&str]| Command::new(client).args(args).output().ok();
        let version = says(&["--version"]).map(|o| Said::from(o).out)?;
        let number = version.trim_start_matches(|c: char| !c.is_ascii_digit());
        let major: u32 = number.split('.').next()?.parse().ok()?;
        (major < 23 || says(&["buildx", "version"])?.status.success()).then_some(())
    };
    let mut all = vec![("docker".into(), "0")];
    let found = clients.filter(|client| client.is_file());
    let found = found
        .filter(|client| speaks(client).is_some())
        .map(|client| (client, "1"));
    all.extend(found.take(1));
    if all.len() == 1 {
        eprintln!("skipped: no client speaks to BuildKit");
    }
    all
}

/// Builds the project's Dockerfile, with a label in every stage; the tag is removed in the end.
fn build(
    project: &mut Project,
    (client, buildkit): &(PathBuf, &str),
    target: &str,
) -> (String, Said) {
    let tag = format!("{}-built{buildkit}-{target}", project.name);
    let text = fs::read_to_string(project.root().join("Dockerfile")).unwrap();
    let label = format!("LABEL test={}\n", project.name);
    let line = |line: &str| {
        let label = if line.starts_with("FROM ") {
            &label
        } else {
            ""
        };
        format!("{line}{label}")
    };
    let text: String = text.split_inclusive('\n').map(line).collect();
    project.file("Dockerfile.label", text);
    let mut command = Command::new(client);
    command.args([
        "build",
        "-t",
        &tag,
        "--target",
        target,
        "--build-arg",
        "PASSED=on",
    ]);
    command
        .args(["-f", "Dockerfile.label", "."])
        .current_dir(project.root());
    command.env("DOCKER_BUILDKIT", buildkit);
    if project.engine == "podman" {
        command.arg("--layers=false");
    }
    let said = command.output().unwrap().into();
    project.own(&tag);
    (tag, said)
}

/// Removes what builds left of stages that have no tag.
fn prune(project: &Project) {
    let label = format!("label=test={}", project.name);
    project.engine(&["image", "prune", "-f", "--filter", &label]);
}

/// Every file of an image's workdir: kind, mode, name, target or content; and what is in `/`, but for what engines put
/// there (`--init` is `/sbin/docker-init`).
fn files(project: &Project, image: &str) -> String {
    let script = r#"cd "/deep/in a/fol\$d'er"; find . | sort | while read -r f; do
        ls -ld "$f" | cut -c1-10; echo "$f"; if [ -L "$f" ]; then readlink "$f"; elif [ -f "$f" ]; then cat "$f"; echo; fi
        done; cat /listed; ls -A / | grep -v -e runenv -e dockerenv -e '^run$' -e '^sbin$'"#;
    project.engine(&["run", "--rm", "--entrypoint", "sh", image, "-c", script])
}

/// hadolint finds no error in it.
fn lint(project: &Project) {
    let mut command = Command::new("hadolint");
    let command = command.args(["--failure-threshold", "error", "Dockerfile"]);
    let output = command.current_dir(project.root()).output();
    let said: Said = output
        .expect("tests/engines/ci-clients.sh put hadolint into PATH")
        .into();
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
}

#[test]
fn builders_make_of_it_what_a_run_makes() {
    each(|engine| {
        let mut project = project(engine);
        project.variable("PASSED", "on");
        let env = project.env();
        project.run(&["--", "a", "it's"]).code(0);
        let image = project.image("three");
        let ours = files(&project, &image);
        assert!(ours.contains(ODD), "{ours}");
        let said = project
            .runenv(&["dockerfile", &env, "--", "a", "it's"])
            .code(0);
        project.file("Dockerfile", &said.out);
        lint(&project);
        for builder in builders(engine) {
            let (tag, said) = build(&mut project, &builder, "three");
            assert_eq!(said.code, 0, "{builder:?}\n{}{}", said.out, said.err);
            let theirs = files(&project, &tag);
            assert_eq!(ours, theirs, "{builder:?}");
        }
        prune(&project);
    });
}

#[test]
fn a_failing_command_fails_the_build_and_says_why() {
    each(|engine| {
        let toml = "[stage.one]\nrun = [\"echo bad >log; (exit 7)\", \"echo never\"]\n\
                    on-failure = [\"echo looking; cat log; false\", \"echo fur''ther\"]\n";
        let mut project = Project::new(engine, toml);
        let env = project.env();
        let said = project.runenv(&["dockerfile", &env]).code(0);
        project.file("Dockerfile", &said.out);
        for builder in builders(engine) {
            let (_, said) = build(&mut project, &builder, "one");
            let text = format!("{}{}", said.out, said.err);
            assert_ne!(said.code, 0, "{builder:?}\n{text}");
            for line in ["looking", "bad", "further"] {
                assert!(text.contains(line), "{builder:?}: no {line}\n{text}");
            }
            assert!(!text.contains("\nnever"), "{builder:?}\n{text}");
        }
        prune(&project);
    });
}
