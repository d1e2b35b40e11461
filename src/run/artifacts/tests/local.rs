//! A tree that is not all read.

use std::fs;
use std::os::unix::fs::symlink;

use super::super::deadline::Deadline;
use super::super::{Taken, collect, tree};
use super::world::World;
use crate::exec::Cancel;
use crate::plan::artifacts::{Glob, sources};

/// What is taken of a tree with the file `w/a`, and a link at `loop` to itself, after so many signals.
fn taken(world: &World, glob: &str, signals: u32) -> Taken {
    fs::create_dir_all(world.tree().join("w")).unwrap();
    fs::File::create(world.tree().join("w/a")).unwrap();
    symlink("loop", world.tree().join("loop")).unwrap();
    let cancel = Cancel::never();
    for _ in 0..signals {
        cancel.request();
    }
    let globs = vec![Glob::read(glob).unwrap()];
    let source = sources(&globs).remove(0);
    collect(&world.tree(), "e", "s", Ok(globs), |collector| {
        let mut deadline = Deadline::new(&cancel);
        tree::read(&world.tree(), &source, &mut deadline, collector)
    })
}

#[test]
fn a_second_signal_ends_it_and_nothing_is_said_of_what_was_not_read() {
    for (glob, signals, files) in [("w", 1, Some(1)), ("w", 2, None), ("w/none", 2, None)] {
        let world = World::new();
        let taken = taken(&world, glob, signals);
        assert_eq!(taken.artifacts.map(|a| a.files), files);
        assert_eq!(
            taken.notes.len(),
            files.map_or(0, |_| 1),
            "{:?}",
            taken.notes
        );
        assert!(taken.warnings.is_empty() && taken.trouble.is_none());
    }
}

#[test]
fn what_is_not_there_is_silent_and_what_cannot_be_looked_at_is_told() {
    for (glob, told) in [
        ("none/x", None),
        ("w/a/x", None),
        ("loop/x", Some("loop/x")),
    ] {
        let world = World::new();
        let warnings = taken(&world, glob, 0).warnings;
        let help = warnings.into_iter().flat_map(|problem| problem.help);
        let expected = told.map(|path| format!("`{path}`: it cannot be read"));
        assert_eq!(help.collect::<Vec<_>>(), Vec::from_iter(expected));
    }
}
