//! A project on a real engine: a folder with an envs.toml, the binary run in a clean environment, nothing left behind.

use std::cell::Cell;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A system made of an image that the engines have. Without a network stages start twice as fast.
const SYSTEM: &str = r#"
[system.box]
image = "busybox:latest"
network = "none"
release.latest = {}
"#;

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Runs a test on every engine that is asked for.
pub(crate) fn each(test: impl Fn(&str)) {
    let engines = std::env::var("RUNENV_TEST_ENGINES").unwrap_or_default();
    if engines.trim().is_empty() {
        eprintln!("skipped: RUNENV_TEST_ENGINES names no engine (docker, podman)");
    }
    for engine in engines.split_whitespace() {
        test(engine);
    }
}

/// A name that nobody else has.
pub(crate) fn unique() -> String {
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("rt{}x{count}", std::process::id())
}

/// What a program said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            // A signal as a shell would tell it.
            code: output
                .status
                .code()
                .unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Said {
    /// Fails the test with all that was said when the exit code is another one.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// Fails the test unless stderr has this.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.err.contains(text), "no `{text}` in:\n{}", self.err);
        self
    }
}

pub(crate) struct Project {
    pub(crate) engine: String,
    pub(crate) name: String,
    folder: tempfile::TempDir,
    path: String,
    variables: Vec<(String, String)>,
    /// Nothing is set to be faster.
    plain: bool,
    /// Something was run since all was removed.
    used: Cell<bool>,
    /// What the test itself made, and is removed first.
    images: Vec<String>,
}

impl Project {
    /// `toml` is put behind `[project]` with a name and an id, and a system `box-latest`.
    pub(crate) fn new(engine: &str, toml: &str) -> Self {
        Self::named(engine, &unique(), toml)
    }

    /// The same without what makes tests faster: stages have a network, and podman is asked where it keeps images, which
    /// takes it 20 processes.
    pub(crate) fn plain(engine: &str, toml: &str) -> Self {
        let mut project = Self::new(engine, "");
        project.plain = true;
        project.toml(toml);
        project
    }

    /// Two projects of one name have the same id.
    pub(crate) fn named(engine: &str, name: &str, toml: &str) -> Self {
        let project = Self {
            engine: engine.to_owned(),
            name: name.to_owned(),
            folder: tempfile::tempdir().unwrap(),
            path: std::env::var("PATH").unwrap(),
            variables: Vec::new(),
            plain: false,
            used: Cell::new(false),
            images: Vec::new(),
        };
        fs::create_dir_all(project.folder.path().join("home")).unwrap();
        fs::create_dir_all(project.root()).unwrap();
        project.toml(toml);
        project
    }

    pub(crate) fn toml(&self, toml: &str) {
        let name = &self.name;
        let mut system = SYSTEM.to_owned();
        if self.plain {
            system = system.replace("network = \"none\"\n", "");
        }
        let text = format!("[project]\nname = \"{name}\"\nid = \"{name}\"\n{toml}\n{system}");
        self.file("envs.toml", text);
    }

    /// The project's root; `home` stands beside it.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("tree")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn file(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// The environment on busybox.
    pub(crate) fn env(&self) -> String {
        format!("{}-box-latest", self.engine)
    }

    /// A variable of the program's environment.
    pub(crate) fn variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// A folder that is searched for programs before all others.
    pub(crate) fn path_first(&mut self, folder: &Path) {
        self.path = format!("{}:{}", folder.display(), self.path);
    }

    /// Where the engine's client is.
    pub(crate) fn real_engine(&self) -> String {
        let path = std::env::var("PATH").unwrap();
        let mut found = path.split(':').map(|f| Path::new(f).join(&self.engine));
        found.find(|f| f.is_file()).unwrap().display().to_string()
    }

    /// The program, not started: in the root, with a clean environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        // Whoever started the tests may ignore signals (a shell's background job ignores INT): a person's do not.
        let mut command = Command::new("/usr/bin/env");
        self.hermetic(&mut command);
        command.args([
            "--default-signal=INT,TERM,HUP",
            env!("CARGO_BIN_EXE_runenv"),
        ]);
        command.args(args);
        command
    }

    /// Gives a command the project's folder and environment.
    pub(crate) fn hermetic(&self, command: &mut Command) {
        self.used.set(true);
        command
            .current_dir(self.root())
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", self.home())
            .env("TERM", "dumb")
            .envs((!self.plain).then_some(("RUNENV_MIN_FREE", "0")))
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
    }

    pub(crate) fn runenv(&self, args: &[&str]) -> Said {
        self.command(args).output().unwrap().into()
    }

    /// `runenv run` of the environment on busybox.
    pub(crate) fn run(&self, args: &[&str]) -> Said {
        let env = self.env();
        self.runenv(&[&["run", &env], args].concat())
    }

    pub(crate) fn start(&self, args: &[&str]) -> Child {
        let env = self.env();
        self.command(&[&["run", env.as_str()], args].concat())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Something the last run left in its folder.
    pub(crate) fn left(&self, env: &str, file: &str) -> Vec<u8> {
        let path = self.root().join(".runenv").join(env).join(file);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    pub(crate) fn result_of(&self, env: &str) -> Value {
        serde_json::from_slice(&self.left(env, "result.json")).unwrap()
    }

    pub(crate) fn result(&self) -> Value {
        self.result_of(&self.env())
    }

    /// A stage of the last result.
    #[track_caller]
    pub(crate) fn stage(&self, name: &str) -> Value {
        let result = self.result();
        let stages = result["stages"].as_array().unwrap();
        let found = stages.iter().find(|s| s["name"] == name);
        found
            .unwrap_or_else(|| panic!("no stage {name}: {result:#}"))
            .clone()
    }

    /// The stages of the last run that were not found but run.
    pub(crate) fn ran(&self) -> Vec<String> {
        let result = self.result();
        let stages = result["stages"].as_array().unwrap().iter();
        stages
            .filter(|s| s["cached"] == false && s["state"] != "not-run")
            .map(|s| s["name"].as_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn log(&self, number: usize, stage: &str) -> String {
        let log = self.left(&self.env(), &format!("log/{number:02}-{stage}.log"));
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The image that holds a stage since the last run.
    pub(crate) fn image(&self, stage: &str) -> String {
        self.stage(stage)["image"].as_str().unwrap().to_owned()
    }

    /// What the engine's client says to this; it must work.
    #[track_caller]
    pub(crate) fn engine(&self, args: &[&str]) -> String {
        self.engine_says(args).code(0).out
    }

    pub(crate) fn engine_says(&self, args: &[&str]) -> Said {
        engine_says(&self.engine, args)
    }

    /// Builds an image of the test's own from a Dockerfile; it is removed in the end.
    pub(crate) fn build(&mut self, dockerfile: &str) -> String {
        let tag = format!("{}-own-{}", self.name, self.images.len());
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("Dockerfile"), dockerfile).unwrap();
        let folder = folder.path().to_str().unwrap();
        // A layer that is found in another test's image may be removed meanwhile.
        let mut words = vec!["build", "-q", "--no-cache", "-t", &tag];
        if self.engine == "podman" {
            words.extend(["--format", "docker", "--layers=false"]);
        }
        words.push(folder);
        self.engine(&words);
        self.images.push(tag.clone());
        tag
    }

    /// The test made this tag itself; it is removed in the end.
    pub(crate) fn own(&mut self, tag: &str) {
        self.images.push(tag.to_owned());
    }

    /// The value of the project's label.
    pub(crate) fn id(&self) -> String {
        project_id(&self.name)
    }

    /// Ids of what carries the project's label.
    pub(crate) fn containers(&self) -> Vec<String> {
        let label = format!("label=runenv.project={}", project_id(&self.name));
        lines(&self.engine(&["ps", "-aq", "--no-trunc", "--filter", &label]))
    }

    pub(crate) fn images(&self) -> Vec<String> {
        let label = format!("label=runenv.project={}", project_id(&self.name));
        let mut ids =
            lines(&self.engine(&["image", "ls", "-aq", "--no-trunc", "--filter", &label]));
        ids.sort();
        ids.dedup();
        ids
    }

    /// `runenv clean`, and nothing of the project is left.
    #[track_caller]
    pub(crate) fn clean(&self) {
        let said = self.runenv(&["clean", "--engine", &self.engine]).code(0);
        assert_eq!(self.containers(), [""; 0], "containers left: {said:?}");
        assert_eq!(self.images(), [""; 0], "images left: {said:?}");
        self.used.set(false);
    }
}

impl Project {
    fn remove_own(&self) {
        for image in self.images.iter().rev() {
            self.engine_says(&["rmi", image]);
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.remove_own();
        if thread::panicking() {
            // Whatever went wrong: leave nothing.
            self.runenv(&["clean"]);
            for container in self.containers() {
                self.engine_says(&["rm", "-f", &container]);
            }
            for image in self.images() {
                self.engine_says(&["rmi", "-f", &image]);
            }
            // What a container was made from could not go before it.
            self.remove_own();
        } else if self.used.get() {
            self.clean();
        }
    }
}

pub(crate) fn engine_says(engine: &str, args: &[&str]) -> Said {
    let mut command = Command::new(engine);
    // podman leaves files in its working folder.
    command.args(args).current_dir("/tmp").stdin(Stdio::null());
    command.output().unwrap().into()
}

pub(crate) fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|l| !l.is_empty());
    lines.map(str::to_owned).collect()
}

/// The value of the label of a project with this name and id (`src/run/project_id.rs`).
fn project_id(name: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"runenv-project\0");
    for bytes in ["name", name, "id", name].map(str::as_bytes) {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Asks until it is so; fails the test after a minute.
#[track_caller]
pub(crate) fn until(what: &str, mut so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !so() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "never happened: {what}"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

/// A value as TOML: strings and lists of strings are written as in JSON.
pub(crate) fn quoted(value: impl serde::Serialize) -> String {
    serde_json::to_string(&value).unwrap()
}
