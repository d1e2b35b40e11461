//! A file and the catalog together: every name there is, and what a file adds to it.

mod conditions;
mod templates;

use std::io::{Write, stderr};
use std::path::PathBuf;

use super::{Project, from_source};
use crate::name::condition::Condition;
use crate::name::{RUNNERS, parse};
use crate::problem::{Place, Source};

fn project(text: &str) -> Project {
    match from_source(&Source::new("envs.toml", text), PathBuf::from("/tree")) {
        Ok(project) => project,
        Err(problems) => panic!("{problems:#?}"),
    }
}

const FILE: &str = r#"
[project]
default = { config = "standard" }
[config.minimal]
[config.standard]
[config.maximal]
[axis.toolchain]
gcc_9 = {}
clang-16 = {}
[axis.python]
"python3.9" = {}
[stage.with-packages]
packages = true
[stage.built]
run = "make"
"#;

/// The domain is finite: all systems x axes x configs x runners x stages, in both orders, parse and print themselves.
#[test]
fn every_name_is_itself() {
    let project = project(FILE);
    let axes = &project.axes;
    let systems = axes.systems();
    let systems = systems.iter().filter(|s| {
        let family = axes.families.get(*s);
        family.is_none_or(|f| f.alone)
    });
    let optional = |values: &[&str]| {
        let some = values.iter().map(|v| format!("-{v}"));
        some.chain([String::new()]).collect::<Vec<_>>()
    };
    let (toolchains, pythons) = (optional(&["gcc_9", "clang-16"]), optional(&["python3.9"]));
    let mut count = 0;
    for system in systems {
        for (runner, config) in pairs(&RUNNERS, &["minimal", "standard", "maximal"]) {
            for (toolchain, python) in pairs(&toolchains, &pythons) {
                let name = format!("{runner}-{system}{toolchain}{python}-{config}");
                let short = format!("{runner}-{system}{toolchain}{python}");
                is(&project, &name, &name, None);
                is(&project, &short, &format!("{short}-standard"), None);
                is(&project, &format!("{name}-built"), &name, Some("built"));
                let turned = format!("{config}{python}{toolchain}-{system}-with-packages-{runner}");
                is(&project, &turned, &name, Some("with-packages"));
                count += 1;
            }
        }
    }
    assert!(count > 500, "{count}");
}

/// Every product of the catalog's systems with three configs and an axis of twelve values, given as a family: read,
/// printed and read again it is the same.
#[test]
fn every_product_of_a_large_file_comes_back() {
    let file = "[config.\"c{1..3}\"]\n[axis.toolchain.\"gcc_{4..15}\"]\nonly = \"container\"\n\
                [stage.built]\nrun = \"make\"\n";
    let project = project(file);
    let families = &project.axes.families;
    let whole = |name: &String| families.get(name).is_none_or(|f| f.alone);
    let systems: Vec<String> = project.axes.systems().into_iter().filter(whole).collect();
    let read = |text: &str| {
        let place = Place::new(&Source::new("-e", text), 0..text.len());
        parse::parse(text, &project.axes, &place).unwrap_or_else(|p| panic!("{text}: {}", p.title))
    };
    let mut count = 0;
    for system in systems.iter().filter(|s| *s != "host") {
        for runner in ["docker", "podman"] {
            for (config, toolchain) in (1..=3).flat_map(|c| (4..=15).map(move |t| (c, t))) {
                let written = format!("gcc_{toolchain}-c{config}-{runner}-{system}");
                let name = read(&written);
                let canonical = name.to_string();
                let expected = format!("{runner}-{system}-gcc_{toolchain}-c{config}");
                assert_eq!(canonical, expected);
                assert_eq!(read(&canonical), name);
                count += 1;
            }
        }
    }
    writeln!(stderr(), "{count} names of {} systems", systems.len() - 1).unwrap();
    assert_eq!(count, (systems.len() - 1) * 2 * 3 * 12);
    assert!(count >= 9000, "{count} names");
}

fn pairs<'a, A: AsRef<str>, B: AsRef<str>>(
    one: &'a [A],
    two: &'a [B],
) -> impl Iterator<Item = (&'a str, &'a str)> {
    one.iter()
        .flat_map(move |a| two.iter().map(move |b| (a.as_ref(), b.as_ref())))
}

fn is(project: &Project, text: &str, canonical: &str, stage: Option<&str>) {
    let place = Place::new(&Source::new("-e", text), 0..text.len());
    let name =
        parse::parse(text, &project.axes, &place).unwrap_or_else(|p| panic!("{text}: {}", p.title));
    assert_eq!(name.to_string(), canonical, "{text}");
    assert_eq!(name.to.as_deref(), stage, "{text}");
    let system = name.system.as_ref().expect("a product has a system");
    for condition in [&system.to_string(), &system.family, &name.runner] {
        let place = Place::new(&Source::new("if", condition.as_str()), 0..condition.len());
        let parsed = Condition::parse(condition, &project.axes, &place).unwrap();
        assert!(parsed.holds(&name), "{condition} of {text}");
        let not = format!("!{condition}");
        let place = Place::new(&Source::new("if", not.as_str()), 0..not.len());
        let parsed = Condition::parse(&not, &project.axes, &place).unwrap();
        assert!(!parsed.holds(&name), "{not} of {text}");
    }
}

#[test]
fn a_file_adds_systems_releases_and_defaults() {
    let project = project(
        r#"
[system.ubuntu]
default-release = "24.04"
[system.ubuntu.release]
"24.04" = { image = "ubuntu:24.04" }
[system.plan9]
image = "plan9"
[system.centos.release]
8 = { image = "centos:8" }
stream-8 = { image = "centos:stream8" }
[stage.built]
run = "make"
[env.lint]
runner = "local"
commands = ["true"]
"#,
    );
    for (text, name) in [
        ("docker-ubuntu", "docker-ubuntu-24.04"),
        ("docker-ubuntu-focal", "docker-ubuntu-focal"),
        ("docker-plan9", "docker-plan9"),
        ("docker-centos-stream-8", "docker-centos-stream-8"),
        ("local", "local-host"),
        ("lint", "lint"),
    ] {
        let place = Place::new(&Source::new("-e", text), 0..text.len());
        let parsed = parse::parse(text, &project.axes, &place).unwrap();
        assert_eq!(parsed.to_string(), name);
    }
}

#[test]
fn a_project_is_called_as_its_folder_unless_it_says() {
    let named = |folder: &str, text: &str| {
        let source = Source::new("envs.toml", text);
        from_source(&source, PathBuf::from(folder)).unwrap().name
    };
    assert_eq!(named("/x/My Project_2!", ""), "my-project-2");
    assert_eq!(named("/x/---", ""), "project");
    assert_eq!(named("/", ""), "project");
    assert_eq!(named("/x/y", "[project]\nname = \"a.b_c-d\"\n"), "a.b_c-d");
}
