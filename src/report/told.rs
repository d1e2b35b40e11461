//! For the tests of this folder: streams that are kept, and results that are short to write.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::Sink;
use super::job::Provider;
use super::out::Out;
use super::plain::Plain;
use crate::run::event::{Event, Kind};
use crate::run::result::Took;
use crate::run::result::{EnvResult, FailedCommand, StageResult, State, Summary};
use crate::time;

struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Environment, stage, and what happened.
pub(super) type Told<'a> = (&'a str, &'a str, Kind);

/// What plain progress says on stderr about these events.
pub(super) fn told(colour: bool, verbosity: i8, events: &[Told<'_>]) -> String {
    let events: Vec<_> = events.iter().map(|event| (0, event.clone())).collect();
    told_at(colour, verbosity, &events, 0)
}

/// The same with the second of each event, up to a last second.
pub(super) fn told_at(
    colour: bool,
    verbosity: i8,
    events: &[(u64, Told<'_>)],
    last: u64,
) -> String {
    recorded(colour, verbosity, |out| {
        play(&mut Plain::new(out, Path::new(".")), events, last);
    })
}

/// What plain progress says in a job; the word that nobody can guess is `TOKEN`.
pub(super) fn told_in(
    provider: Provider,
    verbosity: i8,
    events: &[(u64, Told<'_>)],
    last: u64,
) -> String {
    let folder = tempfile::tempdir().unwrap();
    let text = recorded(false, verbosity, |out| {
        let out = out.clone().in_job(Some(provider));
        play(&mut Plain::new(&out, folder.path()), events, last);
        out.finish(0);
    });
    let token = text.split("::stop-commands::").nth(1);
    let token = token.and_then(|rest| rest.lines().next().map(str::to_owned));
    token.map_or(text.clone(), |token| text.replace(&token, "TOKEN"))
}

/// What somebody says on stderr.
pub(super) fn recorded(colour: bool, verbosity: i8, say: impl FnOnce(&Out)) -> String {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let tell = Box::new(Kept(Arc::clone(&kept)));
    say(&Out::over(Box::new(io::sink()), tell, colour, verbosity));
    let bytes = kept.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

/// Tells a sink what happens, and wakes it when it wants to be woken.
pub(super) fn play(sink: &mut dyn Sink, events: &[(u64, Told<'_>)], last: u64) {
    let start = time::start();
    let at = |second| start + Duration::from_secs(second);
    let wake = |sink: &mut dyn Sink, until| {
        while let Some(due) = sink.due().filter(|due| *due < until) {
            sink.tick(due);
        }
    };
    for (second, (env, stage, kind)) in events {
        wake(sink, at(*second));
        let event = Event {
            env: (*env).to_owned(),
            stage: (*stage).to_owned(),
            kind: kind.clone(),
        };
        sink.event(&event, at(*second));
    }
    wake(sink, at(last));
}

pub(super) fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|&w| w.to_owned()).collect()
}

/// A run begins.
pub(super) fn begun(envs: Vec<String>) -> Told<'static> {
    let started = "2025-01-01T00:00:00Z".to_owned();
    ("", "", Kind::RunStarted { envs, started })
}

fn took(seconds: f64) -> Took {
    Took(Duration::from_secs_f64(seconds))
}

pub(super) fn passed(name: &str, seconds: f64) -> StageResult {
    StageResult {
        seconds: took(seconds),
        log: format!(".runenv/docker-a/log/01-{name}.log"),
        ..StageResult::new(name, State::Passed)
    }
}

pub(super) fn cached(name: &str) -> StageResult {
    StageResult {
        cached: true,
        ..StageResult::new(name, State::Passed)
    }
}

pub(super) fn failed(name: &str, seconds: f64) -> StageResult {
    StageResult {
        state: State::Failed,
        image: Some("x:key-failed".to_owned()),
        command: Some(FailedCommand {
            text: "make check".to_owned(),
            place: "envs.toml:41:9".to_owned(),
            exit_code: Some(2),
            signal: None,
        }),
        tail: words(&["checking…", "FAIL: test_foo"]),
        on_failure_output: words(&["== test.log", "expected 1, got 2"]),
        ..passed(name, seconds)
    }
}

pub(super) fn env(name: &str, state: State, stages: Vec<StageResult>) -> EnvResult {
    EnvResult {
        seconds: took(100.0),
        stages,
        started: "2025-01-01T00:00:00Z".to_owned(),
        runenv: "0.1.0".to_owned(),
        ..EnvResult::new(name, state)
    }
}

pub(super) fn summary(envs: Vec<EnvResult>, seconds: f64) -> Summary {
    Summary {
        envs,
        started: "2025-01-01T00:00:00Z".to_owned(),
        seconds: took(seconds),
        interrupted: false,
    }
}
