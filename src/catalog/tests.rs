//! The catalog's lines: each is whole, says what can be true, and together they hold what Sage tests on.

use std::collections::BTreeSet;

use regex::Regex;

use super::managers::{MANAGERS, NAMES};
use super::*;
use crate::name::is_value;

/// Every system: a family that stands alone, or a release.
fn systems() -> Vec<(&'static str, Option<&'static str>)> {
    let mut all = Vec::new();
    for (name, family) in &Catalog::get().families {
        if family.release.is_empty() {
            all.push((name.as_str(), None));
        }
        let releases = family.release.keys();
        all.extend(releases.map(|r| (name.as_str(), Some(r.as_str()))));
    }
    all
}

fn image(family: &str, release: Option<&str>) -> String {
    let known = Catalog::get().known(family, release).unwrap();
    known.image.replace("{release}", release.unwrap_or("{}"))
}

#[test]
fn every_line_is_whole() {
    let regex = |text: &str| Regex::new(text).unwrap();
    let reference = regex(
        "^([a-z0-9.]+[.][a-z]+/)?[a-z0-9._-]+(/[a-z0-9]+([._-]+[a-z0-9]+)*)*:[A-Za-z0-9_][A-Za-z0-9_.-]*$",
    );
    let platform = regex("^linux/[a-z0-9]+(/v[0-9])?$");
    let tree = regex("^https?://[a-z0-9.-]+(/[a-zA-Z0-9._-]+)+$");
    let mut images = BTreeSet::new();
    for (family, release) in systems() {
        let name = release.map_or(family.to_owned(), |r| format!("{family}-{r}"));
        assert!(is_value(&name), "{name}");
        let known = Catalog::get().known(family, release).unwrap();
        let image = image(family, release);
        assert!(reference.is_match(&image), "{name}: {image}");
        assert!(NAMES.contains(&known.package_manager), "{name}");
        assert!(!known.distro.is_empty(), "{name}");
        assert!(
            known.platform.is_none_or(|p| platform.is_match(p)),
            "{name}"
        );
        assert!(known.archive.is_none_or(|a| tree.is_match(a)), "{name}");
        let day = known.end_of_life.unwrap_or("2000-01-01");
        assert!(day.parse::<jiff::civil::Date>().is_ok(), "{name}: {day}");
        images.insert(image);
    }
    let all = systems();
    assert!(all.len() >= 130, "{}", all.len());
    // Two lines of one image would be a slip; CentOS 8 was the last and is `latest` by that.
    assert_eq!(images.len(), all.len());
}

#[test]
fn every_family_is_whole() {
    for (name, family) in &Catalog::get().families {
        let default = family.default_release.as_ref();
        assert!(
            default.is_none_or(|d| family.release.contains_key(d)),
            "{name}"
        );
        let versions = family.release.values().filter_map(|r| r.version.as_ref());
        let mut seen = BTreeSet::new();
        for version in versions {
            assert!(seen.insert(version), "{name}: {version}");
        }
    }
    for manager in &MANAGERS {
        assert!(NAMES.contains(&manager.name), "{}", manager.name);
    }
}

/// Names without their family: `8`, `stream-8` and `stream` are others' parts, but no name can be read in two ways.
#[test]
fn no_line_is_two_others() {
    let names: BTreeSet<String> = systems()
        .into_iter()
        .map(|(family, release)| release.map_or(family.to_owned(), |r| format!("{family}-{r}")))
        .collect();
    let families = Catalog::get().families.keys().cloned();
    let all: BTreeSet<String> = names.iter().cloned().chain(families).collect();
    for name in &names {
        let cuts = name.match_indices('-').map(|(at, _)| at);
        for at in cuts {
            let (one, two) = (&name[..at], &name[at + 1..]);
            assert!(
                !(all.contains(one) && all.contains(two)),
                "{name}: {one} and {two}"
            );
        }
    }
}

/// Images that nobody keeps any more, and one that is of another release than it says.
const OTHERS: [&str; 3] = ["gentoo", "voidlinux", "raspbian-buster"];

#[test]
fn everything_that_sage_tests_on_is_here() {
    let table = include_str!("../../tests/sage/systems.tsv");
    let mut rows = 0;
    for row in table.lines().filter(|l| !l.starts_with('#')) {
        let [name, base, key, manager, _] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        // A version of python is an axis, not a release.
        if name.starts_with("gentoo-python") {
            continue;
        }
        let (family, release) = name
            .split_once('-')
            .map_or((name, None), |(f, r)| (f, Some(r)));
        let default = Catalog::get().families[family].default_release.as_deref();
        let release = release.or(default);
        let known = Catalog::get().known(family, release).unwrap();
        assert!(
            release.is_none_or(|r| Catalog::get().families[family].release.contains_key(r)),
            "{name}"
        );
        assert!(
            known.distro.iter().any(|d| d == key),
            "{name}: {:?}",
            known.distro
        );
        let managers: &[&str] = match manager {
            "apt-get" => &["apt"],
            // dnf answers to yum where it has taken its place.
            "yum" => &["yum", "dnf"],
            "nix-env" => &["nix"],
            "xbps-install" => &["xbps"],
            other => &[other],
        };
        assert!(managers.contains(&known.package_manager), "{name}");
        if !OTHERS.contains(&name) {
            assert_eq!(image(family, release), base, "{name}");
        }
        rows += 1;
    }
    assert!(rows >= 75, "{rows}");
}

/// What a matrix of all systems is made of: the newest of each family, and one that came before.
#[test]
fn nothing_of_a_matrix_is_missing() {
    let matrix = [
        (
            "ubuntu",
            "focal jammy noble plucky questing resolute resolute-arm64v8",
        ),
        (
            "debian",
            "bullseye bookworm trixie forky sid trixie-i386 trixie-arm64v8",
        ),
        ("fedora", "41 42 43 rawhide 43-arm64v8"),
        ("almalinux", "8 9 10 10-arm64v8"),
        ("rockylinux", "8 9 10"),
        ("centos", "7 stream-8 stream-9 stream-10"),
        ("oraclelinux", "8 9 10"),
        ("amazonlinux", "2 2023"),
        ("opensuse", "15.6 16.0 tumbleweed"),
        ("alpine", "3.18 3.19 3.20 3.21 3.22 3.23 edge 3.23-i386"),
        ("linuxmint", "21 21.3 22 22.1 22.2"),
        ("voidlinux", "glibc musl"),
        ("slackware", "14.2 15.0 current"),
        ("manylinux", "2014 2_28 2_34 2_28-i686 2_28-aarch64"),
        ("musllinux", "1_2 1_2-i686 1_2-aarch64"),
    ];
    for (family, releases) in matrix {
        for release in releases.split(' ') {
            let known = &Catalog::get().families[family].release;
            assert!(known.contains_key(release), "{family}-{release}");
        }
    }
}

#[test]
fn archives_are_those_of_releases_that_have_moved() {
    let archive = |family, release| Catalog::get().known(family, Some(release)).unwrap().archive;
    let moved = "http://old-releases.ubuntu.com/ubuntu";
    assert_eq!(archive("ubuntu", "kinetic"), Some(moved));
    assert_eq!(archive("ubuntu", "focal"), None);
    assert!(archive("debian", "bullseye").is_some() && archive("debian", "bookworm").is_none());
    assert_eq!(archive("ubuntu", "24.04"), None);
    assert_eq!(
        archive("centos", "7"),
        Some("http://vault.centos.org/7.9.2009")
    );
    assert_eq!(
        archive("manylinux", "2_24"),
        Some("http://archive.debian.org/debian")
    );
}
