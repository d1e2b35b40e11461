//! Package stages on systems that are made for it (`tests/engines/images.sh dnf zypper pacman`): each has a repository
//! with `hello-two`, which needs `hello-one`, and `cmake`; and on Debian, from its mirror.

use std::process::Command;

use serde_json::json;

use crate::support::{Project, each};

/// `fedora` and `opensuse` find their repository only if its sources are rewritten to the archive.
const FILE: &str = r#"
[package-tree]
names = "pkgs/{package}/{distro}.txt"
[defaults]
packages = ["hello", "odd", "gone"]
[config.strict]
[config.loose]
ignore-missing-packages = true
[system.fedora.release.40]
end-of-life = "2025-05-13"
archive = "file:///srv/repo"
[system.opensuse.release."15.6"]
end-of-life = "2026-04-30"
archive = "file:///srv/repo"
[[when]]
if = "fedora-loose"
packages-before = ["""
cd /etc/yum.repos.d
printf '[f]\nname=f\nmetalink=http://127.0.0.1:9/\n#baseurl=http://download.example/pub/fedora/linux/rpm\ngpgcheck=0\n' >f.repo
rm local.repo"""]
[[when]]
if = "opensuse-loose"
packages-before = ["""
cd /etc/zypp/repos.d
sed 's,dir:///srv/repo,http://download.opensuse.org,' local.repo >oss.repo
rm local.repo"""]
[stage.packages]
packages = true
[stage.used]
run = ["hello-one && hello-two && cmake"]
"#;

/// A system and its distro key, two words for what is there, two for what is not and what is said of it, and whether it
/// has moved.
type System = (
    &'static str,
    &'static str,
    &'static str,
    [&'static str; 2],
    &'static str,
    bool,
);
const SYSTEMS: [System; 3] = [
    (
        "fedora-40",
        "fedora",
        "\"pkgconfig(cmake)\" --setopt=tsflags=",
        ["no-such-package", "pkgconfig(gone)"],
        "No match for argument: no-such-package",
        true,
    ),
    (
        "opensuse-15.6",
        "opensuse",
        "\"pkgconfig(cmake)\" 'hello-one >= 1'",
        ["no-such-package", "pkgconfig(gone)"],
        "No provider of 'no-such-package' found.",
        true,
    ),
    (
        "archlinux-latest",
        "arch",
        "virtual-cmake 'hello-one>=1'",
        ["no-such-package", "hello-one>=3"],
        "error: target not found: no-such-package",
        false,
    ),
];

#[test]
fn what_is_nowhere_is_left_out_or_fails_the_stage() {
    each(|engine| {
        let project = Project::new(engine, FILE);
        for (system, distro, odd, gone, words, moved) in SYSTEMS {
            project.file(
                &format!("pkgs/hello/{distro}.txt"),
                "hello-two # and what it needs\n",
            );
            project.file(&format!("pkgs/odd/{distro}.txt"), odd);
            project.file(
                &format!("pkgs/gone/{distro}.txt"),
                format!("'{}' '{}'", gone[0], gone[1]),
            );
            let env = format!("{engine}-{system}-loose");
            let said = project.runenv(&["run", &env]).code(0);
            let said = said.says("hello-one 1.0\nhello-two 1.0\ncmake 1.0\n");
            let said = said.says(&format!(
                "missing packages on {env}: {}, {}\n",
                gone[0], gone[1]
            ));
            let stage = project.result_of(&env)["stages"][0].clone();
            assert_eq!(stage["missing-packages"], json!(gone), "{env}");
            if moved {
                said.says(&format!("package sources on {env}: file:///srv/repo\n"));
                assert_eq!(stage["package-sources"], "file:///srv/repo");
            } else {
                assert_eq!(stage["package-sources"], json!(null));
            }
            project.runenv(&["run", &env]).code(0);
            let stages = project.result_of(&env)["stages"].clone();
            assert!(stages[0]["cached"] == true && stages[1]["cached"] == true);

            let env = format!("{engine}-{system}-strict");
            project.runenv(&["run", &env]).code(1).says(words);
            let result = project.result_of(&env);
            assert_eq!(result["stages"][0]["state"], "failed", "{result:#}");
            assert_eq!(result["stages"][0]["retries"], 0, "{result:#}");
            assert_eq!(result["stages"][1]["state"], "not-run");
        }
    });
}

/// The source is dead, and says of itself that it may be: no package is missing for that, the stage fails.
const DEAD: &str = r#"
[defaults]
system-packages = ["hello-one"]
ignore-missing-packages = true
packages-before = ["sed -i -e 's,^baseurl=.*,baseurl=http://127.0.0.1:9/,' -e '$askip_if_unavailable=True' /etc/yum.repos.d/local.repo"]
[stage.packages]
packages = true
"#;

#[test]
fn a_dead_source_is_no_missing_package() {
    each(|engine| {
        let project = Project::new(engine, DEAD);
        let env = format!("{engine}-fedora-40");
        project.runenv(&["run", "--retries=1", &env]).code(1);
        let stage = project.result_of(&env)["stages"][0].clone();
        assert_eq!(stage["retries"], 1, "a mirror may come back");
        assert_eq!(stage["missing-packages"], json!([]));
    });
}

/// Debian's release is declared past its end: what its list says is broken, and the archive is its own mirror; or the
/// archive is not there, and the list is right.
const DEBIAN: &str = r#"
[defaults]
system-packages = ["hello", "libhello-gone", "python3.1", "gcc-[0-9]", "hello=0"]
ignore-missing-packages = true
[config.moved]
packages-before = ["sed -i 's#[a-z]*://[^ ]*#http://gone.debian.org/debian#' /etc/apt/sources.list"]
[config.left]
[config.strict]
ignore-missing-packages = false
[system.debian.release.bookworm]
end-of-life = "2001-01-01"
archive = "MIRROR"
[stage.packages]
packages = true
[stage.used]
run = ["hello"]
"#;

const ALL_GONE: [&str; 4] = ["libhello-gone", "python3.1", "gcc-[0-9]", "hello=0"];

/// The mirror that the image is set to.
fn mirror(engine: &str) -> String {
    let print = r"sed -nE 's#^deb ([^ ]* )?([a-z]+://[^ ]*) .*#\2#p' /etc/apt/sources.list";
    let words = ["run", "--rm", "debian:bookworm", "sh", "-c", print];
    let ran = Command::new(engine).args(words).output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    let first = text.lines().next().unwrap().trim_end_matches('/');
    first.to_owned()
}

#[test]
fn packages_come_from_the_archive_or_from_where_they_were() {
    each(|engine| {
        let mirror = mirror(engine);
        let project = Project::new(engine, &DEBIAN.replace("MIRROR", &mirror));
        let env = format!("{engine}-debian-bookworm-moved");
        let said = project.runenv(&["run", &env]).code(0).says("Hello, world!");
        said.says(&format!("package sources on {env}: {mirror}\n"))
            .says(&format!(
                "missing packages on {env}: {}\n",
                ALL_GONE.join(", ")
            ));
        let stage = project.result_of(&env)["stages"][0].clone();
        assert_eq!(stage["package-sources"], mirror);
        assert_eq!(stage["missing-packages"], json!(ALL_GONE));

        let left = DEBIAN.replace("MIRROR", "file:///nowhere/debian");
        project.toml(&left);
        let env = format!("{engine}-debian-bookworm-left");
        let said = project.runenv(&["run", &env]).code(0);
        said.says("Hello, world!");
        let stage = project.result_of(&env)["stages"][0].clone();
        assert_eq!(stage["package-sources"], json!(null));
        assert_eq!(stage["missing-packages"], json!(ALL_GONE));

        // What is left is apt's alone: one engine is enough.
        if engine != "docker" {
            return;
        }
        // A mirror out of reach is no error to it: no package is missing for that, the stage fails.
        let cut = "[config.left]\nnetwork = \"none\"";
        project.toml(&left.replace("[config.left]", cut));
        project.runenv(&["run", "--retries=0", &env]).code(1);
        let stage = project.result_of(&env)["stages"][0].clone();
        assert_eq!(stage["missing-packages"], json!([]));

        project.toml(&DEBIAN.replace("MIRROR", &mirror));
        let env = format!("{engine}-debian-bookworm-strict");
        let said = project.runenv(&["run", &env]).code(1);
        said.says("E: Unable to locate package libhello-gone")
            .says(&format!("  sources  {mirror}\n"));
    });
}

/// The cache outlives the containers: so a try knows which it is.
const RETRIED: &str = r#"
[defaults]
package-manager = "apt"
mounts = [{ cache = "tries", at = "/tries" }]
[config.mended]
packages-before = ["""
[ ! -e /left ]
touch /left
echo try >>/tries/mended
echo "try $(wc -l </tries/mended)"
[ "$(wc -l </tries/mended)" -gt 1 ]"""]
[config.never]
packages-before = ["false"]
[config.unknown]
packages-before = ["echo 'E: Unable to locate package nowhere'; exit 100"]
[config.slow]
packages-before = ["sleep 60"]
[config.build]
[[when]]
if = "build"
stage.packages.run = ["false"]
[[when]]
if = "slow"
stage.packages.timeout = "1s"
[stage.packages]
packages = true
"#;

#[test]
fn a_package_stage_is_tried_again_in_a_fresh_container() {
    each(|engine| {
        let project = Project::new(engine, RETRIED);
        let env = |config: &str| format!("{engine}-box-latest-{config}");
        let stage = |config: &str| project.result_of(&env(config))["stages"][0].clone();
        let expected = [
            ("mended", 1, "passed"),
            ("never", 1, "failed"),
            ("unknown", 0, "failed"),
            ("slow", 0, "timed-out"),
            ("build", 0, "failed"),
        ];
        let envs = expected.map(|(config, ..)| env(config));
        let mut words = vec!["run", "-v", "-p", "all", "--retries", "1"];
        words.extend(envs.iter().map(String::as_str));
        let text = "it failed, and is tried again in 1 s (2 of 2)";
        let said = project.runenv(&words).code(1);
        said.says(text).says("try 1\n").says("try 2\n");
        for (config, retries, state) in expected {
            let stage = stage(config);
            assert_eq!(stage["retries"], retries, "{config}: {stage:#}");
            assert_eq!(stage["state"], state, "{config}: {stage:#}");
        }
        let log = project.left(&env("mended"), "log/01-packages.log");
        let log = String::from_utf8_lossy(&log).into_owned();
        assert_eq!(log, format!("try 1\nrunenv: {text}\ntry 2\n"));
        assert_eq!(project.images().len(), 5, "of tries only the last left one");

        let words = ["run", "--retries=0", &env("never")];
        project.runenv(&words).code(1);
        assert_eq!(stage("never")["retries"], 0);
    });
}
