//! runenv: one `envs.toml`, every system a project claims to support.
//!
//! The house has floors; a module imports from lower floors and its own folder, never upwards (`tests/house.rs`):
//!
//! | floor | modules | what |
//! | --- | --- | --- |
//! | 0 words | `problem command host digest files pattern quote json late nearest platform size time` | values that everything is made of |
//! | 1 names | `name` | factors, axes, names, conditions |
//! | 2 written | `catalog config` | what the catalog and the file say, checked |
//! | 3 one environment | `environment packages` | layers, substitution: every setting final, with its origin |
//! | 4 plan | `plan engine ci` | concrete commands as values, keys, what CI systems get; pure |
//! | 5 doing | `exec registry run` | `exec` alone starts processes, `registry` alone uses the network; `run` turns plans into events and results |
//! | 6 telling | `report` | events and problems as text |
//! | 7 commands | `cli` | what was typed |
//! | 8 benches | `inside` | what benches need of the rest; not in the program |
//!
//! Where to add what: a release is a line of `catalog/systems.toml`, a package manager a row of
//! `catalog/managers.rs`, an engine a variant and a row in `engine/mod.rs`, a setting a field in `config/file/` (the
//! compiler lists the rest), a report a file in `report/`, a command a file in `cli/`. `docs/architecture.md` says
//! more.

mod catalog;
mod ci;
mod cli;
mod command;
mod config;
mod digest;
mod engine;
mod environment;
mod exec;
mod files;
mod host;
#[cfg(feature = "inside")]
pub mod inside;
mod json;
mod late;
mod mask;
mod name;
mod nearest;
mod packages;
mod pattern;
mod plan;
mod platform;
mod problem;
mod quote;
mod random;
mod registry;
mod report;
mod run;
mod size;
mod time;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these arguments (the first is its name) and gives its exit code.
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    cli::main(args)
}
