//! What is this project's among the images of an engine or a registry: its name, its id, and the names that runs give.

use super::folder::Folder;
use super::project_id;
use crate::config::Project;
use crate::digest::Digest;
use crate::engine::facts::Image;
use crate::engine::labels;
use crate::plan::image::Registries;
use crate::plan::tags;
use crate::problem::Problem;

/// A project, and how its images are called.
#[derive(Clone, Debug)]
pub(crate) struct Ours {
    pub(crate) project: String,
    pub(crate) id: String,
    pub(crate) registries: Registries,
}

impl Ours {
    pub(crate) fn of(project: &Project, folder: &Folder) -> Result<Self, Problem> {
        let table = project.file.registry.as_ref();
        Ok(Self {
            project: project.name.clone(),
            id: project_id::of(project, folder)?,
            registries: table.map(Registries::of).unwrap_or_default(),
        })
    }

    /// Did a run give the image this tag?
    pub(super) fn gave(&self, tag: &str, image: &Image) -> bool {
        let label = |name| image.label(name).unwrap_or_default();
        let stage = label(labels::STAGE);
        // Environments that share a stage share its image.
        let key = Digest::parse(label(labels::KEY)).map(tags::key);
        let shared = |key: String| {
            self.registries
                .gave_for_any([&self.project, stage], &key, tag)
        };
        if key.is_some_and(shared) {
            return true;
        }
        let of = [&self.project, label(labels::ENV), stage];
        self.registries.gave(of, tag)
    }
}
