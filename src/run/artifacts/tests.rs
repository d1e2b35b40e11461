//! Hostile tars: whatever one holds, nothing outside of its folder is touched, and what is in it leads nowhere else.

mod local;
mod world;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use proptest::prelude::*;
use tar::Header;

use crate::plan::artifacts::{Glob, Source};
use world::{Item, World, block, item, tar_of};

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
        climbs in any::<bool>(),
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
        let (taken, _) = if climbs {
            // No check before lets such a place through; what writes does not rely on it.
            let (rooted, path) = (false, "../x".to_owned());
            world.unpack_to(vec![Glob::read(".").unwrap()], Source { rooted, path }, &tar, |_| ())
        } else {
            world.unpack(&tar, |_| ())
        };
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
fn a_place_that_leads_out_gets_nothing_written() {
    let world = World::new();
    let before = world.rest();
    let (rooted, path) = (false, "../x".to_owned());
    let globs = vec![Glob::read(".").unwrap()];
    let items = [b'5', b'0', b'2', b'1'].map(|kind| item(kind, b"w/a", b"w/a"));
    let place = Source { rooted, path };
    let (taken, _) = world.unpack_to(globs, place, &tar_of(&items), |_| ());
    assert_eq!((before, world.copied().len()), (world.rest(), 0));
    assert_eq!(taken.warnings[0].title, "4 artifacts of `s` left out");
    assert!(!world.artifacts().join("x").exists());
}

#[test]
fn a_path_or_target_that_is_too_long_is_left_out() {
    let long = b"x/".repeat(2100);
    let items = [item(b'5', &long, b""), item(b'2', b"w/l", &long)];
    let items = items.map(|mut item| {
        if item.kind == b'5' {
            item.name.splice(0..0, *b"w/");
        }
        item
    });
    let (copied, left_out) = told(&items);
    assert_eq!(copied, Vec::<PathBuf>::new());
    assert!(
        left_out[0].ends_with("`: its path is too long"),
        "{left_out:?}"
    );
    assert_eq!(
        left_out[1],
        "`w/l`: it is a link to a path that is too long"
    );
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

/// What has the name of the new folder was not made by this run.
#[test]
fn what_is_there_is_not_filled() {
    let world = World::new();
    let own = world
        .artifacts()
        .join(format!(".s.{}.new", std::process::id()));
    fs::create_dir_all(own.join("old")).unwrap();
    let (taken, _) = world.unpack(&tar_of(&[item(b'0', b"w/a", b"")]), |_| ());
    let title = taken.trouble.unwrap().title;
    assert!(title.ends_with("another run writes there"), "{title}");
    assert_eq!(fs::read_dir(own).unwrap().count(), 1);
}

/// Where a link took the place of the folder above, what it leads to stays.
#[test]
fn what_is_removed_is_what_was_opened() {
    let world = World::new();
    let (taken, _) = world.unpack(&tar_of(&[item(b'0', b"w/a", b"")]), |collector| {
        let name = format!(".s.{}.old/x", std::process::id());
        fs::create_dir_all(world.0.path().join("outside").join(name)).unwrap();
        fs::rename(world.artifacts(), world.tree().join("away")).unwrap();
        symlink(world.0.path().join("outside"), world.artifacts()).unwrap();
        assert!(collector.takes(false, b"w/a"));
    });
    assert!(taken.trouble.is_none());
    assert!(world.tree().join("away/s/w/a").is_file());
    let name = format!("outside/.s.{}.old/x", std::process::id());
    assert!(world.0.path().join(name).is_dir());
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
