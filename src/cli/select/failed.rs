//! `--failed`: how environments ended when they were last run.
//!
//! Reads `.runenv/NAME/result.json`. An environment that was never run, is not for this host, or whose result cannot be
//! read has not failed: `--failed` is for going on after a run, not for finding out what was never tried. One that was
//! skipped since another failed is to be gone on with.

use std::collections::{BTreeMap, BTreeSet};

use super::why;
use crate::config::Project;
use crate::config::listed::Entry;
use crate::name::parse;
use crate::nearest::counted;
use crate::problem::{Place, Problem, Source};
use crate::run::folder::Folder;
use crate::run::result::State;

/// Which have failed, by canonical name; without those that were never run.
pub(super) struct Last(BTreeMap<String, bool>);

impl Last {
    pub(super) fn read(project: &Project, entries: &[Entry]) -> Self {
        let folder = Folder::of(&project.root);
        let run: BTreeSet<String> = folder.names().into_iter().collect();
        let run = entries.iter().filter(|e| run.contains(&e.canonical));
        let last = run.filter_map(|e| {
            let (state, unmet) = folder.env(&e.canonical).last_end()?;
            Some((e.canonical.clone(), !passed(state) || unmet.is_some()))
        });
        Self(last.collect())
    }

    pub(super) fn failed(&self, entry: &Entry) -> bool {
        self.0.get(&entry.canonical) == Some(&true)
    }

    /// Why nothing is left of these.
    pub(super) fn none_failed(&self, entries: &[Entry]) -> Problem {
        let count = self.0.len();
        let title = match (count, entries.len()) {
            (0, 1) => format!("`{}` was never run", entries[0].canonical),
            (0, n) => format!("`--failed`: none of the {n} environments was ever run"),
            (_, 1) => format!(
                "`{}` did not fail when it was last run",
                entries[0].canonical
            ),
            (_, n) => {
                format!("`--failed`: none of the {n} environments failed when it was last run")
            }
        };
        let never = entries.len() - count;
        let help = if count == 0 {
            "run them first: without `--failed`".to_owned()
        } else if never > 0 {
            let passed = counted("environment", count);
            format!("{passed} passed; {never} never run: run those without `--failed`")
        } else {
            "there is nothing to do again".to_owned()
        };
        Problem::new(title, help).help(why::names(entries))
    }
}

/// Was it all right? Interrupted or stopped by an engine is not.
fn passed(state: State) -> bool {
    match state {
        State::Passed | State::Skipped => true,
        State::Failed
        | State::TimedOut
        | State::OutOfMemory
        | State::Interrupted
        | State::NotRun
        | State::Error => false,
    }
}

/// Environments that have been run and are not listed by the file: whoever ran one by its name and saw it fail expects
/// it here. Names that the file no longer allows are left out.
pub(super) fn others(project: &Project) -> Vec<Entry> {
    let names = Folder::of(&project.root).names().into_iter();
    names
        .filter_map(|name| {
            let place = Place::new(&Source::new(".runenv", name.clone()), 0..name.len());
            let parsed = parse::parse(&name, &project.axes, &place).ok()?;
            Some(Entry::new(&name, parsed))
        })
        .filter(|entry| entry.written == entry.canonical)
        .collect()
}
