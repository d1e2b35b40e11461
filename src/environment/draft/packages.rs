//! Lists of package keys: groups are opened, each key stands once, `!` takes out of what there is so far.

use std::collections::BTreeSet;

use super::super::setting::{Origin, Setting};
use super::Strings;
use crate::config::Project;
use crate::config::file::List;
use crate::packages::{self, Entry};
use crate::problem::Problem;

pub(super) fn add(
    project: &Project,
    slot: &mut Strings,
    layer: Option<&List>,
) -> Result<(), Problem> {
    let mut have: BTreeSet<String> = slot.iter().map(|s| s.value.clone()).collect();
    for (word, place) in project.texts(layer) {
        let (mut add, mut take_out) = (Vec::new(), BTreeSet::new());
        for entry in packages::open(project, &word)? {
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
    Ok(())
}

/// Groups are opened: what is in them goes.
pub(super) fn remove(
    project: &Project,
    slot: &mut Strings,
    layer: Option<&List>,
) -> Result<(), Problem> {
    let mut keys = BTreeSet::new();
    for (word, _) in project.texts(layer) {
        let entries = packages::open(project, &word)?.into_iter();
        keys.extend(entries.map(|(Entry::Add(key) | Entry::TakeOut(key))| key));
    }
    slot.retain(|s| !keys.contains(&s.value));
    Ok(())
}
