//! How long stages take, by what runs of before say: histories and results, of this tree or of other machines' jobs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::history::{self, Line};
use super::result::State;
use crate::files;
use crate::problem::{Kind, Problem, Problems};

/// A file is not larger: histories are not, and results of thousands of environments.
const MOST_BYTES: u64 = 256_000_000;
/// The longest of the last so many runs counts.
const LAST: usize = 3;
const RESULT: &str = "result.json";

/// How long a stage took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) time: Duration,
    /// Else it was ended then, and takes longer.
    pub(crate) whole: bool,
}

/// Times of stages.
#[derive(Debug, Default)]
pub(crate) struct Times {
    /// By environment and stage.
    known: BTreeMap<String, BTreeMap<String, Known>>,
    /// What a stage takes in the middle of the environments.
    medians: BTreeMap<String, Duration>,
}

impl Times {
    pub(crate) fn of(&self, environment: &str, stage: &str) -> Option<Known> {
        self.known.get(environment)?.get(stage).copied()
    }

    /// What a stage takes in the middle of the environments; `None`: no time is known.
    pub(crate) fn median(&self, stage: &str) -> Option<Duration> {
        self.medians.get(stage).copied()
    }

    /// Of lines in any order; those that say the same are one.
    pub(crate) fn from_lines(mut lines: Vec<Line>) -> Self {
        lines.sort_by(|a, b| order(a).cmp(&order(b)));
        lines.dedup();
        let same = |a: &Line, b: &Line| a.environment == b.environment && a.stage == b.stage;
        let mut times = Self::default();
        let mut by_stage = BTreeMap::<&str, Vec<Duration>>::new();
        for runs in lines.chunk_by(same) {
            let Line {
                environment, stage, ..
            } = &runs[0];
            if let Some(known) = known(runs) {
                let stages = times.known.entry(environment.clone()).or_default();
                stages.insert(stage.clone(), known);
                by_stage.entry(stage).or_default().push(known.time);
            }
        }
        for (stage, mut known) in by_stage {
            known.sort();
            let median = known[known.len() / 2];
            times.medians.insert(stage.to_owned(), median);
        }
        times
    }
}

/// By environment and stage, and then by time.
fn order(line: &Line) -> (&str, &str, &str, Duration) {
    (&line.environment, &line.stage, &line.when, line.seconds.0)
}

/// What the runs of a stage say together, the last one last. Clean runs count before increments; one that went on adds
/// to what it went on from; of those that were ended early only the time since the last whole one does.
fn known(runs: &[Line]) -> Option<Known> {
    let (mut clean, mut increments) = (Vec::new(), Vec::new());
    let (mut spent, mut ended) = (Duration::ZERO, None);
    for line in runs {
        spent = if line.resumed { spent } else { Duration::ZERO } + line.seconds.0;
        match line.state {
            State::Failed | State::OutOfMemory | State::Error if !line.allowed => {}
            State::Passed | State::Failed | State::OutOfMemory | State::Error => {
                ended = None;
                let times = if line.incremental {
                    &mut increments
                } else {
                    &mut clean
                };
                times.push(spent);
            }
            State::TimedOut | State::Interrupted => ended = ended.max(Some(spent)),
            State::Skipped | State::NotRun => {}
        }
    }
    let times = if clean.is_empty() { increments } else { clean };
    let whole = times.iter().rev().take(LAST).max().copied();
    let longest = whole.max(ended)?;
    Some(Known {
        time: longest,
        whole: whole == Some(longest),
    })
}

/// Times out of files and folders with such files; what is wrong with one that was only found is a warning.
pub(crate) fn read(paths: &[PathBuf], warnings: &mut Problems) -> Result<Times, Problem> {
    let mut lines = Vec::new();
    for path in paths {
        if !path.is_dir() {
            lines.extend(of_file(path)?);
            continue;
        }
        for path in found(path) {
            match of_file(&path) {
                Ok(more) => lines.extend(more),
                Err(problem) => warnings.push(Problem {
                    kind: Kind::Warning,
                    ..problem
                }),
            }
        }
    }
    Ok(Times::from_lines(lines))
}

/// The files with times below a folder, sorted. Below that of an environment are none.
fn found(folder: &Path) -> Vec<PathBuf> {
    let (mut all, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        let there = |name: &str| Some(folder.join(name)).filter(|path| path.is_file());
        all.extend(there(history::NAME));
        let result = there(RESULT);
        if result.is_none() {
            open.extend(files::folders(&folder).iter().map(|name| folder.join(name)));
        }
        all.extend(result);
    }
    all.sort();
    all
}

fn of_file(path: &Path) -> Result<Vec<Line>, Problem> {
    let wrong = |title: String| {
        let help = "give a `result.json`, a `history.jsonl`, or a folder with such files";
        Problem::new(title, help)
    };
    let meta = fs::metadata(path).map_err(|e| {
        let said = files::trouble("read", path, &e);
        Problem {
            kind: Kind::Mistake,
            ..said
        }
    })?;
    if !meta.is_file() || meta.len() > MOST_BYTES {
        return Err(wrong(format!("`{}` is no file of times", path.display())));
    }
    let bytes = files::read(path)?;
    let text = String::from_utf8_lossy(&bytes);
    if let Some(lines) = history::results(&text) {
        return Ok(lines);
    }
    let lines = history::lines(&text);
    if lines.is_empty() && !text.trim().is_empty() {
        return Err(wrong(format!("there are no times in `{}`", path.display())));
    }
    Ok(lines)
}

/// The file of this tree's own runs, if there is one.
pub(crate) fn own(folder: &Path) -> Option<PathBuf> {
    Some(folder.join(history::NAME)).filter(|path| files::is_there(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(runs: &[&str]) -> Option<(u64, bool)> {
        let line = |(at, run): (usize, &&str)| {
            let text = format!(
                "{{\"environment\":\"e\",\"stage\":\"s\",\"when\":\"2026-01-{at:02}T00:00:00Z\",{run}}}"
            );
            let mut lines = history::lines(&text);
            assert_eq!(lines.len(), 1, "{text}");
            lines.remove(0)
        };
        let lines = runs.iter().enumerate().map(line).rev().collect();
        let known = Times::from_lines(lines).of("e", "s")?;
        Some((known.time.as_secs(), known.whole))
    }

    #[test]
    fn the_longest_of_the_last_three_counts() {
        let run = |seconds: u32| format!("\"seconds\":{seconds}");
        let runs = [900, 5, 7, 6].map(run);
        let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
        assert_eq!(times(&runs), Some((7, true)));
        assert_eq!(times(&runs[..2]), Some((900, true)));
        assert_eq!(times(&[]), None);
    }

    #[test]
    fn what_was_not_run_to_its_end_is_no_time() {
        let failed = r#""seconds":5,"state":"failed""#;
        let allowed = r#""seconds":50,"state":"failed","allowed":true"#;
        assert_eq!(times(&[failed]), None);
        assert_eq!(times(&[failed, allowed, failed]), Some((50, true)));
        let cut = r#""seconds":100,"state":"timed-out""#;
        let rest = r#""seconds":60,"resumed":true"#;
        assert_eq!(times(&[cut]), Some((100, false)));
        assert_eq!(times(&[allowed, cut]), Some((100, false)));
        assert_eq!(times(&[cut, allowed]), Some((50, true)));
        assert_eq!(times(&[cut, rest]), Some((160, true)));
        let again = r#""seconds":100,"state":"timed-out","resumed":true"#;
        assert_eq!(times(&[cut, again]), Some((200, false)));
        assert_eq!(times(&[cut, again, rest]), Some((260, true)));
    }

    #[test]
    fn a_clean_run_counts_before_increments() {
        let (clean, increment) = (r#""seconds":90"#, r#""seconds":3,"incremental":true"#);
        assert_eq!(times(&[clean, increment]), Some((90, true)));
        assert_eq!(times(&[increment]), Some((3, true)));
    }

    #[test]
    fn the_same_line_twice_is_one_and_the_middle_is_known() {
        let line = |env: &str, seconds: u32| {
            let text =
                format!("{{\"environment\":\"{env}\",\"stage\":\"s\",\"seconds\":{seconds}}}");
            history::lines(&text).remove(0)
        };
        let lines = vec![line("a", 1), line("b", 9), line("c", 4), line("a", 1)];
        let times = Times::from_lines(lines);
        assert_eq!(times.median("s"), Some(Duration::from_secs(4)));
        assert_eq!(times.median("t"), None);
    }
}
