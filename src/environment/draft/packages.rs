//! Lists of package keys: groups are opened, each key stands once, `!` takes out of what there is so far.

use std::collections::BTreeSet;

use super::super::setting::{Origin, Setting};
use super::Strings;
use crate::config::Project;
use crate::config::check::texts;
use crate::config::file::List;
use crate::packages::{self, Entry};

pub(super) fn add(project: &Project, slot: &mut Strings, layer: Option<&List>) {
    let mut have: BTreeSet<String> = slot.iter().map(|s| s.value.clone()).collect();
    for (word, place) in texts(project, layer) {
        let (mut add, mut take_out) = (Vec::new(), BTreeSet::new());
        for entry in packages::open(project, &word) {
            match entry {
                Entry::Add(key) => add.push(key),
                Entry::TakeOut(key) => drop(take_out.insert(key)),
            }
        }
        if !take_out.is_empty() {
            slot.retain(|s| !take_out.contains(&s.value));
            have.retain(|key| !take_out.contains(key));
        }
        for key in add {
            if have.insert(key.clone()) {
                slot.push(Setting::new(key, Origin::File(place.clone())));
            }
        }
    }
}

/// Groups are opened: what is in them goes.
pub(super) fn remove(project: &Project, slot: &mut Strings, layer: Option<&List>) {
    let words = texts(project, layer).into_iter();
    let entries = words.flat_map(|(word, _)| packages::open(project, &word));
    let keys: BTreeSet<String> = entries
        .map(|(Entry::Add(key) | Entry::TakeOut(key))| key)
        .collect();
    slot.retain(|s| !keys.contains(&s.value));
}
