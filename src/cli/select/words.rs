//! Words of the command line: split at commas and blanks outside braces, and read as names or globs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::all::{self, Budget};
use crate::config::Project;
use crate::config::check::VERBS;
use crate::config::listed::{Entry, MOST_GLOBS, too_many_globs};
use crate::name::expand::shown;
use crate::name::{expand, parse};
use crate::nearest;
use crate::problem::{Place, Problem, Problems, Source};

/// Words, split at commas and blanks outside braces.
pub(super) fn split<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let words = texts
        .into_iter()
        .flat_map(|text| expand::split(text, &[',', ' ']));
    let out: Vec<String> = words.map(str::to_owned).collect();
    // An empty word is a mistake only where nothing else was said.
    let some = out.iter().any(|w| !w.is_empty());
    out.into_iter().filter(|w| !w.is_empty() || !some).collect()
}

/// The environments that words mean, in their order; a mistake in any is one in all.
pub(super) fn entries(
    project: &Project,
    words: &[String],
    all: bool,
) -> Result<Vec<Entry>, Problems> {
    let (mut entries, mut problems) = (Vec::new(), Problems::default());
    let (mut budget, mut globs) = (Budget::default(), 0);
    for word in words {
        let source = Source::new("command line", word.clone());
        for name in expand::expand(word)? {
            if problems.full() {
                return Err(problems);
            }
            if !expand::is_glob(&name) {
                let entry = plain(project, &name, &source);
                entries.extend(problems.keep(entry));
                continue;
            }
            globs += 1;
            if globs > MOST_GLOBS {
                return Err(too_many_globs(&words.join(" ")).into());
            }
            let known = project.listed.known().filter(|e| e.matches(&name));
            entries.extend(known.cloned());
            if all {
                entries.extend(all::products(project, Some(&name), &mut budget)?);
            }
        }
    }
    problems.or(entries)
}

/// Any name of declared values, in `env-list` or not.
fn plain(project: &Project, name: &str, source: &Arc<Source>) -> Result<Entry, Problem> {
    let place = Place::new(source, 0..source.text.len());
    let whole = place.span.len() == name.len();
    let verb = nearest::nearest(name, VERBS).filter(|_| whole);
    let parsed = parse::parse(name, &project.axes, &place);
    let parsed = parsed.map_err(|problem| match verb {
        _ if project.listed.labels.contains_key(name) => {
            problem.help(format!("or the label `{name}`? `-m {name}`"))
        }
        Some(verb) => problem.help(format!("or the command `runenv {verb}`?")),
        None => problem,
    });
    Ok(Entry::new(name, parsed?))
}

/// What to do about a glob that matches nothing: the factor in it that nobody declared, or what it could have matched.
pub(super) fn advice(project: &Project, globs: &str) -> String {
    let values = project.axes.values();
    let own = project.axes.own_names.iter().map(String::as_str);
    let names = values.iter().map(|(_, v)| v.as_str()).chain(own);
    let factors: BTreeSet<&str> = names.flat_map(|v| v.split('-')).collect();
    let literal = globs.split(['-', ' ', ',', '{', '}']);
    let literal = literal.filter(|f| !f.is_empty() && !expand::is_glob(f));
    for factor in literal {
        if !factors.contains(factor)
            && let Some(near) = nearest::nearest(factor, factors.iter().copied())
        {
            let factor = shown(factor);
            return format!("no value has the factor `{factor}`: did you mean `{near}`?");
        }
    }
    let names = project.listed.known().map(|e| e.canonical.as_str());
    nearest::advice(globs, "environments", names)
}
