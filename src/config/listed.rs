//! The environments that a file lists: `env-list` without what `exclude` takes out, names of their own, labels.
//!
//! Made once, when the file is checked. Who selects environments asks here, and parses nothing of the file again.

use std::borrow::Cow;
use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::Project;
use super::file::List;
use crate::name::{self, Axes, EnvName, expand, parse};
use crate::problem::{Place, Problem, Problems};

/// A name as it is written and as it is read.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) written: String,
    pub(crate) canonical: String,
    pub(crate) name: EnvName,
}

impl Entry {
    pub(crate) fn new(written: &str, name: EnvName) -> Self {
        Self {
            written: written.to_owned(),
            canonical: name.to_string(),
            name,
        }
    }

    /// Does the glob match it, as written or canonical?
    pub(crate) fn matches(&self, glob: &str) -> bool {
        expand::matches(glob, &self.canonical)
            || (self.written != self.canonical && expand::matches(glob, &self.written))
    }
}

/// How much of `env-list` a question needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Every name.
    Whole,
    /// A name for each alternative that is written, so that a slip is found all the same: for what is about one
    /// environment, which costs the same however many there are.
    Alternatives,
}

impl Listing {
    fn expand(self, text: &str) -> Result<Vec<String>, Problem> {
        match self {
            Self::Whole => expand::expand(text),
            Self::Alternatives => expand::each_alternative(text),
        }
    }
}

/// What the file lists.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listed {
    /// Without what `exclude` takes out; each once.
    pub(crate) env_list: Vec<Entry>,
    /// Those with names of their own that `env-list` does not hold.
    pub(crate) own: Vec<Entry>,
    pub(crate) exclude: Patterns,
    /// What `exclude` took out of `env-list`.
    pub(crate) excluded: Vec<Entry>,
    pub(crate) labels: IndexMap<String, Patterns>,
}

impl Listed {
    /// All that the file lists: what globs are asked of.
    pub(crate) fn known(&self) -> impl Iterator<Item = &Entry> {
        self.env_list.iter().chain(&self.own)
    }

    /// The environments of a label: its names, and those listed that its globs match.
    pub(crate) fn labelled(&self, label: &str) -> Vec<Entry> {
        let patterns = self.labels.get(label).map_or(&[][..], |p| &p.0);
        let of = |pattern| self.meant(pattern).into_iter().cloned();
        patterns.iter().flat_map(of).collect()
    }

    /// What a pattern stands for: its name, or those listed that the glob matches.
    pub(crate) fn meant<'a>(&'a self, pattern: &'a Pattern) -> Vec<&'a Entry> {
        match pattern {
            Pattern::Name(entry) => vec![entry],
            Pattern::Glob(glob) => self.known().filter(|e| e.matches(glob)).collect(),
        }
    }
}

/// One of the names that braces gave.
#[derive(Clone, Debug)]
pub(crate) enum Pattern {
    Name(Box<Entry>),
    Glob(String),
}

impl Pattern {
    pub(crate) fn is_name(&self) -> bool {
        match self {
            Self::Name(_) => true,
            Self::Glob(_) => false,
        }
    }

    pub(crate) fn holds(&self, entry: &Entry) -> bool {
        match self {
            Self::Name(name) => name.canonical == entry.canonical,
            Self::Glob(glob) => entry.matches(glob),
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Name(name) => &name.written,
            Self::Glob(glob) => glob,
        }
    }
}

/// Names and globs, for a set of environments.
#[derive(Clone, Debug, Default)]
pub(crate) struct Patterns(pub(crate) Vec<Pattern>);

/// Each glob is asked of each environment: with more of them an answer would be long in coming.
pub(crate) const MOST_GLOBS: usize = 1000;

impl Patterns {
    /// Adds what one text means: a name, a glob, or braces around them.
    pub(crate) fn add(
        &mut self,
        text: &str,
        axes: &Axes,
        place: &Place,
    ) -> Result<&[Pattern], Problems> {
        let (start, mut problems) = (self.0.len(), Problems::default());
        for name in expand::expand(text).map_err(|p| p.place(place.clone()))? {
            if problems.full() {
                break;
            }
            if expand::is_glob(&name) {
                self.0.push(Pattern::Glob(name));
            } else if let Some(read) = problems.keep(parse::parse(&name, axes, place)) {
                let entry = Entry::new(&name, read);
                self.0.push(Pattern::Name(Box::new(entry)));
            }
        }
        let globs = self.0.iter().filter(|p| matches!(p, Pattern::Glob(_)));
        if globs.count() > MOST_GLOBS {
            return Err(too_many_globs(text).place(place.clone()).into());
        }
        problems.none()?;
        Ok(&self.0[start..])
    }

    /// The same for what takes environments out: whole ones, not single stages of them.
    pub(crate) fn add_whole(
        &mut self,
        text: &str,
        axes: &Axes,
        place: &Place,
    ) -> Result<&[Pattern], Problems> {
        let added = self.add(text, axes, place)?;
        for pattern in added {
            if let Pattern::Name(entry) = pattern
                && let Some(stage) = &entry.name.to
            {
                let title = format!("`{}` goes only up to the stage `{stage}`", entry.written);
                let help = format!("whole environments are taken out: `{}`", entry.canonical);
                return Err(Problem::new(title, help).place(place.clone()).into());
            }
        }
        Ok(added)
    }

    /// Is an environment one of these? Names are looked up.
    pub(crate) fn filter(&self) -> impl Fn(&Entry) -> bool {
        let (mut names, mut globs) = (BTreeSet::new(), Vec::new());
        for pattern in &self.0 {
            match pattern {
                Pattern::Name(name) => drop(names.insert(name.canonical.as_str())),
                Pattern::Glob(glob) => globs.push(glob.as_str()),
            }
        }
        move |entry| {
            names.contains(entry.canonical.as_str()) || globs.iter().any(|glob| entry.matches(glob))
        }
    }
}

/// More globs than anybody writes.
pub(crate) fn too_many_globs(text: &str) -> Problem {
    let title = format!(
        "`{}` gives more than {MOST_GLOBS} globs",
        expand::shown(text)
    );
    Problem::new(title, "use fewer alternatives: `*` stands for any text")
}

/// The name that an environment runs by: one of its own takes runner and system from its `[env.NAME]`.
pub(crate) fn resolved<'n>(
    project: &Project,
    name: &'n EnvName,
) -> Result<Cow<'n, EnvName>, Problem> {
    let table = name.own.as_ref();
    let Some(table) = table.and_then(|own| project.file.env.get(own.as_str())) else {
        return Ok(Cow::Borrowed(name));
    };
    let table = table.get_ref();
    let mut resolved = name.clone();
    if let Some(like) = &table.like {
        let place = project.place(like.span());
        let like = parse::parse(like.get_ref(), &project.axes, &place)?;
        resolved = EnvName {
            own: name.own.clone(),
            to: name.to.clone(),
            ..like
        };
    }
    if let Some(runner) = &table.runner {
        resolved.runner.clone_from(runner.get_ref());
    }
    Ok(Cow::Owned(resolved))
}

/// Reads what the file lists; mistakes and warnings go to `problems`.
pub(super) fn read(project: &Project, listing: Listing, problems: &mut Problems) -> Listed {
    let mut listed = Listed {
        env_list: env_list(project, listing, problems),
        ..Listed::default()
    };
    exclude(project, listing, &mut listed, problems);
    // A name of its own stays one, whether or not it is run by default.
    listed.own = own(project, &listed.env_list);
    for (label, list) in &project.file.project.labels {
        if let Some(problem) = spelling(label.get_ref()) {
            problems.push(problem.place(project.place(label.span())));
        }
        let all = label_patterns(project, listing, &listed, list, problems);
        listed.labels.insert(label.get_ref().clone(), all);
    }
    listed
}

fn env_list(project: &Project, listing: Listing, problems: &mut Problems) -> Vec<Entry> {
    let (mut all, mut seen) = (Vec::new(), BTreeSet::new());
    for (text, place) in project.texts(project.file.project.env_list.as_ref()) {
        let expanded = listing.expand(&text).map_err(|p| p.place(place.clone()));
        for name in problems.keep(expanded).into_iter().flatten() {
            if problems.full() {
                return all;
            }
            let read = problems.keep(parse::parse(&name, &project.axes, &place));
            let entries = read.map(|read| Entry::new(&name, read));
            all.extend(entries.filter(|e| seen.insert(e.canonical.clone())));
        }
    }
    all
}

fn own(project: &Project, env_list: &[Entry]) -> Vec<Entry> {
    let held: BTreeSet<&str> = env_list.iter().map(|e| e.canonical.as_str()).collect();
    let names = project.axes.own_names.iter();
    names
        .filter(|own| !held.contains(own.as_str()))
        .filter_map(|own| {
            let place = project.place(0..0);
            // What is wrong with a name is told where its table is checked.
            let name = parse::parse(own, &project.axes, &place).ok()?;
            Some(Entry::new(own, name))
        })
        .collect()
}

fn exclude(project: &Project, listing: Listing, listed: &mut Listed, problems: &mut Problems) {
    let mut all = Patterns::default();
    for (text, place) in project.texts(project.file.project.exclude.as_ref()) {
        if problems.full() {
            return;
        }
        match all.add_whole(&text, &project.axes, &place) {
            Ok(added) => {
                let idle = |p: &Pattern| !listed.env_list.iter().any(|e| p.holds(e));
                let what = "no environment of `env-list`, and excludes nothing";
                let idle = matches_none(added, idle, what, &place);
                problems
                    .0
                    .extend(idle.filter(|_| listing == Listing::Whole));
            }
            Err(wrong) => problems.0.extend(wrong.0),
        }
    }
    let excluded = all.filter();
    let all_listed = std::mem::take(&mut listed.env_list);
    (listed.excluded, listed.env_list) = all_listed.into_iter().partition(excluded);
    listed.exclude = all;
}

/// What one label means. A name may be of any environment; a glob chooses among those listed.
fn label_patterns(
    project: &Project,
    listing: Listing,
    listed: &Listed,
    list: &List,
    problems: &mut Problems,
) -> Patterns {
    let mut all = Patterns::default();
    for (text, place) in project.texts(Some(list)) {
        if problems.full() {
            return all;
        }
        match all.add(&text, &project.axes, &place) {
            Ok(added) => {
                let idle = |p: &Pattern| match p {
                    Pattern::Name(_) => false,
                    Pattern::Glob(glob) => !listed.known().any(|e| e.matches(glob)),
                };
                let what = "no environment of `env-list`";
                let idle = matches_none(added, idle, what, &place);
                problems
                    .0
                    .extend(idle.filter(|_| listing == Listing::Whole));
            }
            Err(wrong) => problems.0.extend(wrong.0),
        }
    }
    all
}

/// A warning for the first of the patterns that matches nothing.
pub(super) fn matches_none(
    patterns: &[Pattern],
    idle: impl Fn(&Pattern) -> bool,
    what: &str,
    place: &Place,
) -> Option<Problem> {
    let mut idle = patterns.iter().filter(|p| idle(p));
    let first = expand::shown(idle.next()?.text());
    let title = format!("`{first}` matches {what}");
    let help = "`runenv list` shows the environments; take the name out, or correct it";
    let mut problem = Problem::warning(title, help).place(place.clone());
    let others: Vec<&str> = idle.map(Pattern::text).collect();
    if !others.is_empty() {
        let others = expand::shown(&others.join(", "));
        problem = problem.help(format!("nor do: {others}"));
    }
    Some(problem)
}

/// A label stands in a list with commas and blanks on the command line.
fn spelling(label: &str) -> Option<Problem> {
    if name::is_value(label) {
        return None;
    }
    let lower = label.to_lowercase();
    let help = if name::is_value(&lower) {
        format!("write it in lower case: `{lower}`")
    } else {
        "labels are made of `a-z`, `0-9`, `.` and `_`, joined by `-`".to_owned()
    };
    let title = format!("`{}` cannot be a label", expand::shown(label));
    Some(Problem::new(title, help))
}
