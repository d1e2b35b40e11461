//! `[project] include`: one project in several files.

use snapbox::str;

use crate::support::{Project, golden, same};

const MAIN: &str = "[project]\ninclude = [\"ci/systems.toml\", \"ci/stages.toml\"]\nenv-list = [\"docker-mine-1-{a,b}\"]\n[config.b]\n[[when]]\nif = \"mine-b\"\nvars.x = \"main\"\n";
const SYSTEMS: &str = "\u{feff}[system.mine]\nimage = \"mine:{release}\"\npackage-manager = \"apt\"\nrelease.1 = {}\n[config.a]\n[[when]]\nif = \"mine\"\nvars.x = \"included\"\n";
const STAGES: &str = "[vars]\nx = \"0\"\n[stage.built]\nrun = \"echo {x}\"\n";

fn project() -> Project {
    Project::new()
        .envs_toml(MAIN)
        .file("ci/systems.toml", SYSTEMS)
        .file("ci/stages.toml", STAGES)
}

#[test]
fn included_files_come_before_the_one_that_names_them() {
    let project = project();
    let listed = project.runenv("list").exits(0);
    assert_eq!(listed.stdout, "docker-mine-1-a\ndocker-mine-1-b\n");
    for (config, x) in [("a", "included"), ("b", "main")] {
        let shown = project.runenv(["show", &format!("docker-mine-1-{config}"), "vars.x"]);
        assert_eq!(shown.exits(0).stdout, format!("{x}\n"));
    }
    let origin = project.runenv("show --origin docker-mine-1-a image vars.x stage.built.run");
    same(
        origin.exits(0).stdout,
        str![[r#"
mine:1    # ci/systems.toml:2:9
included    # ci/systems.toml:8:10
echo included    # ci/stages.toml:4:7

"#]],
    );
}

#[test]
fn mistakes_are_told_in_their_file() {
    let project = project()
        .file("ci/systems.toml", "[sytem.x]\n[config]\nb = {}\n")
        .file(
            "ci/stages.toml",
            "[project]\nname = \"x\"\n[stage.built]\nrum = \"x\"\n",
        );
    golden(project.runenv("list").exits(2).stderr, "include");
}

#[test]
fn what_is_included_is_a_file_of_the_tree() {
    for name in [
        "../x.toml",
        "/etc/passwd",
        "",
        "gone.toml",
        "ci",
        "link.toml",
    ] {
        let project = Project::new()
            .envs_toml(&format!("[project]\ninclude = \"{name}\"\n"))
            .file("ci/x.toml", "")
            .link("link.toml", "/etc/hostname");
        let said = project.runenv("list").exits(2).stderr;
        assert!(said.contains("envs.toml:2:11"), "{name}: {said}");
        assert!(said.contains("help: "), "{name}: {said}");
    }
}
