//! The owner's side of a running child: wait for its output and its end, and end it when it is time.
//!
//! One loop over one channel and one deadline; what the deadline means is the phase. The steps of an end:
//! ask (TERM, or the stop command), after `kill_after` insist (the kill command), then KILL the group, then go without
//! those who left the group and still hold the pipe. May not start the child: `stream` and `capture` do.

use std::io::PipeWriter;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::cancel::Cancel;
use super::capture::capture;
use super::child::{Child, aside};
use super::exit::{Exit, Stop};
use super::pipes::{Channel, Event};
use super::{Limits, Stopper};
use crate::command::Command;
use crate::problem::Problem;
use crate::time;

/// How long the rest may hold the pipe after the leader ended by itself.
const GRACE: Duration = Duration::from_secs(2);
/// How long those that stayed behind get after TERM, and a pipe after KILL.
const SHORT: Duration = Duration::from_secs(1);
/// How long an engine's client gets to notice that its container was killed, and a killed leader to be gone.
const NOTICE: Duration = Duration::from_secs(5);
/// The limit of a stop or kill command.
const HELPER: Limits = Limits {
    time: Some(Duration::from_secs(60)),
    kill_after: SHORT,
    hurry: None,
};

/// Takes output; an error ends the child.
pub(super) type Sink<'a> = &'a mut dyn FnMut(Channel, &[u8]) -> Result<(), String>;

/// What we wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// The leader ended by itself, a pipe is still open.
    Grace,
    /// We asked for the end.
    Asked,
    /// The kill command runs.
    Insisted,
    /// KILL was sent to the group.
    Killed,
}

pub(super) struct Watch<'a> {
    child: Child,
    events: Receiver<Event>,
    stopper: &'a Stopper,
    limits: &'a Limits,
    cancel: &'a Cancel,
    /// Output pipes that somebody can still write to.
    open: usize,
    feeding: bool,
    ended: bool,
    phase: Phase,
    deadline: Option<Instant>,
    stopped: Option<Stop>,
    leaked: bool,
    /// What went wrong on our side, and the input that may not be closed before the child is gone.
    trouble: Option<(String, Option<PipeWriter>)>,
    /// Closed when all stop and kill commands are done.
    helpers: (mpsc::Sender<()>, Receiver<()>),
}

/// A deadline; none when it lies beyond what the clock can say.
fn after(wait: Duration) -> Option<Instant> {
    time::start().checked_add(wait)
}

impl<'a> Watch<'a> {
    /// `open` output pipes and perhaps a feed report to `events`.
    pub(super) fn new(
        child: Child,
        events: Receiver<Event>,
        (open, feeding): (usize, bool),
        (stopper, limits, cancel): (&'a Stopper, &'a Limits, &'a Cancel),
    ) -> Self {
        Self {
            child,
            events,
            stopper,
            limits,
            cancel,
            open,
            feeding,
            ended: false,
            phase: Phase::Running,
            deadline: limits.time.and_then(after),
            stopped: None,
            leaked: false,
            trouble: None,
            helpers: mpsc::channel(),
        }
    }

    /// Waits to the end; the error is what went wrong on our side, as the end of "`git` ...".
    pub(super) fn run(mut self, sink: Sink) -> Result<Exit, String> {
        loop {
            self.heed_cancel();
            if self.complete() {
                break;
            }
            match self.next() {
                Some(event) => self.take(event, sink),
                None if self.advance() => {}
                None => break,
            }
        }
        self.finish()
    }

    /// The leader is gone and so is everybody at the pipes.
    fn complete(&self) -> bool {
        let feeding = self.feeding && matches!(self.phase, Phase::Running | Phase::Grace);
        self.ended && self.open == 0 && !feeding
    }

    /// The next event, or none when the deadline is over, also while events rain.
    fn next(&self) -> Option<Event> {
        let Some(deadline) = self.deadline else {
            return Some(self.events.recv().unwrap_or(Event::Wake));
        };
        let left = deadline
            .checked_duration_since(time::start())
            .filter(|left| !left.is_zero())?;
        self.events.recv_timeout(left).ok()
    }

    fn take(&mut self, event: Event, sink: Sink) {
        match event {
            Event::Bytes(channel, bytes) => self.pass_on(channel, &bytes, sink),
            Event::Closed => self.open -= 1,
            Event::Ended => {
                self.ended = true;
                match self.phase {
                    Phase::Running => self.enter(Phase::Grace, GRACE),
                    Phase::Killed => self.enter(Phase::Killed, SHORT),
                    Phase::Grace | Phase::Asked | Phase::Insisted => {}
                }
            }
            Event::Fed(Ok(())) => self.feeding = false,
            Event::Fed(Err((error, pipe))) => {
                self.feeding = false;
                self.fail(format!("cannot be sent its input: {error}"), Some(pipe));
            }
            Event::Wake => {}
        }
    }

    fn pass_on(&mut self, channel: Channel, bytes: &[u8], sink: Sink) {
        if self.trouble.is_some() {
            return;
        }
        let before = time::start();
        if let Err(error) = sink(channel, bytes) {
            self.fail(error, None);
        }
        // A slow reader of ours (a terminal) is not the child's fault: it may not cost the rest of the output.
        if matches!(self.phase, Phase::Grace | Phase::Killed) {
            self.deadline = self
                .deadline
                .and_then(|deadline| deadline.checked_add(before.elapsed()));
        }
    }

    fn fail(&mut self, error: String, pipe: Option<PipeWriter>) {
        self.trouble = Some((error, pipe));
        self.ask();
    }

    fn heed_cancel(&mut self) {
        let count = self.cancel.count();
        if count == 0 {
            return;
        }
        self.stopped = self.stopped.or(Some(Stop::Interrupted));
        self.ask();
        if count > 1 && self.phase != Phase::Killed {
            if self.phase == Phase::Asked {
                self.insist();
            }
            self.kill();
        }
    }

    /// The deadline is over: the next step. False when there is none left.
    fn advance(&mut self) -> bool {
        match self.phase {
            Phase::Running => {
                self.stopped = Some(Stop::TimeLimit);
                self.ask();
            }
            // Nobody writes, only our own feed is busy elsewhere: it will find the pipe closed.
            Phase::Grace if self.open == 0 => return false,
            Phase::Grace => {
                self.leaked = true;
                self.child.terminate();
                self.enter(Phase::Asked, SHORT);
            }
            Phase::Asked => {
                if !self.insist() {
                    self.kill();
                }
            }
            Phase::Insisted => self.kill(),
            Phase::Killed => {
                self.leaked |= self.open > 0;
                return false;
            }
        }
        true
    }

    fn enter(&mut self, phase: Phase, wait: Duration) {
        self.phase = phase;
        self.deadline = after(wait);
    }

    /// First step of an end; does nothing when we are further already.
    fn ask(&mut self) {
        if !matches!(self.phase, Phase::Running | Phase::Grace) {
            return;
        }
        match self.stopper {
            Stopper::Command { stop, .. } if !self.ended => self.help(stop.clone()),
            Stopper::Command { .. } | Stopper::Group => self.child.terminate(),
        }
        let Limits {
            kill_after, hurry, ..
        } = *self.limits;
        let hurry = hurry.filter(|_| self.stopped == Some(Stop::Interrupted));
        self.enter(
            Phase::Asked,
            hurry.map_or(kill_after, |most| kill_after.min(most)),
        );
    }

    /// Second step, of children that are only clients of what they run; false for others.
    fn insist(&mut self) -> bool {
        match self.stopper {
            Stopper::Command { kill, .. } if !self.ended => {
                self.help(vec![kill.clone()]);
                self.enter(Phase::Insisted, NOTICE);
                true
            }
            Stopper::Command { .. } | Stopper::Group => false,
        }
    }

    /// Last step.
    fn kill(&mut self) {
        self.child.kill();
        self.enter(Phase::Killed, if self.ended { SHORT } else { NOTICE });
    }

    /// Runs commands beside, one after another; whatever they say, the deadline decides.
    fn help(&self, commands: Vec<Command>) {
        let done = self.helpers.0.clone();
        let _ = aside(move || {
            for command in commands {
                let _ = capture(&command, &HELPER, &Cancel::never());
            }
            drop(done);
        });
    }

    fn finish(self) -> Result<Exit, String> {
        // Who closed the pipe and ignored TERM is still there; the leader is unreaped, so this hits nobody else.
        if !matches!(self.phase, Phase::Running | Phase::Grace) {
            self.child.kill();
        }
        let ended = if self.ended {
            self.child.reap()
        } else {
            self.child.give_up()
        };
        let (sender, done) = self.helpers;
        drop(sender);
        let _ = done.recv_timeout(NOTICE);
        match self.trouble {
            Some((error, _)) => Err(error),
            None => Ok(Exit {
                ended,
                stopped: self.stopped,
                leaked: self.leaked,
            }),
        }
    }
}

/// A problem for a child that had to be ended for `error`.
pub(super) fn trouble(command: &Command, error: &str) -> Problem {
    let help = "what it was sent or printed cannot be used; try again, or run the command by hand";
    Problem::engine(format!("`{}` {error}", command.program()), help)
}
