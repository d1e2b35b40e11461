//! Files that anybody may have sent (reliability T7): answered at once, in little memory, never with a crash.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::errors::PROJECT;
use crate::support::{Project, other_binary};

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
    let excludes = format!(
        "[project]\nenv-list = [\"docker-debian-bookworm-v{{0..1999}}\"]\nexclude = [\"*{{1..999}}*x\"]\n[axis.n]\n{}{STAGE}",
        lines(2000, |n| format!("v{n} = {{}}"))
    );
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
        ("globs that exclude", excludes),
    ]
}

/// Words of the command line.
fn of_words() -> Vec<(&'static str, Vec<String>)> {
    let braces = "{a,b}".repeat(40);
    let globs = format!("x{}", "*a".repeat(50_000));
    let many = (0..10_000).map(|n| format!("docker-debian-x{n}"));
    let name = |text: String| vec!["list".to_owned(), "-e".to_owned(), text];
    vec![
        ("braces", name(format!("docker-{braces}"))),
        ("nested braces", name(nested("{a,", "b", "}", 30_000))),
        ("a range", name("docker-v{0..4000000000}".to_owned())),
        (
            "braces in braces",
            name(nested("{a,b,", "{1..9}", "}{c,d}", 40)),
        ),
        ("one long name", name("a-".repeat(60_000))),
        (
            "a condition",
            ["list", "-f", &braces].map(str::to_owned).to_vec(),
        ),
        (
            "a label",
            ["list", "-m", &braces].map(str::to_owned).to_vec(),
        ),
        (
            "what is skipped",
            ["list", "--skip", &braces].map(str::to_owned).to_vec(),
        ),
        ("a glob", name(globs.clone())),
        (
            "globs in braces",
            name(format!("{{{}}}", vec!["*q*"; 9000].join(","))),
        ),
        (
            "ten thousand names",
            std::iter::once("list".to_owned()).chain(many).collect(),
        ),
        ("a key", vec!["show".to_owned(), "lint".to_owned(), globs]),
        (
            "a stage",
            ["run", "lint", "--to", &"s".repeat(100_000)]
                .map(str::to_owned)
                .to_vec(),
        ),
    ]
}

/// How a program ended under the limits: in seconds of processor time, since tests run side by side, and in bytes of
/// address space, which is more than what is in memory.
fn limited(command: &Command) -> (Option<i32>, String) {
    // A debug build takes longer; what users get is measured by the part `bombs` of tests/all.sh.
    let debug = cfg!(debug_assertions) && other_binary().is_none();
    let seconds = if debug { 4 } else { 1 };
    let limits = format!("ulimit -v 262144 -t {seconds}; exec timeout -s KILL 60 \"$0\" \"$@\"");
    let mut limited = Command::new("bash");
    limited.args(["-c", &limits]);
    limited.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    let output = limited.stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), stderr)
}

/// What is wrong about an answer, if anything is.
fn wrong(what: &str, command: &Command, codes: &[i32]) -> Option<String> {
    let (code, stderr) = limited(command);
    let short = stderr.len() < 200_000 && !stderr.contains("panicked");
    if code.is_some_and(|code| codes.contains(&code)) && short {
        return None;
    }
    let end: String = stderr.chars().take(200).collect();
    Some(format!("{what}: exit {code:?}: {end}"))
}

/// The limits bite: what takes memory or time does not get through.
#[test]
fn the_limits_are_limits() {
    let hog = |script: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", script]);
        limited(&command).0
    };
    assert_eq!(hog("printf -v x %1000000s && exit 7"), Some(7));
    assert_ne!(hog("printf -v x %300000000s && exit 7"), Some(7));
    assert_eq!(hog("while :; do :; done"), None);
}

#[test]
fn every_file_is_answered() {
    let mut all = Vec::new();
    for (what, text) in [of_structure(), of_texts(), of_names()].concat() {
        let project = Project::new().envs_toml(&text);
        for words in ["list", "show docker-debian-bookworm"] {
            all.extend(wrong(what, &project.command(words), &[0, 2]));
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// Files that are a mistake: braces wherever some are expanded.
fn refused_braces() -> Vec<Hostile> {
    let braces = "{a,b}".repeat(40);
    let project = |key: &str, list: &str| format!("[project]\n{key} = [\"{list}\"]\n{STAGE}");
    let nested = nested("{a,", "b", "}", 30_000);
    let command = format!("[stage.a]\nrun = [{{ run = \"x\", if = \"{braces}\" }}]\n");
    vec![
        ("env-list", project("env-list", &format!("docker-{braces}"))),
        ("env-list, nested", project("env-list", &nested)),
        ("a label", project("labels.x", &braces)),
        ("exclude", project("exclude", &braces)),
        ("a family", format!("[config.\"{braces}\"]\n{STAGE}")),
        (
            "a condition",
            format!("[[when]]\nif = \"{braces}\"\n{STAGE}"),
        ),
        ("a command's condition", command),
    ]
}

/// The same, of other kinds.
fn refused() -> Vec<Hostile> {
    let doubling = lines(64, |n| format!("v{n} = \"{{v{0}}}{{v{0}}}\"", n + 1));
    let elements = lines(64, |n| {
        format!("v{n} = [\"{{v{0}}}\", \"{{v{0}}}\"]", n + 1)
    });
    let used = run("echo {v0}");
    let names = vec!["\"docker-debian-x\""; 10_000].join(", ");
    let packages = lines(20_000, |n| format!("\"p{n}\","));
    vec![
        (
            "doubling texts",
            format!("[vars]\n{doubling}v64 = \"xxxx\"\n{used}"),
        ),
        (
            "doubling lists",
            format!("[vars]\n{elements}v64 = [\"xxxx\"]\n{used}"),
        ),
        ("a long line", "x".repeat(30_000_000)),
        (
            "many names",
            format!("[project]\nenv-list = [{names}]\n{STAGE}"),
        ),
        (
            "unknown packages",
            format!("[defaults]\npackages = [{packages}]\n{STAGE}"),
        ),
    ]
}

/// Those that are a mistake are told as one.
#[test]
fn every_bomb_is_refused() {
    let mut all = Vec::new();
    for (what, text) in [refused_braces(), refused()].concat() {
        let project = Project::new().envs_toml(&text);
        all.extend(wrong(
            what,
            &project.command("show docker-debian-bookworm"),
            &[2],
        ));
    }
    let project = Project::new().envs_toml(PROJECT);
    for (what, words) in of_words() {
        // Single globs match nothing; too many of them are refused.
        let nothing = what.contains("glob") && !what.contains("braces");
        let code = if nothing { 4 } else { 2 };
        all.extend(wrong(what, &project.command(words), &[code]));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// Many files are as one.
#[test]
fn included_files_are_no_way_around() {
    let names: Vec<String> = (0..100).map(|n| format!("\"{n}.toml\"")).collect();
    let file = format!("[project]\ninclude = [{}]\n{STAGE}", names.join(", "));
    let large = "#".repeat(3_000_000);
    let keys = lines(4000, |n| format!("n{n} = [\"x\"]"));
    for (what, text, code) in [
        ("large files", large, 2),
        ("entries in all of them", format!("[group]\n{keys}"), 2),
        ("empty tables", "[group]\n[packages]\n".to_owned(), 0),
    ] {
        let project = Project::new().envs_toml(&file);
        for n in 0..100 {
            project.write(&format!("{n}.toml"), &text);
        }
        assert_eq!(wrong(what, &project.command("list"), &[code]), None);
    }
}

/// What is no file is not read, and not waited for.
#[test]
fn a_pipe_is_no_file() {
    let project = Project::new().link("zero", "/dev/zero");
    let pipe = project.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    for file in ["pipe", "zero", "/dev/zero", "/dev/stdin", "."] {
        let command = project.command(["-c", file, "list"]);
        assert_eq!(wrong(file, &command, &[2]), None);
    }
    std::fs::rename(pipe, project.path("envs.toml")).unwrap();
    assert_eq!(wrong("envs.toml", &project.command("list"), &[2]), None);
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
