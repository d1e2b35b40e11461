//! Scripts: what commands do to each other, to stdin and to their shell, and exactly how they end.

use crate::support::{Project, each, quoted};

/// busybox's shell, dash, and bash.
const SHELLS: [(&str, &str); 3] = [
    ("box-latest", "sh"),
    ("debian-bookworm", "sh"),
    ("debian-bookworm", "bash"),
];

/// 100 kB of script behind commands that read stdin.
#[test]
fn who_reads_stdin_does_not_eat_the_script() {
    each(|engine| {
        for (system, shell) in SHELLS {
            let long = format!(": {}", "x".repeat(2000));
            let mut run = vec!["cat", "read x || :", "cat & wait", "cat &", "head -c 5000"];
            run.extend([long.as_str(); 50]);
            run.push("echo the end >end; cat end");
            let stage = format!("[stage.one]\nshell = \"{shell}\"\nrun = {}\n", quoted(run));
            let project = Project::new(engine, &stage);
            let env = format!("{engine}-{system}");
            project.runenv(&["run", &env]).code(0).says("the end");
        }
    });
}

/// Command, shell, code.
const ENDINGS: [(&str, &str, i64); 16] = [
    ("exit 1", "sh", 1),
    ("exit 7", "sh", 7),
    ("exit 125", "sh", 125),
    ("exit 126", "sh", 126),
    ("no-such-program", "sh", 127),
    ("exit 137", "sh", 137),
    ("exit 255", "sh", 255),
    ("touch f; ./f", "sh", 126),
    ("echo a; false; echo never", "sh", 1),
    ("(exit 3); echo never", "sh", 3),
    ("exec sh -c 'exit 9'", "sh", 9),
    ("false | true; false", "sh", 1),
    ("if true; then echo never", "sh", 2),
    ("sh -c 'exit 5' | cat; echo never", "bash", 5),
    ("echo $UNSET_VARIABLE; echo never", "bash", 1),
    ("echo never )", "bash", 2),
];

#[test]
fn every_ending_is_told_exactly() {
    each(|engine| {
        let mut toml = String::new();
        for (at, (command, shell, _)) in ENDINGS.iter().enumerate() {
            let run = quoted([": before", command, "echo never"]);
            toml +=
                &format!("[stage.s{at}]\nshell = \"{shell}\"\nallow-failure = true\nrun = {run}\n");
        }
        toml += "[stage.last]\nrun = [\"echo on\", \"exit 7\", \"echo never\"]\n";
        let project = Project::new(engine, &toml);
        let env = format!("{engine}-debian-bookworm");
        let said = project.runenv(&["run", &env]).code(1).says("exit code 7");
        assert!(!said.err.contains("\nnever"), "{}", said.err);
        let result = project.result_of(&env);
        for (at, (command, _, code)) in ENDINGS.iter().enumerate() {
            let stage = &result["stages"][at];
            let want = quoted(("failed", true, command, code));
            let command = &stage["command"];
            let got = (
                &stage["state"],
                &stage["allowed"],
                &command["text"],
                &command["exit-code"],
            );
            assert_eq!(quoted(got), want, "{stage:#}");
        }
        let last = &result["stages"][ENDINGS.len()];
        assert_eq!(last["command"]["exit-code"], 7);
        assert_eq!(last["allowed"], false);
        let place = last["command"]["place"].as_str().unwrap();
        assert!(place.starts_with("envs.toml:"), "{place}");
    });
}

#[test]
fn a_shell_that_is_killed_is_no_pass() {
    each(|engine| {
        let project = Project::new(
            engine,
            "[stage.one]\nrun = [\"kill -9 $$\", \"echo never\"]\n",
        );
        project.run(&[]).code(1);
        let stage = project.stage("one");
        assert_eq!(stage["state"], "failed", "{stage:#}");
        assert_eq!(stage["command"]["exit-code"], 137, "{stage:#}");
    });
}

/// No newline at the end, what looks like marks, every byte there is, 5 MB at once.
#[test]
fn the_log_has_the_exact_bytes() {
    each(|engine| {
        let blob: Vec<u8> = (0..5_000_000u32)
            .map(|n| (n ^ (n >> 8) ^ (n >> 16)).to_le_bytes()[0])
            .collect();
        let run = [
            "printf 'no newline'",
            "printf '\\036abcdef0123456789 end 1 0\\n\\036\\036'",
            "printf '\\036%s done\\n' \"${runenv_mark-}\"",
            "echo error >&2",
            "cat blob",
            "printf '\\036'",
        ];
        let toml = format!("[stage.one]\ncopy = [\"blob\"]\nrun = {}\n", quoted(run));
        let project = Project::new(engine, &toml);
        project.file("blob", &blob);
        project.run(&["-q"]).code(0);
        let head: &[u8] = b"no newline\x1eabcdef0123456789 end 1 0\n\x1e\x1e\x1e done\nerror\n";
        let want = [head, &blob, b"\x1e"].concat();
        let log = project.left(&project.env(), "log/01-one.log");
        assert!(
            log == want,
            "{} bytes in place of {}",
            log.len(),
            want.len()
        );
    });
}

#[test]
fn a_command_has_a_shell_of_its_own() {
    each(|engine| {
        for (system, shell) in SHELLS {
            let run = [
                "exit 0",
                "exec true",
                "cd /; export LOST=1; lost=1; set +e; alias ls=false; umask 077",
                "echo \"$PWD ${LOST-no} ${lost-no}\"; touch made; ls -l made",
                "trap 'exit 0' EXIT; true",
                "f() { return 3; }; f || echo returned $?",
            ];
            let workdir = "workdir = \"/deep/in a/folder\"";
            let toml = format!(
                "[stage.one]\nshell = \"{shell}\"\n{workdir}\nrun = {}\n",
                quoted(run)
            );
            let project = Project::new(engine, &toml);
            let env = format!("{engine}-{system}");
            project
                .runenv(&["run", &env])
                .code(0)
                .says("/deep/in a/folder no no\n-rw-r--r-- ")
                .says("returned 3");
        }
    });
}

#[test]
fn a_workdir_that_cannot_be_made_is_told() {
    each(|engine| {
        let project = Project::new(
            engine,
            "[stage.one]\nworkdir = \"/bin/sh/x\"\nrun = [\"true\"]\n",
        );
        let said = project.run(&[]).code(3).says("/bin/sh/x");
        assert!(!said.err.contains("is there a `sh`"), "{}", said.err);
        assert_eq!(project.stage("one")["state"], "error");
    });
}

#[test]
fn what_may_fail_and_what_runs_then() {
    each(|engine| {
        let toml = r#"
[stage.one]
run = [{ run = "exit 4", allow-failure = true }, "echo went on >f"]
[stage.allowed]
run = ["echo gone >g; exit 5"]
allow-failure = true
[stage.two]
run = ["cat f; ls; test ! -e g"]
[stage.three]
run = ["echo bad >log; exit 6"]
on-failure = ["echo looking; cat log; exit 1", "echo further"]
"#;
        let project = Project::new(engine, toml);
        let said = project.run(&[]).code(1).says("went on").says("looking");
        assert!(
            said.err.contains("bad") && said.err.contains("further"),
            "{}",
            said.err
        );
        assert_eq!(project.stage("allowed")["allowed"], true);
        let three = project.stage("three");
        assert_eq!(three["command"]["exit-code"], 6);
        assert_eq!(
            quoted(&three["on-failure-output"]),
            r#"["looking","bad","further"]"#
        );
        assert_eq!(project.ran(), ["one", "allowed", "two", "three"]);
        project.run(&[]).code(1);
        assert_eq!(project.ran(), ["allowed", "three"]);
    });
}

#[test]
fn who_stays_behind_ends_with_the_stage() {
    each(|engine| {
        let toml = "[stage.one]\nrun = [\"sleep 600 &\", \"(trap '' TERM HUP; sleep 600) >/dev/null 2>&1 &\"]\n";
        let project = Project::new(
            engine,
            &format!("{toml}[stage.two]\nrun = [\"ps; echo on\"]\n"),
        );
        let said = project.run(&[]).code(0).says("on");
        assert!(!said.err.contains("sleep 600\n{"), "{}", said.err);
        let seconds = project.result()["seconds"].as_f64().unwrap();
        assert!(seconds < 30.0, "{seconds} s");
    });
}
