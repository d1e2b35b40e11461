//! What other people make from our images: never taken for a stage, never removed.

use crate::support::{Project, each, lines};

const THREE: &str = r#"
[stage.one]
run = ["echo 1 >/kept"]
[stage.two]
run = ["cat /kept; test ! -e /foreign"]
"#;

/// Instructions behind `FROM our-image`. Those without a layer of their own are the ones that look most like ours.
const FOREIGN: [&str; 9] = [
    "RUN echo x >/foreign",
    "LABEL new=1",
    "LABEL org.opencontainers.image.title=mine",
    "ENV A=1",
    "CMD [\"true\"]",
    "VOLUME /kept-not",
    "EXPOSE 81",
    "HEALTHCHECK CMD true",
    "STOPSIGNAL SIGINT",
];

/// The base has a label, which `LABEL` of that name changes in value only.
fn based(engine: &str) -> Project {
    let mut project = Project::new(engine, THREE);
    let base = project.build("FROM busybox:latest\nLABEL org.opencontainers.image.title=base\n");
    let base = if engine == "podman" {
        format!("localhost/{base}")
    } else {
        base
    };
    project.toml(&format!(
        "{THREE}[system.own]\nimage = \"{base}\"\nrelease.base = {{}}\n"
    ));
    project
}

/// The images that somebody built are all there, as they were.
fn kept(project: &Project, foreign: &[(&str, String)], when: &str) {
    let tags = (1..=foreign.len()).map(|at| format!("{}-own-{at}", project.name));
    let tags: Vec<String> = tags.collect();
    let words = ["image", "inspect", "--format", "{{.Id}}"];
    let words = words.into_iter().chain(tags.iter().map(String::as_str));
    let now = project.engine_says(&words.collect::<Vec<_>>());
    let now = (lines(&now.out), now.err);
    for (at, (line, id)) in foreign.iter().enumerate() {
        assert_eq!(now.0.get(at), Some(id), "{line} {when}: {}", now.1);
    }
}

#[test]
fn what_is_built_from_a_stage_is_not_the_stage() {
    each(|engine| {
        let mut project = based(engine);
        let env = format!("{engine}-own-base");
        project.runenv(&["run", &env]).code(0);
        let ours = project.images();
        let one = project.result_of(&env)["stages"][0]["image"]
            .as_str()
            .unwrap()
            .to_owned();
        let mut foreign = Vec::new();
        for line in FOREIGN {
            let tag = project.build(&format!("FROM {one}\n{line}\n"));
            foreign.push((
                line,
                project
                    .engine(&["image", "inspect", "--format", "{{.Id}}", &tag])
                    .trim()
                    .to_owned(),
            ));
        }
        // The note, then the labels are asked; both with the real images and with the foreign ones alone.
        for note in [true, false] {
            if !note {
                std::fs::remove_dir_all(project.root().join(".runenv")).unwrap();
            }
            project.runenv(&["run", &env]).code(0);
            for stage in project.result_of(&env)["stages"].as_array().unwrap() {
                let image = stage["image"].as_str().unwrap_or(&one).to_owned();
                assert!(
                    ours.contains(&image) || ours.contains(&format!("sha256:{image}")),
                    "{stage:#}"
                );
            }
        }
        project.runenv(&["clean"]).code(0);
        kept(&project, &foreign, "after clean");
        project.runenv(&["run", &env]).code(0);
        // docker keeps, untagged, what others have built on: that is still the stage.
        for stage in project.result_of(&env)["stages"].as_array().unwrap() {
            let image = stage["image"].as_str().unwrap();
            let taken = foreign.iter().find(|(_, id)| id.trim() == image);
            assert!(taken.is_none(), "{taken:?} is taken for {stage:#}");
        }
        project.runenv(&["clean"]).code(0);
        kept(&project, &foreign, "after the second clean");
    });
}

#[test]
fn what_is_committed_from_a_stage_is_not_the_stage() {
    each(|engine| {
        let mut project = Project::new(engine, THREE);
        project.run(&[]).code(0);
        let (one, two) = (project.image("two"), project.name.clone() + "-mine");
        let container = format!("{}-theirs", project.name);
        let arguments = [
            "run",
            "--name",
            &container,
            "--entrypoint",
            "sh",
            &one,
            "-e",
            "-s",
        ];
        // As the stage itself is run, and another file in it.
        let mut command = std::process::Command::new(engine);
        project.hermetic(&mut command);
        let (first, rest) = arguments.split_at(1);
        command
            .args(first)
            .args(["-i", "-u", "0:0", "-w", "/"])
            .args(rest);
        command.stdin(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"echo x >/foreign\n").unwrap();
        assert!(child.wait().unwrap().success());
        project.engine(&["commit", &container, &two]);
        project.own(&two);
        project.runenv(&["clean"]).code(0);
        let format = "{{.State.Status}}";
        let state = project.engine(&["container", "inspect", "--format", format, &container]);
        project.engine(&["rm", "-f", &container]);
        project.runenv(&["clean"]).code(0);
        let exists = project.engine_says(&["image", "inspect", &two]).code == 0;
        project.run(&[]).code(0);
        let mine = project.engine(&["image", "inspect", "--format", "{{.Id}}", &two]);
        assert_ne!(project.image("two"), mine.trim());
        assert_eq!(state, "exited\n", "the container that somebody made");
        assert!(exists, "the image that somebody committed is gone");
    });
}

/// Their own name for our very image stays theirs.
#[test]
fn a_tag_that_somebody_gave_is_kept() {
    each(|engine| {
        let mut project = Project::new(engine, THREE);
        project.run(&[]).code(0);
        let mine = format!("{}-mine:v1", project.name);
        project.engine(&["tag", &project.image("two"), &mine]);
        project.own(&mine);
        project.runenv(&["clean"]).code(0);
        let kept = project.engine_says(&["image", "inspect", &mine]).code;
        assert_eq!(kept, 0, "the tag is gone");
    });
}

#[test]
fn containers_that_somebody_started_are_kept() {
    each(|engine| {
        let project = Project::new(engine, THREE);
        project.run(&[]).code(0);
        let image = project.image("two");
        let names = ["running", "exited"].map(|n| format!("{}-{n}", project.name));
        project.engine(&[
            "run",
            "-d",
            "--name",
            &names[0],
            "--entrypoint",
            "sleep",
            &image,
            "600",
        ]);
        project.engine(&["run", "--name", &names[1], "--entrypoint", "true", &image]);
        let state = |name: &str| {
            let said = project.engine_says(&[
                "container",
                "inspect",
                "--format",
                "{{.State.Status}}",
                name,
            ]);
            said.out.trim().to_owned()
        };
        let kept = || (state(&names[0]), state(&names[1]));
        let want = ("running".to_owned(), "exited".to_owned());
        let said = project.runenv(&["clean"]).code(0);
        let after_clean = kept();
        project.run(&["-r"]).code(0);
        let after_run = kept();
        for name in &names {
            project.engine_says(&["rm", "-f", "-t", "0", name]);
            project.engine_says(&["rm", "-f", name]);
        }
        assert_eq!(after_clean, want, "{}", said.err);
        assert_eq!(after_run, want);
    });
}

#[test]
fn another_project_is_left_alone() {
    each(|engine| {
        let (ours, theirs) = (Project::new(engine, THREE), Project::new(engine, THREE));
        theirs.run(&[]).code(0);
        let images = theirs.images();
        ours.run(&[]).code(0);
        assert_eq!(
            ours.ran(),
            ["one", "two"],
            "another project's images are not taken"
        );
        let said = ours.runenv(&["clean", "-n"]).code(0);
        assert!(
            lines(&said.err).iter().all(|l| !l.contains(&theirs.name)),
            "{}",
            said.err
        );
        ours.clean();
        assert_eq!(theirs.images(), images);
        theirs.run(&[]).code(0);
        assert_eq!(theirs.ran(), [""; 0]);
    });
}
