//! Every key of a layer and of a stage, changed once: what acts changes a stage's key, what bounds or tells changes none;
//! what bounds changes the bounds of the plan, and what tells does not; what is not built says so. `explain` names what acts. The keys and their classes are those of `runenv schema`.

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

/// How a change is seen.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    /// As its class says.
    Class,
    /// Not built: a run in a container says so.
    Refused,
}
use Seen::{Class, Refused};

/// A table of the schema, with what stands before its keys in `[config.c]`.
const TABLES: [(&str, &str); 4] = [
    ("Layer", ""),
    ("StageTable", "stage.built."),
    ("ListEdits", "append."),
    ("StageEdits", "stage.built.append."),
];

/// A key with what stands before it, a value, and how the change is seen. `stage`, `append` and `remove` are as what is
/// in them, and so stand here with something that tells; the tables of edits are below.
const ROWS: [(&str, &str, Seen); 89] = [
    ("image", r#""debian:trixie""#, Class),
    ("platform", r#""linux/arm64""#, Class),
    ("package-manager", r#""dnf""#, Class),
    ("distro", r#"["fedora"]"#, Class),
    ("packages", r#"["gmp"]"#, Class),
    ("system-packages", r#"["gcc"]"#, Class),
    ("packages-before", r#"["echo more"]"#, Class),
    ("packages-after", r#"["echo more"]"#, Class),
    ("ignore-missing-packages", "true", Class),
    ("env", r#"{ X = "y" }"#, Class),
    ("vars", r#"{ args = ["b"] }"#, Class),
    ("prelude", r#"["echo more"]"#, Class),
    ("shell", r#""bash""#, Class),
    ("workdir", r#""/other""#, Class),
    ("user", r#""builder""#, Class),
    ("network", r#""none""#, Class),
    ("mounts", r#"[{ cache = "c", at = "/c" }]"#, Class),
    ("create-args", r#"["--privileged"]"#, Class),
    ("secrets", r#"["TOKEN"]"#, Class),
    ("allow-volumes", "true", Class),
    ("memory", r#""1g""#, Class),
    ("cpus", r#""3""#, Class),
    ("timeout", r#""1h""#, Class),
    ("kill-after", r#""3s""#, Class),
    ("isolate", r#""copy""#, Class),
    ("install", "true", Class),
    ("description", r#""words""#, Class),
    ("pass-env", r#"["X"]"#, Class),
    ("annotate", r#"[{ match = "x", level = "error" }]"#, Refused),
    ("host-os", r#"["linux"]"#, Class),
    ("stage", r#"{ built.allow-failure = true }"#, Class),
    ("append", r#"{ pass-env = ["X"] }"#, Class),
    ("remove", r#"{ pass-env = ["CI_JOB"] }"#, Class),
    ("stage.built.from", r#""packages""#, Class),
    ("stage.built.if", r#""!c""#, Class),
    ("stage.built.packages", "true", Class),
    ("stage.built.copy", r#"["other"]"#, Class),
    ("stage.built.run", r#"["other"]"#, Class),
    ("stage.built.env", r#"{ X = "y" }"#, Class),
    ("stage.built.shell", r#""bash""#, Class),
    ("stage.built.prelude", r#"["echo more"]"#, Class),
    ("stage.built.workdir", r#""/other""#, Class),
    ("stage.built.user", r#""builder""#, Class),
    ("stage.built.network", r#""host""#, Class),
    (
        "stage.built.mounts",
        r#"[{ cache = "c", at = "/c" }]"#,
        Class,
    ),
    ("stage.built.secrets", r#"["TOKEN"]"#, Class),
    ("stage.built.create-args", r#"["--privileged"]"#, Class),
    ("stage.built.key-period", r#""weekly""#, Class),
    ("stage.built.machine", "true", Class),
    ("stage.built.keep", "false", Class),
    ("stage.built.timeout", r#""1h""#, Class),
    ("stage.built.memory", r#""1g""#, Class),
    ("stage.built.cpus", r#""3""#, Class),
    ("stage.built.log-limit", r#""1m""#, Class),
    (
        "stage.built.max-links",
        "3\nstage.built.incremental = true",
        Class,
    ),
    ("stage.built.allow-failure", "true", Class),
    ("stage.built.on-failure", r#"["other"]"#, Class),
    ("stage.built.finally", r#"["other"]"#, Class),
    ("stage.built.artifacts", r#"["log"]"#, Class),
    ("stage.built.incremental", "true", Class),
    ("stage.built.push", "false", Class),
    ("stage.built.append", r#"{ on-failure = ["other"] }"#, Class),
    (
        "stage.built.remove",
        r#"{ on-failure = ["cat log"] }"#,
        Class,
    ),
    (
        "append.image",
        "[\"debian:trixie\"]\nremove.image = [\"debian:{release}\"]",
        Class,
    ),
    ("append.distro", "[]\nremove.distro = [\"debian\"]", Class),
    ("append.packages", r#"["gmp"]"#, Class),
    ("append.system-packages", r#"["gcc"]"#, Class),
    ("append.packages-before", r#"["echo more"]"#, Class),
    ("append.packages-after", r#"["echo more"]"#, Class),
    ("append.prelude", r#"["echo more"]"#, Class),
    ("append.shell", r#"["-x"]"#, Class),
    ("append.create-args", r#"["--privileged"]"#, Class),
    ("append.mounts", r#"[{ cache = "c", at = "/c" }]"#, Class),
    ("append.secrets", r#"["TOKEN"]"#, Class),
    ("append.pass-env", r#"["X"]"#, Class),
    (
        "append.annotate",
        r#"[{ match = "x", level = "error" }]"#,
        Refused,
    ),
    ("append.host-os", r#"["linux"]"#, Class),
    ("append.vars", r#"{ args = ["b"] }"#, Class),
    ("stage.built.append.copy", r#"["other"]"#, Class),
    ("stage.built.append.run", r#"["more"]"#, Class),
    ("stage.built.append.shell", r#"["-x"]"#, Class),
    ("stage.built.append.prelude", r#"["echo more"]"#, Class),
    (
        "stage.built.append.mounts",
        r#"[{ cache = "c", at = "/c" }]"#,
        Class,
    ),
    ("stage.built.append.secrets", r#"["TOKEN"]"#, Class),
    (
        "stage.built.append.create-args",
        r#"["--privileged"]"#,
        Class,
    ),
    ("stage.built.append.on-failure", r#"["other"]"#, Class),
    ("stage.built.append.finally", r#"["other"]"#, Class),
    ("stage.built.append.artifacts", r#"["log"]"#, Class),
    ("stage.built.append.run", r#"[["a", "b"]]"#, Class),
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
fn wrong(row: (&str, &str, Seen), class: &str, run: &Project, base: &Base) -> Option<String> {
    let (key, value, seen) = row;
    let line = format!("{key} = {value}");
    let words = match seen {
        Class => {
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
            return (!named).then(|| format!("`{line}` is told as {names:?}"));
        }
        Refused => "run -n docker-debian-bookworm-c",
    };
    let (_fake, project) = project(&line);
    let told = project.runenv(words).exits(2).stderr;
    let name = key.rsplit('.').next().unwrap();
    let title = told.lines().next().unwrap_or_default();
    let says = title.starts_with(&format!("error: `{name}"));
    let says = says && title.ends_with("is not built yet, and this run needs it");
    (!says).then(|| format!("`{line}` is not built, and the run says: {title}"))
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
    let refused = ROWS.iter().filter(|(.., seen)| *seen != Class).count();
    println!("{} settings, {refused} of them not built", listed.len());
}
