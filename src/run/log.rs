//! A stage's log: the exact bytes of its output in a file, and the last lines for the report. Here secrets are taken
//! out of the output, so that nobody behind it has one.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

use super::annotations::Annotations;
use super::log_file::{LogFile, OF_LOGS};
use crate::files;
use crate::mask::{Mask, Masker};
use crate::packages::script::{MISSING, SOURCES};
use crate::plan::Stage;
use crate::plan::annotate::Annotation;
use crate::problem::Problem;

/// Lines that the failure report shows.
const TAIL: usize = 20;
/// What every program says of a full disk.
const NO_ROOM: &str = "No space left on device";
/// A line longer than this is cut in the report, never in the log.
const LONGEST_LINE: usize = 4096;

pub(crate) struct Log {
    file: LogFile,
    path: PathBuf,
    /// The first error of writing: told once, at the end.
    trouble: Option<Problem>,
    lines: Tail,
    masker: Masker,
    /// What comes is not the stage's own any more.
    behind: bool,
}

/// The last lines of a stream.
#[derive(Default)]
struct Tail {
    whole: VecDeque<String>,
    open: Vec<u8>,
    packages: bool,
    /// What the package manager says of a package that there is not.
    unknown: &'static [&'static str],
    in_vain: bool,
    missing: Vec<String>,
    sources: Option<String>,
    on_failure: Option<Vec<String>>,
    annotations: Annotations,
}

/// What a log knows at its end.
pub(crate) struct Known {
    /// The last lines.
    pub(crate) tail: Vec<String>,
    /// What `on-failure` printed.
    pub(crate) on_failure: Vec<String>,
    /// Packages that could not be had.
    pub(crate) missing: Vec<String>,
    /// The archive that packages came from.
    pub(crate) sources: Option<String>,
    /// What `annotate` points out, and how much more there was.
    pub(crate) annotations: (Vec<Annotation>, u64),
    /// Trouble with the file.
    pub(crate) trouble: Option<Problem>,
}

impl Log {
    /// That of a stage; where it installs packages, its output says what could not be had.
    pub(crate) fn create(path: &Path, stage: &Stage, mask: &Mask) -> Result<Self, Problem> {
        let packages = stage.packages.as_ref();
        let manager = packages.and_then(|step| step.manager);
        let lines = Tail {
            packages: packages.is_some(),
            unknown: manager.map_or(&[], |manager| manager.unknown),
            annotations: Annotations::by(&stage.annotate),
            ..Tail::default()
        };
        Ok(Self {
            file: LogFile::create(path, stage.limits.log, OF_LOGS)?,
            path: path.to_owned(),
            trouble: None,
            lines,
            masker: mask.masker(),
            behind: false,
        })
    }

    /// Takes what commands wrote; gives what of it can be told: without secrets, and without what may become one.
    #[must_use]
    pub(crate) fn write<'b>(&mut self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let shown = self.masker.feed(bytes);
        self.append(&shown);
        shown
    }

    /// What was held back when the output ended.
    #[must_use]
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let rest = self.masker.rest();
        self.append(&rest);
        rest
    }

    fn append(&mut self, bytes: &[u8]) {
        let written = self.file.write(bytes);
        self.note(written);
        if !self.behind {
            self.lines.feed(bytes);
        }
    }

    fn note(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            self.trouble
                .get_or_insert_with(|| files::trouble("write", &self.path, &error));
        }
    }

    /// Trying again is no use, by what its output says.
    pub(crate) fn in_vain(&self) -> bool {
        self.lines.in_vain
    }

    /// From here on the output is that of another try: what was before is in the file alone.
    pub(crate) fn again(&mut self, why: &str) {
        self.append(format!("runenv: {why}\n").as_bytes());
        let mut annotations = std::mem::take(&mut self.lines.annotations);
        annotations.again();
        self.lines = Tail {
            packages: self.lines.packages,
            unknown: self.lines.unknown,
            annotations,
            ..Tail::default()
        };
    }

    /// From here on the output is that of `finally`: it belongs to no result.
    pub(crate) fn finally(&mut self) {
        self.lines.end_line();
        self.behind = true;
    }

    /// From here on the output is that of `on-failure`.
    pub(crate) fn on_failure(&mut self) {
        self.lines.end_line();
        self.lines.on_failure = Some(Vec::new());
    }

    pub(crate) fn in_on_failure(&self) -> bool {
        self.lines.on_failure.is_some()
    }

    /// What there is to say of the output.
    pub(crate) fn finish(mut self) -> Known {
        self.lines.end_line();
        let finished = self.file.finish();
        self.note(finished);
        let Tail {
            whole,
            missing,
            sources,
            on_failure,
            annotations,
            open: _,
            packages: _,
            unknown: _,
            in_vain: _,
        } = self.lines;
        Known {
            tail: whole.into(),
            on_failure: on_failure.unwrap_or_default(),
            missing,
            sources,
            annotations: annotations.found(),
            trouble: self.trouble,
        }
    }
}

impl Tail {
    fn feed(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            let room = LONGEST_LINE.saturating_sub(self.open.len());
            self.open.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        if self.open.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&std::mem::take(&mut self.open))
            .trim_end_matches(['\n', '\r'])
            .to_owned();
        if self.packages && self.on_failure.is_none() {
            self.missing
                .extend(line.strip_prefix(MISSING).map(str::to_owned));
            if let Some(tree) = line.strip_prefix(SOURCES) {
                self.sources = Some(tree.to_owned());
            }
            let mut words = self.unknown.iter().chain([&NO_ROOM]);
            self.in_vain |= words.any(|words| line.contains(words));
        }
        if let Some(lines) = &mut self.on_failure {
            if lines.len() < 200 {
                lines.push(line);
            }
            return;
        }
        self.annotations.line(&line);
        if self.whole.len() == TAIL {
            self.whole.pop_front();
        }
        self.whole.push_back(line);
    }
}
