//! Keys and images: equal everywhere, and no byte of what was run in what an engine shows of an image.

use std::cell::RefCell;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value};

use crate::support::{Project, Said, each, unique};

const SENTINELS: &str = r#"
[project.default]
[defaults]
env = { GIVEN = "sentinel-env-8f2" }
[stage.one]
run = ["echo sentinel-script-1a7 {posargs:none}", "echo \"$GIVEN\" >f"]
env = { ONLY = "sentinel-stage-5c3" }
on-failure = ["echo sentinel-on-failure"]
[stage.two]
copy = ["src"]
run = ["cat f src/a src/b/c src/link", "echo only=${ONLY-unset}"]
"#;

fn project(engine: &str, name: &str) -> Project {
    let toml = SENTINELS.replace("[project.default]\n", "");
    let project = Project::named(engine, name, &toml);
    project.file("src/a", "a\n");
    project.file("src/b/c", "c\n");
    std::os::unix::fs::symlink("a", project.root().join("src/link")).unwrap();
    project
}

/// Runs under a umask and a time zone, as a shell would.
fn run_under(project: &Project, umask: &str, zone: &str) -> Said {
    let mut command = Command::new("sh");
    project.hermetic(&mut command);
    let line = format!(
        "umask {umask}; chmod {} src/a; exec \"$@\"",
        if umask == "077" { "600" } else { "664" }
    );
    command.env("TZ", zone).args([
        "-c",
        &line,
        "sh",
        env!("CARGO_BIN_EXE_runenv"),
        "run",
        &project.env(),
    ]);
    command
        .args(["--", "sentinel-posargs-77d"])
        .output()
        .unwrap()
        .into()
}

fn inspect(project: &Project, image: &str) -> Value {
    let json: Value = serde_json::from_str(&project.engine(&["image", "inspect", image])).unwrap();
    json[0].clone()
}

#[test]
fn keys_are_equal_and_images_tell_nothing() {
    let (name, keys) = (unique(), RefCell::new(Vec::new()));
    each(|engine| {
        let first = project(engine, &name);
        run_under(&first, "022", "UTC")
            .code(0)
            .says("sentinel-posargs-77d")
            .says("only=unset");
        tells_nothing(&first);
        keys.borrow_mut().push(["one", "two"].map(|stage| {
            let image = inspect(&first, &first.image(stage));
            let label = image["Config"]["Labels"]["runenv.key"].clone();
            assert_eq!(label, first.stage(stage)["key"]);
            label
        }));
        let second = project(engine, &name);
        run_under(&second, "077", "Asia/Kathmandu").code(0);
        assert_eq!(
            second.ran(),
            [""; 0],
            "another folder, zone and umask: the same keys"
        );
    });
    let keys = keys.borrow();
    assert!(keys.iter().all(|k| *k == keys[0]), "{keys:#?}");
}

fn tells_nothing(project: &Project) {
    for stage in ["one", "two"] {
        let image = project.image(stage);
        let inspected = project.engine(&["image", "inspect", &image]);
        let history = project.engine(&["history", "--no-trunc", &image]);
        for text in [&inspected, &history] {
            assert!(!text.contains("sentinel"), "{text}");
        }
        golden(&project.engine, stage, &inspect(project, &image));
    }
}

/// The fixed list that an image shows, in a file for each engine; `SNAPSHOTS=overwrite` writes it.
fn golden(engine: &str, stage: &str, image: &Value) {
    let mut config: Map<String, Value> = image["Config"].as_object().unwrap().clone();
    let labels = config["Labels"].as_object_mut().unwrap();
    for (name, value) in labels.iter_mut() {
        let kept = [
            "runenv.owner",
            "runenv.failed",
            "runenv.env",
            "runenv.layers",
            "runenv.stage",
        ];
        if !kept.contains(&name.as_str()) {
            *value = Value::from("...");
        }
    }
    labels.insert("runenv.stage".into(), Value::from("STAGE"));
    labels.insert("runenv.layers".into(), Value::from("N"));
    labels.sort_keys();
    for own in ["Hostname", "Image"] {
        config.entry(own).and_modify(|v| *v = Value::from("..."));
    }
    config.sort_keys();
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/real/golden/{engine}.json"));
    let text = serde_json::to_string_pretty(&config).unwrap() + "\n";
    if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        text,
        std::fs::read_to_string(&path).unwrap_or_default(),
        "stage {stage}"
    );
}

/// What an environment does in one stage is not seen in the next: not its variables, not its working folder.
#[test]
fn a_stage_does_not_see_the_variables_of_another() {
    each(|engine| {
        let toml = "[stage.one]\nworkdir = \"/one\"\nenv = { A = \"1\", PATH = \"/own:/bin\" }\nrun = [\"echo $A $PATH >/f\"]\n\
            [stage.two]\nrun = [\"cat /f; echo ${A-no} $PATH $PWD $HOME\"]\n";
        let project = Project::new(engine, toml);
        let said = project.run(&[]).code(0).says("1 /own:/bin\n");
        let want = format!("no /bin:/usr/bin /{} /root", project.name);
        assert!(said.err.contains(&want), "{}", said.err);
    });
}
