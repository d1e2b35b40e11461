//! The two streams: results on stdout, all else on stderr; what happens when one cannot be written to.

use std::process::{Command, Output};

use snapbox::str;

use crate::errors::PROJECT;
use crate::support::{Project, same};

fn sample() -> Project {
    Project::new().envs_toml(PROJECT)
}

/// The binary in a line of shell, where it is `$0`.
fn shell(project: &Project, line: &str) -> Output {
    let inner = project.command("");
    let mut command = Command::new("bash");
    command
        .args(["-o", "pipefail", "-c", line])
        .arg(assert_cmd::cargo::cargo_bin!("runenv"));
    command.env_clear().current_dir(project.root());
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap());
    }
    command.output().unwrap()
}

#[test]
fn a_run_prints_nothing_on_stdout_and_a_question_nothing_on_stderr() {
    let project = sample();
    let run = project.runenv("run lint").exits(0);
    assert_eq!(run.stdout, "");
    for words in [
        "list",
        "list --axes",
        "show lint",
        "run -n lint",
        "ci matrix",
        "--help",
        "--version",
        "logs lint",
    ] {
        let ran = project.runenv(words).exits(0);
        assert_eq!(ran.stderr, "", "{words}");
        assert_ne!(ran.stdout, "", "{words}");
    }
    assert_eq!(project.runenv("list docker-x").exits(2).stdout, "");
}

/// Who reads one line has read enough.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let many = "docker-{debian-{bookworm,trixie,bullseye},ubuntu-{focal,jammy,noble},fedora-{35,40,41,42}}-{gcc_12,clang_16}-{minimal,standard}";
    let project = sample();
    for verb in ["list --json", "list --axes", "ci matrix", "run -n", "show"] {
        let line = format!("\"$0\" {verb} -e '{many}' | head -1 >/dev/null");
        let line = line
            .replace("list --axes -e", "list --axes #")
            .replace("show -e", "show");
        let output = shell(&project, &line.replace("# '", "| head -1 # '"));
        let ran = project.ran(output);
        assert_eq!(ran.stderr, "", "{line}");
        assert_eq!(ran.code, Some(0), "{line}");
    }
}

#[test]
fn a_closed_stdout_is_no_panic() {
    let project = sample();
    for words in ["list", "run -n lint", "ci matrix", "--help", "show lint"] {
        let ran = project.ran(shell(&project, &format!("\"$0\" {words} >&-")));
        assert!(!ran.stderr.contains("panicked"), "{words}: {}", ran.stderr);
        assert!(matches!(ran.code, Some(0 | 3)), "{words}: {ran:?}");
    }
    let ran = project.ran(shell(&project, "\"$0\" run lint >&- 2>&-"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(project.json(".runenv/lint/result.json")["state"], "passed");
}

/// A result that is lost is no success.
#[test]
fn a_full_disk_under_stdout_is_exit_3() {
    let project = sample();
    project.runenv("run lint").exits(0);
    for words in ["list", "show lint", "run -n lint", "ci matrix", "logs lint"] {
        let ran = project
            .ran(shell(&project, &format!("\"$0\" {words} >/dev/full")))
            .exits(3);
        assert!(
            ran.stderr.contains("cannot write to standard output"),
            "{words}: {}",
            ran.stderr
        );
        if words == "list" {
            same(
                ran.whole(),
                str![[r#"
exit 3
--- stderr
error: cannot write to standard output: No space left on device (os error 28)
help: the result is not complete; send it to where there is space

"#]],
            );
        }
    }
    for words in ["run lint", "list"] {
        let ran = project.ran(shell(&project, &format!("\"$0\" {words} 2>/dev/full")));
        assert_eq!(ran.code, Some(0), "{words}");
    }
}

/// Colour only where somebody asked, or a terminal can.
#[test]
fn colour_is_where_it_is_wanted() {
    let coloured = |project: Project, words: &str| {
        let ran = project.runenv(words);
        ran.stderr.contains('\u{1b}')
    };
    for words in ["run lint", "list docker-fedroa-41"] {
        assert!(!coloured(sample(), words), "{words}");
        assert!(coloured(sample().var("FORCE_COLOR", "1"), words), "{words}");
        assert!(
            !coloured(sample().var("FORCE_COLOR", "1").var("NO_COLOR", "1"), words),
            "{words}"
        );
        assert!(
            !coloured(sample().var("FORCE_COLOR", "0"), words),
            "{words}"
        );
        assert!(
            coloured(sample(), &format!("--color always {words}")),
            "{words}"
        );
        let never = sample().var("FORCE_COLOR", "1");
        assert!(
            !coloured(never, &format!("--color never {words}")),
            "{words}"
        );
        assert!(
            coloured(sample().var("RUNENV_COLOR", "always"), words),
            "{words}"
        );
    }
}

/// All text makes sense without colour: it is the same text.
#[test]
fn colour_is_only_colour() {
    let plain = sample().runenv("list docker-fedroa-41").stderr;
    let coloured = sample()
        .runenv("--color always list docker-fedroa-41")
        .stderr;
    let sequences = regex::Regex::new("\u{1b}\\[[0-9;]*m").unwrap();
    assert_eq!(sequences.replace_all(&coloured, ""), plain);
}

/// A child's half line is ended before a line of ours.
#[test]
fn no_line_of_ours_begins_inside_a_childs() {
    let project = Project::new().envs_toml(
        "[env.a]\nrunner = \"local\"\ncommands = [\"printf 'no newline'\", \"printf 'a\\\\rforged passed\\\\n'\", \"printf half >&2; false\"]\n",
    );
    same(
        project.runenv("run a").exits(1).whole(),
        str![[r#"
exit 1
--- stderr
a
== commands (1/1)
$ printf 'no newline'
no newline
$ printf 'a\rforged passed\n'
a
forged passed
$ printf half >&2; false
half
== commands failed after [TIME]: exit code 1

failed: a
  stage    commands failed after [TIME]: exit code 1
  command  printf half >&2; false
  at       envs.toml:3:69
  log      [ROOT]/.runenv/a/log/01-commands.log
  again    runenv run a --redo commands

1 failed in [TIME]

"#]],
    );
}
