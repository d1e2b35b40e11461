//! `stream` with real processes: what the tests share.

mod ending;
mod output;
mod shells;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::*;
use crate::{files, time};

/// Far above what any of these take on a busy machine, far below what hangs.
const LONG: Duration = Duration::from_secs(20);

fn sh(script: &str) -> Command {
    Command::new(["sh", "-c", script])
}

fn limits(time: Option<u64>, kill_after: u64) -> Limits {
    Limits {
        time: time.map(Duration::from_millis),
        kill_after: Duration::from_millis(kill_after),
        hurry: None,
    }
}

/// Runs with nothing special; the exit and what was printed.
fn plain(command: &Command) -> (Exit, String) {
    with(
        command,
        &Stopper::Group,
        &Limits::default(),
        &Cancel::never(),
    )
}

fn with(command: &Command, stopper: &Stopper, limits: &Limits, cancel: &Cancel) -> (Exit, String) {
    let mut printed = Vec::new();
    let exit = stream(command, None, stopper, limits, cancel, &mut |bytes| {
        printed.extend_from_slice(bytes);
    })
    .unwrap();
    (exit, String::from_utf8(printed).unwrap())
}

/// Requests the end when the child says its first word, and once more after `again`.
fn interrupted(
    command: &Command,
    stopper: &Stopper,
    limits: &Limits,
    again: bool,
) -> (Exit, String) {
    let cancel = Cancel::never();
    let (ready, is_ready) = mpsc::channel();
    let other = cancel.clone();
    thread::spawn(move || {
        is_ready.recv().unwrap();
        other.request();
        if again {
            other.request();
        }
    });
    let mut printed = Vec::new();
    let exit = stream(command, None, stopper, limits, &cancel, &mut |bytes| {
        printed.extend_from_slice(bytes);
        let _ = ready.send(());
    });
    (exit.unwrap(), String::from_utf8(printed).unwrap())
}

/// Is a process there that still does something?
fn alive(pid: &str) -> bool {
    let stat = files::read_if_there(Path::new(&format!("/proc/{pid}/stat"))).unwrap_or_default();
    let state = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .trim()
        .chars()
        .next();
    state.is_some_and(|state| state != 'Z' && state != 'X')
}

/// KILL was sent; the system may need a moment.
fn assert_gone(pids: &str) {
    let start = time::start();
    for pid in pids.split_whitespace() {
        while alive(pid) {
            assert!(start.elapsed() < LONG, "{pid} lives");
            thread::yield_now();
        }
    }
}
