//! Long commands: their output is passed on as it comes, and they can be fed, limited and stopped.

use std::io::{self, PipeReader, PipeWriter};
use std::sync::mpsc::sync_channel;

use super::child::{Child, aside, exhausted, expression};
use super::group::{Before, Group};
use super::pipes::{self, Channel, Event, Feed};
use super::watch::{Sink, Watch, trouble};
use super::{Cancel, Exit, Limits, Stopper};
use crate::command::{Command, Stdin};
use crate::problem::Problem;

/// So many chunks wait for a slow reader; then the child waits.
const QUEUE: usize = 16;

/// Runs a command and passes on what it prints on stdout and stderr, merged in order of arrival, byte for byte,
/// on this thread and as it comes (not by line).
///
/// `feed` makes the input of a command with `Stdin::Made`. A command is not started when the end was asked for before.
/// `Stdin::Inherit` is for `interactive` only: here it is `/dev/null`.
pub(crate) fn stream(
    command: &Command,
    feed: Option<Feed>,
    stopper: &Stopper,
    limits: &Limits,
    cancel: &Cancel,
    on_output: &mut dyn FnMut(&[u8]),
) -> Result<Exit, Problem> {
    let sink: Sink = &mut |_, bytes| {
        on_output(bytes);
        Ok(())
    };
    run(command, feed, (stopper, limits, cancel), true, sink)
}

/// The same of a command in a group of its own, which is told as soon as it is started: whoever keeps a note of it can end
/// it though we are killed.
pub(crate) fn stream_noted(
    command: &Command,
    limits: &Limits,
    cancel: &Cancel,
    begun: &dyn Fn(&Group),
    on_output: &mut dyn FnMut(&[u8]),
) -> Result<Exit, Problem> {
    let sink: Sink = &mut |_, bytes| {
        on_output(bytes);
        Ok(())
    };
    let ends = (&Stopper::Group, limits, cancel);
    run_noted(command, None, ends, true, Some(begun), sink)
}

/// The common part of `stream` and `capture`.
pub(super) fn run(
    command: &Command,
    feed: Option<Feed>,
    ends: (&Stopper, &Limits, &Cancel),
    merged: bool,
    sink: Sink,
) -> Result<Exit, Problem> {
    run_noted(command, feed, ends, merged, None, sink)
}

fn run_noted(
    command: &Command,
    feed: Option<Feed>,
    (stopper, limits, cancel): (&Stopper, &Limits, &Cancel),
    merged: bool,
    begun: Option<&dyn Fn(&Group)>,
    sink: Sink,
) -> Result<Exit, Problem> {
    let (sender, events) = sync_channel(QUEUE);
    // A full queue wakes the owner as well, who looks at the count at every event.
    let waker = sender.clone();
    let _subscription = cancel.subscribe(move || drop(waker.try_send(Event::Wake)));
    if cancel.requested() {
        return Ok(Exit::NOT_STARTED);
    }

    let feed = source(command, feed);
    let before = begun.and_then(|begun| Some((begun, Before::now(limits.kill_after)?)));
    let (child, outputs, input) = start(command, merged, feed.is_some())?;
    if let Some((begun, before)) = before
        && let Some(group) = before.led_by(child.group())
    {
        begun(&group);
    }
    let (open, feeding) = (outputs.len(), feed.is_some());
    for (pipe, channel) in outputs {
        let sender = sender.clone();
        aside(move || pipes::read(pipe, channel, &sender))?;
    }
    if let Some((feed, input)) = feed.zip(input) {
        let sender = sender.clone();
        aside(move || pipes::feed(feed, input, &sender))?;
    }
    child.when_ended(move || drop(sender.send(Event::Ended)))?;
    Watch::new(child, events, (open, feeding), (stopper, limits, cancel))
        .run(sink)
        .map_err(|e| trouble(command, &e))
}

/// A child with our ends of its pipes: its outputs (one when merged), its input.
type Started = (Child, Vec<(PipeReader, Channel)>, Option<PipeWriter>);

/// Starts the child. The expressions hold copies of its pipe ends, so none may live on: no pipe would ever end.
fn start(command: &Command, merged: bool, fed: bool) -> Result<Started, Problem> {
    let pipe = || io::pipe().map_err(|e| exhausted(&e));
    let expression = expression(command);
    let (out, out_end) = pipe()?;
    let mut outputs = vec![(out, Channel::Out)];
    // The innermost redirection is applied last.
    let expression = if merged {
        expression.stderr_to_stdout().stdout_file(out_end)
    } else {
        let (error, error_end) = pipe()?;
        outputs.push((error, Channel::Error));
        expression.stdout_file(out_end).stderr_file(error_end)
    };
    if !fed {
        return Ok((
            Child::start(&expression.stdin_null(), command)?,
            outputs,
            None,
        ));
    }
    let (input_end, input) = pipe()?;
    Ok((
        Child::start(&expression.stdin_file(input_end), command)?,
        outputs,
        Some(input),
    ))
}

/// What is written to the child's input.
fn source(command: &Command, feed: Option<Feed>) -> Option<Feed> {
    match &command.stdin {
        Stdin::Null | Stdin::Inherit => None,
        Stdin::Text(text) => {
            let text = text.clone();
            Some(Box::new(move |pipe| pipe.write_all(text.as_bytes())))
        }
        Stdin::Made(_) => {
            Some(feed.expect("who makes a command with made input makes the input, too"))
        }
    }
}
