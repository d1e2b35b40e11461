//! What git says of the tree: the only place that asks it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::command::Command;
use crate::exec::{self, Cancel, Limits, Output, Stop};
use crate::problem::Problem;

/// No answer takes so long, but where a disk does not answer.
const LIMIT: Duration = Duration::from_secs(600);

/// The repository's folder, found as git finds it: no process is needed to know that there is none.
pub(crate) fn folder(root: &Path) -> Option<PathBuf> {
    let above = root.ancestors().map(|folder| folder.join(".git"));
    above.into_iter().find(|git| git.exists())
}

/// The first commit; `None` without git or commits.
///
/// # Errors
/// It does not answer in time.
pub(super) fn first_commit(root: &Path) -> Result<Option<String>, Problem> {
    let words = "rev-list --max-parents=0 HEAD";
    let Ok(output) = ask(root, words, &Cancel::never()) else {
        return Ok(None);
    };
    if output.exit.stopped == Some(Stop::TimeLimit) {
        let title = format!("`git {words}` did not answer within {} s", LIMIT.as_secs());
        let help = "without `[project] id`, images are told apart by it";
        return Err(Problem::engine(title, help));
    }
    let text = text(&output);
    Ok(text.and_then(|text| text.lines().last().map(str::to_owned)))
}

/// `git describe --dirty --always`, made a legal tag. No signal ends it: what a stage leaves then is called by it.
pub(super) fn describe(root: &Path) -> Option<String> {
    folder(root)?;
    let words = "describe --dirty --always --tags";
    let text = text(&ask(root, words, &Cancel::never()).ok()?)?;
    let legal = |c: char| {
        let legal = c.is_ascii_alphanumeric() || "._-".contains(c);
        if legal { c } else { '-' }
    };
    let legal: String = text.chars().map(legal).take(100).collect();
    (!legal.is_empty() && !legal.starts_with(['.', '-'])).then_some(legal)
}

/// The files below a folder that git tracks, and those that it neither tracks nor ignores.
pub(super) fn listed(folder: &Path, cancel: &Cancel) -> Result<Vec<Vec<u8>>, Problem> {
    let words = "ls-files -z --cached --others --exclude-standard";
    let output = ask(folder, words, cancel)?;
    if !output.exit.success() {
        let title = format!(
            "git does not list the files of `{}`: {}",
            folder.display(),
            output.error_line()
        );
        let help = "`isolate = \"copy\"` copies what git lists: see what `git status` says there";
        return Err(Problem::engine(title, help));
    }
    Ok(names(&output).collect())
}

/// What git tracks below a folder; nothing where it does not say.
pub(super) fn tracked(folder: &Path, cancel: &Cancel) -> BTreeSet<Vec<u8>> {
    let output = ask(folder, "ls-files -z", cancel).ok();
    let output = output.filter(|output| output.exit.success());
    output.iter().flat_map(names).collect()
}

fn ask(folder: &Path, words: &str, cancel: &Cancel) -> Result<Output, Problem> {
    let mut command = Command::new(["git"].into_iter().chain(words.split(' ')));
    command.dir = Some(folder.to_owned());
    let limits = Limits {
        time: Some(LIMIT),
        ..Limits::default()
    };
    exec::capture(&command, &limits, cancel)
}

/// What it said, if it worked and said something.
fn text(output: &Output) -> Option<String> {
    let text = output.exit.success().then(|| output.text());
    text.filter(|text| !text.is_empty())
}

fn names(output: &Output) -> impl Iterator<Item = Vec<u8>> {
    let names = output.stdout.split(|b| *b == 0);
    names.filter(|name| !name.is_empty()).map(<[u8]>::to_vec)
}
