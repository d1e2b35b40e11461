//! The whole program on real engines: those that `RUNENV_TEST_ENGINES` names (`docker podman`); without it each test
//! says that it is skipped. `tests/engines/up.sh` and `images.sh` prepare a machine.
//!
//! Every test makes a project of its own, with an id of its own, and leaves nothing behind: `support::Project` removes
//! it and checks by label. `RUNENV_TEST_KILLS=100 cargo test --test real kills` kills a hundred times for each engine.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start programs, write files and look at the clock"
)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![expect(clippy::print_stderr, reason = "skips and figures are told")]

mod support;

mod artifacts;
mod cached;
mod chains;
mod claims;
mod clean;
mod compiled;
mod devcontainer;
mod dockerfile;
mod doctor;
mod explain;
mod foreign;
mod given;
mod images;
mod incremental;
mod keys;
mod kills;
mod lock;
mod network;
mod packages;
mod proxies;
mod pruned;
mod registry;
mod resume;
mod saved;
mod scripts;
mod secrets;
mod several;
mod shell;
mod signals;
