//! Files that anybody may have sent (reliability T7): answered at once, in little memory, never with a crash.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::Project;

const STAGE: &str = "[stage.built]\nrun = [\"make\"]\n";

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| line(n) + "\n").collect()
}

fn run(command: &str) -> String {
    format!("[stage.built]\nrun = [\"{command}\"]\n")
}

fn nested(open: &str, inside: &str, close: &str, times: usize) -> String {
    format!("{}{inside}{}", open.repeat(times), close.repeat(times))
}

type Hostile = (&'static str, String);

/// Groups, and a file's form: small causes that could have large effects.
fn of_structure() -> Vec<Hostile> {
    let group = |n: usize| format!("g{n} = [\"@g{0}\", \"@g{0}\"]", n + 1);
    let chain = |n: usize| format!("g{n} = [\"@g{}\"]", n + 1);
    let circles = |n: usize| format!("g{n} = [\"@g{}\", \"@g{}\"]", (n + 1) % 2000, n * 7 % 2000);
    let groups = |lines: String| format!("[group]\n{lines}{STAGE}");
    let commands = nested("{run=", "\"x\"", "}", 5000);
    let dots = ".a".repeat(100_000);
    vec![
        ("groups doubling", groups(lines(60, group))),
        ("groups in a chain", groups(lines(50_000, chain))),
        ("groups in circles", groups(lines(2000, circles))),
        ("arrays", format!("a = {}\n", nested("[", "", "]", 50_000))),
        (
            "tables",
            format!("a = {}\n", nested("{a=", "1", "}", 50_000)),
        ),
        ("dots", format!("[defaults]\nvars{dots} = 1\n")),
        ("commands", format!("[stage.built]\nrun = [{commands}]\n")),
        (
            "a long line",
            format!("{STAGE}# {}\n", "x".repeat(3_900_000)),
        ),
        ("much of it", "x".repeat(30_000_000)),
    ]
}

/// Braces in commands.
fn of_texts() -> Vec<Hostile> {
    let filters = format!("{{a{}}}", "|words".repeat(50_000));
    let each = nested("{a|each:", "x", "|join:y}", 40);
    vec![
        ("defaults", run(&nested("{a:", "x", "}", 100_000))),
        ("open defaults", run(&"{a:".repeat(100_000))),
        ("open braces", run(&"{".repeat(100_000))),
        ("escapes", run(&"{{a".repeat(100_000))),
        ("filters", format!("[vars]\na = \"x\"\n{}", run(&filters))),
        (
            "each",
            format!("[vars]\na = [\"x\", \"y\"]\n{}", run(&each)),
        ),
    ]
}

/// Names, known and unknown.
fn of_names() -> Vec<Hostile> {
    let condition = "{ubuntu,fedora}-".repeat(30);
    let packages = lines(20_000, |n| format!("\"p{n}\","));
    let globs = "*a".repeat(20_000);
    let axis = |n: usize| format!("[axis.n{n}.\"{}\"]", vec!["a"; n + 1].join("-"));
    vec![
        (
            "a condition",
            format!("[[when]]\nif = \"{condition}ubuntu\"\n{STAGE}"),
        ),
        ("unknown keys", lines(20_000, |n| format!("[stagee{n}]"))),
        ("bad names", lines(20_000, |n| format!("[config.X{n}]"))),
        (
            "packages",
            format!("[defaults]\npackages = [{packages}]\n{STAGE}"),
        ),
        (
            "globs",
            format!("[project]\nenv-list = [\"{globs}\"]\n{STAGE}"),
        ),
        ("readings", lines(60, axis) + STAGE),
    ]
}

/// A bound on memory is inherited; on time there is a generous one, since tests run side by side, unoptimised.
fn answer(project: &Project, words: &str) -> (Option<i32>, String, Duration) {
    let inner = project.command(words);
    let mut command = Command::new("bash");
    command.args([
        "-c",
        "ulimit -v 600000; exec timeout -s KILL 60 \"$0\" \"$@\"",
    ]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.current_dir(project.root());
    let started = Instant::now();
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), stderr, started.elapsed())
}

#[test]
fn every_file_is_answered() {
    let mut wrong = Vec::new();
    let files = [of_structure(), of_texts(), of_names()].concat();
    for (what, text) in files {
        let project = Project::new().envs_toml(&text);
        for words in ["list", "show docker-debian-bookworm"] {
            let (code, stderr, took) = answer(&project, words);
            let short = stderr.len() < 200_000 && !stderr.contains("panicked");
            if !matches!(code, Some(0 | 2)) || !short || took > Duration::from_secs(30) {
                let end: String = stderr.chars().take(200).collect();
                wrong.push(format!(
                    "{what}: {words}: exit {code:?} after {took:?}: {end}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The limits of the design are not reached by crawling: ten thousand names of as many values.
#[test]
fn ten_thousand_names_are_no_burden() {
    let text = format!(
        "[project]\nenv-list = [\"docker-debian-bookworm-v{{0..9998}}\"]\n[axis.n]\n{}{STAGE}",
        lines(9999, |n| format!("v{n} = {{}}"))
    );
    let project = Project::new().envs_toml(&text);
    let started = Instant::now();
    let ran = project.runenv("ci matrix").exits(0);
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(ran.stdout.matches("docker-").count(), 9999);
}
