//! `[env.NAME] depends`: what a run needs beside what was selected, and who waits for whom.
//!
//! Circles are mistakes of the file, told when it was loaded.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Project;
use crate::config::listed::{Entry, Patterns};

/// An environment of a run.
pub(super) struct Need {
    pub(super) entry: Entry,
    /// It was not selected: others depend on it.
    pub(super) added: bool,
    /// Which of the run, by index, have to pass before it.
    pub(super) after: Vec<usize>,
}

/// The selected ones in their order, each behind those that it depends on and that nobody selected.
pub(super) fn complete(
    project: &Project,
    selected: Vec<Entry>,
    skipped: &dyn Fn(&Entry) -> bool,
) -> Vec<Need> {
    let mut placed: BTreeSet<String> = selected.iter().map(|e| e.canonical.clone()).collect();
    let mut all = Vec::<Need>::new();
    for entry in selected {
        // The way to where the walk is: each is put down when what it needs is.
        let mut way = vec![(entry, false, false)];
        while let Some((entry, added, walked)) = way.pop() {
            if walked {
                let after = Vec::new();
                placed.insert(entry.canonical.clone());
                all.push(Need {
                    entry,
                    added,
                    after,
                });
                continue;
            }
            // Somebody else needs it, too, and it was put down meanwhile.
            if added && placed.contains(&entry.canonical) {
                continue;
            }
            let mut others = of(project, &entry.canonical);
            others.retain(|other| !skipped(other) && !placed.contains(&other.canonical));
            way.push((entry, added, true));
            way.extend(others.into_iter().rev().map(|other| (other, true, false)));
        }
    }
    // One environment may be there up to several stages.
    let mut places = BTreeMap::<&str, Vec<usize>>::new();
    for (at, need) in all.iter().enumerate() {
        places.entry(&need.entry.canonical).or_default().push(at);
    }
    let after = all.iter().map(|need| before(project, &places, need));
    let after: Vec<Vec<usize>> = after.collect();
    for (need, after) in all.iter_mut().zip(after) {
        need.after = after;
    }
    all
}

/// Which of the environments at these places, by name, an environment waits for.
fn before(project: &Project, places: &BTreeMap<&str, Vec<usize>>, need: &Need) -> Vec<usize> {
    let others = of(project, &need.entry.canonical).into_iter();
    let places = others.filter_map(|other| places.get(other.canonical.as_str()));
    let before: BTreeSet<usize> = places.flatten().copied().collect();
    before.into_iter().collect()
}

/// What an environment depends on. A glob stands for the others.
fn of(project: &Project, canonical: &str) -> Vec<Entry> {
    let mut found = Vec::<Entry>::new();
    for table in project.tables_of(canonical) {
        for (text, place) in project.texts(table.depends.as_ref()) {
            let mut patterns = Patterns::default();
            // The file was checked when it was loaded.
            let _ = patterns.add(&text, &project.axes, &place);
            for pattern in &patterns.0 {
                let meant = project.listed.meant(pattern).into_iter();
                let others = meant.filter(|e| pattern.is_name() || e.canonical != canonical);
                found.extend(others.cloned());
            }
        }
    }
    found
}
