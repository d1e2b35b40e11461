//! Every package manager's commands as they are run: they are shell, they ask once, they install what there is. Those
//! that no test machine has are played by `package-manager.sh`, which notes its calls byte for byte.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::played::{Played, commands};
use crate::support::{Fake, Project};

const MANAGERS: [&str; 12] = [
    "apt", "dnf", "yum", "zypper", "pacman", "emerge", "xbps", "slackpkg", "apk", "nix", "conda",
    "brew",
];

/// Words as projects have them, and worse.
const NAMES: [&str; 16] = [
    "pkgconfig(m4ri)",
    "pari=*=*_pthread",
    "matplotlib>=3.5.1",
    "gcc-[0-9]",
    "sci-mathematics/singular[readline]",
    "python@3.9",
    "user/tap/name",
    "g++",
    "foo; reboot",
    "$(reboot)",
    "`reboot`",
    "it's",
    "a\"b",
    "*",
    "two words",
    "back\\slash",
];

/// Every manager is a config; `docker-debian-bookworm-ignored-by_yum` ignores what is missing.
fn project(names: &[&str]) -> (Project, Fake) {
    let configs = MANAGERS.map(|m| format!("[config.by_{m}]\npackage-manager = \"{m}\"\n"));
    let names = serde_json::to_string(names).unwrap();
    let toml = format!(
        "[axis.missing.ignored]\nignore-missing-packages = true\n[axis.missing.refused]\n\
         [defaults]\nsystem-packages = {names}\n{}\
         [system.debian.release.bookworm]\nend-of-life = \"2028-06-30\"\narchive = \"http://a.example/debian\"\n\
         [stage.packages]\npackages = true\n",
        configs.concat()
    );
    let fake = Fake::new();
    (Project::new().envs_toml(&toml).engine(&fake), fake)
}

fn is_there(program: &str) -> bool {
    let path = std::env::var("PATH").unwrap();
    path.split(':').any(|f| Path::new(f).join(program).exists())
}

/// Every line of every manager's stage, with odd names and options, as a file.
fn scripts() -> (Project, Vec<PathBuf>) {
    let (project, _fake) = project(&NAMES);
    let options = "--setopt=tsflags= '--a b' \"pkgconfig(x)\"\n";
    let project = project.file("pkgs/odd/debian.txt", options);
    let toml =
        project.read("envs.toml") + "[package-tree]\nnames = \"pkgs/{package}/{distro}.txt\"\n";
    let toml = toml.replace("[defaults]\n", "[defaults]\npackages = [\"odd\"]\n");
    project.write("envs.toml", toml);
    let mut files = Vec::new();
    for manager in MANAGERS {
        for missing in ["ignored", "refused"] {
            let texts = commands(&project, &env(missing, manager));
            assert!(texts.len() >= 2, "{manager}: {texts:?}");
            for (at, text) in texts.iter().enumerate() {
                assert!(!text.contains("$options"), "{text}");
                let file = format!("scripts/{manager}-{missing}-{at}.sh");
                project.write(&file, format!("#!/bin/sh\n{text}\n"));
                files.push(project.path(&file));
            }
        }
    }
    (project, files)
}

/// For every shell that is there; shellcheck says more, where it is.
#[test]
fn every_package_stage_is_shell() {
    let (_project, files) = scripts();
    for shell in [&["dash"][..], &["bash"], &["busybox", "sh"]] {
        for file in files.iter().filter(|_| is_there(shell[0])) {
            let mut command = Command::new(shell[0]);
            let ran = command.args(&shell[1..]).arg("-n").arg(file).output();
            let ran = ran.unwrap();
            let fine = ran.status.success() && ran.stderr.is_empty();
            assert!(fine, "{shell:?}: {ran:?}");
        }
    }
    if !is_there("shellcheck") {
        eprintln!("skipped: no shellcheck here");
        return;
    }
    // Names are given as they are (2016, 1003).
    let mut command = Command::new("shellcheck");
    let ran = command.args(["-e", "SC2016,SC1003"]).args(&files).output();
    let ran = ran.unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}");
}

/// One whose commands are played: its refresh, its query (NAMES: all; LINES: all in one word), and its install.
struct Row(
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static str,
);

const ROWS: [Row; 8] = [
    Row(
        "yum",
        &["yum -q makecache"],
        "yum install -- NAMES",
        "yum -y install --",
    ),
    Row(
        "emerge",
        &["emerge-webrsync --quiet"],
        "portageq mass_best_visible / ebuild NAMES",
        "emerge --ask=n --quiet --quiet-build=y --noreplace --getbinpkg --autounmask-continue",
    ),
    Row(
        "xbps",
        &["xbps-install -Syu xbps", "xbps-install -yu"],
        "xbps-query -Rs EMPTY",
        "xbps-install -y --",
    ),
    Row(
        "slackpkg",
        &[
            "slackpkg -batch=on -default_answer=y update gpg",
            "slackpkg -batch=on -default_answer=y update",
        ],
        "",
        "slackpkg -batch=on -default_answer=y install",
    ),
    Row(
        "apk",
        &["apk update"],
        "apk add --simulate NAMES",
        "apk add",
    ),
    Row(
        "nix",
        &["nix-channel --update"],
        "nix-instantiate --eval --strict --json --argstr names LINES",
        "nix-env -f <nixpkgs> -i -A",
    ),
    Row(
        "conda",
        &[],
        "conda install --yes --dry-run NAMES",
        "conda install --yes",
    ),
    Row("brew", &["brew update"], "brew formulae", "brew install"),
];

fn words(text: &str, names: &[&str]) -> Vec<String> {
    let mut words = Vec::new();
    for word in text.split(' ') {
        match word {
            "NAMES" => words.extend(names.iter().map(|n| (*n).to_owned())),
            "LINES" => words.push(names.join("\n")),
            "EMPTY" => words.push(String::new()),
            word => words.push(word.to_owned()),
        }
    }
    words
}

fn env(missing: &str, manager: &str) -> String {
    format!("docker-debian-bookworm-{missing}-by_{manager}")
}

#[test]
fn what_there_is_not_is_asked_once_and_the_rest_is_installed() {
    let names = ["one", "gone", "also>=1", "it's \\new", "broken"];
    let played = Played::new(project(&names));
    played.write("there", "one\nbroken\n");
    played.write("also", "also>=1\n");
    played.write("broken", "broken\n");
    for Row(manager, updates, query, install) in &ROWS {
        let texts = commands(&played.project, &env("ignored", manager));
        let (fine, said) = played.run(&texts);
        assert!(fine, "{manager}: {said}");
        let (calls, mut at) = (played.calls(), 0);
        for update in *updates {
            assert_eq!(calls[at], words(update, &[]), "{manager}");
            at += 1;
        }
        if !query.is_empty() {
            let asked = words(query, &names);
            assert_eq!(calls[at][..asked.len()], asked, "{manager}");
        }
        // Two were left out. One cannot be installed: then each is installed alone.
        let install = words(install, &[]);
        let installs = calls
            .iter()
            .filter(|c| c.starts_with(&install) && !c.contains(&"--dry-run".to_owned()));
        let installs: Vec<_> = installs
            .filter(|c| !c.contains(&"--simulate".to_owned()))
            .cloned()
            .collect();
        let left: [&[&str]; 4] = [
            &["one", "also>=1", "broken"],
            &["one"],
            &["also>=1"],
            &["broken"],
        ];
        let expected = left.map(|names| {
            let names = names.iter().map(|n| (*n).to_owned());
            install.iter().cloned().chain(names).collect::<Vec<_>>()
        });
        assert_eq!(installs, expected, "{manager}");
        let missing = said
            .lines()
            .filter_map(|l| l.strip_prefix("runenv: package not available: "));
        assert_eq!(
            missing.collect::<Vec<_>>(),
            ["gone", "it's \\new", "broken"],
            "{manager}: {said}"
        );
    }
}

#[test]
fn what_fails_for_all_fails_the_stage() {
    let names = ["one", "broken"];
    let played = Played::new(project(&names));
    played.write("there", "one\nbroken\n");
    for Row(manager, updates, _, install) in &ROWS {
        let texts = commands(&played.project, &env("ignored", manager));
        // No lists, no query: nothing is told missing for a mirror that is away.
        played.write("offline", "");
        let (fine, said) = played.run(&texts);
        let calls = played.calls();
        assert_eq!(fine, updates.is_empty(), "{manager}: {said}");
        assert!(
            fine || calls.len() == 1 && !said.contains("not available"),
            "{manager}: {said}"
        );
        fs::remove_file(played.root.join("offline")).unwrap();
        // Where not even one can be installed, it is not the packages.
        played.write("broken", "one\nbroken\n");
        let (fine, said) = played.run(&texts);
        assert!(!fine, "{manager}: {said}");
        assert!(
            !played.calls().last().unwrap().contains(&"clean".to_owned()),
            "{manager}"
        );
        played.write("broken", "");
        let (fine, said) = played.run(&texts);
        assert!(fine && !said.contains("runenv:"), "{manager}: {said}");
        let install = words(install, &names)
            .into_iter()
            .chain(names.map(str::to_owned));
        assert!(played.calls().contains(&install.collect()), "{manager}");
    }
}

/// yum and slackpkg would say that all is well.
#[test]
fn one_that_there_is_not_fails_the_install() {
    let played = Played::new(project(&["one", "gone"]));
    played.write("there", "one\n");
    for Row(manager, ..) in &ROWS {
        let texts = commands(&played.project, &env("refused", manager));
        let (fine, said) = played.run(&texts);
        assert!(!fine, "{manager}: {said}");
        played.write("there", "one\ngone\n");
        let list = "slackware64 one 1 x86_64 1 one gone ./slackware64/d txz\n";
        played.write("var/lib/slackpkg/pkglist", list);
        let (fine, said) = played.run(&texts);
        assert!(fine, "{manager}: {said}");
        played.write("there", "one\n");
        played.write(
            "var/lib/slackpkg/pkglist",
            "slackware64 one 1 x86_64 1 one ./slackware64/d txz\n",
        );
    }
}

/// Nothing is left to install then. Names as the managers shorten them when they say it.
#[test]
fn where_all_is_missing_nothing_is_installed() {
    for (manager, name) in [("yum", "@gone"), ("emerge", ">=x/gone-1[flag]")] {
        let played = Played::new(project(&[name]));
        let texts = commands(&played.project, &env("ignored", manager));
        let (fine, said) = played.run(&texts);
        let told = format!("runenv: package not available: {name}\n");
        assert!(fine && said.contains(&told), "{manager}: {said}");
        let install = |call: &Vec<String>| {
            let call = call.join(" ");
            call.starts_with("yum -y install") || call.starts_with("emerge ")
        };
        assert!(!played.calls().iter().any(install), "{manager}");
        let (fine, said) = played.run(&commands(&played.project, &env("refused", manager)));
        assert!(!fine, "{manager}: {said}");
    }
}
