//! Hostile tars: whatever one holds, nothing outside of its folder is touched, and what is in it leads nowhere else.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tar::{EntryType, Header};

use super::archive::{self, Trouble};
use super::{Collector, Taken, collect};
use crate::plan::artifacts::{Glob, sources};

/// A tree at `tree` with files beside it that nobody may touch.
struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        let world = Self(tempfile::tempdir().unwrap());
        for folder in ["outside", "tree/.runenv/e/log"] {
            fs::create_dir_all(world.0.path().join(folder)).unwrap();
        }
        fs::File::create(world.0.path().join("outside/file")).unwrap();
        world
    }

    fn tree(&self) -> PathBuf {
        self.0.path().join("tree")
    }

    fn artifacts(&self) -> PathBuf {
        self.tree().join(".runenv/e/artifacts")
    }

    /// Gives a tar of `w` to the globs, whose first names are all `w`.
    fn unpack(&self, tar: &[u8], with: impl FnOnce(&mut Collector)) -> (Taken, Option<String>) {
        let globs = vec![Glob::read("w/**").unwrap()];
        let source = sources(&globs).remove(0);
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

    /// Everything that is not in the stage's own folder: path, mode, size, target.
    fn rest(&self) -> BTreeMap<PathBuf, (u32, u64, PathBuf)> {
        let mut all = BTreeMap::new();
        let own = self.artifacts();
        walk(self.0.path(), &mut |path, meta| {
            if !path.starts_with(&own) {
                let size = if meta.is_dir() { 0 } else { meta.size() };
                let target = fs::read_link(path).unwrap_or_default();
                all.insert(path.to_owned(), (meta.mode(), size, target));
            }
        });
        all
    }

    /// All that was copied, each of it harmless.
    fn copied(&self) -> Vec<PathBuf> {
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
struct Item {
    kind: u8,
    name: Vec<u8>,
    target: Vec<u8>,
    mode: u32,
    size: u64,
}

fn item(kind: u8, name: &[u8], target: &[u8]) -> Item {
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

fn block(out: &mut Vec<u8>, kind: u8, item: &Item, content: &[u8]) {
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

fn tar_of(items: &[Item]) -> Vec<u8> {
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

fn any_path() -> impl Strategy<Value = Vec<u8>> {
    let names: Vec<Vec<u8>> = [
        &b"a"[..],
        b"b",
        b"l",
        b"..",
        b"..",
        b".",
        b"",
        b"n\nl\xff",
        b"outside",
        b"file",
    ]
    .iter()
    .map(|name| name.to_vec())
    .chain([vec![b'x'; 300]])
    .collect();
    let name = prop::sample::select(names);
    prop::collection::vec(name, 0..7).prop_map(|names| names.join(&b'/'))
}

fn any_item() -> impl Strategy<Value = Item> {
    let kind = prop::sample::select(b"0000555221134567gSL".to_vec());
    let path = (any::<bool>(), any_path()).prop_map(|(below, path)| {
        if below {
            [b"w/", path.as_slice()].concat()
        } else {
            path
        }
    });
    (kind, path, any_path(), 0_u32..0o10000, 0_u64..1500).prop_map(
        |(kind, name, target, mode, size)| Item {
            kind,
            name,
            target,
            mode,
            size,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn nothing_outside_is_touched(
        items in prop::collection::vec(any_item(), 0..12),
        changed in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let world = World::new();
        let mut tar = tar_of(&items);
        for (at, byte) in changed {
            let at = at.index(tar.len());
            tar[at] = byte;
        }
        if let Some(cut) = cut {
            tar.truncate(cut.index(tar.len()));
        }
        let before = world.rest();
        let (taken, _) = world.unpack(&tar, |_| ());
        prop_assert!(taken.trouble.is_none(), "{:?}", taken.trouble);
        prop_assert_eq!(before, world.rest());
        world.copied();
        let left = fs::read_dir(world.artifacts()).unwrap();
        prop_assert!(left.flatten().all(|entry| entry.file_name() == "s"));
    }

    #[test]
    fn records_of_any_value_are_read(value in prop::collection::vec(1_u8.., 1..300)) {
        let world = World::new();
        let mut name = b"w/".to_vec();
        name.extend(value.iter().map(|b| if *b == b'/' { b'_' } else { *b }));
        name.truncate(257);
        prop_assume!(!matches!(&name[2..], b"." | b".."));
        let long = [name.as_slice(), b"/", &[b'y'; 120]].concat();
        let (taken, broken) = world.unpack(&tar_of(&[item(b'0', &long, b"")]), |_| ());
        prop_assert_eq!(broken, None);
        prop_assert_eq!(taken.artifacts.map(|a| a.files), Some(1));
        let copied = world.copied();
        prop_assert_eq!(copied.last().unwrap().as_os_str().as_bytes(), &long);
    }
}

/// What is copied of these, and what is told of what is not.
fn told(items: &[Item]) -> (Vec<PathBuf>, Vec<String>) {
    let world = World::new();
    let before = world.rest();
    let (taken, broken) = world.unpack(&tar_of(items), |_| ());
    assert_eq!((broken, before), (None, world.rest()));
    let mut copied = world.copied();
    copied.retain(|path| !world.artifacts().join("s").join(path).is_dir() || path.is_symlink());
    copied.sort();
    (
        copied,
        taken.warnings.into_iter().flat_map(|p| p.help).collect(),
    )
}

#[test]
fn what_leads_out_is_left_out_and_told() {
    let items = [
        item(b'0', b"w/../../../outside/file", b""),
        item(b'0', b"/w/x", b""),
        item(b'2', b"w/l", b"../../../../outside"),
        item(b'2', b"w/abs", b"/etc"),
        // Each of these goes up and down again; together they would be out.
        item(b'2', b"w/p/q/d", b"../../.."),
        item(b'2', b"w/p/x", b"q/d/.."),
        item(b'1', b"w/passwd", b"/etc/passwd"),
        item(b'3', b"w/device", b""),
    ];
    let (copied, left_out) = told(&items);
    assert_eq!(copied, Vec::<PathBuf>::new());
    assert_eq!(left_out.len(), 7, "{left_out:#?}");
}

#[test]
fn of_two_with_one_name_the_first_stays() {
    let items = [
        item(b'0', b"w/a", b""),
        item(b'0', b"w/a", b""),
        item(b'0', b"w/a/below", b""),
        item(b'2', b"w/l", b"a"),
        item(b'0', b"w/l", b""),
        item(b'5', b"w/d", b""),
        item(b'1', b"w/d", b"w/a"),
        item(b'1', b"w/same", b"w/a"),
        item(b'1', b"w/no", b"w/none"),
    ];
    let (copied, left_out) = told(&items);
    assert_eq!(copied, ["w/a", "w/l", "w/same"].map(PathBuf::from));
    let place = "there is another one in its place";
    let expected = ["w/a", "w/a/below", "w/d", "w/no", "w/l"].map(|path| match path {
        "w/no" => format!("`{path}`: it is a hard link to a file that is not copied"),
        path => format!("`{path}`: {place}"),
    });
    assert_eq!(left_out, expected);
}

#[test]
fn there_is_an_end_to_what_is_copied() {
    let world = World::new();
    let items: Vec<Item> = (0..30)
        .map(|n| item(b'0', format!("w/{n:02}").as_bytes(), b""))
        .collect();
    let mut tar = tar_of(&items[..20]);
    tar.truncate(tar.len() - 1024);
    let large = Item {
        size: 1000,
        ..item(b'0', b"w/large", b"")
    };
    tar.extend(tar_of(&[large]));
    tar.truncate(tar.len() - 1024);
    tar.extend(tar_of(&items[20..]));
    let (taken, broken) = world.unpack(&tar, |collector| {
        (collector.copied.room.entries, collector.copied.room.bytes) = (25, 900);
    });
    let artifacts = taken.artifacts.unwrap();
    assert_eq!((artifacts.files, artifacts.bytes, broken), (25, 75, None));
    let help = &taken.warnings[0].help;
    assert_eq!(taken.warnings[0].title, "6 artifacts of `s` left out");
    assert_eq!(
        help[0],
        "`w/large`: it has more bytes than there is room for"
    );
    assert_eq!(help[1], "`w/25`: there are too many files");
}

#[test]
fn a_long_header_and_a_long_file_are_refused() {
    let world = World::new();
    for (kind, said) in [
        (b'L', "a name in its archive has more than 1 MB"),
        (b'0', "its archive is broken"),
    ] {
        let mut tar = Vec::new();
        block(&mut tar, kind, &item(kind, b"w/huge", b""), &[]);
        let mut header = Header::from_byte_slice(&tar[..512]).clone();
        header.set_size(3_000_000_000);
        header.set_cksum();
        tar[..512].copy_from_slice(header.as_bytes());
        let (taken, broken) = world.unpack(&tar, |_| ());
        assert!(broken.unwrap().starts_with(said));
        assert_eq!(taken.artifacts.map_or(0, |a| a.files), 0);
        assert!(!world.artifacts().join("s/w/huge").exists());
    }
}

#[test]
fn a_link_in_the_folders_place_is_refused() {
    for place in ["artifacts", "."] {
        let world = World::new();
        let path = world.tree().join(".runenv/e").join(place);
        let path = if place == "." {
            world.tree().join(".runenv/e")
        } else {
            path
        };
        let _ = fs::remove_dir_all(&path);
        symlink(world.0.path().join("outside"), &path).unwrap();
        let before = world.rest();
        let (taken, _) = world.unpack(&tar_of(&[item(b'0', b"w/a", b"")]), |_| ());
        let title = taken.trouble.unwrap().title;
        assert!(title.ends_with("is not a folder"), "{title}");
        assert_eq!(before, world.rest());
    }
}

#[test]
fn a_new_copy_takes_the_old_ones_place() {
    let world = World::new();
    for name in ["one", "two"] {
        let path = format!("w/{name}");
        world.unpack(&tar_of(&[item(b'0', path.as_bytes(), b"")]), |_| ());
        let expected = ["", "w", &path].map(PathBuf::from);
        assert_eq!(world.copied(), expected);
    }
    let (taken, _) = world.unpack(&tar_of(&[]), |_| ());
    assert_eq!((taken.artifacts, world.copied().len()), (None, 0));
    assert_eq!(taken.notes, ["artifacts: nothing matches `w/**`"]);
}
