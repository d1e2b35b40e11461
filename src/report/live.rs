//! Live progress of several environments on a terminal: a line for each that runs, above them those that ended.
//!
//! The lines are drawn anew when something happened, ten times a second at most, and each second. Nothing that a child
//! wrote acts on the terminal: of its output only the last line is shown, as text. May not be used where nobody looks
//! (`fits`), and keeps no more than a line of each.
//!
//! ```text
//! docker-debian-bookworm-standard  passed in 2m10s
//! docker-fedora-35-maximal         tested 4/4  1m00s of 3m20s  checking for gcc... yes
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::harmless::{self, Cleaner};
use super::last_line::LastLine;
use super::out::Out;
use super::style::{self, DIM, LITERAL, paint};
use super::{Sink, failure, problem, table};
use crate::host::Host;
use crate::run::event::{Event, Kind};
use crate::run::result::{EnvResult, StageResult};
use crate::time::show_duration;

/// Between two drawings at least, and at most.
const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(1);

/// Draws a run on a terminal.
pub(crate) struct Live {
    out: Out,
    colour: bool,
    /// Columns and rows of the terminal.
    size: Box<dyn Fn() -> (usize, usize)>,
    /// How long environments took last time.
    last: BTreeMap<String, Duration>,
    /// The longest name.
    width: usize,
    running: Vec<Row>,
    /// How many lines stand below all others, and since when.
    drawn: usize,
    drawn_at: Option<Instant>,
    changed: bool,
}

/// An environment that runs.
struct Row {
    env: String,
    since: Instant,
    /// The stage with its number.
    stage: String,
    cleaner: Cleaner,
    /// What its output last said.
    said: LastLine,
}

/// May stderr be drawn on: a terminal that can, and somebody who looks?
pub(crate) fn fits(host: &Host) -> bool {
    style::is_watched(host, host.stderr_is_terminal)
}

impl Live {
    /// `last`: how long each environment took when it last passed, as far as that is known.
    pub(crate) fn new(out: &Out, last: BTreeMap<String, Duration>) -> Self {
        Self {
            out: out.clone(),
            colour: out.colour(),
            size: Box::new(Out::size),
            last,
            width: 0,
            running: Vec::new(),
            drawn: 0,
            drawn_at: None,
            changed: false,
        }
    }

    /// Writes text above the lines; without text only draws them.
    fn draw(&mut self, above: &str, now: Instant) {
        let (columns, rows) = (self.size)();
        let mut text = match self.drawn {
            0 => String::new(),
            drawn => format!("\x1b[{drawn}A\r\x1b[J"),
        };
        text += above;
        // One line is left, for the cursor.
        let most = rows.saturating_sub(1).max(1);
        let shown = if self.running.len() > most {
            most - 1
        } else {
            most
        };
        for row in self.running.iter().take(shown) {
            text += &self.line(row, columns, now);
        }
        let hidden = self.running.len().saturating_sub(shown);
        if hidden > 0 {
            text += &paint(self.colour, DIM, &format!("… and {hidden} more"));
            text += "\n";
        }
        self.drawn = self.running.len().min(shown) + usize::from(hidden > 0);
        (self.drawn_at, self.changed) = (Some(now), false);
        self.out.stream(&text);
    }

    fn line(&self, row: &Row, columns: usize, now: Instant) -> String {
        // A terminal that is full to its last column may begin a new line.
        let mut line = Line {
            text: String::new(),
            left: columns.saturating_sub(1),
            colour: self.colour,
        };
        let name = format!(
            "{:<width$}",
            harmless::visible(&row.env),
            width = self.width
        );
        line.add(LITERAL, &name);
        line.add(
            Style::new(),
            &format!("  {}", harmless::visible(&row.stage)),
        );
        let mut took = format!("  {}", whole(now.duration_since(row.since)));
        if let Some(last) = self.last.get(&row.env) {
            took += &format!(" of {}", whole(*last));
        }
        line.add(DIM, &took);
        line.add(DIM, &format!("  {}", row.said.text()));
        line.text + "\n"
    }

    fn row(&mut self, env: &str) -> Option<&mut Row> {
        self.running.iter_mut().find(|row| row.env == env)
    }

    fn begun(&mut self, env: &str, now: Instant) {
        self.running.push(Row {
            env: env.to_owned(),
            since: now,
            stage: "begins".to_owned(),
            cleaner: Cleaner::new(false),
            said: LastLine::default(),
        });
    }

    fn ended(&mut self, result: &EnvResult, now: Instant) {
        self.running.retain(|row| row.env != result.name);
        let name = format!(
            "{:<width$}",
            harmless::visible(&result.name),
            width = self.width
        );
        let name = paint(self.colour, LITERAL, &name);
        let text = format!("{name}  {}\n", how(result, self.colour));
        self.draw(&text, now);
    }

    fn said(&mut self, env: &str, bytes: &[u8]) {
        if let Some(row) = self.row(env) {
            let mut text = String::new();
            row.cleaner.push(bytes, &mut text);
            row.said.push(&text.replace('\t', " "));
        }
    }

    fn noted(&mut self, env: &str, text: &str, now: Instant) {
        match (self.row(env), harmless::visible_lines(text, 1).pop()) {
            (Some(row), Some(line)) => row.said = LastLine::of(&line),
            (None, Some(line)) => self.draw(&format!("{line}\n"), now),
            (_, None) => {}
        }
    }
}

impl Sink for Live {
    fn event(&mut self, event: &Event, now: Instant) {
        let Event { env, stage, kind } = event;
        self.changed = true;
        match kind {
            Kind::RunStarted { envs, started: _ } => {
                self.width = envs.iter().map(|e| e.width()).max().unwrap_or(0);
                // What is over in a moment is never drawn.
                self.drawn_at = Some(now);
            }
            Kind::EnvStarted { .. } => self.begun(env, now),
            Kind::StageStarted { number, of } => {
                if let Some(row) = self.row(env) {
                    row.stage = format!("{stage} {number}/{of}");
                    row.said = LastLine::default();
                }
            }
            Kind::CommandStarted { text } => {
                let text = text.trim().lines().next().unwrap_or_default();
                self.noted(env, &format!("$ {text}"), now);
            }
            Kind::Output { bytes } => self.said(env, bytes),
            Kind::Note { text } => self.noted(env, text, now),
            Kind::StageCached { .. } | Kind::StageEnded { .. } => {}
            Kind::EnvEnded { result } => self.ended(result, now),
            Kind::Warning { problem } => {
                let mut problem = problem.clone();
                if !env.is_empty() {
                    problem.title = format!("{env}: {}", problem.title);
                }
                let text = problem::render(&problem, self.colour);
                self.draw(&(text.trim_end().to_owned() + "\n"), now);
            }
            Kind::RunEnded { summary } => {
                self.running.clear();
                let form = table::Form {
                    colour: self.colour,
                    quiet: false,
                    streamed: false,
                };
                self.draw(&format!("\n{}", table::render(summary, form)), now);
            }
        }
    }

    fn due(&self) -> Option<Instant> {
        if self.running.is_empty() {
            return None;
        }
        let wait = if self.changed { SHORT } else { LONG };
        self.drawn_at.map(|at| at + wait)
    }

    fn tick(&mut self, now: Instant) {
        self.draw("", now);
    }
}

/// How an environment ended, in one line.
fn how(result: &EnvResult, colour: bool) -> String {
    let bad = |stage: &&StageResult| stage.is_bad();
    if let Some(stage) = result.stages.iter().find(bad) {
        return format!(
            "{} {}",
            harmless::visible(&stage.name),
            failure::ended(stage, colour)
        );
    }
    let word = paint(colour, style::of(result.state), result.state.word());
    if table::is_cached(result) {
        return format!("{word}, all stages cached");
    }
    match &result.problem {
        Some(why) => {
            let why = harmless::visible_lines(why, 1).pop().unwrap_or_default();
            format!("{word}: {why}")
        }
        None => format!("{word} in {}", show_duration(result.seconds.0)),
    }
}

/// A duration in whole seconds, that it does not flicker.
fn whole(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds => show_duration(Duration::from_secs(seconds)),
    }
}

/// A line that is cut to the terminal's width.
struct Line {
    text: String,
    left: usize,
    colour: bool,
}

impl Line {
    fn add(&mut self, style: Style, text: &str) {
        let mut cut = String::new();
        for c in text.chars() {
            let width = c.width().unwrap_or(0);
            if width > self.left {
                self.left = 0;
                break;
            }
            self.left -= width;
            cut.push(c);
        }
        self.text += &paint(self.colour, style, &cut);
    }
}

#[cfg(test)]
mod tests;
