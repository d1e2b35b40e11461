//! The house's rules, held by a test: floors, sizes, one place for each dangerous thing.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files, start programs and look at the clock"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floors from below; a module may import its own floor's folder and lower floors.
const FLOORS: [(&str, &[&str]); 9] = [
    (
        "words",
        &[
            "command", "digest", "files", "host", "json", "late", "mask", "nearest", "pattern",
            "problem", "platform", "quote", "random", "size", "time",
        ],
    ),
    ("names", &["name"]),
    ("what is written", &["catalog", "config"]),
    ("one environment", &["environment", "packages"]),
    ("the plan", &["ci", "engine", "plan"]),
    ("doing", &["exec", "registry", "run"]),
    ("telling", &["report"]),
    ("commands", &["cli"]),
    ("benches", &["inside"]),
];

const MOST_LINES: usize = 400;
const MOST_LINES_OF_A_FUNCTION: usize = 50;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, with its text.
fn sources(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("a source is readable");
                found.insert(path.strip_prefix(root()).expect("inside").to_owned(), text);
            }
        }
    }
    assert!(!found.is_empty(), "no sources in {folder}");
    found
}

/// The top module a source belongs to: `src/run/log.rs` -> `run`.
fn module(path: &Path) -> String {
    let below = path.strip_prefix("src").expect("a path of src");
    let first = below.iter().next().expect("a path has parts");
    first.to_string_lossy().trim_end_matches(".rs").to_owned()
}

fn floor(module: &str) -> Option<usize> {
    FLOORS
        .iter()
        .position(|(_, modules)| modules.contains(&module))
}

#[test]
fn imports_go_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let from = module(&path);
        if from == "lib" || from == "main" {
            continue;
        }
        let Some(here) = floor(&from) else {
            wrong.push(format!(
                "{}: `{from}` is on no floor: add it to tests/house.rs",
                path.display()
            ));
            continue;
        };
        for (at, line) in text.lines().enumerate() {
            for rest in line.split("crate::").skip(1) {
                let to: String = rest
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect();
                let upward = floor(&to).is_some_and(|there| there > here);
                if upward && !line.trim_start().starts_with("//") {
                    wrong.push(format!(
                        "{}:{}: `{from}` ({}) imports `{to}`, which is above it: move what both need down",
                        path.display(),
                        at + 1,
                        FLOORS[here].0
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_stay_small() {
    let mut wrong = Vec::new();
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            wrong.push(format!(
                "{}: {lines} lines: split it by noun",
                path.display()
            ));
        }
        for (name, at, length) in functions(&text) {
            if length > MOST_LINES_OF_A_FUNCTION {
                wrong.push(format!(
                    "{}:{at}: `{name}` has {length} lines",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Functions of a rustfmt-formatted source: name, first line, lines. The end is the brace at the `fn`'s own indent.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.trim_start();
        let indent = &line[..line.len() - bare.len()];
        let Some(name) = bare
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ")
            .trim_start_matches("pub ")
            .strip_prefix("fn ")
        else {
            continue;
        };
        let end = lines[at..].iter().position(|l| {
            *l == format!("{indent}}}")
                || (l.ends_with(';') && l.starts_with(indent) && l.trim_start() == bare)
        });
        if let Some(end) = end {
            let name = name.split(['(', '<']).next().unwrap_or(name).to_owned();
            found.push((name, at + 1, end + 1));
        }
    }
    found
}

#[test]
fn every_module_says_what_it_is_for() {
    for (path, text) in sources("src") {
        assert!(
            text.starts_with("//!"),
            "{} does not begin with `//!`",
            path.display()
        );
    }
}

#[test]
fn dangerous_things_have_one_place() {
    let places: [(&str, &[&str]); 7] = [
        ("duct::", &["src/exec"]),
        ("std::process::Command", &["src/exec"]),
        ("println!", &[]),
        ("ureq::", &["src/registry"]),
        ("env::var", &["src/host.rs", "src/exec"]),
        ("SystemTime::now", &["src/time.rs"]),
        (
            "Engine::Podman",
            &[
                "src/engine",
                "src/run/client.rs",
                "src/run/containers/proxies.rs",
            ],
        ),
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        for (word, allowed) in places {
            let here = text
                .lines()
                .any(|l| l.contains(word) && !l.trim_start().starts_with("//"));
            if here && !allowed.iter().any(|a| path.starts_with(a)) {
                wrong.push(format!(
                    "{} uses `{word}`, which only {allowed:?} may",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_changelog_knows_the_version() {
    let text = fs::read_to_string(root().join("CHANGELOG.md")).expect("there is a changelog");
    let version = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(
        text.contains(&version) || text.contains("## [Unreleased]"),
        "no section for this version"
    );
}

#[test]
fn nothing_is_ignored_or_left_open() {
    for (path, text) in sources("src").into_iter().chain(sources("tests")) {
        for word in [
            concat!("#[", "ignore"),
            concat!("todo", "!("),
            concat!("unimplemented", "!("),
        ] {
            assert!(!text.contains(word), "{} holds `{word}`", path.display());
        }
    }
}
