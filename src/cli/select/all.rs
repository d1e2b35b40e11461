//! `--all`: every product of the values that the file names, in `env-list` or not.
//!
//! Runners and systems are those that the file names: in `env-list`, labels, `[env]`, `[runner]` and `[system]` (the
//! catalog knows many more, and an engine that nobody uses would double everything). Configs are all there are. Values
//! of other axes come in only where a glob names them; else a name has none, or the default. What `exclude` takes out
//! stays out. An engine runs no `host`, and this machine is no other system.

use indexmap::IndexSet;

use crate::config::Project;
use crate::config::listed::{self, Entry, Pattern};
use crate::name::expand::MOST_NAMES;
use crate::name::{CONFIG, EnvName, LOCAL, RUNNERS, expand, parse};
use crate::problem::{Place, Problem, Source};

/// Products that may be looked at for one selection.
const MOST_PRODUCTS: usize = 1_000_000;

/// What a selection has looked at so far.
#[derive(Default)]
pub(super) struct Budget {
    names: usize,
    products: usize,
}

impl Budget {
    fn take(&mut self, names: usize, products: usize) -> Result<(), Problem> {
        self.names += names;
        self.products += products;
        if self.names <= MOST_NAMES && self.products <= MOST_PRODUCTS {
            return Ok(());
        }
        let title = if self.names > MOST_NAMES {
            format!("`--all` gives more than {MOST_NAMES} environments")
        } else {
            format!("`--all` has more than {MOST_PRODUCTS} products to choose from")
        };
        let help =
            "name fewer, as `'docker-fedora-*-minimal'`: a glob chooses the values of each axis";
        Err(Problem::new(title, help))
    }
}

/// The products that the glob matches; without one, all without values of own axes.
pub(super) fn products(
    project: &Project,
    glob: Option<&str>,
    budget: &mut Budget,
) -> Result<Vec<Entry>, Problem> {
    let axes = &project.axes;
    let default = |axis: &str| axes.defaults.get(axis).cloned().unwrap_or_default();
    let mut parts = vec![Part::new(systems(project, glob), String::new())];
    for (axis, values) in &axes.own {
        let named = values.iter().filter(|v| glob.is_some_and(|g| names(g, v)));
        let values: IndexSet<String> = [default(axis)].into_iter().chain(named.cloned()).collect();
        parts.push(Part::new(values.into_iter().collect(), default(axis)));
    }
    if !axes.configs.is_empty() {
        parts.push(Part::new(axes.configs.clone(), default(CONFIG)));
    }
    let excluded = project.listed.exclude.filter();
    let source = Source::new("--all", "");
    let place = Place::new(&source, 0..0);
    let mut found = Vec::new();
    for (whole, short) in Products::of(parts) {
        budget.take(0, 1)?;
        let matches = |glob| expand::matches(glob, &whole) || expand::matches(glob, &short);
        if !glob.is_none_or(matches) {
            continue;
        }
        let Some(name) = allowed(project, &whole, &place) else {
            continue;
        };
        let entry = Entry::new(&short, name);
        if !excluded(&entry) {
            budget.take(1, 0)?;
            found.push(entry);
        }
    }
    Ok(found)
}

/// A product as a name, unless one of its values restricts itself to others: such a product does not exist.
fn allowed(project: &Project, text: &str, place: &Place) -> Option<EnvName> {
    parse::parse(text, &project.axes, place).ok()
}

/// Runners with systems.
fn systems(project: &Project, glob: Option<&str>) -> Vec<String> {
    let named = named(project);
    let mut runners: IndexSet<String> = named.iter().map(|n| n.runner.clone()).collect();
    let tables = project
        .file
        .runner
        .keys()
        .map(crate::config::Spanned::get_ref);
    runners.extend(tables.cloned());
    if let Some(glob) = glob {
        let asked = RUNNERS.iter().filter(|r| names(glob, r));
        runners.extend(asked.map(|r| (*r).to_owned()));
    }
    runners.retain(|r| RUNNERS.contains(&r.as_str()));
    if runners.is_empty() {
        runners.insert(RUNNERS[0].to_owned());
    }
    let mut systems: IndexSet<String> = named
        .iter()
        .filter_map(|n| n.system.as_ref().map(ToString::to_string))
        .collect();
    for (family, table) in &project.file.system {
        let releases = table.get_ref().release.keys();
        systems.extend(releases.map(|r| format!("{}-{}", family.get_ref(), r.get_ref())));
        systems.extend(alone(project, family.get_ref()));
    }
    let host = |system: &str| system == "host" || system.starts_with("host-");
    let mut pairs = Vec::new();
    for runner in &runners {
        if runner == LOCAL {
            pairs.push("local-host".to_owned());
        } else {
            let systems = systems.iter().filter(|s| !host(s));
            pairs.extend(systems.map(|s| format!("{runner}-{s}")));
        }
    }
    pairs
}

/// The system that a family means without a release: itself, or its default release.
fn alone(project: &Project, name: &str) -> Option<String> {
    let family = project.axes.families.get(name)?;
    if family.alone {
        return Some(name.to_owned());
    }
    let release = family.default_release.as_ref()?;
    Some(format!("{name}-{release}"))
}

/// Every environment that the file names in full.
fn named(project: &Project) -> Vec<EnvName> {
    let listed = &project.listed;
    let mut all: Vec<EnvName> = listed.known().map(|e| e.name.clone()).collect();
    let patterns = listed.labels.values().flat_map(|p| &p.0);
    all.extend(patterns.filter_map(|pattern| match pattern {
        Pattern::Name(entry) => Some(entry.name.clone()),
        Pattern::Glob(_) => None,
    }));
    for written in project.file.env.keys() {
        let place = project.place(written.span());
        all.extend(parse::parse(written.get_ref(), &project.axes, &place));
    }
    all.iter()
        .filter_map(|name| Some(listed::resolved(project, name).ok()?.into_owned()))
        .collect()
}

/// Does the glob name the value: do some of its factors, the first not being any text, stand for it?
fn names(glob: &str, value: &str) -> bool {
    let factors: Vec<&str> = glob.split('-').collect();
    let length = value.split('-').count();
    let any = |factor: &str| factor.chars().all(|c| c == '*' || c == '?');
    factors
        .windows(length.min(factors.len()))
        .chain((1..length).flat_map(|n| factors.windows(n)))
        .filter(|words| !any(words[0]))
        .any(|words| expand::matches(&words.join("-"), value))
}

/// Values of an axis, and the one that a short name leaves out.
struct Part {
    values: Vec<String>,
    default: String,
}

impl Part {
    fn new(values: Vec<String>, default: String) -> Self {
        Self { values, default }
    }
}

/// All ways to take one of each, joined by dashes, whole and without defaults; an empty one leaves no dash.
struct Products {
    parts: Vec<Part>,
    at: Option<Vec<usize>>,
}

impl Products {
    fn of(parts: Vec<Part>) -> Self {
        let some = parts.iter().all(|p| !p.values.is_empty());
        let at = some.then(|| vec![0; parts.len()]);
        Self { parts, at }
    }
}

impl Iterator for Products {
    type Item = (String, String);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at.as_mut()?;
        let (mut whole, mut short) = (String::new(), String::new());
        let add = |text: &mut String, word: &str| {
            if !text.is_empty() && !word.is_empty() {
                text.push('-');
            }
            text.push_str(word);
        };
        for (i, part) in at.iter().zip(&self.parts) {
            let word = &part.values[*i];
            add(&mut whole, word);
            if *word != part.default {
                add(&mut short, word);
            }
        }
        for (i, part) in at.iter_mut().zip(&self.parts).rev() {
            *i += 1;
            if *i < part.values.len() {
                return Some((whole, short));
            }
            *i = 0;
        }
        self.at = None;
        Some((whole, short))
    }
}
