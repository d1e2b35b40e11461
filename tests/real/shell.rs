//! `runenv shell`: the very place of a stage, or of the last failure, with a terminal and without one.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::{Project, Said, each};

const STAGES: &str = r#"
[stage.one]
workdir = "/in/one"
env = { SEEN = "of one" }
run = ["echo content >f"]
[stage.two]
env = { SEEN = "of two" }
run = ["echo broken >g; exit 3"]
"#;

/// With a pipe for stdin.
fn piped(project: &Project, args: &[&str], text: &str) -> Said {
    let env = project.env();
    let mut command = project.command(&[&["shell", env.as_str()], args].concat());
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap().into()
}

/// On a terminal of its own: script(1) gives one.
fn typed(project: &Project, args: &str, text: &str) -> Said {
    let line = format!(
        "{} shell {} {args}",
        env!("CARGO_BIN_EXE_runenv"),
        project.env()
    );
    let mut command = Command::new("script");
    project.hermetic(&mut command);
    command.args(["-qec", &line, "/dev/null"]);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn a_shell_is_in_the_place_of_the_stage() {
    each(|engine| {
        let project = Project::new(engine, STAGES);
        project.run(&[]).code(1);
        let look = "echo \"$PWD $SEEN\"; cat f; ls -l g; exit 4\n";
        let said = piped(&project, &["--stage", "one"], look).code(4);
        assert_eq!(said.out, "/in/one of one\ncontent\n", "{}", said.err);
        let look = "echo \"$PWD $SEEN\"; cat g; test -t 0 || echo no terminal\n";
        let said = piped(&project, &["--failed"], look).code(0);
        let place = format!("/{} of two\nbroken\nno terminal\n", project.name);
        assert_eq!(said.out, place, "{}", said.err);
        let said = typed(
            &project,
            "--failed",
            "echo \"<$PWD $SEEN>\"; cat g; tty; exit 5\n",
        );
        let said = said.code(5);
        for text in [&format!("</{} of two>", project.name), "broken", "/dev/"] {
            assert!(said.out.contains(text), "no {text} in {}", said.out);
        }
        assert_eq!(project.containers(), [""; 0]);
        let said = piped(&project, &["--stage", "two"], "");
        assert!(
            said.code == 2 || said.code == 3,
            "{}: {}",
            said.code,
            said.err
        );
    });
}

/// A shell changes nothing, and what it was started from may be cleaned only after it.
#[test]
fn what_a_shell_does_is_gone_with_it() {
    each(|engine| {
        let project = Project::new(engine, "[stage.one]\nrun = [\"echo 1 >f\"]\n");
        project.run(&[]).code(0);
        piped(&project, &[], "echo 2 >f; cat f\n").code(0);
        assert_eq!(piped(&project, &[], "cat f\n").code(0).out, "1\n");
        project.engine(&["rmi", "-f", &project.image("one")]);
        let said = piped(&project, &[], "cat f\n").code(3);
        assert!(
            said.err.contains("is gone") && said.err.contains("--to one"),
            "{}",
            said.err
        );
    });
}
