//! The world as it is when the program starts, read once: variables, folders, processors, terminals.
//!
//! Everything below takes a `&Host`, so that no test needs global state and nothing asks twice.

pub(crate) mod machine;
pub(crate) mod os_release;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::PathBuf;

use crate::time;

#[derive(Clone, Debug, Default)]
pub(crate) struct Host {
    pub(crate) variables: BTreeMap<OsString, OsString>,
    /// The working directory; empty when it is gone.
    pub(crate) cwd: PathBuf,
    pub(crate) cpus: usize,
    pub(crate) stdout_is_terminal: bool,
    pub(crate) stderr_is_terminal: bool,
    pub(crate) stdin_is_terminal: bool,
    pub(crate) root: bool,
    /// The user's number.
    pub(crate) uid: u32,
    /// The operating system, as Rust calls it: `linux`, `macos`.
    pub(crate) os: &'static str,
    pub(crate) pid: u32,
    /// When the program was started.
    pub(crate) now: jiff::Timestamp,
}

impl Host {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the world"
    )]
    pub(crate) fn read() -> Self {
        Self {
            variables: std::env::vars_os().collect(),
            cwd: std::env::current_dir().unwrap_or_default(),
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            stdin_is_terminal: std::io::stdin().is_terminal(),
            root: rustix::process::geteuid().is_root(),
            uid: rustix::process::getuid().as_raw(),
            os: std::env::consts::OS,
            pid: std::process::id(),
            now: time::timestamp(),
        }
    }

    /// A variable that is set and is text.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables
            .get(OsStr::new(name))
            .and_then(|v| v.to_str())
    }

    /// A variable that is set to something.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.variables
            .get(OsStr::new(name))
            .is_some_and(|v| !v.is_empty())
    }

    /// Is the variable set to a word that means no?
    pub(crate) fn says_no(&self, name: &str) -> bool {
        matches!(self.variable(name), Some("0" | "false"))
    }

    /// Is this a job of a CI?
    pub(crate) fn is_ci(&self) -> bool {
        self.is_set("CI") && !self.says_no("CI")
    }
}

/// The platform of containers that run here without emulation, as image indexes name it (`GOOS/GOARCH`,
/// go.dev/doc/install/source#environment).
pub(crate) fn platform() -> String {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "arm" => "arm/v7",
        "powerpc64" => "ppc64le",
        "loongarch64" => "loong64",
        other => other,
    };
    format!("linux/{architecture}")
}
