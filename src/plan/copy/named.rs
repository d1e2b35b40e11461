//! A manifest of paths that somebody lists, in place of patterns.

use std::collections::BTreeSet;
use std::path::Path;

use super::walk::{self, Found};
use super::{FileCache, Manifest};
use crate::problem::Problem;

impl Manifest {
    /// What stands at these paths; what is not there, or only through a link, is left out.
    pub(crate) fn of_paths(
        root: &Path,
        paths: Vec<Vec<u8>>,
        cache: &mut FileCache,
    ) -> Result<Self, Problem> {
        let paths: BTreeSet<Vec<u8>> = paths.into_iter().collect();
        let (mut found, mut real) = (Vec::new(), BTreeSet::new());
        for path in paths {
            if is_real(root, above(&path), &mut real)?
                && let Some(sight) = walk::look(root, &path)?
            {
                found.push(Found { path, sight });
            }
        }
        Self::of_found(root, found, cache)
    }

    /// Those of its entries that the other one has, too.
    pub(crate) fn within(&self, other: &Self) -> Self {
        let there: BTreeSet<&[u8]> = other.entries().iter().map(|e| e.path.as_slice()).collect();
        let both = self
            .entries()
            .iter()
            .filter(|e| there.contains(&e.path[..]));
        Self::of_sorted(both.cloned().collect())
    }
}

/// The folder of a path; empty for the tree itself.
fn above(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|b| *b == b'/');
    end.map_or(b"", |end| &path[..end])
}

/// Is it a folder of the tree, with no link above it?
fn is_real(root: &Path, folder: &[u8], real: &mut BTreeSet<Vec<u8>>) -> Result<bool, Problem> {
    if folder.is_empty() || real.contains(folder) {
        return Ok(true);
    }
    let is = is_real(root, above(folder), real)?
        && matches!(walk::look(root, folder)?, Some(walk::Sight::Folder));
    if is {
        real.insert(folder.to_owned());
    }
    Ok(is)
}

#[cfg(test)]
mod tests {
    use super::super::shown;
    use super::super::tree::Tree;
    use super::*;

    #[test]
    fn listed_paths_are_never_looked_at_through_links() {
        let tree = Tree::new().file("d/a", "x").file("e/b", "y").link("l", "d");
        let paths = ["e/b", "l", "l/a", "d/a", "gone", "d/a/b", "d/a"];
        let paths = paths.map(|path| path.as_bytes().to_vec()).to_vec();
        let manifest = Manifest::of_paths(tree.root(), paths, &mut tree.cache()).unwrap();
        let both = tree.collect(&["e", "l"]).unwrap().within(&manifest);
        let list = |manifest: &Manifest| {
            let entries = manifest.entries().iter();
            let lines = entries.map(|e| format!("{}{}", shown(&e.path), e.kind));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(list(&manifest), ["d/a", "e/b", "l -> d"]);
        assert_eq!(list(&both), ["e/b", "l -> d"]);
    }
}
