//! `[package-tree]`: names of packages that a project keeps in files, a folder for each package.
//!
//! Reads files of the tree, only when somebody asks; what lies outside the tree is not read. The
//! words of its files are literal: nothing in them is a substitution.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file::{List, PackageTree, TreeFilter};
use crate::files::{self, Inside};
use crate::name::expand;
use crate::problem::Problem;
use crate::quote;

/// The most bytes of a file of the tree.
const MOST_BYTES: u64 = 1_000_000;

/// The packages of a tree, read as they are asked for.
#[derive(Debug)]
pub(crate) struct Tree {
    root: PathBuf,
    inside: Inside,
    table: PackageTree,
    packages: OnceCell<Vec<String>>,
    /// By package and distro key; `None`: there is no such file.
    words: RefCell<BTreeMap<String, BTreeMap<String, Option<Words>>>>,
    groups: RefCell<BTreeMap<String, Vec<String>>>,
}

/// What a file says of a package: its names, and options of the install.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) names: Vec<String>,
    pub(crate) options: Vec<String>,
}

impl Tree {
    pub(super) fn new(root: &Path, table: &PackageTree) -> Self {
        Self {
            root: root.to_owned(),
            inside: Inside::new(root),
            table: table.clone(),
            packages: OnceCell::new(),
            words: RefCell::default(),
            groups: RefCell::default(),
        }
    }

    /// The folder that holds a folder for each package: what stands before `{package}`.
    pub(super) fn folder(&self) -> PathBuf {
        let before = self.table.names.get_ref().split("{package}").next();
        self.root.join(before.unwrap_or_default())
    }

    /// Every package: the folders, in the order of their names. Those that a list could not name are left out.
    pub(crate) fn packages(&self) -> &[String] {
        self.packages.get_or_init(|| {
            let legal = |name: &String| {
                !name.starts_with(['.', '@', '!', '-']) && !name.chars().any(char::is_control)
            };
            let names = self.inside.folders(&self.folder());
            names.into_iter().filter(legal).collect()
        })
    }

    pub(crate) fn has(&self, package: &str) -> bool {
        self.packages()
            .binary_search_by(|name| name.as_str().cmp(package))
            .is_ok()
    }

    pub(crate) fn has_group(&self, group: &str) -> bool {
        self.table.group.contains_key(group)
    }

    pub(crate) fn groups(&self) -> impl Iterator<Item = &str> {
        self.table.group.keys().map(|name| name.get_ref().as_str())
    }

    /// What a package is called under a distro key; `None`: the tree does not say.
    pub(crate) fn words(&self, package: &str, distro: &str) -> Result<Option<Words>, Problem> {
        if !self.has(package) || distro.contains('/') {
            return Ok(None);
        }
        let known = self.words.borrow();
        if let Some(known) = known.get(package).and_then(|by| by.get(distro)) {
            return Ok(known.clone());
        }
        drop(known);
        let path = self.file(package, distro);
        let found = match self.text(&path)? {
            Some(text) => Some(words(&text).ok_or_else(|| {
                let title = format!("a quote is left open in `{path}`");
                Problem::new(title, "words are quoted as in a shell: close the quote")
            })?),
            None => None,
        };
        let mut known = self.words.borrow_mut();
        let by_distro = known.entry(package.to_owned()).or_default();
        by_distro.insert(distro.to_owned(), found.clone());
        Ok(found)
    }

    /// The file that says what a package is called under a distro key, from the tree's folder.
    pub(crate) fn file(&self, package: &str, distro: &str) -> String {
        let path = self.table.names.get_ref().replace("{distro}", distro);
        of(&path, package)
    }

    /// Is a package of a group? The others are not asked.
    pub(crate) fn is_member(&self, group: &str, package: &str) -> Result<bool, Problem> {
        if let Some(known) = self.groups.borrow().get(group) {
            return Ok(known.iter().any(|name| name == package));
        }
        match self.table.group.get(group) {
            Some(filter) if self.has(package) => self.holds(filter.get_ref(), package),
            Some(_) | None => Ok(false),
        }
    }

    /// The packages of a group, in order.
    pub(crate) fn members(&self, group: &str) -> Result<Vec<String>, Problem> {
        if let Some(known) = self.groups.borrow().get(group) {
            return Ok(known.clone());
        }
        let mut members = Vec::new();
        if let Some(filter) = self.table.group.get(group) {
            for package in self.packages() {
                if self.holds(filter.get_ref(), package)? {
                    members.push(package.clone());
                }
            }
        }
        let mut groups = self.groups.borrow_mut();
        groups.insert(group.to_owned(), members.clone());
        Ok(members)
    }

    /// Does all that a filter says hold for a package?
    fn holds(&self, filter: &TreeFilter, package: &str) -> Result<bool, Problem> {
        let TreeFilter {
            file,
            equals,
            contains,
            exists,
            package: named,
            any_of,
        } = filter;
        if let Some(named) = named {
            let named = named.get_ref().words();
            if !named
                .iter()
                .any(|pattern| expand::matches(pattern, package))
            {
                return Ok(false);
            }
        }
        for path in exists.iter().flat_map(|l| l.get_ref().words()) {
            if !files::is_there(&self.root.join(of(path, package))) {
                return Ok(false);
            }
        }
        if let Some(file) = file {
            let text = self.text(&of(file.get_ref(), package))?.unwrap_or_default();
            let equal = equals
                .iter()
                .all(|l| l.get_ref().words().contains(&text.trim()));
            let holds = |l: &List| l.get_ref().words().iter().any(|word| text.contains(word));
            if !equal || !contains.iter().all(holds) {
                return Ok(false);
            }
        }
        let Some(any_of) = any_of else {
            return Ok(true);
        };
        for filter in any_of {
            if self.holds(filter.get_ref(), package)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A file's text; `None`: there is none.
    fn text(&self, path: &str) -> Result<Option<String>, Problem> {
        self.inside.read_text(path, MOST_BYTES)
    }
}

/// A path of one package.
fn of(path: &str, package: &str) -> String {
    path.replace("{package}", package)
}

/// Words as a shell would split them, without comments; `None` where a quote is left open.
fn words(text: &str) -> Option<Words> {
    let all = quote::split(&without_comments(text))?;
    let (options, names) = all.into_iter().partition(|word| word.starts_with('-'));
    Some(Words { names, options })
}

/// A `#` outside quotes begins a comment, anywhere on a line.
fn without_comments(text: &str) -> String {
    let (mut out, mut quote, mut comment, mut escaped) = (String::new(), None, false, false);
    for c in text.chars() {
        if comment && c != '\n' {
            continue;
        }
        comment = false;
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('\''), '\'') | (Some('"'), '"') => quote = None,
            (None | Some('"'), '\\') => escaped = true,
            (None, '\'' | '"') => quote = Some(c),
            (None, '#') => {
                comment = true;
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_their_quotes_and_comments_and_nothing_else() {
        let text = "# a\n\"pkgconfig(m4ri)\" x\\#y \"a#b\" c#d\npari=*=*_pthread  singular[readline] # e\n--setopt=tsflags= é";
        let Words { names, options } = words(text).unwrap();
        let expected = [
            "pkgconfig(m4ri)",
            "x#y",
            "a#b",
            "c",
            "pari=*=*_pthread",
            "singular[readline]",
            "é",
        ];
        assert_eq!(names, expected);
        assert_eq!(options, ["--setopt=tsflags="]);
        assert_eq!(words("\"open"), None);
        assert_eq!(words(" # nothing\n"), Some(Words::default()));
    }
}
