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
