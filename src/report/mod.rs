//! Telling people and programs what happens: everything that reaches the terminal is made and written here.
//!
//! Reads events and values of the floors below; starts nothing, asks nothing, decides nothing. A new form of report is
//! a file here that implements [`Sink`].
//!
//! ```ignore
//! let mut told = Plain::new(&out, folder);
//! follow(&events, &mut told);
//! ```

pub(crate) mod compare;
pub(crate) mod difference;
pub(crate) mod events;
pub(crate) mod excerpt;
pub(crate) mod explain;
pub(crate) mod failure;
pub(crate) mod grid;
pub(crate) mod harmless;
mod held;
pub(crate) mod html;
pub(crate) mod job;
pub(crate) mod junit;
mod last_line;
pub(crate) mod live;
pub(crate) mod out;
pub(crate) mod plain;
pub(crate) mod problem;
pub(crate) mod style;
pub(crate) mod table;
#[cfg(test)]
mod told;

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Instant;

use crate::run::event::Event;
use crate::time;

/// Somebody who is told what happens during a run, and what time it is.
pub(crate) trait Sink {
    /// Takes one event; events of different environments may be mixed.
    fn event(&mut self, event: &Event, now: Instant);

    /// When there will be something to say even if nothing happens.
    fn due(&self) -> Option<Instant>;

    /// It is so late now, and nothing has happened.
    fn tick(&mut self, now: Instant);
}

/// Several who are told the same.
pub(crate) struct All<'a>(pub(crate) Vec<&'a mut dyn Sink>);

impl Sink for All<'_> {
    fn event(&mut self, event: &Event, now: Instant) {
        for sink in &mut self.0 {
            sink.event(event, now);
        }
    }

    fn due(&self) -> Option<Instant> {
        self.0.iter().filter_map(|sink| sink.due()).min()
    }

    fn tick(&mut self, now: Instant) {
        for sink in &mut self.0 {
            if sink.due().is_some_and(|due| due <= now) {
                sink.tick(now);
            }
        }
    }
}

/// Tells everything that happens, until nobody can tell anything any more.
pub(crate) fn follow(events: &Receiver<Event>, sink: &mut dyn Sink) {
    loop {
        let event = match sink.due() {
            None => events.recv().map_err(RecvTimeoutError::from),
            Some(due) => events.recv_timeout(due.saturating_duration_since(time::start())),
        };
        match event {
            Ok(event) => sink.event(&event, time::start()),
            Err(RecvTimeoutError::Timeout) => sink.tick(time::start()),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
}
