//! The large sample: a file that uses something of every table is read, listed and shown; what of it no run can do yet
//! is said.

use crate::support::{Project, Ran};

const SAMPLE: &str = include_str!("../data/sample.toml");

/// The file in a tree that has one package with a folder of its own.
fn sample() -> Project {
    Project::new()
        .envs_toml(SAMPLE)
        .file("build/pkgs/zlib/type", "standard\n")
        .file("build/pkgs/zlib/spkg-configure.m4", "")
        .file("build/pkgs/zlib/distros/debian.txt", "zlib1g-dev\n")
        .file("build/pkgs/zlib/distros/conda.txt", "zlib\n")
}

/// The lines of a `show`, with single blanks.
fn lines(ran: Ran) -> Vec<String> {
    let lines = ran.stdout.lines();
    lines
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[track_caller]
fn has(lines: &[String], wanted: &[&str]) {
    for line in wanted {
        assert!(lines.iter().any(|l| l == line), "{line} in {lines:#?}");
    }
}

#[test]
fn it_is_listed() {
    let ran = sample().runenv("list").exits(0);
    assert_eq!(ran.stderr, "");
    let names: Vec<&str> = ran.stdout.lines().collect();
    // Five systems in three configs, without one of conda; the host; two with names of their own.
    assert_eq!(names.len(), 5 * 3 - 1 + 1 + 2, "{names:#?}");
    assert!(!names.contains(&"docker-conda-forge-minimal"));
    assert!(names.contains(&"docker-conda-forge-maximal"));
    assert!(names.contains(&"docker-fedora-34-standard"));
}

#[test]
fn its_environments_are_shown() {
    let project = sample();
    let ran = project.runenv("show docker-ubuntu-focal-gcc_9-maximal");
    let lines_of = lines(ran.exits(0));
    has(
        &lines_of,
        &[
            "image ubuntu:focal",
            "system-packages gcc-9",
            "ignore-missing-packages true",
            "stage.configured.run ./configure --enable-option-checking --with-system-gcc=yes \
             --with-system-make=yes --with-system-python3=yes --with-system-gmp=yes --with-system-mpfr=yes CC=gcc-9 \
             CXX=g++-9",
        ],
    );
    let ran = project.runenv("show docker-conda-forge-standard");
    has(
        &lines(ran.exits(0)),
        &[
            "image continuumio/miniconda3:latest",
            "package-manager conda",
            "distro conda",
            "packages-without-a-name gcc",
        ],
    );
    let ran = project.runenv("show docker-centos-7-i386-minimal");
    has(
        &lines(ran.exits(0)),
        &[
            "image i386/centos:centos7",
            "platform linux/386",
            "package-manager yum",
            "archive http://vault.centos.org/7.9.2009",
            "stage.bootstrapped.timeout 30m",
        ],
    );
    let ran = project.runenv("show smoke image");
    assert_eq!(ran.exits(0).stdout, "debian:bookworm\n");
}

#[test]
fn its_axes_are_told() {
    let axes = sample().runenv("list --axes").exits(0).stdout;
    let values: Vec<String> = axes.lines().map(|l| l.trim().to_owned()).collect();
    has(
        &values,
        &[
            "ubuntu-24.04",
            "conda-forge",
            "python3.12",
            "with-targets           (default)",
        ],
    );
    // Ours gives way to a system and an axis of the file's that mean the same.
    let (_, left_out) = axes.split_once("left out of the catalog").unwrap();
    assert!(left_out.contains("`debian-bookworm` (system) and `i386` (arch)"));
}

/// Everything that the sample says can be run: its files alone are not here.
#[test]
fn all_of_it_can_be_run() {
    let project = sample();
    let plan = project.runenv("run -n docker-ubuntu-focal-standard");
    assert!(plan.exits(0).stdout.contains("ubuntu:focal"));
    let ran = project.runenv("run docker-ubuntu-focal-standard").exits(2);
    let told = "`configure.ac` matches no file";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
}
