//! Forms of single values: words of a closed list, durations, sizes, names of variables, paths, mounts, secrets, rules.

use super::super::file::shape::{Annotation, Mount, Secret};
use super::super::file::{List, Map, Text};
use super::super::forms::{self, Form};
use super::super::{Project, Spanned};
use crate::name::expand;
use crate::nearest;
use crate::problem::{Place, Problem, Problems};
use crate::time;

/// A word of a closed list.
pub(super) fn word(
    project: &Project,
    text: Option<&Text>,
    what: &str,
    known: &[&str],
    problems: &mut Problems,
) {
    if let Some(text) = text {
        let place = project.place(text.span());
        problems
            .0
            .extend(unknown(text.get_ref(), what, known, place));
    }
}

/// Words of a closed list.
pub(super) fn words(
    project: &Project,
    list: Option<&List>,
    what: &str,
    known: &[&str],
    problems: &mut Problems,
) {
    for (text, place) in project.texts(list) {
        problems.0.extend(unknown(&text, what, known, place));
    }
}

fn unknown(word: &str, what: &str, known: &[&str], place: Place) -> Option<Problem> {
    if known.contains(&word) {
        return None;
    }
    let help = nearest::advice(word, &format!("{what}s"), known.iter().copied());
    Some(Problem::new(format!("unknown {what} `{word}`"), help).place(place))
}

pub(super) fn duration(project: &Project, text: Option<&Text>, problems: &mut Problems) {
    let Some(text) = text else { return };
    if let Err(help) = time::parse_duration(text.get_ref()) {
        let problem = Problem::new(format!("`{}` is no duration", text.get_ref()), help);
        problems.push(problem.place(project.place(text.span())));
    }
}

/// Texts whose form is known before their substitutions are made: those without any.
pub(super) fn form(
    project: &Project,
    text: Option<&Text>,
    forms: &[Form],
    problems: &mut Problems,
) {
    let Some(text) = text else { return };
    if let Some(problem) = forms::wrong_as_written(text.get_ref(), forms) {
        problems.push(problem.place(project.place(text.span())));
    }
}

/// The same for images.
pub(super) fn images(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (text, place) in project.texts(list) {
        let wrong = forms::wrong_as_written(&text, forms::IMAGE);
        problems.0.extend(wrong.map(|problem| problem.place(place)));
    }
}

/// An amount of bytes, as of a log.
pub(super) fn size(project: &Project, text: Option<&Text>, problems: &mut Problems) {
    let Some(text) = text.filter(|t| !forms::is_size(t.get_ref())) else {
        return;
    };
    let title = format!("`{}` is no size", text.get_ref());
    let problem = Problem::new(title, "write it as `512k`, `20m` or `1g`");
    problems.push(problem.place(project.place(text.span())));
}

/// Names of variables that commands get.
pub(super) fn variables(project: &Project, env: Option<&Map<Text>>, problems: &mut Problems) {
    for name in env.into_iter().flat_map(|map| map.keys()) {
        let place = project.place(name.span());
        problems.0.extend(variable(name.get_ref(), place));
    }
}

fn variable(text: &str, place: Place) -> Option<Problem> {
    let problem = if !forms::is_variable(text) {
        Problem::new(
            format!("`{text}` cannot be a variable's name"),
            "use letters, digits and `_`, not a digit first",
        )
    } else if forms::SHELL_OWN.contains(&text) {
        Problem::new(
            format!("the shell keeps `{text}` for itself"),
            "use another name",
        )
    } else {
        return None;
    };
    Some(problem.place(place))
}

/// `pass-env`: names of the caller's variables, and globs.
pub(super) fn passed(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (text, place) in project.texts(list) {
        // Of a substitution nothing is known yet.
        if text.contains('{') {
            continue;
        }
        if !expand::is_glob(&text) {
            problems.0.extend(variable(&text, place));
        } else if !forms::is_variable(&text.replace(['*', '?'], "_")) {
            let title = format!("`{text}` matches no variable's name");
            let help = "use letters, digits and `_`, not a digit first; `*` stands for any text, `?` for one character";
            problems.push(Problem::new(title, help).place(place));
        }
    }
}

/// `copy` stays inside the tree.
pub(super) fn copies(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (text, place) in project.texts(list) {
        let problem = if text.starts_with('/') || text.starts_with('~') {
            Problem::new(
                format!("`{text}` is not a path inside the tree"),
                "write it relative to the folder of envs.toml",
            )
        } else if crate::pattern::leads_out(text.as_bytes()) {
            Problem::new(
                format!("`{text}` leads out of the tree"),
                "only files below the folder of envs.toml can be copied",
            )
        } else if text.is_empty() || text.contains(['\0', '\n']) {
            Problem::new(
                "an empty or broken path",
                "name a file, a folder or a pattern such as `src/**`",
            )
        } else {
            continue;
        };
        problems.push(problem.place(place));
    }
}

/// A cache or a folder of the host, and where it is seen.
pub(super) fn mounts(
    project: &Project,
    list: Option<&Vec<Spanned<Mount>>>,
    problems: &mut Problems,
) {
    for mount in list.into_iter().flatten() {
        let Mount {
            cache,
            host,
            at,
            read_only: _,
        } = mount.get_ref();
        let mut wrong = |title: String, help: &str, span: std::ops::Range<usize>| {
            problems.push(Problem::new(title, help).place(project.place(span)));
        };
        match (cache, host) {
            (Some(cache), None) if !crate::name::is_value(cache.get_ref()) => {
                let title = format!("`{}` cannot be a cache's name", cache.get_ref());
                wrong(title, "use `a-z`, `0-9`, `.`, `_` and `-`", cache.span());
            }
            (None, Some(_)) | (Some(_), None) => {}
            (Some(_), Some(_)) | (None, None) => {
                let help = "say what is seen: `cache = \"NAME\"` or `host = \"/folder\"`";
                let title = "a mount is either a cache or a folder of the host".to_owned();
                wrong(title, help, mount.span());
            }
        }
        form(project, Some(at), forms::FOLDER, problems);
    }
}

/// Names of variables that hold secrets.
pub(super) fn secrets(
    project: &Project,
    list: Option<&Vec<Spanned<Secret>>>,
    problems: &mut Problems,
) {
    for secret in list.into_iter().flatten() {
        let (name, span) = match secret.get_ref() {
            Secret::Variable(name) => (name.as_str(), secret.span()),
            Secret::File(file) => (file.r#as.get_ref().as_str(), file.r#as.span()),
        };
        problems.0.extend(variable(name, project.place(span)));
    }
}

/// Rules whose expressions can be read, with a level that there is.
pub(super) fn annotations(
    project: &Project,
    list: Option<&Vec<Spanned<Annotation>>>,
    problems: &mut Problems,
) {
    for rule in list.into_iter().flatten() {
        let Annotation { r#match, level } = rule.get_ref();
        let known = ["error", "warning", "notice"];
        word(project, Some(level), "level", &known, problems);
        if let Err(error) = regex::Regex::new(r#match.get_ref()) {
            let said = error.to_string();
            let last = said.lines().last().unwrap_or_default();
            let title = format!("`{}` is no regular expression", r#match.get_ref());
            let help = format!("correct it: {}", last.trim_start_matches("error: "));
            let problem = Problem::new(title, help);
            problems.push(problem.place(project.place(r#match.span())));
        }
    }
}
