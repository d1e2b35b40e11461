//! That runs of a project live on this host: each holds a shared lock on the project's file, from its begin to its end, and
//! `clean`, which would take images from under them, the whole of it.
//!
//! Containers tell more, since they are seen from other hosts; but a run has none while it looks up, pulls or goes from
//! one stage to the next. Where files cannot be locked they alone count.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::containers::claim;
use crate::digest::Digester;
use crate::exec::Cancel;
use crate::files;
use crate::host::Host;

/// How often somebody who waits looks again.
const LOOK: Duration = Duration::from_millis(100);

/// A lock on a project's file; ends when it goes.
#[derive(Debug)]
pub(crate) struct Presence(#[expect(dead_code, reason = "it is held")] File);

/// Where a project's file is.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn of(host: &Host, project: &str, results: &Path) -> Self {
        let mut name = Digester::new("runenv-runs");
        name.field("project", project.as_bytes());
        let folder = claim::cache(host, results).join("runs");
        Self(folder.join(name.finish().to_string()))
    }

    fn open(&self) -> Option<File> {
        let folder = self.0.parent()?;
        if !folder.is_dir() {
            fs::create_dir_all(folder).ok()?;
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        options.open(&self.0).ok()
    }

    /// A run begins, as soon as nobody cleans; `wait` is told if it has to wait. `None`: files cannot be locked here, or
    /// somebody asked us to end.
    pub(crate) fn enter(&self, cancel: &Cancel, wait: &mut dyn FnMut()) -> Option<Presence> {
        let file = self.open()?;
        let mut told = false;
        loop {
            match file.try_lock_shared() {
                Ok(()) => return Some(Presence(file)),
                Err(TryLockError::Error(_)) => return None,
                Err(TryLockError::WouldBlock) if !told => wait(),
                Err(TryLockError::WouldBlock) => {}
            }
            told = true;
            if cancel.wait(LOOK) {
                return None;
            }
        }
    }

    /// Nobody runs, and nobody begins. The error: who does.
    pub(crate) fn alone(&self) -> Result<Option<Presence>, String> {
        let Some(file) = self.open() else {
            return Ok(None);
        };
        match file.try_lock() {
            Ok(()) => Ok(Some(Presence(file))),
            Err(TryLockError::Error(_)) => Ok(None),
            Err(TryLockError::WouldBlock) => Err(holder(&file)),
        }
    }
}

/// Who has locked a file, as the kernel tells (`proc_locks(5)`).
fn holder(file: &File) -> String {
    let inode = file.metadata().map(|meta| meta.ino()).unwrap_or_default();
    let locks = files::read_if_there(Path::new("/proc/locks")).unwrap_or_default();
    let pid = locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, id, ..] = words[..] else {
            return None;
        };
        let of_file = id.rsplit(':').next()?.parse() == Ok(inode);
        of_file.then(|| pid.parse::<u32>().ok()).flatten()
    });
    let pid = pid.filter(|pid| *pid > 0);
    pid.map_or_else(
        || "another process".to_owned(),
        |pid| format!("process {pid}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cleans_is_alone() {
        let folder = tempfile::tempdir().unwrap();
        let place = |project| Place::of(&Host::default(), project, folder.path());
        let never = Cancel::never();
        let enter = |project| place(project).enter(&never, &mut || panic!("nobody cleans"));
        let runs = [enter("a"), enter("a")];
        assert!(runs.iter().all(Option::is_some));
        let who = place("a").alone().unwrap_err();
        assert_eq!(who, format!("process {}", std::process::id()));
        drop(place("b").alone().unwrap().expect("another project's"));
        drop(runs);
        let cleans = place("a").alone().unwrap().expect("all have ended");
        let mut cleans = Some(cleans);
        let run = place("a").enter(&never, &mut || drop(cleans.take()));
        assert!(run.is_some() && cleans.is_none(), "it waited for us");
    }
}
