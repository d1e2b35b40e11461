//! The files of a stage as text: `/.runenv/STAGE.manifest` in its image, from which a later stage knows what it has.
//!
//! ```text
//! file 0644 946684800 af1349b9f5f9a1a6… /project/src/a.c
//! folder 0755 946684800 - /project/src
//! link 0777 946684800 a.c /project/src/b.c
//! ```
//!
//! Kind, mode, time (seconds since 1970), digest of the content or target of the link, path in the container. Bytes that
//! are no graphic character of ASCII, and `\`, stand as `\xHH`; those from 0x80 on as they are. Pure.

use std::collections::BTreeMap;

use super::{Entry, EntryKind, Manifest};
use crate::digest::Digest;

/// Where the text lies in an image, with the stage's name and `SUFFIX`.
pub(crate) const FOLDER: &str = "/.runenv";
pub(crate) const SUFFIX: &str = ".manifest";

/// What stands at a path of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) kind: ListedKind,
    /// The time that it was given, in seconds since 1970.
    pub(crate) time: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ListedKind {
    Folder,
    File { executable: bool, digest: Digest },
    Link { target: Vec<u8> },
}

/// By path in the container, without the `/` at the beginning.
pub(crate) type Listing = BTreeMap<Vec<u8>, Listed>;

impl ListedKind {
    pub(super) fn is_folder(&self) -> bool {
        matches!(self, Self::Folder)
    }
}

impl From<&EntryKind> for ListedKind {
    fn from(kind: &EntryKind) -> Self {
        match kind {
            EntryKind::Folder => Self::Folder,
            EntryKind::File {
                executable,
                size: _,
                digest,
            } => Self::File {
                executable: *executable,
                digest: *digest,
            },
            EntryKind::Link { target } => Self::Link {
                target: target.clone(),
            },
        }
    }
}

/// An entry's path in a container whose files land in `workdir`, without the `/` at the beginning.
pub(super) fn inside(workdir: &str, Entry { path, kind: _ }: &Entry) -> Vec<u8> {
    let mut name = workdir.trim_matches('/').as_bytes().to_owned();
    if !name.is_empty() {
        name.push(b'/');
    }
    name.extend(path);
    name
}

impl Manifest {
    /// What a container has of it when all of it was sent with this time.
    pub(crate) fn listing(&self, workdir: &str, time: u64) -> Listing {
        let listed = |entry: &Entry| {
            let kind = ListedKind::from(&entry.kind);
            (inside(workdir, entry), Listed { kind, time })
        };
        self.entries().iter().map(listed).collect()
    }
}

/// The text.
pub(super) fn write(listing: &Listing) -> Vec<u8> {
    let mut text = Vec::new();
    for (path, Listed { kind, time }) in listing {
        let (word, mode, what) = match kind {
            ListedKind::Folder => ("folder", "0755", b"-".to_vec()),
            ListedKind::File { executable, digest } => {
                let mode = if *executable { "0755" } else { "0644" };
                ("file", mode, digest.to_string().into_bytes())
            }
            ListedKind::Link { target } => ("link", "0777", escaped(target)),
        };
        text.extend(format!("{word} {mode} {time} ").into_bytes());
        text.extend(what);
        text.extend(b" /");
        text.extend(escaped(path));
        text.push(b'\n');
    }
    text
}

/// Reads the text; `None`: it is none of ours.
pub(crate) fn read(text: &[u8]) -> Option<Listing> {
    let lines = text.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    lines.map(read_line).collect()
}

fn read_line(line: &[u8]) -> Option<(Vec<u8>, Listed)> {
    let words: Vec<&[u8]> = line.split(|b| *b == b' ').collect();
    let [word, mode, time, what, path] = words[..] else {
        return None;
    };
    let text = |word| std::str::from_utf8(word).ok();
    let kind = match (word, mode) {
        (b"folder", _) => ListedKind::Folder,
        (b"file", b"0644" | b"0755") => ListedKind::File {
            executable: mode == b"0755",
            digest: Digest::parse(text(what)?)?,
        },
        (b"link", _) => ListedKind::Link {
            target: plain(what)?,
        },
        _ => return None,
    };
    let time = text(time)?.parse().ok()?;
    Some((plain(path.strip_prefix(b"/")?)?, Listed { kind, time }))
}

fn escaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            0x21..=0x7e | 0x80.. if *byte != b'\\' => out.push(*byte),
            _ => out.extend(format!("\\x{byte:02x}").into_bytes()),
        }
    }
    out
}

fn plain(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let hex = rest.get(..3)?.strip_prefix(b"x")?;
        out.push(u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?);
        rest = &rest[3..];
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let odd: Vec<u8> = (1..=255).filter(|b| *b != b'/').collect();
        let tree = Tree::new()
            .file("d/a", "x")
            .file(&odd, "y")
            .link("l", "d/a b\n\\x41")
            .mode("d/a", 0o755);
        let listing = tree.collect(&["."]).unwrap().listing("/project", 1);
        let text = write(&listing);
        assert_eq!(read(&text), Some(listing));
        let text = String::from_utf8_lossy(&text);
        assert_eq!(text.lines().count(), 4);
        assert!(text.starts_with("file 0644 1 "), "{text}");
        assert!(text.contains("\nfolder 0755 1 - /project/d\n"), "{text}");
        assert!(
            text.ends_with("\nlink 0777 1 d/a\\x20b\\x0a\\x5cx41 /project/l\n"),
            "{text}"
        );
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        assert_eq!(read(b""), Some(Listing::new()));
        for text in [
            "file 0644 1 - /a",
            "file 0644 1 /a",
            "folder 0755 1 - a",
            "folder 0755 -1 - /a",
            "folder 0755 1 - /a\\x",
            "folder 0755 1 - /a\\q41",
            "pipe 0755 1 - /a",
        ] {
            assert_eq!(read(text.as_bytes()), None, "{text}");
        }
    }
}
