//! References of a file: what its words name must be there. All mistakes in one go, each at its place.

mod ci;
mod cron;
mod depends;
mod environments;
mod groups;
mod packages;
mod project;
mod registry;
mod settings;
mod tree;
mod useless;
mod values;

use std::collections::BTreeMap;

use indexmap::IndexSet;

pub(crate) use packages::unknown as unknown_package;

use super::Project;
use super::file::Layer;
use crate::nearest;
use crate::problem::{Problem, Problems};

/// Gives which names the `[env.NAME]`s are about.
pub(crate) fn check(project: &Project, problems: &mut Problems) -> BTreeMap<String, Vec<usize>> {
    let written = written(project);
    let typed = project.overrides.iter().map(|o| &o.layer);
    let layers: Vec<&Layer> = written.iter().chain(typed).collect();
    project::check(project, problems);
    tree::check(project, problems);
    packages::check(project, &layers, problems);
    settings::variables_of_texts(project, Some(&project.file.vars), problems);
    for layer in &layers {
        if !problems.full() {
            settings::layer(project, layer, problems);
        }
    }
    for (name, table) in &project.file.stage {
        if !problems.full() {
            settings::stage(project, name, table.get_ref(), problems);
        }
    }
    set_vars(project, &written, problems);
    registry::check(project, problems);
    ci::check(project, problems);
    useless::check(project, &layers, problems);
    depends::check(project, problems);
    environments::check(project, problems)
}

/// A var that `--set` sets and nobody declares is a slip.
fn set_vars(project: &Project, written: &[Layer], problems: &mut Problems) {
    let of_layers = written.iter().filter_map(|layer| layer.vars.as_ref());
    let of_layers = of_layers.flat_map(|vars| vars.keys());
    let declared = project.file.vars.keys().chain(of_layers);
    let known: IndexSet<&str> = declared.map(|name| name.get_ref().as_str()).collect();
    let typed = project.overrides.iter().map(|o| &o.layer.vars);
    for name in typed.flatten().flat_map(|vars| vars.keys()) {
        if !known.contains(name.get_ref().as_str()) {
            let help = nearest::advice(name.get_ref(), "vars", known.iter().copied());
            let problem = Problem::new(format!("unknown var `{}`", name.get_ref()), help);
            problems.push(problem.place(project.place(name.span())));
        }
    }
}

/// Every layer that the file writes.
fn written(project: &Project) -> Vec<Layer> {
    let file = &project.file;
    let mut all = vec![file.defaults.layer()];
    all.extend(file.runner.values().map(|t| t.get_ref().layer()));
    all.extend(file.config.values().map(|t| t.get_ref().layer()));
    for table in file.system.values() {
        all.push(table.get_ref().layer());
        let releases = table.get_ref().release.values();
        all.extend(releases.map(|t| t.get_ref().layer()));
    }
    let values = file.axis.values().flat_map(|values| values.values());
    all.extend(values.map(|t| t.get_ref().layer()));
    all.extend(file.when.iter().map(|t| t.get_ref().layer()));
    all.extend(file.env.values().map(|t| t.get_ref().layer()));
    all
}
