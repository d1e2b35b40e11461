//! Texts as names.

use super::{axes, canonical, place, read, title, words};
use crate::name::parse::parse;

#[test]
fn what_is_left_out_is_filled_in_and_what_is_there_is_ordered() {
    for (text, expected) in [
        ("docker-ubuntu", "docker-ubuntu-jammy-standard"),
        ("docker-ubuntu-focal", "docker-ubuntu-focal-standard"),
        ("docker-ubuntu-24.04", "docker-ubuntu-24.04-standard"),
        ("focal-docker-ubuntu", ""),
        ("minimal-ubuntu-focal-docker", "docker-ubuntu-focal-minimal"),
        ("local", "local-host-standard"),
        ("local-minimal", "local-host-minimal"),
        ("podman-archlinux", "podman-archlinux-standard"),
        (
            "docker-python3.9-gcc_9-archlinux",
            "docker-archlinux-gcc_9-python3.9-standard",
        ),
        (
            "docker-archlinux-clang-16-minimal",
            "docker-archlinux-clang-16-minimal",
        ),
        ("lint", "lint"),
        ("a.b", "a.b"),
    ] {
        if expected.is_empty() {
            assert!(read(text).is_err(), "{text}");
        } else {
            assert_eq!(canonical(text), expected, "{text}");
            assert_eq!(canonical(expected), expected);
        }
    }
}

/// The longest value is not always meant, and a dash in a value is no boundary.
#[test]
fn values_may_hold_dashes() {
    assert_eq!(canonical("docker-centos-8"), "docker-centos-8-standard");
    assert_eq!(
        canonical("docker-centos-stream-8"),
        "docker-centos-stream-8-standard"
    );
    assert_eq!(
        canonical("docker-nvidia-cuda-11.0-clang-16"),
        "docker-nvidia-cuda-11.0-clang-16-standard"
    );
    let name = read("docker-archlinux-with-targets-pre").unwrap();
    assert_eq!(name.to.as_deref(), Some("with-targets-pre"));
    let name = read("docker-with-targets-archlinux").unwrap();
    assert_eq!(name.to.as_deref(), Some("with-targets"));
    assert_eq!(name.to_string(), "docker-archlinux-standard");
    assert_eq!(name.without_runner(), "archlinux-standard");
}

#[test]
fn a_name_says_what_it_lacks_or_has_twice() {
    for (text, expected) in [
        ("ubuntu-focal", "no runner in `ubuntu-focal`"),
        ("docker-minimal", "no system in `docker-minimal`"),
        ("podman", "no system in `podman`"),
        (
            "docker-centos",
            "`centos` needs a release in `docker-centos`",
        ),
        (
            "docker-archlinux-minimal-standard",
            "`docker-archlinux-minimal-standard` has two values of the axis `config`: `minimal` and `standard`",
        ),
        (
            "docker-local-archlinux",
            "`docker-local-archlinux` has two values of the axis `runner`: `docker` and `local`",
        ),
        (
            "docker-archlinux-built-with-targets",
            "`docker-archlinux-built-with-targets` has two values of the axis `stage`: `built` and `with-targets`",
        ),
        (
            "docker-archlinux-archlinux",
            "`archlinux` stands twice in `docker-archlinux-archlinux`",
        ),
        ("docker-focal", "unknown factor `focal` in `docker-focal`"),
        (
            "docker-ubuntu-fokal",
            "unknown release `fokal` of `ubuntu` in `docker-ubuntu-fokal`",
        ),
        ("docker-lint", "unknown factor `lint` in `docker-lint`"),
        ("lnit", "unknown environment `lnit`"),
        ("", "an empty name"),
        ("docker-", "an empty factor in `docker-`"),
        ("Docker", "`Docker` in `Docker` is not a factor"),
        ("docker-a..b", "`a..b` in `docker-a..b` is not a factor"),
    ] {
        assert_eq!(title(text), expected, "{text}");
    }
    let long = "a-".repeat(200);
    assert!(title(&long).ends_with("has 400 characters"));
}

#[test]
fn no_config_is_told_only_where_there_are_some() {
    let mut bare = axes();
    bare.defaults.clear();
    let text = "docker-archlinux";
    let missing = parse(text, &bare, &place(text)).unwrap_err();
    assert_eq!(missing.title, "no config in `docker-archlinux`");
    bare.configs.clear();
    let name = parse(text, &bare, &place(text)).unwrap();
    assert_eq!((name.to_string().as_str(), name.config), (text, None));
}

#[test]
fn defaults_may_be_of_any_axis() {
    let mut axes = axes();
    for (axis, value) in [
        ("runner", "podman"),
        ("system", "ubuntu-focal"),
        ("toolchain", "gcc_9"),
    ] {
        axes.defaults.insert(axis.to_owned(), value.to_owned());
    }
    for (text, expected) in [
        ("minimal", "podman-ubuntu-focal-gcc_9-minimal"),
        ("docker", "docker-ubuntu-focal-gcc_9-standard"),
        ("centos-8-clang-16", "podman-centos-8-clang-16-standard"),
    ] {
        let name = parse(text, &axes, &place(text)).unwrap();
        assert_eq!(name.to_string(), expected, "{text}");
    }
}

#[test]
fn two_readings_are_told() {
    let mut axes = axes();
    axes.own.insert("one".to_owned(), words(&["x-y"]));
    axes.own.insert("two".to_owned(), words(&["x"]));
    axes.own.insert("three".to_owned(), words(&["y"]));
    let text = "docker-archlinux-x-y";
    let problem = parse(text, &axes, &place(text)).unwrap_err();
    assert_eq!(
        problem.title,
        "`docker-archlinux-x-y` can be read in two ways"
    );
    assert_eq!(
        problem.help,
        [
            "one reading: runner docker, system archlinux, one x-y",
            "another: runner docker, system archlinux, two x, three y"
        ]
    );
    assert!(parse("docker-archlinux-x", &axes, &place(text)).is_ok());
}

/// The place is the factor's, whatever stands around it.
#[test]
fn the_place_is_the_factors() {
    for (written, name, bad) in [
        ("\"docker-ubunut-focal\"", "docker-ubunut-focal", "ubunut"),
        ("docker-{ubuntu-fokal,x}", "docker-ubuntu-fokal", "fokal"),
        ("docker-docker", "docker-docker", "docker"),
        ("docker-centos", "docker-centos", "centos"),
        ("{docker}-ubuntu-fo{k}al", "docker-ubuntu-fokal", ""),
    ] {
        let here = place(written);
        let problem = parse(name, &axes(), &here).unwrap_err();
        let span = problem.places[0].span.clone();
        let shown = &written[span.clone()];
        let expected = if bad.is_empty() { written } else { bad };
        assert_eq!(shown, expected, "{written}");
        if name == "docker-docker" {
            assert_eq!(span.start, 7, "the second one");
        }
    }
}
