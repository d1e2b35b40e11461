//! A tree with files beside it that nobody may touch, and tars as hostile as can be.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tar::{EntryType, Header};

use super::super::archive::{self, Trouble};
use super::super::{Collector, Taken, collect};
use crate::plan::artifacts::{Glob, Source, sources};

/// A tree at `tree` with files beside it that nobody may touch.
pub(super) struct World(pub(super) tempfile::TempDir);

impl World {
    pub(super) fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        for folder in ["outside", "tree/.runenv/e/log"] {
            fs::create_dir_all(world.0.path().join(folder)).unwrap();
        }
        fs::File::create(world.0.path().join("outside/file")).unwrap();
        world
    }

    pub(super) fn tree(&self) -> PathBuf {
        self.0.path().join("tree")
    }

    pub(super) fn artifacts(&self) -> PathBuf {
        self.tree().join(".runenv/e/artifacts")
    }

    /// Gives a tar of `w` to the globs, whose first names are all `w`.
    pub(super) fn unpack(
        &self,
        tar: &[u8],
        with: impl FnOnce(&mut Collector),
    ) -> (Taken, Option<String>) {
        let globs = vec![Glob::read("w/**").unwrap()];
        let source = sources(&globs).remove(0);
        self.unpack_to(globs, source, tar, with)
    }

    pub(super) fn unpack_to(
        &self,
        globs: Vec<Glob>,
        source: Source,
        tar: &[u8],
        with: impl FnOnce(&mut Collector),
    ) -> (Taken, Option<String>) {
        let mut broken = None;
        let taken = collect(&self.tree(), "e", "s", Ok(globs), |collector| {
            with(collector);
            let read = archive::read(&mut &*tar, &mut |e, c| collector.entry(&source, e, c));
            match read {
                Err(Trouble::Ours(problem)) => return Err(problem),
                Err(Trouble::Broken(why)) => broken = Some(why),
                Ok(()) => {}
            }
            Ok(())
        });
        (taken, broken)
    }

    /// Everything that is not in the stages' own folders, nor says whose they are: path, mode, size, target.
    pub(super) fn rest(&self) -> BTreeMap<PathBuf, (u32, u64, PathBuf)> {
        let mut all = BTreeMap::new();
        let own = self.artifacts();
        let of = own.with_file_name("artifacts-of");
        walk(self.0.path(), &mut |path, meta| {
            if !path.starts_with(&own) && !path.starts_with(&of) {
                let size = if meta.is_dir() { 0 } else { meta.size() };
                let target = fs::read_link(path).unwrap_or_default();
                all.insert(path.to_owned(), (meta.mode(), size, target));
            }
        });
        all
    }

    /// All that was copied, each of it harmless.
    pub(super) fn copied(&self) -> Vec<PathBuf> {
        let (mut all, own) = (Vec::new(), self.artifacts().join("s"));
        let Ok(real) = own.canonicalize() else {
            return all;
        };
        walk(&own, &mut |path, meta| {
            assert!(
                meta.is_dir() || meta.is_file() || meta.is_symlink(),
                "{path:?}"
            );
            if let Ok(leads) = path.canonicalize() {
                assert!(leads.starts_with(&real), "{path:?} leads to {leads:?}");
            }
            let mode = meta.permissions().mode();
            assert!(
                meta.is_symlink() || mode & 0o7777 & !0o755 == 0,
                "{path:?}: {mode:o}"
            );
            all.push(path.strip_prefix(&own).unwrap().to_owned());
        });
        all
    }
}

fn walk(path: &Path, each: &mut dyn FnMut(&Path, &fs::Metadata)) {
    let meta = path.symlink_metadata().unwrap();
    each(path, &meta);
    if meta.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(&entry.unwrap().path(), each);
        }
    }
}

/// One entry, as hostile as can be: the name and the target as they are, in records where they are long.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) kind: u8,
    pub(super) name: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) mode: u32,
    pub(super) size: u64,
}

pub(super) fn item(kind: u8, name: &[u8], target: &[u8]) -> Item {
    Item {
        kind,
        name: name.to_owned(),
        target: target.to_owned(),
        mode: 0o6777,
        size: 3 * u64::from(kind == b'0'),
    }
}

fn record(name: &str, value: &[u8]) -> Vec<u8> {
    let rest = name.len() + value.len() + 3;
    let mut length = rest + 1;
    while length != rest + length.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} {name}=").as_bytes(), value, b"\n"].concat()
}

pub(super) fn block(out: &mut Vec<u8>, kind: u8, item: &Item, content: &[u8]) {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::new(kind));
    header.set_mode(item.mode);
    header.set_size(content.len() as u64);
    let old = header.as_old_mut();
    for (field, value) in [
        (&mut old.name, &item.name),
        (&mut old.linkname, &item.target),
    ] {
        let n = value.len().min(field.len());
        field[..n].copy_from_slice(&value[..n]);
    }
    header.set_cksum();
    out.extend(header.as_bytes());
    out.extend(content);
    out.resize(out.len().next_multiple_of(512), 0);
}

pub(super) fn tar_of(items: &[Item]) -> Vec<u8> {
    let mut out = Vec::new();
    for item in items {
        if item.name.len() > 100 || item.target.len() > 100 || item.name.contains(&b'\n') {
            let records = [record("path", &item.name), record("linkpath", &item.target)].concat();
            block(
                &mut out,
                b'x',
                &Item {
                    name: b"pax".into(),
                    ..item.clone()
                },
                &records,
            );
        }
        let content = vec![b'.'; usize::try_from(item.size).unwrap()];
        block(&mut out, item.kind, item, &content);
    }
    out.resize(out.len() + 1024, 0);
    out
}
