//! How often a pull is tried, and options that say so wrongly.

use crate::support::{Fake, Project};

const FILE: &str = "[project]\nname = \"p\"\n[stage.one]\nrun = [\"true\"]\n";

#[test]
fn a_pull_is_tried_as_often_as_retries_says() {
    let refused =
        "Error response from daemon: dial tcp 127.0.0.1:5000: connect: connection refused\n";
    let denied = "Error response from daemon: pull access denied for unknown/timeout, repository does not exist\n";
    for (said, retries, pulls) in [(refused, "0", 1), (refused, "1", 2), (denied, "2", 1)] {
        let fake = Fake::new();
        fake.play("pull.err", said);
        fake.play("pull.code", "1");
        let project = Project::new().envs_toml(FILE).engine(&fake);
        let project = project.var("RUNENV_RETRIES", retries);
        let ran = project.runenv("run docker-debian-trixie").exits(3);
        assert!(ran.stderr.contains(said.trim_end()), "{ran:?}");
        assert_eq!(fake.calls_of("docker pull").len(), pulls, "{said}");
    }
}

#[test]
fn numbers_and_times_that_are_none_are_mistakes() {
    let project = Project::new().envs_toml(FILE);
    for word in ["-1", "many", "11"] {
        let ran = project
            .runenv(format!("run --retries={word} x").as_str())
            .exits(2);
        assert!(ran.stderr.contains("--retries <N>"), "{ran:?}");
    }
    let project = project.var("RUNENV_REGISTRY_TIMEOUT", "soon");
    let ran = project.runenv("run docker-debian-bookworm").exits(2);
    let text = "error: `RUNENV_REGISTRY_TIMEOUT` is `soon`, and that is no time\nhelp: write it as `90s`, `30m` or `5h30m`\n";
    assert!(ran.stderr.contains(text), "{ran:?}");
}
