//! What a stage's key depends on, under names that a person knows, so that it can be said why a stage is run.
//!
//! A record tells; it makes no key. But what is in a key is in the record: the digests of the key's own parts close the
//! list, so of two stages with two keys something is always told apart. Pure.

mod brief;
mod diff;
mod label;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::copy::{EntryKind, Manifest};
use super::key::KeyParts;
use crate::digest::Digest;
pub(crate) use brief::brief;
pub(crate) use diff::{Change, What, changes};
pub(crate) use settings::said;

/// One text of a setting.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) text: String,
    /// Vars (`NAME`), `posargs` and variables of the caller (`env:NAME`) that were put into it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) uses: Vec<String>,
    /// `file:line:column`, or another word for where it comes from.
    #[serde(skip)]
    pub(crate) place: String,
    /// What stands in `text` is the mark of a text that is not known: it is read from an image's label.
    #[serde(skip)]
    pub(crate) marked: bool,
}

/// A setting as it acts: one text, or a list of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) list: bool,
    pub(crate) items: Vec<Item>,
}

/// What the settings of a stage say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// What acts, in the order in which it is told.
    pub(crate) acts: Vec<Part>,
    /// What made that which acts: the image's name, `copy`, the lines of `.dockerignore`. None of it is in the key.
    pub(crate) tells: Vec<Part>,
    /// What the names stood for that items use.
    pub(crate) names: BTreeMap<String, Item>,
}

/// The stage before, and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parent {
    pub(crate) stage: String,
    pub(crate) key: String,
}

/// All that a stage's key depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// 64 hex digits; empty while the base image is not known.
    pub(crate) key: String,
    /// `None`: it starts from the base image, which is then among the settings.
    pub(crate) parent: Option<Parent>,
    #[serde(flatten)]
    pub(crate) said: Said,
    /// Path -> what is there (`entry`).
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// The files stand for themselves by the first parts of their paths alone.
    #[serde(skip)]
    pub(crate) folded: bool,
    /// Not all of it was in the label.
    #[serde(skip)]
    pub(crate) cut: bool,
    /// Marks of the key's own parts.
    pub(crate) rest: BTreeMap<String, String>,
}

/// What a stage's record is made of beside its settings.
pub(crate) struct Around<'a> {
    pub(crate) parts: &'a KeyParts,
    pub(crate) files: Option<&'a Manifest>,
    /// The lines of the tree's `.dockerignore`.
    pub(crate) ignored: &'a [String],
    /// The `key-period` that it is now, and what `machine` found.
    pub(crate) period: Option<String>,
    pub(crate) machine: Option<Digest>,
    /// `None`: the base image is not known.
    pub(crate) key: Option<Digest>,
    pub(crate) parent: Option<(&'a str, Option<Digest>)>,
    /// The name and the identity of the base image that is taken.
    pub(crate) base: Option<(&'a str, Digest)>,
}

impl Record {
    pub(crate) fn of(said: &Said, around: &Around<'_>) -> Self {
        let hex = |key: Option<Digest>| key.map(|key| key.to_string()).unwrap_or_default();
        let mut said = said.clone();
        match (around.parent, around.base) {
            // Only the first stage is made from it.
            (Some(_), _) => said
                .tells
                .retain(|p| !OF_THE_BASE.contains(&p.name.as_str())),
            (None, Some((name, identity))) => {
                said.tells.retain(|part| part.name != IMAGE);
                said.tells.insert(0, Part::text(IMAGE, name));
                said.acts.insert(0, Part::text(BASE, identity.short()));
            }
            (None, None) => {}
        }
        // What the settings alone do not say.
        for part in &mut said.acts {
            match (part.name.as_str(), &around.period, &around.machine) {
                (PERIOD, Some(period), _) => part.items[0].text.clone_from(period),
                (MACHINE, _, Some(machine)) => part.items[0].text = machine.short(),
                _ => {}
            }
        }
        if around.files.is_some() && !around.ignored.is_empty() {
            let lines = around.ignored.iter().map(Item::new).collect();
            said.tells.push(Part::list(IGNORE, lines));
        }
        let entries = around.files.iter().flat_map(|files| files.entries());
        let rest = around.parts.0.iter();
        Self {
            key: hex(around.key),
            parent: around.parent.map(|(stage, key)| Parent {
                stage: stage.to_owned(),
                key: hex(key),
            }),
            said,
            files: entries.map(|e| (shown(&e.path), entry(&e.kind))).collect(),
            folded: false,
            cut: false,
            rest: rest.map(|(n, d)| ((*n).to_owned(), short(d))).collect(),
        }
    }
}

/// What stands at a folder's path.
const FOLDER: &str = "folder";
const IMAGE: &str = "image";
const BASE: &str = "base";
const PERIOD: &str = "key-period";
const MACHINE: &str = "machine";
const COPY: &str = "copy";
const IGNORE: &str = ".dockerignore";
/// What tells of the base image.
const OF_THE_BASE: [&str; 2] = [IMAGE, "platform"];
/// What tells which files are copied.
const OF_FILES: [&str; 2] = [COPY, IGNORE];

impl Record {
    /// A path that was a folder and is none among these files, or the reverse.
    pub(crate) fn turned(&self, files: &Manifest) -> Option<String> {
        let within = |path: &str| {
            let folder = format!("{path}/");
            let mut behind = self.files.range(folder.clone()..);
            behind
                .next()
                .filter(|(path, _)| path.starts_with(&folder))
                .map(|_| true)
        };
        let was_folder = |path: &str| self.files.get(path).map(|entry| entry == FOLDER);
        files.entries().iter().find_map(|entry| {
            let (path, is) = (shown(&entry.path), matches!(entry.kind, EntryKind::Folder));
            let was = was_folder(&path).or_else(|| within(&path));
            if was.is_some_and(|was| was != is) {
                return Some(path);
            }
            let mut above = path.match_indices('/').map(|(end, _)| &path[..end]);
            let above = above.find(|above| was_folder(above) == Some(false));
            above.map(str::to_owned)
        })
    }

    /// The name of the base image that was taken, if it starts from one.
    pub(crate) fn image(&self) -> Option<&Item> {
        let part = self.said.tells.iter().find(|part| part.name == IMAGE)?;
        part.items.first()
    }
}

impl Item {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// Does it say the same? A text that is not known has the mark of one that is.
    fn same(&self, other: &Self) -> bool {
        match (self.marked, other.marked) {
            (false, true) => mark(self.text.as_bytes()) == other.text,
            (true, false) => self.text == mark(other.text.as_bytes()),
            (true, true) | (false, false) => self.text == other.text,
        }
    }

    fn known(&self) -> Option<String> {
        (!self.marked).then(|| self.text.clone())
    }
}

impl Part {
    fn text(name: &str, text: impl Into<String>) -> Self {
        Self {
            name: name.to_owned(),
            list: false,
            items: vec![Item::new(text)],
        }
    }

    fn list(name: &str, items: Vec<Item>) -> Self {
        Self {
            name: name.to_owned(),
            list: true,
            items,
        }
    }
}

/// Enough of a digest to tell two values of one name apart.
fn mark(bytes: &[u8]) -> String {
    short(&Digest::of(bytes))
}

fn short(digest: &Digest) -> String {
    let mut hex = digest.to_string();
    hex.truncate(8);
    hex
}

/// What is at a path, as a record keeps it: `folder`, `link TARGET`, `file SIZE DIGEST`, `program SIZE DIGEST`.
fn entry(kind: &EntryKind) -> String {
    match kind {
        EntryKind::Folder => FOLDER.to_owned(),
        EntryKind::Link { target } => format!("link {}", shown(target)),
        EntryKind::File {
            executable,
            size,
            digest,
        } => {
            let kind = if *executable { "program" } else { "file" };
            format!("{kind} {size} {}", digest.short())
        }
    }
}

/// A path as a text; two paths have two.
fn shown(path: &[u8]) -> String {
    match std::str::from_utf8(path) {
        Ok(text) if !text.contains(|c: char| c.is_control() || c == '\\') => text.to_owned(),
        Ok(_) | Err(_) => path.escape_ascii().to_string(),
    }
}
