//! The fake engine: what it is to play, and what it was called with (see `fake-engine.sh`).

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder with `docker` and `podman`, images, containers and the log of calls.
pub(crate) struct Fake(TempDir);

impl Fake {
    /// An engine that has the image `debian:bookworm`.
    pub(crate) fn new() -> Self {
        Self::empty().image("debian:bookworm")
    }

    /// An engine without images.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("runenv-fake-")
            .tempdir()
            .expect("a temporary folder");
        for name in ["bin", "play", "images", "containers"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in a new folder");
        }
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/fake-engine.sh");
        for name in ["docker", "podman"] {
            symlink(&script, folder.path().join("bin").join(name)).expect("a link");
        }
        Self(folder)
    }

    /// Adds a base image of one layer.
    pub(crate) fn image(self, name: &str) -> Self {
        let folder = self
            .folder()
            .join("images")
            .join(name.replace([':', '/'], "-"));
        fs::create_dir(&folder).expect("a folder in a new folder");
        let files = [
            (
                "id",
                format!("sha256:base-{}", name.replace([':', '/'], "-")),
            ),
            ("tags", name.to_owned()),
            ("layers", format!("layer-of-{name}")),
        ];
        for (file, text) in files {
            fs::write(folder.join(file), format!("{text}\n")).expect("a file");
        }
        fs::write(folder.join("labels"), "").expect("a file");
        self
    }

    /// Plays something in place of the usual answer: `play("commit.err", "no space left")`.
    pub(crate) fn play(&self, what: &str, text: &str) {
        fs::write(self.folder().join("play").join(what), text).expect("a file");
    }

    /// Its registry has this image, too.
    pub(crate) fn in_registry(self, name: &str) -> Self {
        let file = self.folder().join("registry");
        let before = fs::read_to_string(&file).unwrap_or_default();
        fs::write(file, format!("{before}{name}\n")).expect("a file");
        self
    }

    /// The usual answers again.
    pub(crate) fn play_nothing(&self) {
        for file in fs::read_dir(self.folder().join("play")).expect("it is there") {
            fs::remove_file(file.expect("an entry").path()).expect("a file of ours");
        }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn programs(&self) -> PathBuf {
        self.0.path().join("bin")
    }

    /// The calls so far, a line each.
    pub(crate) fn calls(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder().join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }

    /// The calls that begin so.
    pub(crate) fn calls_of(&self, words: &str) -> Vec<String> {
        let mut calls = self.calls();
        calls.retain(|call| {
            call.strip_prefix(words)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        });
        calls
    }

    /// Forgets the calls so far.
    pub(crate) fn forget_calls(&self) {
        let _ = fs::remove_file(self.folder().join("log"));
    }

    /// Names of containers that are there.
    pub(crate) fn containers(&self) -> Vec<String> {
        names(&self.folder().join("containers"))
    }

    /// Folders of images that are there.
    pub(crate) fn images(&self) -> Vec<String> {
        names(&self.folder().join("images"))
    }

    /// The scripts that containers were sent, in order of the calls.
    pub(crate) fn scripts(&self) -> Vec<String> {
        let files = names(&self.folder());
        let scripts = files
            .iter()
            .filter(|f| f.starts_with("stdin.run.") || f.starts_with("stdin.start."));
        scripts
            .map(|f| fs::read_to_string(self.folder().join(f)).expect("a file"))
            .collect()
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("it is there");
    let mut all: Vec<String> = entries
        .map(|e| {
            e.expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    all.sort();
    all
}
