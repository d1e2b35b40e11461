//! `image = [A, B]`: the first that can be had is taken, and it is told which could not.

use snapbox::str;

use crate::support::{Fake, Project, same};

const FILE: &str = r#"
[project]
name = "p"
[stage.one]
run = ["echo one"]
[system.box]
image = ["gone:1", "debian:bookworm", "last:1"]
package-manager = "apt"
release.latest = {}
"#;

const RUN: &str = "run docker-box-latest";

fn project(fake: &Fake) -> Project {
    Project::new().envs_toml(FILE).engine(fake)
}

/// The calls that are about base images, with what they name of them.
fn asked(fake: &Fake) -> Vec<String> {
    let calls = fake.calls().into_iter();
    let short = |call: String| {
        let words: Vec<&str> = call.split(' ').skip(1).collect();
        match words[..] {
            ["image", "inspect", image, ..] => Some(format!("inspect {image}")),
            ["pull", .., image] => Some(format!("pull {image}")),
            _ => None,
        }
    };
    let all = calls.filter_map(short);
    all.filter(|call| !call.contains("sha256:")).collect()
}

#[test]
fn the_first_that_is_on_the_engine_or_in_its_registry_is_taken() {
    let fake = Fake::new().image("gone:1");
    let project_of = project(&fake);
    project_of.runenv(RUN).exits(0);
    assert_eq!(asked(&fake), ["inspect gone:1"]);
    fake.forget_calls();
    project_of.runenv(RUN).exits(0);
    assert_eq!(
        fake.calls().len(),
        1,
        "as with one image: {:?}",
        fake.calls()
    );

    // The later ones being there makes no difference.
    let fake = Fake::new();
    project(&fake).runenv(RUN).exits(0);
    assert_eq!(
        asked(&fake),
        ["inspect gone:1", "pull gone:1", "inspect gone:1"]
    );
}

#[test]
fn one_that_cannot_be_had_is_told_and_the_next_is_tried() {
    let fake = Fake::new();
    fake.play("pull.1.err", "manifest unknown\n");
    fake.play("pull.1.code", "1");
    let project = project(&fake);
    same(
        project.runenv(RUN).exits(0).whole(),
        str![[r#"
exit 0
--- stderr
docker-box-latest
warning: the image `gone:1` is not there and cannot be pulled: manifest unknown
help: `debian:bookworm` is taken in place of it; take out what is gone for good
== one (1/1)
$ echo one
== one passed in [TIME]
1 passed in [TIME]

"#]],
    );
    assert_eq!(
        asked(&fake),
        ["inspect gone:1", "pull gone:1", "inspect debian:bookworm"]
    );
}

/// Whichever is taken, the key is that of the image and not of its name or place in the list.
#[test]
fn the_key_is_of_the_image_that_was_taken() {
    let key = |list: &str, played: bool| {
        let fake = Fake::new();
        if played {
            fake.play("pull.err", "manifest unknown\n");
            fake.play("pull.code", "1");
        }
        let file = FILE.replace(r#"["gone:1", "debian:bookworm", "last:1"]"#, list);
        let project = Project::new().envs_toml(&file).engine(&fake);
        project.runenv(RUN).exits(0);
        let result = project.json(".runenv/docker-box-latest/result.json");
        result["stages"][0]["key"].as_str().unwrap().to_owned()
    };
    let alone = key(r#""debian:bookworm""#, false);
    assert_eq!(key(r#"["gone:1", "debian:bookworm"]"#, true), alone);
    assert_ne!(key(r#"["gone:1", "debian:bookworm"]"#, false), alone);
}

#[test]
fn where_none_can_be_had_each_says_why() {
    let fake = Fake::empty();
    for (number, why) in [(1, "manifest unknown"), (2, "denied"), (3, "not found")] {
        fake.play(&format!("pull.{number}.err"), &format!("{why}\n"));
        fake.play(&format!("pull.{number}.code"), "1");
    }
    same(
        project(&fake).runenv(RUN).exits(3).whole(),
        str![[r#"
exit 3
--- stderr
docker-box-latest

error: docker-box-latest
  error: none of the 3 images of `docker-box-latest` can be had
  help: the image `gone:1` is not there and cannot be pulled: manifest unknown
  help: the image `debian:bookworm` is not there and cannot be pulled: denied
  help: the image `last:1` is not there and cannot be pulled: not found
  help: are the names right, and the registries reachable?
  again    runenv run docker-box-latest

1 error in [TIME]

"#]],
    );
}

/// An engine that does not answer has no say in what can be had.
#[test]
fn an_engine_that_is_not_there_ends_the_search() {
    let fake = Fake::new();
    fake.play("image-inspect.err", "Cannot connect to the Docker daemon\n");
    fake.play("image-inspect.out", "[]\n");
    fake.play("image-inspect.code", "1");
    let told = project(&fake).runenv(RUN).exits(3);
    assert!(told.stderr.contains("Cannot connect"), "{told:?}");
    assert_eq!(asked(&fake), ["inspect gone:1"]);
}

#[test]
fn the_whole_list_is_shown_and_a_plan_takes_the_first() {
    let project = project(&Fake::new());
    let shown = project
        .runenv("show docker-box-latest image")
        .exits(0)
        .stdout;
    assert_eq!(shown, "gone:1\ndebian:bookworm\nlast:1\n");
    let plan = project.runenv("run -n docker-box-latest").exits(0).stdout;
    assert!(
        plan.contains(" gone:1 ") && !plan.contains("last:1"),
        "{plan}"
    );
}
