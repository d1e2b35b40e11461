//! `Manifest`: the files of a stage, as its key and its tar see them.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::cache::FileCache;
use super::hash::{self, Content};
use super::shown;
use super::walk::{self, Found, Sight};
use crate::digest::{Digest, Digester};
use crate::environment::setting::Setting;
use crate::problem::Problem;

/// What stands at a path. Owner, times and all of the mode but one bit are left out on purpose: they differ between
/// machines that have the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Folder,
    File {
        executable: bool,
        size: u64,
        digest: Digest,
    },
    Link {
        target: Vec<u8>,
    },
}

/// A file, folder or link; the path is relative to the tree, with `/` between names of any bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: Vec<u8>,
    pub(crate) kind: EntryKind,
}

/// What a stage copies, sorted by the bytes of the paths. A folder is in it if a pattern matched it, not only
/// because it holds something that is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// Copies share them: there may be many, and many environments have the same.
    entries: Arc<[Entry]>,
}

/// As `ls -F` has it: `/`, `*`, ` -> target`.
impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder => f.write_str("/"),
            Self::File {
                executable,
                size: _,
                digest: _,
            } => f.write_str(if *executable { "*" } else { "" }),
            Self::Link { target } => write!(f, " -> {}", shown(target)),
        }
    }
}

impl Manifest {
    /// Finds what the patterns take below `root` and gives every file its digest.
    pub(crate) fn collect(
        root: &Path,
        patterns: &[Setting<String>],
        cache: &mut FileCache,
    ) -> Result<Self, Problem> {
        Self::of_found(root, walk::walk(root, patterns)?, cache)
    }

    /// Gives every file that was found its digest.
    pub(super) fn of_found(
        root: &Path,
        found: Vec<Found>,
        cache: &mut FileCache,
    ) -> Result<Self, Problem> {
        let is_file = |f: &&Found| matches!(f.sight, Sight::File);
        let paths: Vec<&[u8]> = found
            .iter()
            .filter(is_file)
            .map(|f| f.path.as_slice())
            .collect();
        let mut contents = hash::all(root, &paths, cache)?.into_iter();
        let mut entries = Vec::with_capacity(found.len());
        for Found { path, sight } in found {
            let kind = match sight {
                Sight::File => {
                    // Vanished since the walk: then it is not there.
                    let Some(content) = contents.next().flatten() else {
                        continue;
                    };
                    let Content {
                        executable,
                        size,
                        digest,
                        stat,
                    } = content;
                    if let Some(stat) = stat {
                        cache.put(&path, stat, digest);
                    }
                    EntryKind::File {
                        executable,
                        size,
                        digest,
                    }
                }
                Sight::Link { target } => EntryKind::Link { target },
                Sight::Folder => EntryKind::Folder,
                Sight::Special(_) => continue,
            };
            entries.push(Entry { path, kind });
        }
        Ok(Self::of_sorted(entries))
    }

    /// These, which are sorted by their paths.
    pub(super) fn of_sorted(entries: Vec<Entry>) -> Self {
        Self {
            entries: entries.into(),
        }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The digest for the key: path, kind, x-bit, size, content or target of each entry, and nothing else.
    pub(crate) fn digest(&self) -> Digest {
        let mut digester = Digester::new("runenv files");
        digester.field("entries", &(self.entries.len() as u64).to_le_bytes());
        for Entry { path, kind } in self.entries() {
            digester.field("path", path);
            match kind {
                EntryKind::Folder => digester.field("folder", b""),
                EntryKind::File {
                    executable,
                    size,
                    digest,
                } => digester
                    .field(
                        if *executable { "program" } else { "file" },
                        &size.to_le_bytes(),
                    )
                    .field("content", digest.bytes()),
                EntryKind::Link { target } => digester.field("link", target),
            };
        }
        digester.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use super::super::tree::{Tree, settings};
    use super::*;

    /// The same commit on two machines.
    fn checkout(mode: u32, seconds: u64) -> Tree {
        let tree = Tree::new()
            .file("d/a", "x")
            .file("run", "y")
            .link("l", "d/a")
            .folder("e");
        let tree = tree
            .mode("d/a", 0o666 & mode)
            .mode("run", 0o777 & mode)
            .mode("d", 0o777 & mode)
            .mode("e", 0o777 & mode);
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for path in ["d/a", "run", "d"] {
            File::open(tree.root().join(path))
                .unwrap()
                .set_modified(time)
                .unwrap();
        }
        tree
    }

    fn digest(tree: &Tree) -> Digest {
        tree.collect(&["."]).unwrap().digest()
    }

    #[test]
    fn umask_and_times_do_not_reach_the_digest() {
        let (one, two) = (checkout(0o755, 1), checkout(0o700, 1_700_000_000));
        assert_eq!(one.list(&["."]), ["d/", "d/a", "e/", "l -> d/a", "run*"]);
        assert_eq!(digest(&one), digest(&two));
        let hex = "0ea0460468abaac0fffe0d3534ecf7c5";
        assert_eq!(
            &digest(&one).to_string()[..hex.len()],
            hex,
            "the key's format is a contract"
        );
    }

    #[test]
    fn all_that_a_build_can_see_reaches_the_digest() {
        let tree = || checkout(0o755, 1);
        let mut digests = vec![
            digest(&tree()),
            digest(&tree().file("d/a", "z")),
            digest(&tree().file("d/a", "")),
            digest(&tree().mode("d/a", 0o744)),
            digest(&tree().mode("run", 0o644)),
            digest(&tree().link("l2", "d/a")),
            digest(&tree().file("l2", "d/a")),
            digest(&tree().folder("l2")),
            digest(&tree().link("l2", "d")),
            digest(&Tree::new().file("ab", "c")),
            digest(&Tree::new().file("a", "bc")),
        ];
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), 11);
    }

    #[test]
    fn a_warm_cache_gives_the_same_without_reading() {
        let tree = checkout(0o755, 1);
        std::thread::sleep(Duration::from_millis(50));
        let mut cache = tree.cache();
        let patterns = settings(&["d", "run"]);
        let cold = Manifest::collect(tree.root(), &patterns, &mut cache).unwrap();
        cache.save().unwrap();
        let written = || {
            File::open(tree.root().join("files.cache"))
                .unwrap()
                .metadata()
                .unwrap()
                .modified()
                .unwrap()
        };
        let before = written();
        let mut warm = tree.cache();
        let contents = hash::all(tree.root(), &[b"d/a", b"run"], &warm).unwrap();
        assert!(
            contents
                .iter()
                .all(|content| content.unwrap().stat.is_none()),
            "all is known"
        );
        assert_eq!(
            Manifest::collect(tree.root(), &patterns, &mut warm).unwrap(),
            cold
        );
        warm.save().unwrap();
        assert_eq!(written(), before);
    }

    #[test]
    fn an_edit_of_the_same_size_and_time_is_seen() {
        let tree = checkout(0o755, 1);
        let mut cache = tree.cache();
        let patterns = settings(&["d"]);
        let before = Manifest::collect(tree.root(), &patterns, &mut cache).unwrap();
        cache.save().unwrap();
        // At once, within a tick of the disk's clock, and with the old time put back.
        let tree = tree.file("d/a", "z");
        File::open(tree.root().join("d/a"))
            .unwrap()
            .set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1))
            .unwrap();
        let after = Manifest::collect(tree.root(), &patterns, &mut tree.cache()).unwrap();
        assert_ne!(before.digest(), after.digest());
    }
}
