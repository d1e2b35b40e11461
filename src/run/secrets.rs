//! Secrets of a run: read once, before anything is run; given to the commands of the stages that name them, and masked
//! in everything that is told or written. No other module knows a value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::files;
use crate::host::Host;
use crate::late;
use crate::mask::{self, Mask};
use crate::plan::Stage;
use crate::plan::given::Secret;
use crate::problem::{Problem, Problems};

/// An environment variable of more than 128 KiB keeps every program from being started.
const MOST_BYTES: u64 = 100_000;

/// Where a value comes from: a file or a variable.
type From = (Option<String>, String);

/// The values, and what takes them out of texts.
#[derive(Default)]
pub(crate) struct Secrets {
    values: BTreeMap<From, String>,
    mask: Mask,
}

impl Secrets {
    /// Reads those of these stages; all that cannot be had are told in one go.
    pub(crate) fn read<'s>(
        stages: impl IntoIterator<Item = &'s Stage>,
        root: &Path,
        host: &Host,
    ) -> Result<Self, Problems> {
        let (mut values, mut problems) = (BTreeMap::new(), Problems::default());
        for secret in stages.into_iter().flat_map(|stage| &stage.given.secrets) {
            let from = (secret.file.clone(), secret.name.clone());
            if !values.contains_key(&from) {
                let value = problems.keep(value(secret, root, host));
                values.extend(value.map(|value| (from, value)));
            }
        }
        let mask = Mask::of(values.values().map(String::as_str));
        problems.none().map(|_| Self { values, mask })
    }

    pub(crate) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// What a stage's commands get: names and values.
    pub(crate) fn of(&self, stage: &Stage) -> Vec<(String, String)> {
        let value = |secret: &Secret| {
            let from = (secret.file.clone(), secret.name.clone());
            Some((secret.name.clone(), self.values.get(&from)?.clone()))
        };
        stage.given.secrets.iter().filter_map(value).collect()
    }

    /// Says which of them are too short to be masked.
    pub(crate) fn too_short(&self) -> Option<Problem> {
        let short = self
            .values
            .iter()
            .filter(|(_, value)| !value.is_empty() && mask::is_short(value));
        let names: Vec<String> = short.map(|((_, name), _)| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| {
            let title = format!(
                "shorter than four bytes and not masked: {}",
                names.join(", ")
            );
            Problem::warning(title, "no command should print it; use a longer one")
        })
    }
}

/// The value of a secret, if it can be had: for who only wants to mask it.
pub(crate) fn known(secret: &Secret, root: &Path, host: &Host) -> Option<String> {
    value(secret, root, host).ok()
}

fn value(secret: &Secret, root: &Path, host: &Host) -> Result<String, Problem> {
    let place = |problem| secret.place.iter().cloned().fold(problem, Problem::place);
    let name = &secret.name;
    let value = match &secret.file {
        None => {
            let value = host.variables.get(std::ffi::OsStr::new(name));
            let value = value.ok_or_else(|| {
                let title = format!("the secret `{name}` is not set");
                let help = format!("set the variable before the run: `export {name}=…`");
                place(Problem::new(title, help))
            })?;
            value.to_str().map(str::to_owned)
        }
        Some(file) => {
            let path = of_host(file, root, host);
            let text = files::read_text(&path, 10 * MOST_BYTES).map_err(|problem| {
                let title = format!("the secret `{name}` cannot be read: {}", problem.title);
                place(Problem::new(
                    title,
                    "write its value to that file before the run",
                ))
            })?;
            Some(text.trim_end_matches(['\n', '\r']).to_owned())
        }
    };
    let usable =
        |v: &String| v.len() as u64 <= MOST_BYTES && !v.contains(|c| c == '\0' || late::is_mark(c));
    value.filter(usable).ok_or_else(|| {
        let title = format!("the secret `{name}` is no text of at most 100 kB");
        place(Problem::new(
            title,
            "a variable holds nothing else: encode it, as by `base64`",
        ))
    })
}

/// A path of the file: from `~` or the tree's root.
pub(crate) fn of_host(path: &str, root: &Path, host: &Host) -> PathBuf {
    match (path.strip_prefix('~'), host.variable("HOME")) {
        (Some(rest), Some(home)) if rest.is_empty() || rest.starts_with('/') => {
            Path::new(home).join(rest.trim_start_matches('/'))
        }
        _ => root.join(path),
    }
}
