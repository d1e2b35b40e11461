//! The stream of a stage's container: its output to the log and the events, its marks to what was seen.

use super::super::event::{Kind, Teller};
use super::super::log::Log;
use super::super::options::Limit;
use super::marks::{Mark, Marks, Piece};
use super::stage_run::{Seen, StageRun};
use crate::command::Command;
use crate::engine::Engine;
use crate::exec::{self, Exit, Limits, Stopper};
use crate::problem::Problem;

/// Runs the client and reads the stream until it ends.
pub(crate) fn follow(
    run: &StageRun<'_>,
    command: &Command,
    mark: &str,
    log: &mut Log,
    tell: &mut Teller<'_>,
) -> Result<(Exit, Seen), Problem> {
    let limits = Limits {
        time: run.timeout.map(Limit::left),
        kill_after: run.stage.limits.kill_after,
        hurry: run.hurry,
    };
    let stopper = stopper(run.calls.engine, run.name, &limits);
    let (mut marks, mut seen) = (Marks::new(mark), Seen::default());
    let mut listen = |bytes: &[u8]| {
        for piece in marks.feed(bytes) {
            take(run, piece, &mut seen, log, tell);
        }
    };
    let cancel = run.calls.cancel;
    let exit = exec::stream(command, None, &stopper, &limits, cancel, &mut listen)?;
    let rest = marks.rest();
    if !rest.is_empty() {
        take(run, Piece::Output(rest), &mut seen, log, tell);
    }
    let rest = log.rest();
    if !seen.on_failure {
        output(rest, tell);
    }
    Ok((exit, seen))
}

/// Tells output, if there is some.
pub(super) fn output(bytes: Vec<u8>, tell: &mut Teller<'_>) {
    if !bytes.is_empty() {
        tell.say(Kind::Output { bytes });
    }
}

/// How a stage's container is asked to end.
pub(super) fn stopper(engine: Engine, container: &str, limits: &Limits) -> Stopper {
    Stopper::Command {
        stop: vec![
            engine.terminate(container),
            engine.stop(container, limits.kill_after),
        ],
        kill: engine.kill(container),
    }
}

fn take(run: &StageRun<'_>, piece: Piece, seen: &mut Seen, log: &mut Log, tell: &mut Teller<'_>) {
    match piece {
        Piece::Output(bytes) => {
            let bytes = log.write(&bytes).into_owned();
            // What `on-failure` prints stands in the failure report.
            if !seen.on_failure {
                output(bytes, tell);
            }
        }
        Piece::Mark(Mark::Begin(number)) => {
            (seen.begun, seen.ended) = (number, None);
            if let Some(command) = run.stage.commands.get(number - 1) {
                let text = run.late.fill_shell(&command.text);
                tell.say(Kind::CommandStarted { text });
            }
        }
        Piece::Mark(Mark::End(_, code)) => seen.ended = Some(code),
        Piece::Mark(Mark::OnFailure) => {
            seen.on_failure = true;
            log.on_failure();
        }
        Piece::Mark(Mark::Done) => seen.done = true,
    }
}
