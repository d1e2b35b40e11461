//! How long artifacts are waited for: a limit for each place, and after a signal one for all that is left together.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use crate::exec::Cancel;
use crate::time;

/// How long one place may take, and how long all may after a signal.
const LIMIT: Duration = Duration::from_secs(600);
const HURRY: Duration = Duration::from_secs(3);

pub(super) struct Deadline<'a> {
    pub(super) cancel: &'a Cancel,
    place: Instant,
    /// When the signal was first seen.
    hurry: Option<Instant>,
}

impl<'a> Deadline<'a> {
    pub(super) fn new(cancel: &'a Cancel) -> Self {
        let (place, hurry) = (time::start(), None);
        Self {
            cancel,
            place,
            hurry,
        }
    }

    /// Begins with the next place; how long it may take, which is nothing when all is to end.
    pub(super) fn begin(&mut self) -> Duration {
        self.place = time::start();
        self.left()
    }

    /// How long there still is for this place. A second signal leaves none.
    pub(super) fn left(&mut self) -> Duration {
        match self.cancel.count() {
            0 => LIMIT.saturating_sub(self.place.elapsed()),
            1 => HURRY.saturating_sub(self.hurry.get_or_insert_with(time::start).elapsed()),
            _ => Duration::ZERO,
        }
    }

    pub(super) fn is_over(&mut self) -> bool {
        self.left().is_zero()
    }
}

/// A file that is read no longer than that.
pub(super) struct Timed<'a, 'b, R> {
    pub(super) from: R,
    pub(super) deadline: &'a mut Deadline<'b>,
}

impl<R: Read> Read for Timed<'_, '_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.deadline.is_over() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.from.read(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_signal_there_is_one_limit_for_all_and_after_two_none() {
        let cancel = Cancel::never();
        let mut deadline = Deadline::new(&cancel);
        assert!(deadline.begin() > HURRY);
        cancel.request();
        let first = deadline.begin();
        assert!(first <= HURRY && !first.is_zero());
        std::thread::sleep(Duration::from_millis(2));
        assert!(deadline.begin() < first);
        cancel.request();
        assert!(deadline.is_over());
        let mut timed = Timed {
            from: &b"x"[..],
            deadline: &mut deadline,
        };
        assert!(timed.read(&mut [0]).is_err());
    }
}
