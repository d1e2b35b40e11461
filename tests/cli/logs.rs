//! `runenv logs`: the exact bytes of the last run.

use snapbox::str;

use crate::support::{Project, same};

const FILE: &str = r#"
[stage.one]
run = ["printf 'a\\000\\377\\033[31mred\\033]0;title\\007\\r\\n'"]
[stage.two]
run = ["echo two"]
"#;

#[test]
fn a_stage_is_its_bytes_and_all_have_headings() {
    let project = Project::new().envs_toml(FILE);
    project.runenv("run local").exits(0);
    let ran = project.runenv("logs local one").exits(0);
    assert_eq!(ran.bytes, b"a\0\xff\x1b[31mred\x1b]0;title\x07\r\n");
    assert_eq!(project.runenv("logs local two").exits(0).bytes, b"two\n");
    let all = project.runenv("logs local").exits(0).bytes;
    let text = String::from_utf8_lossy(&all).into_owned();
    assert!(
        text.starts_with("==> one <==\na\0") && text.ends_with("==> two <==\ntwo\n"),
        "{text:?}"
    );
}

/// In a job of GitHub what a child wrote is told, and is no command.
#[test]
fn no_line_of_a_log_acts_in_a_job() {
    let file = FILE.replace("echo two", "echo ::add-path::/evil");
    let project = Project::new()
        .envs_toml(&file)
        .var("GITHUB_ACTIONS", "true");
    project.runenv("run local").exits(0);
    assert_eq!(
        project.runenv("logs local one").exits(0).bytes[..3],
        *b"a\0\xff"
    );
    let told = project.runenv("logs local two").exits(0).stdout;
    let lines: Vec<&str> = told.lines().collect();
    let token = lines[0].strip_prefix("::stop-commands::").unwrap();
    assert_eq!(lines[1..], ["::add-path::/evil", &format!("::{token}::")]);
}

/// What reaches the terminal has colours at most.
#[test]
fn the_terminal_gets_no_control_sequences() {
    let project = Project::new().envs_toml(FILE);
    let ran = project.runenv("run local").exits(0);
    let odd = ran.stderr.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(odd, None, "{:?}", ran.stderr);
    let coloured = project.runenv("--color always run local").exits(0);
    assert!(
        coloured.stderr.contains("\u{1b}[31mred"),
        "{:?}",
        coloured.stderr
    );
    assert!(!coloured.stderr.contains("\u{1b}]") && !coloured.stderr.contains('\u{7}'));
}

#[test]
fn a_stage_without_a_log_is_told() {
    let project = Project::new().envs_toml(FILE);
    project.runenv("run local --to one").exits(0);
    same(
        project.runenv("logs local two").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: no log of the stage `two` of `local-host`
help: stages with a log: one

"#]],
    );
    same(
        project.runenv("logs local tow").exits(2).whole(),
        str![[r#"
exit 2
--- stderr
error: no log of the stage `tow` of `local-host`
help: stages with a log: one

"#]],
    );
}

/// The logs are those of the last run: what an earlier one left is gone.
#[test]
fn logs_of_an_earlier_run_are_not_shown() {
    let project = Project::new().envs_toml(FILE);
    project.runenv("run local").exits(0);
    project.write("envs.toml", FILE.replace("stage.two", "stage.zwei"));
    project.runenv("run local --to one").exits(0);
    let text = project.runenv("logs local").exits(0).stdout;
    assert!(!text.contains("==> two <=="), "{text}");
}

/// A line of 20 MB, and a lot of lines: the log is whole, what is told is short.
#[test]
fn a_long_line_is_kept_and_not_held() {
    let project = Project::new().envs_toml(
        "[stage.one]\nrun = [\"head -c 20000000 /dev/zero | tr '\\\\0' x; false\"]\nshell = \"sh\"\n",
    );
    let ran = project.runenv("run -q local").exits(1);
    assert!(ran.stderr.len() < 20_000, "{} bytes", ran.stderr.len());
    let log = std::fs::metadata(project.path(".runenv/local-host/log/01-one.log")).unwrap();
    assert_eq!(log.len(), 20_000_000);
}
