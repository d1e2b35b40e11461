//! The tree's `.dockerignore`: read once for a walk, as docker reads it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::files;
use crate::pattern::Patterns;
use crate::problem::Problem;

const NAME: &str = ".dockerignore";

/// More than this is not a list of patterns.
const LIMIT: u64 = 1_000_000;

/// The patterns of the tree's `.dockerignore`; none if there is no such file.
pub(super) fn read(root: &Path) -> Result<Patterns, Problem> {
    let text = bytes(root)?;
    text.map_or_else(
        || Ok(Patterns::default()),
        |text| Patterns::parse_ignore(NAME, &text),
    )
}

/// Its lines, to tell which changed; none where it cannot be read, which a walk tells.
pub(crate) fn lines(root: &Path) -> Vec<String> {
    let text = bytes(root).ok().flatten().unwrap_or_default();
    String::from_utf8_lossy(&text)
        .lines()
        .map(str::to_owned)
        .collect()
}

fn bytes(root: &Path) -> Result<Option<Vec<u8>>, Problem> {
    let path = root.join(NAME);
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(files::trouble("read", &path, &error)),
    };
    check(&path, &real, root)?;
    let mut text = Vec::new();
    File::open(&real)
        .and_then(|file| file.take(LIMIT).read_to_end(&mut text))
        .map_err(|e| files::trouble("read", &path, &e))?;
    Ok(Some(text))
}

/// A `.dockerignore` may be a link (to `.gitignore`, say), but none that leads out of the tree, nor to a pipe.
fn check(path: &Path, real: &Path, root: &Path) -> Result<(), Problem> {
    let root = root
        .canonicalize()
        .map_err(|e| files::trouble("read", root, &e))?;
    if !real.starts_with(&root) {
        let title = format!(
            "`{NAME}` is a link that leads out of the tree, to `{}`",
            real.display()
        );
        return Err(Problem::new(title, "put a file of that name into the tree"));
    }
    let meta = real
        .metadata()
        .map_err(|e| files::trouble("read", path, &e))?;
    if !meta.is_file() || meta.len() > LIMIT {
        return Err(Problem::new(
            format!("`{NAME}` is not a file of patterns"),
            "it is a text file, a pattern a line, of less than 1 MB",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    #[test]
    fn a_link_inside_the_tree_is_read_and_one_that_leads_out_is_not() {
        let tree = Tree::new().file("ignored", "*.o");
        assert!(!read(tree.root()).unwrap().excludes(b"a.o"));
        let tree = tree.link(".dockerignore", "ignored");
        assert!(read(tree.root()).unwrap().excludes(b"a.o"));
        let out = Tree::new().link(".dockerignore", "/etc/passwd");
        assert!(read(out.root()).unwrap_err().title.contains("leads out"));
        let folder = Tree::new().folder(".dockerignore");
        assert!(
            read(folder.root())
                .unwrap_err()
                .title
                .contains("not a file")
        );
        let lost = Tree::new().link(".dockerignore", "nowhere");
        assert!(!read(lost.root()).unwrap().excludes(b"a"));
    }
}
