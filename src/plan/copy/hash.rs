//! Hashes many files on a few threads; reading is all that is done with them.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{Mode, OFlags};

use super::cache::{FileCache, Stat};
use super::on_disk;
use crate::digest::{Digest, Stream};
use crate::files;
use crate::problem::Problem;

/// The size of a read: more is no faster, and every thread has one.
pub(super) const BUFFER: usize = 128 * 1024;

/// A file as it was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    pub(super) executable: bool,
    pub(super) size: u64,
    pub(super) digest: Digest,
    /// What to remember it by, if it was read and not known.
    pub(super) stat: Option<Stat>,
}

/// Opens a file that was a regular one when it was looked at; if a link or a pipe took its place, that is an error
/// and neither followed nor waited for.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no longer a regular file"))
    }
}

/// The content of each file, in the same order; `None` for one that has vanished since the walk.
pub(super) fn all(
    root: &Path,
    paths: &[&[u8]],
    cache: &FileCache,
) -> Result<Vec<Option<Content>>, Problem> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<(usize, Content)>, Problem> {
        let mut buffer = Vec::new();
        let mut done = Vec::new();
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(n) else {
                return Ok(done);
            };
            done.extend(content(root, path, cache, &mut buffer)?.map(|content| (n, content)));
        }
    };
    let mut contents = vec![None; paths.len()];
    std::thread::scope(|scope| {
        // This thread works, too: one file costs no thread at all.
        let helpers: Vec<_> = (1..cache.threads.min(paths.len()))
            .map(|_| scope.spawn(work))
            .collect();
        let mut results = vec![work()];
        results.extend(
            helpers
                .into_iter()
                .map(|helper| helper.join().expect("hashing does not panic")),
        );
        for result in results {
            for (n, content) in result? {
                contents[n] = Some(content);
            }
        }
        Ok(contents)
    })
}

fn content(
    root: &Path,
    path: &[u8],
    cache: &FileCache,
    buffer: &mut Vec<u8>,
) -> Result<Option<Content>, Problem> {
    let disk = on_disk(root, path);
    let found = disk.symlink_metadata().and_then(|meta| {
        let stat = Stat::of(&meta);
        let executable = meta.permissions().mode() & 0o111 != 0;
        if let Some(digest) = cache.get(path, &stat) {
            return Ok(Content {
                executable,
                size: stat.size,
                digest,
                stat: None,
            });
        }
        buffer.resize(BUFFER, 0);
        let (size, digest) = read(open(&disk)?, buffer)?;
        Ok(Content {
            executable,
            size,
            digest,
            stat: Some(stat),
        })
    });
    match found {
        Ok(content) => Ok(Some(content)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(files::trouble("read", &disk, &error)),
    }
}

/// Copies a file of the tree, as it is now: how many bytes, and their digest.
pub(crate) fn copy(root: &Path, path: &[u8], to: &mut dyn Write) -> io::Result<(u64, Digest)> {
    read_to(open(&on_disk(root, path))?, &mut vec![0; BUFFER], to)
}

/// The digest of an opened file.
pub(crate) fn sum(file: File) -> io::Result<Digest> {
    Ok(read(file, &mut vec![0; BUFFER])?.1)
}

fn read(file: File, buffer: &mut [u8]) -> io::Result<(u64, Digest)> {
    read_to(file, buffer, &mut io::sink())
}

fn read_to(mut file: File, buffer: &mut [u8], to: &mut dyn Write) -> io::Result<(u64, Digest)> {
    let mut stream = Stream::default();
    let mut size = 0;
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok((size, stream.finish())),
            Ok(n) => {
                stream.update(&buffer[..n]);
                to.write_all(&buffer[..n])?;
                size += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    #[test]
    fn contents_come_in_order_from_any_number_of_threads() {
        let mut tree = Tree::new();
        let names: Vec<String> = (0..50).map(|n| format!("f{n}")).collect();
        for name in &names {
            tree = tree.file(name, &name.repeat(10_000));
        }
        let mut paths: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
        paths.push(b"gone");
        for threads in [1, 2, 7] {
            let cache = FileCache::open(tree.root(), tree.root(), threads);
            let contents = all(tree.root(), &paths, &cache).unwrap();
            for (name, content) in names.iter().zip(&contents) {
                let text = name.repeat(10_000);
                let content = content.unwrap();
                let expected = (text.len() as u64, Digest::of(text.as_bytes()));
                assert_eq!((content.size, content.digest), expected);
            }
            assert!(contents[50].is_none());
        }
    }

    #[test]
    fn links_and_pipes_are_not_read() {
        let tree = Tree::new().file("a", "").link("l", "a");
        rustix::fs::mknodat(
            rustix::fs::CWD,
            tree.root().join("p"),
            rustix::fs::FileType::Fifo,
            Mode::RWXU,
            0,
        )
        .unwrap();
        for name in [b"l", b"p"] {
            assert!(all(tree.root(), &[name], &tree.cache()).is_err());
        }
    }
}
