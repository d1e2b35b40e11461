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

    /// Did a run give the image this tag? Also one by which `[registry]` called it before it said another.
    pub(super) fn gave(&self, tag: &str, image: &Image) -> bool {
        let label = |name| image.label(name).unwrap_or_default();
        let (env, stage) = (label(labels::ENV), label(labels::STAGE));
        let key = Digest::parse(label(labels::KEY));
        // Environments that share a stage share its image.
        let shared = |key: Digest| {
            self.registries
                .gave_for_any([&self.project, stage], &tags::key(key), tag)
        };
        if key.is_some_and(shared) || self.registries.gave([&self.project, env, stage], tag) {
            return true;
        }
        let Some(key) = key else {
            return false;
        };
        if names_key(tag, key) {
            return true;
        }
        // What stands beside the name of its key, where that says the environment and the stage.
        let (name, _) = split(tag);
        let all = image.repo_tags.iter().flatten();
        let mut beside = all.filter(|other| split(other).0 == name);
        let last = name.rsplit('/').next().unwrap_or_default();
        last == format!("{}-{env}-{stage}", self.project)
            && beside.any(|other| names_key(other, key))
    }
}

/// A name and its tag.
fn split(name: &str) -> (&str, &str) {
    let (name, tag) = name.rsplit_once(':').unwrap_or((name, ""));
    if tag.contains('/') {
        (name, "")
    } else {
        (name, tag)
    }
}

/// Does a tag say this key, as runs say it?
fn names_key(name: &str, key: Digest) -> bool {
    let (_, tag) = split(name);
    [tags::key(key), tags::increment(key)].iter().any(|own| {
        let before = tag.strip_suffix(own.as_str());
        before.is_some_and(|before| before.is_empty() || before.ends_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_an_earlier_registry_are_known_by_the_images_own_key() {
        let ours = Ours {
            project: "p".to_owned(),
            id: "p".to_owned(),
            registries: Registries::default(),
        };
        let (key, other) = (Digest::of(b"a"), Digest::of(b"b"));
        let image = |names: &[&str]| {
            let tags = serde_json::to_string(names).unwrap();
            let json = format!(
                r#"[{{"Id":"i","RepoTags":{tags},"Config":{{"Labels":{{"runenv.key":"{key}","runenv.env":"e","runenv.stage":"s"}}}},"RootFS":{{"Layers":[]}}}}]"#
            );
            crate::engine::facts::images(json.as_bytes())
                .unwrap()
                .remove(0)
        };
        let own = tags::key(key);
        let old = format!("127.0.0.1:5000/x/p-e-s:{own}");
        for (tag, gave) in [
            (old.clone(), true),
            (format!("y/p:e-s-{own}"), true),
            (format!("y/p:e-s-{}", tags::increment(key)), true),
            (format!("y/p-e-s:{}", tags::key(other)), false),
            (format!("y/p-e-s:my{own}"), false),
            // Beside the name of the key, but for a name that others share.
            ("127.0.0.1:5000/x/p-e-s:v1".to_owned(), true),
            ("y/p-e-s:v1".to_owned(), false),
            ("y/p:mine".to_owned(), false),
            ("127.0.0.1:5000/x".to_owned(), false),
        ] {
            let shared = format!("y/p:e-s-{own}");
            let image = image(&[&old, &shared, &tag]);
            assert_eq!(ours.gave(&tag, &image), gave, "{tag}");
        }
    }
}
