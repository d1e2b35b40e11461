//! Finds what the patterns of a stage mean in the tree.
//!
//! A walk begins at the part of a pattern without wildcards and never goes through a link. Special files are named
//! in a problem and never opened.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use super::{ignore, on_disk, shown};
use crate::environment::setting::Setting;
use crate::files;
use crate::nearest::nearest;
use crate::pattern::{self, Pattern, Patterns, Verdict};
use crate::problem::Problem;

/// runenv's own folder in the root of the tree: results and caches, which change with every run.
const OWN: &[u8] = b".runenv";

/// Something the patterns take, by its path in the tree.
pub(super) struct Found {
    pub(super) path: Vec<u8>,
    pub(super) sight: Sight,
}

/// What stands at a path, without opening it.
pub(super) enum Sight {
    Folder,
    File,
    Link { target: Vec<u8> },
    Special(&'static str),
}

/// All that the patterns take, sorted by path, each once.
pub(super) fn walk(root: &Path, patterns: &[Setting<String>]) -> Result<Vec<Found>, Problem> {
    let ignored = ignore::read(root)?;
    let mut found = Vec::new();
    for setting in patterns {
        let pattern = read(&setting.value);
        let taken = pattern.and_then(|pattern| {
            let mut walk = Walk {
                root,
                ignored: &ignored,
                pattern: &pattern,
                found: Vec::new(),
                left_out: 0,
            };
            walk.start()?;
            if walk.found.is_empty() {
                Err(walk.nothing(&setting.value))
            } else {
                Ok(walk.found)
            }
        });
        found.extend(taken.map_err(|problem| match setting.place() {
            Some(place) if problem.places.is_empty() => problem.place(place.clone()),
            _ => problem,
        })?);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found.dedup_by(|a, b| a.path == b.path);
    Ok(found)
}

/// What a pattern names, where all that is below a folder comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Top {
    Folder,
    File,
    /// A link, and its target as text.
    Link(String),
}

/// What one pattern names, without what is below a folder that it names; sorted by path.
pub(crate) fn tops(root: &Path, pattern: &Setting<String>) -> Result<Vec<(Vec<u8>, Top)>, Problem> {
    let (mut tops, mut folders) = (Vec::new(), BTreeSet::new());
    for Found { path, sight } in walk(root, std::slice::from_ref(pattern))? {
        let mut above = path.iter().enumerate().filter(|(_, b)| **b == b'/');
        if above.any(|(end, _)| folders.contains(&path[..end])) {
            continue;
        }
        let top = match sight {
            Sight::Folder => {
                folders.insert(path.clone());
                Top::Folder
            }
            Sight::File => Top::File,
            Sight::Link { target } => Top::Link(String::from_utf8_lossy(&target).into_owned()),
            Sight::Special(_) => continue,
        };
        tops.push((path, top));
    }
    Ok(tops)
}

/// A pattern of `copy`. Substitution may have made what the file's own check could not see.
fn read(text: &str) -> Result<Pattern, Problem> {
    if text.is_empty() || text.contains('\0') {
        return Err(Problem::new(
            "an empty or broken path",
            "name a file, a folder or a pattern such as `src/**`",
        ));
    }
    if text.starts_with('/') || text == "~" || text.starts_with("~/") {
        let title = format!("`{}` is not a path inside the tree", shown(text.as_bytes()));
        return Err(Problem::new(
            title,
            "write it relative to the folder of envs.toml",
        ));
    }
    if pattern::leads_out(text.as_bytes()) {
        let title = format!("`{}` leads out of the tree", shown(text.as_bytes()));
        return Err(Problem::new(
            title,
            "only files below the folder of envs.toml can be copied",
        ));
    }
    Pattern::parse(text.as_bytes()).map_err(|reason| {
        let title = format!("`{}` is no pattern: {reason}", shown(text.as_bytes()));
        Problem::new(
            title,
            "write `\\[`, `\\*`, `\\?` or `\\\\` for the character itself",
        )
    })
}

/// The walk for one pattern.
struct Walk<'a> {
    root: &'a Path,
    ignored: &'a Patterns,
    pattern: &'a Pattern,
    found: Vec<Found>,
    /// How many matches `.dockerignore` took out.
    left_out: usize,
}

impl Walk<'_> {
    fn start(&mut self) -> Result<(), Problem> {
        if self.pattern.text() == b"." {
            return self.descend(b"", &Verdict::default(), true);
        }
        let (fixed, whole) = self.pattern.fixed();
        let mut verdict = Verdict::default();
        let mut path = Vec::new();
        let mut names = fixed
            .split(|b| *b == b'/')
            .filter(|name| !name.is_empty())
            .peekable();
        while let Some(name) = names.next() {
            let above = verdict;
            join(&mut path, name);
            if path == OWN {
                return Ok(());
            }
            let Some(sight) = self.look(&path)? else {
                return Ok(());
            };
            if whole && names.peek().is_none() {
                return self.visit(path, sight, &above, false);
            }
            match sight {
                Sight::Folder => {}
                Sight::Link { target } => return Err(through_link(&path, &target)),
                Sight::File | Sight::Special(_) => return Ok(()),
            }
            verdict = self.ignored.judge(&above, &path);
        }
        self.descend(&path, &verdict, false)
    }

    fn look(&self, path: &[u8]) -> Result<Option<Sight>, Problem> {
        look(self.root, path)
    }

    /// Takes one path if the pattern holds and `.dockerignore` lets it, and what is below it.
    fn visit(
        &mut self,
        path: Vec<u8>,
        sight: Sight,
        above: &Verdict,
        matched: bool,
    ) -> Result<(), Problem> {
        let matched = matched || self.pattern.matches(&path);
        let verdict = self.ignored.judge(above, &path);
        let folder = matches!(sight, Sight::Folder);
        if matched && verdict.excluded {
            self.left_out += 1;
        }
        if folder && self.worth_a_look(&path, &verdict, matched) {
            self.descend(&path, &verdict, matched)?;
        }
        if matched && !verdict.excluded {
            if let Sight::Special(kind) = sight {
                let title = format!("`{}` is a {kind}, which cannot be copied", shown(&path));
                return Err(Problem::new(
                    title,
                    "name it in `.dockerignore`, or copy something narrower",
                ));
            }
            self.found.push(Found { path, sight });
        }
        Ok(())
    }

    /// Can anything below this folder be taken?
    fn worth_a_look(&self, path: &[u8], verdict: &Verdict, matched: bool) -> bool {
        let depth = path.split(|b| *b == b'/').count();
        let deeper = matched || self.pattern.depth().is_none_or(|deepest| depth < deepest);
        deeper && (!verdict.excluded || self.ignored.may_take_back_below(path))
    }

    fn descend(&mut self, folder: &[u8], verdict: &Verdict, matched: bool) -> Result<(), Problem> {
        for (name, sight) in self.children(folder)? {
            let mut path = folder.to_owned();
            join(&mut path, &name);
            if path != OWN {
                self.visit(path, sight, verdict, matched)?;
            }
        }
        Ok(())
    }

    /// What is in a folder, sorted. The folder is closed again before anything below it is looked at.
    fn children(&self, folder: &[u8]) -> Result<Vec<(Vec<u8>, Sight)>, Problem> {
        let disk = on_disk(self.root, folder);
        let failed = |error: io::Error| files::trouble("read the folder", &disk, &error);
        let mut children = Vec::new();
        for entry in fs::read_dir(&disk).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let kind = entry.file_type().map_err(failed)?;
            if let Some(sight) = sight(kind, || entry.path())? {
                children.push((entry.file_name().into_vec(), sight));
            }
        }
        children.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(children)
    }

    /// The pattern took nothing: why, as far as can be told.
    fn nothing(&self, written: &str) -> Problem {
        let title = format!("`{}` matches no file", shown(written.as_bytes()));
        let (fixed, whole) = self.pattern.fixed();
        if fixed.split(|b| *b == b'/').next() == Some(OWN) {
            return Problem::new(title, "`.runenv` is runenv's own folder and never copied");
        }
        if written.contains('{') {
            let help =
                "braces are no pattern here: write an entry for each, or `[…]` for one letter";
            return Problem::new(title, help);
        }
        if self.left_out > 0 {
            return Problem::new(
                title,
                "`.dockerignore` leaves out all that it matches; an exception (`!path`) takes a path back",
            );
        }
        let mut folder = Vec::new();
        for name in fixed.split(|b| *b == b'/').filter(|name| !name.is_empty()) {
            let mut path = folder.clone();
            join(&mut path, name);
            match self.look(&path) {
                Ok(Some(Sight::Folder)) => folder = path,
                Ok(Some(_)) => {
                    return Problem::new(title, format!("`{}` is not a folder", shown(&path)));
                }
                Ok(None) | Err(_) => return Problem::new(title, self.advice(&folder, name)),
            }
        }
        let place = if folder.is_empty() {
            "the tree".to_owned()
        } else {
            format!("`{}`", shown(&folder))
        };
        let help = if whole {
            format!("{place} is empty")
        } else {
            format!("{place} is there, but nothing in it has such a name")
        };
        Problem::new(title, help)
    }

    /// `name` is not in this folder: what is that it may have meant?
    fn advice(&self, folder: &[u8], name: &[u8]) -> String {
        let names = self.children(folder).unwrap_or_default();
        let names: Vec<String> = names.iter().map(|(name, _)| shown(name)).collect();
        let mut path = folder.to_owned();
        let near = nearest(&shown(name), names.iter().map(String::as_str));
        join(&mut path, near.map_or(name, str::as_bytes));
        match near {
            Some(_) => format!("did you mean `{}`?", shown(&path)),
            None => format!("there is no `{}`", shown(&path)),
        }
    }
}

fn through_link(path: &[u8], target: &[u8]) -> Problem {
    let title = format!(
        "`{}` is a link, to `{}`, and links are not followed",
        shown(path),
        shown(target)
    );
    Problem::new(title, "name the folder itself; a link is copied as a link")
}

fn join(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend(name);
}

/// What stands at a path of the tree; `None` if nothing does.
pub(super) fn look(root: &Path, path: &[u8]) -> Result<Option<Sight>, Problem> {
    let disk = on_disk(root, path);
    match disk.symlink_metadata() {
        Ok(meta) => sight(meta.file_type(), || disk.clone()),
        Err(error) => absent(&disk, &error),
    }
}

/// What vanished, or never was, is nothing to copy; other errors stop the walk.
fn absent<T>(path: &Path, error: &io::Error) -> Result<Option<T>, Problem> {
    let gone = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
    if gone.contains(&error.kind()) {
        Ok(None)
    } else {
        Err(files::trouble("look at", path, error))
    }
}

/// What stands at a path; only for a link is the disk asked again.
fn sight(kind: FileType, path: impl FnOnce() -> PathBuf) -> Result<Option<Sight>, Problem> {
    Ok(Some(if kind.is_dir() {
        Sight::Folder
    } else if kind.is_symlink() {
        let path = path();
        match fs::read_link(&path) {
            Ok(target) => Sight::Link {
                target: target.into_os_string().into_vec(),
            },
            Err(error) => return absent(&path, &error),
        }
    } else if kind.is_file() {
        Sight::File
    } else if kind.is_fifo() {
        Sight::Special("pipe")
    } else if kind.is_socket() {
        Sight::Special("socket")
    } else {
        Sight::Special("device")
    }))
}

#[cfg(test)]
mod tests;
