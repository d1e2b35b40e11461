//! `--events`: a line of JSON for each thing that happens, as it happens.
//!
//! Only makes lines and hands them on; what a secret is in never leaves it. docs/reference/json.md has the keys.
//!
//! ```text
//! {"event":"stage-started","seconds":0.412,"env":"docker-a","stage":"built","number":1,"of":2}
//! ```

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::Sink;
use crate::mask::Mask;
use crate::problem::Problem;
use crate::run::event::{Event, Kind};
use crate::run::result::{Took, VERSION};
use crate::run::results::RunResult;

/// Tells a run as lines of JSON.
pub(crate) struct Events<'a> {
    /// Takes a line, with its end.
    to: Box<dyn FnMut(&str) + 'a>,
    mask: Mask,
    began: Option<Instant>,
    /// The beginning of a character whose end has not come yet, of each environment and stage.
    open: BTreeMap<(String, String), Vec<u8>>,
}

impl<'a> Events<'a> {
    pub(crate) fn new(mask: &Mask, to: impl FnMut(&str) + 'a) -> Self {
        Self {
            to: Box::new(to),
            mask: mask.clone(),
            began: None,
            open: BTreeMap::new(),
        }
    }

    /// Output as text: in pieces, as it comes, but no character in two. Bytes that are none are replaced.
    fn output(&mut self, event: &Event, bytes: &[u8]) -> String {
        let key = (event.env.clone(), event.stage.clone());
        let mut whole = self.open.remove(&key).unwrap_or_default();
        whole.extend_from_slice(bytes);
        let rest = whole.split_off(incomplete(&whole));
        if !rest.is_empty() {
            self.open.insert(key, rest);
        }
        String::from_utf8_lossy(&whole).into_owned()
    }

    fn tell(&mut self, env: &str, stage: &str, since: Duration, name: &str, told: Value) {
        let named = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let mut line = Map::new();
        line.insert("event".to_owned(), name.into());
        line.insert("seconds".to_owned(), json!(Took(since)));
        line.insert("env".to_owned(), named(env).into());
        line.insert("stage".to_owned(), named(stage).into());
        if let Value::Object(told) = told {
            line.extend(told);
        }
        let mut line = Value::Object(line);
        self.mask.json(&mut line);
        (self.to)(&format!("{line}\n"));
    }
}

/// Where a character begins whose end is missing; the length, if none does.
fn incomplete(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(3);
    let last = (from..bytes.len()).find(|at| {
        let end = std::str::from_utf8(&bytes[*at..]);
        end.is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    });
    last.unwrap_or(bytes.len())
}

impl Sink for Events<'_> {
    fn event(&mut self, event: &Event, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let since = now.duration_since(began);
        let (env, stage) = (&event.env, &event.stage);
        if let Kind::StageEnded { .. } = event.kind
            && let Some(rest) = self.open.remove(&(env.clone(), stage.clone()))
        {
            let text = String::from_utf8_lossy(&rest).into_owned();
            self.tell(env, stage, since, "output", json!({ "text": text }));
        }
        if let Kind::Output { bytes } = &event.kind {
            let text = self.output(event, bytes);
            if !text.is_empty() {
                self.tell(env, stage, since, "output", json!({ "text": text }));
            }
            return;
        }
        let (name, told) = said(&event.kind);
        self.tell(env, stage, since, name, told);
    }

    fn due(&self) -> Option<Instant> {
        None
    }

    fn tick(&mut self, _now: Instant) {}
}

/// What an event is called, and what there is to say of it.
fn said(kind: &Kind) -> (&'static str, Value) {
    match kind {
        Kind::RunStarted { envs, started } => (
            "run-started",
            json!({ "runenv": VERSION, "started": started, "envs": envs }),
        ),
        Kind::EnvStarted { stages } => ("env-started", json!({ "stages": stages })),
        Kind::StageCached { needed } => ("stage-cached", json!({ "not-needed": !needed })),
        Kind::StageStarted { number, of } => {
            ("stage-started", json!({ "number": number, "of": of }))
        }
        Kind::CommandStarted { text } => ("command-started", json!({ "text": text })),
        Kind::Output { bytes } => ("output", json!({ "text": String::from_utf8_lossy(bytes) })),
        Kind::Note { text } => ("note", json!({ "text": text })),
        Kind::StageEnded { result } => ("stage-ended", json!({ "result": result })),
        Kind::EnvEnded { result } => ("env-ended", json!({ "result": result })),
        Kind::Warning { problem } => ("warning", warning(problem)),
        Kind::RunEnded { summary } => {
            let run = RunResult::of(summary);
            let told = json!({
                "exit-code": run.exit_code,
                "interrupted": run.interrupted,
                "counts": run.counts,
            });
            ("run-ended", told)
        }
    }
}

fn warning(problem: &Problem) -> Value {
    let place = problem.places.first().map(ToString::to_string);
    json!({
        "title": problem.title,
        "place": place.unwrap_or_default(),
        "help": problem.help,
    })
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, str};

    use super::*;
    use crate::report::told::{Told, begun, env, failed, play, summary, words};
    use crate::run::result::State;

    fn lines(mask: &Mask, events: &[(u64, Told<'_>)]) -> String {
        let mut text = String::new();
        play(&mut Events::new(mask, |line| text += line), events, 0);
        text
    }

    fn output(bytes: &[u8]) -> (u64, Told<'static>) {
        let bytes = bytes.to_vec();
        (1, ("a", "tested", Kind::Output { bytes }))
    }

    #[test]
    fn each_event_is_a_line() {
        let mut ill = failed("tested", 1.0);
        (ill.tail, ill.on_failure_output) = (Vec::new(), Vec::new());
        let ended = summary(vec![env("a", State::Failed, vec![])], 3.0);
        let warned = Kind::Warning {
            problem: Problem::warning("odd", "mend it"),
        };
        let stages = words(&["tested"]);
        let events = [
            (0, begun(words(&["a"]))),
            (0, ("a", "", Kind::EnvStarted { stages })),
            (1, ("a", "built", Kind::StageCached { needed: true })),
            (1, ("a", "tested", Kind::StageStarted { number: 2, of: 2 })),
            (2, ("a", "", warned)),
            (3, ("", "", Kind::RunEnded { summary: ended })),
        ];
        assert_data_eq!(
            lines(&Mask::default(), &events),
            str![[r#"
{"event":"run-started","seconds":0.0,"env":null,"stage":null,"runenv":"0.1.0","started":"2025-01-01T00:00:00Z","envs":["a"]}
{"event":"env-started","seconds":0.0,"env":"a","stage":null,"stages":["tested"]}
{"event":"stage-cached","seconds":1.0,"env":"a","stage":"built","not-needed":false}
{"event":"stage-started","seconds":1.0,"env":"a","stage":"tested","number":2,"of":2}
{"event":"warning","seconds":2.0,"env":"a","stage":null,"title":"odd","place":"","help":["mend it"]}
{"event":"run-ended","seconds":3.0,"env":null,"stage":null,"exit-code":1,"interrupted":false,"counts":{"passed":0,"skipped":0,"not-run":0,"failed":1,"timed-out":0,"out-of-memory":0,"error":0,"interrupted":0}}

"#]]
        );
    }

    #[test]
    fn no_character_is_cut_and_no_byte_is_lost() {
        let result = failed("tested", 1.0);
        let pieces: [&[u8]; 6] = [
            b"\xc3",
            b"\xa4\n\xe2\x82",
            b"\xac",
            b"\xff\xfe",
            b"",
            b"x\xe2",
        ];
        let mut events: Vec<_> = pieces.iter().map(|bytes| output(bytes)).collect();
        events.push((1, ("a", "tested", Kind::StageEnded { result })));
        let told = lines(&Mask::default(), &events);
        let values = told.lines().map(|line| serde_json::from_str(line).unwrap());
        let texts = values.filter_map(|line: Value| Some(line["text"].as_str()?.to_owned()));
        let texts: Vec<String> = texts.collect();
        assert_eq!(texts, ["ä\n", "€", "\u{fffd}\u{fffd}", "x", "\u{fffd}"]);
    }

    #[test]
    fn secrets_are_masked_and_a_line_stays_a_line() {
        let text = "echo password0\n".to_owned();
        let events = [(0, ("a", "tested", Kind::CommandStarted { text }))];
        let told = lines(&Mask::of(["password0"]), &events);
        assert!(told.contains(r#""text":"echo ***\n""#), "{told}");
        assert_eq!(told.lines().count(), 1);
    }
}
