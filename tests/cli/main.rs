//! The whole program without an engine: one binary, one module a feature.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests read and write files, start programs and may fail as they like"
)]

#[path = "../support/mod.rs"]
mod support;

mod errors;
