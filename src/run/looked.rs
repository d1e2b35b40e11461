//! The files that stages copy, as they were a moment ago: environments that begin together copy the same.
//!
//! For a moment only: a run may take hours, and who edits a file meanwhile wants what begins later to have it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::environment::setting::Setting;
use crate::plan::copy::{FileCache, Manifest};
use crate::problem::Problem;
use crate::time;

/// So long what was seen counts.
const MOMENT: Duration = Duration::from_secs(2);

/// Shared by all environments of a run: who asks while somebody looks, waits for what that one sees.
pub(crate) struct Looked {
    root: PathBuf,
    folder: PathBuf,
    threads: usize,
    /// What was hashed is kept on disk for the next run.
    pub(super) saves: bool,
    /// By the patterns, with when it was looked at.
    seen: Mutex<BTreeMap<Vec<String>, (Instant, Manifest)>>,
}

impl Looked {
    pub(super) fn of(root: PathBuf, folder: PathBuf, threads: usize) -> Self {
        Self {
            root,
            folder,
            threads,
            saves: false,
            seen: Mutex::default(),
        }
    }

    /// What the patterns take.
    pub(super) fn at(&self, patterns: &[Setting<String>]) -> Result<Manifest, Problem> {
        let key: Vec<String> = patterns.iter().map(|p| p.value.clone()).collect();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, manifest)) = seen.get(&key).filter(|(at, _)| at.elapsed() < MOMENT) {
            return Ok(manifest.clone());
        }
        let now = time::start();
        let mut cache = FileCache::open(&self.root, &self.folder, self.threads);
        let manifest = Manifest::collect(&self.root, patterns, &mut cache)?;
        if self.saves {
            cache.save()?;
        }
        seen.insert(key, (now, manifest.clone()));
        Ok(manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_a_moment_ago_is_not_looked_at_again() {
        let (folder, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let looked = Looked::of(folder.path().to_owned(), cache.path().to_owned(), 1);
        let look = |pattern: &str| {
            let patterns = [Setting::default(pattern.to_owned())];
            looked.at(&patterns).unwrap().entries().len()
        };
        let make = |name| drop(std::fs::File::create(folder.path().join(name)).unwrap());
        make("a1");
        assert_eq!(look("a*"), 1);
        make("a2");
        assert_eq!((look("a*"), look("a?")), (1, 2));
        for (at, _) in looked.seen.lock().unwrap().values_mut() {
            *at -= MOMENT;
        }
        assert_eq!(look("a*"), 2);
    }
}
