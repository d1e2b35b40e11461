//! What a stage's `copy` is to a Dockerfile: sources of `COPY`, and links.
//!
//! `COPY` takes fewer patterns than `copy`, puts what a glob finds into one folder, takes a folder's contents for the
//! folder, and follows a link that it names. So a pattern stays only where it finds nothing but files of one folder;
//! else what it finds is named. Reads names of the tree, opens no file.

use std::path::Path;

use indexmap::IndexMap;

use crate::environment::setting::Setting;
use crate::pattern::Pattern;
use crate::plan::copy::{Top, tops};
use crate::problem::Problem;

/// One `COPY`: these of the tree into this folder below the workdir, both with `/` behind folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) sources: Vec<String>,
    pub(crate) to: String,
}

/// What a stage takes from the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Files {
    pub(crate) copies: Vec<Copy>,
    /// Links that a pattern names: path and target.
    pub(crate) links: Vec<(String, String)>,
    /// All of the tree is among it, and so the folder that runenv makes in it.
    pub(crate) whole: bool,
}

/// Reads what the patterns find below `root`.
pub(crate) fn read(root: &Path, patterns: &[Setting<String>]) -> Result<Files, Problem> {
    let mut files = Files::default();
    let mut by_folder: IndexMap<String, Vec<String>> = IndexMap::new();
    for setting in patterns {
        let found = tops(root, setting)?;
        let pattern = Pattern::parse(setting.value.as_bytes()).expect("it was read a moment ago");
        let text = String::from_utf8_lossy(pattern.text()).into_owned();
        if let Some(folder) = whole_folder(&text) {
            sayable(&folder, setting)?;
            files.whole |= folder.is_empty();
            files.copies.push(folder_copy(&folder));
            continue;
        }
        let glob = text.rsplit('/').next().unwrap_or_default();
        let of_names = !glob.contains("**") && !glob.contains('\\');
        for (parent, tops) in in_folders(found) {
            sayable(&parent, setting)?;
            if of_names && tops.iter().all(|(_, top)| *top == Top::File) {
                let sources = by_folder.entry(parent.clone()).or_default();
                sources.push(format!("{parent}{glob}"));
                continue;
            }
            for (path, top) in tops {
                sayable(&path, setting)?;
                match top {
                    Top::Folder => files.copies.push(folder_copy(&path)),
                    Top::File => by_folder.entry(parent.clone()).or_default().push(path),
                    Top::Link(target) => files.links.push((path, target)),
                }
            }
        }
    }
    let copies = by_folder
        .into_iter()
        .map(|(to, sources)| Copy { sources, to });
    files.copies.splice(0..0, copies);
    Ok(files)
}

/// The folder whose whole contents a pattern means: `src/**`, `.`, `**`.
fn whole_folder(text: &str) -> Option<String> {
    if text == "." || text == "**" {
        return Some(String::new());
    }
    let folder = text.strip_suffix("/**")?;
    let pattern = Pattern::parse(folder.as_bytes()).ok()?;
    let (fixed, whole) = pattern.fixed();
    whole.then(|| String::from_utf8_lossy(&fixed).into_owned())
}

fn folder_copy(folder: &str) -> Copy {
    if folder.is_empty() {
        let (sources, to) = (vec![".".to_owned()], String::new());
        return Copy { sources, to };
    }
    let folder = format!("{folder}/");
    Copy {
        sources: vec![folder.clone()],
        to: folder,
    }
}

type Named = Vec<(String, Top)>;

/// What was found, by the folder that it is in (`src/`; empty for the tree itself).
fn in_folders(found: Vec<(Vec<u8>, Top)>) -> IndexMap<String, Named> {
    let mut folders: IndexMap<String, Named> = IndexMap::new();
    for (path, top) in found {
        let path = String::from_utf8_lossy(&path).into_owned();
        let parent = path.rfind('/').map_or("", |at| &path[..=at]).to_owned();
        folders.entry(parent).or_default().push((path, top));
    }
    folders
}

/// Can a `COPY` name this path? To all builders a wildcard is one, to some whatever stands before it.
fn sayable(path: &str, setting: &Setting<String>) -> Result<(), Problem> {
    let odd = |c: char| c.is_control() || "*?[]\\\u{fffd}".contains(c);
    if !path.contains(odd) {
        return Ok(());
    }
    let title = format!(
        "`{}` has a name that a Dockerfile cannot copy",
        path.escape_debug()
    );
    let problem = Problem::new(
        title,
        "copy the folder that it is in, or give it another name",
    );
    let place = setting.place().cloned();
    Err(place.into_iter().fold(problem, Problem::place))
}
