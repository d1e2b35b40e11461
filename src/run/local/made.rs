//! Files that local runs made in the source tree: a container run that copies them says so.
//!
//! Only when local runs began and ended is noted, so that they cost nothing. What the disk says was written while one of
//! them ran is theirs, unless git tracks it: that somebody edits.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::exec::Cancel;
use crate::files;
use crate::plan::copy::{Manifest, named, on_disk};
use crate::problem::Problem;
use crate::run::folder::Folder;
use crate::run::git;
use crate::time;

const FILE: &str = "local-runs";
/// So many runs are known.
const MOST: usize = 1000;
/// The kernel writes a file's times from a clock that is behind by up to a tick, in nanoseconds (100 Hz at the slowest).
const TICK: i128 = 10_000_000;
/// So many files are told by name.
const NAMED: usize = 3;

/// Notes that a local run worked in the tree from then until now.
pub(super) fn note(folder: &Folder, begun: i128, env: &str) -> Result<(), Problem> {
    let path = folder.path().join(FILE);
    let before = files::read_if_there(&path).unwrap_or_default();
    let known = before.lines().count();
    let mut text = String::new();
    for line in before.lines().skip((known + 1).saturating_sub(MOST)) {
        text += line;
        text.push('\n');
    }
    text += &format!("{begun} {} {env}\n", time::now_nanos());
    files::write_atomic(&path, text.as_bytes())
}

/// A run that worked in the tree.
struct Run<'a> {
    begun: i128,
    ended: i128,
    env: &'a str,
}

fn runs(text: &str) -> Vec<Run<'_>> {
    let run = |line| {
        let mut words = str::splitn(line, 3, ' ');
        let (begun, ended) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let env = words.next()?;
        Some(Run { begun, ended, env })
    };
    text.lines().filter_map(run).collect()
}

/// The files that this run has warned of: one warning for each.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<BTreeSet<Vec<u8>>>);

impl Told {
    /// A warning of files of the manifest that local runs made; `None`: there are none that nobody was told of.
    pub(crate) fn warning(
        &self,
        root: &Path,
        manifest: &Manifest,
        cancel: &Cancel,
    ) -> Option<Problem> {
        let text = files::read_if_there(&Folder::of(root).path().join(FILE))?;
        let runs = runs(&text);
        let mut made = Vec::new();
        for entry in manifest.entries() {
            let Ok(meta) = on_disk(root, &entry.path).symlink_metadata() else {
                continue;
            };
            // The inode's time cannot be set: unpacked and copied files have it, too.
            let time = i128::from(meta.ctime()) * 1_000_000_000 + i128::from(meta.ctime_nsec());
            let run = runs
                .iter()
                .rfind(|run| (run.begun - TICK..=run.ended).contains(&time));
            if let Some(run) = run.filter(|_| !meta.is_dir()) {
                made.push((entry.path.as_slice(), run.env));
            }
        }
        {
            let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            made.retain(|(path, _)| told.insert((*path).to_owned()));
        }
        if !made.is_empty() && git::folder(root).is_some() {
            let tracked = git::tracked(root, cancel);
            made.retain(|(path, _)| !tracked.contains(*path));
        }
        let (_, env) = made.first()?;
        let named = named(made.iter().map(|(path, _)| *path), NAMED);
        let title = format!("files that a local run made in the tree are copied: {named}");
        let mut problem = Problem::warning(title, "name them in `.dockerignore`, or remove them");
        let help = format!("`isolate = \"copy\"` would give `{env}` a tree of its own");
        problem.help.push(help);
        Some(problem)
    }
}
