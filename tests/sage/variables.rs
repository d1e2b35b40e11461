//! Variables and words of a command line that Sage's system reads, and where they arrive.

use crate::{Sage, Shown, sage, texts};

/// What is shown with variables and further words.
fn with(sage: &Sage, words: &str, variables: &[(&str, &str)]) -> Shown {
    let words = format!("show --json {words}");
    let words: Vec<String> = shlex::split(&words).expect("quotes are closed");
    let mut command = sage.project.command(words);
    command.envs(variables.iter().copied());
    let ran = sage.project.ran(command.output().expect("it starts"));
    serde_json::from_str(&ran.exits(0).stdout).expect("JSON")
}

fn last(shown: &Shown, key: &str) -> String {
    texts(shown, key).pop().unwrap_or_default()
}

const NAME: &str = "docker-debian-bookworm-minimal";

#[test]
fn arguments_and_packages_are_added() {
    let sage = sage();
    let extra = [("EXTRA_CONFIGURE_ARGS", "--enable-debug 'CFLAGS=-O0 -g'")];
    let shown = with(&sage, NAME, &extra);
    let line = last(&shown, "stage.configured.run");
    assert!(
        line.ends_with("--with-system-python3=yes --enable-debug 'CFLAGS=-O0 -g'"),
        "{line}"
    );
    let shown = with(
        &sage,
        &format!("{NAME} --set packages+=gap_packages --set packages+=tox"),
        &[],
    );
    assert!(texts(&shown, "package-names").contains(&"tox".to_owned()));
    let line = last(&shown, "stage.configured.run");
    assert!(line.contains(" --with-system-tox=yes "), "{line}");
    assert!(!line.contains("gap_packages"), "{line}");
}

#[test]
fn packages_of_the_system_can_be_forced_and_missing() {
    let sage = sage();
    let shown = with(&sage, NAME, &[("WITH_SYSTEM_SPKG", "force")]);
    let line = last(&shown, "stage.configured.run");
    assert!(line.contains(" --with-system-_prereq=force "), "{line}");
    let words = format!("{NAME} --set ignore-missing-packages=true");
    let shown = with(&sage, &words, &[]);
    assert_eq!(last(&shown, "ignore-missing-packages"), "true");
}

#[test]
fn targets_are_words_or_variables() {
    let sage = sage();
    let stages = ["with-targets-pre", "with-targets", "with-targets-optional"];
    let targets = |words: &str, variables: &[(&str, &str)]| {
        let shown = with(&sage, &format!("{NAME} {words}"), variables);
        stages.map(|stage| {
            let line = last(&shown, &format!("stage.{stage}.run"));
            let (_, targets) = line.split_once("V=0 ").expect("make's own words first");
            targets.to_owned()
        })
    };
    assert_eq!(targets("", &[]), ["all-sage-local", "build", "ptest"]);
    assert_eq!(
        targets("-- gap giac", &[]),
        ["gap giac", "gap giac", "ptest"]
    );
    let all = [
        ("TARGETS_PRE", "openblas r"),
        ("TARGETS_OPTIONAL", "ptestlong doc"),
    ];
    assert_eq!(
        targets("-- gap", &all),
        ["openblas r", "gap", "ptestlong doc"]
    );
}

#[test]
fn the_published_image_can_be_another() {
    let from = [
        ("FROM_DOCKER_REPOSITORY", "ghcr.io/me/sage/"),
        ("FROM_DOCKER_TARGET", "with-system-packages"),
        ("FROM_DOCKER_TAG", "10.0"),
    ];
    let shown = with(&sage(), "docker-ubuntu-jammy-minimal-incremental", &from);
    let image = "ghcr.io/me/sage/sage-docker-ubuntu-jammy-minimal-with-system-packages:10.0";
    assert_eq!(texts(&shown, "image"), [image]);
}

#[test]
fn processors_and_places_are_the_callers() {
    let sage = sage();
    let shown = with(&sage, NAME, &[("NUMPROC", "3")]);
    assert_eq!(last(&shown, "env.MAKE"), "make -j3");
    let variables = [("MAKE", "gmake -j2"), ("PREFIX", "/opt/sage")];
    let shown = with(&sage, "local-minimal", &variables);
    assert_eq!(last(&shown, "env.MAKE"), "gmake -j2");
    let line = last(&shown, "stage.configured.run");
    assert!(
        line.starts_with("./configure --prefix=/opt/sage --enable-experimental-packages"),
        "{line}"
    );
}

#[test]
fn a_container_has_seven_stages_and_a_host_six() {
    let sage = sage();
    let all = [
        "with-system-packages",
        "bootstrapped",
        "configured",
        "with-base-toolchain",
        "with-targets-pre",
        "with-targets",
        "with-targets-optional",
    ];
    for (name, without) in [(NAME, ""), ("local-minimal", "with-targets-pre")] {
        let shown = with(&sage, name, &[]);
        let keys = shown
            .keys()
            .filter_map(|key| key.strip_prefix("stage.")?.split('.').next());
        let mut found: Vec<&str> = keys.collect();
        found.dedup();
        let expected: Vec<&str> = all.into_iter().filter(|stage| *stage != without).collect();
        assert_eq!(found, expected, "{name}");
    }
    let shown = with(&sage, NAME, &[]);
    assert_eq!(
        last(&shown, "stage.configured.on-failure"),
        "cat config.log"
    );
    assert_eq!(
        last(&shown, "stage.with-targets-optional.allow-failure"),
        "true"
    );
    assert!(texts(&shown, "stage.with-targets.copy").contains(&"src".to_owned()));
}
