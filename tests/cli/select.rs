//! Which environments are meant by words: braces, globs, defaults, order; and words that mean harm.

use snapbox::str;

use crate::errors::PROJECT;
use crate::support::{Project, same};

fn listed(words: &str) -> Vec<String> {
    let ran = Project::new()
        .envs_toml(PROJECT)
        .runenv(format!("list {words}").as_str());
    let names = ran.exits(0).stdout;
    names
        .lines()
        .map(|l| l.split(' ').next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_name_may_come_in_many_forms() {
    let canonical = ["docker-debian-bookworm-gcc_12-standard"];
    for words in [
        "docker-debian-bookworm-gcc_12-standard",
        "docker-debian-bookworm-gcc_12",
        "gcc_12-debian-bookworm-docker",
        "standard-gcc_12-docker-debian-bookworm",
        "docker-debian-bookworm-gcc_12-built",
        "-e docker-debian-bookworm-gcc_12",
        "--env=docker-debian-bookworm-gcc_12",
        "docker-{debian-bookworm}-gcc_12",
        "docker-debian-bookworm-gcc_12,docker-debian-bookworm-gcc_12-standard",
    ] {
        assert_eq!(listed(words), canonical, "{words}");
    }
    assert_eq!(listed("local-minimal"), ["local-host-minimal"]);
}

#[test]
fn several_come_in_the_order_they_are_named() {
    assert_eq!(
        listed("podman-fedora-{42,41}-{minimal,standard} lint"),
        [
            "podman-fedora-42-minimal",
            "podman-fedora-42-standard",
            "podman-fedora-41-minimal",
            "podman-fedora-41-standard",
            "lint"
        ]
    );
    assert_eq!(listed("smoke,lint"), ["smoke", "lint"]);
    assert_eq!(
        listed("-e smoke lint -e docker-fedora-41"),
        ["smoke", "lint", "docker-fedora-41-standard"]
    );
}

#[test]
fn globs_match_env_list_as_written_and_canonical_and_own_names() {
    assert_eq!(
        listed("*-minimal"),
        [
            "docker-debian-bookworm-minimal",
            "docker-fedora-41-minimal",
            "docker-fedora-42-minimal",
            "local-host-minimal"
        ]
    );
    assert_eq!(listed("li?t s*e"), ["lint", "smoke"]);
    assert_eq!(
        listed("docker-{fedora-4?,debian-*}-standard"),
        [
            "docker-fedora-41-standard",
            "docker-fedora-42-standard",
            "docker-debian-bookworm-standard"
        ]
    );
}

#[test]
fn a_variable_selects_too() {
    let project = Project::new().envs_toml(PROJECT).var("RUNENV_ENV", "lint");
    assert_eq!(project.runenv("list").exits(0).stdout, "lint  the linter\n");
}

#[test]
fn nothing_selected_is_exit_4_unless_allowed() {
    let project = Project::new().envs_toml(PROJECT);
    same(
        project.runenv("run podman-*").exits(4).whole(),
        str![[r#"
exit 4
--- stderr
error: `podman-*` matches no environment of `env-list`
help: environments: docker-debian-bookworm-minimal, docker-debian-bookworm-standard, docker-fedora-41-minimal, docker-fedora-41-standard, docker-fedora-42-minimal, docker-fedora-42-standard, local-host-minimal, lint, smoke

"#]],
    );
    assert_eq!(
        project.runenv("run podman-* --allow-empty").exits(0).stdout,
        ""
    );
    assert_eq!(
        project
            .runenv("ci matrix podman-* --allow-empty")
            .exits(0)
            .stdout,
        "[]\n"
    );
}

/// Such a name is refused, shown without effect, and leaves no trace.
#[test]
fn names_that_mean_harm_are_refused() {
    let project = Project::new().envs_toml(PROJECT);
    let long = "a-".repeat(2500);
    let words = [
        "x;touch p",
        "$(touch p)",
        "`touch p`",
        "../a",
        "/etc",
        "-rf",
        "a\nb",
        "a\tb",
        "\u{1b}[2J\u{1b}]0;x\u{7}",
        "\u{202e}x",
        "docker-debian-bookworm\u{0}",
        "%s%n",
        "é",
        "docker-дебиан",
        "\u{fdd0}",
        "a..b",
        "_a",
        ".",
        "..",
        long.as_str(),
    ];
    for word in words.into_iter().filter(|w| !w.contains('\0')) {
        for verb in ["list", "run", "show", "logs", "context"] {
            let mut line = vec![verb.to_owned(), "--".to_owned(), word.to_owned()];
            if verb == "run" {
                line = vec![verb.to_owned(), format!("-e={word}")];
            }
            line.extend((verb == "context").then(|| "built".to_owned()));
            let ran = project.runenv(line).exits(2);
            assert_eq!(ran.stdout, "", "{verb} {word:?}");
            let odd = ran.stderr.chars().find(|c| c.is_control() && *c != '\n');
            assert_eq!(odd, None, "{verb} {word:?}: {}", ran.stderr);
            assert!(ran.stderr.len() < 20_000, "{verb} {word:?}");
            assert!(!ran.stderr.contains("panicked"), "{verb} {word:?}");
        }
    }
    assert_eq!(
        std::fs::read_dir(project.root()).unwrap().count(),
        1,
        "no file is made"
    );
}

/// Words that are not UTF-8 are told, not crashed on.
#[test]
fn a_word_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt;
    let project = Project::new().envs_toml(PROJECT);
    let mut command = project.command("list");
    command.arg(std::ffi::OsStr::from_bytes(b"docker-\xff"));
    let ran = project.ran(command.output().unwrap()).exits(2);
    same(
        ran.whole(),
        str![[r#"
exit 2
--- stderr
error: invalid UTF-8 was detected in one or more arguments

Usage: runenv list [OPTIONS] [NAME]...

For more information, try '--help'.

"#]],
    );
}
