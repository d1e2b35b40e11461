//! Families of values: as many values as the braces give, each with its own `{match}`.

use super::{environment, lines, outside, project, values};
use crate::name::parse;
use crate::problem::{Place, Source};

const FILE: &str = r#"
[config."opt_{0..3}"]
vars.level = "{match}"
[system.debian.release]
"{10..11}.{a,b}" = { image = "debian:{match}" }
[axis.toolchain."gcc_{8..14}"]
description = "GCC {match}"
system-packages = ["gcc-{match}", "g++-{match}"]
append.vars.flags = ["CC=gcc-{match}", "{match|each:g++-{}}"]
env.ESCAPED = "{{match}} ${match} {x{match}}"
stage.built.append.run = ["echo {match} {level} {flags}", ["{match:none}"]]
[axis.python."python3.{9..12}"]
vars.minor = "{match}"
image = "{image}-py{match}"
stage.built.append.run = [{ run = "py {match} {minor}", if = "python3.{match}" }]
[vars]
flags = []
minor = "none"
[stage.built]
run = "make -O{level} {minor}"
"#;

#[test]
fn each_layer_has_the_match_of_its_own_family() {
    let env = environment(FILE, "docker-debian-11.b-gcc_9-python3.10-opt_2");
    assert_eq!(
        env.settings.image.first().map(|i| i.value.as_str()),
        Some("debian:11-b-py10")
    );
    assert_eq!(
        env.settings.description.as_ref().map(|d| d.value.as_str()),
        Some("GCC 9")
    );
    assert_eq!(values(&env.package_names), ["gcc-9", "g++-9"]);
    assert_eq!(env.settings.env["ESCAPED"].value, "{match} ${match} {x9}");
    assert_eq!(
        lines(&env),
        [
            "make -O2 10",
            "echo 9 2 CC=gcc-9 g++-9",
            "[\"9\"]",
            "py 10 10"
        ]
    );
    let origin = env.settings.image.first().map(|i| i.origin.to_string());
    assert_eq!(origin.as_deref(), Some("envs.toml:14:9"));
}

#[test]
fn values_of_a_family_are_values_in_order() {
    let project = project(FILE);
    assert_eq!(project.axes.own["toolchain"].len(), 7);
    assert_eq!(project.axes.own["python"][0], "python3.9");
    assert_eq!(project.axes.configs, ["opt_0", "opt_1", "opt_2", "opt_3"]);
    let releases = &project.axes.families["debian"].releases;
    assert_eq!(
        releases[releases.len() - 4..],
        ["10.a", "10.b", "11.a", "11.b"]
    );
    let text = "docker-debian-10.a-gcc_15-opt_1";
    let place = Place::new(&Source::new("-e", text), 0..text.len());
    let problem = parse::parse(text, &project.axes, &place).unwrap_err();
    assert_eq!(
        problem.title,
        format!("unknown factor `gcc_15` in `{text}`")
    );
}

#[test]
fn elsewhere_the_match_has_no_value() {
    for (line, expected) in [
        ("run = \"a {match}\"", None),
        ("run = \"a {match:x}\"", Some("a x")),
        ("run = \"a {{match}}\"", Some("a {match}")),
    ] {
        let file = format!("[axis.a.\"v_{{1..2}}\"]\n[stage.built]\n{line}\n");
        let made = outside(&file, "docker-debian-trixie-v_1", &[], &[]);
        if let Some(expected) = expected {
            assert_eq!(lines(&made.unwrap()), [expected]);
            continue;
        }
        let problem = made.unwrap_err();
        let title = "`{match}` has a value only in the table of a family of values";
        assert_eq!(problem.title, title);
        assert_eq!(problem.places.len(), 1);
    }
}
