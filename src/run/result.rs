//! How stages, environments and runs end: data, and the one exit code made of it.

use serde::{Deserialize, Serialize};

use super::log::Log;
use super::options::Limit;
pub(crate) use super::pushed::{PushState, Pushed};
pub(crate) use super::took::Took;
use crate::exec::Stop;
use crate::plan::annotate::Annotation;
use crate::problem::{Kind, Problem};
use crate::time;

/// This runenv's.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a stage or an environment ended. Words in JSON, never numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Passed,
    Failed,
    TimedOut,
    OutOfMemory,
    Interrupted,
    Skipped,
    NotRun,
    /// An engine or the machine did not do its part.
    Error,
}

impl State {
    /// In the order in which they are counted.
    pub(crate) const ALL: [Self; 8] = [
        Self::Passed,
        Self::Skipped,
        Self::NotRun,
        Self::Failed,
        Self::TimedOut,
        Self::OutOfMemory,
        Self::Error,
        Self::Interrupted,
    ];

    /// Is it how something ends that did not do what it should?
    pub(crate) fn is_bad(self) -> bool {
        match self {
            Self::Failed | Self::TimedOut | Self::OutOfMemory | Self::Interrupted | Self::Error => {
                true
            }
            Self::Passed | Self::Skipped | Self::NotRun => false,
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::TimedOut => "timed-out",
            Self::OutOfMemory => "out-of-memory",
            Self::Interrupted => "interrupted",
            Self::Skipped => "skipped",
            Self::NotRun => "not-run",
            Self::Error => "error",
        }
    }
}

/// How a stage ended that we ended: by a signal (no more to say), or because its time was over.
pub(crate) fn stopped(stop: Stop, limit: Option<Limit>) -> (State, Option<String>) {
    match stop {
        Stop::Interrupted => (State::Interrupted, None),
        Stop::TimeLimit => {
            let whose = limit.filter(|limit| limit.of_run);
            let whose = whose.map_or("the", |_| "the run's");
            let time = limit.map(|limit| format!(" of {}", time::show_duration(limit.time)));
            let detail = format!("{whose} time limit{} ran out", time.unwrap_or_default());
            (State::TimedOut, Some(detail))
        }
    }
}

/// What is said of a stage that was found and not run.
pub(crate) const CACHED: &str = "cached";
/// The same of one that nobody needed.
pub(crate) const NOT_NEEDED: &str = "not needed";

/// The command a stage ended at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct FailedCommand {
    pub(crate) text: String,
    /// `file:line:column` of where it is written; empty for runenv's own commands.
    pub(crate) place: String,
    pub(crate) exit_code: Option<i32>,
    /// The signal that ended it, by name.
    pub(crate) signal: Option<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct StageResult {
    pub(crate) name: String,
    pub(crate) state: State,
    /// It was found, or not needed, and not run.
    pub(crate) cached: bool,
    /// Nothing shows that it has passed with this key: a later stage was run from its own image, and nobody needed it.
    pub(crate) not_needed: bool,
    /// Where its image was found; `None`: nobody looked, since a later one was, or it was run.
    pub(crate) found: Option<Place>,
    /// It went on from what it left when it last ended early.
    pub(crate) resumed: bool,
    /// How often it was tried again.
    pub(crate) retries: u32,
    /// It was made in an increment, or stands on a stage that was; `None`: it is clean.
    pub(crate) incremental: Option<Increments>,
    /// It failed, and may.
    pub(crate) allowed: bool,
    /// A process was left behind and ended.
    pub(crate) leaked: bool,
    pub(crate) seconds: Took,
    /// The key's 64 hex digits; empty where there is none (local).
    pub(crate) key: String,
    /// The image that holds the stage, or the failed one.
    pub(crate) image: Option<String>,
    pub(crate) command: Option<FailedCommand>,
    /// What the summary says beside the state: a signal, the limit that ran out, the engine's words.
    pub(crate) detail: Option<String>,
    /// Packages that could not be had.
    pub(crate) missing_packages: Vec<String>,
    /// The archive that packages came from; `None`: from where the image says.
    pub(crate) package_sources: Option<String>,
    /// The log's path; empty where the stage was not run.
    pub(crate) log: String,
    /// The last lines of the output (20), for the failure report.
    pub(crate) tail: Vec<String>,
    /// What `on-failure` printed.
    pub(crate) on_failure_output: Vec<String>,
    /// Lines of the output that `annotate` points out, and how many more there were.
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) more_annotations: u64,
    /// What was copied out; none where nothing was, or the stage was not run.
    pub(crate) artifacts: Option<Artifacts>,
    /// Where its image went; none where nobody wanted to push it.
    pub(crate) pushed: Option<Pushed>,
    /// Our own disk's trouble behind the stage, which ends the environment and leaves the stage's state as it is.
    #[serde(skip)]
    pub(crate) trouble: Option<Problem>,
}

/// Where an image was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Place {
    Engine,
    Registry,
}

/// How a stage came of its own earlier images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Increments {
    /// What the last one was made from: git's description, or an image's tag.
    pub(crate) from: String,
    /// How many there were since a clean build.
    pub(crate) links: u32,
}

impl Increments {
    /// `None` of a clean build.
    pub(crate) fn of(links: u32, from: &str) -> Option<Self> {
        let from = from.to_owned();
        (links > 0).then_some(Self { from, links })
    }
}

/// What was copied out of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Artifacts {
    pub(crate) folder: String,
    /// How many files and links.
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    /// Stands for the key beside them until the stage has passed.
    #[serde(skip)]
    pub(crate) word: String,
}

impl StageResult {
    /// That of a stage for which no time is left, before it begins.
    pub(crate) fn too_late(stage: &str, limit: Option<Limit>) -> Option<Self> {
        let limit = limit.filter(|limit| limit.left().is_zero())?;
        let (state, detail) = stopped(Stop::TimeLimit, Some(limit));
        let result = Self::new(stage, state);
        Some(Self { detail, ..result })
    }

    /// Marks a failure of a stage that may fail; an interruption is none.
    pub(crate) fn allow(&mut self, allow_failure: bool) {
        let failed = self.state != State::Passed && self.state != State::Interrupted;
        self.allowed = allow_failure && failed;
    }

    /// How it ended, in a word.
    pub(crate) fn word(&self) -> &'static str {
        match self.state == State::Passed && self.cached {
            true if self.not_needed => NOT_NEEDED,
            true => CACHED,
            false => self.state.word(),
        }
    }

    /// Did it not do what it should, and had to?
    pub(crate) fn is_bad(&self) -> bool {
        self.state.is_bad() && !self.allowed
    }

    /// Does it end its environment?
    pub(crate) fn ends(&self) -> bool {
        self.state != State::Passed && !self.allowed
    }

    /// Takes over what the log knows; a problem with the log's file is the stage's.
    pub(crate) fn take_log(&mut self, log: Log) -> Result<(), Problem> {
        let known = log.finish();
        (self.tail, self.on_failure_output) = (known.tail, known.on_failure);
        for name in known.missing {
            if !self.missing_packages.contains(&name) {
                self.missing_packages.push(name);
            }
        }
        self.package_sources = known.sources;
        (self.annotations, self.more_annotations) = known.annotations;
        known.trouble.map_or(Ok(()), Err)
    }

    pub(crate) fn new(name: &str, state: State) -> Self {
        Self {
            name: name.to_owned(),
            state,
            cached: false,
            not_needed: false,
            found: None,
            resumed: false,
            retries: 0,
            incremental: None,
            allowed: false,
            leaked: false,
            seconds: Took::default(),
            key: String::new(),
            image: None,
            command: None,
            detail: None,
            missing_packages: Vec::new(),
            package_sources: None,
            log: String::new(),
            tail: Vec::new(),
            on_failure_output: Vec::new(),
            annotations: Vec::new(),
            more_annotations: 0,
            artifacts: None,
            pushed: None,
            trouble: None,
        }
    }
}

/// What a file that is read does not say.
impl Default for StageResult {
    fn default() -> Self {
        Self::new("", State::NotRun)
    }
}

/// The trouble that the last stage's result brought along, to end its environment with.
pub(crate) fn trouble(results: &mut [StageResult]) -> Result<(), Problem> {
    let last = results.last_mut();
    let trouble = last.and_then(|result| result.trouble.take());
    trouble.map_or(Ok(()), Err)
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(crate) struct EnvResult {
    pub(crate) name: String,
    pub(crate) runner: String,
    /// As they stand in the name; `None`: it has none.
    pub(crate) system: Option<String>,
    pub(crate) config: Option<String>,
    pub(crate) state: State,
    pub(crate) seconds: Took,
    pub(crate) stages: Vec<StageResult>,
    /// Keys of `packages` that have no name on this system.
    pub(crate) nameless_packages: Vec<String>,
    /// What stopped it, where no stage did.
    pub(crate) problem: Option<String>,
    /// It was skipped since this one failed, which it depends on, perhaps by others.
    pub(crate) unmet: Option<String>,
    /// The same with its place and what to do: the report at the end tells it, and nobody else.
    #[serde(skip)]
    pub(crate) trouble: Option<Problem>,
    pub(crate) started: String,
    pub(crate) runenv: String,
}

impl EnvResult {
    pub(crate) fn new(name: &str, state: State) -> Self {
        Self {
            name: name.to_owned(),
            runner: String::new(),
            system: None,
            config: None,
            state,
            seconds: Took::default(),
            stages: Vec::new(),
            nameless_packages: Vec::new(),
            problem: None,
            unmet: None,
            trouble: None,
            started: time::now(),
            runenv: VERSION.to_owned(),
        }
    }

    /// Did it not do what it should, by itself?
    pub(super) fn failed(&self) -> bool {
        self.state.is_bad() && self.state != State::Interrupted
    }

    /// Whose failure it is that what depends on this one is not run; `None`: it passed, or is not for this host.
    pub(super) fn cause(&self) -> Option<&str> {
        if self.state == State::Skipped {
            return self.unmet.as_deref();
        }
        (self.state != State::Passed).then_some(&self.name)
    }

    /// Was it stopped by a mistake of whoever wrote the file?
    fn is_mistake(&self) -> bool {
        let kind = self.trouble.as_ref().map(|problem| problem.kind);
        kind == Some(Kind::Mistake)
    }
}

/// What a file that is read does not say.
impl Default for EnvResult {
    fn default() -> Self {
        Self {
            started: String::new(),
            runenv: String::new(),
            ..Self::new("", State::NotRun)
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Summary {
    pub(crate) envs: Vec<EnvResult>,
    /// When it began.
    pub(crate) started: String,
    pub(crate) seconds: Took,
    pub(crate) interrupted: bool,
}

/// The exit code after a signal.
pub(crate) const INTERRUPTED: u8 = 130;

impl Summary {
    /// 130 interrupted; 3 if an engine stopped a build; 2 if the file's mistake did; 1 if one failed; 3 if all that went
    /// wrong is a push; 4 if all were skipped; 0.
    pub(crate) fn exit_code(&self) -> u8 {
        let any = |state: State| self.envs.iter().any(|e| e.state == state);
        let stages = self.envs.iter().flat_map(|e| &e.stages);
        let mut errors = self.envs.iter().filter(|e| e.state == State::Error);
        if self.interrupted {
            INTERRUPTED
        } else if errors.any(|e| !e.is_mistake()) {
            3
        } else if any(State::Error) {
            2
        } else if any(State::Failed) || any(State::TimedOut) || any(State::OutOfMemory) {
            1
        } else if stages.filter_map(|s| s.pushed.as_ref()).any(Pushed::failed) {
            3
        } else if !self.envs.is_empty() && self.envs.iter().all(|e| e.state == State::Skipped) {
            4
        } else {
            0
        }
    }
}
