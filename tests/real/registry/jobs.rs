//! A build that goes from machine to machine: what a stage left that ran out of time.

use std::io::Write;
use std::process::Stdio;

use serde_json::json;

use super::{HOST, other};
use crate::support::{Project, engine_says, lines, unique};

/// Two machines, with engines of their own where tests run on two; not at all where they run on none.
pub(crate) fn machines(toml: &str) -> Option<[Project; 2]> {
    let engines = std::env::var("RUNENV_TEST_ENGINES").unwrap_or_default();
    let engine = engines.split_whitespace().next()?;
    let name = unique();
    let text = format!("{toml}[registry]\nrepository = \"{HOST}/{name}\"\n");
    let machine = |engine: &str| Project::named(engine, &name, &text);
    Some([machine(engine), machine(&other(engine))])
}

/// What the engine has of a project is gone where both machines share it.
pub(crate) fn apart(from: &Project, to: &Project) {
    if from.engine == to.engine {
        from.clean();
    }
}

/// The tags of the failed images that the engine has of a project.
fn failed(machine: &Project) -> Vec<String> {
    let label = format!("label=runenv.project={}", machine.id());
    let words = ["image", "ls", "--filter", &label, "--format", "{{.Tag}}"];
    let mut tags = lines(&machine.engine(&words));
    tags.retain(|tag| tag.contains("failed"));
    tags.sort();
    tags
}

/// Each run gets two steps further and would then take all day.
const SLOW: &str = r#"
[stage.one]
run = ["echo 1 >/one"]
[stage.slow]
run = ["""
now=0
for step in 1 2 3 4 5 6; do
  [ ! -e /done.$step ] || continue
  [ $now -lt 2 ] || sleep 300
  now=$((now + 1))
  echo done $step >>/log
  : >/done.$step
done
cat /log"""]
"#;

#[test]
fn a_stage_gets_through_jobs_on_three_machines() {
    let Some([a, b]) = machines(SLOW) else { return };
    let job = |machine: &Project, code| {
        let words = ["--timeout", "5s", "--resume", "--push-failed"];
        machine.run(&words).code(code)
    };
    job(&a, 1);
    let pushed = a.stage("slow")["pushed"].clone();
    assert_eq!(pushed["state"], "pushed", "{pushed}");
    assert!(
        pushed["image"].as_str().unwrap().ends_with(":failed"),
        "{pushed}"
    );
    apart(&a, &b);
    job(&b, 1).says("what `slow` left is in the registry: pulling");
    assert_eq!(b.ran(), ["slow"], "the stage before it is not needed");
    // It has something of its own, and takes what is newer.
    apart(&b, &a);
    let said = job(&a, 0).says("what `slow` left is in the registry: pulling");
    assert_eq!(a.stage("slow")["resumed"], true);
    let done: Vec<&str> = said.err.lines().filter(|l| l.starts_with("done")).collect();
    assert_eq!(
        done,
        ["done 1", "done 2", "done 3", "done 4", "done 5", "done 6"]
    );
    // It has passed: what it left is of no use, here or there.
    assert_eq!(failed(&a), [""; 0]);
    a.run(&["--resume", "--push"]).code(0);
    assert_eq!(a.ran(), [""; 0]);
    apart(&a, &b);
    b.run(&["--resume"])
        .code(0)
        .says("`slow` is in the registry");
    assert_eq!(b.ran(), [""; 0]);
}

/// Fails the first time. Each environment has a key of its own, and all one repository.
const SHARED: &str = r#"
[config.a]
env.WHO = "a"
[config.b]
env.WHO = "b"
[stage.one]
run = ["echo $WHO >>/who; [ $(wc -l </who) -gt 1 ]"]
"#;

/// A shell opens where the environment's stage failed on another machine.
fn shell_is_there(machine: &Project, env: &str) {
    let mut shell = machine.command(&["shell", env, "--failed"]);
    let pipes = shell.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut shell = pipes.stderr(Stdio::piped()).spawn().unwrap();
    shell
        .stdin
        .take()
        .unwrap()
        .write_all(b"cat /who\n")
        .unwrap();
    let said = shell.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&said.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "b\n", "{err}");
    assert!(err.contains("what `one` left is in the registry"), "{err}");
}

#[test]
fn what_failed_is_each_environments_own_in_one_repository_for_all() {
    let Some([first, second]) = machines(SHARED) else {
        return;
    };
    for machine in [&first, &second] {
        let name = &machine.name;
        let registry = format!(
            "[registry]\nrepository = \"{HOST}/{name}\"\nimage = \"{{project}}:{{tag}}\"\n"
        );
        machine.toml(&format!("{SHARED}{registry}"));
    }
    let env = |machine: &Project, config: &str| format!("{}-box-latest-{config}", machine.engine);
    let (a, b) = (env(&first, "a"), env(&first, "b"));
    first.runenv(&["run", &a, &b, "--push-failed"]).code(1);
    assert_eq!(
        failed(&first),
        ["box-latest-a-failed", "box-latest-b-failed"]
    );
    first.runenv(&["run", &a, "--resume"]).code(0);
    assert_eq!(
        failed(&first),
        ["box-latest-b-failed"],
        "one passed, and the other did not"
    );
    apart(&first, &second);
    // On a machine that never ran it.
    let b = env(&second, "b");
    shell_is_there(&second, &b);
    second.clean();
    second.runenv(&["run", &b, "--resume", "--offline"]).code(1);
    second.clean();
    second.runenv(&["run", &b, "--resume"]).code(0);
    let stage = second.result_of(&b)["stages"][0].clone();
    assert_eq!(
        (&stage["resumed"], &stage["state"]),
        (&json!(true), &json!("passed"))
    );
    let who = [
        "run",
        "--rm",
        "--entrypoint",
        "cat",
        stage["image"].as_str().unwrap(),
        "/who",
    ];
    assert_eq!(engine_says(&second.engine, &who).code(0).out, "b\nb\n");
}
