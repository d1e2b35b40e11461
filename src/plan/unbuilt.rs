//! Settings that are read and shown, and that a run cannot do yet: an error where a run would need them, so that none is
//! silently nothing. A setting that is built goes from here.

use crate::environment::Environment;
use crate::environment::setting::Setting;
use crate::problem::Problem;

/// The first setting of an environment that is not built yet.
pub(super) fn check(env: &Environment) -> Result<(), Problem> {
    match env.settings.annotate.first().and_then(Setting::place) {
        Some(place) => Err(not_built("annotate").place(place.clone())),
        None => Ok(()),
    }
}

fn not_built(key: &str) -> Problem {
    let title = format!("`{key}` is not built yet, and this run needs it");
    let help = "`list` and `show` read it; take it out to run the environment without";
    Problem::new(title, help)
}
