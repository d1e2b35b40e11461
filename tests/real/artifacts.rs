//! `artifacts` on real engines: what a container can have in its folders, and every way a stage can end.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Project, each, until};

/// `logs` is a link, and in what it leads to is one of each kind.
const ODD: &str = r#"
[stage.one]
run = ['''
mkdir -p /data/sub && cd /data
echo text >a
ln a same
ln -s a inner; ln -s ../../../../../etc outer; ln -s /data/a absolute
mkfifo pipe
cp /bin/busybox suid; chmod 6777 suid
echo odd >"$(printf 'line\nbreak')"
echo odd >"$(printf 'byte\377\nbreak')"
long=$(printf '%0120d' 0); mkdir $long; echo odd >"$long/$(printf 'byte\377\nbreak')"
echo -n >sub/empty; chmod 000 sub
cd - && ln -s /data logs && echo beside >logs.txt
''']
artifacts = ["logs/**", "/etc/passwd", "none/*"]
[stage.two]
run = ["true"]
"#;

fn folder(project: &Project, stage: &str) -> PathBuf {
    let env = project.root().join(".runenv").join(project.env());
    env.join("artifacts").join(stage)
}

#[test]
fn everything_that_can_be_in_a_folder() {
    each(|engine| {
        let project = Project::new(engine, ODD);
        let said = project
            .run(&[])
            .code(0)
            .says("3 artifacts of `one` left out");
        let said = said.says("`logs/outer`: it is a link that leads out of the folder");
        said.says("nothing matches `none/*`")
            .says("`logs/pipe`: it is a pipe");
        let one = folder(&project, "one");
        let mut names: Vec<_> = fs::read_dir(one.join("logs"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_vec())
            .collect();
        names.sort();
        let long = "0".repeat(120);
        let expected: [&[u8]; 8] = [
            long.as_bytes(),
            b"a",
            b"byte\xff\nbreak",
            b"inner",
            b"line\nbreak",
            b"same",
            b"sub",
            b"suid",
        ];
        assert_eq!(names, expected);
        let deep = one
            .join("logs")
            .join(&long)
            .join(OsStr::from_bytes(b"byte\xff\nbreak"));
        assert_eq!(fs::read(deep).unwrap(), b"odd\n");
        assert_eq!(fs::read(one.join("logs/inner")).unwrap(), b"text\n");
        assert_eq!(fs::read(one.join("logs/same")).unwrap(), b"text\n");
        assert_eq!(fs::read(one.join("logs/sub/empty")).unwrap(), b"");
        let mode = fs::metadata(one.join("logs/suid"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o755);
        assert!(one.join("etc/passwd").is_file());
        let result = project.stage("one");
        assert_eq!(result["artifacts"]["files"], 9, "{result}");
        assert!(project.stage("two")["artifacts"].is_null());
        found_and_run_again(&project, &one);
    });
}

/// Found: it stays as it is, and nothing is asked of the engine for it.
fn found_and_run_again(project: &Project, one: &Path) {
    project.run(&[]).code(0);
    assert_eq!(
        (project.ran(), one.join("etc/passwd").is_file()),
        (vec![], true)
    );
    assert!(project.stage("one")["artifacts"].is_null());
    project
        .run(&["--redo", "one", "--set", "stage.one.artifacts=/etc/group"])
        .code(0);
    assert_eq!(fs::read_dir(one).unwrap().count(), 1);
    assert!(one.join("etc/group").is_file());
}

const ENDS: &str = r#"
[stage.one]
run = ["mkdir logs; echo why >logs/a; echo begun; exec {end}"]
artifacts = ["logs"]
[vars]
end = ["true"]
"#;

#[test]
fn every_way_to_end_leaves_them() {
    each(|engine| {
        let project = Project::new(engine, ENDS);
        let file = folder(&project, "one").join("logs/a");
        let ended = |args: &[&str], code: i32, state: &str| {
            let said = project.run(args).code(code).says("artifacts/one");
            assert_eq!(project.stage("one")["state"], state, "{said:?}");
            assert_eq!(fs::read(&file).unwrap(), b"why\n");
            fs::remove_file(&file).unwrap();
        };
        ended(&["--set", "vars.end=[\"false\"]"], 1, "failed");
        ended(
            &["--set", "vars.end=[\"sleep\", \"60\"]", "--timeout", "1s"],
            1,
            "timed-out",
        );
        let log = project
            .root()
            .join(format!(".runenv/{}/log/01-one.log", project.env()));
        fs::remove_file(&log).unwrap();
        let child = project.start(&["--set", "vars.end=[\"sleep\", \"70\"]"]);
        until("it runs", || {
            fs::read(&log).is_ok_and(|text| text == b"begun\n")
        });
        std::thread::sleep(Duration::from_millis(20));
        kill_process(Pid::from_child(&child), Signal::INT).unwrap();
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130));
        assert_eq!(project.stage("one")["state"], "interrupted");
        assert_eq!(fs::read(&file).unwrap(), b"why\n");
    });
}
