//! Plain progress on stderr: for logs, pipes, CI, and terminals until somebody wants more.
//!
//! The output of a single environment streams, with lines of ours around it; of several, only starts and ends of stages
//! are told (`-v`: their lines too, with the name in front; a line that does not end is told in pieces, behind `:` what
//! goes on). No line of ours begins inside a line of a child's. After a minute without a word it says what is still
//! running. In a job of a CI system a stage's output is shown when the stage has ended (`folds.rs`). May not animate, ask
//! for the time or keep more than a line.
//!
//! ```text
//! == tested (4/4)
//! $ make check
//! ```

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::harmless::{self, Cleaner};
use super::held::Held;
use super::job::fold::Fold;
use super::last_line::LastLine;
use super::out::Out;
use super::style::{self, DIM, LITERAL, paint};
use super::{Sink, failure, problem, table};
use crate::problem::Problem;
use crate::run::event::{Event, Kind};
use crate::run::result::{CACHED, EnvResult, NOT_NEEDED, StageResult, Summary};

/// So long nothing may be said while something runs: what watches us takes silence for the end.
const SILENCE: Duration = Duration::from_secs(60);
const NOTE_LINES: usize = 10;

mod folds;

/// Tells a run in plain lines.
pub(crate) struct Plain {
    out: Out,
    colour: bool,
    /// More than one environment runs: lines have names in front.
    several: bool,
    /// The longest name.
    width: usize,
    envs: BTreeMap<String, Running>,
    /// The time of what happens now.
    now: Option<Instant>,
    /// When something was said last.
    told_at: Option<Instant>,
    /// Set in a job of a CI system.
    job: Option<folds::Job>,
    /// The last lines of what failed have just gone by.
    gone_by: bool,
}

/// What is known of an environment that is told of.
#[derive(Default)]
struct Running {
    /// The longest name of a stage.
    width: usize,
    /// Stages that were found and not told yet.
    cached: Vec<String>,
    cleaner: Cleaner,
    held: Held,
    /// The stage that runs, and since when.
    stage: Option<(String, Instant)>,
    /// A stage has told how it ended.
    told: bool,
    /// The stage's output, where it is shown at its end.
    fold: Option<Fold>,
    last: LastLine,
}

impl Plain {
    /// Looks at `out` for colour and verbosity.
    /// In `folder` the output of stages may be held back.
    pub(crate) fn new(out: &Out, folder: &Path) -> Self {
        Self {
            out: out.clone(),
            colour: out.colour(),
            several: false,
            width: 0,
            envs: BTreeMap::new(),
            now: None,
            told_at: None,
            job: folds::Job::of(out, folder),
            gone_by: false,
        }
    }

    fn quiet(&self) -> bool {
        self.out.verbosity() < 0
    }

    /// Does the output of children go by?
    fn streams(&self) -> bool {
        let alone = !self.several && self.job.is_none();
        !self.quiet() && (alone || self.out.verbosity() > 0)
    }

    /// Is it held back until the stage has ended?
    fn folds(&self) -> bool {
        self.job.is_some() && self.out.verbosity() == 0
    }

    fn running(&mut self, env: &str) -> &mut Running {
        if !self.envs.contains_key(env) {
            let cleaner = Cleaner::new(self.colour);
            let running = Running {
                cleaner,
                ..Running::default()
            };
            self.envs.insert(env.to_owned(), running);
        }
        self.envs.entry(env.to_owned()).or_default()
    }

    /// Tells a line of ours; what a child has begun is ended first.
    fn say(&mut self, env: &str, text: &str) {
        self.end_line(env);
        if self.several && !env.is_empty() {
            let name = paint(self.colour, LITERAL, &self.padded(env));
            self.tell(&format!("{name}  {text}"));
        } else {
            self.tell(text);
        }
    }

    fn tell(&mut self, text: &str) {
        self.told_at = self.now;
        self.out.tell(text);
    }

    fn stream(&mut self, text: &str) {
        if !text.is_empty() {
            self.told_at = self.now;
            self.out.stream(text);
        }
    }

    fn end_line(&mut self, env: &str) {
        if !self.streams() {
            return;
        }
        let mut text = String::new();
        self.running(env).cleaner.end_line(&mut text);
        self.told_by_child(env, &text);
    }

    fn output(&mut self, env: &str, bytes: &[u8]) {
        if !self.streams() && !self.folds() {
            return;
        }
        let mut text = String::new();
        let running = self.running(env);
        running.cleaner.push(bytes, &mut text);
        running.last.push(&text);
        if self.folds() {
            return self.hold(env, &text);
        }
        self.told_by_child(env, &text);
    }

    /// Tells clean output: as it comes, or in whole lines where there are several.
    fn told_by_child(&mut self, env: &str, text: &str) {
        let Some(now) = self.now.filter(|_| self.several) else {
            return self.stream(text);
        };
        let (name, colour) = (self.padded(env), self.colour);
        let told = self.running(env).held.push(text, now, &name, colour);
        self.stream(&told);
    }

    /// Beginnings of lines that were held long enough.
    fn tell_held(&mut self, now: Instant) {
        let names: Vec<String> = self.envs.keys().cloned().collect();
        for env in names {
            let (name, colour) = (self.padded(&env), self.colour);
            let told = self.running(&env).held.overdue(now, &name, colour);
            self.stream(&told);
        }
    }

    /// The name as it stands in front of lines.
    fn padded(&self, env: &str) -> String {
        format!("{:<width$}", harmless::visible(env), width = self.width)
    }

    fn run_started(&mut self, envs: &[String], started: &str) {
        if let Some((job, now)) = self.job.as_mut().zip(self.now) {
            job.begins(started, now);
        }
        self.several = envs.len() > 1;
        self.width = envs.iter().map(|e| e.chars().count()).max().unwrap_or(0);
    }

    fn env_started(&mut self, env: &str, stages: &[String]) {
        let width = stages.iter().map(|s| s.chars().count()).max().unwrap_or(0);
        self.running(env).width = width;
        if !self.several {
            let name = paint(self.colour, LITERAL, &harmless::visible(env));
            self.say(env, &name);
        }
    }

    fn stage_cached(&mut self, env: &str, stage: &str, needed: bool) {
        if self.several {
            // Told in one line, when something else happens.
            let not_needed = format!("{stage} ({NOT_NEEDED})");
            let name = if needed { stage } else { &not_needed };
            return self.running(env).cached.push(name.to_owned());
        }
        let width = self.running(env).width;
        let word = if needed { CACHED } else { NOT_NEEDED };
        let word = paint(self.colour, DIM, word);
        self.say(
            env,
            &format!("  {:<width$}  {word}", harmless::visible(stage)),
        );
    }

    fn tell_cached(&mut self, env: &str) {
        let cached = std::mem::take(&mut self.running(env).cached);
        if !cached.is_empty() {
            let list = harmless::visible(&cached.join(", "));
            self.say(env, &paint(self.colour, DIM, &format!("cached: {list}")));
        }
    }

    fn stage_started(&mut self, env: &str, stage: &str, number: usize, of: usize) {
        self.tell_cached(env);
        let now = self.now;
        let running = self.running(env);
        running.stage = now.map(|now| (stage.to_owned(), now));
        running.last = LastLine::default();
        self.gone_by = false;
        let stage = paint(self.colour, LITERAL, &harmless::visible(stage));
        let text = format!("{stage} ({number}/{of})");
        self.say(env, &self.ours(&text));
    }

    /// A line among a child's is marked; where names stand in front, it need not be.
    fn ours(&self, text: &str) -> String {
        if self.several {
            text.to_owned()
        } else {
            format!("== {text}")
        }
    }

    fn command(&mut self, env: &str, text: &str) {
        let text = paint(self.colour, DIM, &format!("$ {}", first_line(text)));
        if self.streams() {
            self.say(env, &text);
        } else if self.folds() {
            self.hold_line(env, &text);
        }
    }

    fn stage_ended(&mut self, env: &str, result: &StageResult) {
        let since = self.running(env).stage.take().map(|(_, since)| since);
        if result.cached {
            return;
        }
        if result.is_bad() {
            self.gone_by = folds::has_gone_by(result, &self.running(env).last);
            self.running(env).told = true;
        }
        let how = |colour| {
            let name = paint(colour, LITERAL, &harmless::visible(&result.name));
            format!("{name} {}", failure::ended(result, colour))
        };
        if self.folds() {
            let folded = !result.is_bad();
            self.show_fold(env, since, &how, folded);
        } else {
            self.say(env, &self.ours(&how(self.colour)));
        }
        self.annotate(env, result);
    }

    /// Tells only what no stage has told.
    fn env_ended(&mut self, result: &EnvResult) {
        let env = &result.name;
        self.end_line(env);
        self.show_rest(env);
        if self.several && !self.running(env).told {
            let mut text = paint(self.colour, style::of(result.state), result.state.word());
            if table::is_cached(result) {
                text += ", all stages cached";
            }
            self.say(env, &text);
        }
        self.envs.remove(env);
    }

    fn warning(&mut self, env: &str, warning: &Problem) {
        let mut warning = warning.clone();
        if self.several && !env.is_empty() {
            warning.title = format!("{env}: {}", warning.title);
        }
        self.end_line(env);
        self.tell(&problem::render(&warning, self.colour));
    }

    fn run_ended(&mut self, summary: &Summary) {
        let names: Vec<String> = self.envs.keys().cloned().collect();
        for env in names {
            self.end_line(&env);
            self.show_rest(&env);
        }
        self.point_out(summary);
        let form = table::Form {
            colour: self.colour,
            quiet: self.quiet(),
            streamed: self.streams() && !self.several && self.gone_by,
        };
        let text = table::render(summary, form);
        let bad = summary.envs.iter().any(|e| e.state.is_bad());
        let gap = if !self.quiet() && (self.several || bad) {
            "\n"
        } else {
            ""
        };
        self.out.tell(&format!("{gap}{text}"));
        self.out.settle();
    }
}

impl Sink for Plain {
    fn due(&self) -> Option<Instant> {
        let held = self.envs.values().filter_map(|running| running.held.due());
        held.chain(self.silence_ends()).min()
    }

    fn tick(&mut self, now: Instant) {
        self.now = Some(now);
        self.tell_held(now);
        if self.silence_ends().is_some_and(|due| now >= due) {
            self.tell_running(now);
        }
    }

    fn event(&mut self, event: &Event, now: Instant) {
        self.now = Some(now);
        let Event { env, stage, kind } = event;
        if let Kind::RunEnded { summary } = kind {
            return self.run_ended(summary);
        }
        if let Kind::RunStarted { envs, started } = kind {
            return self.run_started(envs, started);
        }
        if self.quiet() {
            if let Kind::StageEnded { result } = kind {
                self.annotate(env, result);
            }
            return;
        }
        match kind {
            Kind::EnvStarted { stages } => self.env_started(env, stages),
            Kind::StageCached { needed } => self.stage_cached(env, stage, *needed),
            Kind::StageStarted { number, of } => {
                self.stage_started(env, stage, *number, *of);
            }
            Kind::CommandStarted { text } => self.command(env, text),
            Kind::Output { bytes } => self.output(env, bytes),
            Kind::Note { text } => {
                for line in harmless::visible_lines(text, NOTE_LINES) {
                    self.say(env, &self.ours(&line));
                }
            }
            Kind::StageEnded { result } => self.stage_ended(env, result),
            Kind::EnvEnded { result } => self.env_ended(result),
            Kind::Warning { problem } => self.warning(env, problem),
            Kind::RunStarted { .. } | Kind::RunEnded { .. } => {}
        }
    }
}

/// The first line that says something, with a mark where there is more.
fn first_line(text: &str) -> String {
    let text = text.trim();
    let first = text.lines().next().unwrap_or("");
    let more = if text.contains('\n') { " …" } else { "" };
    harmless::visible(&harmless::cut(first)) + more
}

#[cfg(test)]
mod tests;
