//! A container run that copies files which a local run made in the tree says so.

use crate::support::{Fake, Project};

const FILE: &str = r#"
[project]
name = "p"
[stage.one]
copy = ["src"]
run = ["test -e /container || for n in 1 2 3 4 5; do echo >src/$n.o; done"]
[stage.two]
copy = ["src", "other"]
run = ["true"]
"#;

fn project(fake: &Fake) -> Project {
    let project = Project::new().envs_toml(FILE).file("src/a.c", "int a;\n");
    project.file("other", "x").engine(fake)
}

#[test]
fn files_of_local_runs_are_named_where_they_are_copied() {
    let fake = Fake::new();
    let project = project(&fake);
    let run = "run docker-debian-bookworm";
    assert!(!project.runenv(run).exits(0).stderr.contains("local run"));
    project.runenv("run local").exits(0);
    let ran = project.runenv(run).exits(0).stderr;
    let warning = "warning: files that a local run made in the tree are copied: `src/1.o`, `src/2.o`, `src/3.o` and 2 more";
    assert_eq!(ran.matches(warning).count(), 1, "{ran}");
    assert!(
        ran.contains("help: name them in `.dockerignore`, or remove them"),
        "{ran}"
    );
    assert!(
        ran.contains("help: `isolate = \"copy\"` would give `local-host` a tree of its own"),
        "{ran}"
    );
    // Found stages copy nothing; what was edited since is the person's, and so is what is ignored.
    assert!(!project.runenv(run).exits(0).stderr.contains("local run"));
    project.write("src/1.o", "mine");
    project.write(".dockerignore", "src/[2-4].o\n");
    let ran = project.runenv(run).exits(0).stderr;
    assert!(ran.contains("are copied: `src/5.o`\n"), "{ran}");
}

#[test]
fn a_tree_of_its_own_leaves_nothing_to_warn_of() {
    let fake = Fake::new();
    let project = project(&fake);
    project.runenv("run local --set isolate=copy").exits(0);
    assert!(!project.path("src/1.o").exists());
    let ran = project.runenv("run docker-debian-bookworm").exits(0).stderr;
    assert!(!ran.contains("local run"), "{ran}");
}
