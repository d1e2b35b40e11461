//! What a run needs: an image, folders, limits of the right form, stages. Asked when every text is final.

use super::Environment;
use super::setting::Setting;
use crate::config::Project;
use crate::config::forms::{is_folder, is_image, is_number, is_platform, is_size};
use crate::problem::Problem;

pub(super) fn check(env: &Environment, project: &Project) -> Result<(), Problem> {
    let s = &env.settings;
    if env.container() && s.image.is_empty() {
        let title = format!("`{}` has no image", env.name);
        let help =
            "give its system one: `[system.NAME] image = \"…\"`, or name a system of the catalog";
        return Err(Problem::new(title, help));
    }
    let forms = [
        Form {
            setting: s.platform.as_ref(),
            is: is_platform,
            what: "a platform",
            help: "write it as `linux/arm64` or `linux/arm/v7`",
        },
        Form {
            setting: s.memory.as_ref(),
            is: is_size,
            what: "an amount of memory",
            help: "write it as `512m` or `8g`",
        },
        Form {
            setting: s.cpus.as_ref(),
            is: is_number,
            what: "a number of processors",
            help: "write it as `2` or `1.5`",
        },
    ];
    forms.iter().try_for_each(Form::check)?;
    let images = s.image.iter().filter(|_| env.container());
    images.map(image).try_for_each(|form| form.check())?;
    let workdirs = env.stages.iter().map(|stage| &stage.workdir);
    workdirs
        .chain(&s.workdir)
        .map(folder)
        .try_for_each(|f| f.check())?;
    if env.stages.is_empty() {
        let title = format!("`{}` has no stages", env.name);
        let help = "declare at least one: `[stage.built] run = [\"make\"]`";
        return Err(Problem::new(title, help).place(project.place(0..0)));
    }
    Ok(())
}

/// How a setting must look.
struct Form<'a> {
    setting: Option<&'a Setting<String>>,
    is: fn(&str) -> bool,
    what: &'static str,
    help: &'static str,
}

impl Form<'_> {
    fn check(&self) -> Result<(), Problem> {
        let Some(setting) = self.setting.filter(|s| !(self.is)(&s.value)) else {
            return Ok(());
        };
        let title = format!("`{}` is not {}", setting.value, self.what);
        let place = setting.place().cloned();
        let problem = Problem::new(title, self.help);
        Err(place.into_iter().fold(problem, Problem::place))
    }
}

fn image(setting: &Setting<String>) -> Form<'_> {
    Form {
        setting: Some(setting),
        is: is_image,
        what: "an image reference",
        help: "write it as `debian:bookworm` or `registry/path/name:tag`",
    }
}

fn folder(setting: &Setting<String>) -> Form<'_> {
    let relative = !setting.value.starts_with('/');
    Form {
        setting: Some(setting),
        is: is_folder,
        what: if relative {
            "an absolute path"
        } else {
            "a plain path"
        },
        help: "write it as `/src`: from the root, without `..`",
    }
}
