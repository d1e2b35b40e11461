//! Keys: what acts changes them, what does not leaves them alone, and nothing of the machine is in them.

use std::os::unix::ffi::OsStrExt;

use crate::support::{Fake, Project};

/// Two stages; every setting of the table below changes something in it.
const FILE: &str = r#"
[project]
name = "p"
[vars]
used = "u"
unused = "n"
[defaults]
system-packages = ["make"]
[config.c]
[group]
g = ["zlib"]
[packages]
zlib = { debian = "zlib1g-dev", fedora = "zlib-devel" }
gmp = { debian = "libgmp-dev" }
[stage.packages]
packages = true
[stage.built]
copy = ["src"]
run = ["echo {used} {cpus} {posargs:none} {env:FROM_OUTSIDE:unset}", ["b", "c"]]
"#;

const RUN: &str = "run docker-debian-bookworm-c";

fn of(file: &str) -> (Fake, Project) {
    let fake = Fake::new().image("debian:trixie");
    let project = Project::new()
        .envs_toml(file)
        .file("src/a", "text")
        .file("other", "x")
        .engine(&fake);
    (fake, project)
}

/// The keys of all stages of a project after a run.
pub(crate) fn keys_of(project: &Project) -> Vec<String> {
    let result = project.json(".runenv/docker-debian-bookworm-c/result.json");
    let stages = result["stages"].as_array().unwrap();
    stages
        .iter()
        .map(|s| s["key"].as_str().unwrap().to_owned())
        .collect()
}

/// The named parts of the keys, from plan.json.
fn parts_of(project: &Project) -> Vec<serde_json::Value> {
    let plan = project.json(".runenv/docker-debian-bookworm-c/plan.json");
    let stages = plan["stages"].as_array().unwrap();
    stages.iter().map(|s| s["key-parts"].clone()).collect()
}

fn keys(file: &str) -> Vec<String> {
    let (_fake, project) = of(file);
    project.runenv(RUN).exits(0);
    keys_of(&project)
}

/// The file with lines more in a table (which is there, or made).
fn with(table: &str, lines: &str) -> String {
    let header = format!("[{table}]\n");
    if FILE.contains(&header) {
        return FILE.replace(&header, &format!("{header}{lines}\n"));
    }
    format!("{FILE}{header}{lines}\n")
}

/// Settings that act: a table, and a line of it.
const ACTING: [(&str, &str); 33] = [
    ("project", "key-salt = \"x\""),
    ("config.c", "image = \"debian:trixie\""),
    ("config.c", "package-manager = \"dnf\""),
    ("config.c", "packages = [\"gmp\"]"),
    ("config.c", "packages = [\"@g\"]"),
    ("config.c", "append.packages = [\"zlib\"]"),
    ("config.c", "system-packages = [\"gcc\"]"),
    ("config.c", "remove.system-packages = [\"make\"]"),
    ("config.c", "packages-before = [\"echo before\"]"),
    ("config.c", "packages-after = [\"echo after\"]"),
    ("config.c", "append.packages-after = [\"echo after\"]"),
    ("config.c", "ignore-missing-packages = true"),
    ("config.c", "env = { X = \"y\" }"),
    ("config.c", "vars.used = \"other\""),
    ("config.c", "prelude = [\"echo p\"]"),
    ("config.c", "shell = \"bash\""),
    ("config.c", "workdir = \"/other\""),
    ("config.c", "network = \"none\""),
    ("config.c", "allow-volumes = true"),
    ("config.c", "stage.built.run = [\"other\"]"),
    ("config.c", "stage.built.append.run = [\"more\"]"),
    ("config.c", "stage.built.append.copy = [\"other\"]"),
    ("config.c", "stage.built.copy = [\"other\"]"),
    ("config.c", "stage.built.env = { X = \"y\" }"),
    ("config.c", "stage.built.shell = \"bash\""),
    ("config.c", "stage.built.prelude = [\"echo p\"]"),
    ("config.c", "stage.built.workdir = \"/other\""),
    ("config.c", "stage.built.network = \"host\""),
    ("config.c", "stage.built.packages = true"),
    ("config.c", "stage.packages.packages = false"),
    ("runner.docker", "env = { X = \"y\" }"),
    ("runner.container", "prelude = [\"echo p\"]"),
    ("env.docker-debian-bookworm-c", "env = { X = \"y\" }"),
];

/// Settings that limit, place or tell.
const IDLE: [(&str, &str); 18] = [
    ("config.c", "memory = \"1g\""),
    ("config.c", "cpus = \"3\""),
    ("config.c", "timeout = \"1h\""),
    ("config.c", "kill-after = \"3s\""),
    ("config.c", "description = \"words\""),
    ("config.c", "pass-env = [\"X\"]"),
    ("config.c", "allow-volumes = false"),
    ("config.c", "vars.unused = \"other\""),
    ("config.c", "distro = [\"debian\"]"),
    ("config.c", "stage.built.timeout = \"1h\""),
    ("config.c", "stage.built.on-failure = [\"cat x\"]"),
    ("config.c", "stage.built.append.on-failure = [\"cat x\"]"),
    ("config.c", "stage.built.allow-failure = true"),
    ("project", "id = \"other\""),
    ("project", "requires = \">=0.1\""),
    ("project", "env-list = [\"local-host-c\"]"),
    ("runner.local", "env = { X = \"y\" }"),
    ("config.other", "env = { X = \"y\" }"),
];

#[test]
fn what_acts_changes_a_key_and_what_does_not_changes_none() {
    let base = keys(FILE);
    assert_eq!(base.len(), 2);
    let mut wrong = Vec::new();
    for (table, line) in ACTING {
        if keys(&with(table, line)) == base {
            wrong.push(format!("[{table}] {line} acts and changes no key"));
        }
    }
    for (table, line) in IDLE {
        if keys(&with(table, line)) != base {
            wrong.push(format!("[{table}] {line} changes a key and does not act"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A setting of the second stage leaves the first alone; one of the first changes all behind it.
#[test]
fn a_change_acts_from_its_stage_on() {
    let base = keys(FILE);
    let second = keys(&with("config.c", "stage.built.run = [\"other\"]"));
    assert_eq!((second[0] == base[0], second[1] == base[1]), (true, false));
    let first = keys(&with("config.c", "packages-after = [\"echo after\"]"));
    assert_eq!((first[0] == base[0], first[1] == base[1]), (false, false));
    // `shell` and `prelude` of layers do not act on the package stage.
    for line in ["shell = \"bash\"", "prelude = [\"echo p\"]"] {
        let other = keys(&with("config.c", line));
        assert_eq!(
            (other[0] == base[0], other[1] == base[1]),
            (true, false),
            "{line}"
        );
    }
}

#[test]
fn posargs_and_variables_act_where_they_are_used() {
    let (_fake, project) = of(FILE);
    let run = |project: &Project, words: &str| {
        project.runenv(words).exits(0);
        keys_of(project)
    };
    let base = run(&project, RUN);
    assert_ne!(run(&project, "run docker-debian-bookworm-c -- x"), base);
    assert_eq!(run(&project, "run docker-debian-bookworm-c -- none"), base);
    let project = project.var("NOT_USED", "x");
    assert_eq!(run(&project, RUN), base);
    let project = project.var("FROM_OUTSIDE", "x");
    assert_ne!(run(&project, RUN), base);
}

#[test]
fn files_act_by_path_kind_x_bit_target_and_content() {
    let (_fake, project) = of(FILE);
    let run = || {
        project.runenv(RUN).exits(0);
        keys_of(&project)
    };
    let mut seen = vec![run()];
    let mut differs = |what: &str| {
        let keys = run();
        assert_eq!(keys[0], seen[0][0], "{what}");
        assert!(!seen.contains(&keys), "{what} changes no key");
        seen.push(keys);
    };
    let file = project.path("src/a");
    project.write("src/a", "other");
    differs("content");
    crate::support::executable(&file);
    differs("the x-bit");
    std::fs::rename(&file, project.path("src/b")).unwrap();
    differs("a name");
    std::os::unix::fs::symlink("b", &file).unwrap();
    differs("a link");
    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("c", &file).unwrap();
    differs("a link's target");
    std::fs::create_dir(project.path("src/empty")).unwrap();
    differs("an empty folder");
    project.write(".dockerignore", "src/b\n");
    differs("what .dockerignore leaves out");
    project.write("src/b", "ignored");
    project.write("not-copied", "x");
    let keys = run();
    assert_eq!(seen.last(), Some(&keys), "what is not copied does not act");
}

/// Two folders, two time zones, two umasks, other times of files, another user's HOME, other `cpus`: one key.
#[test]
fn nothing_of_the_machine_is_in_a_key() {
    let (_fake, one) = of(FILE);
    one.runenv(RUN).exits(0);
    let fake = Fake::new();
    let two = Project::called("another folder")
        .envs_toml(&with("config.c", "cpus = \"7\""))
        .file("src/a", "text")
        .engine(&fake)
        .var("TZ", "Asia/Tokyo")
        .var("LANG", "de_DE.UTF-8")
        .var("USER", "somebody");
    let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    let file = std::fs::File::options()
        .write(true)
        .open(two.path("src/a"))
        .unwrap();
    file.set_modified(old).unwrap();
    let inner = two.command(RUN);
    let mut command = std::process::Command::new("sh");
    command
        .args(["-c", "umask 077; exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args());
    command.env_clear().current_dir(two.root());
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap());
    }
    two.ran(command.output().unwrap()).exits(0);
    assert_eq!(parts_of(&one), parts_of(&two));
    assert_eq!(keys_of(&one), keys_of(&two));
}

/// A name that is no text is a name.
#[test]
fn names_of_files_are_bytes() {
    let (_fake, project) = of(FILE);
    let src = project.path("src");
    for name in [b"\xff".as_slice(), b"new\nline", b"-n", &[b'x'; 255]] {
        std::fs::write(src.join(std::ffi::OsStr::from_bytes(name)), "").unwrap();
    }
    project.runenv(RUN).exits(0);
    let first = keys_of(&project);
    std::fs::rename(
        src.join(std::ffi::OsStr::from_bytes(b"\xff")),
        src.join(std::ffi::OsStr::from_bytes(b"\xfe")),
    )
    .unwrap();
    project.runenv(RUN).exits(0);
    assert_ne!(keys_of(&project), first);
}
