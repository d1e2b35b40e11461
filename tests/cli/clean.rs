//! `runenv clean` on an engine that is played: what is ours goes, and nothing else.

use snapbox::str;

use crate::fake_engine::FILE;
use crate::support::{Fake, Project, same};

fn after_a_run(fake: &Fake) -> Project {
    let project = Project::new()
        .envs_toml(FILE)
        .file("src/a.c", "int a;\n")
        .engine(fake);
    project.runenv("run docker-debian-bookworm").exits(0);
    fake.forget_calls();
    project
}

#[test]
fn it_says_what_it_would_remove_and_then_does() {
    let fake = Fake::new();
    let project = after_a_run(&fake);
    let would = project.runenv("clean -n --engine docker").exits(0);
    let keys = regex::Regex::new("key-[0-9a-f]{16}").unwrap();
    same(
        keys.replace_all(&would.whole(), "key-[KEY]"),
        str![[r#"
exit 0
--- stderr
docker: would remove p-debian-bookworm-three:key-[KEY] (0 kB)
docker: would remove p-debian-bookworm-two:key-[KEY] (0 kB)
docker: would remove p-debian-bookworm-one:key-[KEY] (0 kB)
docker: would remove 3 images, 0 containers; would free 0 kB

"#]],
    );
    assert_eq!(fake.images().len(), 4);
    assert_eq!(
        fake.calls_of("docker image rm").len() + fake.calls_of("docker rm").len(),
        0
    );
    let does = project.runenv("clean --engine docker").exits(0);
    same(
        keys.replace_all(&does.whole(), "key-[KEY]"),
        str![[r#"
exit 0
--- stderr
docker: removed p-debian-bookworm-three:key-[KEY] (0 kB)
docker: removed p-debian-bookworm-two:key-[KEY] (0 kB)
docker: removed p-debian-bookworm-one:key-[KEY] (0 kB)
docker: removed 3 images, 0 containers; freed 0 kB

"#]],
    );
    assert_eq!(fake.images(), ["debian-bookworm"]);
    same(
        project.runenv("clean --engine docker").exits(0).whole(),
        str![[r#"
exit 0
--- stderr
docker: removed 0 images, 0 containers; freed 0 kB

"#]],
    );
}

/// What `[registry]` said before is no name of somebody else; one that is keeps the image.
#[test]
fn names_of_an_earlier_registry_go_too() {
    let fake = Fake::new();
    let file = |repository: &str| {
        let id = FILE.replacen("[project]\n", "[project]\nid = \"one\"\n", 1);
        format!("{id}\n[registry]\nrepository = \"{repository}\"\n")
    };
    let project = Project::new().envs_toml(&file("a.example/x"));
    let project = project.file("src/a.c", "int a;\n").engine(&fake);
    let run = "run docker-debian-bookworm --offline";
    project.runenv(run).exits(0);
    project.write("envs.toml", file("b.example/y"));
    let folder = fake.images().into_iter().find(|i| i != "debian-bookworm");
    let tags = fake
        .folder()
        .join("images")
        .join(folder.unwrap())
        .join("tags");
    let named = std::fs::read_to_string(&tags).unwrap();
    std::fs::write(&tags, format!("{named}mine:1\n")).unwrap();
    let said = project.runenv("clean --engine docker").exits(0).stderr;
    let count = "docker: removed 2 images, 1 name of images that stay, 0 containers; ";
    assert!(said.contains(count), "{said}");
    let kept = "docker: kept mine:1: a name that somebody gave it\n";
    assert!(
        said.contains(kept) && said.matches("kept").count() == 1,
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(&tags).unwrap(), "mine:1\n");
}

#[test]
fn images_of_others_stay() {
    let fake = Fake::new();
    let project = after_a_run(&fake);
    // Somebody built on one of ours: it has its labels, and a layer more.
    let images = fake.folder().join("images");
    let ours = fake
        .images()
        .into_iter()
        .find(|i| i != "debian-bookworm")
        .unwrap();
    std::fs::create_dir(images.join("theirs")).unwrap();
    for file in ["labels", "layers"] {
        std::fs::copy(
            images.join(&ours).join(file),
            images.join("theirs").join(file),
        )
        .unwrap();
    }
    let layers = std::fs::read_to_string(images.join("theirs/layers")).unwrap();
    std::fs::write(images.join("theirs/layers"), layers + "one-more\n").unwrap();
    std::fs::write(images.join("theirs/id"), "sha256:theirs\n").unwrap();
    std::fs::write(images.join("theirs/tags"), "theirs:1\n").unwrap();
    project.runenv("clean --engine docker").exits(0);
    assert_eq!(fake.images(), ["debian-bookworm", "theirs"]);
}

#[test]
fn containers_of_the_living_stay() {
    let fake = Fake::new();
    let project = after_a_run(&fake);
    let me = std::process::id();
    let stat = std::fs::read_to_string(format!("/proc/{me}/stat")).unwrap();
    let start = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .nth(19)
        .unwrap()
        .to_owned();
    let read = |path: &str| std::fs::read_to_string(path).unwrap().trim().to_owned();
    let here = format!(
        "{} {}",
        read("/proc/sys/kernel/random/boot_id"),
        read("/proc/sys/kernel/hostname")
    );
    let list = format!(
        "living r {me} {start} {here}\ndead r 999999999 1 {here}\nfar r 1 1 boot other-host\nnone \nold r {me} 1 {here}\n"
    );
    fake.play("ps.list", &list);
    same(
        project
            .runenv("clean -n --engine docker")
            .exits(0)
            .stderr
            .lines()
            .last()
            .unwrap(),
        str!["docker: would remove 0 images, 2 containers; would free 0 kB"],
    );
    let said = project.runenv("clean --engine docker").exits(0).stderr;
    let kept = format!("docker: kept 3 of the project's images: process {me} on ");
    assert!(said.contains(&kept), "{said}");
    assert_eq!(fake.images().len(), 4);
    assert_eq!(fake.calls_of("docker rm"), ["docker rm -f -v dead old"]);
}

#[test]
fn an_engine_that_was_named_must_answer() {
    let fake = Fake::new();
    let project = after_a_run(&fake);
    fake.play(
        "ps.err",
        "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?\n",
    );
    fake.play("ps.code", "1");
    same(
        project.runenv("clean --engine docker").exits(3).whole(),
        str![[r#"
exit 3
--- stderr
error: docker could not list containers: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?
help: start it, or use the other engine: `--engine podman`

"#]],
    );
    same(
        project.runenv("clean").exits(0).whole(),
        str![[r#"
exit 0
--- stderr
no engine answers: nothing to clean

"#]],
    );
    assert_eq!(fake.images().len(), 4);
}

#[test]
fn what_the_engine_refuses_is_kept_and_told() {
    let fake = Fake::new();
    let project = after_a_run(&fake);
    fake.play("image-rm.err", "Error: image is in use by container abc\n");
    fake.play("image-rm.code", "1");
    let ran = project.runenv("clean --engine docker").exits(0);
    let keys = regex::Regex::new("key-[0-9a-f]{16}").unwrap();
    same(
        keys.replace_all(&ran.whole(), "key-[KEY]"),
        str![[r#"
exit 0
--- stderr
docker: kept p-debian-bookworm-three:key-[KEY]: Error: image is in use by container abc
docker: kept p-debian-bookworm-two:key-[KEY]: Error: image is in use by container abc
docker: kept p-debian-bookworm-one:key-[KEY]: Error: image is in use by container abc
docker: removed 0 images, 0 containers; freed 0 kB

"#]],
    );
}
