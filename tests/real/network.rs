//! The waiting container whose network the stages share is killed or removed by somebody: the stage runs again in a
//! new network, the run passes, nothing is left.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Project, Said, each, lines, until};

const STAGES: &str = r#"
[stage.one]
run = ["echo 1 >/out"]
[stage.two]
copy = ["src"]
run = ["cat src >>/out"]
[stage.three]
run = ["echo 3 >>/out", "cat /out", "test \"$(echo $(cat /out))\" = '1 2 3'"]
"#;

const AGAIN: &str = "network the stages share is gone";

/// How somebody ends it. podman does not remove a container whose network others have, unless they may go, too.
fn ends(engine: &str) -> [&'static str; 2] {
    match engine {
        "podman" => ["kill", "rm -f -t 0 --depend"],
        _ => ["kill", "rm -f"],
    }
}

/// podman starts a stopped container again for one that joins it: no second attempt is needed then.
fn attempts(engine: &str, end: &str) -> std::ops::RangeInclusive<usize> {
    if engine == "podman" && end == "kill" {
        0..=1
    } else {
        1..=1
    }
}

/// A client that ends the network's container just before its own call, when this matches and as often as said.
fn meddling_client(project: &mut Project, call: &str, end: &str, times: u32) {
    let real = project.real_engine();
    let folder = project.home().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let script = format!(
        "#!/bin/sh\ncount={home}/count\ncase \"$*\" in {call})\n\
         n=$(($(cat \"$count\" 2>/dev/null || echo 0) + 1)); echo $n >\"$count\"\n\
         [ $n -gt {times} ] || {real} {end} $({real} ps -a --format '{{{{.Names}}}}' --filter name=-network \
         --filter label=runenv.project={id}) >/dev/null 2>&1;;\nesac\nexec {real} \"$@\"\n",
        home = project.home().display(),
        id = project.id(),
    );
    let program = folder.join(&project.engine);
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    project.path_first(&folder);
}

fn notes(said: &Said) -> usize {
    said.err.matches(AGAIN).count()
}

#[test]
fn a_stage_that_cannot_join_runs_again() {
    each(|engine| {
        let [kill, remove] = ends(engine);
        for (call, end) in [
            ("run\\ *stage=three*-e\\ -s", kill),
            ("create*-e\\ -s", remove),
            ("start\\ -a*", kill),
        ] {
            let mut project = Project::plain(engine, STAGES);
            project.file("src", "2\n");
            meddling_client(&mut project, call, end, 1);
            let said = project.run(&[]).code(0);
            let notes = notes(&said);
            assert!(
                attempts(engine, end).contains(&notes),
                "{call} {end}: {}",
                said.err
            );
            assert!(project.log(3, "three").contains("1\n2\n3\n"));
            assert_eq!(project.containers(), [""; 0]);
            project.run(&[]).code(0);
            assert_eq!(project.ran(), [""; 0]);
        }
    });
}

/// Somebody who does it all the time is not to keep us for ever.
#[test]
fn a_network_that_always_goes_ends_the_run() {
    each(|engine| {
        let mut project = Project::plain(engine, STAGES);
        project.file("src", "2\n");
        meddling_client(&mut project, "create*-e\\ -s", ends(engine)[1], 99);
        let said = project.run(&[]).code(3);
        assert_eq!(notes(&said), 2, "{}", said.err);
        assert_eq!(project.containers(), [""; 0]);
    });
}

/// Starts a run, ends its network's container while the first stage runs, and waits for its end.
fn cut_off(project: &Project, end: &str) -> Said {
    let child = project.start(&[]);
    let log = project
        .root()
        .join(format!(".runenv/{}/log/01-one.log", project.env()));
    until("the stage runs", || {
        fs::read_to_string(&log).is_ok_and(|text| text.contains("begun"))
    });
    let label = format!("label=runenv.project={}", project.id());
    let format = "{{.Names}}";
    let words = [
        "ps",
        "--format",
        format,
        "--filter",
        "name=-network",
        "--filter",
        &label,
    ];
    let names = lines(&project.engine(&words));
    assert_eq!(names.len(), 1, "{names:?}");
    let words: Vec<&str> = end.split(' ').chain([names[0].as_str()]).collect();
    project.engine(&words);
    child.wait_with_output().unwrap().into()
}

/// The first attempt fails when its interface goes.
#[test]
fn a_stage_whose_network_is_cut_runs_again() {
    each(|engine| {
        for end in ends(engine) {
            let wait = "echo begun; for i in $(seq 30); do test -e /sys/class/net/eth0; usleep 100000; done";
            let toml = format!(
                "[stage.one]\nrun = [\"{wait}\", \"echo whole >/one\"]\n[stage.two]\nrun = [\"cat /one; test -e /sys/class/net/eth0\"]\n"
            );
            let project = Project::plain(engine, &toml);
            let said = cut_off(&project, end).code(0);
            assert_eq!(notes(&said), 1, "{end}: {}", said.err);
            assert!(said.err.contains("\nwhole\n"), "{}", said.err);
            assert_eq!(project.containers(), [""; 0]);
            assert_eq!(project.images().len(), 2, "no failed image is kept");
        }
    });
}

#[test]
fn a_stage_that_passes_without_it_has_passed() {
    each(|engine| {
        let toml = "[stage.one]\nrun = [\"echo begun; sleep 2; echo whole >/one\"]\n\
            [stage.two]\nrun = [\"cat /one; test -e /sys/class/net/eth0\"]\n";
        let project = Project::plain(engine, toml);
        let said = cut_off(&project, "kill").code(0);
        assert_eq!(notes(&said), 0, "{}", said.err);
        assert!(said.err.contains("\nwhole\n"), "{}", said.err);
        assert_eq!(project.containers(), [""; 0]);
    });
}
