//! Every `--help`, word for word: whoever changes one sees what users will see.

use crate::support::{Project, golden};

const VERBS: [&str; 23] = [
    "",
    "run",
    "list",
    "lock",
    "show",
    "explain",
    "context",
    "shell",
    "logs",
    "artifacts",
    "save",
    "load",
    "report",
    "clean",
    "doctor",
    "ci",
    "ci github",
    "ci gitlab",
    "ci matrix",
    "ci plan",
    "dockerfile",
    "devcontainer",
    "schema",
];

#[test]
fn every_help_is_a_golden() {
    let project = Project::new();
    for verb in VERBS {
        let ran = project.runenv(format!("{verb} --help").as_str()).exits(0);
        assert_eq!(ran.stderr, "", "{verb}");
        let name = format!("runenv {verb}").trim().replace(' ', "-");
        golden(ran.stdout, &format!("help/{name}"));
    }
}

#[test]
fn the_version_is_a_line() {
    let ran = Project::new().runenv("--version").exits(0);
    assert_eq!(
        ran.whole(),
        format!("exit 0\n--- stdout\nrunenv {}\n", env!("CARGO_PKG_VERSION"))
    );
}

/// Every verb that the program's own help lists has a golden.
#[test]
fn no_verb_is_forgotten() {
    let help = Project::new().runenv("--help").exits(0).stdout;
    let (_, rest) = help.split_once("Commands:\n").unwrap();
    let lines = rest.lines().take_while(|l| !l.is_empty());
    // A longer text goes on below.
    let verbs = lines.filter(|l| !l.starts_with("   "));
    for verb in verbs.map(|l| l.split_whitespace().next().unwrap()) {
        assert!(verb == "help" || VERBS.contains(&verb), "{verb}");
    }
}
