//! Trees that are brought up to date, disturbed, and stopped half way.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::time::SystemTime;

use super::*;
use crate::environment::setting::{Origin, Setting};
use crate::files;
use crate::plan::copy::FileCache;

struct World(tempfile::TempDir);

impl World {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn tree(&self, path: &str) -> PathBuf {
        self.root().join(".runenv/e/tree").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        put(&self.root().join(path), text);
    }

    fn make(&self, path: &str, text: &str) {
        put(&self.tree(path), text);
    }

    fn want(&self) -> Manifest {
        let mut cache = FileCache::open(self.root(), self.root(), 1);
        let all = [Setting::new(".".to_owned(), Origin::Default)];
        Manifest::collect(self.root(), &all, &mut cache).unwrap()
    }

    fn sync(&self) -> Synced {
        sync(self.root(), "e", &self.want(), &|| true).unwrap()
    }

    /// Everything in the own tree: a file's text, `*` before that of a program, `-> ` and a link's target.
    fn all(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        list(&self.tree(""), "", &mut all);
        all
    }
}

fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let _ = fs::remove_file(path);
    io::Write::write_all(&mut File::create(path).unwrap(), text.as_bytes()).unwrap();
}

fn list(folder: &Path, name: &str, all: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let name = format!("{name}{}", entry.file_name().to_string_lossy());
        let meta = entry.path().symlink_metadata().unwrap();
        let text = if meta.is_dir() {
            list(&entry.path(), &format!("{name}/"), all);
            continue;
        } else if meta.is_symlink() {
            format!("-> {}", fs::read_link(entry.path()).unwrap().display())
        } else {
            let star = if meta.permissions().mode() & 0o111 == 0 {
                ""
            } else {
                "*"
            };
            format!("{star}{}", files::read_if_there(&entry.path()).unwrap())
        };
        all.insert(name, text);
    }
}

fn modified(path: &Path) -> SystemTime {
    path.symlink_metadata().unwrap().modified().unwrap()
}

#[test]
fn only_what_changed_is_written_and_what_commands_made_stays() {
    let world = World::new();
    for path in ["a", "d/b", "d/e/c", "gone/x/y"] {
        world.write(path, path);
    }
    symlink("d/b", world.root().join("l")).unwrap();
    let first = world.sync();
    assert!(first.fresh && first.left.is_empty());
    assert_eq!(world.sync(), Synced::default(), "nothing to do");
    world.make("d/b.o", "product");
    let before = modified(&world.tree("d/b"));
    world.write("a", "new");
    fs::set_permissions(
        world.root().join("d/e/c"),
        fs::Permissions::from_mode(0o755),
    )
    .unwrap();
    fs::remove_dir_all(world.root().join("gone")).unwrap();
    fs::remove_file(world.root().join("l")).unwrap();
    symlink("a", world.root().join("l")).unwrap();
    let synced = world.sync();
    assert_eq!(
        (synced.written, synced.removed, synced.fresh),
        (3, 3, false),
        "{synced:?}"
    );
    let expected = [
        ("a", "new"),
        ("d/b", "d/b"),
        ("d/b.o", "product"),
        ("d/e/c", "*d/e/c"),
        ("l", "-> a"),
    ];
    let expected = expected.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(world.all(), BTreeMap::from(expected));
    assert!(!world.tree("gone").exists());
    assert_eq!(
        modified(&world.tree("d/b")),
        before,
        "what is the same keeps its time"
    );
    assert!(modified(&world.tree("a")) > modified(&world.tree("d/b.o")));
}

/// What took a copied file's place is left and told; an edit of the source is stronger.
#[test]
fn what_commands_wrote_over_copied_files() {
    let world = World::new();
    for path in ["a", "b", "c", "d", "e"] {
        world.write(path, path);
    }
    world.sync();
    world.make("a", "made");
    world.make("b", "made");
    fs::remove_file(world.tree("c")).unwrap();
    world.make("d", "d");
    world.make("e", "made");
    world.write("b", "edited");
    fs::remove_file(world.root().join("e")).unwrap();
    let synced = world.sync();
    assert_eq!(synced.left, [b"e".to_vec(), b"a".to_vec()]);
    let expected = [
        ("a", "made"),
        ("b", "edited"),
        ("c", "c"),
        ("d", "d"),
        ("e", "made"),
    ];
    let expected = expected.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(world.all(), BTreeMap::from(expected));
    assert_eq!(
        world.sync().left,
        [b"a".to_vec()],
        "the other is a product now"
    );
}

/// Files where folders were, folders where files were, also those that commands made.
#[test]
fn shapes_change() {
    let world = World::new();
    world.write("a", "file");
    world.write("b/x", "x");
    world.write("c", "c");
    world.sync();
    world.make("n/made", "product");
    fs::remove_file(world.root().join("a")).unwrap();
    world.write("a/deep", "y");
    fs::remove_dir_all(world.root().join("b")).unwrap();
    world.write("b", "file");
    world.write("n", "file");
    world.sync();
    let expected = [("a/deep", "y"), ("b", "file"), ("c", "c"), ("n", "file")];
    let expected = expected.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(world.all(), BTreeMap::from(expected));
}

/// A command may put a link to the source tree, or out of it, in the place of a folder: nothing is written or removed
/// through it.
#[test]
fn no_link_is_gone_through() {
    let world = World::new();
    let out = tempfile::tempdir().unwrap();
    put(&out.path().join("b"), "theirs");
    put(&out.path().join("gone"), "theirs");
    for path in ["d/b", "d/gone"] {
        world.write(path, path);
    }
    world.sync();
    fs::remove_dir_all(world.tree("d")).unwrap();
    symlink(out.path(), world.tree("d")).unwrap();
    world.write("d/b", "edited");
    fs::remove_file(world.root().join("d/gone")).unwrap();
    world.sync();
    assert_eq!(
        world.all(),
        BTreeMap::from([("d/b".to_owned(), "edited".to_owned())])
    );
    for name in ["b", "gone"] {
        assert_eq!(
            files::read_if_there(&out.path().join(name)).unwrap(),
            "theirs"
        );
    }
    // The tree itself, and what is above it.
    for name in ["e/tree", "e"] {
        let place = world.root().join(".runenv").join(name);
        fs::remove_dir_all(&place).unwrap();
        symlink(out.path(), &place).unwrap();
        let refused = sync(world.root(), "e", &world.want(), &|| true).unwrap_err();
        assert!(
            refused.title.ends_with("is not a folder"),
            "{}",
            refused.title
        );
    }
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 2);
}

/// Stopped after any step, and the source as it was before or edited again: the next run is right.
#[test]
fn a_copy_that_was_stopped_is_finished_by_the_next() {
    for back in [false, true] {
        for steps in 0..8 {
            let world = World::new();
            let before = [("a", "1"), ("d/b", "1"), ("gone/x", "1"), ("s", "1")];
            let write = |all: &[(&str, &str)]| {
                for (path, text) in all {
                    world.write(path, text);
                }
            };
            write(&before);
            world.sync();
            world.make("d/o", "product");
            write(&[("a", "2"), ("d/b", "2"), ("new/y", "2")]);
            fs::remove_dir_all(world.root().join("gone")).unwrap();
            let left = Cell::new(steps);
            let go_on = || {
                left.set(left.get() - 1);
                left.get() >= 0
            };
            let stopped = sync(world.root(), "e", &world.want(), &go_on).is_err();
            assert_eq!(stopped, steps < 6, "{steps} steps");
            if back {
                write(&before);
                fs::remove_dir_all(world.root().join("new")).unwrap();
            }
            let synced = world.sync();
            assert!(
                synced.left.is_empty() && !synced.fresh,
                "{steps}: {synced:?}"
            );
            let mut expected: BTreeMap<String, String> = BTreeMap::new();
            list(world.root(), "", &mut expected);
            expected.retain(|path, _| !path.starts_with(".runenv"));
            expected.insert("d/o".to_owned(), "product".to_owned());
            assert_eq!(world.all(), expected, "{steps} steps, back: {back}");
        }
    }
}

/// Of a tree without its note nothing is known.
#[test]
fn a_tree_without_a_note_is_made_anew() {
    let world = World::new();
    world.write("a", "a");
    world.sync();
    world.make("o", "product");
    let note = world.root().join(".runenv/e/tree.manifest");
    put(&note, "broken");
    assert!(world.sync().fresh);
    assert_eq!(world.all().len(), 1);
    fs::remove_dir_all(world.tree("")).unwrap();
    assert!(world.sync().fresh);
    assert_eq!(world.all().len(), 1);
}
