//! References of a file: what its words name must be there. All mistakes in one go, each at its place.

mod environments;
mod groups;
mod packages;
mod project;
mod settings;
mod tree;
mod values;

use super::Project;
use super::file::Layer;
use super::known::Known;
use crate::problem::Problems;

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
    environments::check(project, problems)
}

/// Every layer that the file writes.
fn layers(project: &Project) -> Vec<Layer> {
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
