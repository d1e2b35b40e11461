//! The whole program without an engine: one binary, one module a feature.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests read and write files, start programs and may fail as they like"
)]

#[path = "../support/mod.rs"]
mod support;

mod context;
mod dry_run;
mod errors;
mod help;
mod list;
mod logs;
mod matrix;
mod run_local;
mod select;
mod shell;
mod show;
mod signals;
