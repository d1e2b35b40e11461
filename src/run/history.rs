//! `.runenv/history.jsonl`: how long stages took, a line for each that was really run; and the same out of results.
//!
//! Lines are added whole. What a killed run left half written, and what is no line at all, is skipped.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::folder::Folder;
use super::result::{EnvResult, State, Took};
use crate::files;
use crate::mask::Mask;
use crate::problem::Problem;

/// Beside the folders of environments.
pub(crate) const NAME: &str = "history.jsonl";
/// It grows no further: then the older half goes. A hundred runs of 800 stages.
const MOST_BYTES: u64 = 16_000_000;
/// Another process that adds to it is done in no time; if it sleeps, it is not waited for.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(10);

/// A stage that was run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) environment: String,
    pub(crate) stage: String,
    pub(crate) seconds: Took,
    #[serde(default = "passed")]
    pub(crate) state: State,
    /// When its environment was begun: `started` of `result.json`.
    #[serde(default)]
    pub(crate) when: String,
    /// It went on from what it left before: `seconds` is the rest alone.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) resumed: bool,
    /// It failed, and may: it was run to its end.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) allowed: bool,
    /// It was made in an increment.
    #[serde(default, skip_serializing_if = "is_not")]
    pub(crate) incremental: bool,
}

fn passed() -> State {
    State::Passed
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_not(flag: &bool) -> bool {
    !flag
}

/// Was it begun here, and not only found or left out?
fn ran(state: State, cached: bool) -> bool {
    !cached && !matches!(state, State::Skipped | State::NotRun)
}

/// Adds the stages that a run of an environment ran.
pub(super) fn append(folder: &Folder, result: &EnvResult, mask: &Mask) -> Result<(), Problem> {
    let stages = result.stages.iter().filter(|s| ran(s.state, s.cached));
    let lines = stages.map(|stage| Line {
        environment: mask.text(&result.name).into_owned(),
        stage: mask.text(&stage.name).into_owned(),
        seconds: stage.seconds,
        state: stage.state,
        when: result.started.clone(),
        resumed: stage.resumed,
        allowed: stage.allowed,
        incremental: stage.incremental.is_some(),
    });
    let line = |line| serde_json::to_string(&line).expect("our own values are JSON") + "\n";
    let text: String = lines.map(line).collect();
    if text.is_empty() {
        return Ok(());
    }
    let path = folder.path().join(NAME);
    add(&path, &text, MOST_BYTES).map_err(|e| files::trouble("write", &path, &e))
}

/// Adds lines; where there would be more than `most` bytes, the older half of those before goes.
fn add(path: &Path, text: &str, most: u64) -> io::Result<()> {
    let (mut file, locked) = open(path)?;
    let long = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(text.len() + 1);
    let mut last = [b'\n'];
    if long > 0 {
        file.read_exact_at(&mut last, long - 1)?;
    }
    if last != [b'\n'] {
        bytes.push(b'\n');
    }
    bytes.extend(text.as_bytes());
    if !locked || long + bytes.len() as u64 <= most {
        return file.write_all(&bytes);
    }
    let mut whole = Vec::new();
    file.read_to_end(&mut whole)?;
    let half = whole.len()
        - whole
            .len()
            .min(usize::try_from(most / 2).unwrap_or_default());
    let line = whole[half..].iter().position(|byte| *byte == b'\n');
    let mut kept = whole.split_off(line.map_or(whole.len(), |at| half + at + 1));
    kept.extend(bytes);
    // Whoever waits for the old file's lock sees that it is not there any more.
    files::write_atomic(path, &kept).map_err(|problem| io::Error::other(problem.title))
}

/// The file, and whether nobody else adds to it until it is closed. A link in its place is not followed.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let mut options = OpenOptions::new();
    let options = options.read(true).append(true).create(true);
    let options = options.mode(0o644).custom_flags(flags);
    let mut file = options.open(path)?;
    for _ in 0..TRIES {
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(io::Error::other("it is not a regular file"));
        }
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                thread::sleep(PAUSE);
                continue;
            }
            // Some network disks know no locks.
            Err(TryLockError::Error(_)) => break,
        }
        let there = path.symlink_metadata();
        if there.is_ok_and(|there| there.ino() == meta.ino() && there.dev() == meta.dev()) {
            return Ok((file, true));
        }
        file = options.open(path)?;
    }
    Ok((file, false))
}

/// The lines of a history; what is none is skipped.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let read = |line| serde_json::from_str(line).ok();
    text.lines().filter_map(read).collect()
}

/// What `result.json` says, or one file of many results.
pub(super) fn results(text: &str) -> Option<Vec<Line>> {
    #[derive(Deserialize)]
    struct Stage {
        name: String,
        state: State,
        seconds: Took,
        #[serde(default)]
        cached: bool,
        #[serde(default)]
        resumed: bool,
        #[serde(default)]
        allowed: bool,
        #[serde(default)]
        incremental: Option<IgnoredAny>,
    }
    #[derive(Deserialize)]
    struct Ended {
        name: String,
        #[serde(default)]
        started: String,
        stages: Vec<Stage>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Run { envs: Vec<Ended> },
        Many(Vec<Ended>),
        One(Ended),
    }
    let ended = match serde_json::from_str(text).ok()? {
        Form::Run { envs } | Form::Many(envs) => envs,
        Form::One(ended) => vec![ended],
    };
    let lines = ended.into_iter().flat_map(|ended| {
        let stages = ended.stages.into_iter();
        let stages = stages.filter(|s| ran(s.state, s.cached));
        stages.map(move |stage| Line {
            environment: ended.name.clone(),
            stage: stage.name,
            seconds: stage.seconds,
            state: stage.state,
            when: ended.started.clone(),
            resumed: stage.resumed,
            allowed: stage.allowed,
            incremental: stage.incremental.is_some(),
        })
    });
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn result(env: &str) -> EnvResult {
        let mut result = EnvResult::new(env, State::Passed);
        let mut stage = |name: &str, state: State, cached: bool| {
            let mut stage = super::super::result::StageResult::new(name, state);
            (stage.cached, stage.seconds) = (cached, Took(Duration::from_millis(1500)));
            result.stages.push(stage);
        };
        stage("found", State::Passed, true);
        stage("built", State::Passed, false);
        stage("tested", State::TimedOut, false);
        stage("left", State::NotRun, false);
        "2026-01-02T03:04:05Z".clone_into(&mut result.started);
        result
    }

    #[test]
    fn what_was_run_is_a_line_and_reads_as_in_the_result() {
        let folder = tempfile::tempdir().unwrap();
        let ours = Folder::of(folder.path());
        ours.make().unwrap();
        let result = result("a");
        append(&ours, &result, &Mask::default()).unwrap();
        let text = String::from_utf8(files::read(&ours.path().join(NAME)).unwrap()).unwrap();
        let line = |stage, state| {
            format!(
                "{{\"environment\":\"a\",\"stage\":\"{stage}\",\"seconds\":1.5,\"state\":\"{state}\",\"when\":\"2026-01-02T03:04:05Z\"}}\n"
            )
        };
        assert_eq!(text, line("built", "passed") + &line("tested", "timed-out"));
        let written = serde_json::to_string(&result).unwrap();
        assert_eq!(results(&written).unwrap(), lines(&text));
        let many = format!("{{\"envs\":[{written},{written}],\"seconds\":1}}");
        assert_eq!(results(&many).unwrap().len(), 4);
        assert_eq!(results(&format!("[{written}]")).unwrap().len(), 2);
        assert_eq!(results("{}"), None);
    }

    #[test]
    fn broken_lines_are_skipped_and_the_next_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let good = "{\"environment\":\"a\",\"stage\":\"s\",\"seconds\":1}\n";
        add(&path, "{\"environment\":\"a\",\"sta", MOST_BYTES).unwrap();
        add(&path, good, MOST_BYTES).unwrap();
        for bad in ["-1", "1e400", "1e12", "\"1\"", "null"] {
            add(&path, &good.replace('1', bad), MOST_BYTES).unwrap();
        }
        add(&path, "null\n[]\n\n", MOST_BYTES).unwrap();
        let text = String::from_utf8(files::read(&path).unwrap()).unwrap();
        assert_eq!(lines(&text).len(), 1, "{text}");
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let line =
            |n: u32| format!("{{\"environment\":\"{n:04}\",\"stage\":\"s\",\"seconds\":1}}\n");
        for n in 0..500 {
            add(&path, &line(n), 4000).unwrap();
            assert!(path.metadata().unwrap().len() <= 4000);
        }
        let text = String::from_utf8(files::read(&path).unwrap()).unwrap();
        let known = lines(&text);
        assert_eq!(known.len(), text.lines().count());
        assert!(known.len() > 35 && known.last().unwrap().environment == "0499");
        let first: u32 = known[0].environment.parse().unwrap();
        assert_eq!(known.len(), (500 - first) as usize);
    }

    #[test]
    fn no_line_of_those_who_add_at_once_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let text =
            |n: usize| format!("{{\"environment\":\"{n}\",\"stage\":\"s\",\"seconds\":1}}\n");
        thread::scope(|scope| {
            for n in 0..4 {
                let path = &path;
                scope.spawn(move || (0..50).for_each(|_| add(path, &text(n), 1_000_000).unwrap()));
            }
        });
        let known = String::from_utf8(files::read(&path).unwrap()).unwrap();
        assert_eq!(lines(&known).len(), 200);
    }

    #[test]
    fn a_link_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let other = folder.path().join("other");
        files::write_atomic(&other, b"mine").unwrap();
        symlink(&other, &path).unwrap();
        assert!(add(&path, "x\n", 100).is_err());
        assert_eq!(files::read(&other).unwrap(), b"mine");
    }
}
