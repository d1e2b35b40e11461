//! Axes of which a name may have several values, and values that restrict the names they stand in.

use std::sync::Arc;

use super::{axes, place, words};
use crate::name::condition::Condition;
use crate::name::parse::{parse, readings};
use crate::name::rules::Kind;
use crate::name::{Axes, EnvName};
use crate::problem::Problem;

fn extras() -> Axes {
    let mut axes = axes();
    axes.own
        .insert("with".to_owned(), words(&["ssl", "zlib-ng", "gui"]));
    axes.repeatable.insert("with".to_owned());
    axes
}

fn read(text: &str, axes: &Axes) -> Result<EnvName, Problem> {
    parse(text, axes, &place(text))
}

#[test]
fn values_of_a_repeatable_axis_stand_in_file_order_each_once() {
    let axes = extras();
    for (text, canonical) in [
        (
            "docker-archlinux-gui-ssl",
            "docker-archlinux-ssl-gui-standard",
        ),
        (
            "gui-docker-zlib-ng-archlinux-ssl",
            "docker-archlinux-ssl-zlib-ng-gui-standard",
        ),
        (
            "docker-archlinux-ssl-gcc_9",
            "docker-archlinux-gcc_9-ssl-standard",
        ),
        ("docker-archlinux", "docker-archlinux-standard"),
    ] {
        let name = read(text, &axes).unwrap();
        assert_eq!(name.to_string(), canonical, "{text}");
        assert_eq!(read(canonical, &axes).unwrap(), name);
    }
    let name = read("docker-archlinux-gui-ssl", &axes).unwrap();
    assert_eq!(name.value("with").as_deref(), Some("ssl-gui"));
    assert_eq!(name.value("toolchain"), None);
    let twice = read("docker-archlinux-ssl-gui-ssl", &axes).unwrap_err();
    assert_eq!(
        twice.title,
        "`ssl` stands twice in `docker-archlinux-ssl-gui-ssl`"
    );
    assert_eq!(twice.help, ["a name has each value once"]);
    assert_eq!(twice.places[0].span, 25..28);
    let two = read("docker-archlinux-gcc_9-clang-16", &axes).unwrap_err();
    assert_eq!(two.help.len(), 2, "repeatable is offered: {:?}", two.help);
}

#[test]
fn conditions_ask_for_each_of_them() {
    let axes = extras();
    let holds = |condition: &str, name: &str| {
        let parsed = Condition::parse(condition, &axes, &place(condition)).unwrap();
        assert!(
            parsed.odd(condition, &place(condition)).is_none(),
            "{condition}"
        );
        parsed.holds(&read(name, &axes).unwrap())
    };
    assert!(holds("ssl-gui", "docker-archlinux-gui-ssl"));
    assert!(!holds("ssl-gui", "docker-archlinux-gui"));
    assert!(holds("!ssl,!gui", "docker-archlinux-gui"));
    assert!(!holds("!ssl,!gui", "docker-archlinux-gui-ssl"));
}

/// A default stands in only where a name has none of the axis.
#[test]
fn a_default_of_a_repeatable_axis_is_one_value() {
    let mut axes = extras();
    axes.defaults.insert("with".to_owned(), "gui".to_owned());
    let name = |text| read(text, &axes).unwrap().to_string();
    assert_eq!(name("docker-archlinux"), "docker-archlinux-gui-standard");
    assert_eq!(
        name("docker-archlinux-ssl"),
        "docker-archlinux-ssl-standard"
    );
}

#[test]
fn values_that_are_put_together_of_repeatable_ones_are_two_readings() {
    let of = |repeatable: bool| {
        let mut axes = axes();
        axes.own
            .insert("with".to_owned(), words(&["a-b", "a", "b"]));
        axes.repeatable
            .extend(repeatable.then(|| "with".to_owned()));
        readings("a-b", &axes).len()
    };
    assert_eq!((of(false), of(true)), (1, 2));
}

fn restricted() -> Axes {
    let mut axes = axes();
    axes.defaults
        .insert("toolchain".to_owned(), "gcc_9".to_owned());
    for (value, kind, text) in [
        ("clang-16", Kind::Only, "ubuntu,archlinux"),
        ("minimal", Kind::Not, "clang-16"),
        ("centos", Kind::Only, "container"),
        ("ubuntu-focal", Kind::Not, "podman"),
        ("python3.9", Kind::Only, "gcc_9"),
    ] {
        let place = place(text);
        let condition = Condition::parse(text, &axes, &place).unwrap();
        axes.rules
            .add(value.to_owned(), kind, Arc::new(condition), (text, place));
    }
    axes
}

#[test]
fn a_name_that_breaks_only_or_not_is_refused() {
    let axes = restricted();
    for name in [
        "docker-ubuntu-focal-clang-16",
        "podman-ubuntu-jammy-minimal",
        "podman-centos-8",
        "docker-archlinux-python3.9",
        "local-minimal",
    ] {
        assert!(read(name, &axes).is_ok(), "{name}");
    }
    for (name, title, at) in [
        (
            "docker-centos-8-clang-16",
            "`clang-16` is only for `ubuntu,archlinux`, and `docker-centos-8-clang-16-standard` is not that",
            "clang-16",
        ),
        (
            "docker-ubuntu-minimal-clang-16",
            "`minimal` is not for `clang-16`, and `docker-ubuntu-jammy-clang-16-minimal` is that",
            "minimal",
        ),
        (
            "local-centos-stream-8",
            "`centos` is only for `container`, and `local-centos-stream-8-gcc_9-standard` is not that",
            "centos",
        ),
        (
            "podman-ubuntu-focal",
            "`ubuntu-focal` is not for `podman`, and `podman-ubuntu-focal-gcc_9-standard` is that",
            "ubuntu-focal",
        ),
        (
            "docker-ubuntu-clang-16-python3.9",
            "`python3.9` is only for `gcc_9`, and `docker-ubuntu-jammy-clang-16-python3.9-standard` is not that",
            "python3.9",
        ),
    ] {
        let problem = read(name, &axes).unwrap_err();
        assert_eq!(problem.title, title);
        let [at_name, rule] = problem.places.as_slice() else {
            panic!("{name}: the name's place and the rule's")
        };
        assert_eq!(&name[at_name.span.clone()], at, "{name}");
        assert!(title.contains(&rule.source.text), "{name}");
        assert!(problem.help[0].contains(at), "{name}");
    }
}
