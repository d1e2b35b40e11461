//! Registries that want a login: in the files where docker and podman keep it, from a helper, and a wrong one.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::own::{NAME, Own, PASSWORD, Rules};
use super::trouble::trust;
use super::{ALL, machine, pushed};
use crate::support::{Project, each, unique};

/// Where a login is said.
#[derive(Clone, Copy)]
enum Way {
    /// `docker login` writes it into `~/.docker/config.json`.
    Docker,
    /// A program that `~/.docker/config.json` names.
    Helper,
    /// `podman login` writes it into an `auth.json`.
    Podman,
}

fn base64(text: &str) -> String {
    let script = "printf %s \"$1\" | base64 -w 0";
    let output = Command::new("sh").args(["-c", script, "sh", text]).output();
    String::from_utf8(output.unwrap().stdout).unwrap()
}

fn write(path: &Path, text: impl AsRef<[u8]>) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A machine of the project whose user has said a login so.
fn with_login(engine: &str, name: &str, host: &str, way: Way, password: &str) -> Project {
    let mut project = machine(engine, name, host);
    trust(&mut project, host);
    log_in(&mut project, host, way, password);
    project
}

fn log_in(project: &mut Project, host: &str, way: Way, password: &str) {
    let auth = base64(&format!("{NAME}:{password}"));
    let auths = format!(r#"{{"auths": {{"{host}": {{"auth": "{auth}"}}}}}}"#);
    let config = project.home().join(".docker/config.json");
    match way {
        Way::Docker => write(&config, auths),
        Way::Podman => write(&project.home().join(".config/containers/auth.json"), auths),
        Way::Helper => {
            write(
                &config,
                format!(r#"{{"credHelpers": {{"{host}": "tests"}}}}"#),
            );
            let folder = project.home().join("helpers");
            let helper = folder.join("docker-credential-tests");
            let said = format!(
                r#"{{"ServerURL": "{host}", "Username": "{NAME}", "Secret": "{password}"}}"#
            );
            write(
                &helper,
                format!(
                    "#!/bin/sh\n[ \"$1\" = get ] && [ \"$(cat)\" = {host} ] && echo '{said}'\n"
                ),
            );
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&helper, mode).unwrap();
            project.path_first(&folder);
        }
    }
}

#[test]
fn logins_of_both_engines_and_of_helpers_let_stages_go_and_come() {
    each(|engine| {
        let registry = Own::new(Rules {
            login: true,
            delete: true,
        });
        let (name, host) = (unique(), registry.host.as_str());
        let first = with_login(engine, &name, host, Way::Docker, PASSWORD);
        first.run(&["--push"]).code(0);
        assert_eq!(pushed(&first), ["pushed"; 3]);
        first.clean();
        let ways: &[Way] = match engine {
            "docker" => &[Way::Helper],
            _ => &[Way::Helper, Way::Podman],
        };
        for way in ways {
            let second = with_login(engine, &name, host, *way, PASSWORD);
            second
                .run(&[])
                .code(0)
                .says("`three` is in the registry: pulling");
            assert_eq!(second.ran(), [""; 0]);
        }
        let said = first.runenv(&["clean", "--registry"]).code(0);
        said.says("removed 3 images");
        wrong(engine, &name, host);
    });
}

/// A login that is refused: the run passes, says what to do, and exits with 3; `doctor` says the same before.
fn wrong(engine: &str, name: &str, host: &str) {
    let mut project = machine(engine, name, host);
    trust(&mut project, host);
    let doctor = |project: &Project, with: &str| {
        let said = project.runenv(&["doctor", "--engine", engine]).code(3).out;
        let trouble = format!(
            "trouble  registry {host}, {with} a login: {host} answers 401; log in: `docker login` or `podman login`"
        );
        assert!(said.contains(&trouble), "{said}");
    };
    doctor(&project, "without");
    log_in(&mut project, host, Way::Docker, "wrong");
    doctor(&project, "with");
    let said = project.run(&["--push"]).code(3);
    assert_eq!(project.ran(), ALL);
    assert_eq!(pushed(&project), ["not-pushed"; 3]);
    said.says("answers 401")
        .says("log in: `docker login` or `podman login`")
        .says("1 passed");
}
