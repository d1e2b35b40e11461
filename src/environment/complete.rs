//! What a run needs: an image, folders, limits of the right form, stages. Asked when every text is final.

use super::setting::Setting;
use super::{Environment, Stage};
use crate::config::Project;
use crate::config::forms::{self, Form};
use crate::problem::Problem;

pub(super) fn check(env: &Environment, project: &Project) -> Result<(), Problem> {
    let s = &env.settings;
    if env.container() && s.image.is_empty() {
        let title = format!("`{}` has no image", env.name);
        let help =
            "give its system one: `[system.NAME] image = \"…\"`, or name a system of the catalog";
        return Err(Problem::new(title, help));
    }
    all([
        (s.platform.as_ref(), forms::PLATFORM),
        (s.memory.as_ref(), forms::MEMORY),
        (s.cpus.as_ref(), forms::CPUS),
        (s.workdir.as_ref(), forms::FOLDER),
        (s.user.as_ref(), forms::USER),
    ])?;
    let images = s.image.iter().filter(|_| env.container());
    all(images.map(|image| (Some(image), forms::IMAGE)))?;
    env.stages.iter().try_for_each(stage)?;
    if env.stages.is_empty() {
        let title = format!("`{}` has no stages", env.name);
        let help = "declare at least one: `[stage.built] run = [\"make\"]`";
        return Err(Problem::new(title, help).place(project.place(0..0)));
    }
    Ok(())
}

fn stage(stage: &Stage) -> Result<(), Problem> {
    for mount in &stage.mounts {
        let at = mount.with(mount.value.at.get_ref().clone());
        all([(Some(&at), forms::FOLDER)])?;
    }
    all([
        (Some(&stage.workdir), forms::FOLDER),
        (stage.user.as_ref(), forms::USER),
        (stage.memory.as_ref(), forms::MEMORY),
        (stage.cpus.as_ref(), forms::CPUS),
    ])
}

/// Settings that are said have their forms.
fn all<'s>(
    settings: impl IntoIterator<Item = (Option<&'s Setting<String>>, &'s [Form])>,
) -> Result<(), Problem> {
    for (setting, forms) in settings {
        let Some(setting) = setting else { continue };
        if let Some(problem) = forms::wrong(&setting.value, forms) {
            let place = setting.place().cloned();
            return Err(place.into_iter().fold(problem, Problem::place));
        }
    }
    Ok(())
}
