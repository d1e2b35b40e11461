//! Progress on a terminal: drawn only where somebody looks, and where there is more than one to look at.

use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::Stdio;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::support::Project;

const FILE: &str = r#"
[project]
env-list = ["a", "b"]
[env.a]
runner = "local"
commands = ["echo saying; sleep 0.4"]
[env.b]
runner = "local"
commands = ["sleep 0.1; exit 3"]
"#;

/// A terminal: our side and the other.
fn terminal() -> (OwnedFd, OwnedFd) {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let other = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    (ours, other)
}

/// What the run shows on a terminal.
fn shown(variables: &[(&str, &str)], words: &str) -> String {
    let project = Project::new().envs_toml(FILE).var("TERM", "xterm");
    let project = variables
        .iter()
        .fold(project, |p, (name, value)| p.var(name, *value));
    let (ours, other) = terminal();
    let mut child = {
        let mut command = project.command(words);
        command.stderr(Stdio::from(other)).spawn().unwrap()
        // The command, and with it our copy of the other side, goes here.
    };
    let (mut text, mut bytes) = (Vec::new(), [0; 4096]);
    // A terminal whose other side is gone says an error.
    let mut ours = File::from(ours);
    while let Ok(count @ 1..) = ours.read(&mut bytes) {
        text.extend_from_slice(&bytes[..count]);
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
    String::from_utf8(text).unwrap()
}

#[test]
fn several_are_drawn_where_somebody_looks() {
    let up = "\u{1b}[1A";
    let text = shown(&[("NO_COLOR", "1")], "run");
    assert!(text.contains(up), "{text:?}");
    assert!(text.contains("saying"), "{text:?}");
    assert!(
        text.trim_end()
            .lines()
            .last()
            .unwrap()
            .contains("1 passed, 1 failed in "),
        "{text}"
    );
    for (variables, words) in [
        (&[("CI", "true")][..], "run"),
        (&[("CI", "1")], "run --progress live"),
        (&[("TERM", "dumb")], "run"),
        (&[("RUNENV_PROGRESS", "plain")], "run"),
        (&[], "run -v"),
        (&[], "run -q"),
        (&[], "run --progress quiet"),
        (&[], "run b"),
    ] {
        let text = shown(variables, words);
        assert!(!text.contains(up), "{variables:?} {words}: {text:?}");
        assert!(
            text.contains("exit code 3"),
            "{variables:?} {words}: {text:?}"
        );
    }
}
