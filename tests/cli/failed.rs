//! `--failed`, and what is said where nothing is left.

use snapbox::str;

use crate::filters::{each, project};
use crate::support::{Project, golden, same};

#[test]
fn failed_are_those_that_did_not_pass_last_time() {
    let project = project();
    let all = "run -q lint local-{minimal,standard}";
    project.runenv(all).exits(1);
    let words = [
        "--failed",
        "--failed -m quick",
        "--failed -f minimal",
        "--failed --skip 'local-*'",
    ];
    same(
        each(&project, &words),
        str![[r#"
--failed: local-host-standard lint local-host-minimal
--failed -m quick: lint local-host-standard
--failed -f minimal: local-host-minimal
--failed --skip 'local-*': lint

"#]],
    );
    let project = project.var("OK", "1");
    project.runenv("run -q lint").exits(0);
    same(
        each(&project, &["--failed"]),
        str![[r#"
--failed: local-host-standard local-host-minimal

"#]],
    );
    project.runenv("run -q --failed").exits(0);
    project.runenv("run -q --failed").exits(4);
    project.runenv("run -q --failed --allow-empty").exits(0);
}

#[test]
fn nothing_failed_may_have_many_reasons() {
    let project = project().var("OK", "1");
    let told = |words: &str| {
        let ran = project.runenv(words).exits(4);
        format!("$ {words}\n{}", ran.stderr)
    };
    let never = told("run --failed") + &told("list --failed lint");
    project.runenv("run -q lint local").exits(0);
    let passed = told("list --failed lint smoke")
        + &told("run --failed -f local")
        + &told("run --failed lint");
    same(
        never + &passed,
        str![[r#"
$ run --failed
error: `--failed`: none of the 9 environments was ever run
help: run them first: without `--failed`
help: chosen from: docker-debian-bookworm-minimal, docker-debian-bookworm-standard, docker-fedora-41-minimal, docker-fedora-41-standard, docker-fedora-42-minimal, docker-fedora-42-standard, local-host-standard, lint, smoke
$ list --failed lint
error: `lint` was never run
help: run them first: without `--failed`
help: chosen from: lint
$ list --failed lint smoke
error: `--failed`: none of the 2 environments failed when it was last run
help: 1 environment passed; 1 never run: run those without `--failed`
help: chosen from: lint, smoke
$ run --failed -f local
error: `--failed`: none of the 2 environments failed when it was last run
help: there is nothing to do again
help: chosen from: local-host-standard, lint
$ run --failed lint
error: `lint` did not fail when it was last run
help: there is nothing to do again
help: chosen from: lint

"#]],
    );
}

/// A result that cannot be read has not failed; one that was interrupted or lost has; skipped has not.
#[test]
fn every_state_has_or_has_not_failed() {
    let project = project();
    for (state, failed) in [
        ("passed", false),
        ("skipped", false),
        ("failed", true),
        ("timed-out", true),
        ("out-of-memory", true),
        ("interrupted", true),
        ("error", true),
        ("not-run", true),
        ("rotten", false),
    ] {
        let result = format!("{{\"name\": \"lint\", \"state\": \"{state}\"}}");
        project.write(".runenv/lint/result.json", result);
        let code = if failed { 0 } else { 4 };
        project.runenv("list --failed").exits(code);
    }
    project.write(".runenv/lint/result.json", "{\"state\":");
    project.write(
        ".runenv/docker-debian-warty-standard/result.json",
        "{\"state\": \"failed\"}",
    );
    project.runenv("list --failed").exits(4);
}

#[test]
fn whoever_takes_out_the_last_says_so() {
    let project = project();
    let told = |words: &str| {
        let ran = project.runenv(shlex::split(words).unwrap()).exits(4);
        assert_eq!(ran.stdout, "");
        format!("$ {words}\n{}\n", ran.stderr)
    };
    let words = [
        "list -f docker-ubuntu",
        "run docker-fedora-42 -f debian",
        "run docker-fedora-42 -m quick",
        "ci matrix 'docker-*' -m quick",
        "run -m quick --skip 'l*'",
        "run lint --skip lint",
        "run -f fedora -f minimal -m nightly",
        "run --failed -f fedora-docker",
        "list --all 'podman-arch*'",
        "list --all 'docker-fedroa-*'",
    ];
    golden(words.map(told).concat(), "select/nothing-left");
}

#[test]
fn nothing_may_be_there_from_the_beginning() {
    let none = Project::new().envs_toml("[project]\nenv-list = [\"local\"]\nexclude = [\"local\"]\nlabels = { a = [\"docker-*\"] }\n[stage.built]\nrun = \"true\"\n");
    same(
        none.runenv("run").exits(4).whole(),
        str![[r#"
exit 4
--- stderr
warning: `docker-*` matches no environment of `env-list`
 --> envs.toml:4:17
  |
4 | labels = { a = ["docker-*"] }
  |                 ^^^^^^^^^^
  |
help: `runenv list` shows the environments; take the name out, or correct it
error: nothing to run: `exclude` takes out all of `env-list`
help: name one, or exclude less

"#]],
    );
    same(
        none.runenv("run -m a").exits(4).whole(),
        str![[r#"
exit 4
--- stderr
warning: `docker-*` matches no environment of `env-list`
 --> envs.toml:4:17
  |
4 | labels = { a = ["docker-*"] }
  |                 ^^^^^^^^^^
  |
help: `runenv list` shows the environments; take the name out, or correct it
error: no environment has the label `a`
help: its globs in `[project] labels` match nothing of `env-list`

"#]],
    );
}
