//! `runenv clean` on real engines: what it says it frees, what is young, and what a run that lives is working with.

use crate::support::{Project, each};

const FILE: &str = r#"
[stage.one]
run = ["head -c 5000000 /dev/urandom >/one"]
[stage.two]
run = ["head -c 3000000 /dev/urandom >/two", "test ! -e /slow || sleep 9"]
"#;

/// `would free 8.0 MB` as a number.
fn megabytes(said: &str) -> f64 {
    let (_, rest) = said.rsplit_once(" free").expect(said);
    let rest = rest.trim_start_matches('d').trim();
    let (number, unit) = rest.split_once(' ').expect(rest);
    assert_eq!(unit.trim(), "MB", "{said}");
    number.parse().expect(number)
}

#[test]
fn it_says_what_it_frees_and_leaves_what_is_young() {
    each(|engine| {
        let project = Project::new(engine, FILE);
        project.run(&[]).code(0);
        let would = project.runenv(&["clean", "-n", "--engine", engine]).code(0);
        // Both layers once, and not the base image, which stays.
        let bytes = megabytes(&would.err);
        assert!((7.9..8.6).contains(&bytes), "{}", would.err);
        let images = project.images();
        let young = ["clean", "--older", "1h", "--engine", engine];
        let said = project.runenv(&young).code(0).err;
        assert!(said.contains("removed 0 images"), "{said}");
        assert_eq!(project.images(), images);
        // On a fast machine the second is not a second old.
        std::thread::sleep(std::time::Duration::from_secs(2));
        let said = project
            .runenv(&["clean", "--older", "1s", "--engine", engine])
            .code(0)
            .err;
        assert!((megabytes(&said) - bytes).abs() < 0.2, "{said}");
        assert_eq!(project.images(), [""; 0], "{said}");
    });
}

#[test]
fn what_a_run_that_lives_works_with_stays() {
    each(|engine| {
        let project = Project::new(engine, FILE);
        project.run(&["--to", "one"]).code(0);
        let slow = FILE.replace("test ! -e /slow || ", "");
        project.toml(&slow);
        let mut child = project.start(&[]);
        let ours = format!("label=runenv.project={}", project.id());
        let stage = "label=runenv.stage=two";
        let running = || project.engine(&["ps", "-q", "--filter", &ours, "--filter", stage]);
        while running().is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let images = project.images();
        let said = project.runenv(&["clean", "--engine", engine]).code(0).err;
        assert_eq!(project.images(), images, "{said}");
        let expected = format!("process {} on ", child.id());
        assert!(
            said.contains(&expected) && said.contains("0 containers"),
            "{said}"
        );
        let room = project
            .runenv(&["clean", "-n", "--engine", engine])
            .code(0)
            .err;
        assert!(room.contains("would remove 0 images"), "{room}");
        child.kill().unwrap();
        child.wait().unwrap();
        project.clean();
    });
}
