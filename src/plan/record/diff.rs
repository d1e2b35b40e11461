//! What is different between two records of one stage: settings, files, the stage before, each with old and new.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{BASE, IGNORE, IMAGE, Item, OF_FILES, OF_THE_BASE, Part, Record};

/// What a change is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum What {
    Setting,
    /// A var, `posargs`, or a variable of the caller that a setting holds.
    Name,
    File,
    /// The stage before: its key is another one.
    Stage,
    /// Nothing of the file: runenv's own lines.
    Script,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    Added,
    Removed,
    Changed,
    /// The same elements in another order.
    Reordered,
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Change {
    pub(crate) what: What,
    /// A setting's name, with its place in a list where it keeps it (`run[2]`); a path; a name; a stage.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// `None`: there was none, or it is not known any more.
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    /// `file:line:column` of what is new; empty where it is in no file.
    pub(crate) place: String,
    /// The change behind it, by its name.
    pub(crate) because: Option<String>,
}

impl Change {
    fn new(what: What, name: &str, old: Option<String>, new: Option<String>) -> Self {
        let kind = match (&old, &new) {
            (None, Some(_)) => Kind::Added,
            (Some(_), None) => Kind::Removed,
            (Some(_), Some(_)) | (None, None) => Kind::Changed,
        };
        Self {
            what,
            name: name.to_owned(),
            kind,
            old,
            new,
            place: String::new(),
            because: None,
        }
    }
}

/// What is different; never nothing for two keys that are known.
pub(crate) fn changes(old: &Record, new: &Record) -> Vec<Change> {
    let mut all: Vec<Change> = parent(old, new).into_iter().collect();
    all.extend(base(old, new));
    let mut names = BTreeMap::new();
    for (was, is) in paired(&old.said.acts, &new.said.acts) {
        if was.or(is).is_some_and(|part| part.name != BASE) {
            all.extend(part(was, is).into_iter().map(|(mut change, items)| {
                change.because = cause(old, new, &items, &mut names);
                change
            }));
        }
    }
    all.extend(files(old, new));
    // What the label left out is not new.
    all.retain(|change| !(old.cut && change.kind == Kind::Added));
    // What is behind others comes first.
    let mut first: Vec<Change> = names.into_values().collect();
    first.append(&mut all);
    let known = !old.key.is_empty() && !new.key.is_empty();
    if first.is_empty() && (old.rest != new.rest || known && old.key != new.key) {
        first.push(Change::new(What::Script, "script", None, None));
    }
    first
}

/// The key of the stage before, or which one it is.
fn parent(old: &Record, new: &Record) -> Option<Change> {
    let (was, is) = (old.parent.as_ref(), new.parent.as_ref());
    let stage = |p: Option<&super::Parent>| p.map(|p| p.stage.clone());
    if stage(was) != stage(is) {
        return Some(Change::new(What::Setting, "from", stage(was), stage(is)));
    }
    let (was, is) = (was?, is?);
    let known = !was.key.is_empty() && !is.key.is_empty();
    let changed = known && was.key != is.key;
    let key = |key: &str| Some(key.to_owned());
    changed.then(|| Change::new(What::Stage, &is.stage, key(&was.key), key(&is.key)))
}

/// Another base image: by its name or platform, else the one that the name means now.
fn base(old: &Record, new: &Record) -> Vec<Change> {
    let find = |parts: &[Part]| parts.iter().find(|p| p.name == BASE).cloned();
    let (was, is) = (find(&old.said.acts), find(&new.said.acts));
    let mut named = telling(old, new, &OF_THE_BASE);
    let (Some(was), Some(is)) = (&was, &is) else {
        // Not known yet: any of the images may be taken, also the one that was.
        let images = new.said.tells.iter().filter(|part| part.name == IMAGE);
        let images: Vec<&Item> = images.flat_map(|part| &part.items).collect();
        let last = old
            .image()
            .filter(|last| !images.iter().any(|item| item.same(last)));
        named.retain(|change| change.name != IMAGE);
        if let (Some(last), Some(first)) = (last, images.first()) {
            named.insert(0, between(What::Setting, IMAGE, Some(last), Some(first)));
        }
        return named;
    };
    if !differ(was, is) {
        return Vec::new();
    }
    if named.is_empty() {
        named.extend(part(Some(was), Some(is)).into_iter().map(|(c, _)| c));
    }
    named
}

fn differ(was: &Part, is: &Part) -> bool {
    let same = was.items.iter().zip(&is.items).all(|(a, b)| a.same(b));
    was.items.len() != is.items.len() || !same
}

/// Changes of what tells where others come from.
fn telling(old: &Record, new: &Record, names: &[&str]) -> Vec<Change> {
    let pairs = paired(&old.said.tells, &new.said.tells).into_iter();
    let named = pairs.filter(|(was, is)| {
        let name = was.or(*is).map(|part| part.name.as_str());
        name.is_some_and(|name| names.contains(&name))
    });
    named
        .flat_map(|(was, is)| part(was, is))
        .map(|(change, _)| change)
        .collect()
}

/// The parts of one name together: in the new order, then those that are gone.
fn paired<'a>(old: &'a [Part], new: &'a [Part]) -> Vec<(Option<&'a Part>, Option<&'a Part>)> {
    let find = |parts: &'a [Part], name: &str| parts.iter().find(|part| part.name == name);
    let there = new.iter().map(|is| (find(old, &is.name), Some(is)));
    let gone = old.iter().filter(|was| find(new, &was.name).is_none());
    there.chain(gone.map(|was| (Some(was), None))).collect()
}

/// The differences of one setting, each with the items that it is between.
fn part<'a>(was: Option<&'a Part>, is: Option<&'a Part>) -> Vec<(Change, Vec<&'a Item>)> {
    let Some(any) = is.or(was) else {
        return Vec::new();
    };
    if let Some((was, is)) = was.zip(is).filter(|(was, _)| was.is_whole()) {
        let differs = was.items != is.whole().items;
        let change = Change::new(What::Setting, &any.name, None, None);
        return differs.then(|| (change, Vec::new())).into_iter().collect();
    }
    let items = |part: Option<&'a Part>| part.map(|part| part.items.as_slice()).unwrap_or_default();
    let (was, is) = (items(was), items(is));
    let front = was.iter().zip(is).take_while(|(a, b)| a.same(b)).count();
    let (was, is) = (&was[front..], &is[front..]);
    let both = was.iter().rev().zip(is.iter().rev());
    let back = both.take_while(|(a, b)| a.same(b)).count();
    let (was, is) = (&was[..was.len() - back], &is[..is.len() - back]);
    let name = |at: usize| {
        if any.list && is_numbered(&any.name) {
            format!("{}[{}]", any.name, front + at + 1)
        } else {
            any.name.clone()
        }
    };
    let change = |name: &str, was: Option<&'a Item>, is: Option<&'a Item>| {
        let change = between(What::Setting, name, was, is);
        (change, was.into_iter().chain(is).collect())
    };
    if was.len() == is.len() && (!any.list || is_numbered(&any.name)) {
        let both = was.iter().zip(is).enumerate();
        let both = both.filter(|(_, (was, is))| !was.same(is));
        return both
            .map(|(at, (was, is))| change(&name(at), Some(was), Some(is)))
            .collect();
    }
    let lacks = |items: &[Item], one: &Item| !items.iter().any(|other| other.same(one));
    let gone = was.iter().filter(|one| lacks(is, one));
    let come = is.iter().filter(|one| lacks(was, one));
    let gone = gone.map(|one| change(&any.name, Some(one), None));
    let mut all: Vec<_> = gone
        .chain(come.map(|one| change(&any.name, None, Some(one))))
        .collect();
    if all.is_empty() && !(was.is_empty() && is.is_empty()) {
        let (mut order, items) = change(&any.name, None, None);
        order.kind = Kind::Reordered;
        all.push((order, items));
    }
    all
}

/// The change from one text to another; the old one may not be known.
fn between(what: What, name: &str, was: Option<&Item>, is: Option<&Item>) -> Change {
    let text = |item: Option<&Item>| item.and_then(Item::known);
    let mut change = Change::new(what, name, text(was), text(is));
    change.kind = match (was, is) {
        (None, _) => Kind::Added,
        (_, None) => Kind::Removed,
        (Some(_), Some(_)) => Kind::Changed,
    };
    change.place = is.map(|item| item.place.clone()).unwrap_or_default();
    change
}

/// A list whose elements are known by their places: commands. Of packages and lines it is said which came and went.
fn is_numbered(name: &str) -> bool {
    name == "run"
}

/// The name behind a change: one that these items use, and that stands for something else now.
fn cause(
    old: &Record,
    new: &Record,
    items: &[&Item],
    found: &mut BTreeMap<String, Change>,
) -> Option<String> {
    let uses: BTreeSet<&String> = items.iter().flat_map(|item| &item.uses).collect();
    let (old, new) = (&old.said.names, &new.said.names);
    let mut first = None;
    for name in uses {
        let (was, is) = (old.get(name), new.get(name));
        if was.is_some() == is.is_some() && was.zip(is).is_none_or(|(was, is)| was.same(is)) {
            continue;
        }
        let shown = match name.as_str() {
            "posargs" => name.clone(),
            variable if variable.starts_with("env:") => name.clone(),
            var => format!("vars.{var}"),
        };
        let change = between(What::Name, &shown, was, is);
        found.insert(name.clone(), change);
        first.get_or_insert(shown);
    }
    first
}

/// Files, and what made them come or go.
fn files(old: &Record, new: &Record) -> Vec<Change> {
    let folded = old.folded || new.folded;
    let at = |record: &Record| {
        if folded {
            record.at_folders()
        } else {
            record.files.clone()
        }
    };
    let (was, is) = (at(old), at(new));
    let paths: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let changed = paths
        .into_iter()
        .filter(|path| was.get(*path) != is.get(*path));
    let change = |path: &String| {
        let value = |all: &BTreeMap<String, String>| all.get(path).filter(|_| !folded).cloned();
        let mut change = Change::new(What::File, path, value(&was), value(&is));
        change.kind = match (was.contains_key(path), is.contains_key(path)) {
            (false, _) => Kind::Added,
            (_, false) => Kind::Removed,
            (true, true) => Kind::Changed,
        };
        change
    };
    let mut files: Vec<Change> = changed.map(change).collect();
    let moved = files.iter().any(|c| c.kind != Kind::Changed || folded);
    if !moved {
        return files;
    }
    let mut causes = telling(old, new, &OF_FILES);
    let cause = causes.iter().find(|c| c.name == IGNORE).or(causes.first());
    let cause = cause.map(|change| change.name.clone());
    for file in &mut files {
        if file.kind != Kind::Changed {
            file.because.clone_from(&cause);
        }
    }
    causes.append(&mut files);
    causes
}
