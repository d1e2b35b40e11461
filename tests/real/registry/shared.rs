//! What one machine built no other builds again.

use super::forged::lose_last_layer;
use super::{ALL, HOST, built, machine, pushed, toml};
use crate::cached::{calls, count_calls};
use crate::support::{Project, each, engine_says, unique};

/// The pulls among the calls since the last question, and how many containers were made.
fn pulls(project: &Project) -> (Vec<String>, usize) {
    let calls = calls(project);
    let made = calls
        .iter()
        .filter(|c| c.starts_with("create ") || c.starts_with("run "));
    let made = made.count();
    (
        calls
            .into_iter()
            .filter(|c| c.starts_with("pull "))
            .collect(),
        made,
    )
}

#[test]
fn the_deepest_stage_comes_and_no_other_is_run() {
    each(|engine| {
        let first = built(engine, HOST);
        let mut second = machine(engine, &first.name, HOST);
        count_calls(&mut second);
        second
            .run(&[])
            .code(0)
            .says("`three` is in the registry: pulling");
        assert_eq!(second.ran(), [""; 0]);
        let (pulled, made) = pulls(&second);
        assert!(
            pulled.len() == 1 && pulled[0].contains("-three@sha256:"),
            "{pulled:?}"
        );
        assert_eq!((made, second.images().len()), (0, 1));
        // It is as good as one that was built here.
        second.run(&[]).code(0);
        assert_eq!((second.ran(), calls(&second).len()), (vec![], 1));
        second.file("src/a", "second\n");
        second.run(&["--push"]).code(0).says("second");
        assert_eq!(second.ran(), ["two", "three"]);
        assert_eq!(
            pulls(&second).0.len(),
            1,
            "the stage before the change, and no other"
        );
        assert_eq!(pushed(&second), ["present", "pushed", "pushed"]);
        // And back: the first machine, with what it has, takes what is deeper.
        first.file("src/a", "second\n");
        first.run(&[]).code(0);
        assert_eq!(first.ran(), [""; 0]);
    });
}

#[test]
fn a_machine_that_was_emptied_and_one_without_a_network() {
    each(|engine| {
        let first = built(engine, HOST);
        first.clean();
        first.run(&["--offline"]).code(0);
        assert_eq!(first.ran(), ALL, "no registry was asked");
        first.run(&["--push"]).code(0);
        assert_eq!(
            (first.ran(), pushed(&first)),
            (vec![], vec!["present".to_owned(); 3])
        );
        first.clean();
        first.run(&["-r", "--to", "one"]).code(0);
        assert_eq!(first.ran(), ["one"], "anew is anew");
        first.run(&["--push=try"]).code(0);
        assert_eq!(first.ran(), [""; 0]);
    });
}

/// Base images of the test's own, under one tag of the registry.
fn push_base(engine: &str, name: &str, text: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("base"), text).unwrap();
    let file = "FROM busybox:latest\nCOPY base /base\n";
    std::fs::write(folder.path().join("Dockerfile"), file).unwrap();
    let folder = folder.path().to_str().unwrap();
    // An image that an earlier test made alike might be removed as it is found.
    let mut words = vec!["build", "-q", "--no-cache", "-t", name];
    if engine == "podman" {
        words.extend(["--format", "docker", "--layers=false"]);
    }
    words.push(folder);
    engine_says(engine, &words).code(0);
    engine_says(engine, &["push", "-q", name]).code(0);
    engine_says(engine, &["rmi", "-f", name]).code(0);
}

#[test]
fn a_base_image_is_pulled_only_to_start_from_it() {
    each(|engine| {
        let name = unique();
        let base = format!("{HOST}/{name}/base:1");
        push_base(engine, &base, "old\n");
        let images = format!("[\"{base}\", \"busybox:latest\"]");
        let system = format!("[system.own]\nimage = {images}\nrelease.base = {{}}\n");
        let read = "(cat /base || echo nothing) >";
        let text = toml(HOST, &name).replace("echo 1 >", read) + &system;
        let mut project = Project::named(engine, &name, &text);
        project.file("src/a", "first\n");
        project.own(&base);
        count_calls(&mut project);
        let env = format!("{engine}-own-base");
        project.runenv(&["run", &env, "--push"]).code(0).says("old");
        let empty = |project: &Project| {
            project.clean();
            engine_says(engine, &["rmi", "-f", &base]);
            calls(project);
        };
        empty(&project);
        let cached = |project: &Project| {
            let result = project.result_of(&env);
            let mut stages = result["stages"].as_array().unwrap().iter();
            stages.all(|s| s["cached"] == true)
        };
        project.runenv(&["run", &env]).code(0);
        let (pulled, _) = pulls(&project);
        assert!(cached(&project) && pulled.len() == 1, "{pulled:?}");
        assert!(pulled[0].contains("-three@"), "{pulled:?}");
        // The tag moves: what was built on the old image is of other keys.
        push_base(engine, &base, "new\n");
        empty(&project);
        project.runenv(&["run", &env]).code(0).says("new");
        assert!(!cached(&project));
        assert!(
            pulls(&project)
                .0
                .iter()
                .any(|pull| pull.ends_with("/base:1"))
        );
        // The registry says what it is, and has it no more: the next of the list is taken.
        empty(&project);
        lose_last_layer(&format!("{name}/base"), "1");
        let said = project.runenv(&["run", &env]).code(0);
        said.says("nothing").says("is taken in place of it");
        assert!(!cached(&project));
    });
}

#[test]
fn equal_stages_find_each_other_in_one_repository_for_all() {
    each(|engine| {
        let name = unique();
        let registry = format!(
            "[registry]\nrepository = \"{HOST}/{name}\"\nimage = \"{{project}}:{{tag}}\"\n"
        );
        let text = format!(
            "[config.a]\n[config.b]\nstage.last.run = [\"true\"]\n[stage.one]\nrun = [\"echo 1 >/one\"]\n[stage.last]\nrun = [\"cat /one\"]\n{registry}"
        );
        let project = Project::named(engine, &name, &text);
        let (a, b) = (
            format!("{engine}-box-latest-a"),
            format!("{engine}-box-latest-b"),
        );
        project.runenv(&["run", &a, "--push"]).code(0);
        project.clean();
        project
            .runenv(&["run", &b])
            .code(0)
            .says("`one` is in the registry");
        let stages = project.result_of(&b)["stages"].clone();
        assert_eq!(
            (&stages[0]["cached"], &stages[1]["cached"]),
            (&true.into(), &false.into())
        );
    });
}

#[test]
fn what_is_not_to_be_pushed_stays_here() {
    each(|engine| {
        let name = unique();
        let text = toml(HOST, &name).replace("[stage.two]", "[stage.two]\npush = false");
        let project = Project::named(engine, &name, &text);
        project.file("src/a", "first\n");
        project.run(&["--push"]).code(0);
        assert_eq!(pushed(&project), ["pushed", "-", "pushed"]);
    });
}
