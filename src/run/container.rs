//! One stage in a container: create, copy in, start with the script on stdin, ask how it ended, commit, remove.

use std::path::Path;
use std::time::Instant;

use super::call::Calls;
use super::event::{Event, Kind, Took};
use super::log::Log;
use super::marks::{Mark, Marks, Piece};
use super::owner;
use super::proxies::Proxies;
use super::result::{FailedCommand, StageResult, State};
use crate::command::Command;
use crate::engine::labels::{self, Labels};
use crate::engine::{Container, facts};
use crate::exec::{self, Background, Exit, Limits, Stop, Stopper};
use crate::late::Late;
use crate::plan::copy::{Manifest, TarError};
use crate::plan::{Plan, Stage, script};
use crate::problem::Problem;
use crate::time;

/// Everything one stage needs to run.
pub(crate) struct StageRun<'a> {
    pub(crate) calls: &'a Calls<'a>,
    pub(crate) plan: &'a Plan,
    pub(crate) stage: &'a Stage,
    /// The image it starts from.
    pub(crate) image: &'a str,
    pub(crate) labels: &'a Labels,
    pub(crate) name: &'a str,
    pub(crate) network: &'a str,
    pub(crate) files: Option<(&'a Manifest, &'a Path)>,
    pub(crate) late: &'a Late,
    pub(crate) proxies: &'a Proxies,
    /// The base image sets a `PATH`.
    pub(crate) has_path: bool,
    /// Where the client runs: podman leaves files in its working folder.
    pub(crate) folder: &'a Path,
    pub(crate) timeout: Option<std::time::Duration>,
    /// The tag that the image gets if the stage passes.
    pub(crate) tag: &'a str,
}

/// What the stream of a stage told.
#[derive(Debug, Default)]
struct Seen {
    /// The command that was begun last, counted from 1, and how it ended.
    begun: usize,
    ended: Option<i32>,
    on_failure: bool,
    done: bool,
}

/// How a stage ended, and the image that holds it.
pub(crate) struct Ran {
    pub(crate) result: StageResult,
    pub(crate) image: Option<String>,
    /// A file changed while it was sent: what was built is not what the key says.
    pub(crate) edited: Option<String>,
}

/// Runs the stage and, if it passed, keeps it under its tag. The container is left for the caller to remove.
pub(crate) fn run(
    run: &StageRun<'_>,
    mut log: Log,
    tell: &mut dyn FnMut(Event),
) -> Result<Ran, Problem> {
    let started = time::start();
    let mark = owner::random_word();
    let text =
        script::preamble(&mark, &run.proxies.variables, &run.stage.on_failure) + &run.stage.body;
    let text = run.late.fill_shell(&text);
    let spec = Container {
        name: run.name,
        image: run.image,
        network: Some(run.network),
        labels: run.labels,
        memory: run.stage.limits.memory.as_deref(),
        cpus: run.stage.limits.cpus.as_deref(),
        platform: run.plan.platform.as_deref(),
        has_path: run.has_path,
        client: run.proxies.client.as_deref(),
    };
    let engine = run.calls.engine;
    let (mut command, edited) = match run.files {
        Some((manifest, root)) => {
            run.calls.work(
                &engine.create(&spec),
                &format!("create a container of `{}`", run.image),
            )?;
            let edited = copy_in(run, manifest, root)?;
            (engine.start(run.name, text), edited)
        }
        None => (engine.run(&spec, text), None),
    };
    command.dir = Some(run.folder.to_owned());
    let (exit, seen) = follow(run, &command, &mark, &mut log, tell)?;
    let mut ran = judge(run, &exit, &seen, edited.as_deref(), started)?;
    let (tail, on_failure, missing, trouble) = log.finish();
    let result = &mut ran.result;
    (
        result.tail,
        result.on_failure_output,
        result.missing_packages,
    ) = (tail, on_failure, missing);
    result.seconds = Took(started.elapsed());
    ran.edited = edited;
    trouble.map_or(Ok(ran), Err)
}

/// Sends the files; `Some` names one that changed meanwhile.
fn copy_in(
    run: &StageRun<'_>,
    manifest: &Manifest,
    root: &Path,
) -> Result<Option<String>, Problem> {
    let (manifest, root, workdir) = (manifest.clone(), root.to_owned(), run.stage.workdir.clone());
    let (sender, receiver) = std::sync::mpsc::channel();
    let feed: exec::Feed = Box::new(move |out| match manifest.write_tar(&root, &workdir, out) {
        Ok(()) => Ok(()),
        Err(changed @ TarError::Changed(_)) => {
            sender.send(changed.to_string()).ok();
            Ok(())
        }
        Err(TarError::Write(error)) => Err(error),
    });
    let made = format!("runenv context {} {}", run.plan.env, run.stage.name);
    let command = run.calls.engine.copy_in(run.name, made);
    let mut said = Vec::new();
    let stopper = Stopper::Group;
    let exit = exec::stream(
        &command,
        Some(feed),
        &stopper,
        &Limits::default(),
        run.calls.cancel,
        &mut |bytes| {
            said.extend_from_slice(&bytes[..bytes.len().min(4096)]);
        },
    )?;
    if !exit.success() && exit.stopped.is_none() {
        let said = String::from_utf8_lossy(&said);
        let line = said
            .lines()
            .rev()
            .find(|l| !l.trim().is_empty())
            .unwrap_or("it does not say why")
            .trim()
            .to_owned();
        let title = format!(
            "{} could not copy the files of `{}` into `{}`: {line}",
            run.calls.engine.name(),
            run.stage.name,
            run.stage.workdir
        );
        return Err(Problem::engine(
            title,
            format!(
                "does the image `{}` have a link or a file where a folder is copied to?",
                run.image
            ),
        ));
    }
    Ok(receiver.try_recv().ok())
}

/// Runs the client and reads the stream until it ends.
fn follow(
    run: &StageRun<'_>,
    command: &Command,
    mark: &str,
    log: &mut Log,
    tell: &mut dyn FnMut(Event),
) -> Result<(Exit, Seen), Problem> {
    let engine = run.calls.engine;
    let limits = Limits {
        time: run.timeout,
        kill_after: run.stage.limits.kill_after,
    };
    let stopper = Stopper::Command {
        stop: engine.stop(run.name, limits.kill_after),
        kill: engine.kill(run.name),
    };
    let (mut marks, mut seen) = (Marks::new(mark), Seen::default());
    let event = |kind| Event {
        env: run.plan.env.clone(),
        stage: run.stage.name.clone(),
        kind,
    };
    let mut each = |piece: Piece, log: &mut Log| match piece {
        Piece::Output(bytes) => {
            log.write(&bytes);
            // What `on-failure` prints stands in the failure report.
            if !seen.on_failure {
                tell(event(Kind::Output { bytes }));
            }
        }
        Piece::Mark(Mark::Begin(number)) => {
            (seen.begun, seen.ended) = (number, None);
            if let Some(command) = run.stage.commands.get(number - 1) {
                tell(event(Kind::CommandStarted {
                    text: run.late.fill_shell(&command.text),
                }));
            }
        }
        Piece::Mark(Mark::End(_, code)) => seen.ended = Some(code),
        Piece::Mark(Mark::OnFailure) => {
            seen.on_failure = true;
            log.on_failure();
        }
        Piece::Mark(Mark::Done) => seen.done = true,
    };
    let exit = exec::stream(
        command,
        None,
        &stopper,
        &limits,
        run.calls.cancel,
        &mut |bytes| {
            marks
                .feed(bytes)
                .into_iter()
                .for_each(|piece| each(piece, log));
        },
    )?;
    let rest = marks.rest();
    if !rest.is_empty() {
        each(Piece::Output(rest), log);
    }
    Ok((exit, seen))
}

/// What the marks and the engine say together. A stage has passed only if its last mark was seen and the exited
/// container says 0; the client's own code decides nothing.
fn judge(
    run: &StageRun<'_>,
    exit: &Exit,
    seen: &Seen,
    edited: Option<&str>,
    started: Instant,
) -> Result<Ran, Problem> {
    let engine = run.calls.engine;
    let mut result = StageResult::new(&run.stage.name, State::Passed);
    result.leaked = exit.leaked;
    // Kept beside the question how it ended, since all that could be seen went well.
    let hopeful = seen.done && exit.success() && edited.is_none();
    let commit = hopeful.then(|| {
        exec::background(vec![engine.commit(
            run.name,
            run.tag,
            &[(labels::OWNER, "")],
        )])
    });
    let output = exec::capture(
        &engine.inspect_container(run.name),
        &Limits::default(),
        &exec::Cancel::never(),
    )?;
    let state = output
        .exit
        .success()
        .then(|| facts::container_state(&output.stdout))
        .transpose()?;
    let committed = commit.map(Background::join);
    let mut image = None;
    if let Some(results) = committed {
        let output = results.into_iter().next().expect("one command was given")?;
        run.calls
            .expect(&output, &format!("keep the stage `{}`", run.stage.name))?;
        image = output.text().lines().last().map(str::to_owned);
    }
    let clean = state
        .as_ref()
        .is_some_and(|s| s.status == "exited" && s.exit_code == 0);
    if hopeful && clean {
        return Ok(Ran {
            result,
            image,
            edited: None,
        });
    }
    if let Some(image) = image.take() {
        run.calls.query(&engine.remove_images(&[&image]))?;
    }
    if seen.done && clean && exit.stopped.is_none() {
        result.detail = edited.map(|changed| format!("{changed}: not kept"));
        return Ok(Ran {
            result,
            image: None,
            edited: None,
        });
    }
    failure(run, &mut result, exit, seen, state.as_ref(), started);
    Ok(Ran {
        result,
        image: None,
        edited: None,
    })
}

/// Tells a stage's failure: which command, which code or signal, or what the engine says.
fn failure(
    run: &StageRun<'_>,
    result: &mut StageResult,
    exit: &Exit,
    seen: &Seen,
    state: Option<&facts::ContainerState>,
    started: Instant,
) {
    let code = seen
        .ended
        .or(state.map(|s| s.exit_code).filter(|_| seen.begun > 0));
    if let Some(command) = seen
        .begun
        .checked_sub(1)
        .and_then(|at| run.stage.commands.get(at))
    {
        result.command = Some(FailedCommand {
            text: run.late.fill_shell(&command.text),
            place: command.place.clone(),
            exit_code: code.filter(|_| exit.stopped.is_none()),
            signal: None,
        });
    }
    let memory = state.is_some_and(|s| s.oom_killed) && code == Some(137);
    (result.state, result.detail) = match exit.stopped {
        Some(Stop::Interrupted) => (
            State::Interrupted,
            Some(format!(
                "interrupted after {}",
                time::show_duration(started.elapsed())
            )),
        ),
        Some(Stop::TimeLimit) => {
            let limit = run.timeout.map(time::show_duration).unwrap_or_default();
            (
                State::TimedOut,
                Some(format!("the time limit of {limit} ran out")),
            )
        }
        None if memory => (
            State::OutOfMemory,
            Some("the engine ended it for want of memory".to_owned()),
        ),
        None if seen.begun > 0
            && state.is_some_and(|s| s.status == "exited")
            && code.is_some_and(|c| c != 0) =>
        {
            let killed = code == Some(137) && seen.ended.is_none();
            (
                State::Failed,
                killed.then(|| {
                    "the container was killed from outside, or ran out of memory".to_owned()
                }),
            )
        }
        None => (State::Error, Some(engine_trouble(exit, seen, state))),
    };
}

fn engine_trouble(exit: &Exit, seen: &Seen, state: Option<&facts::ContainerState>) -> String {
    match state {
        None if seen.begun == 0 => format!("the container did not start ({})", exit.ended),
        None => "the container was removed while it ran".to_owned(),
        Some(s) if !s.error.is_empty() => s.error.clone(),
        Some(s) if seen.begun == 0 => format!(
            "the script did not begin: is there a `sh` in the image? (exit code {})",
            s.exit_code
        ),
        Some(s) => format!(
            "the container is `{}` with exit code {}, and its script did not come to its end",
            s.status, s.exit_code
        ),
    }
}
