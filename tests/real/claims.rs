//! One build per key at a time: several processes on one engine, several environments in one process, and holders that
//! die.

use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Project, Said, each, until};

fn end(child: Child) -> Said {
    child.wait_with_output().unwrap().into()
}

const COUNTED: &str = r#"
[stage.one]
run = ["cat /proc/sys/kernel/random/uuid >/one", "sleep 1"]
[stage.two]
run = ["cat /proc/sys/kernel/random/uuid >/two", "sleep 1"]
"#;

#[test]
fn three_runs_at_once_build_every_key_once() {
    each(|engine| {
        let project = Project::new(engine, COUNTED);
        let runs = [0, 1, 2].map(|_| project.start(&[]));
        let said = runs.map(|run| end(run).code(0));
        // A second build of a key is an image more.
        assert_eq!(project.images().len(), 2, "{said:?}");
        // How many, is a matter of who comes when: the one that built the first stage may wait for the second.
        let waited = said
            .iter()
            .filter(|s| s.err.contains("waiting for the same stage in process "));
        assert!(waited.count() > 0, "{said:?}");
        let cached = said.iter().map(|s| s.err.matches("  cached").count());
        assert_eq!(cached.sum::<usize>(), 2 * 2, "{said:?}");
        assert_eq!(project.containers(), [""; 0]);
    });
}

#[test]
fn a_wait_ends_with_its_holder_with_a_signal_and_with_its_limit() {
    each(|engine| {
        // What is passed is outside the key: for the holder alone it takes long.
        let toml = "[defaults]\npass-env = [\"SLOW\"]\n\
            [stage.one]\nrun = [\"test -z \\\"$SLOW\\\" || sleep 300\"]\n";
        let project = Project::new(engine, toml);
        let mut holder = project.command(&["run", &project.env()]);
        let mut holder = holder
            .env("SLOW", "1")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the stage runs", || !project.containers().is_empty());
        let patient = project.start(&[]);
        let hasty = project.start(&["--timeout", "300ms"]);
        let stopped = project.start(&[]);
        end(hasty).code(1).says("while it waited for process ");
        thread::sleep(Duration::from_millis(700));
        kill_process(Pid::from_child(&stopped), Signal::INT).unwrap();
        end(stopped)
            .code(130)
            .says("waiting for the same stage in process ");
        kill_process(Pid::from_child(&holder), Signal::KILL).unwrap();
        holder.wait().unwrap();
        // Nobody has built it: the one that waited does.
        let said = end(patient)
            .code(0)
            .says("waiting for the same stage in process ");
        assert!(said.err.contains("one passed in"), "{said:?}");
        assert_eq!(project.images().len(), 1);
    });
}

const SYSTEMS: [&str; 4] = ["sa", "sb", "sc", "sd"];
const CONFIGS: [&str; 3] = ["ca", "cb", "cc"];

/// Four systems with one image; three configs, of which one fails.
fn twelve(engine: &str) -> Project {
    let mut project = Project::new(engine, "");
    let mut toml = format!(
        "env-list = [\"{engine}-{{{}}}-latest-{{{}}}\"]\ndefault.config = \"ca\"\n",
        SYSTEMS.join(","),
        CONFIGS.join(",")
    );
    for system in SYSTEMS {
        let image = format!("{}-{system}:latest", project.name);
        project.engine(&["tag", "busybox:latest", &image]);
        project.own(&image);
        toml += &format!(
            "[system.{system}]\nimage = \"{image}\"\nnetwork = \"none\"\n\
            release.latest = {{}}\n"
        );
    }
    for config in CONFIGS {
        toml += &format!("[config.{config}]\n");
    }
    toml += "[stage.base]\nrun = [\"echo base >/f\"]\n\
        [stage.tested]\nrun = [\"echo {config} >>/f\", \"cat /f\", \"test {config} != cc\"]\n";
    project.toml(&toml);
    project
}

/// What is the same however a run went, of all environments; and how often stages passed that were run.
fn results(project: &Project) -> (Vec<(String, Value, Vec<Value>)>, usize) {
    let (mut all, mut built) = (Vec::new(), 0);
    for (system, config) in SYSTEMS.iter().flat_map(|s| CONFIGS.map(|c| (*s, c))) {
        let name = format!("{}-{system}-latest-{config}", project.engine);
        let result = project.result_of(&name);
        let stages = result["stages"].as_array().unwrap().iter();
        let stages = stages.map(|s| {
            built += usize::from(s["state"] == "passed" && s["cached"] == false);
            serde_json::json!([s["name"], s["state"], s["key"], s["command"], s["tail"]])
        });
        // Of a stage that was found there is no output.
        let stages = stages.map(|mut stage| {
            if stage[1] == "passed" {
                stage[4] = Value::Null;
            }
            stage
        });
        all.push((name, result["state"].clone(), stages.collect()));
    }
    (all, built)
}

#[test]
fn twelve_environments_side_by_side_are_as_one_after_another() {
    each(|engine| {
        let project = twelve(engine);
        let said = project.runenv(&["run"]).code(1);
        said.says("8 passed, 4 failed");
        let (one, one_built) = results(&project);
        // What claims say of images is out of date then.
        project.clean();
        let said = project.runenv(&["run", "-p", "2"]).code(1);
        let said = said.says("8 passed, 4 failed");
        let (other, other_built) = results(&project);
        assert_eq!(one, other, "{said:?}");
        // `base`, and `tested` of two configs.
        assert_eq!((one_built, other_built), (3, 3), "{said:?}");
        assert_eq!(project.containers(), [""; 0]);
    });
}
