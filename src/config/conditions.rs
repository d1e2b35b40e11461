//! The conditions of a file: each is read once, when the file is checked, and asked of names from then on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::Project;
use super::file::Text;
use crate::name::EnvName;
use crate::name::condition::Condition;
use crate::problem::{Place, Problem, Problems};

/// By their texts.
#[derive(Debug, Default)]
pub(crate) struct Conditions(Mutex<BTreeMap<String, Arc<Condition>>>);

impl Project {
    /// Does a condition of the file hold for a name?
    pub(crate) fn holds(&self, text: &str, place: &Place, name: &EnvName) -> Result<bool, Problem> {
        Ok(self.condition(text, place)?.holds(name))
    }

    /// Checks a condition: what is wrong with it, and what is odd, goes to `problems`.
    pub(super) fn checked_condition(
        &self,
        text: &Text,
        problems: &mut Problems,
    ) -> Option<Arc<Condition>> {
        let (text, place) = (text.get_ref(), self.place(text.span()));
        let condition = problems.keep(self.condition(text, &place))?;
        if let Some(odd) = condition.odd(text, &place) {
            problems.push(odd);
        }
        Some(condition)
    }

    fn condition(&self, text: &str, place: &Place) -> Result<Arc<Condition>, Problem> {
        let mut known = self.conditions.0.lock().expect("nobody panics with it");
        if let Some(condition) = known.get(text) {
            return Ok(Arc::clone(condition));
        }
        let condition = Arc::new(Condition::parse(text, &self.axes, place)?);
        known.insert(text.to_owned(), Arc::clone(&condition));
        Ok(condition)
    }
}
