//! What was found out while a file was checked, so that no environment has to find it out again.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::Project;
use crate::name::EnvName;
use crate::name::condition::Condition;
use crate::problem::{Place, Problem};

#[derive(Debug, Default)]
pub(crate) struct Known {
    /// The conditions of `[[when]]`, in file order.
    pub(crate) when: Vec<Condition>,
    /// Canonical names that `[env.NAME]`s are about: which of them, in file order.
    pub(crate) env: BTreeMap<String, Vec<usize>>,
}

/// Other conditions of the file, by their texts.
#[derive(Debug, Default)]
pub(crate) struct Conditions(Mutex<BTreeMap<String, Condition>>);

impl Project {
    /// Does a condition of the file hold for a name? Each is read once.
    pub(crate) fn holds(&self, text: &str, place: &Place, name: &EnvName) -> Result<bool, Problem> {
        let mut known = self.conditions.0.lock().expect("nobody panics with it");
        if !known.contains_key(text) {
            let condition = Condition::parse(text, &self.axes, place)?;
            known.insert(text.to_owned(), condition);
        }
        Ok(known[text].holds(name))
    }
}
