//! Stages that go to another machine in a file: saved, gone from the engine, loaded, and found.

use crate::support::{Project, each, unique};

const TWO: &str = r#"
[stage.one]
run = ["echo 1 >/one"]
[stage.two]
run = ["cat /one >/two; cat /two"]
[stage.aside]
from = "one"
run = ["cat /one"]
"#;

/// A machine that has the file and nothing else.
fn arrives(machine: &Project, file: &str) {
    let engine = &machine.engine;
    let said = machine.runenv(&["load", "--engine", engine, file]).code(0);
    said.says("one of box-latest, two of box-latest");
    machine
        .run(&["--to", "two"])
        .code(0)
        .says("all stages cached");
    assert_eq!(machine.ran(), [""; 0], "{engine}");
}

/// Each engine loads what it saved, and what the other one did: the environments of both have the same keys.
#[test]
fn stages_travel_in_a_file() {
    let engines = std::env::var("RUNENV_TEST_ENGINES").unwrap_or_default();
    each(|engine| {
        let first = Project::named(engine, &unique(), TWO);
        let file = first.home().join("stages.tar");
        let file = file.to_str().unwrap();
        first.run(&["--to", "two"]).code(0);
        let said = first.runenv(&["save", &first.env(), "-o", file]).code(0);
        said.says("saving one, two of");
        first.clean();
        arrives(&first, file);
        for other in engines.split_whitespace().filter(|other| *other != engine) {
            let second = Project::named(other, &first.name, TWO);
            arrives(&second, file);
            // The chain forks behind the first stage, which is there, too.
            second.run(&[]).code(0);
            assert_eq!(second.ran(), ["aside"]);
        }
    });
}

#[test]
fn what_ended_early_travels_where_it_is_asked_for() {
    const SLOW: &str = "[stage.one]\nrun = [\"[ -e /tried ] || { : >/tried; exit 1; }\"]\n";
    let engines = std::env::var("RUNENV_TEST_ENGINES").unwrap_or_default();
    if let Some(engine) = engines.split_whitespace().next() {
        let first = Project::new(engine, SLOW);
        let file = first.home().join("stages.tar");
        let file = file.to_str().unwrap();
        let save = ["save", &first.env(), "-o", file];
        first.run(&[]).code(1);
        first.runenv(&save).code(0).says("nothing to save");
        first
            .runenv(&[&save[..], &["--resume"]].concat())
            .code(0)
            .says("saving one of");
        first.clean();
        first.runenv(&["load", file]).code(0);
        first.run(&["--resume"]).code(0);
        assert_eq!(first.stage("one")["resumed"], true);
    }
}

#[test]
fn what_the_registry_has_need_not_travel() {
    let engines = std::env::var("RUNENV_TEST_ENGINES").unwrap_or_default();
    if let Some(engine) = engines.split_whitespace().next() {
        let name = unique();
        let toml = format!("{TWO}[registry]\nrepository = \"127.0.0.1:5000/{name}\"\n");
        let machine = Project::named(engine, &name, &toml);
        let save = ["save", &machine.env(), "-o", "s.tar", "--unless-pushed"];
        machine.run(&["--to", "one", "--push"]).code(0);
        let said = machine.runenv(&save).code(0);
        said.says("nothing to save: the registry has what");
        assert!(!machine.root().join("s.tar").exists());
        machine.run(&[]).code(0);
        machine.runenv(&save).code(0).says("saving two, aside of");
        machine.clean();
        machine.runenv(&["load", "s.tar"]).code(0);
        machine.run(&[]).code(0);
        assert_eq!(machine.ran(), [""; 0]);
    }
}
