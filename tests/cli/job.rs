//! What a run says in a job of a CI system, and that nothing a child writes acts there.

use regex::Regex;
use serde_json::json;
use snapbox::str;

use crate::support::{Project, Ran, golden, same};

/// A stage that passes, and one whose command fails after many lines, with much said behind it.
const FAILING: &str = r#"
[defaults]
annotate = [
  { match = '^(?<file>\S+):(?<line>\d+): warning: (.*)', level = "warning" },
  { match = "^configure: error: (?<message>.*)", level = "error" },
]
[stage.built]
run = ["echo compiling; echo 'src/a.c:7: warning: unused x'"]
[stage.tested]
run = [
  "i=1; while [ $i -le 40 ]; do echo \"line $i\"; i=$((i+1)); done; echo 'configure: error: 5% of all, lost'; exit 3",
]
on-failure = ["i=1; while [ $i -le 60 ]; do echo \"log $i\"; i=$((i+1)); done"]
"#;

const GITHUB: (&str, &str) = ("GITHUB_ACTIONS", "true");
const GITLAB: (&str, &str) = ("GITLAB_CI", "true");

fn failing() -> Project {
    Project::new().envs_toml(FAILING)
}

/// A text without what differs from run to run.
fn steady(text: &str) -> String {
    let differs = [
        (r"\b[0-9a-f]{32}\b", "[TOKEN]"),
        (r"(section_(?:start|end)):[0-9]+", "$1:[NOW]"),
    ];
    let text = text.replace('\x1b', "ESC").replace('\r', "CR");
    differs.iter().fold(text, |text, (differs, is)| {
        let differs = Regex::new(differs).unwrap();
        differs.replace_all(&text, *is).into_owned()
    })
}

/// GitHub's runner (actions/runner, `ActionCommandManager` and `ActionCommand`): the commands on which it acts, as name
/// and what follows, and whether it acts at the end.
fn acted(text: &str) -> (Vec<(String, String)>, bool) {
    const KNOWN: [&str; 17] = [
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "error",
        "group",
        "internal-set-repo-path",
        "notice",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
        "warning",
        "command",
    ];
    let (mut acted, mut token) = (Vec::new(), None::<String>);
    for line in text.split(['\n', '\r']) {
        let modern = line.trim_start().strip_prefix("::");
        let modern = modern.and_then(|rest| rest.split_once("::"));
        let old = line
            .split_once("##[")
            .and_then(|(_, rest)| rest.split_once(']'));
        let known = |(head, data): (&str, &str)| {
            let name = head.split(' ').next().unwrap_or_default().to_lowercase();
            let known = KNOWN.contains(&&*name) || token.as_deref() == Some(&name);
            known.then(|| (name, format!("{head}::{data}")))
        };
        let Some((name, whole)) = modern.and_then(known).or_else(|| old.and_then(known)) else {
            continue;
        };
        match &token {
            Some(word) if name == *word => token = None,
            Some(_) => {}
            None if name == "stop-commands" => {
                token = whole.split_once("::").map(|(_, word)| word.to_lowercase());
            }
            None => acted.push((name, whole)),
        }
    }
    (acted, token.is_none())
}

fn run(project: Project, provider: (&str, &str), words: &str) -> Ran {
    project.var(provider.0, provider.1).runenv(words)
}

#[test]
fn one_failing_run_in_all_forms() {
    golden(
        steady(&failing().runenv("run local").exits(1).stderr),
        "job/plain",
    );
    for (name, provider) in [("github", GITHUB), ("gitlab", GITLAB)] {
        let ran = run(failing(), provider, "run local").exits(1);
        golden(steady(&ran.stderr), &format!("job/{name}"));
    }
}

/// Also where `on-failure` and `finally` have said much since.
#[test]
fn the_last_lines_of_what_failed_are_at_the_end() {
    let finally =
        "finally = [\"for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo $i; echo $i; echo $i; done\"]\n";
    let short = FAILING.split("on-failure").next().unwrap();
    for (file, few) in [
        (FAILING.to_owned(), false),
        (format!("{FAILING}{finally}"), false),
        (format!("{short}{finally}"), false),
        (short.to_owned(), true),
    ] {
        for provider in [("CI", "true"), GITHUB, GITLAB] {
            let project = Project::new().envs_toml(&file);
            let ran = run(project, provider, "run local").exits(1);
            let lines: Vec<&str> = ran.stderr.lines().collect();
            let end = lines[lines.len().saturating_sub(30)..].join("\n");
            // Where the output has just gone by it is not said twice.
            let first = if few && provider.0 == "CI" { 30 } else { 22 };
            for n in first..=40 {
                assert!(
                    end.contains(&format!("line {n}\n")),
                    "{provider:?}: {n}\n{end}"
                );
            }
            assert!(end.contains("configure: error: 5% of all, lost"), "{end}");
        }
    }
}

const EVIL: &str = r#"
env-list = ["one", "two"]
"#;

/// All that a child could try, in its output and in the texts that reports quote.
fn hostile() -> Project {
    let lines = [
        "::error::evil",
        "  ::warning::evil",
        "::add-mask::evil",
        "::stop-commands::evil",
        "::evil::",
        "##[error]evil",
        "x ##[set-env name=PATH]evil",
        "::set-env name=PATH::evil",
        "::SET-OUTPUT name=a::evil",
        "::endgroup::",
        "##[endgroup]",
        "::echo::on",
        "\u{a0}::debug::evil",
        "\x1b[31m::error::evil",
        "part\r::error::evil\rpart",
        "::add-matcher::evil.json",
        "configure: ::error::evil ##[error]evil",
        "\x1b[0Ksection_end:1:runenv_1\r\x1b[0Kevil",
    ];
    let mut text = lines.join("\n") + "\n";
    // A line that begins where pieces of output are cut.
    for size in [4096, 8192, 65536, 131_072] {
        text += &"x".repeat(size - text.len() % size - 1);
        text += "\n::error::evil\n";
    }
    text += "##[error]evil\n::error::evil";
    let commands = r#"commands = [": '##[error]evil'; cat evil"#;
    let file = format!(
        "[project]{EVIL}[defaults]\nannotate = [{{ match = \"^configure: (.*)\", level = \"notice\" }}]\n\
         [env.one]\nrunner = \"local\"\n{commands}; env; exit 3\", \"true\"]\n\
         [env.two]\nrunner = \"local\"\n{commands}\", \"cat evil\", \"env\"]\n"
    );
    let file = file.replace("exit 3", "cat evil; exit 3");
    Project::new().envs_toml(&file).file("evil", text)
}

#[test]
fn no_command_of_a_child_acts() {
    for words in [
        "run two",
        "run one",
        "run",
        "run -v",
        "run one -v",
        "run -q",
        "run -j 2 -v",
        "run one --events -",
    ] {
        let project = hostile().var(GITHUB.0, GITHUB.1).file("summary", "");
        let summary = project.path("summary");
        let project = project.var("GITHUB_STEP_SUMMARY", summary);
        let ran = project.runenv(words);
        let env = if words == "run two" { "two" } else { "one" };
        let log = project.read(&format!(".runenv/{env}/log/01-commands.log"));
        assert!(acted(&log).0.len() > 10, "the log has them all");
        let (acts, ends) = acted(&ran.stderr);
        assert!(ends, "{words}: commands stay stopped");
        for (name, whole) in &acts {
            let ours = match name.as_str() {
                "group" => !whole.contains("evil"),
                "endgroup" => whole == "endgroup::",
                "error" => whole.starts_with("error title=one::commands failed"),
                "notice" => whole.starts_with("notice title="),
                _ => false,
            };
            assert!(ours, "{words}: {whole}");
        }
        let count = |name: &str| acts.iter().filter(|(other, _)| other == name).count();
        assert_eq!(
            count("error"),
            usize::from(words != "run two"),
            "{words}: {acts:?}"
        );
        assert_eq!(count("group"), count("endgroup"), "{words}");
        assert_eq!(acted(&ran.stdout), (vec![], true), "{words}");
        let token = ran
            .stderr
            .split("::stop-commands::")
            .map(|rest| rest.lines().next().unwrap());
        let token = token
            .map(str::to_owned)
            .find(|word| word.len() == 32)
            .unwrap();
        let result = project.read(&format!(".runenv/{env}/result.json"));
        assert!(!log.contains(&token) && !result.contains(&token), "{words}");
    }
}

#[test]
fn no_section_of_a_child_acts() {
    let ran = run(hostile(), GITLAB, "run one").exits(1);
    let markers = Regex::new("section_(start|end):[0-9]+:[^\r\n]*\r\x1b\\[0K").unwrap();
    let found: Vec<&str> = markers.find_iter(&ran.stderr).map(|m| m.as_str()).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(ran.stderr.matches('\r').count(), 2);
}

/// What could not even begin is told where it is seen, too.
#[test]
fn a_mistake_is_pointed_out_once() {
    let project = Project::new()
        .envs_toml("[env.a]\nrunner = \"local\"\ncommands = [\"true\"]\nx = \"##[error]evil\"\n");
    let ran = run(project, GITHUB, "run a").exits(2);
    let (acts, ends) = acted(&ran.stderr);
    assert!(
        ends && !acts.iter().any(|(_, whole)| whole.contains("evil")),
        "{acts:?}"
    );
    same(
        steady(&ran.stderr),
        str![[r###"
::stop-commands::[TOKEN]
error: unknown key `x`
 --> envs.toml:4:1
  |
4 | x = "##[error]evil"
  | ^
  |
help: keys here: runner, like, commands, copy, depends, image, platform, package-manager, distro, packages, system-packages, packages-before, packages-after, ignore-missing-packages, env, vars, prelude, shell, workdir, user, network, mounts, create-args, secrets, allow-volumes, memory, cpus, timeout, kill-after, isolate, … (38 in all)
::[TOKEN]::
::error::unknown key `x`

"###]],
    );
}

#[test]
fn annotations_are_in_the_result_of_every_run() {
    let project = failing();
    project.runenv("run local").exits(1);
    let result = project.json(".runenv/local-host/result.json");
    let of = |stage: usize| &result["stages"][stage]["annotations"];
    let warning = json!([{ "level": "warning", "message": "unused x", "file": "src/a.c", "line": 7, "column": null }]);
    assert_eq!(*of(0), warning);
    let error = json!([{ "level": "error", "message": "5% of all, lost", "file": null, "line": null, "column": null }]);
    assert_eq!(*of(1), error);
    assert_eq!(result["stages"][1]["more-annotations"], 0);
}

#[test]
fn the_summary_is_added_to_what_is_there() {
    let project = failing().file("summary.md", "before\n");
    let path = project.path("summary.md");
    let project = project.var("GITHUB_STEP_SUMMARY", path);
    project.runenv("run local").exits(1);
    let text = project.read("summary.md");
    let times = Regex::new(r"\b[0-9]+\.[0-9]+s\b").unwrap();
    golden(times.replace_all(&text, "[TIME]"), "job/summary");
    // One that cannot be written, or is full, changes nothing.
    project.write("summary.md", "x".repeat(1_000_000));
    project.runenv("run local").exits(1);
    assert!(project.read("summary.md").len() < 1_001_000);
    let folder = project.root().to_owned();
    let ran = project
        .var("GITHUB_STEP_SUMMARY", folder)
        .runenv("run local")
        .exits(1);
    assert!(
        ran.stderr
            .contains("warning: no summary of the job: cannot write `[ROOT]`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn secrets_are_masked_in_folds_annotations_and_summary() {
    let file = "[defaults]\nsecrets = [\"TOKEN\"]\nannotate = [{ match = \"^error: (.*)\", level = \"error\" }]\n\
        [env.a]\nrunner = \"local\"\ncommands = [\"echo \\\"error: lost $TOKEN\\\"; echo 'pa%ss:word,0'; exit 1\"]\n";
    for (provider, words) in [(GITHUB, "run a"), (GITHUB, "run a -v"), (GITLAB, "run a")] {
        let project = Project::new().envs_toml(file).file("summary", "");
        let summary = project.path("summary");
        let project = project
            .var("TOKEN", "pa%ss:word,0")
            .var("GITHUB_STEP_SUMMARY", summary);
        let project = project.var(provider.0, provider.1);
        let ran = project.runenv(words).exits(1);
        let result = project.read(".runenv/a/result.json");
        for text in [&ran.stderr, &project.read("summary"), &result] {
            assert!(text.contains("lost ***"), "{text}");
            for leaked in ["pa%ss", "pa%25ss", "ss:word", "ss&#58;word"] {
                assert!(!text.contains(leaked), "{leaked}: {text}");
            }
        }
    }
}
