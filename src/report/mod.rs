//! Telling people and programs what happens: everything that reaches the terminal is made and written here.
//!
//! Reads events and values of the floors below; starts nothing, asks nothing, decides nothing. A new form of report is
//! a file here that implements [`Sink`].
//!
//! ```ignore
//! let mut told = Plain::new(&out);
//! for event in events { told.event(&event); }
//! ```

pub(crate) mod clean;
pub(crate) mod explain;
pub(crate) mod excerpt;
pub(crate) mod failure;
pub(crate) mod out;
pub(crate) mod plain;
pub(crate) mod problem;
pub(crate) mod style;
pub(crate) mod table;
#[cfg(test)]
mod told;

use crate::run::event::Event;

/// Somebody who is told what happens during a run.
pub(crate) trait Sink {
    /// Takes one event; events of different environments may be mixed.
    fn event(&mut self, event: &Event);
}
