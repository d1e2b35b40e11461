//! Stages that go from machine to machine by a registry on this one: `tests/engines/up.sh` starts it.

mod asked;
mod cleaned;
mod forged;
mod increments;
mod jobs;
mod logins;
pub(crate) mod own;
mod proxy;
mod shared;
pub(crate) mod trouble;

use crate::support::{Project, unique};

/// The registry, with its storage.
const HOST: &str = "127.0.0.1:5000";
const STORAGE: &str = "/run/runenv-engines/registry/docker/registry/v2/blobs/sha256";

const THREE: &str = r#"
[stage.one]
run = ["echo 1 >/one"]
[stage.two]
copy = ["src"]
run = ["cat src/* >/two"]
[stage.three]
run = ["cat /one /two >/three; cat /three"]
"#;
const ALL: [&str; 3] = ["one", "two", "three"];

/// `[registry]` with a repository of the test's own, and the three stages.
fn toml(host: &str, repository: &str) -> String {
    format!("{THREE}[registry]\nrepository = \"{host}/{repository}\"\n")
}

/// One of several machines that share a project: the name is the project's and the repository's.
fn machine(engine: &str, name: &str, host: &str) -> Project {
    let project = Project::named(engine, name, &toml(host, name));
    // No layer is another project's.
    project.file("src/a", format!("first {name}\n"));
    project
}

/// Another engine than this one, if tests run on another.
fn other(engine: &str) -> String {
    let engines = std::env::var("RUNENV_TEST_ENGINES").unwrap();
    let other = engines.split_whitespace().find(|e| *e != engine);
    other.unwrap_or(engine).to_owned()
}

/// A machine that has built and pushed all; what it has locally is gone if it shares its engine with the other.
fn built(engine: &str, host: &str) -> Project {
    let first = machine(&other(engine), &unique(), host);
    first.run(&["--push"]).code(0).says("first");
    assert_eq!(pushed(&first), ["pushed"; 3]);
    if first.engine == engine {
        first.clean();
    }
    first
}

/// What became of each stage's push.
fn pushed(project: &Project) -> Vec<String> {
    let stages = ALL.map(|stage| project.stage(stage)["pushed"]["state"].clone());
    stages
        .iter()
        .map(|s| s.as_str().unwrap_or("-").to_owned())
        .collect()
}

/// The image's name in the registry: repository and tag.
fn tag(project: &Project, stage: &str) -> (String, String) {
    let key = project.stage(stage)["key"].as_str().unwrap().to_owned();
    let name = &project.name;
    (
        format!("{name}/{name}-box-latest-{stage}"),
        format!("key-{}", &key[..16]),
    )
}
