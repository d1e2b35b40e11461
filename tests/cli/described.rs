//! git's description of the tree, by which people know images: when git is asked for it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Fake, Project};

/// What is found has the description of the tree that it was made of. For another one git would look at every file.
#[test]
fn a_run_that_finds_all_asks_git_nothing() {
    let fake = Fake::new();
    let asked = fake.folder().join("git-asked");
    let git = format!("#!/bin/sh\necho \"$1\" >>'{}'\necho v1\n", asked.display());
    let program = fake.programs().join("git");
    fs::write(&program, git).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let file = "[project]\nid = \"p\"\n[stage.one]\nrun = [\"true\"]\n";
    let project = Project::new().envs_toml(file).engine(&fake);
    fs::create_dir(project.path(".git")).unwrap();
    let run = || {
        project.runenv("run docker-debian-bookworm").exits(0);
        fs::read_to_string(&asked).unwrap_or_default()
    };
    assert_eq!(run(), "describe\n");
    assert_eq!(run(), "describe\n", "and no more");
}
