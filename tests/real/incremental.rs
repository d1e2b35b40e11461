//! `incremental = true`: what is sent, what goes, what is compiled again, and what is never taken for a clean build.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::{Value, json};

use crate::support::{Project, each};

/// A make of sorts: what is newer than what was made of it is made again.
const TOML: &str = r#"
[system.other]
image = "busybox:latest"
network = "none"
release.latest = {}
[stage.conf]
copy = ["conf"]
run = ["cat conf >/made.conf"]
[stage.built]
copy = ["src"]
incremental = true
max-links = 2
run = ["""
for f in src/*.c; do
  o=/made/${f##*/}
  if [ ! -e $o ] || [ $f -nt $o ]; then mkdir -p /made; echo CC $f; cat $f >$o; fi
done
[ ! -e src/generated ] || echo product >src/generated
[ ! -e src/fails ] || [ -e /failed ] || { : >/failed; exit 1; }
echo conf $(cat conf)"""]
[stage.tested]
run = ["echo sees $(cat /made/*.c)"]
"#;

fn project(engine: &str) -> Project {
    let project = Project::new(engine, TOML);
    for name in ["1", "2", "3"] {
        project.file(&format!("src/{name}.c"), format!("int {name};\n"));
    }
    project.file("conf", "old\n");
    project
}

/// What the last run compiled.
fn compiled(project: &Project) -> Vec<String> {
    let log = project.log(2, "built");
    let lines = log.lines().filter_map(|line| line.strip_prefix("CC src/"));
    lines.map(str::to_owned).collect()
}

/// How many increments there were since a clean build, by the last result.
fn links(project: &Project, stage: &str) -> Value {
    project.stage(stage)["incremental"]["links"].clone()
}

#[test]
fn what_changed_is_made_again_and_increments_are_counted() {
    each(|engine| {
        let project = project(engine);
        project.run(&[]).code(0);
        assert_eq!(compiled(&project), ["1.c", "2.c", "3.c"]);
        assert_eq!(project.stage("built")["incremental"], Value::Null);
        project.file("src/2.c", "int two;\n");
        let said = project.run(&[]).code(0).says("1 file sent, 0 taken away");
        said.says("built passed")
            .says("sees int 1; int two; int 3;");
        assert_eq!(compiled(&project), ["2.c"]);
        assert_eq!(project.ran(), ["built", "tested"]);
        assert_eq!(links(&project, "built"), 1);
        assert_eq!(links(&project, "tested"), 1, "it stands on an increment");
        let from = project.stage("built")["incremental"]["from"].clone();
        assert!(from.as_str().unwrap().starts_with("key-"), "{from}");
        // It is there, for this environment alone; the labels say so where there is no note.
        fs::remove_dir_all(project.root().join(".runenv")).unwrap();
        project.run(&[]).code(0);
        assert_eq!(
            (project.ran().len(), links(&project, "built")),
            (0, json!(1))
        );
        let other = format!("{engine}-other-latest");
        project.runenv(&["run", &other]).code(0);
        let stages = project.result_of(&other)["stages"].clone();
        assert_eq!(
            (
                &stages[0]["cached"],
                &stages[1]["cached"],
                &stages[1]["incremental"]
            ),
            (&json!(true), &json!(false), &Value::Null),
        );
        // The clean one of the other environment counts from now on.
        project.run(&[]).code(0);
        assert_eq!(
            (project.ran().len(), links(&project, "built")),
            (0, Value::Null)
        );
    });
}

#[test]
fn another_image_than_the_newest_can_be_named_and_links_have_an_end() {
    each(|engine| {
        let project = project(engine);
        project.run(&[]).code(0);
        let (conf, clean) = (project.image("conf"), project.image("built"));
        project.file("src/2.c", "int two;\n");
        project.run(&[]).code(0);
        project.file("src/1.c", "int one;\n");
        project
            .run(&["--base", "busybox:latest"])
            .code(2)
            .says("is no image of an incremental stage");
        project
            .run(&["--base", &conf])
            .code(2)
            .says("it is `conf` of `box-latest`");
        project.run(&["--base", &clean]).code(0);
        assert_eq!(compiled(&project), ["1.c", "2.c"]);
        project.file("src/1.c", "int uno;\n");
        project.run(&[]).code(0);
        assert_eq!(
            (compiled(&project), links(&project, "built")),
            (vec!["1.c".to_owned()], json!(2))
        );
        project.file("src/1.c", "int eins;\n");
        project.run(&[]).code(0).says("clean after 2 increments");
        assert_eq!(compiled(&project).len(), 3);
        assert_eq!(links(&project, "built"), Value::Null);
    });
}

#[test]
fn clean_takes_no_increment() {
    each(|engine| {
        let project = project(engine);
        project.run(&[]).code(0);
        project.file("src/2.c", "int two;\n");
        project.run(&[]).code(0);
        project.run(&["--clean"]).code(0);
        assert_eq!(
            (project.ran(), compiled(&project).len()),
            (vec!["built".to_owned(), "tested".to_owned()], 3)
        );
        project.run(&[]).code(0);
        assert_eq!(
            (project.ran().len(), links(&project, "built")),
            (0, Value::Null)
        );
        // What fails in an increment and is resumed is none the less one.
        project.file("src/fails", "");
        project.run(&["--resume"]).code(1);
        project.run(&["--resume"]).code(0);
        let built = project.stage("built");
        assert_eq!(
            (&built["resumed"], &built["incremental"]["links"]),
            (&json!(true), &json!(1))
        );
    });
}

#[test]
fn files_of_the_stages_before_it_are_made_up_to_date_and_their_commands_bind() {
    each(|engine| {
        let project = project(engine);
        project.run(&[]).code(0);
        project.file("conf", "new\n");
        project
            .run(&[])
            .code(0)
            .says("conf new")
            .says("built runs: conf changed")
            .says("1 file sent");
        assert_eq!(
            project.ran(),
            ["built", "tested"],
            "the stage before is not needed"
        );
        assert_eq!(compiled(&project), [""; 0]);
        project.toml(&TOML.replace("cat conf >", "cat conf conf >"));
        project.run(&[]).code(0);
        assert_eq!(project.ran(), ["conf", "built", "tested"]);
        assert_eq!(links(&project, "built"), Value::Null);
        // Of the stage itself they do not: they are run again.
        project.toml(
            &TOML
                .replace("cat conf >", "cat conf conf >")
                .replace("echo conf", "echo CONF"),
        );
        project
            .run(&[])
            .code(0)
            .says("CONF new")
            .says("0 files sent");
        assert_eq!(
            (compiled(&project).len(), links(&project, "built")),
            (0, json!(1))
        );
    });
}

#[test]
fn what_vanished_goes_and_what_the_build_made_stays() {
    each(|engine| {
        let project = project(engine);
        let odd = std::ffi::OsStr::from_bytes(b"src/d/odd '\n\\\xff$(x)");
        project.file("src/generated", "copied\n");
        project.file("src/plain", "");
        project.file("src/d/e/deep", "");
        fs::write(project.root().join(odd), "").unwrap();
        symlink("1.c", project.root().join("src/link")).unwrap();
        project.run(&[]).code(0);
        fs::remove_dir_all(project.root().join("src/d")).unwrap();
        for name in ["src/3.c", "src/generated", "src/link"] {
            fs::remove_file(project.root().join(name)).unwrap();
        }
        project
            .run(&[])
            .code(0)
            .says("0 files sent, 5 taken away")
            .says(
                "left, since the build made it: /PROJECT/src/generated"
                    .replace("PROJECT", &project.name)
                    .as_str(),
            );
        let image = project.image("built");
        let folder = format!("/{}/src", project.name);
        let words = ["run", "--rm", "--entrypoint", "ls", &image, "-A", &folder];
        let files: Vec<String> = project.engine(&words).lines().map(str::to_owned).collect();
        assert_eq!(files, ["1.c", "2.c", "generated", "plain"]);
        // A folder where a file was: no engine copies that.
        fs::remove_file(project.root().join("src/plain")).unwrap();
        project.file("src/plain/file", "");
        project
            .run(&[])
            .code(0)
            .says("clean: `src/plain` was a file and is a folder, or the reverse");
        assert_eq!(links(&project, "built"), Value::Null);
        // Where the records are gone, it is found out when the container is made.
        fs::remove_file(project.root().join("src/plain/file")).unwrap();
        fs::remove_dir(project.root().join("src/plain")).unwrap();
        project.file("src/plain", "other\n");
        let left = project.root().join(".runenv").join(project.env());
        fs::remove_file(left.join("keys.json")).unwrap();
        project
            .run(&[])
            .code(0)
            .says("it cannot start from its own image");
        assert_eq!(links(&project, "built"), Value::Null);
    });
}

/// Two of them in one chain: what the first makes is tested by the second.
#[test]
fn what_an_incremental_stage_makes_reaches_the_next_one() {
    each(|engine| {
        let tested = "copy = [\"tests\"]\nincremental = true\nrun = [\"sh tests/run.sh\"]";
        let project = Project::new(
            engine,
            &format!(
                "[stage.built]\ncopy = [\"src\"]\nincremental = true\nrun = [\"cp src/prog.sh prog\"]\nartifacts = [\"prog\"]\n[stage.tested]\n{tested}\n"
            ),
        );
        project.file("src/prog.sh", "echo ok\n");
        project.file("tests/run.sh", "test \"$(sh prog)\" = ok\n");
        project.run(&[]).code(0);
        project.file("tests/run.sh", "test \"$(sh prog)\" = ok && echo more\n");
        project.run(&[]).code(0).says("more");
        assert_eq!(project.ran(), ["tested"]);
        assert_eq!(links(&project, "tested"), 1);
        project.file("src/prog.sh", "echo BROKEN\n");
        project.run(&[]).code(1).says("(incremental)");
        assert_eq!(project.stage("built")["incremental"]["links"], 1);
        project.run(&[]).code(1).says("tested failed");
        // Of an increment, too, artifacts come out of the image where they are gone.
        project.file("src/prog.sh", "echo ok; :\n");
        project.run(&[]).code(0);
        assert_eq!(links(&project, "built"), 2);
        let left = project.root().join(".runenv").join(project.env());
        fs::remove_dir_all(left.join("artifacts")).unwrap();
        project.run(&[]).code(0);
        assert_eq!(project.ran(), [""; 0]);
        let prog = fs::read_to_string(left.join("artifacts/built/prog"));
        assert_eq!(prog.unwrap(), "echo ok; :\n");
    });
}
