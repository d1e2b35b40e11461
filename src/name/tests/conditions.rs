//! Conditions, asked of names.

use std::sync::Arc;

use super::{axes, place, read};
use crate::host::os_release;
use crate::name::condition::Condition;
use crate::name::parse::parse;
use crate::name::this_host::ThisHost;

fn holds(condition: &str, name: &str) -> bool {
    let parsed = Condition::parse(condition, &axes(), &place(condition));
    let parsed = parsed.unwrap_or_else(|p| panic!("{condition}: {}", p.title));
    parsed.holds(&read(name).unwrap())
}

#[test]
fn a_condition_is_asked_of_values() {
    let focal = "docker-ubuntu-focal-gcc_9-minimal";
    for (condition, expected) in [
        ("ubuntu", true),
        ("ubuntu-focal", true),
        ("ubuntu-jammy", false),
        ("docker", true),
        ("container", true),
        ("podman", false),
        ("local", false),
        ("minimal", true),
        ("standard", false),
        ("gcc_9", true),
        ("ubuntu-minimal-docker", true),
        ("ubuntu-standard", false),
        ("standard,ubuntu", true),
        ("!standard", true),
        ("!ubuntu", false),
        ("!ubuntu-focal", false),
        ("!ubuntu-jammy", true),
        ("ubuntu-!minimal", false),
        ("ubuntu-!standard-gcc_9", true),
        ("ubuntu-{focal,jammy}", true),
        ("ubuntu-{jammy,24.04}", false),
        ("ubuntu-{jammy,focal}-!minimal,centos", false),
        ("gcc_{8..9},archlinux", false),
        (" archlinux , ubuntu ", true),
        ("clang-16", false),
        ("!clang-16", true),
    ] {
        if condition == "gcc_{8..9},archlinux" {
            let parsed = Condition::parse(condition, &axes(), &place(condition));
            assert_eq!(parsed.unwrap_err().title, "unknown factor `gcc_8`");
            continue;
        }
        assert_eq!(holds(condition, focal), expected, "{condition}");
    }
}

/// A family holds for all its releases, any other value for itself alone.
#[test]
fn releases_are_told_from_families() {
    assert!(holds("centos", "docker-centos-stream-8"));
    assert!(!holds("centos-8", "docker-centos-stream-8"));
    assert!(holds("nvidia-cuda", "docker-nvidia-cuda-11.0"));
    assert!(!holds("nvidia-cuda-12.0", "docker-nvidia-cuda-11.0"));
    assert!(holds("!nvidia-cuda-12.0", "docker-nvidia-cuda-11.0"));
    assert!(holds("container", "podman-archlinux") && !holds("container", "local"));
    assert!(holds("host", "local") && holds("local", "local"));
}

#[test]
fn what_no_axis_declares_is_an_error_in_a_condition_too() {
    for (condition, title) in [
        ("", "an empty condition"),
        ("  ", "an empty condition"),
        ("ubuntu,", "an empty factor in the condition ``"),
        ("ubuntu-", "an empty factor in the condition `ubuntu-`"),
        ("focal", "unknown factor `focal`"),
        (
            "ubuntu-fokal",
            "unknown factor `fokal` in the condition `ubuntu-fokal`",
        ),
        ("lint", "unknown factor `lint`"),
        (
            "ubuntu-built",
            "`built` is a stage, and a condition asks names without their stage",
        ),
        (
            "{ubuntu",
            "a brace is not closed or not opened in `{ubuntu`",
        ),
        (
            "ubuntu}",
            "a brace is not closed or not opened in `ubuntu}`",
        ),
    ] {
        let parsed = Condition::parse(condition, &axes(), &place(condition));
        assert_eq!(parsed.unwrap_err().title, title, "{condition}");
    }
}

fn odd(condition: &str) -> Option<String> {
    let place = place(condition);
    let parsed = Condition::parse(condition, &axes(), &place).unwrap();
    parsed.odd(condition, &place).map(|problem| {
        assert_eq!(problem.places.len(), 1);
        problem.title
    })
}

#[test]
fn what_is_always_or_never_true_or_said_twice_is_a_warning() {
    for (condition, expected) in [
        (
            "!minimal,!standard",
            "is always true: `!minimal` or `!standard` holds",
        ),
        ("!docker,!local", "is always true"),
        ("!container,local,!local", "is always true"),
        ("!ubuntu-focal,ubuntu", "is always true"),
        ("!ubuntu,!centos-8", "is always true"),
        ("podman,!{gcc_9,clang-16}", "is always true"),
        (
            "minimal-standard",
            "`minimal` and `standard` never hold together",
        ),
        ("docker-ubuntu-!container", "never hold together"),
        ("ubuntu-!ubuntu", "never hold together"),
        (
            "ubuntu-focal-!ubuntu",
            "`ubuntu-focal` and `!ubuntu` never hold together",
        ),
        ("local-container", "never hold together"),
        (
            "minimal-ubuntu,ubuntu-minimal",
            "`ubuntu-minimal` stands twice",
        ),
        ("gcc_9-ubuntu-gcc_9", "`gcc_9` stands twice"),
        ("{ubuntu,ubuntu}", "`ubuntu` stands twice"),
    ] {
        let title = odd(condition).unwrap_or_else(|| panic!("{condition} is fine"));
        assert!(title.contains(expected), "{condition}: {title}");
    }
}

#[test]
fn what_can_be_meant_is_none() {
    for condition in [
        "!minimal",
        "!minimal-!standard",
        "minimal,standard",
        "!ubuntu,!ubuntu-focal",
        "!container,!docker",
        "ubuntu,ubuntu-focal",
        "!host,!ubuntu",
        "!gcc_9,!minimal",
        "ubuntu-minimal,ubuntu-standard",
    ] {
        assert_eq!(odd(condition), None, "{condition}");
    }
}

/// With any number of alternatives.
#[test]
fn it_is_found_at_once() {
    let all: Vec<String> = (0..5000).map(|n| format!("!ubuntu-{n}")).collect();
    let mut many = axes();
    let releases = (0..5000).map(|n| n.to_string());
    many.families["ubuntu"].releases.extend(releases);
    let text = all.join(",");
    let place = place(&text);
    let parsed = Condition::parse(&text, &many, &place).unwrap();
    assert!(parsed.odd(&text, &place).is_some());
}

/// The same search as for names: the longest value is not always meant.
#[test]
fn a_condition_is_read_by_the_parser_of_names() {
    let of = |more: &[&str]| {
        let mut axes = axes();
        axes.own.insert("a".to_owned(), super::words(&["x-y", "x"]));
        axes.own.insert("b".to_owned(), super::words(&["y-z"]));
        axes.own.insert("c".to_owned(), super::words(more));
        axes
    };
    let axes = of(&[]);
    assert!(Condition::parse("x-!y-z", &axes, &place("")).is_ok());
    let parsed = Condition::parse("x-y-z", &axes, &place("")).unwrap();
    let name = parse("docker-archlinux-x-y-z", &axes, &place("")).unwrap();
    assert!(parsed.holds(&name));
    let problem = Condition::parse("x-y-z", &of(&["z"]), &place("")).unwrap_err();
    assert_eq!(problem.title, "`x-y-z` can be read in two ways");
}

#[test]
fn a_negation_takes_the_whole_value_behind_it() {
    assert!(holds("!clang-16-minimal", "docker-archlinux-gcc_9-minimal"));
    assert!(!holds(
        "!clang-16-minimal",
        "docker-archlinux-clang-16-minimal"
    ));
    assert!(holds("!centos-stream-8", "docker-centos-8"));
    assert!(!holds("!centos-stream-8", "docker-centos-stream-8"));
    assert!(holds(
        "minimal-!nvidia-cuda-11.0-!local",
        "docker-nvidia-cuda-12.0-minimal"
    ));
    let twice = Condition::parse("!!minimal", &axes(), &place("!!minimal"));
    let title = "unknown factor `!minimal` in the condition `!!minimal`";
    assert_eq!(twice.unwrap_err().title, title);
}

/// `local-host` is what its os-release says; a container is what its name says.
#[test]
fn the_host_has_a_family_and_a_release() {
    let mut axes = axes();
    axes.this_host = Arc::new(ThisHost::new(|| {
        os_release::parse("ID=ubuntu\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\n")
    }));
    let holds = |condition: &str, name: &str| {
        let parsed = Condition::parse(condition, &axes, &place(condition)).unwrap();
        parsed.holds(&parse(name, &axes, &place(name)).unwrap())
    };
    assert!(holds("ubuntu", "local") && holds("ubuntu-24.04", "local"));
    assert!(holds("host", "local") && holds("local-ubuntu-!container", "local-host"));
    assert!(!holds("!ubuntu", "local") && !holds("ubuntu-focal", "local"));
    assert!(!holds("centos", "local") && holds("!centos-8", "local"));
    assert!(!holds("ubuntu-24.04", "docker-ubuntu-focal"));
    assert!(!holds("ubuntu", "docker-archlinux") && !holds("ubuntu", "local-archlinux"));
}

/// No file is read unless a condition asks for a system of a name that is this host's.
#[test]
fn the_host_is_asked_only_when_it_matters() {
    let mut axes = axes();
    axes.this_host = Arc::new(ThisHost::new(|| panic!("nobody needs to know")));
    for (condition, name) in [
        ("ubuntu,minimal", "docker-archlinux"),
        ("host-!minimal-!docker", "local"),
        ("docker-ubuntu", "local"),
    ] {
        let parsed = Condition::parse(condition, &axes, &place(condition)).unwrap();
        let name = parse(name, &axes, &place(name)).unwrap();
        parsed.holds(&name);
    }
}
