//! The documents are run: every block of README.md and of docs/tutorial.md in a fresh folder, and the
//! workflow of docs/ci.md by act.
//!
//! Needs docker and podman (`tests/all.sh` starts them); without `RUNENV_TEST_ENGINES` the tests say that they are
//! skipped.

#![expect(
    clippy::disallowed_methods,
    reason = "tests read and write files, start programs and look at the clock"
)]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

mod blocks;
mod ci;
mod executed;
mod gitlab;
mod readme;
mod rows;
mod run;
mod schema;
mod setup;
mod tutorial;
mod workflows;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The repository.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Are there engines to run on?
fn engines() -> bool {
    let there = std::env::var_os("RUNENV_TEST_ENGINES").is_some_and(|e| !e.is_empty());
    if !there {
        println!("skipped: RUNENV_TEST_ENGINES names no engine");
    }
    there
}

/// A command in a folder, with the runenv of this build first in PATH and no settings of the caller's.
fn command(program: &str, folder: &Path) -> Command {
    let binary = assert_cmd::cargo::cargo_bin!("runenv");
    let bin = binary.parent().expect("a binary is in a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        [bin.to_owned()]
            .into_iter()
            .chain(std::env::split_paths(&path)),
    );
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("PATH", path.expect("no colon in a path"));
    let ours = |name: &str| name.starts_with("RUNENV_") && !name.starts_with("RUNENV_TEST_");
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ours(&text) || ["CI", "FORCE_COLOR"].contains(&&*text) {
            command.env_remove(name);
        }
    }
    command
}

/// The checksum of a file.
fn sha256(file: &Path) -> String {
    let folder = file.parent().expect("a folder");
    let output = command("sha256sum", folder).arg(file).output();
    let text = String::from_utf8(output.expect("it runs").stdout).expect("text");
    text.split(' ').next().expect("a checksum").to_owned()
}

/// Both streams, for messages.
fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
