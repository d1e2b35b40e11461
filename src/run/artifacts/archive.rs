//! A tar of an engine, read as a stream: who made it is not trusted. Nothing is written here.
//!
//! The `tar` crate finds the entries; their long names are read here, since it takes PAX records apart at newlines,
//! which a name may hold, and reads a name of any length into memory.

use std::io::Read;

use tar::Archive;

use crate::problem::Problem;

/// Names and what else stands before an entry are not longer.
const MOST_HEADER: u64 = 1 << 20;

/// What an entry is.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Shape {
    Folder,
    File,
    Link(Vec<u8>),
    /// The same file as one that came before, by its path: a hard link.
    Same(Vec<u8>),
    /// Nothing to copy, and why.
    Other(&'static str),
}

/// One entry; its path is relative, without `..`, and without its first name, which stands for the whole.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Entry {
    pub(in super::super) path: Vec<u8>,
    pub(in super::super) shape: Shape,
    pub(in super::super) mode: u32,
    pub(in super::super) size: u64,
}

/// What ends the reading.
#[derive(Debug)]
pub(in super::super) enum Trouble {
    /// The stream is no tar, or not all of one.
    Broken(String),
    /// Our own disk's.
    Ours(Problem),
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Ours(problem)
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(format!("its archive is broken: {error}"))
    }
}

/// What is done with an entry and its content.
pub(in super::super) type Take<'a> = &'a mut dyn FnMut(Entry, &mut dyn Read) -> Result<(), Trouble>;

/// What the headers before an entry say of it.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

/// Reads a tar to its end.
pub(in super::super) fn read(from: &mut dyn Read, take: Take<'_>) -> Result<(), Trouble> {
    let mut first = [0];
    if from.read(&mut first)? == 0 {
        return Err(Trouble::Broken("its archive is empty".to_owned()));
    }
    let mut from = first.chain(from);
    let mut archive = Archive::new(&mut from);
    let mut extended = Extended::default();
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_pax_local_extensions() {
            extended.records(&header(&mut entry)?)?;
        } else if kind.is_gnu_longname() {
            extended.path = Some(until_nul(header(&mut entry)?));
        } else if kind.is_gnu_longlink() {
            extended.link = Some(until_nul(header(&mut entry)?));
        } else if !kind.is_pax_global_extensions() {
            let said = std::mem::take(&mut extended);
            if said.size.is_some_and(|size| size != entry.size()) {
                return Err(Trouble::Broken("a file has more than 8 GB".to_owned()));
            }
            take(of(&entry, said)?, &mut entry)?;
        }
    }
    std::io::copy(&mut from, &mut std::io::sink())?;
    Ok(())
}

/// An entry as its header and those before it say.
fn of(entry: &tar::Entry<'_, impl Read>, said: Extended) -> Result<Entry, Trouble> {
    let header = entry.header();
    let path = said
        .path
        .unwrap_or_else(|| header.path_bytes().into_owned());
    let link = said
        .link
        .or_else(|| header.link_name_bytes().map(Into::into));
    let link = link.unwrap_or_default();
    let shape = match header.entry_type() {
        kind if kind.is_dir() => Shape::Folder,
        kind if kind.is_file() || kind.is_contiguous() => Shape::File,
        kind if kind.is_symlink() => Shape::Link(link),
        kind if kind.is_hard_link() => inner(&link).map_or(Shape::Other(LEADS_OUT), Shape::Same),
        kind if kind.is_fifo() => Shape::Other("it is a pipe"),
        kind if kind.is_character_special() || kind.is_block_special() => {
            Shape::Other("it is a device")
        }
        kind if kind.is_gnu_sparse() => Shape::Other("it is a sparse file of an old form"),
        _ => Shape::Other("it is no file, folder or link"),
    };
    let inside = inner(&path);
    let shape = if inside.is_some() {
        shape
    } else {
        Shape::Other(LEADS_OUT)
    };
    Ok(Entry {
        path: inside.unwrap_or(path),
        shape,
        mode: header.mode()?,
        size: entry.size(),
    })
}

pub(super) const LEADS_OUT: &str = "its path leads out of the folder";

/// A path without its first name, `.` and doubled `/`; `None` if it leads elsewhere.
fn inner(path: &[u8]) -> Option<Vec<u8>> {
    let names = path.split(|b| *b == b'/');
    let names = names.filter(|name| !name.is_empty() && *name != b".");
    let names: Vec<&[u8]> = names.collect();
    let elsewhere = path.starts_with(b"/") || names.contains(&&b".."[..]) || path.contains(&0);
    (!elsewhere).then(|| names.get(1..).unwrap_or_default().join(&b'/'))
}

/// The content of an entry that describes the next one.
fn header(entry: &mut tar::Entry<'_, impl Read>) -> Result<Vec<u8>, Trouble> {
    if entry.size() > MOST_HEADER {
        return Err(Trouble::Broken(
            "a name in its archive has more than 1 MB".to_owned(),
        ));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|b| *b == 0);
    bytes.truncate(end.unwrap_or(bytes.len()));
    bytes
}

impl Extended {
    /// Records of a PAX header: `LENGTH NAME=VALUE\n`, the length that of all of it.
    fn records(&mut self, mut bytes: &[u8]) -> Result<(), Trouble> {
        while !bytes.is_empty() {
            let broken = || Trouble::Broken("its archive has a broken PAX header".to_owned());
            let (name, value, rest) = record(bytes).ok_or_else(broken)?;
            match name {
                b"path" => self.path = Some(value.to_owned()),
                b"linkpath" => self.link = Some(value.to_owned()),
                b"size" => self.size = Some(number(value).ok_or_else(broken)?),
                _ => {}
            }
            bytes = rest;
        }
        Ok(())
    }
}

/// The first record, and what is behind it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let blank = bytes.iter().position(|b| *b == b' ')?;
    let length = usize::try_from(number(&bytes[..blank])?).ok()?;
    let record = bytes.get(blank + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|b| *b == b'=')?;
    Some((&record[..equals], &record[equals + 1..], &bytes[length..]))
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
