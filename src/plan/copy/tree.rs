//! Trees of files for the tests of this folder.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::{FileCache, Manifest, on_disk, shown};
use crate::environment::setting::{Origin, Setting};
use crate::problem::{Place, Problem, Source};

pub(super) struct Tree(tempfile::TempDir);

impl Tree {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn file(self, path: impl AsRef<[u8]>, text: &str) -> Self {
        let path = on_disk(self.root(), path.as_ref());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
        self
    }

    pub(super) fn folder(self, path: &str) -> Self {
        fs::create_dir_all(self.root().join(path)).unwrap();
        self
    }

    pub(super) fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.root().join(path)).unwrap();
        self
    }

    pub(super) fn mode(self, path: &str, mode: u32) -> Self {
        fs::set_permissions(self.root().join(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub(super) fn cache(&self) -> FileCache {
        FileCache::open(self.root(), self.root(), 2)
    }

    /// What these patterns give, without a cache.
    pub(super) fn collect(&self, patterns: &[&str]) -> Result<Manifest, Problem> {
        Manifest::collect(self.root(), &settings(patterns), &mut self.cache())
    }

    /// The same as lines: `path/` is a folder, `path*` a program, `path -> target` a link.
    pub(super) fn list(&self, patterns: &[&str]) -> Vec<String> {
        let manifest = self.collect(patterns).unwrap();
        manifest
            .entries()
            .iter()
            .map(|e| format!("{}{}", shown(&e.path), e.kind))
            .collect()
    }
}

/// Patterns as an envs.toml gives them: each with its place.
pub(super) fn settings(patterns: &[&str]) -> Vec<Setting<String>> {
    let source = Source::new("envs.toml", patterns.join("\n"));
    let mut at = 0;
    let mut out = Vec::new();
    for pattern in patterns {
        let place = Place::new(&source, at..at + pattern.len());
        out.push(Setting::new((*pattern).to_owned(), Origin::File(place)));
        at += pattern.len() + 1;
    }
    out
}
