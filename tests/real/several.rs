//! Several environments, networks, engines' names, and the plan as lines to paste.

use std::process::Command;

use crate::support::{Project, Said, each, lines};

#[test]
fn one_failure_does_not_stop_the_others() {
    each(|engine| {
        let toml = "[axis.kind]\ngood = {}\nbad = {}\nfine = {}\n\
            [stage.one]\nrun = [\"echo {kind} >/f; test {kind} != bad\"]\n[stage.two]\nrun = [\"cat /f\"]\n";
        let project = Project::new(engine, toml);
        let env = |kind: &str| format!("{engine}-box-latest-{kind}");
        let names = ["good", "bad", "fine"].map(env).join(",");
        let said = project.runenv(&["run", "-e", &names]).code(1);
        assert!(
            said.err.contains("2 passed") && said.err.contains("1 failed"),
            "{}",
            said.err
        );
        let states =
            ["good", "bad", "fine"].map(|kind| project.result_of(&env(kind))["state"].clone());
        assert_eq!(states, ["passed", "failed", "passed"]);
        let first = project.result_of(&env("good"));
        assert!(
            first["stages"]
                .as_array()
                .unwrap()
                .iter()
                .all(|s| s["cached"] == false)
        );
    });
}

/// Interfaces that a stage sees, and the other end of `network = ...`.
#[test]
fn networks_are_what_is_asked() {
    each(|engine| {
        let toml = r#"
[stage.shared]
run = ["nc -l -p 8099 & sleep 0.2; netstat -tln; echo", "echo $(ls /sys/class/net)", "cat /sys/class/net/*/address >/mac"]
[stage.joined]
run = ["cat /sys/class/net/*/address | cmp - /mac && echo one network", "netstat -tln | grep 8099 || echo no server"]
[stage.alone]
network = "none"
run = ["echo alone: $(ls /sys/class/net)"]
[stage.open]
network = "host"
run = ["echo host: $(ls /sys/class/net)"]
"#;
        let project = Project::plain(engine, toml);
        project.run(&[]).code(0);
        assert!(
            project.log(1, "shared").contains("eth0"),
            "{}",
            project.log(1, "shared")
        );
        assert!(
            project.log(1, "shared").contains(":8099"),
            "{}",
            project.log(1, "shared")
        );
        assert_eq!(project.log(2, "joined"), "one network\nno server\n");
        assert_eq!(project.log(3, "alone"), "alone: lo\n");
        let mut host: Vec<String> = std::fs::read_dir("/sys/class/net")
            .unwrap()
            .flatten()
            .map(|e| e.file_name().to_string_lossy().into_owned())
            .collect();
        host.sort();
        assert!(
            project.log(4, "open").starts_with("host: "),
            "{}",
            project.log(4, "open")
        );
        assert!(project.log(4, "open").contains(" lo"), "{host:?}");
        assert_eq!(project.containers(), [""; 0]);
    });
}

#[test]
fn the_plan_can_be_pasted() {
    each(|engine| {
        let toml = r#"
[stage.one]
env = { A = "it's" }
run = ["echo \"$A\" >f; cat", ["printf", "%s|", "a b", "$x"]]
[stage.two]
copy = ["src"]
run = ["cat f src/x"]
"#;
        let mut project = Project::new(engine, toml);
        project.file("src/x", "copied\n");
        let plan = project.run(&["-n"]).code(0).out;
        assert!(
            !project.root().join(".runenv").exists(),
            "a dry run writes nothing"
        );
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_runenv"));
        project.path_first(program.parent().unwrap());
        std::fs::write(project.home().join("plan.sh"), &plan).unwrap();
        let mut command = Command::new("sh");
        project.hermetic(&mut command);
        let plan_file = project.home().join("plan.sh");
        let said: Said = command.arg("-e").arg(plan_file).output().unwrap().into();
        let said = said.code(0);
        for stage in ["one", "two"] {
            project.own(&format!("{}-box-latest-{stage}:plan", project.name));
        }
        assert!(said.out.contains("a b|$x|"), "{}{plan}", said.out);
        assert!(said.out.contains("it's\ncopied\n"), "{}{plan}", said.out);
        let two = format!("{}-box-latest-two:plan", project.name);
        project.engine(&["image", "inspect", &two]);
        let left = project.engine(&["ps", "-aq", "--filter", "name=runenv-box-latest"]);
        assert_eq!(lines(&left), [""; 0], "the plan removes its containers");
    });
}

/// `docker-*` on podman and the other way round: the same keys and names, each on its own engine.
#[test]
fn names_of_one_engine_run_on_the_other() {
    each(|engine| {
        let project = Project::new(engine, "[stage.one]\nrun = [\"echo 1\"]\n");
        let named = if engine == "docker" {
            "podman-box-latest"
        } else {
            "docker-box-latest"
        };
        project.runenv(&["run", named, "--engine", engine]).code(0);
        let key = project.result_of(named)["stages"][0]["key"].clone();
        project.run(&[]).code(0);
        assert_eq!(project.ran(), [""; 0]);
        assert_eq!(project.stage("one")["key"], key);
        assert_eq!(project.images().len(), 1);
    });
}
