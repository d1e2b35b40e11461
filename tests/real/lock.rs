//! `envs.lock`: every machine starts from the same bytes, whatever a tag means by now.

use std::fs;

use crate::support::{Project, each};

const TWO: &str =
    "[stage.one]\nrun = [\"cat /v\"]\n[stage.two]\nrun = [\"echo two from $(cat /v)\"]\n";

/// Puts an image that says `word` under the tag, here and in the registry.
fn push(project: &mut Project, tag: &str, word: &str) -> String {
    let built = project.build(&format!("FROM busybox:latest\nRUN echo {word} >/v\n"));
    project.engine(&["tag", &built, tag]);
    project.engine(&["push", "-q", tag]);
    project.engine(&["image", "inspect", "--format", "{{.Id}}", &built])
}

/// A project on an image that says `first`, locked; the image's tag, and the environment.
fn locked(engine: &str) -> (Project, String, String) {
    let mut project = Project::new(engine, "");
    let tag = format!("127.0.0.1:5000/{}/base:1", project.name);
    let env = format!("{engine}-own-base");
    project.toml(&format!(
        "{TWO}[env.\"{env}\"]\n[system.own]\nimage = \"{tag}\"\nrelease.base = {{}}\n"
    ));
    push(&mut project, &tag, "first");
    project.own(&tag);
    let said = project.runenv(&["lock", &env]).code(0);
    let start = format!("locked   {tag} for linux/");
    assert!(said.out.starts_with(&start), "{}", said.out);
    (project, tag, env)
}

#[test]
fn a_locked_base_is_the_same_bytes_when_its_tag_moves() {
    each(|engine| {
        let (mut project, tag, env) = locked(engine);
        let said = project.runenv(&["lock", &env]).code(0);
        assert!(said.out.starts_with("same "), "{}", said.out);
        let run = |project: &Project, more: &[&str], says: &str| {
            let said = project.runenv(&[&["run", &env], more].concat());
            said.code(0).says(says);
            project.result_of(&env)["stages"][1]["key"].clone()
        };
        let first = run(&project, &[], "two from first");

        // The tag moves, here and there: nothing is run, and what has to be run starts from the locked bytes.
        push(&mut project, &tag, "second");
        assert_eq!(run(&project, &[], "all stages cached"), first);
        run(&project, &["-r"], "two from first");

        // A machine without them: fetched by their digest.
        project.clean();
        let gone = format!("{}-own-0", project.name);
        project.engine(&["rmi", &gone]);
        assert_eq!(run(&project, &[], "two from first"), first);

        let said = project.runenv(&["lock", "--upgrade", &env]).code(0);
        assert!(said.out.contains(", was sha256:"), "{}", said.out);
        let second = run(&project, &[], "two from second");

        // Keys are the same without the file, while the tag means the same.
        fs::remove_file(project.root().join("envs.lock")).unwrap();
        assert_eq!(run(&project, &[], "all stages cached"), second);
    });
}

#[test]
fn bytes_that_are_not_the_locked_ones_are_refused() {
    each(|engine| {
        let (project, _, env) = locked(engine);
        let path = project.root().join("envs.lock");
        let lock = fs::read_to_string(&path).unwrap();
        let at = lock.find("identity = \"").unwrap() + "identity = \"".len();
        let forged = format!("{}{}{}", &lock[..at], "ab".repeat(32), &lock[at + 64..]);
        fs::write(&path, forged).unwrap();
        let said = project.runenv(&["run", &env]).code(3);
        assert!(
            said.err.contains("is not the image that it should be"),
            "{}",
            said.err
        );
        assert!(project.images().is_empty(), "nothing was run");
    });
}
