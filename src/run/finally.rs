//! `finally` of a stage: what is the same in a container and on this host. It changes no result; its trouble is a warning.

use std::time::Duration;

use super::Options;
use super::result::State;
use crate::exec::{Cancel, Exit, Stop};
use crate::plan::Stage;
use crate::problem::Problem;
use crate::time;

/// How long it may take: as long as the stage; after a signal or a stage's time limit no longer than processes get to end.
pub(crate) fn limit(
    options: &Options,
    stage: &Stage,
    ended: State,
    cancel: &Cancel,
) -> Option<Duration> {
    if cancel.requested() || ended == State::TimedOut {
        return Some(stage.limits.kill_after);
    }
    options.own_limit(stage)
}

/// What went wrong: `codes` are the exit codes of the commands that ended, in order, `exit` is how all of it did.
pub(crate) fn problems(
    stage: &Stage,
    codes: &[i32],
    exit: Result<Exit, Problem>,
    limit: Option<Duration>,
) -> Vec<Problem> {
    let warning = |text: String| {
        let title = format!("`finally` of `{}`: {text}", stage.name);
        Problem::warning(title, "the stage's own result stands")
    };
    let failed = stage.finally.iter().zip(codes);
    let failed = failed.filter(|(command, code)| **code != 0 && !command.allow_failure);
    let mut all: Vec<Problem> = failed
        .map(|(command, code)| warning(format!("exit code {code} of `{}`", command.text.trim())))
        .collect();
    match exit {
        Err(problem) => all.push(warning(problem.title)),
        Ok(exit) => match exit.stopped {
            Some(Stop::TimeLimit) => {
                let limit = limit.map(time::show_duration).unwrap_or_default();
                all.push(warning(format!("its time of {limit} ran out")));
            }
            None if codes.len() < stage.finally.len() => {
                all.push(warning(format!(
                    "it did not come to its end ({})",
                    exit.ended
                )));
            }
            Some(Stop::Interrupted) | None => {}
        },
    }
    all
}
