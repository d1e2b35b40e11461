//! Reading and writing files so that every error names the path and no file is ever half written.

mod whole;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::OFlags;

use crate::problem::Problem;
pub(crate) use whole::Whole;

/// There is no room left.
const FULL: [io::ErrorKind; 2] = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];

/// A problem about a path, with what the system said.
pub(crate) fn trouble(doing: &str, path: &Path, error: &io::Error) -> Problem {
    let help = if error.kind() == io::ErrorKind::NotFound {
        "the path does not exist"
    } else if error.kind() == io::ErrorKind::PermissionDenied {
        "look at its owner and mode, and at those of its folder"
    } else if FULL.contains(&error.kind()) {
        "make room on that disk; `runenv clean` frees images"
    } else {
        "look at the path and its disk"
    };
    Problem::engine(
        format!("cannot {doing} `{}`: {error}", path.display()),
        help,
    )
}

/// A file's bytes.
#[expect(clippy::disallowed_methods, reason = "this is the wrapper")]
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Problem> {
    fs::read(path).map_err(|e| trouble("read", path, &e))
}

/// A file's text, if there is such a file and it is text.
#[expect(clippy::disallowed_methods, reason = "this is the wrapper")]
pub(crate) fn read_if_there(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Does the path lead to something inside the folder, links followed? A path that leads nowhere does not leave it.
pub(crate) fn is_inside(path: &Path, folder: &Path) -> bool {
    match (path.canonicalize(), folder.canonicalize()) {
        (Ok(path), Ok(folder)) => path.starts_with(folder),
        _ => true,
    }
}

/// Files of a tree of which many are read: that none leads out of it costs one question a file and one a folder.
#[derive(Debug)]
pub(crate) struct Inside {
    root: PathBuf,
    /// Folders below the root that are no links, nor is one above them.
    real: RefCell<BTreeSet<OsString>>,
}

impl Inside {
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            real: RefCell::default(),
        }
    }

    /// Names of the folders in a folder of the tree, as [`folders`].
    pub(crate) fn folders(&self, folder: &Path) -> Vec<String> {
        let names = folders(folder);
        if self.is_real(folder) {
            let real = names.iter().map(|name| folder.join(name).into());
            self.real.borrow_mut().extend(real);
        }
        names
    }

    /// A file of the tree as text, if there is one; as [`read_text`].
    pub(crate) fn read_text(&self, path: &str, limit: u64) -> Result<Option<String>, Problem> {
        let whole = self.root.join(path);
        if self.is_real(whole.parent().unwrap_or(&self.root)) {
            match open(&whole, OFlags::NONBLOCK | OFlags::NOFOLLOW) {
                Ok(file) => return text(file, &whole, limit).map(Some),
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
                // A link: where does it lead?
                Err(_) => {}
            }
        }
        if !is_there(&whole) {
            return Ok(None);
        }
        if !is_inside(&whole, &self.root) {
            let title = format!("`{path}` leads out of the tree");
            let help = "only files inside the tree are read: put the file where the link is";
            return Err(Problem::new(title, help));
        }
        read_text(&whole, limit).map(Some)
    }

    fn is_real(&self, folder: &Path) -> bool {
        if folder == self.root || self.real.borrow().contains(folder.as_os_str()) {
            return true;
        }
        let above = folder.parent().is_some_and(|above| self.is_real(above));
        let real = above && folder.symlink_metadata().is_ok_and(|meta| meta.is_dir());
        if real {
            self.real.borrow_mut().insert(folder.into());
        }
        real
    }
}

/// How many bytes are free on the disk of a folder, for whoever asks; `None` where the folder cannot be seen.
pub(crate) fn free(path: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(path).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Is there anything at the path?
pub(crate) fn is_there(path: &Path) -> bool {
    path.exists()
}

/// Names of the folders in a folder, in order; links and names that are not UTF-8 are left out.
pub(crate) fn folders(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|t| t.is_dir()));
    let mut names: Vec<String> = folders
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// At most `limit` bytes of a regular file as text: for files that anybody may have sent.
pub(crate) fn read_text(path: &Path, limit: u64) -> Result<String, Problem> {
    // A pipe without a writer, or one that took the place of a file, is not waited for.
    let file = open(path, OFlags::NONBLOCK).map_err(|e| mistake(path, &e))?;
    text(file, path, limit)
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    let flags = flags.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// A file that cannot be read is the mistake of whoever named it.
fn mistake(path: &Path, error: &io::Error) -> Problem {
    of_whoever_named_it(trouble("read", path, error))
}

fn of_whoever_named_it(mut problem: Problem) -> Problem {
    problem.kind = crate::problem::Kind::Mistake;
    problem
}

/// A regular file that is read as it is needed.
pub(crate) fn open_regular(path: &Path) -> Result<File, Problem> {
    let file = open(path, OFlags::NONBLOCK).map_err(|e| mistake(path, &e))?;
    regular(&file, path).map(|_| file)
}

fn regular(file: &File, path: &Path) -> Result<fs::Metadata, Problem> {
    let meta = file.metadata().map_err(|e| mistake(path, &e))?;
    if meta.is_file() {
        return Ok(meta);
    }
    let title = format!("`{}` is not a regular file", path.display());
    Err(Problem::new(title, "give the path of a file"))
}

/// The text of a file, as long as it was when it was opened.
fn text(file: File, path: &Path, limit: u64) -> Result<String, Problem> {
    let meta = regular(&file, path)?;
    if meta.len() > limit {
        let title = format!(
            "`{}` is larger than {} MB",
            path.display(),
            limit / 1_000_000
        );
        return Err(Problem::new(title, "is it the right file?"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len()).unwrap_or_default());
    let mut file = io::Read::take(file, meta.len());
    io::Read::read_to_end(&mut file, &mut bytes).map_err(|e| mistake(path, &e))?;
    String::from_utf8(bytes).map_err(|e| {
        let line = String::from_utf8_lossy(&e.as_bytes()[..e.utf8_error().valid_up_to()])
            .matches('\n')
            .count()
            + 1;
        Problem::new(
            format!("`{}` is not UTF-8 text (line {line})", path.display()),
            "save the file as UTF-8",
        )
    })
}

/// A name for a temporary file beside `path` that no other process or thread uses.
fn temporary(path: &Path) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = path
        .file_name()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    path.with_file_name(format!(".{name}.{}.{n}.tmp", std::process::id()))
}

/// A new file; what a dead process of our number left under its name goes.
fn create_new(path: &Path) -> io::Result<File> {
    let create = || {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o644).open(path)
    };
    create().or_else(|error| {
        if error.kind() != io::ErrorKind::AlreadyExists {
            return Err(error);
        }
        fs::remove_file(path)?;
        create()
    })
}

/// Replaces a file whole: temp, write, rename. After a kill the old file or the new one is there.
pub(crate) fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let temp = temporary(path);
    let write = || -> io::Result<()> {
        create_new(&temp)?.write_all(bytes)?;
        fs::rename(&temp, path)
    };
    write().map_err(|e| {
        let _ = fs::remove_file(&temp);
        trouble("write", path, &e)
    })
}

/// The same, unless the file says just this already: a new one costs the disk more than a look at the old one.
pub(crate) fn write_if_changed(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    if says(path, bytes) {
        return Ok(());
    }
    write_atomic(path, bytes)
}

/// Is it a file, and no link to one, of just these bytes?
fn says(path: &Path, bytes: &[u8]) -> bool {
    let Ok(mut file) = open(path, OFlags::NONBLOCK | OFlags::NOFOLLOW) else {
        return false;
    };
    let long = bytes.len() as u64;
    let same_length = |meta: fs::Metadata| meta.is_file() && meta.len() == long;
    if !file.metadata().is_ok_and(same_length) {
        return false;
    }
    let mut old = Vec::with_capacity(bytes.len());
    io::Read::read_to_end(&mut file, &mut old).is_ok() && old == bytes
}

/// Makes a link to where something is, in place of one that leads elsewhere; to what is not there none is left.
pub(crate) fn link(target: &Path, path: &Path) -> Result<(), Problem> {
    let now = fs::read_link(path).ok();
    if !is_there(target) {
        return match now.map(|_| fs::remove_file(path)) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                Err(trouble("remove", path, &error))
            }
            _ => Ok(()),
        };
    }
    if now.as_deref() == Some(target) {
        return Ok(());
    }
    let temporary = temporary(path);
    let made = std::os::unix::fs::symlink(target, &temporary);
    let put = made.and_then(|()| fs::rename(&temporary, path));
    put.map_err(|error| trouble("link", path, &error))
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), Problem> {
    fs::create_dir_all(path).map_err(|e| trouble("make the folder", path, &e))
}

/// A file opened anew for appending as a stage goes on. A link in its place is not followed but replaced.
pub(crate) fn create(path: &Path) -> Result<File, Problem> {
    let _ = fs::remove_file(path);
    File::create(path).map_err(|e| trouble("write", path, &e))
}

/// Makes ready for a file that is written at the end of long work: its folder is there, and no older file is taken for it.
pub(crate) fn make_way(path: &Path) -> Result<(), Problem> {
    if path.is_dir() {
        let title = format!("`{}` is a folder", path.display());
        return Err(Problem::new(title, "give the path of a file"));
    }
    make_folder(path.parent().unwrap_or(path)).map_err(of_whoever_named_it)?;
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file()) {
        let removed = fs::remove_file(path).map_err(|e| trouble("replace", path, &e));
        removed.map_err(of_whoever_named_it)?;
    }
    Ok(())
}

/// Writes a file whole; into a pipe or a device, as it is.
pub(crate) fn write_to(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    if fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        let written = open_to_write(path)?.write_all(bytes);
        return written.map_err(|e| trouble("write", path, &e));
    }
    write_atomic(path, bytes)
}

/// Adds to a file's end; a pipe that nobody reads is not waited for.
pub(crate) fn append(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let mut options = OpenOptions::new();
    let file = options
        .append(true)
        .create(true)
        .custom_flags(flags)
        .open(path);
    let written = file.and_then(|mut file| file.write_all(bytes));
    written.map_err(|e| trouble("write", path, &e))
}

/// A file, emptied, or a pipe or a device: for what is written as it happens.
pub(crate) fn open_to_write(path: &Path) -> Result<File, Problem> {
    let file = File::create(path).map_err(|e| trouble("write", path, &e));
    file.map_err(of_whoever_named_it)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt, symlink};

    #[test]
    fn what_says_the_same_already_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let write = |text: &str| {
            write_if_changed(&path, text.as_bytes()).unwrap();
            assert_eq!(read(&path).unwrap(), text.as_bytes());
            path.symlink_metadata().unwrap().ino()
        };
        let first = write("one");
        assert_eq!(write("one"), first);
        let second = write("two");
        assert_ne!(second, first);
        assert_ne!(write("twos"), second);
        // A link is replaced, whatever it leads to.
        let other = folder.path().join("other");
        fs::rename(&path, &other).unwrap();
        symlink(&other, &path).unwrap();
        write("twos");
        assert!(!path.is_symlink());
    }

    #[test]
    fn what_a_dead_process_of_our_number_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for n in 0..500 {
            let left = format!(".file.{}.{n}.tmp", std::process::id());
            File::create(folder.path().join(left)).unwrap();
        }
        write_atomic(&path, b"text").unwrap();
        assert_eq!(read(&path).unwrap(), b"text");
    }
}
