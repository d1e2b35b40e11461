//! Package sources of releases that have moved to an archive: what becomes of the files that real images have, and what
//! is done where the archive does not answer. The package managers are played.

use std::fs;

use crate::played::{Played, commands};
use crate::support::{Fake, Project, golden};

/// A system, its image, the files of `tests/data/sources` that it has, and where.
struct Row(
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const LIST: &str = "etc/apt/sources.list";
const ROWS: [Row; 13] = [
    Row("debian-jessie", "debian:jessie", &[("jessie", LIST)]),
    Row("debian-stretch", "debian:stretch", &[("stretch", LIST)]),
    Row(
        "debian-bullseye",
        "debian:bullseye",
        &[("bullseye.sources", "etc/apt/sources.list.d/debian.sources")],
    ),
    Row("ubuntu-groovy", "ubuntu:groovy", &[("groovy", LIST)]),
    Row(
        "raspbian-buster",
        "balenalib/rpi-raspbian:buster",
        &[("raspbian-buster", LIST)],
    ),
    Row(
        "centos-7",
        "centos:centos7",
        &[
            ("centos-7.repo", "etc/yum.repos.d/CentOS-Base.repo"),
            ("epel-7.repo", "etc/yum.repos.d/epel.repo"),
        ],
    ),
    Row(
        "centos-8",
        "centos:8",
        &[("centos-8.repo", "etc/yum.repos.d/CentOS-Linux-BaseOS.repo")],
    ),
    Row(
        "centos-stream-8",
        "quay.io/centos/centos:stream8",
        &[(
            "centos-stream-8.repo",
            "etc/yum.repos.d/CentOS-Stream-AppStream.repo",
        )],
    ),
    Row(
        "fedora-28",
        "fedora:28",
        &[("fedora-28.repo", "etc/yum.repos.d/fedora.repo")],
    ),
    Row(
        "fedora-35",
        "fedora:35",
        &[
            ("fedora-35.repo", "etc/yum.repos.d/fedora-updates.repo"),
            (
                "fedora-cisco-openh264.repo",
                "etc/yum.repos.d/fedora-cisco-openh264.repo",
            ),
        ],
    ),
    Row(
        "scientificlinux-7",
        "scientificlinux/sl:7",
        &[("scientificlinux-7.repo", "etc/yum.repos.d/sl7.repo")],
    ),
    Row(
        "opensuse-42",
        "opensuse/leap:42",
        &[("leap-42.repo", "etc/zypp/repos.d/oss.repo")],
    ),
    Row(
        "opensuse-15.2",
        "opensuse/leap:15.2",
        &[("leap-15.2.repo", "etc/zypp/repos.d/oss.repo")],
    ),
];

/// Two that the catalog has no archive of, and one that ends on no day that has come.
const FILE: &str = r#"
[defaults]
system-packages = ["one"]
[system.scientificlinux]
archive = "http://archive.example/a&b#c/scientific"
[system.raspbian]
platform = "linux/amd64"
[system.opensuse]
archive = "https://archive.example/discontinued"
[system.debian]
release.bookworm = { end-of-life = "9998-12-31", archive = "http://archive.debian.org/debian" }
[stage.packages]
packages = true
"#;

fn played() -> Played {
    let fake = Fake::new();
    let fake = ROWS.iter().fold(fake, |fake, row| fake.image(row.1));
    let played = Played::new((Project::new().envs_toml(FILE).engine(&fake), fake));
    played.write("there", "one\n");
    played
}

/// The line that updates, with the files of a system in their places.
fn prepared(played: &Played, Row(system, _, files): &Row) -> Vec<String> {
    for folder in ["etc/apt", "etc/yum.repos.d", "etc/zypp", "var/lib/runenv"] {
        let _ = fs::remove_dir_all(played.root.join(folder));
    }
    played.write("etc/apt/apt.conf.d/70debconf", "");
    for (file, place) in *files {
        let data = format!("{}/tests/data/sources/{file}", env!("CARGO_MANIFEST_DIR"));
        played.write(place, &fs::read_to_string(data).unwrap());
    }
    let mut texts = commands(&played.project, &format!("docker-{system}"));
    texts.truncate(1);
    texts
}

const SETTING: &str = "etc/apt/apt.conf.d/99runenv-archive";

#[test]
fn sources_are_rewritten_and_put_back() {
    let played = played();
    for row @ Row(system, _, files) in &ROWS {
        let texts = prepared(&played, row);
        // A second time, as after `packages-before`, changes nothing more.
        for _ in 0..2 {
            let (fine, said) = played.run(&texts);
            assert!(fine, "{system}: {said}");
            assert_eq!(
                said.matches("runenv: package sources: http").count(),
                1,
                "{system}: {said}"
            );
            for (file, place) in *files {
                let text = fs::read_to_string(played.root.join(place)).unwrap();
                golden(text, &format!("sources/{file}"));
            }
        }
        let apt = files[0].1.contains("apt");
        assert_eq!(played.root.join(SETTING).exists(), apt, "{system}");
        let line = texts[0]
            .lines()
            .find_map(|l| l.strip_prefix("archive="))
            .unwrap();
        // What the archive does not have may still be where it was.
        let texts = prepared(&played, row);
        played.write("offline", line.trim_matches('\''));
        let (fine, said) = played.run(&texts);
        assert!(fine && !said.contains("runenv:"), "{system}: {said}");
        // What `packages-before` changes in between is there after a second time.
        let was = |place: &str| fs::read_to_string(played.root.join(place)).unwrap();
        let changed = was(files[0].1) + "# changed\n";
        played.write(files[0].1, &changed);
        let (fine, said) = played.run(&texts);
        assert!(fine && was(files[0].1) == changed, "{system}: {said}");
        played.write(files[0].1, changed.trim_end_matches("# changed\n"));
        fs::remove_file(played.root.join("offline")).unwrap();
        assert!(!played.root.join(SETTING).exists(), "{system}");
        for (file, place) in *files {
            let data = format!("{}/tests/data/sources/{file}", env!("CARGO_MANIFEST_DIR"));
            let (is, was) = (
                fs::read(played.root.join(place)).unwrap(),
                fs::read(data).unwrap(),
            );
            assert!(is == was, "{system}: {place}");
        }
    }
}

#[test]
fn until_its_day_a_system_is_left_alone() {
    let played = played();
    let texts = prepared(&played, &Row("debian-bookworm", "", &[("jessie", LIST)]));
    let (fine, said) = played.run(&texts);
    assert!(fine && !said.contains("runenv:"), "{said}");
    let text = fs::read_to_string(played.root.join(LIST)).unwrap();
    assert!(
        !text.contains("archive.debian.org") && !played.root.join(SETTING).exists(),
        "{text}"
    );
    assert!(texts[0].contains("-gt 99981231 ]"), "{}", texts[0]);
}
