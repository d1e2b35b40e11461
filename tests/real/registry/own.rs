//! A registry of a test's own: its storage is seen, and its rules are the test's.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::support::until;

/// The one who may log in.
pub(crate) const NAME: &str = "tester";
pub(crate) const PASSWORD: &str = "right pass";
/// The same for the server (bcrypt).
const HASH: &str = "$2b$04$abcdefghijklmnopqrstuuUp24FNoY/4mS91EX4tTKrpuIwLG0zP.";

/// What it lets people do.
#[derive(Clone, Copy, Default)]
pub(crate) struct Rules {
    pub(crate) login: bool,
    pub(crate) delete: bool,
}

/// Ends with the test.
pub(crate) struct Own {
    pub(crate) host: String,
    folder: tempfile::TempDir,
    server: Child,
}

impl Own {
    pub(crate) fn new(rules: Rules) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = free.local_addr().unwrap().to_string();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).display().to_string();
        fs::write(path("htpasswd"), format!("{NAME}:{HASH}\n")).unwrap();
        let mut config = format!(
            "version: 0.1\nlog: {{level: error}}\nstorage:\n  filesystem: {{rootdirectory: {}}}\n  delete: {{enabled: {}}}\nhttp: {{addr: \"{host}\"}}\n",
            path("storage"),
            rules.delete
        );
        if rules.login {
            config += &format!(
                "auth: {{htpasswd: {{realm: tests, path: {}}}}}\n",
                path("htpasswd")
            );
        }
        fs::write(path("config.yml"), config).unwrap();
        let server = Command::new("docker-registry")
            .args(["serve", &path("config.yml")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the registry listens", || TcpStream::connect(&host).is_ok());
        Self {
            host,
            folder,
            server,
        }
    }

    /// Where all blobs are.
    pub(crate) fn storage(&self) -> PathBuf {
        self.folder.path().join("storage")
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
