//! Every mistake a user can make, with the exact text it gets: pairs of files in `tests/errors/`, found by a loop.
//!
//! `NAME.toml` is an envs.toml; `runenv list` reads it, or what its first line says: `#$ show docker-debian-bookworm`.
//! `NAME.cmd` is a command line for the project of `tests/support/envs.toml`. `NAME.out` is what comes of it;
//! `SNAPSHOTS=overwrite cargo test` writes those.

use std::path::{Path, PathBuf};

use snapbox::data::DataFormat;
use snapbox::{Assert, Data};

use crate::support::Project;

/// What a `.cmd` is run in.
pub(crate) const PROJECT: &str = include_str!("../support/envs.toml");

fn pairs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml" || e == "cmd"))
        .collect();
    files.sort();
    files
}

/// Words of a command line as a shell reads them.
fn words(line: &str) -> Vec<String> {
    shlex::split(line).expect("a command line that a shell can read")
}

fn run(input: &Path) -> String {
    let text = std::fs::read_to_string(input).unwrap();
    if input.extension().is_some_and(|e| e == "cmd") {
        let project = Project::new().envs_toml(PROJECT);
        return project.runenv(words(&text)).whole();
    }
    let first = text.lines().next().unwrap_or_default();
    let line = first.strip_prefix("#$ ").unwrap_or("list");
    let project = Project::new().envs_toml(&text);
    project.runenv(words(line)).whole()
}

#[test]
fn every_mistake_gets_its_text() {
    let mut wrong = Vec::new();
    let assert = Assert::new().action_env(snapbox::assert::DEFAULT_ACTION_ENV);
    let pairs = pairs();
    assert!(pairs.len() >= 60, "only {} pairs", pairs.len());
    for input in pairs {
        let expected = Data::read_from(&input.with_extension("out"), Some(DataFormat::Text));
        let name = input.file_name().unwrap().to_string_lossy().into_owned();
        let text = run(&input);
        says_what_to_do(&name, &text);
        if let Err(error) = assert.try_eq(Some(&name), Data::text(text), expected.raw()) {
            wrong.push(format!("{name}:\n{error}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// House habits: a mistake is exit 2 or 4, its title has no full stop, and there is help behind every error.
fn says_what_to_do(name: &str, out: &str) {
    let clap = out.contains("\nFor more information, try");
    let titles = out.lines().filter(|l| l.starts_with("error: "));
    let helps = out.lines().filter(|l| l.starts_with("help: "));
    assert!(!out.contains("panicked"), "{name}:\n{out}");
    assert!(
        out.starts_with("exit 2\n") || out.starts_with("exit 4\n"),
        "{name}:\n{out}"
    );
    assert!(
        clap || helps.count() >= titles.clone().count(),
        "{name}:\n{out}"
    );
    for title in titles {
        assert!(!title.ends_with('.'), "{name}: {title}");
    }
}
