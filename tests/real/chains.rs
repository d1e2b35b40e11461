//! Branches of stages, stages of which no files are kept, and what runs behind a stage.

use std::fs;

use crate::support::{Project, each};

const STAGES: &str = r#"
[stage.built]
run = ["echo built >/built"]
[stage.tested]
keep = false
run = ["cat /built; echo junk >/junk; [ ! -e /fail ]"]
[stage.packed]
run = ["cat /built >/packed; test ! -e /junk"]
[stage.broken]
from = "built"
run = ["echo x >/left; exit 3"]
[stage.above]
run = ["echo never"]
[stage.documented]
from = "packed"
run = ["cat /packed; test ! -e /left"]
"#;

/// Is it so in an image? The shell line says.
fn holds(project: &Project, image: &str, line: &str) -> bool {
    let words = [
        "run",
        "--rm",
        "--network",
        "none",
        "--entrypoint",
        "sh",
        image,
        "-c",
        line,
    ];
    project.engine_says(&words).code == 0
}

#[test]
fn branches_and_stages_that_are_not_kept() {
    each(|engine| {
        let project = Project::new(engine, STAGES);
        project.run(&[]).code(1).says("broken failed");
        assert_eq!(
            project.ran(),
            ["built", "tested", "packed", "broken", "documented"]
        );
        assert_eq!(project.stage("above")["state"], "not-run");
        let (tested, built) = (project.image("tested"), project.image("built"));
        assert!(holds(
            &project,
            &tested,
            "test -e /.runenv/tested && test -e /built && test ! -e /junk"
        ));
        assert!(!holds(&project, &built, "test -e /.runenv/tested"));
        fs::remove_dir_all(project.root().join(".runenv")).unwrap();
        project.run(&["--to", "documented"]).code(0);
        assert_eq!(project.ran(), [""; 0]);
        let result = project.result();
        assert_eq!(result["stages"].as_array().unwrap().len(), 3, "{result:#}");
        project.run(&["--to", "tested"]).code(0);
        assert_eq!(project.ran(), [""; 0], "its stamp is found");
        project.run(&["--redo", "tested", "--to", "tested"]).code(0);
        assert_eq!(project.ran(), ["tested"]);
        project.toml(&STAGES.replace("echo built >", "touch /fail; echo built >"));
        project.run(&["--to", "tested"]).code(1);
        let failed = project.image("tested");
        assert!(
            holds(&project, &failed, "test -e /junk"),
            "what failed is kept whole"
        );
        let env = project.env();
        let said = project.runenv(&["shell", &env, "--stage", "tested"]);
        said.code(2).says("keeps no files, only that it passed");
    });
}

const BEHIND: &str = r#"
[stage.built]
run = ["echo one >/one; mkdir -p /out; echo made >/out/a", "for i in $(seq 2000); do echo line $i; done"]
artifacts = ["/out/*"]
log-limit = "2k"
finally = ["cat /one; echo two >/one; echo behind it", "exit 5", ["echo", "last"]]
[stage.checked]
run = ["grep one /one", "echo x >/bad; exit 4"]
finally = ["ls /bad"]
"#;

#[test]
fn what_runs_behind_a_stage_and_what_is_left_of_its_output() {
    each(|engine| {
        let project = Project::new(engine, BEHIND);
        let said = project.run(&[]).code(1);
        let said = said
            .says("behind it")
            .says("`finally` of `built`: exit code 5 of `exit 5`");
        let said = said.says("last\n").says("/bad").says("checked failed");
        assert!(!said.err.contains("`finally` of `checked`"), "{}", said.err);
        assert_eq!(project.stage("checked")["command"]["exit-code"], 4);
        assert_eq!(project.stage("built")["tail"][19], "line 2000");
        let log = project.log(1, "built");
        assert!(
            log.starts_with("line 1\n") && log.ends_with("line 2000\none\nbehind it\nlast\n"),
            "{log}"
        );
        assert!(
            log.contains(" bytes are left out here (`log-limit`)]\n") && log.len() < 2200,
            "{log}"
        );
        // Its artifacts come out of its image, where they are not here, and then no more.
        let folder = project.root().join(".runenv");
        fs::remove_dir_all(folder.join(project.env()).join("artifacts")).unwrap();
        let built = ["--to", "built"];
        project.run(&built).code(0).says("artifacts: 1 file");
        assert_eq!(project.ran(), [""; 0]);
        assert_eq!(
            project.left(&project.env(), "artifacts/built/out/a"),
            b"made\n"
        );
        assert!(!project.run(&built).code(0).err.contains("artifacts"));
        fs::remove_dir_all(folder).unwrap();
        project.run(&built).code(0).says("artifacts: 1 file");
        assert_eq!(project.ran(), [""; 0]);
    });
}
