//! What was copied into an environment's own tree, and how it stood there then: `.runenv/ENV/tree.manifest`.
//!
//! A path that is being written or removed is noted as under way before that is begun, so that after a kill at any point
//! the next run knows that it cannot trust what stands there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str;

use rustix::fs::{FileType, Stat};

use crate::digest::Digest;
use crate::files;
use crate::plan::copy::EntryKind;
use crate::problem::Problem;

/// The first line; another format gets another number.
const FORMAT: &[u8] = b"runenv tree 1\n";

/// What kind of thing stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Folder,
    File,
    Program,
    Link,
    /// What is never copied.
    Other,
}

const LETTERS: [(Shape, &str); 4] = [
    (Shape::Folder, "d"),
    (Shape::File, "f"),
    (Shape::Program, "x"),
    (Shape::Link, "l"),
];

/// How something stands on the disk: as long as it is this, nobody has touched it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) shape: Shape,
    size: i64,
    mtime: i128,
    ctime: i128,
    inode: u64,
}

impl Stand {
    pub(super) fn of(stat: &Stat) -> Self {
        let nanos = |seconds: i64, nanos: i128| i128::from(seconds) * 1_000_000_000 + nanos;
        let shape = match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => Shape::Folder,
            FileType::RegularFile if stat.st_mode & 0o111 != 0 => Shape::Program,
            FileType::RegularFile => Shape::File,
            FileType::Symlink => Shape::Link,
            FileType::Fifo
            | FileType::Socket
            | FileType::CharacterDevice
            | FileType::BlockDevice
            | FileType::Unknown => Shape::Other,
        };
        Self {
            shape,
            size: stat.st_size,
            mtime: nanos(stat.st_mtime, stat.st_mtime_nsec.into()),
            ctime: nanos(stat.st_ctime, stat.st_ctime_nsec.into()),
            inode: stat.st_ino,
        }
    }
}

/// What is copied: the shape, and the digest of content or target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct What {
    pub(super) shape: Shape,
    pub(super) digest: Digest,
}

impl What {
    pub(super) fn of(kind: &EntryKind) -> Self {
        let (shape, digest) = match kind {
            EntryKind::Folder => (Shape::Folder, Digest::of(b"")),
            EntryKind::Link { target } => (Shape::Link, Digest::of(target)),
            EntryKind::File {
                executable,
                size: _,
                digest,
            } => {
                let shape = if *executable {
                    Shape::Program
                } else {
                    Shape::File
                };
                (shape, *digest)
            }
        };
        Self { shape, digest }
    }
}

/// Path to what was copied there and how it stood; `None`: under way.
type Paths = BTreeMap<Vec<u8>, Option<(What, Stand)>>;

/// The note of a tree.
#[derive(Debug)]
pub(super) struct Noted {
    path: PathBuf,
    pub(super) all: Paths,
}

impl Noted {
    /// `None` where there is no note that can be read: nothing is known of the tree then.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let all = parse(&files::read(path).ok()?)?;
        let path = path.to_owned();
        Some(Self { path, all })
    }

    pub(super) fn empty(path: &Path) -> Self {
        let (path, all) = (path.to_owned(), BTreeMap::new());
        Self { path, all }
    }

    pub(super) fn write(&self) -> Result<(), Problem> {
        let mut body = Vec::new();
        for (path, noted) in &self.all {
            let line = match noted {
                None => "?".to_owned(),
                Some((what, stand)) => {
                    let letter = LETTERS.iter().find(|(shape, _)| *shape == what.shape);
                    let letter = letter.map_or("?", |(_, letter)| letter);
                    let on_disk = LETTERS.iter().find(|(shape, _)| *shape == stand.shape);
                    let on_disk = on_disk.map_or("?", |(_, letter)| letter);
                    format!(
                        "{letter} {} {on_disk} {} {} {} {}",
                        what.digest, stand.size, stand.mtime, stand.ctime, stand.inode
                    )
                }
            };
            body.extend(line.as_bytes());
            body.push(b'\t');
            body.extend(path);
            body.push(0);
        }
        let sum = format!("{}\n", Digest::of(&body));
        files::write_atomic(&self.path, &[FORMAT, sum.as_bytes(), &body].concat())
    }
}

/// `None` for anything but exactly what is written.
fn parse(bytes: &[u8]) -> Option<Paths> {
    let (sum, body) = bytes.strip_prefix(FORMAT)?.split_at_checked(65)?;
    if format!("{}\n", Digest::of(body)).as_bytes() != sum {
        return None;
    }
    let mut all = BTreeMap::new();
    for record in body.split(|b| *b == 0).filter(|record| !record.is_empty()) {
        let tab = record.iter().position(|b| *b == b'\t')?;
        let noted = match str::from_utf8(&record[..tab]).ok()? {
            "?" => None,
            line => Some(one(line)?),
        };
        all.insert(record[tab + 1..].to_owned(), noted);
    }
    Some(all)
}

fn one(line: &str) -> Option<(What, Stand)> {
    let words: Vec<&str> = line.split(' ').collect();
    let [letter, digest, on_disk, size, mtime, ctime, inode] = words[..] else {
        return None;
    };
    let shape = |word| LETTERS.iter().find(|(_, l)| *l == word).map(|(s, _)| *s);
    let what = What {
        shape: shape(letter)?,
        digest: Digest::parse(digest)?,
    };
    let stand = Stand {
        shape: shape(on_disk)?,
        size: size.parse().ok()?,
        mtime: mtime.parse().ok()?,
        ctime: ctime.parse().ok()?,
        inode: inode.parse().ok()?,
    };
    Some((what, stand))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_read_as_it_was_written_and_a_broken_one_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("n");
        let mut noted = Noted::empty(&path);
        let stand = Stand {
            shape: Shape::File,
            size: 3,
            mtime: -1,
            ctime: i128::from(i64::MAX),
            inode: 7,
        };
        let what = What {
            shape: Shape::Program,
            digest: Digest::of(b"x"),
        };
        noted
            .all
            .insert(b"a\tb\n\xff".to_vec(), Some((what, stand)));
        noted.all.insert(b"c".to_vec(), None);
        noted.write().unwrap();
        assert_eq!(Noted::read(&path).unwrap().all, noted.all);
        let whole = files::read(&path).unwrap();
        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).is_none(), "{end}");
            let mut broken = whole.clone();
            broken[end] ^= 1;
            assert!(parse(&broken).is_none(), "{end}");
        }
    }
}
