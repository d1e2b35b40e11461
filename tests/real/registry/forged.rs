//! Registries that do not have what their tags say.

use std::path::Path;

use serde_json::{Value, json};

use super::proxy::{Play, Proxy, ask, header};
use super::{HOST, STORAGE, built, machine, pushed, tag};
use crate::support::{Project, each};

const TYPES: &str = "Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/// The manifest under a tag, with its type.
pub(super) fn manifest(repository: &str, tag: &str) -> (Value, String) {
    let (status, head, body) = ask(
        "GET",
        &format!("/v2/{repository}/manifests/{tag}"),
        &[TYPES],
        &[],
    );
    assert_eq!(status, 200);
    (
        serde_json::from_slice(&body).unwrap(),
        header(&head, "content-type"),
    )
}

/// Puts an image under a tag that is the one there but for its configuration.
fn forge(project: &Project, stage: &str, change: impl Fn(&mut Value)) {
    let (repository, tag) = tag(project, stage);
    let (mut manifest, kind) = manifest(&repository, &tag);
    let digest = manifest["config"]["digest"].as_str().unwrap();
    let (_, _, config) = ask("GET", &format!("/v2/{repository}/blobs/{digest}"), &[], &[]);
    let mut config: Value = serde_json::from_slice(&config).unwrap();
    change(&mut config);
    let config = config.to_string();
    let digest = sha256(config.as_bytes());
    let (_, head, _) = ask(
        "POST",
        &format!("/v2/{repository}/blobs/uploads/"),
        &[],
        &[],
    );
    let place = header(&head, "location");
    let place = place
        .split_once(HOST)
        .map_or(place.as_str(), |(_, path)| path);
    let (status, ..) = ask(
        "PUT",
        &format!("{place}&digest={digest}"),
        &[],
        config.as_bytes(),
    );
    assert_eq!(status, 201);
    manifest["config"]["digest"] = json!(digest);
    manifest["config"]["size"] = json!(config.len());
    let (kind, body) = (format!("Content-Type: {kind}"), manifest.to_string());
    let path = format!("/v2/{repository}/manifests/{tag}");
    assert_eq!(ask("PUT", &path, &[&kind], body.as_bytes()).0, 201);
}

fn sha256(bytes: &[u8]) -> String {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = std::process::Command::new("sha256sum")
        .arg(file.path())
        .output()
        .unwrap();
    format!(
        "sha256:{}",
        String::from_utf8(output.stdout)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
    )
}

#[test]
fn an_image_that_is_not_what_its_tag_says_is_told_and_not_used() {
    each(|engine| {
        let first = built(engine, HOST);
        // Another key, another parent, another platform.
        forge(&first, "one", |config| {
            config["config"]["Labels"]["runenv.key"] = json!("0".repeat(64));
        });
        forge(&first, "two", |config| {
            config["config"]["Labels"]["runenv.parent"] = json!("0".repeat(64));
        });
        forge(&first, "three", |config| {
            config["architecture"] = json!("arm64");
        });
        let second = machine(engine, &first.name, HOST);
        let said = second.run(&["--push"]).code(0);
        assert_eq!(
            said.err.matches("is not what its tag says").count(),
            3,
            "{}",
            said.err
        );
        assert_eq!(
            said.err.matches("the new one took its place").count(),
            3,
            "{}",
            said.err
        );
        assert_eq!(second.ran(), super::ALL);
        // What was pushed is right again.
        first.clean();
        if first.engine == second.engine {
            second.clean();
        }
        first.run(&[]).code(0);
        assert_eq!(first.ran(), [""; 0]);
    });
}

/// The registry has the image's last layer no more, and does not know it.
pub(super) fn lose_last_layer(repository: &str, tag: &str) {
    let (manifest, _) = manifest(repository, tag);
    let layer = manifest["layers"].as_array().unwrap().last().unwrap()["digest"].clone();
    let hex = layer.as_str().unwrap().trim_start_matches("sha256:");
    let blob = Path::new(STORAGE).join(&hex[..2]).join(hex).join("data");
    std::fs::remove_file(blob).unwrap();
}

/// What a machine has and finds is pushed over somebody else's image that has its name.
#[test]
fn another_image_under_our_tag_is_not_taken_for_ours() {
    each(|engine| {
        let first = machine(engine, &crate::support::unique(), HOST);
        first.run(&["--push"]).code(0);
        forge(&first, "one", |config| {
            config["config"]["Labels"]["runenv.key"] = json!("0".repeat(64));
        });
        let said = first.run(&["--push"]).code(0);
        said.says("the new one took its place");
        assert_eq!(first.ran(), [""; 0]);
        assert_eq!(pushed(&first), ["pushed", "present", "present"]);
        first.run(&["--push"]).code(0);
        assert_eq!(pushed(&first), ["present"; 3]);
    });
}

#[test]
fn a_layer_that_the_registry_lost_is_made_again() {
    each(|engine| {
        let first = built(engine, HOST);
        let (repository, tag) = tag(&first, "three");
        lose_last_layer(&repository, &tag);
        let second = machine(engine, &first.name, HOST);
        second.run(&["--push"]).code(0).says("cannot be pulled");
        assert_eq!(
            (second.ran(), pushed(&second)[2].as_str()),
            (vec!["three".to_owned()], "pushed")
        );
        first.clean();
        if first.engine == second.engine {
            second.clean();
        }
        first.run(&[]).code(0);
        assert_eq!(first.ran(), [""; 0], "what was pushed is whole again");
    });
}

#[test]
fn an_image_that_went_between_question_and_use_is_made_again() {
    each(|engine| {
        let proxy = Proxy::new();
        let first = built(engine, HOST);
        let mut second = machine(engine, &first.name, HOST);
        let text = super::toml(HOST, &first.name).replace(HOST, &proxy.host);
        second.toml(&text);
        super::trouble::trust(&mut second, &proxy.host);
        proxy.play(|line| {
            let gone = line.starts_with("GET ") && line.contains("-three/");
            if gone { Play::Status(404) } else { Play::Pass }
        });
        second.run(&[]).code(0).says("`two` is in the registry");
        assert_eq!(second.ran(), ["three"]);
    });
}
