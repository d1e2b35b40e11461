//! `[registry]`: repositories without a tag, and an image's name made of what runenv knows.

use super::super::file::{Registry, Text};
use super::super::template::{Part, Template};
use super::super::{Project, forms};
use crate::name::expand;
use crate::nearest;
use crate::problem::{Place, Problem, Problems};

/// What an image's name is made of.
const NAMES: [&str; 4] = ["project", "env", "stage", "tag"];

/// Exhaustive: a new key does not compile until it is decided how it is checked.
pub(super) fn check(project: &Project, problems: &mut Problems) {
    let Some(table) = &project.file.registry else {
        return;
    };
    let Registry {
        repository: shared,
        image,
        pull,
        push,
    } = table;
    for text in shared.iter().chain(push) {
        let place = project.place(text.span());
        problems.0.extend(repository(text.get_ref(), place));
    }
    for (text, place) in project.texts(pull.as_ref()) {
        problems.0.extend(repository(&text, place));
    }
    if let Some(image) = image {
        self::image(project, image, problems);
        if shared.is_none() && pull.is_none() && push.is_none() {
            let help = "say where images are: `repository = \"ghcr.io/me\"`";
            let problem = Problem::new("`image` means nothing without a repository", help);
            problems.push(problem.place(project.place(image.span())));
        }
    }
}

/// What stands before an image's name: `ghcr.io/me`.
fn repository(text: &str, place: Place) -> Option<Problem> {
    let shown = expand::shown(text);
    let last = text.rsplit('/').next().unwrap_or_default();
    let problem = if forms::is_repository(text) {
        return None;
    } else if let Some((scheme, rest)) = text.split_once("://") {
        let title = format!("`{shown}` is an address, not a repository");
        let rest = rest.trim_end_matches('/');
        Problem::new(title, format!("write it without `{scheme}://`: `{rest}`"))
    } else if text.contains('@') || last.contains(':') {
        let at = text.find('@').or_else(|| text.rfind(':'));
        let bare = &text[..at.unwrap_or(text.len())];
        let title = format!("`{shown}` is one image, not a repository");
        let help =
            format!("write it without what is behind the name: `{bare}`; runenv adds the tags");
        Problem::new(title, help)
    } else if forms::is_repository(&text.to_lowercase()) {
        let title = format!("`{shown}` has capitals, and images' names have none");
        Problem::new(title, format!("write it as `{}`", text.to_lowercase()))
    } else {
        let title = format!("`{shown}` is no repository of images");
        Problem::new(
            title,
            "write it as `ghcr.io/me` or `localhost:5000/project`",
        )
    };
    Some(problem.place(place))
}

/// `{project}-{env}-{stage}:{tag}`: of these alone, and an image reference when they have their values.
fn image(project: &Project, text: &Text, problems: &mut Problems) {
    let place = || project.place(text.span());
    let (mut filled, mut tagged) = (String::new(), false);
    for part in Template::parse(text.get_ref()).0 {
        match part {
            Part::Text(text) => filled += &text,
            Part::Element => filled += "{}",
            Part::Use(used) if used.default.is_some() || !used.filters.is_empty() => {
                let name = &used.name;
                let help = format!("it always has a value: write `{{{name}}}`");
                let title =
                    format!("`{{{name}}}` of an image's name takes no default and no filter");
                return problems.push(Problem::new(title, help).place(place()));
            }
            Part::Use(used) if NAMES.contains(&used.name.as_str()) => {
                tagged |= used.name == "tag" && filled.contains(':');
                filled += "x";
            }
            Part::Use(used) => {
                let help = nearest::advice(&used.name, "names", NAMES);
                let title = format!("`{{{}}}` is no part of an image's name", used.name);
                return problems.push(Problem::new(title, help).place(place()));
            }
        }
    }
    let (name, tag) = filled.split_once(':').unwrap_or((&filled, "x"));
    let word = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if !forms::is_repository(name) || tag.is_empty() || !tag.chars().all(word) {
        let title = format!("`{}` gives no image's name", expand::shown(text.get_ref()));
        let help =
            "write it as `{project}-{env}-{stage}:{tag}`, or `{project}:{env}-{stage}-{tag}`";
        problems.push(Problem::new(title, help).place(place()));
    } else if filled.contains(':') && !tagged {
        let title = format!("`{}` has no `{{tag}}` behind its colon", text.get_ref());
        let help = "without it every image takes the name of the one before: end it with `{tag}`";
        problems.push(Problem::new(title, help).place(place()));
    }
}
