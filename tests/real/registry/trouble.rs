//! Registries that do not do their part: the run passes, and says what was lost.

use super::proxy::{Play, Proxy};
use super::{machine, pushed};
use crate::support::{Project, each, unique};

/// Makes podman speak to a registry without TLS, as docker does on this machine.
pub(crate) fn trust(project: &mut Project, host: &str) {
    let conf = project.home().join("registries.conf");
    let text = format!("[[registry]]\nlocation = \"{host}\"\ninsecure = true\n");
    std::fs::write(&conf, text).unwrap();
    project.variable("CONTAINERS_REGISTRIES_CONF", conf.to_str().unwrap());
}

/// One run of a project whose registry always does the same.
fn run(engine: &str, play: Play, option: &str, code: i32) -> (String, String) {
    let proxy = Proxy::new();
    let mut project = machine(engine, &unique(), &proxy.host);
    trust(&mut project, &proxy.host);
    project.variable("RUNENV_REGISTRY_TIMEOUT", "2s");
    proxy.play(move |_| play);
    let said = project.run(&[option, "--to", "one"]).code(code);
    assert_eq!(project.ran(), ["one"], "{}", said.err);
    assert_eq!(project.result()["state"], "passed");
    let pushed = project.stage("one")["pushed"].clone();
    let state = pushed["state"].as_str().unwrap_or("-").to_owned();
    (state, said.err)
}

/// Refused, busy, broken, silent, cut off: the questions are ours on both engines, the pushes are their clients'.
#[test]
fn the_run_passes_and_tells_whatever_a_registry_does() {
    const ALL: [(Play, &str, i32, &str); 6] = [
        (Play::Status(401), "--push", 3, "answers 401"),
        (Play::Status(403), "--push=try", 0, "answers 403"),
        (Play::Status(429), "--push", 3, "answers 429"),
        (Play::Status(500), "--push", 3, "answers 500"),
        (Play::Hang, "--push", 3, "does not answer"),
        (Play::Cut, "--push", 3, "127.0.0.1"),
    ];
    each(|engine| {
        std::thread::scope(|scope| {
            for (play, option, code, words) in ALL {
                scope.spawn(move || {
                    let (state, said) = run(engine, play, option, code);
                    assert_eq!(state, "not-pushed", "{play:?}");
                    let lost = "not all images can be looked for";
                    for words in [lost, words, "not pushed on", "1 passed"] {
                        assert!(said.contains(words), "{play:?}: no `{words}` in:\n{said}");
                    }
                });
            }
        });
    });
}

/// Half of an image arrives, or none of it: what is missing is made here.
#[test]
fn a_pull_that_ends_in_the_middle_is_no_end() {
    each(|engine| {
        let proxy = Proxy::new();
        let first = super::built(engine, super::HOST);
        let mut second = machine(engine, &first.name, &proxy.host);
        trust(&mut second, &proxy.host);
        second.variable("RUNENV_REGISTRY_TIMEOUT", "2s");
        // Configurations are read by us, layers by the engine alone: the first blob is ours.
        let config = config_of(&first, "three");
        proxy.play(move |line| {
            let blob = line.contains("-three/blobs/") && !line.contains(&config);
            if blob { Play::Cut } else { Play::Pass }
        });
        second.run(&[]).code(0).says("cannot be pulled");
        assert_eq!(second.ran(), ["three"]);
        assert_eq!(pushed(&second), ["-"; 3]);
    });
}

fn config_of(project: &Project, stage: &str) -> String {
    let (repository, tag) = super::tag(project, stage);
    let (manifest, _) = super::forged::manifest(&repository, &tag);
    manifest["config"]["digest"].as_str().unwrap().to_owned()
}
