//! `runenv clean --registry`: what the project pushed goes, and nothing else.

use super::own::{Own, Rules};
use super::trouble::trust;
use super::{HOST, machine, proxy};
use crate::support::{Project, each, engine_says, lines, unique};

/// All tags of a repository, sorted.
fn tags(repository: &str) -> Vec<String> {
    let path = format!("/v2/{repository}/tags/list");
    let (_, _, body) = proxy::ask("GET", &path, &[], b"");
    let list: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let all = list["tags"].as_array().cloned().unwrap_or_default();
    let mut all: Vec<String> = all.iter().map(|t| t.as_str().unwrap().to_owned()).collect();
    all.sort();
    all
}

/// One repository for all; and an environment of this host, of which no registry is asked for an image.
const MORE: &str = r#"
image = "{project}:{env}-{stage}-{tag}"
[config.a]
[config.b]
[env.after]
runner = "local"
commands = ["true"]
"#;

#[test]
fn what_the_project_pushed_goes_and_nothing_else() {
    each(|engine| {
        let name = unique();
        let text = super::toml(HOST, &name) + MORE;
        let project = Project::named(engine, &name, &text);
        project.file("src/a", format!("first {name}\n"));
        let env = format!("{engine}-box-latest-a");
        project.runenv(&["run", &env, "--push"]).code(0);
        let repository = format!("{name}/{name}");
        let ours = tags(&repository);
        assert_eq!(ours.len(), 3, "{ours:?}");
        // Somebody's name of an image of ours, and somebody's image under a name that is as ours.
        let third = ours.iter().find(|tag| tag.contains("three")).unwrap();
        let path = |tag: &str| format!("/v2/{repository}/manifests/{tag}");
        let form = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json";
        let (_, head, body) = proxy::ask("GET", &path(third), &[&format!("Accept: {form}")], b"");
        let form = format!("Content-Type: {}", proxy::header(&head, "content-type"));
        assert_eq!(proxy::ask("PUT", &path("mine"), &[&form], &body).0, 201);
        let foreign = format!("{HOST}/{repository}:box-latest-a-one-x");
        engine_says(engine, &["tag", "busybox:latest", &foreign]).code(0);
        engine_says(engine, &["push", "-q", &foreign]).code(0);
        engine_says(engine, &["rmi", &foreign]).code(0);

        let clean = |args: &[&str]| {
            let words = [&["clean", "--registry"], args].concat();
            project.runenv(&words).code(0).err
        };
        let before = tags(&repository);
        let would = clean(&["-n"]);
        let kept =
            format!("registry: kept {HOST}/{repository}:mine: a name that somebody gave it\n");
        let count = format!("registry: would remove 2 images of {HOST}/{name}; would free ");
        assert!(would.contains(&kept) && would.contains(&count), "{would}");
        let young = clean(&["--older", "1h"]);
        assert!(young.contains("removed 0 images"), "{young}");
        assert_eq!(tags(&repository), before, "nothing went");
        let said = clean(&[]);
        assert!(said.contains("registry: removed 2 images"), "{said}");
        let mut left = vec![
            "box-latest-a-one-x".to_owned(),
            third.clone(),
            "mine".to_owned(),
        ];
        left.sort();
        assert_eq!(tags(&repository), left);
        assert_eq!(lines(&said).len(), 4, "{said}");
    });
}

#[test]
fn a_registry_that_removes_nothing_is_told() {
    each(|engine| {
        let registry = Own::new(Rules::default());
        let mut project = machine(engine, &unique(), &registry.host);
        trust(&mut project, &registry.host);
        project.run(&["--push", "--to", "one"]).code(0);
        let said = project.runenv(&["clean", "--registry"]).code(3);
        let said = said.says(&format!("{} answers 405", registry.host));
        said.says("REGISTRY_STORAGE_DELETE_ENABLED=true")
            .says("removed 0 images");
    });
}
