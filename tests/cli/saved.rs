//! `runenv save` and `load` on an engine that is played: what it is asked, and files that mean harm.

use std::fs;

use serde_json::{Value, json};
use snapbox::str;

use crate::image_archives::{Saved, archive, entries, harmful, images};
use crate::support::{Fake, Project, golden, same};

const ENV: &str = "docker-debian-bookworm";
const FILE: &str =
    "[project]\nname = \"p\"\n[stage.one]\nrun = [\"true\"]\n[stage.two]\nrun = [\"true\"]\n";

fn project(fake: &Fake) -> Project {
    Project::new().envs_toml(FILE).engine(fake)
}

fn play(fake: &Fake, bytes: &[u8]) {
    fs::write(fake.folder().join("play/save.out"), bytes).unwrap();
}

/// A project with both stages on its engine, and what its engine saves.
fn run(fake: &Fake) -> (Project, Vec<Saved>) {
    let project = project(fake);
    project.runenv(format!("run {ENV}").as_str()).exits(0);
    let images = images(fake);
    assert_eq!(images.len(), 2);
    (project, images)
}

#[test]
fn stages_are_saved_by_name() {
    let fake = Fake::new();
    let (project, images) = run(&fake);
    play(&fake, &archive(&images));
    let saved = project
        .runenv(format!("save {ENV} -o out/s.tar").as_str())
        .exits(0);
    same(
        saved.stderr,
        str![[r#"
saving one, two of docker-debian-bookworm
saved out/s.tar (10 kB)

"#]],
    );
    let names = [&images[0].names[0], &images[1].names[0]]
        .map(String::as_str)
        .join(" ");
    assert_eq!(
        fake.calls_of("docker save"),
        [format!("docker save {names}")]
    );
    let bytes = fs::read(project.path("out/s.tar")).unwrap();
    assert_eq!(
        entries(&bytes)[0],
        (
            "runenv.json".to_owned(),
            r#"{"engine":"docker"}"#.to_owned()
        )
    );
    assert_eq!(
        fs::read_dir(project.path("out")).unwrap().count(),
        1,
        "nothing is left beside it"
    );
}

#[test]
fn an_engine_is_given_the_images_and_nothing_beside_them() {
    let fake = Fake::new();
    let (project, images) = run(&fake);
    // In the order of their stages, whatever order the engine saved them in.
    let turned: Vec<Saved> = images.iter().rev().cloned().collect();
    play(&fake, &archive(&turned));
    let save = format!("save {ENV} -o out/s.tar");
    project.runenv(save.as_str()).exits(0);
    let loaded = project.runenv("load out/s.tar").exits(0);
    same(
        loaded.stderr,
        str![[r#"
loaded into docker: one of debian-bookworm, two of debian-bookworm

"#]],
    );
    let sent = |number: u32| fs::read(fake.folder().join(format!("stdin.load.{number}"))).unwrap();
    let given = entries(&sent(1));
    let paths: Vec<&str> = given.iter().map(|(path, _)| path.as_str()).collect();
    // The layer of the base, that of each stage, and no link.
    let expected = [
        "00/layer.tar",
        "01/layer.tar",
        "02/layer.tar",
        "c0.json",
        "c1.json",
        "manifest.json",
    ];
    assert_eq!(paths, expected);
    let manifest: Value = serde_json::from_str(&given[5].1).unwrap();
    assert_eq!(
        manifest[1]["Layers"],
        json!(["00/layer.tar", "01/layer.tar", "02/layer.tar"])
    );
    assert_eq!(manifest[1]["RepoTags"], json!(images[1].names));

    project.runenv("load --engine podman out/s.tar").exits(0);
    let manifest: Value = serde_json::from_str(&entries(&sent(2))[5].1).unwrap();
    assert_eq!(
        manifest[0]["RepoTags"],
        json!([format!("localhost/{}", images[0].names[0])])
    );
    assert_eq!(fake.calls_of("podman load"), ["podman load -q"]);
}

#[test]
fn podman_is_asked_for_the_form_that_both_load() {
    let fake = Fake::new();
    let (project, _) = run(&fake);
    project
        .runenv(format!("save --engine podman {ENV} --to one -o s.tar").as_str())
        .exits(3);
    let calls = fake.calls_of("podman save");
    assert!(
        calls.len() == 1
            && calls[0].starts_with(
                "podman save -q --format docker-archive -m p-debian-bookworm-one:key-"
            ),
        "{calls:?}"
    );
}

#[test]
fn where_nothing_passed_nothing_is_saved_and_that_is_no_failure() {
    let fake = Fake::new();
    let project = project(&fake);
    fake.play("run.fails", "1 1\n");
    project.runenv(format!("run {ENV}").as_str()).exits(1);
    project.write("s.tar", "of an older run");
    let save = format!("save {ENV} -o s.tar");
    let ran = project.runenv(save.as_str()).exits(0);
    same(
        ran.stderr,
        str![[r#"
nothing to save: docker has no stage of docker-debian-bookworm as it is now

"#]],
    );
    assert!(!project.path("s.tar").exists());
    assert_eq!(fake.calls_of("docker save"), [""; 0]);
}

#[test]
fn an_engine_that_does_not_save_all_leaves_no_file() {
    let fake = Fake::new();
    let (project, images) = run(&fake);
    let whole = archive(&images);
    for (code, bytes, words) in [
        (
            "1",
            &whole[..],
            "docker could not save images of `docker-debian-bookworm`: no space left on device",
        ),
        (
            "0",
            &whole[..2048],
            "what docker saved is not all of the images",
        ),
        (
            "0",
            &archive(&images[..1])[..],
            "what docker saved is not all of the images",
        ),
    ] {
        play(&fake, bytes);
        fake.play("save.err", "no space left on device\n");
        fake.play("save.code", code);
        let ran = project
            .runenv(format!("save {ENV} -o out/s.tar").as_str())
            .exits(3);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
        assert_eq!(fs::read_dir(project.path("out")).unwrap().count(), 0);
    }
}

#[test]
fn a_file_that_means_harm_is_refused_before_the_engine_sees_it() {
    let fake = Fake::new();
    let (project, images) = run(&fake);
    let mut told = String::new();
    for (name, bytes) in harmful(&images) {
        let file = format!("{name}.tar");
        project.write(&file, bytes);
        told += &project
            .runenv(format!("load {file}").as_str())
            .exits(2)
            .stderr;
    }
    told += &project.runenv("load gone.tar").exits(2).stderr;
    told += &project.runenv("load .").exits(2).stderr;
    golden(told.replace(&images[1].names[0], "[NAME]"), "load-refused");
    // It says no engine; all files are looked at before one is loaded.
    project.write("good.tar", archive(&images));
    let ran = project
        .runenv("load good.tar --engine docker another-name.tar")
        .exits(2);
    assert!(ran.stderr.contains("debian:12"), "{}", ran.stderr);
    let ran = project.runenv("load good.tar").exits(2);
    assert!(ran.stderr.contains("`--engine docker`"), "{}", ran.stderr);
    assert_eq!(fake.calls_of("docker load"), [""; 0]);
}

#[test]
fn an_engine_that_refuses_a_file_is_told() {
    let fake = Fake::new();
    let (project, images) = run(&fake);
    project.write("s.tar", archive(&images));
    fake.play("load.err", "invalid diffID for layer 1\n");
    fake.play("load.code", "1");
    let ran = project.runenv("load --engine docker s.tar").exits(3);
    assert!(
        ran.stderr
            .contains("docker could not load `[ROOT]/s.tar`: invalid diffID"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_cannot_be_saved_says_so() {
    let fake = Fake::new();
    let project = project(&fake);
    let mut told = project.runenv("save local-host -o s.tar").exits(0).stderr;
    told += &project
        .runenv(format!("save {ENV} -o .").as_str())
        .exits(2)
        .stderr;
    told += &project
        .runenv(format!("save {ENV} --to gone -o s.tar").as_str())
        .exits(2)
        .stderr;
    same(
        told,
        str![[r#"
nothing to save: local-host runs on this host
error: `[ROOT]/.` is a folder
help: give the path of a file
error: `docker-debian-bookworm` has no stage `gone`
help: did you mean `one`?

"#]],
    );
}
