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

use super::Project;
use super::file::Layer;
use super::known::Known;
use crate::nearest;
use crate::problem::{Problem, Problems};

pub(crate) fn check(project: &Project, problems: &mut Problems) -> Known {
    project::check(project, problems);
    tree::check(project, problems);
    packages::check(project, problems);
    settings::variables_of_texts(project, Some(&project.file.vars), problems);
    for layer in layers(project) {
        if !problems.full() {
            settings::layer(project, &layer, problems);
        }
    }
    for table in project.file.stage.values() {
        if !problems.full() {
            settings::stage(project, table.get_ref(), problems);
        }
    }
    set_vars(project, problems);
    registry::check(project, problems);
    ci::check(project, problems);
    useless::check(project, problems);
    depends::check(project, problems);
    environments::check(project, problems)
}

/// A var that `--set` sets and nobody declares is a slip.
fn set_vars(project: &Project, problems: &mut Problems) {
    let vars = |layer: &Layer| {
        layer
            .vars
            .iter()
            .flat_map(|vars| vars.keys().cloned())
            .collect::<Vec<_>>()
    };
    let written = written(project).iter().flat_map(vars).collect::<Vec<_>>();
    let known: Vec<&str> = project
        .file
        .vars
        .keys()
        .chain(&written)
        .map(|k| k.get_ref().as_str())
        .collect();
    for name in project.overrides.iter().flat_map(|o| vars(&o.layer)) {
        if !known.contains(&name.get_ref().as_str()) {
            let help = nearest::advice(name.get_ref(), "vars", known.iter().copied());
            let problem = Problem::new(format!("unknown var `{}`", name.get_ref()), help);
            problems.push(problem.place(project.place(name.span())));
        }
    }
}

/// Every layer that is written or typed.
fn layers(project: &Project) -> Vec<Layer> {
    let mut all = written(project);
    all.extend(project.overrides.iter().map(|o| o.layer.clone()));
    all
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
