//! `envs.toml`: found, read, checked. A `Project` is a file whose every reference holds.

pub(crate) mod check;
mod conditions;
pub(crate) mod file;
pub(crate) mod forms;
pub(crate) mod listed;
pub(crate) mod lock;
mod maintenance;
pub(crate) mod read;
pub(crate) mod references;
pub(crate) mod schema;
pub(crate) mod template;
#[cfg(test)]
mod tests;
pub(crate) mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::catalog::Catalog;
use crate::files;
use crate::name::Axes;
use crate::problem::{Place, Problem, Problems, Source};

use conditions::Conditions;
pub(crate) use file::File;
pub(crate) use file::spanned::Spanned;
use file::{EnvTable, List};
use listed::{Listed, Listing};
use lock::Lock;
use read::overrides::{self, Override};
use read::sources::Sources;
use tree::Tree;

/// The file's name, and the most bytes that are read of one.
pub(crate) const NAME: &str = "envs.toml";
const MOST_BYTES: u64 = 4_000_000;

/// A file that was read and whose references hold.
#[derive(Debug)]
pub(crate) struct Project {
    /// The folder of the file: what `copy` may take from.
    pub(crate) root: PathBuf,
    /// The file itself; its lock file stands beside it.
    pub(crate) path: PathBuf,
    lock: OnceLock<Result<Option<Lock>, Problem>>,
    pub(crate) name: String,
    pub(crate) sources: Sources,
    pub(crate) file: File,
    /// What `--set` says, over all layers.
    pub(crate) overrides: Vec<Override>,
    /// The package tree, if the file names one.
    pub(crate) tree: Option<Tree>,
    pub(crate) catalog: &'static Catalog,
    pub(crate) axes: Axes,
    pub(crate) listed: Listed,
    /// Canonical names that `[env.NAME]`s are about: which of them, in file order.
    env_tables: BTreeMap<String, Vec<usize>>,
    conditions: Conditions,
    pub(crate) warnings: Vec<Problem>,
}

impl Project {
    /// Each text of a list with its place.
    pub(crate) fn texts(&self, list: Option<&List>) -> Vec<(String, Place)> {
        let texts = list
            .iter()
            .flat_map(|list| list.get_ref().each(list.span()));
        texts
            .map(|t| (t.get_ref().clone(), self.place(t.span())))
            .collect()
    }

    /// The `[env.NAME]`s about an environment, by its canonical name, in file order.
    pub(crate) fn tables_of<'p>(
        &'p self,
        canonical: &str,
    ) -> impl DoubleEndedIterator<Item = &'p EnvTable> + use<'p> {
        let found = self.env_tables.get(canonical).into_iter().flatten();
        found.filter_map(|at| Some(self.file.env.get_index(*at)?.1.get_ref()))
    }

    pub(crate) fn place(&self, span: std::ops::Range<usize>) -> Place {
        self.sources.place(span)
    }
}

/// Finds the file: the one named, or the first upwards from the working directory.
pub(crate) fn discover(named: Option<&Path>, cwd: &Path) -> Result<PathBuf, Problem> {
    if let Some(named) = named {
        return Ok(cwd.join(named));
    }
    let found = cwd
        .ancestors()
        .map(|folder| folder.join(NAME))
        .find(|path| path.exists());
    found.ok_or_else(|| {
        let title = format!("no `{NAME}` in `{}` or a folder above it", cwd.display());
        Problem::new(
            title,
            "name one with `-c FILE`, or write one: the README shows the smallest",
        )
    })
}

/// Reads and checks the file. `shown` is the name that problems call it by.
/// `sets` are the texts behind `--set`.
pub(crate) fn load(
    path: &Path,
    root: Option<&Path>,
    cwd: &Path,
    sets: &[String],
    listing: Listing,
) -> Result<Project, Problems> {
    let text = files::read_text(path, MOST_BYTES)?;
    let shown = path.strip_prefix(cwd).unwrap_or(path).display().to_string();
    let folder = root.map_or_else(
        || path.parent().unwrap_or(cwd).to_owned(),
        |root| cwd.join(root),
    );
    let source = Source::new(shown, text);
    let mut project = read_and_check(&source, folder, sets, listing)?;
    path.clone_into(&mut project.path);
    Ok(project)
}

/// A text as a project; the files that it includes are read below `root`.
#[cfg(any(test, feature = "inside"))]
pub(crate) fn from_source(source: &Arc<Source>, root: PathBuf) -> Result<Project, Problems> {
    read_and_check(source, root, &[], Listing::Whole)
}

fn read_and_check(
    source: &Arc<Source>,
    root: PathBuf,
    sets: &[String],
    listing: Listing,
) -> Result<Project, Problems> {
    let mut sources = Sources::new(source);
    let file = read::read(&mut sources, &root)?;
    let overrides = overrides::read(sets, &mut sources)?;
    check::check(sources, file, overrides, root, listing)
}
