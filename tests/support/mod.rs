//! A project in a folder of its own, and the real binary run in it, away from everything of the machine.
//!
//! The binary gets a HOME, a PATH with a few tools and the fake engines, `TERM=dumb`, `LANG=C.UTF-8`, and no other
//! variable. Texts come back with the project's folder as `[ROOT]` and times as `[TIME]`, ready for `same`. What depends on the day ("end of life") is left out.
//!
//! ```ignore
//! let project = Project::new().envs_toml("[stage.a]\nrun = \"true\"\n").engine(&Fake::new());
//! let ran = project.runenv("run docker-debian-bookworm");
//! assert_data_eq!(ran.stderr, str![]);
//! ```

mod fake;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

pub(crate) use fake::Fake;
use regex::Regex;
use tempfile::TempDir;

/// What is in PATH: enough for stages of tests and for the fake engines; no git, no real engine.
const TOOLS: [&str; 40] = [
    "awk", "bash", "cat", "chmod", "cksum", "cp", "cut", "date", "dd", "echo", "env", "false",
    "grep", "head", "id", "kill", "ln", "ls", "mkdir", "mv", "nohup", "od", "paste", "printf",
    "ps", "pwd", "rm", "rmdir", "sed", "setsid", "sh", "sleep", "sort", "tail", "tar", "touch",
    "tr", "true", "wc", "xargs",
];

/// Words of a command line: a text is split at blanks, a list is taken as it is.
pub(crate) trait Words {
    fn words(&self) -> Vec<OsString>;
}

impl Words for &str {
    fn words(&self) -> Vec<OsString> {
        self.split_whitespace().map(OsString::from).collect()
    }
}

impl<const N: usize> Words for [&str; N] {
    fn words(&self) -> Vec<OsString> {
        self.iter().map(OsString::from).collect()
    }
}

impl Words for Vec<String> {
    fn words(&self) -> Vec<OsString> {
        self.iter().map(OsString::from).collect()
    }
}

/// A tree with an `envs.toml`, and how the binary is run in it.
pub(crate) struct Project {
    /// Removed when the project goes.
    _home: TempDir,
    top: PathBuf,
    root: PathBuf,
    variables: BTreeMap<OsString, OsString>,
}

/// How a run of the binary ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// `None`: a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// Exactly what came on stdout.
    pub(crate) bytes: Vec<u8>,
}

impl Project {
    pub(crate) fn new() -> Self {
        Self::called("project")
    }

    /// A project whose folder has this name.
    pub(crate) fn called(name: &str) -> Self {
        let home = tempfile::Builder::new()
            .prefix("runenv-test-")
            .tempdir()
            .expect("a temporary folder");
        let top = home.path().canonicalize().expect("it is there");
        let root = top.join(name);
        for folder in [
            root.as_path(),
            &top.join("home"),
            &top.join("bin"),
            &top.join("tmp"),
        ] {
            fs::create_dir(folder).expect("a folder in a new folder");
        }
        tools(&top.join("bin"));
        let project = Self {
            _home: home,
            root,
            variables: BTreeMap::new(),
            top,
        };
        let path = project.top.join("bin");
        let variables = [
            ("HOME", project.top.join("home").into_os_string()),
            ("TMPDIR", project.top.join("tmp").into_os_string()),
            ("PATH", path.into_os_string()),
            ("TERM", "dumb".into()),
            ("LANG", "C.UTF-8".into()),
        ];
        variables
            .into_iter()
            .fold(project, |project, (name, value)| project.var(name, value))
    }

    pub(crate) fn envs_toml(self, text: &str) -> Self {
        self.file("envs.toml", text)
    }

    pub(crate) fn file(self, path: &str, bytes: impl AsRef<[u8]>) -> Self {
        self.write(path, bytes);
        self
    }

    /// The same for a project that is in use.
    pub(crate) fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file in the project");
    }

    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.root.join(path)).expect("a link in the project");
        self
    }

    /// Sets a variable for the binary.
    pub(crate) fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Puts the fake in front of PATH, as docker and as podman.
    pub(crate) fn engine(self, fake: &Fake) -> Self {
        let path = format!(
            "{}:{}",
            fake.programs().display(),
            self.top.join("bin").display()
        );
        self.var("PATH", path).var("FAKE_ENGINE", fake.folder())
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the project's folder.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let bytes = fs::read(self.root.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
        String::from_utf8_lossy(&bytes).into_owned()
    }

    pub(crate) fn json(&self, path: &str) -> serde_json::Value {
        serde_json::from_str(&self.read(path)).expect("JSON")
    }

    /// The binary with these words, ready to be started.
    pub(crate) fn command(&self, words: impl Words) -> Command {
        // Whoever started the tests may ignore signals (a shell's background job ignores INT): a person's do not.
        let mut command = Command::new("/usr/bin/env");
        command
            .arg("--default-signal=INT,TERM,HUP")
            .arg(binary())
            .args(words.words())
            .env_clear()
            .envs(&self.variables)
            .current_dir(&self.root)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn runenv(&self, words: impl Words) -> Ran {
        let output = self.command(words).output().expect("the binary starts");
        self.ran(output)
    }

    /// An output with what differs from run to run taken out.
    pub(crate) fn ran(&self, output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            stdout: self.steady(&output.stdout),
            stderr: self.steady(&output.stderr),
            bytes: output.stdout,
        }
    }

    fn steady(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes)
            .replace(&self.root.display().to_string(), "[ROOT]")
            .replace(&self.top.display().to_string(), "[TOP]");
        STEADY.iter().fold(text, |text, (differs, same)| {
            differs.replace_all(&text, *same).into_owned()
        })
    }
}

/// What differs from run to run, and what stands for it.
static STEADY: LazyLock<[(Regex, &str); 3]> = LazyLock::new(|| {
    let regex = |text| Regex::new(text).expect("a regular expression");
    [
        (regex(r"\b[0-9]+\.[0-9]{1,2}s\b"), "[TIME]"),
        (
            regex(r"\bthis machine is [^ \n]+"),
            "this machine is [HOST]",
        ),
        (regex(r" *\(end of life [0-9]{4}-[0-9]{2}-[0-9]{2}\)"), ""),
    ]
});

impl Ran {
    /// Checks the exit code, shows everything if it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    /// Exit code, stderr and stdout as one text, for goldens.
    pub(crate) fn whole(&self) -> String {
        let code = self
            .code
            .map_or_else(|| "signal".to_owned(), |c| c.to_string());
        let mut text = format!("exit {code}\n");
        for (name, stream) in [("stderr", &self.stderr), ("stdout", &self.stdout)] {
            if !stream.is_empty() {
                text += &format!("--- {name}\n{stream}");
            }
        }
        text
    }
}

/// Compares a text with a golden, byte for byte but for wildcards; `SNAPSHOTS=overwrite` writes the golden.
#[track_caller]
pub(crate) fn same(actual: impl Into<String>, golden: impl snapbox::IntoData) {
    snapbox::Assert::new()
        .action_env(snapbox::assert::DEFAULT_ACTION_ENV)
        .normalize_paths(false)
        .eq(snapbox::Data::text(actual.into()), golden);
}

/// The same with a golden of its own: `tests/golden/NAME.txt`.
#[track_caller]
pub(crate) fn golden(actual: impl Into<String>, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let file = folder.join(format!("{name}.txt"));
    let data = snapbox::Data::read_from(&file, Some(snapbox::data::DataFormat::Text));
    same(actual, data.raw());
}

/// The binary that is tested: of this build, or another that is named (as users get it: `target/release/runenv`).
fn binary() -> PathBuf {
    let named = other_binary();
    named.unwrap_or_else(|| assert_cmd::cargo::cargo_bin!("runenv").to_owned())
}

/// The binary that `RUNENV_TEST_BINARY` names in place of this build's.
pub(crate) fn other_binary() -> Option<PathBuf> {
    std::env::var_os("RUNENV_TEST_BINARY").map(PathBuf::from)
}

/// Links to the machine's own tools.
fn tools(bin: &Path) {
    for tool in TOOLS {
        let there = ["/bin", "/usr/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(tool))
            .find(|path| path.exists());
        if let Some(there) = there {
            symlink(there, bin.join(tool)).expect("a link in a new folder");
        }
    }
}

/// Makes a file executable.
pub(crate) fn executable(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a file of ours");
}
