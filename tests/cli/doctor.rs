//! `runenv doctor` on engines that are played: what is well, what is not and what to do, and which images can be had.

use snapbox::str;

use crate::support::{Fake, Project, same};

const FILE: &str = r#"
[project]
name = "p"
default = { config = "a" }
env-list = ["{docker,podman}-debian-{bookworm,trixie}", "docker-box-{gone,list}-{a,b}", "local-host"]
[config.a]
[config.b]
[stage.built]
run = "true"
[system.box]
package-manager = "apt"
image = "127.0.0.1:5000/gone:1"
release.gone = { platform = "linux/386" }
release.list = { image = ["quay.io/x/gone:1", "debian:bookworm"] }
"#;

/// The engine's `debian:bookworm` is here, its `debian:trixie` in the registry.
fn fake() -> Fake {
    Fake::new().in_registry("debian:trixie")
}

#[test]
fn engines_that_work_are_said_to() {
    let fake = fake();
    // No envs.toml is needed.
    let project = Project::new().engine(&fake);
    let ran = project.runenv("doctor").exits(0);
    assert_eq!(
        fake.calls(),
        [
            "docker info --format {{json .}}",
            "podman info --format {{json .}}"
        ]
    );
    let docker: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|l| l.starts_with("docker"))
        .collect();
    assert_eq!(docker[0], "docker  ok       answers: 20.10.24, rootless");
    assert!(docker[1].contains(" GB free under `/"), "{docker:?}");
    assert!(
        ran.stdout
            .contains("podman  ok       answers: 4.3.1, as root\n"),
        "{ran:?}"
    );
    let unseen =
        "podman  ok       free disk is not known: `/no/such` is not to be seen from here\n";
    assert!(ran.stdout.contains(unseen), "{ran:?}");
    let one = project.runenv("doctor --engine docker").exits(0);
    assert!(!one.stdout.contains("podman"), "{one:?}");
}

#[test]
fn an_engine_that_does_not_answer_is_told_with_what_to_do() {
    let fake = fake();
    fake.play(
        "info.1.err",
        "Cannot connect to the Docker daemon at unix:///x. Is it running?\n",
    );
    fake.play("info.1.out", "{\"ServerVersion\":\"\"}\n");
    fake.play("info.1.code", "1");
    let project = Project::new().engine(&fake);
    same(
        project.runenv("doctor --engine docker").exits(3).whole(),
        str![[r#"
exit 3
--- stderr
no engine is usable: install or start docker or podman, or run `local-` environments
--- stdout
docker  trouble  docker could not say how it is: Cannot connect to the Docker daemon at unix:///x. Is it running?; start it, or use the other engine: `--engine podman`

"#]],
    );
    // podman is there, with its init.
    std::fs::write(project.path("../bin/catatonit"), "").unwrap();
    fake.play_nothing();
    fake.play("info.2.code", "1");
    let both = project.runenv("doctor").exits(0);
    assert!(both.stdout.contains("docker  trouble  "), "{both:?}");
    same(
        Project::new().runenv("doctor").exits(3).whole(),
        str![[r#"
exit 3
--- stderr
no engine is usable: install or start docker or podman, or run `local-` environments
--- stdout
docker  trouble  cannot start `docker`: not found; is it installed and in PATH?
podman  trouble  cannot start `podman`: not found; is it installed and in PATH?

"#]],
    );
}

#[test]
fn each_image_is_here_or_in_a_registry_or_nowhere() {
    let fake = fake();
    let project = Project::new().envs_toml(FILE).engine(&fake);
    same(
        project.runenv("doctor --images").exits(3).whole(),
        str![[r#"
exit 3
--- stderr
6 images: 2 cannot be had, and 2 environments cannot be run; is the name right, do you have to log in, does the engine answer (`runenv doctor`)?
--- stdout
docker  here      debian:bookworm
docker  registry  debian:trixie
podman  here      debian:bookworm
podman  registry  debian:trixie
docker  nowhere   127.0.0.1:5000/gone:1 for linux/386: no such manifest: 127.0.0.1:5000/gone:1 (for docker-box-gone-a and 1 more)
docker  nowhere   quay.io/x/gone:1: no such manifest: quay.io/x/gone:1 (for docker-box-list-a and 1 more)

"#]],
    );
    let asked = fake.calls_of("docker manifest inspect");
    assert!(
        asked.contains(&"docker manifest inspect --insecure 127.0.0.1:5000/gone:1".to_owned()),
        "{asked:?}"
    );
    assert!(fake.calls_of("docker pull").is_empty(), "nothing is pulled");
    // One of a list is enough.
    same(
        project
            .runenv("doctor --images docker-box-list-a docker-debian-trixie-a")
            .exits(0)
            .whole(),
        str![[r#"
exit 0
--- stderr
3 images: 1 cannot be had, and others can in place of them
--- stdout
docker  nowhere   quay.io/x/gone:1: no such manifest: quay.io/x/gone:1 (for docker-box-list-a)
docker  here      debian:bookworm
docker  registry  debian:trixie

"#]],
    );
    let all = project
        .runenv("doctor --images docker-debian-bookworm-a local-host-a --engine podman")
        .exits(0);
    assert_eq!(all.stdout, "podman  here      debian:bookworm\n");
    assert_eq!(all.stderr, "1 image: all can be had\n");
}

/// The registry's list of manifests says which platforms there are.
#[test]
fn an_image_of_another_platform_will_not_do() {
    let fake = fake().in_registry("127.0.0.1:5000/gone:1");
    let list = r#"{"manifests":[{"platform":{"os":"linux","architecture":"amd64"}},{"platform":{"os":"linux","architecture":"arm64"}}]}"#;
    fake.play("manifest-inspect.out", list);
    let project = Project::new().envs_toml(FILE).engine(&fake);
    let ran = project.runenv("doctor --images docker-box-gone-a").exits(3);
    assert_eq!(
        ran.stdout,
        "docker  nowhere   127.0.0.1:5000/gone:1 for linux/386: the registry has it for linux/amd64, linux/arm64 \
         (for docker-box-gone-a)\n"
    );
}

/// docker's client before 23 knows no manifests of OCI's form, podman 4.3 cannot show them: the image is there.
#[test]
fn a_manifest_that_a_client_cannot_read_is_one() {
    let trixie = |engine: &str, verb: &str, said: &str| {
        let fake = Fake::new();
        fake.play(&format!("{verb}.err"), said);
        fake.play(&format!("{verb}.code"), "125");
        let project = Project::new().envs_toml(FILE).engine(&fake);
        let name = format!("doctor --images {engine}-debian-trixie");
        let ran = project.runenv(name.as_str()).exits(0);
        assert_eq!(
            ran.stdout,
            format!("{engine:<6}  registry  debian:trixie\n")
        );
        fake
    };
    let stopped = "failed to solve with frontend dockerfile.v0: failed to create LLB definition: Invalid signal: runenv\n";
    let fake = trixie("docker", "build", stopped);
    assert_eq!(fake.calls_of("docker build"), ["docker build -"]);
    let podman = "Error: parsing manifest blob: Treating single images as manifest lists is not implemented\n";
    trixie("podman", "manifest-inspect", podman);
}

#[test]
fn names_are_of_no_use_without_images() {
    for words in ["doctor docker-debian-bookworm", "doctor --all"] {
        let ran = Project::new().runenv(words).exits(2);
        assert!(
            ran.stderr.contains("without `--images` none is looked at"),
            "{ran:?}"
        );
    }
}

/// What is wrong with the file, or dangerous, is told, and the rest is looked at all the same.
#[test]
fn a_broken_file_and_mounts_of_the_whole_machine_are_told() {
    let fake = fake();
    let broken = Project::new()
        .envs_toml("[project]\nnam = \"p\"\n")
        .engine(&fake);
    let ran = broken.runenv("doctor --engine docker").exits(2);
    assert!(
        ran.stdout.starts_with("docker  ok       answers: "),
        "{ran:?}"
    );
    assert!(
        ran.stderr.contains("unknown key `nam`") && ran.stderr.contains("envs.toml:2:1"),
        "{ran:?}"
    );
    let text = r#"
[project]
env-list = ["docker-debian-{bookworm,trixie}", "docker-debian-bullseye"]
[defaults]
mounts = [{ host = "/", at = "/host" }]
[[when]]
if = "debian-bullseye"
env.X = "{env:NOT_SET}"
[stage.one]
run = "true"
"#;
    let whole = Project::new().envs_toml(text).engine(&fake);
    let ran = whole.runenv("doctor --engine docker").exits(2);
    let lines = ran.stdout.lines().filter(|line| line.contains("`/`"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(
        lines,
        [
            "        warning  `/` in a container gives its commands this whole machine; mount only what they need"
        ]
    );
    assert!(ran.stderr.contains("NOT_SET"), "{ran:?}");
}
