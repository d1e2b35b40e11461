//! `runenv artifacts ENV`: the paths of what was copied out of the stages, a line each, on stdout.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::select::{self, Selection};
use super::{Context, Exit};
use crate::problem::Problem;
use crate::report::harmless::visible;
use crate::run::folder::{ARTIFACTS, Folder};

#[derive(Clone, Debug, Args)]
pub(crate) struct ArtifactsArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
}

pub(crate) fn exec(args: ArtifactsArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    let name = select::one(&project, &Selection::one(&args.env))?;
    let folder = Folder::of(&project.root).env(&name.to_string());
    let mut found = Vec::new();
    for stage in sorted(&folder.path().join(ARTIFACTS)) {
        // What begins with a dot is not finished.
        let hidden = stage.file_name().is_some_and(|n| n.as_bytes()[0] == b'.');
        if !hidden && !stage.is_symlink() {
            add(stage, &mut found);
        }
    }
    if found.is_empty() {
        let title = format!("no artifacts of `{name}`");
        let help = "a stage with `artifacts` leaves some when it is run, and its globs match";
        return Err(Problem::new(title, help).into());
    }
    let terminal = context.host.stdout_is_terminal;
    context.out.bytes(|out| {
        let mut lines = found.iter().map(|path| line(path, terminal));
        lines.try_for_each(|line| out.write_all(&line))
    });
    Ok(0)
}

/// A path as it is; to a terminal with nothing in it that acts, since it may come from a container.
fn line(path: &Path, terminal: bool) -> Vec<u8> {
    let bytes = path.as_os_str().as_bytes();
    let mut line = if terminal {
        visible(&String::from_utf8_lossy(bytes)).into_bytes()
    } else {
        bytes.to_owned()
    };
    line.push(b'\n');
    line
}

/// What is in a folder, in order; nothing if it is none.
fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// The path, or all that is below it.
fn add(path: PathBuf, found: &mut Vec<PathBuf>) {
    if path.is_symlink() || !path.is_dir() {
        found.push(path);
        return;
    }
    for below in sorted(&path) {
        add(below, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_does_nothing_to_a_terminal() {
        let path = Path::new("a\u{1b}[2J\nb");
        assert_eq!(line(path, false), b"a\x1b[2J\nb\n");
        let shown = line(path, true);
        let controls = shown.iter().filter(|byte| byte.is_ascii_control());
        assert_eq!((controls.count(), shown.last()), (1, Some(&b'\n')));
    }
}
