//! Why nothing is selected: each filter says so when it takes out the last.

use std::collections::BTreeSet;

use super::{Selection, words};
use crate::config::Project;
use crate::config::listed::Entry;
use crate::name::expand::shown;
use crate::problem::Problem;

/// The first reason there was.
#[derive(Default)]
pub(super) struct Why {
    pub(super) nothing: Option<Problem>,
}

impl Why {
    /// Nothing was there to begin with.
    pub(super) fn base(&mut self, project: &Project, selection: &Selection, entries: &[Entry]) {
        if entries.is_empty() {
            self.nothing = Some(no_base(project, selection));
        }
    }

    /// Keeps some; if none is left, `reason` says why, given those there were.
    pub(super) fn keep(
        &mut self,
        entries: &mut Vec<Entry>,
        keep: impl Fn(&Entry) -> bool,
        reason: impl Fn(&[Entry]) -> Problem,
    ) {
        if !entries.is_empty() && !entries.iter().any(&keep) {
            self.nothing = Some(reason(entries));
        }
        entries.retain(keep);
    }
}

fn no_base(project: &Project, selection: &Selection) -> Problem {
    if selection.named() {
        let what = selection.words().join(" ");
        let (shown, help) = (shown(&what), words::advice(project, &what));
        let of = if selection.all {
            "environment that the file's runners, systems and configs give"
        } else {
            "environment of `env-list`"
        };
        let problem = Problem::new(format!("`{shown}` matches no {of}"), help);
        let excluded = &project.listed.excluded;
        let excluded = excluded.iter().find(|e| e.matches(&what));
        if let Some(excluded) = excluded {
            let name = &excluded.canonical;
            return problem.help(format!(
                "`exclude` takes `{name}` out: name it in full to have it"
            ));
        }
        return if selection.all {
            problem.help(
                "`--all` ranges over the systems that the file names, not over all of the catalog",
            )
        } else {
            problem
        };
    }
    if !selection.labels.is_empty() {
        let labels = shown(&selection.labels.join(","));
        let title = format!("no environment has the label `{labels}`");
        return Problem::new(
            title,
            "its globs in `[project] labels` match nothing of `env-list`",
        );
    }
    let written = project.file.project.env_list.is_some();
    if written && !project.listed.exclude.0.is_empty() {
        let title = "nothing to run: `exclude` takes out all of `env-list`";
        return Problem::new(title, "name one, or exclude less");
    }
    Problem::new(
        "nothing to run: no environment is named, and `env-list` is empty",
        "name one, or set `[project] env-list`",
    )
}

/// Some of them by name: what the last filter chose from.
pub(super) fn names(entries: &[Entry]) -> String {
    format!(
        "chosen from: {}",
        some(entries.iter().map(|e| e.canonical.as_str()))
    )
}

fn some<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SOME: usize = 10;
    let all = names.len();
    let some: Vec<&str> = names.take(SOME).collect();
    let more = if all > SOME {
        format!(", … ({all} in all)")
    } else {
        String::new()
    };
    format!("{}{more}", some.join(", "))
}

pub(super) fn no_label(labels: &str, left: &[Entry], labelled: &BTreeSet<String>) -> Problem {
    let labels = shown(labels);
    let title = match left {
        [one] => format!("`{}` does not have the label `{labels}`", one.canonical),
        all => format!(
            "none of the {} environments has the label `{labels}`",
            all.len()
        ),
    };
    let help = if labelled.is_empty() {
        "the label's globs match nothing of `env-list`".to_owned()
    } else {
        format!(
            "with the label: {}",
            some(labelled.iter().map(String::as_str))
        )
    };
    Problem::new(title, help).help(names(left))
}

pub(super) fn no_condition(text: &str, left: &[Entry]) -> Problem {
    let whom = match left {
        [one] => format!("`{}`", one.canonical),
        all => format!("any of the {} environments", all.len()),
    };
    let title = format!("the condition `{}` does not hold for {whom}", shown(text));
    Problem::new(title, names(left))
}

pub(super) fn all_skipped(text: &str, left: &[Entry]) -> Problem {
    let title = match left.len() {
        1 => format!("`--skip {}` takes out the only environment", shown(text)),
        n => format!("`--skip {}` takes out all {n} environments", shown(text)),
    };
    Problem::new(title, names(left))
}
