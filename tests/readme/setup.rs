//! The action that gets runenv, really executed by act on this host: a file of the right checksum, and of another one.

use std::fs;
use std::path::Path;
use std::process::{Child, Output, Stdio};

use crate::ci::{act, commit};
use crate::{command, engines, root, said, sha256};

const ACTION: &str = ".github/actions/setup/action.yml";
const WORKFLOW: &str = ".github/workflows/setup.yml";

/// A server of a folder on this machine, and its port.
struct Server(Child, u16);

impl Server {
    fn of(folder: &Path) -> Self {
        // The system chooses the port, which is free then.
        let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
        let port = port.expect("a port").port();
        let mut server = command("python3", folder);
        server.args([
            "-m",
            "http.server",
            "--bind",
            "127.0.0.1",
            &port.to_string(),
        ]);
        let server = server.stdout(Stdio::null()).stderr(Stdio::null());
        let server = Self(server.spawn().expect("python3 runs"), port);
        let there = || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        for _ in 0..500 {
            if there() {
                return server;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("the server does not answer");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A workflow that sets up this version by this checksum, and asks which runenv there is then.
fn run(folder: &Path, port: u16, version: &str, sha256: &str) -> Output {
    let tree = folder.join("tree");
    for name in [ACTION, WORKFLOW] {
        fs::create_dir_all(tree.join(name).parent().expect("a folder")).expect("a folder");
    }
    fs::copy(root().join(ACTION), tree.join(ACTION)).expect("there is an action");
    let text = format!(
        "name: setup\non: push\npermissions: {{}}\njobs:\n  setup:\n    runs-on: ubuntu-latest\n    steps:\n      \
         - uses: actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2\n        with:\n          \
         persist-credentials: false\n      \
         - uses: ./.github/actions/setup\n        with:\n          version: \"{version}\"\n          \
         sha256: x86_64={sha256} aarch64={sha256}\n          \
         url: http://127.0.0.1:{port}/runenv-{{version}}.tar.gz\n      \
         - run: echo \"got $(command -v runenv) $(runenv --version)\"\n"
    );
    fs::write(tree.join(WORKFLOW), text).expect("a file");
    if !tree.join(".git").exists() {
        commit(&tree);
    }
    let act = act().expect("act is installed by tests/engines/ci-clients.sh and in PATH");
    let mut command = command(act.to_str().expect("a path"), &tree);
    command.args(["push", "-W", WORKFLOW, "-P", "ubuntu-latest=-self-hosted"]);
    let home = folder.join("home");
    command
        .env("XDG_CONFIG_HOME", &home)
        .env("XDG_CACHE_HOME", &home);
    command.output().expect("act runs")
}

/// A small program in place of the real one, so that nothing is compiled or sent: it says a version.
fn release(folder: &Path) -> String {
    fs::create_dir_all(folder).expect("a folder");
    fs::write(folder.join("runenv"), "#!/bin/sh\necho runenv 7.8.9\n").expect("a file");
    let mut tar = command("tar", folder);
    let made = tar.args(["-czf", "runenv-7.8.9.tar.gz", "runenv"]).status();
    assert!(made.expect("tar runs").success());
    fs::copy(
        folder.join("runenv-7.8.9.tar.gz"),
        folder.join("runenv-7.8.8.tar.gz"),
    )
    .expect("a copy");
    sha256(&folder.join("runenv-7.8.9.tar.gz"))
}

#[test]
fn the_action_puts_what_has_the_checksum_into_path_and_nothing_else() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let right = release(&folder.join("served"));
    let Server(_, port) = &Server::of(&folder.join("served"));
    let output = run(folder, *port, "7.8.9", &right);
    let text = said(&output);
    assert!(output.status.success(), "{text}");
    assert!(
        text.contains("/runenv-7.8.9/bin/runenv runenv 7.8.9"),
        "{text}"
    );
    let wrong = right.chars().rev().collect::<String>();
    let output = run(folder, *port, "7.8.9", &wrong);
    let text = said(&output);
    assert!(
        !output.status.success() && !text.contains("got /"),
        "{text}"
    );
}

/// act does not always show the last words of a step that fails, so here its script runs alone.
#[test]
fn the_action_says_why_it_takes_nothing() {
    if !engines() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let right = release(&folder.join("served"));
    let Server(_, port) = &Server::of(&folder.join("served"));
    let text = fs::read_to_string(root().join(ACTION)).expect("there is an action");
    let (_, script) = text.split_once("      run: |").expect("it has a script");
    let (_, script) = script.split_once('\n').expect("it has lines");
    let url = format!("http://127.0.0.1:{port}/runenv-{{version}}.tar.gz");
    for (version, sha256, why) in [
        ("7.8.9", right.as_str(), ""),
        ("7.8.9", "x86_64=0 aarch64=0", "there is no SHA-256 for"),
        (
            "7.8.9",
            &right.replace(['0', '1'], "2"),
            "is not what the checksum says",
        ),
        ("7.8.8", &right, "it is of another version"),
        ("7.8.7", &right, "cannot be fetched"),
        ("$(id)", &right, "this is no version"),
    ] {
        let path = folder.join("path");
        let _ = fs::remove_file(&path);
        let mut bash = command("bash", folder);
        bash.args(["-c", script])
            .env("VERSION", version)
            .env("SHA256", sha256);
        bash.env("URL", &url)
            .env("RUNNER_TEMP", folder)
            .env("GITHUB_PATH", &path);
        let output = bash.env("SERVER", "").env("REPOSITORY", "").output();
        let output = output.expect("bash runs");
        let text = said(&output);
        assert_eq!(output.status.success(), why.is_empty(), "{version}: {text}");
        assert_eq!(path.exists(), why.is_empty(), "{version}: {text}");
        assert!(text.contains(why), "{version}: {text}");
    }
}

#[test]
fn linters_have_nothing_to_say_of_the_action() {
    if !engines() {
        return;
    }
    for (program, words) in [
        (
            "check-jsonschema",
            &["--builtin-schema", "vendor.github-actions", ACTION][..],
        ),
        ("zizmor", &["--offline", "--no-config", "--quiet", ACTION]),
    ] {
        let output = command(program, &root()).args(words).output();
        let output = output.expect("tests/engines/ci-clients.sh puts it into PATH");
        assert!(output.status.success(), "{program}: {}", said(&output));
    }
}
