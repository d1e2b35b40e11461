//! A delivery as a tar stream: `docker cp - CONTAINER:/` reads it.
//!
//! Every machine gives the same bytes: owner 0:0, modes 0755 and 0644, one time. Names are written as they are, in
//! GNU's form when long. Folders that no pattern matched are not in the stream: both engines make them where they are
//! missing (0:0, 0755) and leave those that the image has alone, where an entry would change their mode and owner.
//!
//! Files are hashed as they are sent. One that was edited meanwhile is cut or filled to the size its header gave, so
//! that the stream stays whole, and is named at the end: nothing may then be kept under the manifest's key.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use tar::{Builder, EntryType, Header};

use super::delivery::Delivery;
use super::hash::{self, BUFFER};
use super::{Entry, EntryKind, on_disk, shown};
use crate::digest::{Digest, Stream};

/// A tar is made of these.
const BLOCK: u64 = 512;

/// Why a stream is not what the manifest says.
#[derive(Debug)]
pub(crate) enum TarError {
    /// The stream is whole, but these files are no longer what was hashed.
    Changed(Vec<Vec<u8>>),
    /// The stream could not be written: its reader is gone or its disk full.
    Write(io::Error),
}

impl fmt::Display for TarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(paths) => {
                let first = paths.first().map(|path| shown(path)).unwrap_or_default();
                write!(f, "`{first}` changed while it was copied")?;
                if paths.len() > 1 {
                    write!(f, ", and {} more", paths.len() - 1)
                } else {
                    Ok(())
                }
            }
            Self::Write(error) => write!(f, "cannot send the files: {error}"),
        }
    }
}

impl From<io::Error> for TarError {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl Delivery {
    /// Sends the files of `root`, then our texts.
    pub(crate) fn write_tar(&self, root: &Path, out: &mut dyn Write) -> Result<(), TarError> {
        let mut writer = TarWriter {
            tar: Builder::new(BufWriter::with_capacity(BUFFER, out)),
            buffer: vec![0; BUFFER],
            time: self.time,
        };
        let mut changed = Vec::new();
        for (name, Entry { path, kind }) in &self.entries {
            match kind {
                EntryKind::Folder => {
                    let name = [name, b"/".as_slice()].concat();
                    writer.head(&name, EntryType::Directory, 0o755, 0, b"")?;
                }
                EntryKind::Link { target } => {
                    writer.head(name, EntryType::Symlink, 0o777, 0, target)?;
                }
                EntryKind::File {
                    executable,
                    size,
                    digest,
                } => {
                    writer.head(
                        name,
                        EntryType::Regular,
                        if *executable { 0o755 } else { 0o644 },
                        *size,
                        b"",
                    )?;
                    if !writer.content(&on_disk(root, path), *size, *digest)? {
                        changed.push(path.clone());
                    }
                }
            }
        }
        for (path, text) in &self.texts {
            let name = path.trim_start_matches('/').as_bytes();
            let size = text.len() as u64;
            writer.head(name, EntryType::Regular, 0o644, size, b"")?;
            writer.tar.get_mut().write_all(text)?;
            writer.fill(size)?;
        }
        writer.tar.into_inner()?.flush()?;
        if changed.is_empty() {
            Ok(())
        } else {
            Err(TarError::Changed(changed))
        }
    }
}

struct TarWriter<'a> {
    tar: Builder<BufWriter<&'a mut dyn Write>>,
    buffer: Vec<u8>,
    time: u64,
}

impl TarWriter<'_> {
    /// The header of an entry, with extra entries before it for what is too long for it.
    fn head(
        &mut self,
        name: &[u8],
        kind: EntryType,
        mode: u32,
        size: u64,
        target: &[u8],
    ) -> io::Result<()> {
        let mut header = self.header(kind, mode, size);
        // The crate's own setters would tidy `a//b` and `./a`: a link's target must stay as it is.
        let short = self.long(name, header.as_old().name.len(), EntryType::GNULongName)?;
        header.as_old_mut().name[..short.len()].copy_from_slice(short);
        let short = self.long(
            target,
            header.as_old().linkname.len(),
            EntryType::GNULongLink,
        )?;
        header.as_old_mut().linkname[..short.len()].copy_from_slice(short);
        header.set_cksum();
        self.tar.append(&header, io::empty())
    }

    /// What of a text goes into a field of this width; if that is not all, an entry of its own carries all of it.
    fn long<'t>(&mut self, text: &'t [u8], width: usize, kind: EntryType) -> io::Result<&'t [u8]> {
        if text.len() <= width {
            return Ok(text);
        }
        let mut header = self.header(kind, 0o644, text.len() as u64 + 1);
        let name = b"././@LongLink";
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_cksum();
        self.tar.append(&header, text.chain(b"\0".as_slice()))?;
        Ok(&text[..width])
    }

    fn header(&self, kind: EntryType, mode: u32, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(self.time);
        header.set_size(size);
        header
    }

    /// What fills the last block behind so many bytes.
    fn fill(&mut self, size: u64) -> io::Result<()> {
        let fill = (BLOCK - size % BLOCK) % BLOCK;
        io::copy(&mut io::repeat(0).take(fill), self.tar.get_mut()).map(drop)
    }

    /// Exactly `size` bytes of a file and what fills the last block; false if they are not those of the manifest.
    fn content(&mut self, path: &Path, size: u64, expected: Digest) -> io::Result<bool> {
        let mut stream = Stream::default();
        let mut left = size;
        let mut whole = false;
        if let Ok(mut file) = hash::open(path) {
            while left > 0 {
                let want = self
                    .buffer
                    .len()
                    .min(usize::try_from(left).unwrap_or(usize::MAX));
                let got = read(&mut file, &mut self.buffer[..want]);
                if got == 0 {
                    break;
                }
                stream.update(&self.buffer[..got]);
                self.tar.get_mut().write_all(&self.buffer[..got])?;
                left -= got as u64;
            }
            // One byte more than there should be is enough to know that it grew.
            whole = left == 0 && read(&mut file, &mut self.buffer[..1]) == 0;
        }
        io::copy(&mut io::repeat(0).take(left), self.tar.get_mut())?;
        self.fill(size)?;
        Ok(whole && stream.finish() == expected)
    }
}

/// Zero at the end, and where the disk refuses: both mean that the file is not what it was.
fn read(file: &mut File, buffer: &mut [u8]) -> usize {
    loop {
        match file.read(buffer) {
            Ok(got) => return got,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return 0,
        }
    }
}

#[cfg(test)]
mod tests;
