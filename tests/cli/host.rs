//! What an environment says of the host: on which it runs (`host-os`), and what it takes from its caller (`pass-env`).

use snapbox::str;

use crate::support::{Fake, Project, same};

const SKIPS: &str = r#"
[env.mac]
runner = "local"
host-os = ["macos", "freebsd"]
commands = ["echo never"]
[env.here]
runner = "local"
host-os = ["macos", "linux"]
commands = ["echo ran"]
"#;

#[test]
fn elsewhere_an_environment_is_skipped_and_says_so() {
    let project = Project::new().envs_toml(SKIPS);
    same(
        project.runenv("run mac").exits(4).whole(),
        str![[r#"
exit 4
--- stderr
skipped  mac  it runs on macos, freebsd only (`host-os`), and this is linux

1 skipped in [TIME]

"#]],
    );
    let result = project.json(".runenv/mac/result.json");
    assert_eq!(result["state"], "skipped");
    assert_eq!(result["stages"].as_array().unwrap().len(), 0);
    let both = project.runenv("run mac here").exits(0);
    assert!(both.stderr.contains("1 passed, 1 skipped"), "{both:?}");
    same(
        project.runenv("run -n mac").exits(0).stdout,
        str![[r#"
# mac: skipped: it runs on macos, freebsd only (`host-os`), and this is linux

"#]],
    );
    let shown = project.runenv("show mac host-os").exits(0).stdout;
    assert_eq!(shown, "macos\nfreebsd\n");
}

/// A container runs on this host, too: no call of the engine is made.
#[test]
fn a_container_is_skipped_before_its_engine_is_asked() {
    let fake = Fake::new();
    let project = Project::new()
        .envs_toml("[stage.built]\nrun = \"true\"\n[system.debian]\nhost-os = [\"macos\"]\n")
        .engine(&fake);
    project.runenv("run docker-debian-bookworm").exits(4);
    assert!(fake.calls().is_empty(), "{:?}", fake.calls());
}

#[test]
fn a_glob_passes_what_it_matches() {
    let file = |globs: &str| {
        format!("[env.a]\nrunner = \"local\"\npass-env = {globs}\ncommands = [[\"env\"]]\n")
    };
    let passed = |globs: &str| {
        let project = Project::new()
            .envs_toml(&file(globs))
            .var("SAGE_ROOT", "/sage")
            .var("SAGE_LOCAL", "/local")
            .var("OTHER", "o");
        project.runenv("run a").exits(0);
        let log = project.read(".runenv/a/log/01-commands.log");
        let names = log.lines().map(|l| l.split_once('=').unwrap().0);
        let ours = names.filter(|n| n.starts_with("SAGE") || *n == "OTHER");
        ours.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(passed(r#"["SAGE_*"]"#), ["SAGE_LOCAL", "SAGE_ROOT"]);
    assert_eq!(passed(r#"["SAGE_R??T"]"#), ["SAGE_ROOT"]);
    assert_eq!(passed(r#"["*"]"#), ["OTHER", "SAGE_LOCAL", "SAGE_ROOT"]);
    assert!(passed("[]").is_empty());
}

/// In a container, what is of this host stays here unless it is named, and what the image sets is the image's.
#[test]
fn a_glob_takes_nothing_of_this_host_into_a_container() {
    let exports = |globs: &str| {
        let fake = Fake::new();
        let project = Project::new()
            .envs_toml(&format!(
                "[defaults]\npass-env = {globs}\n[stage.built]\nrun = \"true\"\n"
            ))
            .engine(&fake)
            .var("SAGE_ROOT", "it's")
            .var("USER", "me");
        project.runenv("run podman-debian-bookworm").exits(0);
        let script = fake.scripts().remove(0);
        let (head, _) = script.split_once("runenv_on_failure").unwrap();
        let lines = head.lines().filter(|l| l.starts_with("export "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let all = exports(r#"["*"]"#);
    assert!(
        all.contains(&"export SAGE_ROOT='it'\\''s'".to_owned()),
        "{all:?}"
    );
    assert!(all.contains(&"export LANG=C.UTF-8".to_owned()), "{all:?}");
    for name in ["PATH", "HOME", "USER", "TMPDIR", "TERM"] {
        let line = format!("export {name}=");
        assert!(!all.iter().any(|l| l.starts_with(&line)), "{all:?}");
    }
    assert_eq!(exports(r#"["US*", "USER"]"#), ["export USER=me"]);
    assert!(exports(r#"["U*"]"#).is_empty());
}

/// What other programs read has the names, and says that there are globs.
#[test]
fn no_glob_stands_in_a_dockerfile_or_devcontainer() {
    let file = "[defaults]\npass-env = [\"SAGE_*\", \"CI_JOB\"]\n[stage.built]\nrun = \"true\"\n\
        [env.docker-debian-bookworm]\nimage = [\"debian:bookworm\", \"debian:12\"]\n";
    let project = Project::new().envs_toml(file);
    let dockerfile = project.runenv("dockerfile docker-debian-bookworm");
    let dockerfile = dockerfile.exits(0).stdout;
    for line in [
        "# Variables that are passed on: docker build --build-arg CI_JOB",
        "# Not passed on, as an ARG is one variable: SAGE_*",
        "# Where the image cannot be had, runenv takes: debian:12",
        "FROM debian:bookworm AS built",
        "ARG CI_JOB",
    ] {
        assert!(dockerfile.lines().any(|l| l == line), "{dockerfile}");
    }
    assert!(!dockerfile.contains("ARG SAGE"), "{dockerfile}");
    let devcontainer = project.runenv("devcontainer docker-debian-bookworm");
    let devcontainer = devcontainer.exits(0).stdout;
    assert!(
        devcontainer.contains("${localEnv:CI_JOB}"),
        "{devcontainer}"
    );
    assert!(!devcontainer.contains("SAGE_"), "{devcontainer}");
}
