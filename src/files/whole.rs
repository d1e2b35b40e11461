//! A file that takes long to write: it is made beside its place, and is there when all of it is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::{create_new, of_whoever_named_it, temporary, trouble};
use crate::problem::Problem;

/// A file that is being written. Dropped before it is whole, it leaves nothing.
#[derive(Debug)]
pub(crate) struct Whole {
    pub(crate) file: File,
    /// Where it is until it is whole.
    pub(crate) beside: PathBuf,
    path: PathBuf,
    placed: bool,
}

impl Whole {
    /// A place that cannot be written to is the mistake of whoever named it.
    pub(crate) fn begin(path: &Path) -> Result<Self, Problem> {
        let beside = temporary(path);
        let file =
            create_new(&beside).map_err(|e| of_whoever_named_it(trouble("write", path, &e)))?;
        Ok(Self {
            file,
            beside,
            path: path.to_owned(),
            placed: false,
        })
    }

    /// It is whole: it takes its place, and that of what was there.
    pub(crate) fn place(mut self) -> Result<(), Problem> {
        let placed = self
            .file
            .sync_data()
            .and_then(|()| fs::rename(&self.beside, &self.path));
        placed.map_err(|e| trouble("write", &self.path, &e))?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if !self.placed {
            let _ = fs::remove_file(&self.beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn it_is_there_when_all_of_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let names = || fs::read_dir(folder.path()).unwrap().count();
        let mut half = Whole::begin(&path).unwrap();
        half.file.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(half);
        assert_eq!(names(), 0);
        let mut whole = Whole::begin(&path).unwrap();
        whole.file.write_all(b"whole").unwrap();
        whole.place().unwrap();
        assert_eq!(
            (super::super::read(&path).unwrap(), names()),
            (b"whole".to_vec(), 1)
        );
    }
}
