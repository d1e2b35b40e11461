//! What is asked of a registry: by whom, how often, and what `explain` and `list --stale` make of the answers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::proxy::{Play, Proxy};
use super::trouble::trust;
use super::{ALL, HOST, built, machine, toml};
use crate::cached::{calls, count_calls};
use crate::support::{Project, Said, each, engine_says, unique};

/// The questions that a proxy has heard since it was last asked.
fn heard(proxy: &Proxy) -> impl Fn() -> Vec<String> + use<> {
    let lines = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&lines);
    proxy.play(move |line| {
        noted.lock().unwrap().push(line.to_owned());
        Play::Pass
    });
    move || std::mem::take(&mut *lines.lock().unwrap())
}

#[test]
fn all_environments_ask_at_once_and_only_for_what_they_lack() {
    each(|engine| {
        let (name, proxy) = (unique(), Proxy::new());
        let heard = heard(&proxy);
        let configs = "[config.a]\n[config.b]\nenv = { B = \"1\" }\n";
        let mut project = Project::named(engine, &name, &(toml(&proxy.host, &name) + configs));
        trust(&mut project, &proxy.host);
        project.file("src/a", "1\n");
        let names = format!("{engine}-box-latest-{{a,b}}");
        let run = |words: &[&str]| {
            project.runenv(&[&["run", &names], words].concat()).code(0);
            let asked = heard().into_iter().filter(|line| line.starts_with("HEAD "));
            asked
                .map(|line| line.split("-box-latest-").nth(1).unwrap()[..7].to_owned())
                .collect::<Vec<String>>()
        };
        let mut asked = run(&[]);
        asked.sort();
        let all = [
            "a-one/m", "a-three", "a-two/m", "b-one/m", "b-three", "b-two/m",
        ];
        assert_eq!(asked, all, "each once");
        assert_eq!(run(&[]), [""; 0], "all is on the engine");
        run(&["--push"]);
        project.clean();
        let asked = run(&[]);
        assert!(asked.iter().any(|tag| tag == "a-three"), "{asked:?}");
        let found = project.result_of(&format!("{engine}-box-latest-a"))["stages"].clone();
        assert_eq!(
            [0, 1, 2].map(|at| found[at]["found"].clone()),
            [Value::Null, Value::Null, "registry".into()]
        );
    });
}

pub(crate) fn explain(project: &Project, words: &[&str]) -> (Vec<Value>, Said) {
    let env = project.env();
    let said = project.runenv(&[&["explain", &env, "--json"], words].concat());
    let json: Value = serde_json::from_str(&said.out).unwrap();
    (json[0]["stages"].as_array().unwrap().clone(), said)
}

pub(crate) fn words(stages: &[Value], key: &str) -> Vec<String> {
    let words = stages.iter().map(|stage| stage[key].to_string());
    words
        .map(|word| word.trim_matches('"').to_owned())
        .collect()
}

fn stale(project: &Project, words: &[&str]) -> Said {
    project.runenv(&[&["list", "--stale", &project.env()], words].concat())
}

/// A fresh machine that has nothing but the project: it knows all without a pull, and what of it is unknown says why.
#[test]
fn a_machine_that_has_nothing_knows_what_it_would_pull_and_run() {
    each(|engine| {
        let first = built(engine, HOST);
        let mut fresh = machine(engine, &first.name, HOST);
        count_calls(&mut fresh);
        let (stages, said) = explain(&fresh, &[]);
        said.code(0);
        assert_eq!(words(&stages, "found"), ["registry"; 3]);
        assert_eq!(words(&stages, "pulled"), ["false", "false", "true"]);
        let keys = ALL.map(|stage| first.stage(stage)["key"].as_str().unwrap().to_owned());
        assert_eq!(
            words(&stages, "key"),
            keys,
            "on the other engine as on this"
        );
        assert_eq!(
            (
                stale(&fresh, &[]).code(0).out.as_str(),
                calls(&fresh).iter().any(|c| c.starts_with("pull"))
            ),
            ("", false)
        );
        let text = fresh.runenv(&["explain", &fresh.env()]).code(0).out;
        assert!(
            text.contains("in the registry, would be pulled: 127.0.0.1:5000/"),
            "{text}"
        );
        let (stages, _) = explain(&fresh, &["--offline"]);
        assert_eq!(words(&stages, "state"), ["unknown"; 3]);
        assert_eq!(
            words(&stages, "detail"),
            ["no registry was asked (`--offline`)"; 3]
        );
        let said = stale(&fresh, &["--offline", "--json"]).code(0);
        let said =
            said.says("1 environment listed though it is not known whether a stage would run");
        let json: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(json[0]["name"], fresh.env());
        edited(&fresh);
        without_an_engine(&mut fresh);
    });
}

/// What was edited is told against an image of the registry, also by the run.
fn edited(fresh: &Project) {
    fresh.file("src/a", "edited\n");
    let (stages, _) = explain(fresh, &[]);
    assert_eq!(words(&stages, "why"), ["null", "changed", "stage-before"]);
    assert_eq!(words(&stages, "pulled"), ["true", "false", "false"]);
    assert_eq!(stages[1]["changes"][0]["name"], "src/");
    let against = stages[1]["against"].as_str().unwrap();
    assert!(against.starts_with("127.0.0.1:5000/"), "{against}");
    assert_eq!(stale(fresh, &[]).code(0).out, fresh.env() + "\n");
    // Somebody else's image under the tag of a stage is told and is not the stage.
    let (repository, version) = tag_of(fresh, &stages[2]);
    let forged = format!("{HOST}/{repository}:{version}");
    fresh.engine(&["tag", "busybox:latest", &forged]);
    fresh.engine(&["push", "-q", &forged]);
    fresh.engine(&["rmi", &forged]);
    let (stages, said) = explain(fresh, &[]);
    said.says("is not what its tag says, and is not used");
    assert_eq!(words(&stages, "why"), ["null", "changed", "stage-before"]);
    let said = fresh.run(&[]).code(0);
    said.says("two runs: src/ changed (against 127.0.0.1:5000/");
    assert_eq!(fresh.stage("one")["found"], "registry");
    assert_eq!(fresh.stage("two")["found"], Value::Null);
    fresh.run(&[]).code(0);
    assert_eq!(fresh.stage("three")["found"], "engine");
    let (stages, _) = explain(fresh, &[]);
    assert_eq!(words(&stages, "found"), ["engine"; 3]);
}

fn tag_of(project: &Project, stage: &Value) -> (String, String) {
    let (name, key) = (&project.name, stage["key"].as_str().unwrap());
    let stage = stage["name"].as_str().unwrap();
    (
        format!("{name}/{name}-box-latest-{stage}"),
        format!("key-{}", &key[..16]),
    )
}

/// A folder with a client whose engine is not there.
fn broken(fresh: &Project) -> PathBuf {
    let broken = fresh.home().join("broken");
    std::fs::create_dir_all(&broken).unwrap();
    let program = broken.join(&fresh.engine);
    std::fs::write(
        &program,
        "#!/bin/sh\necho 'Cannot connect to the daemon' >&2; exit 1\n",
    )
    .unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    broken
}

/// The lock file says what the base image is, and the registry what there is of the stages.
fn without_an_engine(fresh: &mut Project) {
    let json = fresh
        .runenv(&["explain", &fresh.env(), "--json"])
        .code(0)
        .out;
    let json: Value = serde_json::from_str(&json).unwrap();
    let identity = json[0]["base-identity"].as_str().unwrap();
    let digest = format!("sha256:{}", "0f".repeat(32));
    let lock = |architecture: &str| {
        format!(
            "version = 1\n\n[[image]]\nname = \"busybox:latest\"\nplatform = \"linux/{architecture}\"\ndigest = \"{digest}\"\nidentity = \"{identity}\"\n"
        )
    };
    let architecture = engine_says(
        &fresh.engine,
        &[
            "image",
            "inspect",
            "--format",
            "{{.Architecture}}",
            "busybox:latest",
        ],
    );
    fresh.file("envs.lock", lock(architecture.code(0).out.trim()));
    let broken = broken(fresh);
    fresh.file("src/a", format!("first {}\n", fresh.name));
    let mut blind = machine(&fresh.engine, &fresh.name, HOST);
    blind.path_first(&broken);
    for path in ["src/a", "envs.lock"] {
        blind.file(path, std::fs::read(fresh.root().join(path)).unwrap());
    }
    let said = stale(&blind, &[])
        .code(0)
        .says("Cannot connect to the daemon");
    assert_eq!(said.out, "", "all is in the registry");
    let (stages, said) = explain(&blind, &[]);
    said.code(3).says("Cannot connect to the daemon");
    assert_eq!(words(&stages, "found"), ["registry"; 3]);
    blind.file("src/a", "another\n");
    let said = stale(&blind, &[]).code(0);
    assert_eq!(said.out, blind.env() + "\n");
    said.says("does not answer");
    std::fs::remove_dir_all(&broken).unwrap();
}
