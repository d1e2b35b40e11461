//! `artifacts` of containers: what a real engine would not give, and what a stage that is found has.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use snapbox::str;
use tar::{Builder, EntryType, Header};

use crate::support::{Fake, Project, Ran, same};

const FILE: &str = "[project]\nname = \"p\"\n[stage.one]\nrun = [\"echo one\"]\nartifacts = [\"logs/**\", \"logs/x\", \"a.log\"]\n[stage.two]\nrun = [\"echo two\"]\n";
const RUN: &str = "run docker-debian-bookworm";

fn played(fake: &Fake) -> Project {
    Project::new().envs_toml(FILE).engine(fake)
}

fn tar(entries: &[(&str, EntryType, &str)]) -> String {
    let mut builder = Builder::new(Vec::new());
    for (name, kind, target) in entries {
        let mut header = Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o4777);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        let content: &[u8] = if kind.is_file() { b"text" } else { b"" };
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }
    String::from_utf8(builder.into_inner().unwrap()).unwrap()
}

fn run(fake: &Fake, project: &Project) -> Ran {
    let ran = project.runenv(RUN).exits(0);
    assert_eq!(fake.containers(), Vec::<String>::new());
    ran
}

#[test]
fn one_call_for_each_place_and_none_where_there_are_no_artifacts() {
    let fake = Fake::new();
    let project = played(&fake);
    let ran = run(&fake, &project);
    let calls = fake.calls_of("docker cp");
    let ends: Vec<&str> = calls
        .iter()
        .map(|call| call.split_once(':').unwrap().1)
        .collect();
    assert_eq!(ends, ["/p/a.log -", "/p/logs -"], "{calls:?}");
    assert!(
        calls
            .iter()
            .all(|call| call.starts_with("docker cp -L runenv-"))
    );
    for glob in ["logs/**", "logs/x", "a.log"] {
        let line = format!("== artifacts: nothing matches `{glob}`\n");
        assert!(ran.stderr.contains(&line), "{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    // The image of a stage that is found is asked while there is nothing; what there is stays.
    let found = run(&fake, &project).stderr;
    assert!(
        found.contains("== artifacts: nothing matches `a.log`\n"),
        "{found}"
    );
    fake.play("cp.out", &tar(&[("logs/a", EntryType::Regular, "")]));
    redo(&project);
    project.write(".runenv/docker-debian-bookworm/artifacts/one/kept", "");
    fake.forget_calls();
    assert!(!run(&fake, &project).stderr.contains("artifacts"));
    assert_eq!(fake.calls_of("docker cp"), Vec::<String>::new());
    assert!(
        project
            .path(".runenv/docker-debian-bookworm/artifacts/one/kept")
            .exists()
    );
}

fn redo(project: &Project) -> Ran {
    project.runenv(format!("{RUN} --redo one").as_str())
}

/// What is there of another key, or of a failure, is not that of the stage that is found.
#[test]
fn a_stage_that_is_found_has_its_own() {
    let fake = Fake::new();
    fake.play("cp.out", &tar(&[("logs/a", EntryType::Regular, "")]));
    let project = played(&fake);
    run(&fake, &project);
    let copied = project.path(".runenv/docker-debian-bookworm/artifacts/one");
    let found = |brought: bool| {
        let told = run(&fake, &project).stderr;
        assert_eq!(
            (told.contains("== artifacts: 2 files"), copied.exists()),
            (brought, true),
            "{told}"
        );
    };
    found(false);
    project.write("envs.toml", FILE.replace("echo one", "echo other"));
    run(&fake, &project);
    assert!(copied.exists());
    project.write("envs.toml", FILE);
    found(true);
    found(false);
    redo(&project).exits(0);
    found(false);
    fake.play("run.fails", "1 1\n");
    redo(&project).exits(1);
    assert!(copied.exists());
    // It is not found any more: it has them of the run that passes.
    fs::remove_file(fake.folder().join("play/run.fails")).unwrap();
    found(true);
    found(false);
}

const HOSTILE: [(&str, EntryType, &str); 9] = [
    ("logs/", EntryType::Directory, ""),
    ("logs/a", EntryType::Regular, ""),
    ("logs/../../x", EntryType::Regular, ""),
    ("/logs/x", EntryType::Regular, ""),
    ("logs/l", EntryType::Symlink, "../../../../.."),
    ("logs/l/x", EntryType::Regular, ""),
    ("logs/in", EntryType::Symlink, "a"),
    ("logs/h", EntryType::Link, "../../envs.toml"),
    ("logs/d", EntryType::Block, ""),
];

#[test]
fn a_hostile_engine_gets_nothing_written_elsewhere() {
    let fake = Fake::new();
    fake.play("cp.1.out", &tar(&[("a.log", EntryType::Regular, "")]));
    fake.play("cp.2.out", &tar(&HOSTILE));
    let project = played(&fake);
    let ran = run(&fake, &project);
    same(
        ran.stderr,
        str![[r#"
docker-debian-bookworm
== one (1/2)
$ echo one
== artifacts: nothing matches `logs/x`
== artifacts: 4 files, 12 bytes in [ROOT]/.runenv/docker-debian-bookworm/artifacts/one
warning: 5 artifacts of `one` left out
help: `logs/logs/../../x`: its path leads out of the folder
help: `logs//logs/x`: its path leads out of the folder
help: `logs/l`: it is a link that leads out of the folder
help: `logs/h`: its path leads out of the folder
help: `logs/d`: it is a device
== one passed in [TIME]
== two (2/2)
$ echo two
== two passed in [TIME]
1 passed in [TIME]

"#]],
    );
    let folder = project.path(".runenv/docker-debian-bookworm/artifacts/one");
    let mode = fs::metadata(folder.join("logs/a"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o755);
    let mut names: Vec<_> = fs::read_dir(folder.join("logs"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["a", "in", "l"]);
    assert!(folder.join("logs/l/x").is_file());
}

/// The engine's trouble with them changes nothing of how the stage ended, and is seen.
#[test]
fn what_the_engine_cannot_give_is_a_warning() {
    for (what, text, said) in [
        (
            "cp.err",
            "Error: no space left on device\n",
            "no space left on device",
        ),
        (
            "cp.out",
            "<html>not today</html>\n",
            "its archive is broken",
        ),
        ("cp.out", "", "its archive is empty"),
        ("cp.die", "", "signal KILL"),
    ] {
        let fake = Fake::new();
        fake.play(what, text);
        if what == "cp.err" {
            fake.play("cp.code", "1");
        }
        let project = played(&fake);
        let told = run(&fake, &project).stderr;
        let warning =
            "warning: docker could not copy all of `/p/logs` out of the container of `one`: ";
        let line = told.lines().find(|line| line.starts_with(warning));
        assert!(line.is_some_and(|line| line.contains(said)), "{told}");
        assert!(!told.contains("nothing matches"), "{told}");
        let result = project.json(".runenv/docker-debian-bookworm/result.json");
        assert_eq!(
            (&result["state"], &result["stages"][0]["artifacts"]),
            (&"passed".into(), &().into())
        );
    }
}

/// Of two runs at once with other words the one that ends last does not take the other's artifacts for its own.
#[test]
fn artifacts_of_another_run_are_not_those_of_the_stage_that_is_found() {
    let fake = Fake::new();
    let file = FILE.replace("echo one", "echo {posargs:}");
    let project = Project::new().envs_toml(&file).engine(&fake);
    let artifacts = |name: &str| tar(&[(name, EntryType::Regular, "")]);
    fake.play("cp.out", &artifacts("logs/a"));
    // The network's, the first stage's, the second stage's.
    fake.play("run.3.delay", "2");
    let child = project.command("run docker-debian-bookworm -- a").spawn();
    let started = std::time::Instant::now();
    while fake.calls_of("docker run").len() < 3 {
        assert!(started.elapsed().as_secs() < 20, "{:?}", fake.calls());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    fake.play("cp.out", &artifacts("logs/b"));
    project.runenv("run docker-debian-bookworm -- b").exits(0);
    let ended = child.unwrap().wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    fake.play("cp.out", &artifacts("logs/a"));
    let ran = project.runenv("run docker-debian-bookworm -- a").exits(0);
    assert!(ran.stderr.contains("all stages cached"), "{}", ran.stderr);
    let paths = project.runenv("artifacts docker-debian-bookworm").exits(0);
    assert!(paths.stdout.ends_with("/one/logs/a\n"), "{}", paths.stdout);
}

#[test]
fn those_of_an_increment_come_out_of_its_image() {
    let fake = Fake::new();
    let file = FILE.replace(
        "[stage.two]",
        "copy = [\"src\"]\nincremental = true\n[stage.two]",
    );
    let project = Project::new()
        .envs_toml(&file)
        .file("src", "")
        .engine(&fake);
    run(&fake, &project);
    project.write("src", "new");
    run(&fake, &project);
    let folder = project.path(".runenv/docker-debian-bookworm");
    let note: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.join("images.json")).unwrap()).unwrap();
    let _ = fs::remove_dir_all(folder.join("artifacts"));
    fake.forget_calls();
    let said = run(&fake, &project).stderr;
    let made = fake.calls_of("docker create");
    let image = note["images"]["one"].as_str().unwrap();
    assert!(made.len() == 1 && made[0].contains(image), "{made:?}");
    assert!(!said.contains("its image is not here"), "{said}");
}
