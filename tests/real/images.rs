//! Odd base images: what they bring along does not act, or is refused with the reason.

use crate::support::{Project, each};

const TWO: &str =
    "[stage.one]\nrun = [\"id -u >f; pwd\"]\n[stage.two]\nrun = [\"cat f; echo u$(cat f)u\"]\n";

/// A project whose environment is made from this Dockerfile.
fn on(engine: &str, dockerfile: &str, toml: &str) -> Project {
    let mut project = Project::new(engine, toml);
    let tag = project.build(dockerfile);
    // podman's names of its own images.
    let tag = if engine == "podman" {
        format!("localhost/{tag}")
    } else {
        tag
    };
    project.toml(&format!(
        "{toml}\n[system.odd]\nimage = \"{tag}:latest\"\nrelease.base = {{}}\n"
    ));
    project
}

fn env(engine: &str) -> String {
    format!("{engine}-odd-base")
}

#[test]
fn entrypoint_user_healthcheck_and_the_rest_do_not_act() {
    each(|engine| {
        let dockerfile = "FROM busybox:latest\nENTRYPOINT [\"false\"]\nCMD [\"x\"]\nUSER 65534\nWORKDIR /nowhere\n\
            HEALTHCHECK --interval=1s CMD false\nSTOPSIGNAL SIGQUIT\nEXPOSE 80\nVOLUME /else/where\nLABEL a=b\n\
            ENV FROM_BASE=here\nONBUILD RUN false\n";
        let toml = TWO.replace("pwd", "pwd; echo $FROM_BASE");
        let project = on(engine, dockerfile, &toml);
        let env = env(engine);
        project
            .runenv(&["run", &env])
            .code(0)
            .says("u0u")
            .says("\nhere\n");
        project.runenv(&["run", &env]).code(0);
        let stages = project.result_of(&env)["stages"].clone();
        assert!(
            stages
                .as_array()
                .unwrap()
                .iter()
                .all(|s| s["cached"] == true),
            "{stages:#}"
        );
    });
}

#[test]
fn a_volume_where_the_build_writes_is_refused() {
    each(|engine| {
        for volume in ["/build/a/../below", "/"] {
            let toml = format!("[defaults]\nworkdir = \"/build\"\n{TWO}");
            let project = on(
                engine,
                &format!("FROM busybox:latest\nVOLUME {volume}\n"),
                &toml,
            );
            // Not every engine makes an image with a volume on `/`.
            let said = project.runenv(&["run", &env(engine)]).code(2);
            assert!(
                said.err.contains("volume")
                    && said.err.contains("--> envs.toml:")
                    && said.err.contains("allow-volumes"),
                "{}",
                said.err
            );
            assert!(project.images().is_empty(), "nothing was run");
        }
        let toml = format!("[defaults]\nworkdir = \"/build\"\nallow-volumes = true\n{TWO}");
        let dockerfile = "FROM busybox:latest\nVOLUME /build/below /buildings\n";
        let project = on(engine, dockerfile, &toml);
        project.runenv(&["run", &env(engine)]).code(0).says("u0u");
        let toml = format!("[defaults]\nworkdir = \"/build\"\n{TWO}");
        let project = on(
            engine,
            "FROM busybox:latest\nVOLUME /buildings /bu\n",
            &toml,
        );
        project.runenv(&["run", &env(engine)]).code(0).says("u0u");
    });
}

#[test]
fn an_image_without_sh_is_told() {
    each(|engine| {
        let project = on(
            engine,
            "FROM busybox:latest\nRUN rm /bin/sh /bin/ash\n",
            TWO,
        );
        for network in ["", "network = \"none\"\n"] {
            let image = format!("image = \"{}-own-0\"\nrelease.base = {{}}\n", project.name);
            let toml = TWO.replace("[stage.one]\n", &format!("[stage.one]\n{network}"));
            project.toml(&format!("{toml}[system.odd]\n{image}"));
            project
                .runenv(&["run", &env(engine)])
                .code(3)
                .says("is there a `sh` in the image");
            assert!(project.images().is_empty());
        }
    });
}

/// A copied file lands where the link points; a folder or a file that is in the way is told with path and image.
#[test]
fn what_is_in_the_way_of_a_copy() {
    each(|engine| {
        let toml = "[stage.one]\nworkdir = \"/w\"\ncopy = [\"src\"]\nrun = [\"cat src/f\"]\n";
        let dockerfile = "FROM busybox:latest\nRUN mkdir -p /w /real && ln -s /real /w/src\n";
        let project = on(engine, dockerfile, toml);
        project.file("src/f", "content of f\n");
        let said = project.runenv(&["run", &env(engine)]);
        assert!(
            said.code == 0 && said.err.contains("content of f") || says_what(&said.err),
            "{}",
            said.err
        );
        let dockerfile = "FROM busybox:latest\nRUN mkdir -p /w/src/f/dir\n";
        let project = on(engine, dockerfile, toml);
        project.file("src/f", "content of f\n");
        let said = project.runenv(&["run", &env(engine)]).code(3);
        assert!(says_what(&said.err), "{}", said.err);
        assert!(project.images().is_empty());
    });
}

fn says_what(said: &str) -> bool {
    ["could not copy", "/w", "link or a file where a folder"]
        .iter()
        .all(|w| said.contains(w))
}

/// podman's and docker's own words, not a wrong help, when an image cannot be had.
#[test]
fn an_image_that_is_nowhere() {
    each(|engine| {
        let toml = format!(
            "{TWO}[system.odd]\nimage = \"localhost:1/no/such:image\"\nrelease.base = {{}}\n"
        );
        let project = Project::new(engine, &toml);
        project
            .runenv(&["run", "--retries", "0", &env(engine)])
            .code(3)
            .says("cannot be pulled");
    });
}

/// An image that no registry has stands first, and what is taken has the key that it has alone.
#[test]
fn of_several_images_the_first_that_can_be_had_is_taken() {
    each(|engine| {
        let registry = std::env::var("ENGINES_REGISTRY");
        let registry = registry.unwrap_or_else(|_| "127.0.0.1:5000".to_owned());
        let project = Project::new(engine, TWO);
        project.run(&[]).code(0);
        let key = project.stage("two")["key"].clone();
        let list = |images: &str| {
            let toml = format!(
                "{TWO}[system.several]\nimage = {images}\nnetwork = \"none\"\nrelease.latest = {{}}\n"
            );
            project.toml(&toml);
            format!("{engine}-several-latest")
        };
        let gone = format!("{registry}/{}:gone", project.name);
        let env = list(&format!("[\"{gone}\", \"busybox:latest\"]"));
        let said = project.runenv(&["run", &env]).code(0);
        let said = said.says(&format!(
            "the image `{gone}` is not there and cannot be pulled"
        ));
        said.says("`busybox:latest` is taken in place of it");
        let result = project.result_of(&env);
        assert_eq!(result["stages"][1]["key"], key);
        assert_eq!(result["stages"][1]["cached"], true);
        let env = list(&format!("[\"{gone}\", \"{gone}er\"]"));
        let said = project.runenv(&["run", &env]).code(3);
        said.says("none of the 2 images")
            .says(&format!("`{gone}er`"));
    });
}
