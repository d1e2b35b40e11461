//! `runenv devcontainer`: the reference client of containers.dev opens what it says, on both engines.
//!
//! Needs `devcontainer`, which `tests/engines/ci-clients.sh` installs.

use std::process::Command;

use crate::support::{Project, Said, each};

/// The client, on the test's engine and tree.
fn client(project: &Project, words: &[&str]) -> Said {
    let mut command = Command::new("devcontainer");
    let (root, engine) = (project.root(), &project.engine);
    command.arg(words[0]).arg("--workspace-folder").arg(root);
    command.args(["--docker-path", engine]).args(&words[1..]);
    let output = command.output();
    output
        .expect("tests/engines/ci-clients.sh put devcontainer into PATH")
        .into()
}

#[test]
fn a_container_has_the_packages_stage_the_variables_and_the_tree() {
    each(|engine| {
        let toml = r#"
[defaults]
env = { ODD = "it's \"$x\" ${HOME} \\ é" }
[stage.system]
run = ["printf '%s' \"$ODD\" >/installed", "cd /; exit 0", "pwd >/where"]
[stage.tools]
workdir = "/opt/a b"
run = ["pwd >tools"]
on-failure = ["true"]
[stage.built]
copy = ["source"]
run = ["echo never >source"]
"#;
        let project = Project::new(engine, toml);
        project.file("source", "text");
        let env = project.env();
        let said = project.runenv(&["devcontainer", &env]).code(0);
        project.file(".devcontainer/devcontainer.json", &said.out);
        client(&project, &["up"]).code(0);
        let look = "cat /installed; echo; echo \"$ODD\"; cat /where '/opt/a b/tools'; pwd; cat source; id -u";
        let said = client(&project, &["exec", "sh", "-c", look]).code(0);
        let odd = "it's \"$x\" ${HOME} \\ é";
        let folder = format!("/{}", project.name);
        let want = format!("{odd}\n{odd}\n{folder}\n/opt/a b\n{folder}\ntext0\n");
        remove(&project);
        assert_eq!(said.out.replace("\r\n", "\n"), want, "{}", said.err);
    });
}

#[test]
fn a_failing_stage_is_told() {
    each(|engine| {
        let project = Project::new(
            engine,
            "[stage.a]\nrun = [\"echo bad; exit 7\", \"touch never\"]\n",
        );
        let env = project.env();
        let said = project.runenv(&["devcontainer", &env]).code(0);
        project.file(".devcontainer/devcontainer.json", &said.out);
        let said = client(&project, &["up"]);
        remove(&project);
        assert_ne!(said.code, 0, "{}{}", said.out, said.err);
        assert!(said.err.contains("bad"), "{}", said.err);
        assert!(!project.root().join("never").exists());
    });
}

/// The container, which carries the tree's path as a label.
fn remove(project: &Project) {
    let label = format!(
        "label=devcontainer.local_folder={}",
        project.root().display()
    );
    let ids = project.engine(&["ps", "-aq", "--filter", &label]);
    for id in ids.lines() {
        project.engine(&["rm", "-f", id]);
    }
}
