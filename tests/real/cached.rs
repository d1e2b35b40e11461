//! What is found and not run: how many questions it takes, and what happens when things change behind our back.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, each, lines, unique};

const FIVE: &str = r#"
[stage.s1]
run = ["echo 1 >/f"]
[stage.s2]
run = ["echo 2 >>/f"]
[stage.s3]
run = ["echo 3 >>/f"]
[stage.s4]
run = ["echo 4 >>/f"]
[stage.s5]
run = ["echo 5 >>/f; echo $(cat /f)"]
"#;
const ALL: [&str; 5] = ["s1", "s2", "s3", "s4", "s5"];

/// Puts a program of the engine's name first that notes each call.
pub(crate) fn count_calls(project: &mut Project) {
    let (folder, engine) = (project.home().join("bin"), project.engine.clone());
    fs::create_dir_all(&folder).unwrap();
    let real = project.real_engine();
    let calls = project.home().join("calls");
    let text = format!(
        "#!/bin/sh\necho \"$*\" >>{}\nexec {real} \"$@\"\n",
        calls.display()
    );
    fs::write(folder.join(&engine), text).unwrap();
    fs::set_permissions(folder.join(&engine), fs::Permissions::from_mode(0o755)).unwrap();
    project.path_first(&folder);
}

/// The calls since it was last asked.
pub(crate) fn calls(project: &Project) -> Vec<String> {
    let path = project.home().join("calls");
    let text = fs::read_to_string(&path).unwrap_or_default();
    fs::write(path, "").unwrap();
    lines(&text)
}

#[test]
fn a_cached_run_asks_once_or_at_most_thrice() {
    each(|engine| {
        let mut project = Project::new(engine, FIVE);
        count_calls(&mut project);
        project.run(&[]).code(0).says("1 2 3 4 5");
        assert_eq!(project.ran(), ALL);
        calls(&project);
        project.run(&[]).code(0);
        assert_eq!(project.ran(), [""; 0]);
        let asked = calls(&project);
        assert_eq!(asked.len(), 1, "{asked:#?}");
        fs::remove_dir_all(project.root().join(".runenv")).unwrap();
        project.run(&[]).code(0);
        assert_eq!(project.ran(), [""; 0]);
        let asked = calls(&project);
        assert!(asked.len() <= 3, "{asked:#?}");
        project.run(&["--to", "s3"]).code(0);
        assert_eq!(project.ran(), [""; 0]);
        let asked = calls(&project);
        assert!(asked.len() <= 3, "{asked:#?}");
    });
}

#[test]
fn what_is_run_anew_and_how_far() {
    each(|engine| {
        let project = Project::new(engine, FIVE);
        project.run(&["--to", "s2"]).code(0);
        assert_eq!(project.ran(), ["s1", "s2"]);
        project.run(&[]).code(0).says("1 2 3 4 5");
        assert_eq!(project.ran(), ["s3", "s4", "s5"]);
        project.run(&["--redo", "s4"]).code(0).says("1 2 3 4 5");
        assert_eq!(project.ran(), ["s4", "s5"]);
        project.run(&["-r", "--to", "s2"]).code(0);
        assert_eq!(project.ran(), ["s1", "s2"]);
        project.toml(&format!("default = {{ stage = \"s4\" }}\n{FIVE}"));
        project.run(&["-r"]).code(0);
        assert_eq!(project.ran(), ["s1", "s2", "s3", "s4"]);
        let env = format!("{}-s1", project.env());
        project.runenv(&["run", &env]).code(0);
        assert_eq!(project.ran(), [""; 0], "a stage in the name");
    });
}

#[test]
fn an_edit_runs_from_the_stage_that_copies() {
    each(|engine| {
        let toml = r#"
[stage.one]
run = ["echo 1 >/one"]
[stage.two]
copy = ["src"]
run = ["cat src/*"]
[stage.three]
run = ["cat src/a /one"]
"#;
        let project = Project::new(engine, toml);
        project.file("src/a", "first");
        project.file("other", "x");
        project.run(&[]).code(0).says("first");
        project.file("src/a", "secnd");
        project.run(&[]).code(0).says("secnd");
        assert_eq!(project.ran(), ["two", "three"]);
        project.file("other", "y");
        project.run(&[]).code(0);
        assert_eq!(project.ran(), [""; 0]);
        project.file("src/a", "first");
        project.run(&[]).code(0);
        assert_eq!(
            project.ran(),
            [""; 0],
            "what was built before is found again"
        );
        fs::remove_file(project.root().join("src/a")).unwrap();
        project.file("src/b", "first");
        project.run(&[]).code(1);
        assert_eq!(
            project.ran(),
            ["two", "three"],
            "a file that is gone is gone"
        );
    });
}

/// More than fits into pipes and buffers lies before the file that is edited while the engine waits.
#[test]
fn a_file_edited_while_it_is_copied_is_not_kept_under_the_key() {
    each(|engine| {
        let toml = r#"
[stage.one]
run = ["echo 1 >/one"]
[stage.two]
copy = ["big", "small"]
run = ["cat /one small"]
[stage.three]
run = ["cat /one small >/three"]
"#;
        let project = Project::new(engine, toml);
        project.file("big", vec![b'x'; 3_000_000]);
        project.file("small", "before");
        project.run(&["--to", "one"]).code(0);
        let slow = slow_copies(&project);
        let mut command = project.command(&["run", &project.env()]);
        let path = format!("{}:{}", slow.display(), std::env::var("PATH").unwrap());
        let child = command
            .env("PATH", path)
            .stderr(std::process::Stdio::piped())
            .spawn();
        let copying = project.home().join("copying");
        crate::support::until("the copy begins", || copying.exists());
        project.file("small", "behind");
        fs::write(project.home().join("go"), "").unwrap();
        let said = crate::support::Said::from(child.unwrap().wait_with_output().unwrap());
        let kept = |stage: &str| {
            let key = project.stage(stage)["key"].as_str().unwrap().to_owned();
            let format = "{{index .Config.Labels \"runenv.key\"}}";
            let ids = project.images();
            let ids = ids.iter().map(String::as_str);
            let inspect = ["image", "inspect", "--format", format]
                .into_iter()
                .chain(ids);
            project.engine(&inspect.collect::<Vec<_>>()).contains(&key)
        };
        let said = said.code(0).says("`small` changed while it was copied");
        assert!(said.err.contains("1\nbehind"), "{}", said.err);
        assert!(kept("one") && !kept("two") && !kept("three"));
        is_not_remembered(&project);
        project.run(&[]).code(0).says("1\nbehind");
        assert_eq!(project.ran(), ["two", "three"]);
        project.file("small", "before");
        project.run(&[]).code(0).says("1\nbefore");
        assert_eq!(project.ran(), ["two", "three"]);
    });
}

/// What ran was not the key's: nothing is known of that.
fn is_not_remembered(project: &Project) {
    project.file("small", "before");
    let said = project.runenv(&["explain", &project.env()]).code(0).out;
    let new = said.matches("nothing of it was built yet").count();
    assert_eq!(new, 2, "{said}");
    project.file("small", "behind");
}

/// An engine whose `cp` waits for the test before it reads.
fn slow_copies(project: &Project) -> std::path::PathBuf {
    let (folder, real) = (project.home().join("slow"), project.real_engine());
    fs::create_dir_all(&folder).unwrap();
    let home = project.home().display().to_string();
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = cp ]; then\n: >{home}/copying\n\
         while [ ! -e {home}/go ]; do sleep 0.02; done\nfi\nexec {real} \"$@\"\n"
    );
    let file = folder.join(&project.engine);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn images_that_went_behind_our_back() {
    each(|engine| {
        let project = Project::new(engine, FIVE);
        project.run(&[]).code(0);
        let last = project.image("s5");
        project.engine(&["rmi", "-f", &last]);
        project.run(&[]).code(0).says("1 2 3 4 5");
        assert_eq!(project.ran().last().map(String::as_str), Some("s5"));
        assert!(!project.ran().contains(&"s1".to_owned()) || engine == "docker");
        // Parents go after their children.
        for image in (0..5).flat_map(|_| project.images()) {
            project.engine_says(&["rmi", "-f", &image]);
        }
        assert!(project.images().is_empty());
        project.run(&[]).code(0).says("1 2 3 4 5");
        assert_eq!(project.ran(), ALL);
    });
}

#[test]
fn another_base_under_the_old_name_is_another_key() {
    each(|engine| {
        let mut project = Project::new(engine, "");
        let base = project.build("FROM busybox:latest\nRUN echo first >/base\n");
        let tag = if engine == "podman" {
            format!("localhost/{base}")
        } else {
            base.clone()
        };
        let toml =
            "[stage.one]\nrun = [\"cat /base >/copy\"]\n[stage.two]\nrun = [\"cat /copy\"]\n";
        project.toml(&format!(
            "{toml}[system.own]\nimage = \"{tag}\"\nrelease.base = {{}}\n"
        ));
        let env = format!("{engine}-own-base");
        project.runenv(&["run", &env]).code(0).says("first");
        let other = project.build("FROM busybox:latest\nRUN echo other >/base\n");
        project.engine(&["tag", &base, &format!("{base}-kept")]);
        project.own(&format!("{base}-kept"));
        project.engine(&["tag", &other, &base]);
        project.runenv(&["run", &env]).code(0).says("other");
        project.engine(&["tag", &format!("{base}-kept"), &base]);
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

/// A stage failed when it was run anew: its image is not taken any more, neither here nor from the registry.
#[test]
fn an_image_that_a_run_refutes_is_not_taken() {
    each(|engine| {
        let name = unique();
        let toml = format!(
            "[registry]\nrepository = \"127.0.0.1:5000/{name}\"\n\
             [stage.two]\nmounts = [{{ host = \"hd\", at = \"/h\" }}]\nrun = [\"test ! -e /h/fail\"]\n\
             [stage.last]\nrun = [\"true\"]\n"
        );
        let project = Project::named(engine, &name, &toml);
        fs::create_dir(project.root().join("hd")).unwrap();
        project.run(&["--push"]).code(0);
        project.file("hd/fail", "");
        project.run(&["--redo", "two"]).code(1);
        let words = "its image was refuted";
        project.run(&[]).code(1).says(words);
        for image in (0..3).flat_map(|_| project.images()) {
            project.engine_says(&["rmi", "-f", &image]);
        }
        let told = project.runenv(&["explain", &project.env()]).code(0).out;
        let all = ["two   runs", "last  runs", words];
        assert!(all.iter().all(|words| told.contains(words)), "{told}");
        fs::remove_file(project.root().join("hd/fail")).unwrap();
        project.run(&[]).code(0);
        assert_eq!(project.ran(), ["two", "last"]);
        project.run(&[]).code(0);
        assert_eq!(project.ran(), [""; 0]);
    });
}
