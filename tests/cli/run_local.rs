//! Runs on this host: what a command gets, how it ends, what is kept of it.

use std::io::BufRead;

use crate::support::{Project, golden};

fn local(commands: &str) -> Project {
    Project::new().envs_toml(&format!(
        "[env.a]\nrunner = \"local\"\ncommands = {commands}\n"
    ))
}

#[test]
fn a_passed_run_says_so() {
    let ran = local(r#"["echo one; echo two >&2", ["echo", "a  b"]]"#).runenv("run a");
    golden(ran.exits(0).whole(), "told/passed");
}

#[test]
fn a_failed_run_shows_the_command_its_place_and_how_to_go_on() {
    let ran = local(r#"["true", "echo oh no; exit 7", "echo never"]"#).runenv("run a");
    golden(ran.exits(1).whole(), "told/failed");
}

#[test]
fn several_environments_are_told_apart() {
    let project = Project::new().envs_toml(
        r#"
[env.good]
runner = "local"
commands = ["echo fine"]
[env.bad]
runner = "local"
commands = ["echo broken", "false"]
[env.last]
runner = "local"
commands = ["echo last"]
"#,
    );
    golden(
        project.runenv("run good bad last").exits(1).whole(),
        "told/several",
    );
    golden(
        project.runenv("run -q good bad").exits(1).whole(),
        "told/several-quiet",
    );
    golden(
        project.runenv("run -v good last").exits(0).whole(),
        "told/several-verbose",
    );
    golden(project.runenv("run -q good").exits(0).whole(), "told/quiet");
}

#[test]
fn stages_run_in_order_and_stop_where_one_fails() {
    let project = Project::new().envs_toml(
        r#"
[stage.first]
run = ["echo first >>order"]
[stage.second]
run = ["echo second >>order", "test -e fixed"]
on-failure = ["echo why", "echo because >&2"]
[stage.third]
run = ["echo third >>order"]
"#,
    );
    golden(project.runenv("run local").exits(1).whole(), "told/stages");
    assert_eq!(project.read("order"), "first\nsecond\n");
    project.write("fixed", "");
    project.runenv("run local --to second").exits(0);
    assert_eq!(project.read("order"), "first\nsecond\nfirst\nsecond\n");
    project.runenv("run local-host-third").exits(0);
    assert!(project.read("order").ends_with("third\n"));
}

#[test]
fn what_may_fail_does_not_fail_the_run() {
    let project = Project::new().envs_toml(
        r#"
[stage.first]
run = [{ run = "exit 3", allow-failure = true }, "echo on"]
[stage.second]
run = ["exit 4"]
allow-failure = true
[stage.third]
run = [{ run = "echo never", if = "docker" }, { run = ["echo", "here"], if = "local" }]
"#,
    );
    golden(project.runenv("run local").exits(0).whole(), "told/allowed");
}

/// The shell is `sh -e` unless set; each command has one of its own.
#[test]
fn each_command_has_a_shell_of_its_own() {
    let project = local(
        r#"["cd /; X=1; export Y=2", "pwd >where; echo ${X-no} ${Y-no} >vars", "false; echo went on"]"#,
    );
    let ran = project.runenv("run a").exits(1);
    assert!(!ran.stderr.contains("\nwent on\n"), "{}", ran.stderr);
    assert_eq!(
        project.read("where").trim(),
        project.root().display().to_string()
    );
    assert_eq!(project.read("vars"), "no no\n");
}

#[test]
fn bash_fails_where_a_pipe_does() {
    let project = |shell: &str| {
        Project::new().envs_toml(&format!(
            "[env.a]\nrunner = \"local\"\nshell = {shell}\ncommands = [\"false | true; echo [$0]\"]\n"
        ))
    };
    project(r#""sh""#).runenv("run a").exits(0);
    project(r#""bash""#).runenv("run a").exits(1);
    project(r#"["bash", "-c"]"#).runenv("run a").exits(0);
}

#[test]
fn a_program_that_is_not_there_is_the_commands_failure() {
    let ran = local(r#"[["no-such-program", "x"]]"#).runenv("run a");
    golden(ran.exits(1).whole(), "told/no-program");
}

#[test]
fn a_signal_is_named() {
    let ran = local(r#"["kill -SEGV $$"]"#).runenv("run a").exits(1);
    assert!(ran.stderr.contains("signal SEGV"), "{}", ran.stderr);
}

/// Commands get the short list of variables, what is set, and nothing else; stdin is empty.
#[test]
fn the_environment_is_clean() {
    let project = Project::new()
        .envs_toml(
            "[env.a]\nrunner = \"local\"\nenv = { SET = \"x {cpus} y\", HOME = \"/nowhere\" }\ncpus = \"2\"\n\
             pass-env = [\"PASSED\"]\ncommands = [[\"env\"], \"cat; echo read\"]\n",
        )
        .var("PASSED", "p")
        .var("SECRET", "s")
        .var("CI", "true");
    project.runenv("run a").exits(0);
    let log = project.read(".runenv/a/log/01-commands.log");
    let mut lines: Vec<&str> = log
        .lines()
        .filter(|l| !l.starts_with("PATH=") && !l.starts_with("TMPDIR="))
        .collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "CI=true",
            "HOME=/nowhere",
            "LANG=C.UTF-8",
            "PASSED=p",
            "SET=x 2 y",
            "TERM=dumb",
            "read"
        ]
    );
}

/// One argument, byte for byte, never substituted again.
#[test]
fn posargs_are_themselves() {
    let words = [
        "it's",
        "a\nb",
        "-n",
        "%s",
        "{cpus}",
        "{env:HOME}",
        "{{x}}",
        "$HOME",
        "",
        "é ",
        "\\",
    ];
    for command in [
        r#"["printf '<%s>' {posargs}"]"#,
        r#"[["printf", "<%s>", "{posargs}"]]"#,
    ] {
        let project = local(command);
        let mut line = vec!["run".to_owned(), "a".to_owned(), "--".to_owned()];
        line.extend(words.map(str::to_owned));
        project.runenv(line).exits(0);
        let expected: String = words.iter().map(|w| format!("<{w}>")).collect();
        assert_eq!(
            project.read(".runenv/a/log/01-commands.log"),
            expected,
            "{command}"
        );
    }
}

#[test]
fn a_time_limit_ends_the_stage() {
    let project = local(r#"["echo begun; sleep 60"]"#);
    let started = std::time::Instant::now();
    let ran = project.runenv("run a --timeout 1s").exits(1);
    assert!(started.elapsed().as_secs() < 15, "{:?}", started.elapsed());
    golden(ran.whole(), "told/timed-out");
    let result = project.json(".runenv/a/result.json");
    assert_eq!(result["state"], "timed-out");
}

/// The run's limit leaves what was done in time, and is nobody's own: a stage behind it is not begun at length.
#[test]
fn a_time_limit_ends_the_run() {
    let file = "[project]\nenv-list = [\"local-host-a\", \"local-host-b\"]\n[config]\na = {}\nb = {}\n\
                [stage.one]\nrun = [\"true\"]\n[stage.two]\nrun = [\"sleep 60\"]\ntimeout = \"50s\"\n\
                [stage.aside]\nfrom = \"one\"\nrun = [\"sleep 60\"]\n";
    let project = Project::new().envs_toml(file);
    let started = std::time::Instant::now();
    let ran = project.runenv("run --time-limit 1s").exits(1);
    assert!(started.elapsed().as_secs() < 15, "{:?}", started.elapsed());
    golden(ran.whole(), "told/run-timed-out");
    let result = project.json(".runenv/local-host-a/result.json");
    assert_eq!(result["stages"][0]["state"], "passed");
    assert_eq!(result["stages"][1]["state"], "timed-out");
    assert_eq!(result["stages"][2]["state"], "timed-out");
}

/// No limit is too long to be written down.
#[test]
fn a_time_limit_may_be_longer_than_the_clock_counts() {
    let project = local(r#"["true"]"#);
    for option in ["--timeout", "--time-limit"] {
        let words = format!("run a {option} 9223372036854775807s");
        project.runenv(words.as_str()).exits(0);
    }
}

/// A tree holds one local run at a time; the other is told who has it.
#[test]
fn two_runs_of_a_tree_do_not_mix() {
    let project = local(r#"["echo up >up; sleep 5"]"#);
    let mut first = project.command("run a").spawn().unwrap();
    while !project.path("up").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let ran = project.runenv("run a").exits(3);
    let expected = format!(
        "another local run has this tree: process {}, which is alive and runs `a` since ",
        first.id()
    );
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("`--wait`"), "{}", ran.stderr);
    let mut waits = project.command("run a --wait").spawn().unwrap();
    let mut said = String::new();
    let mut lines = std::io::BufReader::new(waits.stderr.take().unwrap());
    while !said.contains(&format!("that has this tree: process {}", first.id())) {
        assert_ne!(lines.read_line(&mut said).unwrap(), 0, "{said}");
    }
    // Its command lives on for a second at most, as after any kill; the lock does not.
    std::fs::remove_file(project.path("up")).unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    while !project.path("up").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    interrupt(&waits);
    assert_eq!(waits.wait().unwrap().code(), Some(130));
}

/// A wait obeys signals, and leaves what the holder wrote alone.
#[test]
fn a_wait_for_the_tree_ends_with_a_signal() {
    let project = local(r#"["echo up >up; sleep 5"]"#);
    let mut first = project.command("run a").spawn().unwrap();
    while !project.path("up").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut waits = project.command("run a");
    let mut waits = waits.env("RUNENV_WAIT", "1").spawn().unwrap();
    let mut line = String::new();
    let mut lines = std::io::BufReader::new(waits.stderr.take().unwrap());
    while !line.contains("waiting for") {
        assert_ne!(lines.read_line(&mut line).unwrap(), 0, "{line}");
    }
    interrupt(&waits);
    assert_eq!(waits.wait().unwrap().code(), Some(130));
    assert!(project.path(".runenv/a/log/01-commands.log").exists());
    interrupt(&first);
    assert_eq!(first.wait().unwrap().code(), Some(130));
}

fn interrupt(child: &std::process::Child) {
    let pid = i32::try_from(child.id()).ok();
    let pid = pid.and_then(rustix::process::Pid::from_raw).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
}

/// Homebrew and conda are no systems that a machine is.
#[test]
fn package_managers_run_on_any_host() {
    let project = Project::new().envs_toml("[stage.built]\nrun = \"echo on {system}\"\n");
    for (name, system) in [
        ("local-homebrew", "homebrew"),
        ("local-conda", "conda-forge"),
    ] {
        let ran = project.runenv(["run", name]).exits(0);
        assert!(
            ran.stderr.contains(&format!("\non {system}\n")),
            "{}",
            ran.whole()
        );
    }
    let ran = project.runenv("run local-scientificlinux-6").exits(2);
    assert!(
        ran.stderr.contains("this machine is [HOST]"),
        "{}",
        ran.stderr
    );
}
