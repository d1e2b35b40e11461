//! Settings that are read and shown, and that a run cannot do yet: an error where a run would need them, so that none is
//! silently nothing. A setting that is built goes from here.

use crate::environment::Environment;
use crate::environment::setting::Setting;
use crate::problem::{Place, Problem};

/// The first setting of an environment that is not built yet.
pub(super) fn check(env: &Environment) -> Result<(), Problem> {
    let found = [("annotate", first(&env.settings.annotate))];
    match found
        .into_iter()
        .find_map(|(key, place)| Some((key, place?)))
    {
        Some((key, place)) => Err(not_built(key).place(place.clone())),
        None => Ok(()),
    }
}

/// Where a list begins.
fn first<T>(list: &[Setting<T>]) -> Option<&Place> {
    list.first().and_then(Setting::place)
}

fn not_built(key: &str) -> Problem {
    let title = format!("`{key}` is not built yet, and this run needs it");
    let help = "`list` and `show` read it; take it out to run the environment without";
    Problem::new(title, help)
}
