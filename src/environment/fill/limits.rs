//! How much substitution may make: a file of a few lines could fill the memory otherwise.

use super::{Scope, at};
use crate::problem::{Place, Problem};

/// Vars within vars.
pub(super) const DEEPEST: usize = 64;
/// One text or list.
const LONGEST: usize = 1_000_000;
/// All texts of one environment together.
const MOST: usize = 100_000_000;

/// What a list counts: its bytes, and one for each element.
pub(super) fn size(list: &[String]) -> usize {
    list.iter().map(|text| text.len() + 1).sum()
}

/// Is one text or list still short enough?
pub(super) fn one(bytes: usize, place: Option<&Place>) -> Result<(), Problem> {
    if bytes <= LONGEST {
        return Ok(());
    }
    let help = "let the commands read it from a file";
    let problem = Problem::new("the text becomes larger than 1 MB", help);
    Err(at(place, problem))
}

impl Scope<'_> {
    /// Counts what was made.
    pub(super) fn made(&self, bytes: usize, place: Option<&Place>) -> Result<(), Problem> {
        self.spent.set(self.spent.get() + bytes);
        if self.spent.get() <= MOST {
            return Ok(());
        }
        let title = "the texts of this environment become larger than 100 MB";
        let problem = Problem::new(
            title,
            "use large vars less often, or let commands read files",
        );
        Err(at(place, problem))
    }
}
