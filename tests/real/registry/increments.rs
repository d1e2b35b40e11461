//! What comes of one change where the image to start from is another machine's; and that `explain` knew it.

use serde_json::{Value, json};

use super::HOST;
use super::asked::{explain, words};
use super::jobs::{apart, machines};
use super::proxy::{Play, Proxy};
use crate::support::{Project, Said};

/// A make of sorts: what is newer than what was made of it is made again.
const COMPILED: &str = r#"
[stage.conf]
run = ["echo conf"]
[stage.built]
copy = ["src"]
incremental = true
max-links = 2
run = ["""
for f in src/*.c; do
  o=/made/${f##*/}
  if [ ! -e $o ] || [ $f -nt $o ]; then mkdir -p /made; echo CC $f; cat $f >$o; fi
done"""]
[stage.tested]
run = ["echo sees $(cat /made/*.c)"]
"#;

fn compiled(project: &Project) -> Vec<String> {
    let log = project.log(2, "built");
    let lines = log.lines().filter_map(|line| line.strip_prefix("CC src/"));
    lines.map(str::to_owned).collect()
}

fn links(project: &Project) -> Value {
    project.stage("tested")["incremental"]["links"].clone()
}

/// Runs, and what `explain` said before has come true: what runs, what is pulled, and from what the build began.
#[track_caller]
fn run_as_told(machine: &Project, more: &[&str]) -> Said {
    let (told, _) = explain(machine, &[]);
    let said = machine.run(more).code(0);
    let runs = told.iter().filter(|stage| stage["state"] == "runs");
    let runs: Vec<&str> = runs.map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(runs, machine.ran(), "{told:#?}");
    let pulled = told.iter().filter(|stage| stage["pulled"] == true);
    let pulled: Vec<&str> = pulled
        .map(|stage| stage["tags"][0].as_str().unwrap())
        .collect();
    let lines = said.err.lines();
    let mut pulls: Vec<&str> = lines
        .filter_map(|line| line.split_once(": pulling ")?.1.split(' ').next())
        .collect();
    pulls.reverse();
    assert_eq!(pulled, pulls, "{told:#?}");
    if runs.contains(&"built") {
        let built = machine.stage("built");
        assert_eq!(told[1]["incremental"], built["incremental"], "{told:#?}");
    }
    if let Some(detail) = told[1]["detail"].as_str() {
        assert!(said.err.contains(detail), "{told:#?}\n{}", said.err);
    }
    said
}

#[test]
fn an_increment_starts_from_what_another_machine_built() {
    let Some([a, b]) = machines(COMPILED) else {
        return;
    };
    for machine in [&a, &b] {
        for name in ["1", "2", "3"] {
            machine.file(&format!("src/{name}.c"), format!("int {name};\n"));
        }
    }
    a.run(&["--push"]).code(0);
    assert_eq!(compiled(&a).len(), 3);
    apart(&a, &b);
    b.file("src/2.c", "int two;\n");
    what_is_known_beforehand(&b);
    let said = run_as_told(&b, &["--push"]);
    said.says("an image of `built` is in the registry: pulling")
        .says("1 file sent");
    assert_eq!(
        (compiled(&b), links(&b)),
        (vec!["2.c".to_owned()], json!(1))
    );
    assert_eq!(b.ran(), ["built", "tested"]);
    assert_eq!(b.stage("built")["pushed"]["state"], "pushed");
    // The same change: what came of it there is found.
    apart(&b, &a);
    a.file("src/2.c", "int two;\n");
    run_as_told(&a, &[]).says("`tested` is in the registry");
    assert_eq!((a.ran(), links(&a)), (vec![], json!(1)));
    // One change more: of the two lines that of the other machine is the newer.
    a.file("src/3.c", "int drei;\n");
    run_as_told(&a, &["--push"]);
    assert_eq!(
        (compiled(&a), links(&a)),
        (vec!["3.c".to_owned()], json!(2))
    );
    // That was the last increment for all, and the stage before the clean one need not be run.
    apart(&a, &b);
    b.file("src/1.c", "int one;\n");
    run_as_told(&b, &[])
        .says("clean after 2 increments")
        .says("`conf` is in the registry");
    assert_eq!((b.ran().len(), compiled(&b).len()), (2, 3));
    // Nothing of it where it is to be clean, though both the engine and the registry have it.
    a.run(&["--clean"]).code(0);
    assert_eq!((compiled(&a).len(), links(&a)), (3, Value::Null));
}

/// A machine that has nothing is told what it would start from, and whether somebody could say.
fn what_is_known_beforehand(machine: &Project) {
    let (told, _) = explain(machine, &[]);
    assert_eq!(words(&told, "state"), ["found", "runs", "runs"]);
    assert_eq!(words(&told, "pulled"), ["false", "true", "false"]);
    let tag = told[1]["tags"][0].as_str().unwrap();
    assert!(tag.contains("-built:line-"), "{tag}");
    let text = machine.runenv(&["explain", &machine.env()]).code(0).out;
    let known = format!(" (link 1 of 2), in the registry, would be pulled: {tag} (");
    assert!(text.contains(&known), "{text}");
    let (told, _) = explain(machine, &["--offline"]);
    assert_eq!(words(&told, "state"), ["unknown"; 3]);
    let unasked = "no registry was asked (`--offline`)";
    assert_eq!(words(&told, "detail"), [unasked; 3]);
    // A registry that tells of keys and not of this.
    let (proxy, name) = (Proxy::new(), &machine.name);
    proxy.play(|line| {
        let line = line.contains("/manifests/line-");
        if line { Play::Status(403) } else { Play::Pass }
    });
    let with = |host: &str| format!("{COMPILED}[registry]\nrepository = \"{host}/{name}\"\n");
    machine.toml(&with(&proxy.host));
    let (told, said) = explain(machine, &[]);
    said.says("not all images can be looked for");
    assert_eq!(words(&told, "state"), ["found", "unknown", "runs"]);
    let detail = told[1]["detail"].as_str().unwrap();
    assert!(detail.contains("answers 403"), "{detail}");
    machine.toml(&with(HOST));
}

#[test]
fn what_no_registry_is_asked_for_is_built_clean() {
    let Some([a, b]) = machines(COMPILED) else {
        return;
    };
    for machine in [&a, &b] {
        machine.file("src/1.c", "int 1;\n");
    }
    a.run(&["--to", "built", "--push"]).code(0);
    apart(&a, &b);
    b.file("src/1.c", "int one;\n");
    let (told, _) = explain(&b, &["--offline", "--to", "built"]);
    assert_eq!(words(&told, "state"), ["unknown"; 2]);
    b.run(&["--offline", "--to", "built"]).code(0);
    assert_eq!(b.ran(), ["conf", "built"]);
    assert_eq!(b.stage("built")["incremental"], Value::Null);
    // What is here is newer than what is there.
    b.file("src/1.c", "int uno;\n");
    let (told, _) = explain(&b, &["--to", "built"]);
    assert_eq!(words(&told, "pulled"), ["false"; 2]);
    assert_eq!(told[1]["incremental"]["links"], 1);
}
