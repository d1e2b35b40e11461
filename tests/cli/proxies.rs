//! Proxies of docker's client, and the configuration that it is given in place of its own.

use std::fs;

use crate::support::{Fake, Project};

const FILE: &str = "[project]\nname = \"p\"\n[stage.one]\nrun = [\"true\"]\n";
const RUN: &str = "run -r docker-debian-bookworm";
const CONFIG: &str = r#"{"currentContext": "far",
    "proxies": {"tcp://far:2376": {"httpProxy": "http://far"}, "tcp://other:1": {"httpProxy": "http://other"}}}"#;

/// The context in use says which daemon is meant; another daemon's proxies are nobody's else, and the client has the
/// contexts and certificates of the folder that it is told now.
#[test]
fn proxies_and_certificates_are_those_of_the_daemon() {
    let fake = Fake::new();
    let meta = r#"{"Name": "far", "Endpoints": {"docker": {"Host": "tcp://far:2376"}}}"#;
    let project = Project::new()
        .envs_toml(FILE)
        .file("../home/.docker/config.json", CONFIG)
        .file("../home/.docker/contexts/meta/0a/meta.json", meta)
        .file("../home/.docker/ca.pem", "")
        .engine(&fake);
    project.runenv(RUN).exits(0);
    let last = || fake.scripts().pop().unwrap();
    assert!(
        last().contains("export http_proxy=http://far\n"),
        "{}",
        last()
    );
    let leads = |name: &str| fs::read_link(project.path(&format!(".runenv/docker/{name}")));
    let home = project.path("../home/.docker").canonicalize().unwrap();
    assert_eq!(leads("contexts").unwrap(), home.join("contexts"));
    assert_eq!(leads("ca.pem").unwrap(), home.join("ca.pem"));
    assert!(leads("key.pem").is_err());

    // Another folder, with the same proxies for others, and no contexts.
    project.write("other/config.json", CONFIG.replace("\"far\"", "\"\""));
    let project = project.var("DOCKER_CONFIG", "other");
    project.runenv(RUN).exits(0);
    assert!(!last().contains("_proxy"), "{}", last());
    assert!(fs::symlink_metadata(project.path(".runenv/docker/contexts")).is_err());
    assert!(fs::symlink_metadata(project.path(".runenv/docker/ca.pem")).is_err());
}
