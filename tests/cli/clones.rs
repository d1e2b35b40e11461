//! Clones of one project: whose images are whose.

use crate::support::{Fake, Project};

/// All who share images have one id, wherever their clones are; a project without a registry is one of each folder.
#[test]
fn a_registry_makes_one_project_of_its_clones() {
    let id = |more: &str| {
        let fake = Fake::new();
        let toml = format!("[project]\nname = \"p\"\n[stage.one]\nrun = [\"true\"]\n{more}");
        let project = Project::new().envs_toml(&toml).engine(&fake);
        project
            .runenv("run docker-debian-bookworm --offline")
            .exits(0);
        let calls = fake.calls().join(" ");
        let (_, rest) = calls
            .split_once("--label runenv.project=")
            .expect("a label");
        rest.split_whitespace().next().expect("a value").to_owned()
    };
    let shared = "[registry]\nrepository = \"127.0.0.1:9/me\"\n";
    assert_eq!(id(shared), id(shared));
    assert_ne!(id(shared), id(&shared.replace("/me", "/you")));
    assert_ne!(id(""), id(""));
}
