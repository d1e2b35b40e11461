//! Settings that are read and shown, and that a run cannot do yet: an error where a run would need them, so that none is
//! silently nothing. A setting that is built goes from here.

use crate::config::file::Registry;
use crate::config::{Project, Spanned};
use crate::environment::setting::Setting;
use crate::environment::{Environment, Stage};
use crate::problem::{Place, Problem};

/// The first setting of an environment that is not built yet.
pub(super) fn check(project: &Project, env: &Environment) -> Result<(), Problem> {
    let s = &env.settings;
    let container = env.container();
    if let Some((key, place)) = of_project(project, env) {
        return Err(not_built(key).place(place));
    }
    let mut found = vec![("annotate", first(&s.annotate))];
    for stage in &env.stages {
        found.extend(of_stage(stage, container));
    }
    let found = found
        .into_iter()
        .find_map(|(key, place)| Some((key, place?)));
    match found {
        Some((key, place)) => Err(not_built(key).place(place.clone())),
        None => Ok(()),
    }
}

/// What tables beside the layers ask for: a registry to look into.
fn of_project(project: &Project, env: &Environment) -> Option<(&'static str, Place)> {
    let table = project.file.registry.as_ref().filter(|_| env.container())?;
    let Registry {
        repository,
        image: _,
        pull,
        push,
    } = table;
    let pull = pull
        .as_ref()
        .filter(|list| !list.get_ref().words().is_empty());
    let said = repository.iter().chain(push).map(Spanned::span);
    let span = said.chain(pull.map(Spanned::span)).next()?;
    Some(("[registry]", project.place(span)))
}

fn of_stage(stage: &Stage, container: bool) -> Vec<(&'static str, Option<&Place>)> {
    let mut found = vec![
        ("secrets", first(&stage.secrets)),
        ("push = false", off(stage.push.as_ref())),
    ];
    if container {
        found.push(("user", stage.user.as_ref().and_then(Setting::place)));
        found.push(("mounts", first(&stage.mounts)));
        found.push(("create-args", first(&stage.create_args)));
    }
    found
}

/// Where a list begins.
fn first<T>(list: &[Setting<T>]) -> Option<&Place> {
    list.first().and_then(Setting::place)
}

fn off(flag: Option<&Setting<bool>>) -> Option<&Place> {
    flag.filter(|f| !f.value).and_then(Setting::place)
}

fn not_built(key: &str) -> Problem {
    let title = format!("`{key}` is not built yet, and this run needs it");
    let help = "`list` and `show` read it; take it out to run the environment without";
    Problem::new(title, help)
}
