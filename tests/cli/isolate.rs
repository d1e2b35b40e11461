//! `isolate = "copy"`: an environment in a tree of its own, whose stages are found again.

use std::process::Command;

use snapbox::str;

use crate::support::{Project, same};

const FILE: &str = r#"
[runner.local]
isolate = "copy"
pass-env = ["FLAVOUR"]
[stage.configured]
copy = ["configure"]
run = ["sh configure >config", "pwd >where", "echo {root} {env-dir} >paths"]
[stage.built]
copy = ["src"]
run = ["cat config src/* >product", "echo built >>order"]
artifacts = ["product"]
[stage.tested]
run = ["cat notes >/dev/null; echo tested >>order"]
"#;

fn project() -> Project {
    Project::new()
        .envs_toml(FILE)
        .file("configure", "echo configured")
        .file("src/a", "a\n")
        .file("notes", "n")
}

/// Which stages of a run were found.
fn found(project: &Project, words: &str) -> Vec<String> {
    project.runenv(words).exits(0);
    let result = project.json(".runenv/local-host/result.json");
    let stages = result["stages"].as_array().unwrap().iter();
    let found = stages.filter(|stage| stage["cached"] == true);
    found
        .map(|stage| stage["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn stages_are_found_again_until_something_that_acts_changes() {
    let project = project();
    assert!(found(&project, "run local").is_empty());
    let tree = ".runenv/local-host/tree";
    assert!(!project.path("product").exists() && !project.path("config").exists());
    assert_eq!(
        project.read(&format!("{tree}/where")).trim(),
        project.path(tree).display().to_string()
    );
    let (tree_path, folder) = (project.path(tree), project.path(".runenv/local-host"));
    let paths = format!("{} {}\n", tree_path.display(), folder.display());
    assert_eq!(project.read(&format!("{tree}/paths")), paths);
    assert_eq!(
        project.read(".runenv/local-host/artifacts/built/product"),
        "configured\na\n"
    );
    let all = ["configured", "built", "tested"];
    assert_eq!(found(&project, "run local"), all);
    project.write("src/a", "b\n");
    assert_eq!(found(&project, "run local"), all[..1]);
    assert_eq!(
        project.read(".runenv/local-host/artifacts/built/product"),
        "configured\nb\n"
    );
    project.write("notes", "m");
    assert_eq!(
        found(&project, "run local"),
        all[..2],
        "a stage without `copy` may read all"
    );
    project.write("configure", "echo other");
    assert!(found(&project, "run local").is_empty());
}

#[test]
fn options_and_variables_act() {
    let (project, all) = (project(), ["configured", "built", "tested"]);
    project.runenv("run local").exits(0);
    assert_eq!(found(&project, "run local --redo built"), all[..1]);
    assert_eq!(found(&project, "run local --to built"), all[..2]);
    assert_eq!(
        found(&project, "run local"),
        all,
        "what was not asked for stays"
    );
    assert!(found(&project, "run local -r").is_empty());
    assert!(
        found(&project, "run local --set env.X=1").is_empty(),
        "a variable"
    );
    assert!(found(&project, "run local").is_empty());
    let project = project.var("FLAVOUR", "sour");
    assert!(
        found(&project, "run local").is_empty(),
        "a variable of the caller's"
    );
    assert_eq!(
        found(&project, "run local --set env.X=1 --to configured").len(),
        0
    );
    assert_eq!(
        project
            .read(".runenv/local-host/tree/order")
            .lines()
            .count(),
        12
    );
}

#[test]
fn a_run_that_finds_all_says_so() {
    let project = project();
    project.runenv("run local").exits(0);
    same(
        project.runenv("run local").exits(0).whole(),
        str![[r#"
exit 0
--- stderr
local-host
  configured  cached
  built       cached
  tested      cached
1 passed in [TIME], all stages cached

"#]],
    );
    let ran = project.runenv("run -n local").exits(0).stdout;
    let first = "# local-host: in a copy of the tree, [ROOT]/.runenv/local-host/tree";
    assert_eq!(ran.lines().next(), Some(first), "{ran}");
}

/// A stage that fails, or is killed, and those after it are run again; those before it are not.
#[test]
fn a_stage_that_failed_is_not_found() {
    let project = project();
    project.runenv("run local").exits(0);
    project.write("src/a", "new\n");
    let project = project.var("FLAVOUR", "x");
    project
        .runenv("run local --set stage.built.append.run=false")
        .exits(1);
    let passed = project.json(".runenv/local-host/passed.json");
    assert_eq!(passed["stages"].as_array().unwrap().len(), 1);
    // The source is as it was when all passed, and yet nothing after the failure is believed.
    project.write("src/a", "a\n");
    assert_eq!(found(&project, "run local"), ["configured"]);
}

#[test]
fn why_is_told_of_what_passed_and_failed_since() {
    let project = Project::new().envs_toml(&format!(
        "{FILE}[stage.docs]\nfrom = \"configured\"\nrun = [\"true\"]\n"
    ));
    let project = project.file("configure", "echo c").file("src/a", "a\n");
    let project = project.file("notes", "n");
    let explain = || project.runenv("explain local").exits(0).stdout;
    let before = explain();
    found(&project, "run local");
    project.write("configure", "false");
    project.runenv("run local").exits(1);
    project.write("configure", "echo c");
    let text = [before, explain()].join("\n");
    let keys = regex::Regex::new(" [0-9a-f]{16} ").unwrap();
    same(
        keys.replace_all(&text, " ").as_ref(),
        str![[r#"
local-host (this host)
  configured  runs      nothing of it was built yet
  built       runs      `configured` runs before it in the tree
  tested      runs      `configured` runs before it in the tree
  docs        runs      `configured` runs before it in the tree

local-host (this host)
  configured  runs      it has not passed in its tree as that is now
  built       runs      `configured` runs before it in the tree
  tested      runs      `configured` runs before it in the tree
  docs        runs      `configured` runs before it in the tree

"#]],
    );
}

#[test]
fn a_kill_leaves_nothing_that_is_believed() {
    let project = project();
    project.runenv("run local").exits(0);
    let slow = "run local --redo built --set stage.built.append.run=[\"touch\\tup;\\tsleep\\t9\"]";
    let words: Vec<String> = slow.split(' ').map(|w| w.replace("\\t", " ")).collect();
    let mut child = project.command(words).spawn().unwrap();
    let up = project.path(".runenv/local-host/tree/up");
    while !up.exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // A tree is one run's; the source tree is not held.
    let refused = project.runenv("run local").exits(3).stderr;
    assert!(
        refused.contains("another local run has the tree of `local-host`: process"),
        "{refused}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(found(&project, "run local"), ["configured"]);
}

/// Files that git ignores are not copied, also where a stage names them, and change no key.
#[test]
fn git_says_which_files_are_copied() {
    let file = "[runner.local]\nisolate = \"copy\"\n[stage.a]\ncopy = [\"named\", \"src\"]\nrun = [\"find . -type f | sort\"]\n";
    let project = Project::new()
        .envs_toml(file)
        .file(".gitignore", "*.o\nnamed\n")
        .file("src/a.c", "")
        .file("src/a.o", "")
        .file("src/deleted", "")
        .file("named", "")
        .file("inner/tracked", "")
        .link("out", "/etc")
        .var("PATH", "/usr/bin:/bin");
    for folder in ["", "inner"] {
        for words in ["init -q", "add -A"] {
            let mut git = Command::new("git");
            git.args(words.split(' ')).current_dir(project.path(folder));
            git.env("GIT_CONFIG_GLOBAL", "/dev/null");
            assert!(git.output().unwrap().status.success());
        }
    }
    std::fs::remove_file(project.path("src/deleted")).unwrap();
    project.write("src/untracked", "");
    project.runenv("run local").exits(0);
    let expected = "./.gitignore\n./envs.toml\n./inner/tracked\n./src/a.c\n./src/untracked\n";
    assert_eq!(project.read(".runenv/local-host/log/01-a.log"), expected);
    let out = std::fs::read_link(project.path(".runenv/local-host/tree/out")).unwrap();
    assert_eq!(out.display().to_string(), "/etc");
    project.write("src/a.o", "made by a build in the source tree");
    assert_eq!(found(&project, "run local"), ["a"]);
    // Somebody else's repository, or a broken one: git does not answer.
    project.write(".git/HEAD", "nothing");
    let ran = project.runenv("run local").exits(3).stderr;
    assert!(
        ran.contains("error: git does not list the files of `[ROOT]`: fatal: "),
        "{ran}"
    );
}

/// The source is never written to by way of what a hostile file or an earlier command put into the place of the tree.
#[test]
fn a_link_in_the_trees_place_is_refused() {
    let project = project().file("precious", "p");
    std::fs::create_dir_all(project.path(".runenv/local-host")).unwrap();
    std::os::unix::fs::symlink("../..", project.path(".runenv/local-host/tree")).unwrap();
    let ran = project.runenv("run local").exits(3).stderr;
    assert!(
        ran.contains("`[ROOT]/.runenv/local-host/tree` is not a folder"),
        "{ran}"
    );
    assert_eq!(project.read("precious"), "p");
}
