//! Every key of a layer and of a stage, changed once: what acts changes a stage's key, what bounds or tells changes none;
//! what bounds changes the bounds of the plan, and what tells does not; `explain` names what acts. The keys and
//! their classes are those of `runenv schema`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::support::{Fake, Project};

const FILE: &str = r#"
[vars]
args = ["a"]
[packages]
zlib = { debian = "zlib1g-dev", fedora = "zlib-devel" }
gmp = { debian = "libgmp-dev" }
[stage.packages]
packages = true
[stage.between]
[stage.built]
copy = ["src"]
run = ["echo {cpus} {args}", "echo last"]
on-failure = ["cat log"]
[defaults]
shell = ["bash", "-c"]
pass-env = ["CI_JOB"]
packages = ["zlib"]
system-packages = ["make"]
packages-before = ["echo before"]
packages-after = ["echo after"]
prelude = ["echo prelude"]
[config.c]
"#;

/// A table of the schema, with what stands before its keys in `[config.c]`.
const TABLES: [(&str, &str); 4] = [
    ("Layer", ""),
    ("StageTable", "stage.built."),
    ("ListEdits", "append."),
    ("StageEdits", "stage.built.append."),
];

/// A key with what stands before it, and a value. `stage`, `append` and `remove` are as what is
/// in them, and so stand here with something that tells; the tables of edits are below.
const ROWS: [(&str, &str); 89] = [
    ("image", r#""debian:trixie""#),
    ("platform", r#""linux/arm64""#),
    ("package-manager", r#""dnf""#),
    ("distro", r#"["fedora"]"#),
    ("packages", r#"["gmp"]"#),
    ("system-packages", r#"["gcc"]"#),
    ("packages-before", r#"["echo more"]"#),
    ("packages-after", r#"["echo more"]"#),
    ("ignore-missing-packages", "true"),
    ("env", r#"{ X = "y" }"#),
    ("vars", r#"{ args = ["b"] }"#),
    ("prelude", r#"["echo more"]"#),
    ("shell", r#""bash""#),
    ("workdir", r#""/other""#),
    ("user", r#""builder""#),
    ("network", r#""none""#),
    ("mounts", r#"[{ cache = "c", at = "/c" }]"#),
    ("create-args", r#"["--privileged"]"#),
    ("secrets", r#"["TOKEN"]"#),
    ("allow-volumes", "true"),
    ("memory", r#""1g""#),
    ("cpus", r#""3""#),
    ("timeout", r#""1h""#),
    ("kill-after", r#""3s""#),
    ("isolate", r#""copy""#),
    ("install", "true"),
    ("description", r#""words""#),
    ("pass-env", r#"["X"]"#),
    ("annotate", r#"[{ match = "x", level = "error" }]"#),
    ("host-os", r#"["linux"]"#),
    ("stage", r#"{ built.allow-failure = true }"#),
    ("append", r#"{ pass-env = ["X"] }"#),
    ("remove", r#"{ pass-env = ["CI_JOB"] }"#),
    ("stage.built.from", r#""packages""#),
    ("stage.built.if", r#""!c""#),
    ("stage.built.packages", "true"),
    ("stage.built.copy", r#"["other"]"#),
    ("stage.built.run", r#"["other"]"#),
    ("stage.built.env", r#"{ X = "y" }"#),
    ("stage.built.shell", r#""bash""#),
    ("stage.built.prelude", r#"["echo more"]"#),
    ("stage.built.workdir", r#""/other""#),
    ("stage.built.user", r#""builder""#),
    ("stage.built.network", r#""host""#),
    ("stage.built.mounts", r#"[{ cache = "c", at = "/c" }]"#),
    ("stage.built.secrets", r#"["TOKEN"]"#),
    ("stage.built.create-args", r#"["--privileged"]"#),
    ("stage.built.key-period", r#""weekly""#),
    ("stage.built.machine", "true"),
    ("stage.built.keep", "false"),
    ("stage.built.timeout", r#""1h""#),
    ("stage.built.memory", r#""1g""#),
    ("stage.built.cpus", r#""3""#),
    ("stage.built.log-limit", r#""1m""#),
    ("stage.built.max-links", "3\nstage.built.incremental = true"),
    ("stage.built.allow-failure", "true"),
    ("stage.built.on-failure", r#"["other"]"#),
    ("stage.built.finally", r#"["other"]"#),
    ("stage.built.artifacts", r#"["log"]"#),
    ("stage.built.incremental", "true"),
    ("stage.built.push", "false"),
    ("stage.built.append", r#"{ on-failure = ["other"] }"#),
    ("stage.built.remove", r#"{ on-failure = ["cat log"] }"#),
    (
        "append.image",
        "[\"debian:trixie\"]\nremove.image = [\"debian:{release}\"]",
    ),
    ("append.distro", "[]\nremove.distro = [\"debian\"]"),
    ("append.packages", r#"["gmp"]"#),
    ("append.system-packages", r#"["gcc"]"#),
    ("append.packages-before", r#"["echo more"]"#),
    ("append.packages-after", r#"["echo more"]"#),
    ("append.prelude", r#"["echo more"]"#),
    ("append.shell", r#"["-x"]"#),
    ("append.create-args", r#"["--privileged"]"#),
    ("append.mounts", r#"[{ cache = "c", at = "/c" }]"#),
    ("append.secrets", r#"["TOKEN"]"#),
    ("append.pass-env", r#"["X"]"#),
    ("append.annotate", r#"[{ match = "x", level = "error" }]"#),
    ("append.host-os", r#"["linux"]"#),
    ("append.vars", r#"{ args = ["b"] }"#),
    ("stage.built.append.copy", r#"["other"]"#),
    ("stage.built.append.run", r#"["more"]"#),
    ("stage.built.append.shell", r#"["-x"]"#),
    ("stage.built.append.prelude", r#"["echo more"]"#),
    (
        "stage.built.append.mounts",
        r#"[{ cache = "c", at = "/c" }]"#,
    ),
    ("stage.built.append.secrets", r#"["TOKEN"]"#),
    ("stage.built.append.create-args", r#"["--privileged"]"#),
    ("stage.built.append.on-failure", r#"["other"]"#),
    ("stage.built.append.finally", r#"["other"]"#),
    ("stage.built.append.artifacts", r#"["log"]"#),
    ("stage.built.append.run", r#"[["a", "b"]]"#),
];

/// Every key of the tables, as the rows call it, with its class.
fn classes() -> BTreeMap<String, String> {
    let schema = Project::new().runenv("schema").exits(0).stdout;
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    let mut all = BTreeMap::new();
    for (table, before) in TABLES {
        for (key, property) in schema["$defs"][table]["properties"].as_object().unwrap() {
            let class = property["x-class"].as_str().unwrap();
            all.insert(format!("{before}{key}"), class.to_owned());
        }
    }
    all
}

/// A project with these lines more in `[config.c]`.
fn project(lines: &str) -> (Fake, Project) {
    let fake = Fake::new().image("debian:trixie");
    let project = Project::called("p").envs_toml(&file(lines)).engine(&fake);
    let project = project.var("TOKEN", "a secret");
    let project = project.file("src/a", "text").file("other", "x");
    (fake, project)
}

fn file(lines: &str) -> String {
    format!("{FILE}{lines}\n")
}

/// The keys of the stages, and the names of all that changed since the run, as `explain` has them.
struct Explained {
    keys: Vec<Value>,
    names: Vec<String>,
}

fn explain(project: &Project) -> Explained {
    let ran = project.runenv("explain docker-debian-bookworm-c --json");
    let json: Value = serde_json::from_str(&ran.exits(0).stdout).unwrap();
    let stages = json[0]["stages"].as_array().unwrap();
    let changes = stages.iter().flat_map(|s| s["changes"].as_array().unwrap());
    Explained {
        keys: stages.iter().map(|s| s["key"].clone()).collect(),
        names: changes
            .map(|c| c["name"].as_str().unwrap().to_owned())
            .collect(),
    }
}

/// The bounds that stand in the plan of an environment.
fn bounds(project: &Project, env: &str) -> Vec<Value> {
    project.runenv(["run", env]);
    let plan = project.json(&format!(".runenv/{env}/plan.json"));
    let stages = plan["stages"].as_array().unwrap().iter();
    let of_stages = stages.map(|stage| stage["bounds"].clone());
    of_stages.chain([plan["isolated"].clone()]).collect()
}

/// What there is before a row.
struct Base {
    keys: Vec<Value>,
    container: Vec<Value>,
    host: Vec<Value>,
}

impl Base {
    /// Are the bounds in the plan now others? Of what is of this host alone a plan for it tells.
    fn is_bounded(&self, project: &Project, key: &str) -> bool {
        if key == "isolate" {
            bounds(project, HOST) != self.host
        } else {
            bounds(project, CONTAINER) != self.container
        }
    }
}

const CONTAINER: &str = "docker-debian-bookworm-c";
const HOST: &str = "local-host-c";

/// What `explain` calls the change of a key: most by the key's own name.
fn called(key: &str) -> Option<&str> {
    match key.rsplit('.').next().unwrap() {
        // The stage is gone.
        "if" => None,
        "distro" | "system-packages" => Some("packages"),
        "vars" => Some("vars.args"),
        name => Some(name),
    }
}

/// What is wrong with a row, if anything is. Of what acts `explain` names the key.
fn wrong((key, value): (&str, &str), class: &str, run: &Project, base: &Base) -> Option<String> {
    let line = format!("{key} = {value}");
    run.write("envs.toml", file(&line));
    let Explained { keys, names } = explain(run);
    let acts = class == "acts";
    if (keys == base.keys) == acts {
        let told = if acts {
            "changes no key"
        } else {
            "changes a key"
        };
        return Some(format!("`{line}` {class}, and {told}"));
    }
    if !acts && base.is_bounded(run, key) != (class == "bounds") {
        let told = "and the plan's bounds say otherwise";
        return Some(format!("`{line}` {class}, {told}"));
    }
    let called = called(key).filter(|_| acts)?;
    let of_it = |name: &String| {
        let rest = name.strip_prefix(called);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let named = names.iter().any(of_it);
    (!named).then(|| format!("`{line}` is told as {names:?}"))
}

/// A project that was run, and what it is without a change.
fn run() -> (Fake, Project, Base) {
    let (fake, project) = project("");
    project.runenv(["run", CONTAINER]).exits(0);
    let Explained { keys, names } = explain(&project);
    assert!(names.is_empty(), "{names:?}");
    let (container, host) = (bounds(&project, CONTAINER), bounds(&project, HOST));
    let base = Base {
        keys,
        container,
        host,
    };
    (fake, project, base)
}

#[test]
fn every_setting_is_what_its_class_says() {
    let classes = classes();
    let rows: BTreeSet<&str> = ROWS.iter().map(|(key, ..)| *key).collect();
    let listed: BTreeSet<&str> = classes.keys().map(String::as_str).collect();
    assert_eq!(rows, listed, "each key has a row, and no row is of no key");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let some = ROWS.chunks(ROWS.len().div_ceil(4)).map(|rows| {
            let classes = &classes;
            scope.spawn(move || {
                let (_fake, project, base) = run();
                let rows = rows.iter();
                let wrong = rows.filter_map(|row| wrong(*row, &classes[row.0], &project, &base));
                wrong.collect::<Vec<_>>()
            })
        });
        let some: Vec<_> = some.collect();
        let each = some.into_iter().map(|thread| thread.join().unwrap());
        each.flatten().collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} settings", listed.len());
}
