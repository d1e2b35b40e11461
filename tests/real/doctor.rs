//! `runenv doctor` of real engines, and of images on the engine, in a registry and nowhere.

use crate::support::{Project, each};

const ONE: &str = "[stage.one]\nrun = \"true\"\n";

/// The registry of this machine.
fn registry() -> String {
    std::env::var("ENGINES_REGISTRY").unwrap_or_else(|_| "127.0.0.1:5000".to_owned())
}

/// An image that is in the registry, and not on the engine.
fn pushed(project: &Project, tag: &str, options: &[&str]) -> String {
    let there = format!("{}/{}:{tag}", registry(), project.name);
    project.engine(&["tag", "busybox:latest", &there]);
    project.engine(&[&["push", "-q"], options, &[&there]].concat());
    project.engine(&["rmi", &there]);
    there
}

#[test]
fn a_real_engine_is_well() {
    each(|engine| {
        let project = Project::new(engine, ONE);
        let said = project.runenv(&["doctor", "--engine", engine]).code(0);
        let answers = format!("{engine:<6}  ok       answers: ");
        assert!(said.out.starts_with(&answers), "{said:?}");
        assert!(said.out.contains(" GB free under `/"), "{said:?}");
    });
}

#[test]
fn images_are_here_in_a_registry_or_nowhere() {
    each(|engine| {
        let project = Project::new(engine, ONE);
        let there = pushed(&project, "there", &[]);
        let gone = format!("{}/{}:gone", registry(), project.name);
        project.toml(&format!(
            "{ONE}[system.some]\nrelease.there = {{ image = \"{there}\" }}\nrelease.gone = {{ image = \"{gone}\" }}\n\
             release.both = {{ image = [\"{gone}\", \"{there}\"] }}\n"
        ));
        let some = |release: &str| format!("{engine}-some-{release}");
        let (box_, there_env) = (project.env(), some("there"));
        let said = project.runenv(&["doctor", "--images", &box_, &there_env, &some("gone")]);
        let said = said.code(3);
        let lines: Vec<&str> = said.out.lines().collect();
        assert_eq!(lines[0], format!("{engine:<6}  here      busybox:latest"));
        assert_eq!(lines[1], format!("{engine:<6}  registry  {there}"));
        let nowhere = format!("{engine:<6}  nowhere   {gone}: ");
        assert!(
            lines[2].starts_with(&nowhere) && lines[2].contains("manifest"),
            "{lines:?}"
        );
        project
            .runenv(&["doctor", "--images", &box_, &there_env])
            .code(0);
        project
            .runenv(&["doctor", "--images", &some("both")])
            .code(0);
        assert_eq!(project.images(), [""; 0], "nothing was pulled or made");
        // What can be had can be pulled and run.
        project.runenv(&["run", &there_env]).code(0);
        project.runenv(&["clean", "--engine", engine]).code(0);
        project.engine(&["rmi", &there]);
    });
}

/// A registry's image of OCI's form, as podman pushes it, asked for by every docker client of the machine: old ones do
/// not read its manifest.
#[test]
fn an_image_of_either_form_is_found() {
    let engines = std::env::var("RUNENV_TEST_ENGINES").unwrap_or_default();
    if !engines.contains("docker") || !engines.contains("podman") {
        eprintln!("skipped: docker and podman are both needed");
        return;
    }
    let pushes = Project::new("podman", ONE);
    for form in ["oci", "v2s2"] {
        let image = pushed(&pushes, form, &["--format", form]);
        for folder in ["/usr/local/bin", "/usr/bin"] {
            let mut project = Project::new("docker", "");
            project.path_first(std::path::Path::new(folder));
            project.toml(&format!(
                "{ONE}[system.some]\nrelease.there = {{ image = \"{image}\" }}\n"
            ));
            let said = project.runenv(&["doctor", "--images", "docker-some-there"]);
            assert_eq!(said.code(0).out, format!("docker  registry  {image}\n"));
        }
    }
}
