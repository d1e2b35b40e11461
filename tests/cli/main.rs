//! The whole program without an engine: one binary, one module a feature.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests read and write files, start programs and may fail as they like"
)]

#[path = "../support/mod.rs"]
mod support;

mod archives;
mod artifacts;
mod artifacts_of_containers;
mod chains;
mod ci_github;
mod ci_gitlab;
mod ci_plan;
mod clean;
mod cleaning;
mod clones;
mod context;
mod depends;
mod described;
mod devcontainer;
mod dockerfile;
mod doctor;
mod dry_run;
mod engine_trouble;
mod errors;
mod explain;
mod failed;
mod fake_engine;
mod files;
mod filters;
mod given;
mod help;
mod host;
mod hostile;
mod image_archives;
mod images;
mod include;
mod increments;
mod isolate;
mod job;
mod keys;
mod killed;
mod layers;
mod list;
mod list_forms;
mod list_json;
mod live;
mod local_made;
mod local_packages;
mod lock;
mod logs;
mod managers;
mod matrix;
mod names;
mod output;
mod platforms;
mod played;
mod proxies;
mod pushes;
mod quoting;
mod refuted;
mod report;
mod reports;
mod room;
mod run_local;
mod sample;
mod saved;
mod schema;
mod select;
mod set;
mod settings;
mod shell;
mod show;
mod show_json;
mod side_by_side;
mod signals;
mod tries;
