//! Forms that texts of the file must have. Pure questions; of settings that are asked twice, when the file is loaded and
//! when their substitutions are made, also what to say of a wrong one.

use super::template::{Part, Template};
use crate::name::expand;
use crate::problem::Problem;
use crate::size;

/// How a setting must look.
pub(crate) struct Form {
    is: fn(&str) -> bool,
    what: &'static str,
    help: &'static str,
}

pub(crate) const IMAGE: &[Form] = &[Form {
    is: is_image,
    what: "an image reference",
    help: "write it as `debian:bookworm` or `registry/path/name:tag`",
}];
pub(crate) const PLATFORM: &[Form] = &[Form {
    is: is_platform,
    what: "a platform",
    help: "write it as `linux/arm64` or `linux/arm/v7`",
}];
pub(crate) const MEMORY: &[Form] = &[Form {
    is: is_size,
    what: "an amount of memory",
    help: "write it as `512m` or `8g`",
}];
pub(crate) const CPUS: &[Form] = &[Form {
    is: is_number,
    what: "a number of processors",
    help: "write it as `2` or `1.5`",
}];
pub(crate) const FOLDER: &[Form] = &[
    Form {
        is: |text| text.starts_with('/'),
        what: "an absolute path",
        help: "write it as `/src`: from the root, without `..`",
    },
    Form {
        is: is_folder,
        what: "a plain path",
        help: "write it as `/src`: from the root, without `..`",
    },
];
pub(crate) const USER: &[Form] = &[Form {
    is: is_user,
    what: "a user",
    help: "write a name or a number, `builder` or `1000`, with a group behind it: `1000:1000`",
}];

/// What is wrong with a text that is final: the first of its forms that it lacks.
pub(crate) fn wrong(text: &str, forms: &[Form]) -> Option<Problem> {
    let form = forms.iter().find(|form| !(form.is)(text))?;
    let title = format!("`{}` is not {}", expand::shown(text), form.what);
    Some(Problem::new(title, form.help))
}

/// The same for a text of the file: of one with substitutions nothing is known yet.
pub(crate) fn wrong_as_written(text: &str, forms: &[Form]) -> Option<Problem> {
    let mut plain = String::new();
    for part in Template::parse(text).0 {
        match part {
            Part::Text(text) => plain += &text,
            Part::Element => plain += "{}",
            Part::Use(_) => return None,
        }
    }
    wrong(&plain, forms)
}

/// Names that a shell keeps for itself: assigning them fails or does something else.
pub(crate) const SHELL_OWN: [&str; 12] = [
    "UID",
    "EUID",
    "PPID",
    "BASHOPTS",
    "SHELLOPTS",
    "BASH_VERSINFO",
    "BASHPID",
    "FUNCNAME",
    "GROUPS",
    "DIRSTACK",
    "IFS",
    "PWD",
];

/// A name that a shell takes for a variable's.
pub(crate) fn is_variable(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
}

/// An absolute path without `..`.
fn is_folder(text: &str) -> bool {
    text.starts_with('/')
        && text.split('/').all(|part| part != "..")
        && !text.chars().any(char::is_control)
}

/// Is this text an image reference, and nothing an engine could take for an option?
fn is_image(text: &str) -> bool {
    let ok = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    !text.is_empty()
        && text.len() < 256
        && text.chars().all(ok)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// `os/architecture[/variant]`.
fn is_platform(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    (2..=3).contains(&parts.len()) && parts.iter().all(word)
}

/// A name or a number, and the same of a group.
fn is_user(text: &str) -> bool {
    let word = |part: &str| {
        let ok = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !part.is_empty() && part.chars().all(ok) && !part.starts_with('-')
    };
    match text.split_once(':') {
        Some((user, group)) => word(user) && word(group),
        None => word(text),
    }
}

/// A number above nothing.
fn is_number(text: &str) -> bool {
    let plain = text.chars().all(|c| c.is_ascii_digit() || c == '.');
    plain && text.parse::<f64>().is_ok_and(|n| n > 0.0)
}

/// A number above nothing, with a unit of docker's and podman's: b, k, m, g, t, and two letters of them.
pub(crate) fn is_size(text: &str) -> bool {
    let nothing = |c: char| !('1'..='9').contains(&c);
    size::bytes(text).is_some() && !text.chars().all(nothing)
}

/// A digest as registries use it, `sha256:` and 64 hex digits: others are not known to us, and it becomes a word of an
/// engine's command line.
pub(crate) fn is_digest(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:");
    let digit = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    hex.is_some_and(|hex| hex.len() == 64 && hex.chars().all(digit))
}

/// A registry's host, with its port: `ghcr.io`, `localhost:5000`.
pub(crate) fn is_registry(text: &str) -> bool {
    let (host, port) = text.split_once(':').unwrap_or((text, "0"));
    let label = |part: &str| {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '-';
        !part.is_empty() && part.chars().all(ok) && !part.starts_with('-') && !part.ends_with('-')
    };
    host.split('.').all(label) && port.parse::<u16>().is_ok()
}

/// Does a repository say its host? Engines' own rule: a dot or a port is in it, or it is `localhost`.
pub(crate) fn has_host(repository: &str) -> bool {
    let first = repository.split('/').next().unwrap_or_default();
    first == "localhost" || first.contains(['.', ':'])
}

/// A repository of images, without a tag: a host and a path, or either alone.
pub(crate) fn is_repository(text: &str) -> bool {
    let word = |part: &str| {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let ends = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        part.chars().all(ok) && part.starts_with(ends) && part.ends_with(ends)
    };
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    let host = first.contains(['.', ':']) && is_registry(first);
    (host || word(first)) && (rest.is_empty() || rest.split('/').all(word)) && !text.ends_with('/')
}
