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

/// Arguments of all processes, where everybody on the machine can read them.
fn arguments() -> Vec<String> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|p| std::fs::read(p.path().join("cmdline")).ok());
    lines
        .map(|l| String::from_utf8_lossy(&l).replace('\0', " "))
        .collect()
}

/// Variables and proxies, also those whose names mean something to the engine's client, are in no argument.
#[test]
fn values_of_variables_are_not_seen_by_others() {
    each(|engine| {
        let toml = "[stage.one]\nenv = { TOKEN = \"it's $geheim1\\nand\", HOME = \"/geheim2\", \
            PATH = \"/geheim3:/bin:/usr/bin\", DOCKER_HOST = \"tcp://geheim4\", TMPDIR = \"/geheim5\", \
            XDG_RUNTIME_DIR = \"/geheim6\" }\nrun = [\"true\"]\n";
        let mut project = Project::new(engine, toml);
        let proxy = "http://u:geheim7@127.0.0.1:1";
        if engine == "podman" {
            project.variable("http_proxy", proxy);
        } else {
            let config = format!("{{\"proxies\":{{\"default\":{{\"httpProxy\":\"{proxy}\"}}}}}}");
            std::fs::create_dir_all(project.home().join(".docker")).unwrap();
            std::fs::write(project.home().join(".docker/config.json"), config).unwrap();
        }
        project.run(&[]).code(0);
        let env = project.env();
        let mut command = project.command(&["shell", &env]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let look = "echo \"$TOKEN|$HOME|$PATH|$DOCKER_HOST|$TMPDIR|$XDG_RUNTIME_DIR|$http_proxy\"; env | grep RUNENV\n";
        input.write_all(look.as_bytes()).unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut said = String::new();
        while !said.contains("geheim7") {
            let mut some = [0; 4096];
            let read = std::io::Read::read(&mut output, &mut some).unwrap();
            assert!(read > 0, "it ended: {said}");
            said += &String::from_utf8_lossy(&some[..read]);
        }
        let seen = arguments();
        drop(input);
        std::io::Read::read_to_string(&mut output, &mut said).unwrap();
        child.wait().unwrap();
        assert_eq!(
            said,
            format!(
                "it's $geheim1\nand|/geheim2|/geheim3:/bin:/usr/bin|tcp://geheim4|/geheim5|/geheim6|{proxy}\n"
            )
        );
        let ours: Vec<&String> = seen
            .iter()
            .filter(|l| l.contains("RUNENV_SHELL_"))
            .collect();
        assert!(!ours.is_empty(), "the client runs: {seen:?}");
        let seen: Vec<&String> = seen.iter().filter(|l| l.contains("geheim")).collect();
        assert!(seen.is_empty(), "{seen:?}");
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
