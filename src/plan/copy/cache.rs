//! Digests of files that did not change since they were hashed, kept in one file between runs.
//!
//! A file is known again by size, times of content and inode, and inode number. As in git, times that are not
//! older than the look itself prove nothing: the file may change again within the same tick of the disk's clock.
//! Such files are never remembered, so they are hashed again until they are old enough.
//!
//! A cache that is broken, cut off or of another format reads as empty: it can only cost time.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::on_disk;
use crate::digest::Digest;
use crate::files;
use crate::problem::Problem;
use crate::time;

/// The first line; another format gets another number.
const FORMAT: &[u8] = b"runenv files 1\n";

/// The longest tick of a kernel's clock for files (100 Hz), twice.
const TICK: i64 = 20_000_000;

/// Disks that keep whole seconds only (some keep every second one).
const COARSE_TICK: i64 = 2_000_000_000;

const SECOND: i64 = 1_000_000_000;

/// A digest in hex: of the records after the first line, of a file's content in each record.
const SUM: usize = 64;

/// What tells whether a file is still the one that was hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stat {
    pub(super) size: u64,
    pub(super) mtime: i64,
    pub(super) ctime: i64,
    pub(super) inode: u64,
}

impl Stat {
    pub(super) fn of(meta: &Metadata) -> Self {
        // A time outside the years 1678 to 2262 becomes another one: it only has to differ when it changes.
        let nanos = |seconds: i64, nanos: i64| seconds.wrapping_mul(SECOND).wrapping_add(nanos);
        Self {
            size: meta.size(),
            mtime: nanos(meta.mtime(), meta.mtime_nsec()),
            ctime: nanos(meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
        }
    }

    /// Was it last changed so long before `look` that a later change must show in its times?
    fn settled(&self, look: i128) -> bool {
        // Only the inode's time counts here: anybody can set the other to a whole second.
        let tick = if self.ctime % SECOND == 0 {
            COARSE_TICK
        } else {
            TICK
        };
        i128::from(self.mtime.max(self.ctime)) + i128::from(tick) < look
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.size.to_le_bytes());
        out.extend(self.mtime.to_le_bytes());
        out.extend(self.ctime.to_le_bytes());
        out.extend(self.inode.to_le_bytes());
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            size: u64::from_le_bytes(take(bytes)?),
            mtime: i64::from_le_bytes(take(bytes)?),
            ctime: i64::from_le_bytes(take(bytes)?),
            inode: u64::from_le_bytes(take(bytes)?),
        })
    }
}

/// The next `N` bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*head)
}

/// What the file held, as it was read: most of it is asked for once, so it is not taken apart before.
#[derive(Default)]
struct Stored {
    bytes: Vec<u8>,
    /// Where each record begins; they are sorted by path.
    records: Vec<usize>,
}

impl Stored {
    /// `None` for anything but exactly what `print` gives.
    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let (sum, body) = bytes.strip_prefix(FORMAT)?.split_at_checked(SUM)?;
        if Digest::of(body).to_string().as_bytes() != sum {
            return None;
        }
        let mut records = Vec::new();
        let mut rest = body;
        while !rest.is_empty() {
            records.push(bytes.len() - rest.len());
            Record::read(&mut rest)?;
        }
        Some(Self { bytes, records })
    }

    fn record(&self, at: usize) -> Record<'_> {
        Record::read(&mut &self.bytes[at..]).expect("all records were read once")
    }

    fn get(&self, path: &[u8]) -> Option<Record<'_>> {
        let found = self
            .records
            .binary_search_by(|at| self.record(*at).path.cmp(path))
            .ok()?;
        Some(self.record(self.records[found]))
    }
}

/// A file in the cache.
struct Record<'a> {
    path: &'a [u8],
    stat: Stat,
    hex: [u8; SUM],
}

impl<'a> Record<'a> {
    fn read(bytes: &mut &'a [u8]) -> Option<Self> {
        let length = u32::from_le_bytes(take(bytes)?);
        let (path, rest) = bytes.split_at_checked(usize::try_from(length).ok()?)?;
        *bytes = rest;
        Some(Self {
            path,
            stat: Stat::read(bytes)?,
            hex: take(bytes)?,
        })
    }

    fn write(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.path.len()).expect("a path is shorter than 4 GB");
        out.extend(length.to_le_bytes());
        out.extend(self.path);
        self.stat.write(out);
        out.extend(self.hex);
    }

    fn digest(&self) -> Option<Digest> {
        Digest::parse(std::str::from_utf8(&self.hex).ok()?)
    }
}

/// The cache, for one tree.
pub(crate) struct FileCache {
    root: PathBuf,
    path: PathBuf,
    stored: Stored,
    /// Hashed in this run; `None` is too young to be remembered.
    fresh: BTreeMap<Vec<u8>, Option<(Stat, Digest)>>,
    /// When it was opened, before anything was hashed.
    look: i128,
    changed: bool,
    /// How many threads look at files and hash them.
    pub(super) threads: usize,
}

impl FileCache {
    /// Reads `files.cache` of a folder; `threads` is how many may hash at once.
    pub(crate) fn open(root: &Path, folder: &Path, threads: usize) -> Self {
        let path = folder.join("files.cache");
        let stored = files::read(&path)
            .ok()
            .and_then(Stored::parse)
            .unwrap_or_default();
        let (root, threads) = (root.to_owned(), threads.clamp(1, 16));
        Self {
            root,
            path,
            stored,
            fresh: BTreeMap::new(),
            look: time::now_nanos(),
            changed: false,
            threads,
        }
    }

    pub(super) fn get(&self, path: &[u8], stat: &Stat) -> Option<Digest> {
        if let Some(fresh) = self.fresh.get(path) {
            return fresh
                .filter(|(known, _)| known == stat)
                .map(|(_, digest)| digest);
        }
        let record = self.stored.get(path)?;
        if record.stat == *stat {
            record.digest()
        } else {
            None
        }
    }

    /// Remembers what was hashed after `stat` was taken.
    pub(super) fn put(&mut self, path: &[u8], stat: Stat, digest: Digest) {
        let settled = stat.settled(self.look);
        self.changed |= settled || self.stored.get(path).is_some();
        self.fresh
            .insert(path.to_owned(), settled.then_some((stat, digest)));
    }

    /// Writes the cache if it holds anything new; its folder must be there.
    pub(crate) fn save(&mut self) -> Result<(), Problem> {
        if self.changed {
            files::write_atomic(&self.path, &self.print())?;
            self.changed = false;
        }
        Ok(())
    }

    /// What is known of a file, from this run or before.
    fn record<'a>(&'a self, path: &'a [u8]) -> Option<Record<'a>> {
        let Some(fresh) = self.fresh.get(path) else {
            return self.stored.get(path);
        };
        fresh.map(|(stat, digest)| {
            let mut hex = [0; SUM];
            hex.copy_from_slice(digest.to_string().as_bytes());
            Record { path, stat, hex }
        })
    }

    fn print(&self) -> Vec<u8> {
        let stored = self.stored.records.iter().map(|at| self.stored.record(*at));
        // Other stages' files stay remembered, those that are gone do not: else the cache would only grow.
        let there = |path: &[u8]| on_disk(&self.root, path).symlink_metadata().is_ok();
        let stored = stored.filter(|r| !self.fresh.contains_key(r.path) && there(r.path));
        let mut paths: Vec<&[u8]> = stored.map(|r| r.path).collect();
        paths.extend(
            self.fresh
                .iter()
                .filter(|(_, known)| known.is_some())
                .map(|(p, _)| p.as_slice()),
        );
        paths.sort_unstable();
        let mut out = [FORMAT, &[0; SUM]].concat();
        let start = out.len();
        for path in paths {
            self.record(path)
                .expect("it is in one of the two")
                .write(&mut out);
        }
        let sum = Digest::of(&out[start..]).to_string();
        out[FORMAT.len()..start].copy_from_slice(sum.as_bytes());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    const OLD: i64 = 1_700_000_000_123_456_789;

    fn stat(mtime: i64) -> Stat {
        Stat {
            size: 3,
            mtime,
            ctime: OLD,
            inode: 7,
        }
    }

    fn reopened(cache: &mut FileCache) -> FileCache {
        cache.save().unwrap();
        FileCache::open(&cache.root, cache.root.as_path(), 1)
    }

    #[test]
    fn what_is_the_same_is_known_again_and_what_differs_is_not() {
        let tree = Tree::new().file("a", "abc");
        let mut cache = tree.cache();
        let digest = Digest::of(b"abc");
        cache.put(b"a", stat(OLD), digest);
        let again = reopened(&mut cache);
        assert_eq!(again.get(b"a", &stat(OLD)), Some(digest));
        let Stat {
            size,
            mtime,
            ctime,
            inode,
        } = stat(OLD);
        for other in [
            Stat {
                size: size + 1,
                mtime,
                ctime,
                inode,
            },
            Stat {
                size,
                mtime: mtime + 1,
                ctime,
                inode,
            },
            Stat {
                size,
                mtime,
                ctime: ctime + 1,
                inode,
            },
            Stat {
                size,
                mtime,
                ctime,
                inode: inode + 1,
            },
        ] {
            assert_eq!(again.get(b"a", &other), None);
        }
    }

    #[test]
    fn files_as_young_as_the_look_are_never_known() {
        let tree = Tree::new();
        let mut cache = tree.cache();
        let look = i64::try_from(cache.look).unwrap();
        let digest = Digest::of(b"");
        for time in [look, look - TICK, look + SECOND] {
            cache.put(b"a", stat(time), digest);
            assert_eq!(cache.get(b"a", &stat(time)), None, "{time}");
        }
        cache.put(b"a", stat(look - TICK - 1), digest);
        assert_eq!(cache.get(b"a", &stat(look - TICK - 1)), Some(digest));
        cache.put(b"a", stat(look), digest);
        assert_eq!(
            cache.get(b"a", &stat(look - TICK - 1)),
            None,
            "what it was before is forgotten"
        );
        let whole = Stat {
            ctime: (look / SECOND - 1) * SECOND,
            ..stat(OLD)
        };
        assert!(!whole.settled(cache.look) && whole.settled(cache.look + 2 * i128::from(SECOND)));
    }

    #[test]
    fn a_broken_cache_is_empty() {
        let tree = Tree::new().file("a", "").file("b\n", "");
        let mut cache = tree.cache();
        for name in [b"a".as_slice(), b"b\n"] {
            cache.put(name, stat(OLD), Digest::of(name));
        }
        let whole = cache.print();
        assert_eq!(Stored::parse(whole.clone()).unwrap().records.len(), 2);
        for end in 0..whole.len() {
            assert!(Stored::parse(whole[..end].to_vec()).is_none(), "{end}");
            let mut broken = whole.clone();
            broken[end] ^= 1;
            assert!(Stored::parse(broken).is_none(), "{end}");
        }
    }

    #[test]
    fn only_what_is_new_is_written_and_what_is_gone_is_dropped() {
        let tree = Tree::new().file("a", "").file("other", "");
        let path = tree.root().join("files.cache");
        tree.cache().save().unwrap();
        assert!(!path.exists());
        let mut cache = tree.cache();
        for name in [b"a".as_slice(), b"other", b"gone"] {
            cache.put(name, stat(OLD), Digest::of(name));
        }
        let mut cache = reopened(&mut cache);
        let inode = path.metadata().unwrap().ino();
        assert!(cache.get(b"a", &stat(OLD)).is_some());
        let mut cache = reopened(&mut cache);
        assert_eq!(path.metadata().unwrap().ino(), inode);
        cache.put(b"a", stat(OLD + 1), Digest::of(b"x"));
        let stored = reopened(&mut cache).stored;
        let paths = stored.records.iter().map(|at| stored.record(*at).path);
        assert_eq!(paths.collect::<Vec<_>>(), [b"a".as_slice(), b"other"]);
    }
}
