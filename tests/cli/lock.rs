//! `envs.lock` where no registry is asked: what it changes, and what is wrong with it.

use crate::support::Project;

const ENVS: &str = "[project]\nname = \"w\"\nenv-list = [\"docker-debian-bookworm\"]\n[stage.one]\nrun = [\"true\"]\n\
    [defaults]\nplatform = \"linux/amd64\"\n";

fn lock(version: u32, digest: &str) -> String {
    let identity = "ab".repeat(32);
    format!(
        "version = {version}\n\n[[image]]\nname = \"debian:bookworm\"\nplatform = \"linux/amd64\"\n\
         digest = \"{digest}\"\nidentity = \"{identity}\"\n"
    )
}

#[test]
fn a_locked_image_is_told_by_its_digest() {
    let digest = format!("sha256:{}", "0f".repeat(32));
    let project = Project::new()
        .envs_toml(ENVS)
        .file("envs.lock", lock(1, &digest));
    let image = format!("debian@{digest}");
    for line in [
        "run -n docker-debian-bookworm",
        "dockerfile docker-debian-bookworm",
    ] {
        let said = project.runenv(line).exits(0).stdout;
        assert!(said.contains(&image), "{line}:\n{said}");
    }
    // For another platform nothing is locked.
    let other = "run -n docker-debian-bookworm --set platform=linux/arm64";
    let said = project.runenv(other).exits(0).stdout;
    assert!(
        said.contains(" debian:bookworm ") && !said.contains(&image),
        "{said}"
    );
}

#[test]
fn a_file_that_is_not_ours_is_told_with_its_place() {
    let digest = format!("sha256:{}", "0f".repeat(32));
    for (text, title, place) in [
        (lock(2, &digest), "of version 2", "envs.lock:1:11"),
        (
            lock(1, "bookworm"),
            "no digest of an image",
            "envs.lock:6:10",
        ),
        (
            lock(1, "sha256:--help"),
            "no digest of an image",
            "envs.lock:6:10",
        ),
        (
            lock(1, &digest).replace("linux/", "linux/\\u001b[2J"),
            "is not a platform",
            "envs.lock:5:12",
        ),
        (
            lock(1, &digest).replace("debian:", "\\u001b]0;x\\u0007:"),
            "is not an image reference",
            "envs.lock:4:8",
        ),
        (
            "<<<<<<< HEAD\n".to_owned(),
            "cannot be read",
            "envs.lock:1:9",
        ),
        (
            lock(1, &digest) + "more = 1\n",
            "unknown field `more`",
            "envs.lock:8:1",
        ),
    ] {
        let project = Project::new().envs_toml(ENVS).file("envs.lock", &text);
        let said = project
            .runenv("run -n docker-debian-bookworm")
            .exits(2)
            .stderr;
        assert!(
            said.contains(title) && said.contains(place) && !said.contains('\u{1b}'),
            "{text}\n{said}"
        );
    }
}
