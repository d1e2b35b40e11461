//! Package managers that are played by `tests/support/package-manager.sh`, and the lines of a package stage run with them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::support::{Fake, Project};

/// The shell lines of the first stage of an environment, in order.
pub(crate) fn commands(project: &Project, env: &str) -> Vec<String> {
    project.runenv(["run", env]).exits(0);
    let plan = project.json(&format!(".runenv/{env}/plan.json"));
    let commands = plan["stages"][0]["commands"].as_array().unwrap().clone();
    let text = |c: &serde_json::Value| c["evaluated"].as_str().unwrap().to_owned();
    commands.iter().map(text).collect()
}

/// A folder that everything is played in.
pub(crate) struct Played {
    pub(crate) project: Project,
    _fake: Fake,
    pub(crate) root: std::path::PathBuf,
}

const PLAYED: [&str; 17] = [
    "apt-cache",
    "apt-get",
    "dnf",
    "zypper",
    "yum",
    "emerge",
    "emerge-webrsync",
    "portageq",
    "xbps-install",
    "xbps-query",
    "slackpkg",
    "apk",
    "nix-env",
    "nix-instantiate",
    "nix-channel",
    "conda",
    "brew",
];

impl Played {
    pub(crate) fn new((project, fake): (Project, Fake)) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/package-manager.sh");
        let root = project.path("played");
        fs::create_dir_all(root.join("bin")).unwrap();
        for name in PLAYED.iter().chain(&["nix-collect-garbage"]) {
            symlink(&script, root.join("bin").join(name)).unwrap();
        }
        let played = Self {
            project,
            _fake: fake,
            root,
        };
        for file in ["there", "also", "broken", "log"] {
            played.write(file, "");
        }
        let list = "slackware64 one 1.0 x86_64 1 one-1.0-x86_64-1 ./slackware64/d txz\n\
                    slackware64 broken 1.0 x86_64 1 broken-1.0-x86_64-1 ./slackware64/d txz\n\
                    slackware64 al.so 1.0 x86_64 1 also>=1 ./slackware64/d txz\n";
        played.write("var/lib/slackpkg/pkglist", list);
        played.write("var/log/packages/bash-5.0-x86_64-1", "");
        played.write(
            "etc/slackpkg/mirrors",
            "# a comment\n# https://mirrors.slackware.com/slackware/x/\n",
        );
        played
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        self.project.write(&format!("played/{file}"), text);
    }

    /// Runs lines as the stage does, each in a shell of its own, up to the one that fails; /etc and /var are the folder's.
    pub(crate) fn run(&self, texts: &[String]) -> (bool, String) {
        let (root, mut all) = (self.root.display().to_string(), String::new());
        for text in texts {
            let here = |folder: &str, text: &str| {
                let beginning = [" ", "=", "\"", "{", ">"];
                beginning.iter().fold(text.to_owned(), |text, before| {
                    let to = format!("{before}{root}/{folder}/");
                    text.replace(&format!("{before}/{folder}/"), &to)
                })
            };
            let text = here("etc", &here("var", text));
            let mut command = Command::new("sh");
            command
                .args(["-e", "-c", &text])
                .env("PLAYED", &self.root)
                .env("LC_ALL", "C");
            command.env("PATH", format!("{root}/bin:/usr/bin:/bin"));
            let ran = command.output().unwrap();
            all += &String::from_utf8_lossy(&ran.stdout);
            all += &String::from_utf8_lossy(&ran.stderr);
            if !ran.status.success() {
                return (false, all);
            }
        }
        (true, all)
    }

    /// The calls so far, each a list of words, and forgets them.
    pub(crate) fn calls(&self) -> Vec<Vec<String>> {
        let log = fs::read_to_string(self.root.join("log")).unwrap();
        self.write("log", "");
        let calls = log.split_terminator("\0\n");
        calls
            .map(|call| call.split('\0').map(str::to_owned).collect())
            .collect()
    }
}
