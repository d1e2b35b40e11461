//! How a stage's container ended: what its marks and the engine say together.
//!
//! A stage has passed only if its last mark was seen and the exited container says 0; the client's own exit code
//! decides nothing.

use super::super::result::{self, FailedCommand, StageResult, State};
use super::call::{Calls, HEAVY};
use super::stage_run::{Ended, Ran, StageRun};
use super::stamp;
use crate::engine::facts::{self, ContainerState};
use crate::engine::labels;
use crate::exec::{self, Background, Cancel};
use crate::plan::{script, user};
use crate::problem::Problem;

/// Keeps the stage if it passed, and tells what happened if it did not.
pub(crate) fn judge(run: &StageRun<'_>, ended: &Ended) -> Result<Ran, Problem> {
    let mut result = StageResult::new(&run.stage.name, State::Passed);
    result.leaked = ended.exit.leaked;
    let keyless = run.keyless || ended.edited.is_some();
    let done = ended.seen.done && ended.exit.stopped.is_none();
    // Kept beside the question how it ended, since all that could be seen went well.
    let hopeful = done && ended.exit.success();
    let early = (hopeful && run.stage.keep).then(|| commit(run, keyless));
    let state = state(run);
    let mut image = early.map(|commit| committed(run, commit)).transpose()?;
    let state = state?;
    let exited = |s: &ContainerState| s.status == "exited" && s.exit_code == 0;
    if done && state.as_ref().is_some_and(exited) {
        if !run.stage.keep {
            image = (!keyless).then(|| stamp::keep(run)).transpose()?;
        } else if image.is_none() {
            // The client was lost behind the last mark: the container says all the same how it ended.
            image = Some(committed(run, commit(run, keyless))?);
        }
        let edited = ended.edited.as_ref();
        result.detail = edited.map(|changed| format!("{changed}: not kept under its key"));
    } else {
        if let Some(image) = image.take() {
            let remove = run.calls.engine.remove_images(&[&image]);
            run.calls.query(&remove)?;
        }
        failure(run, ended, state.as_ref(), &mut result);
    }
    Ok(Ran {
        result,
        image,
        keyless,
        unfit: false,
        begun: ended.seen.begun,
        again: false,
    })
}

/// Starts to commit the container: under its key's tag, or without a key, for the stages after it and for `shell`.
fn commit(run: &StageRun<'_>, keyless: bool) -> Background {
    let engine = run.calls.engine;
    let command = if keyless {
        let tag = run.plan.image_name(run.stage, "edited");
        engine.commit(run.name, &tag, &[(labels::OWNER, ""), (labels::KEY, "")])
    } else {
        engine.commit(run.name, run.tag, &[(labels::OWNER, "")])
    };
    // A layer of many gigabytes takes its time.
    exec::background_within(vec![command], HEAVY)
}

/// The container's state; `None`: somebody removed it.
fn state(run: &StageRun<'_>) -> Result<Option<ContainerState>, Problem> {
    let command = run.calls.engine.inspect_container(run.name);
    let never = Cancel::never();
    let (engine, cancel) = (run.calls.engine, &never);
    let output = Calls::new(engine, cancel).query(&command)?;
    let there = output.exit.success();
    there
        .then(|| facts::container_state(&output.stdout))
        .transpose()
}

/// The id of the image that a commit made.
fn committed(run: &StageRun<'_>, commit: Background) -> Result<String, Problem> {
    let output = commit
        .join()
        .into_iter()
        .next()
        .expect("one command was given")?;
    let doing = format!("keep the stage `{}`", run.stage.name);
    run.calls.expect(&output, &doing)?;
    let image = output.text().lines().last().map(str::to_owned);
    image.ok_or_else(|| {
        let title = format!("{} did not {doing} in time", run.calls.engine.name());
        Problem::engine(
            title,
            "is its disk slow, or full? the stage has to be run again",
        )
    })
}

/// Tells a stage's failure: which command, which code or signal, or what the engine says.
fn failure(
    run: &StageRun<'_>,
    ended: &Ended,
    state: Option<&ContainerState>,
    result: &mut StageResult,
) {
    let (seen, stopped) = (&ended.seen, ended.exit.stopped);
    let code = state.map(|s| s.exit_code).filter(|_| seen.begun > 0);
    let code = seen.ended.or(code);
    let begun = seen.begun.checked_sub(1);
    result.command = begun
        .and_then(|at| run.stage.commands.get(at))
        .map(|command| FailedCommand {
            text: run.late.fill_shell(&command.text),
            place: command.place.clone(),
            exit_code: code.filter(|_| stopped.is_none()),
            signal: None,
        });
    let exited = state.is_some_and(|s| s.status == "exited") && code.is_some_and(|c| c != 0);
    let memory = state.is_some_and(|s| s.oom_killed) && code == Some(137);
    // Whoever sent it: the engine says no more than 137.
    let killed = code == Some(137) && seen.ended.is_none();
    let (state, detail) = match stopped {
        Some(stop) => result::stopped(stop, run.timeout),
        None if memory => (State::OutOfMemory, Some(NO_MEMORY.to_owned())),
        None if exited && seen.begun > 0 => (State::Failed, killed.then(|| KILLED.to_owned())),
        None => (State::Error, Some(engine_trouble(run, ended, state))),
    };
    (result.state, result.detail) = (state, detail);
}

const NO_MEMORY: &str = "the engine ended it for want of memory";
const KILLED: &str = "KILL ended it: for want of memory, from outside, or by the command itself";

fn engine_trouble(run: &StageRun<'_>, ended: &Ended, state: Option<&ContainerState>) -> String {
    let begun = ended.seen.begun > 0;
    match state {
        None if begun => "the container was removed while it ran".to_owned(),
        None => format!("the container did not start ({})", ended.exit.ended),
        Some(s) if !s.error.is_empty() => s.error.clone(),
        Some(s) if !begun && s.exit_code == script::NO_WORKDIR => {
            format!("`{}` cannot be made or entered", run.stage.workdir)
        }
        Some(s) if !begun && s.exit_code == user::NO_USER => {
            format!("the image has no user or group of `user = \"{}\"`", by(run))
        }
        Some(s) if !begun && s.exit_code == user::NO_WAY => {
            format!(
                "the image has no setpriv, chroot or su that lets commands run as `{}`",
                by(run)
            )
        }
        Some(s) if !begun => format!(
            "the script did not begin: is there a `sh` in the image{}? (exit code {})",
            emulator(run),
            s.exit_code
        ),
        Some(s) => format!(
            "the container is `{}` with exit code {}, and its script did not come to its end",
            s.status, s.exit_code
        ),
    }
}

/// What else may be missing where the image is for a platform of its own.
fn emulator(run: &StageRun<'_>) -> String {
    let platform = run.plan.platform.as_ref();
    platform.map_or_else(String::new, |p| format!(", or no emulator of {p} here"))
}

/// The stage's user.
fn by<'s>(run: &StageRun<'s>) -> &'s str {
    run.stage.user.as_deref().unwrap_or("root")
}
