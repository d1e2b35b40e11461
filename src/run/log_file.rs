//! A log's file: all that is written while it fits, else its beginning and its end with a line between that says how much
//! is left out. It takes constant memory, whatever comes.
//!
//! The end is written round and round in a file without a name beside the log, so nothing of it is left when we are killed.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::files;
use crate::problem::Problem;

/// What stands behind how much is left out.
pub(super) const OF_LOGS: &str = "are left out here (`log-limit`)";

/// How much is copied at once.
const PIECE: usize = 64 * 1024;

#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    path: PathBuf,
    /// How much still goes behind what was written.
    room: u64,
    /// The size of the end.
    size: u64,
    left_out: &'static str,
    end: Option<End>,
}

#[derive(Debug)]
struct End {
    file: File,
    /// How much was written to it in all.
    written: u64,
}

impl LogFile {
    /// `limit`: the most bytes that are kept of what is written.
    pub(super) fn create(path: &Path, limit: u64, left_out: &'static str) -> Result<Self, Problem> {
        Ok(Self::over(files::create(path)?, path, limit, left_out))
    }

    /// The same in files that are gone when they are closed, where `path` would be: to be read by us alone.
    pub(crate) fn nameless(path: &Path, limit: u64, left_out: &'static str) -> io::Result<Self> {
        Ok(Self::over(nameless(path)?, path, limit, left_out))
    }

    fn over(file: File, path: &Path, limit: u64, left_out: &'static str) -> Self {
        let size = limit / 2;
        Self {
            file,
            path: path.to_owned(),
            room: limit - size,
            size,
            left_out,
            end: None,
        }
    }

    /// All that was kept of what was written to a file without a name, from its beginning.
    pub(crate) fn read(mut self) -> io::Result<File> {
        self.finish()?;
        self.file.rewind()?;
        Ok(self.file)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let fits = usize::try_from(self.room).map_or(bytes.len(), |room| room.min(bytes.len()));
        let (now, later) = bytes.split_at(fits);
        self.room -= now.len() as u64;
        self.file.write_all(now)?;
        if later.is_empty() {
            return Ok(());
        }
        let end = match &mut self.end {
            Some(end) => end,
            none => none.insert(End {
                file: nameless(&self.path)?,
                written: 0,
            }),
        };
        end.write(later, self.size)
    }

    /// Puts the end behind the beginning.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let Some(end) = self.end.take() else {
            return Ok(());
        };
        let kept = end.written.min(self.size);
        let left_out = end.written - kept;
        if left_out > 0 {
            let text = format!("\n[runenv: {left_out} bytes {}]\n", self.left_out);
            self.file.write_all(text.as_bytes())?;
        }
        let mut piece = vec![0; PIECE];
        let mut from = left_out;
        while from < end.written {
            let place = from % self.size;
            let most = (self.size - place).min(end.written - from);
            let most = usize::try_from(most).map_or(PIECE, |most| most.min(PIECE));
            end.file.read_exact_at(&mut piece[..most], place)?;
            self.file.write_all(&piece[..most])?;
            from += most as u64;
        }
        Ok(())
    }
}

impl End {
    fn write(&mut self, mut bytes: &[u8], size: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let place = self.written.checked_rem(size).unwrap_or(0);
            let most =
                usize::try_from(size - place).map_or(bytes.len(), |room| room.min(bytes.len()));
            if most == 0 {
                // A limit of no byte at all.
                self.written += bytes.len() as u64;
                return Ok(());
            }
            self.file.write_all_at(&bytes[..most], place)?;
            self.written += most as u64;
            bytes = &bytes[most..];
        }
        Ok(())
    }
}

/// A file that is gone when it is closed, on the disk that the log is on.
fn nameless(log: &Path) -> io::Result<File> {
    let name = log.file_name().unwrap_or_default().to_string_lossy();
    let path = log.with_file_name(format!(".{name}.{}", std::process::id()));
    let _ = fs::remove_file(&path);
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(0o600);
    let file = options.open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(pieces: &[Vec<u8>], limit: u64) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("01-a.log");
        let mut log = LogFile::create(&path, limit, OF_LOGS).unwrap();
        for piece in pieces {
            log.write(piece).unwrap();
        }
        log.finish().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        files::read(&path).unwrap()
    }

    /// However it is cut: what fits is whole, else the first and the last bytes are there and the rest is counted.
    #[test]
    fn the_beginning_and_the_end_are_kept() {
        proptest!(|(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..20), limit in 0u64..200)| {
            let whole = pieces.concat();
            let log = kept(&pieces, limit);
            if whole.len() as u64 <= limit {
                prop_assert_eq!(log, whole);
            } else {
                let limit = usize::try_from(limit).unwrap();
                let (head, tail) = (limit - limit / 2, limit / 2);
                let mark = format!("\n[runenv: {} bytes are left out here (`log-limit`)]\n", whole.len() - limit);
                let expected = [&whole[..head], mark.as_bytes(), &whole[whole.len() - tail..]].concat();
                prop_assert_eq!(log, expected);
            }
        });
    }
}
