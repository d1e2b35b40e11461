//! Streams read back, of quiet trees and of trees that change.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use tar::Archive;

use super::super::Manifest;
use super::super::delivery::{Copies, TIME};
use super::super::tree::Tree;
use super::*;

/// Name, kind, mode, content or target of each entry; fails if the stream is not well-formed.
fn entries(bytes: &[u8]) -> Vec<(Vec<u8>, EntryType, u32, Vec<u8>)> {
    assert_eq!(bytes.len() as u64 % BLOCK, 0);
    let mut archive = Archive::new(bytes);
    let mut out = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(
            (
                header.uid().unwrap(),
                header.gid().unwrap(),
                header.mtime().unwrap()
            ),
            (0, 0, TIME)
        );
        let (kind, mode) = (header.entry_type(), header.mode().unwrap());
        let mut content = entry
            .link_name_bytes()
            .map(std::borrow::Cow::into_owned)
            .unwrap_or_default();
        if kind == EntryType::Regular {
            content.clear();
            entry.read_to_end(&mut content).unwrap();
        }
        out.push((entry.path_bytes().into_owned(), kind, mode, content));
    }
    out
}

/// All files, and not the text beside them.
fn files(manifest: &Manifest, prefix: &str) -> Delivery {
    let mut delivery = Delivery::whole(Copies {
        stage: "s",
        workdir: prefix,
        files: manifest,
    });
    delivery.texts.clear();
    delivery
}

fn sent(tree: &Tree, manifest: &Manifest, prefix: &str) -> (Vec<u8>, Result<(), TarError>) {
    let mut bytes = Vec::new();
    let result = files(manifest, prefix).write_tar(tree.root(), &mut bytes);
    (bytes, result)
}

#[test]
fn a_stream_holds_what_the_manifest_says() {
    let tree = Tree::new()
        .file("d/run", "#!")
        .mode("d/run", 0o700)
        .file("d/a", "x")
        .mode("d/a", 0o600)
        .link("l", "a//b/./c")
        .folder("e");
    let (bytes, result) = sent(
        &tree,
        &tree.collect(&["d/*", "l", "e"]).unwrap(),
        "/my/project/",
    );
    result.unwrap();
    let expected = [
        ("my/project/d/a", EntryType::Regular, 0o644, "x"),
        ("my/project/d/run", EntryType::Regular, 0o755, "#!"),
        ("my/project/e/", EntryType::Directory, 0o755, ""),
        ("my/project/l", EntryType::Symlink, 0o777, "a//b/./c"),
    ];
    let expected = expected.map(|(name, kind, mode, text)| (name.into(), kind, mode, text.into()));
    assert_eq!(entries(&bytes), expected);
    let (at_root, _) = sent(&tree, &tree.collect(&["e"]).unwrap(), "/");
    assert_eq!(entries(&at_root)[0].0, b"e/");
}

#[test]
fn long_and_strange_names_come_back_byte_for_byte() {
    let part = "n".repeat(120);
    let long = format!("{part}/{part}/{part}");
    let target = format!("./{}", "t/".repeat(100));
    let tree = Tree::new()
        .file(&long, "1")
        .file(b"\xff\n-n", "2")
        .link("l", &target);
    for length in 90..110 {
        let name = [b"x".repeat(length), b"\xfe".to_vec()].concat();
        let tree = Tree::new().file(&name, "3");
        let (bytes, result) = sent(&tree, &tree.collect(&["."]).unwrap(), "/");
        result.unwrap();
        assert_eq!(entries(&bytes)[0].0, name);
    }
    let (bytes, result) = sent(&tree, &tree.collect(&["."]).unwrap(), "/p");
    result.unwrap();
    let all = entries(&bytes);
    let names: Vec<&[u8]> = all
        .iter()
        .map(|e| e.0.strip_prefix(b"p/").unwrap())
        .collect();
    let folders = [format!("{part}/"), format!("{part}/{part}/")];
    assert_eq!(
        names,
        [
            b"l",
            folders[0].as_bytes(),
            folders[1].as_bytes(),
            long.as_bytes(),
            b"\xff\n-n"
        ]
    );
    assert_eq!(all[0].3, target.as_bytes());
}

#[test]
fn files_that_change_are_named_and_the_stream_stays_whole() {
    let (big, bytes, result) = changed_meanwhile();
    let error = result.unwrap_err();
    assert_eq!(
        error.to_string(),
        "`edited` changed while it was copied, and 4 more"
    );
    let TarError::Changed(paths) = error else {
        panic!()
    };
    assert_eq!(
        paths,
        [
            b"edited".as_slice(),
            b"gone",
            b"grown",
            b"linked",
            b"shrunk"
        ]
    );
    let read = entries(&bytes);
    let content = |name: &str| {
        read.iter()
            .find(|e| e.0 == format!("p/{name}").as_bytes())
            .map(|e| e.3.as_slice())
            .unwrap()
    };
    assert_eq!(read.len(), 7);
    assert_eq!(
        (content("last"), content("same"), content("grown")),
        (b"last".as_slice(), big.as_bytes(), b"12".as_slice())
    );
    assert_eq!(
        (content("linked"), content("gone").len()),
        (b"\0".as_slice(), big.len())
    );
    assert!(content("shrunk").starts_with(b"0123\0") && content("shrunk").len() == big.len());
}

/// Seven files, five of which change between the manifest and the stream.
fn changed_meanwhile() -> (String, Vec<u8>, Result<(), TarError>) {
    let big = "0123456789abcdef".repeat(20_000);
    let tree = Tree::new()
        .file("edited", &big)
        .file("gone", &big)
        .file("grown", "12")
        .file("last", "last");
    let tree = tree
        .file("linked", "x")
        .file("same", &big)
        .file("shrunk", &big);
    let manifest = tree.collect(&["."]).unwrap();
    let tree = tree
        .file("edited", &big.replace('7', "8"))
        .file("grown", "123")
        .file("shrunk", "0123");
    for path in ["gone", "linked"] {
        fs::remove_file(tree.root().join(path)).unwrap();
    }
    let tree = tree.link("linked", "/etc/passwd");
    let (bytes, result) = sent(&tree, &manifest, "/p");
    (big, bytes, result)
}

/// Shortens a file as soon as the first bytes arrive, that is in the middle of its read.
struct Scissors<'a>(&'a Path, Vec<u8>);

impl Write for Scissors<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.1.is_empty() {
            fs::OpenOptions::new()
                .write(true)
                .open(self.0)?
                .set_len(200_000)?;
        }
        self.1.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_file_cut_in_mid_read_does_not_break_the_stream() {
    let tree = Tree::new()
        .file("a", &"x".repeat(1_000_001))
        .file("b", "whole");
    let manifest = tree.collect(&["."]).unwrap();
    let path = tree.root().join("a");
    let mut out = Scissors(&path, Vec::new());
    let error = files(&manifest, "")
        .write_tar(tree.root(), &mut out)
        .unwrap_err();
    assert!(matches!(error, TarError::Changed(paths) if paths == [b"a"]));
    let read = entries(&out.1);
    assert_eq!(
        (read[0].3.len(), read[1].3.as_slice()),
        (1_000_001, b"whole".as_slice())
    );
}

#[test]
fn a_reader_that_is_gone_is_told() {
    let tree = Tree::new().file("a", "x");
    let manifest = tree.collect(&["."]).unwrap();
    let error = files(&manifest, "")
        .write_tar(tree.root(), &mut [0; 100].as_mut_slice())
        .unwrap_err();
    assert!(
        matches!(error, TarError::Write(_))
            && error.to_string().starts_with("cannot send the files")
    );
    assert_eq!(shown(std::ffi::OsStr::new("a").as_bytes()), "a");
}

#[test]
fn the_text_comes_last_and_says_what_was_sent() {
    let tree = Tree::new().file("a", "x").link("l", "a");
    let manifest = tree.collect(&["."]).unwrap();
    let delivery = Delivery::whole(Copies {
        stage: "s",
        workdir: "/p",
        files: &manifest,
    });
    let mut bytes = Vec::new();
    delivery.write_tar(tree.root(), &mut bytes).unwrap();
    let (path, kind, mode, text) = entries(&bytes).pop().unwrap();
    assert_eq!(
        (path.as_slice(), kind, mode),
        (b".runenv/s.manifest".as_slice(), EntryType::Regular, 0o644)
    );
    let expected = manifest.listing("/p", TIME);
    assert_eq!(super::super::listing::read(&text), Some(expected));
}
