//! One stage in a container: create, copy in, start with the script on stdin, follow, judge.
//!
//! The container is left for the caller to keep and remove.

use super::super::artifacts::{self, Taken};
use super::super::event::{Kind, Teller};
use super::super::log::Log;
use super::super::result::{StageResult, State, Took};
use super::beginning::Files;
use super::stage_run::{Ended, Ran, StageRun};
use super::stream;
use super::update;
use super::verdict;
use crate::command::Command;
use crate::engine::Container;
use crate::exec::{self, Limits, Stopper};
use crate::nearest::counted;
use crate::plan::copy::TarError;
use crate::plan::copy::delivery::{Delivery, Update};
use crate::plan::{renewal, script};
use crate::problem::Problem;
use crate::random;
use crate::time;

/// Runs the stage and, if it passed, keeps it under its tag.
pub(crate) fn run(
    run: &StageRun<'_>,
    log: &mut Log,
    tell: &mut Teller<'_>,
) -> Result<Ran, Problem> {
    let started = time::start();
    let mark = random::word();
    let (mut command, edited) = match prepare(run, &mark, tell)? {
        Ok(prepared) => prepared,
        Err(why) => {
            let mut result = StageResult::new(&run.stage.name, State::Error);
            result.detail = Some(why);
            return Ok(Ran {
                result,
                image: None,
                keyless: true,
                unfit: true,
                begun: 0,
                again: false,
            });
        }
    };
    command.dir = Some(run.folder.to_owned());
    let (exit, seen) = stream::follow(run, &command, &mark, log, tell)?;
    let ended = Ended { exit, seen, edited };
    let (ran, taken) = judge(run, &ended);
    let mut ran = ran?;
    taken.tell(&mut ran.result, tell);
    ran.result.seconds = Took(started.elapsed());
    Ok(ran)
}

/// How it ended, and its artifacts: copied out beside, as an engine takes some time to keep a stage.
fn judge(run: &StageRun<'_>, ended: &Ended) -> (Result<Ran, Problem>, Taken) {
    let begun = ended.seen.begun > 0 && run.calls.cancel.count() < 2;
    if run.stage.artifacts.is_empty() || !begun {
        return (verdict::judge(run, ended), Taken::default());
    }
    std::thread::scope(|scope| {
        let copying = scope.spawn(|| artifacts::of_container(&run.origin()));
        let ran = verdict::judge(run, ended);
        let taken = copying.join();
        (
            ran,
            taken.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
        )
    })
}

/// The attached command that runs the script, and a file that changed while it was sent.
type Prepared = (Command, Option<String>);

/// The container made and filled before, if there are files. The inner error: why it cannot be made up to date.
fn prepare(
    run: &StageRun<'_>,
    mark: &str,
    tell: &mut Teller<'_>,
) -> Result<Result<Prepared, String>, Problem> {
    let preamble = |delivery: Option<&Delivery>| {
        let text = script::preamble(mark, run.exported, run.stage, delivery);
        run.late.fill_shell(&text)
    };
    let body = run.late.fill_shell(&run.stage.body);
    let (spec, engine) = (spec(run), run.calls.engine);
    if let Files::None = run.files {
        return Ok(Ok((engine.run(&spec, preamble(None) + &body), None)));
    }
    let doing = format!("create a container of `{}`", run.image);
    run.calls.work(&engine.create(&spec), &doing)?;
    match &run.files {
        Files::None => unreachable!("told above"),
        Files::All(copies) => {
            let delivery = Delivery::whole(*copies);
            let script = preamble(Some(&delivery)) + &body;
            let edited = copy_in(run, delivery)?;
            Ok(Ok((engine.start(run.name, script), edited)))
        }
        Files::Changed { chain, time } => {
            let Update { delivery, gone } = match update::update(run, chain, *time)? {
                Ok(update) => update,
                Err(why) => return Ok(Err(why)),
            };
            let (sent, lost) = (delivery.count() as u64, gone.count() as u64);
            let text = format!(
                "from its image of {}: {} sent, {lost} taken away",
                run.from,
                counted("file", sent)
            );
            tell.say(Kind::Note { text });
            let newest = delivery.newest();
            let preamble = preamble(Some(&delivery));
            let edited = match copy_in(run, delivery) {
                Ok(edited) => edited,
                Err(problem) => return Ok(Err(problem.title)),
            };
            let script = preamble + &renewal::lines(&gone, &newest) + &body;
            Ok(Ok((engine.start(run.name, script), edited)))
        }
    }
}

/// The stage's container.
pub(crate) fn spec<'a>(run: &StageRun<'a>) -> Container<'a> {
    let limits = &run.stage.limits;
    Container {
        name: run.name,
        image: run.image,
        network: run.network,
        labels: run.labels,
        memory: limits.memory.as_deref(),
        cpus: limits.cpus.as_deref(),
        platform: run.plan.platform.as_deref(),
        has_path: run.has_path,
        extra: run.extra,
        client: run.proxies.client.as_deref(),
    }
}

/// Sends the files; `Some` names one that changed meanwhile.
fn copy_in(run: &StageRun<'_>, delivery: Delivery) -> Result<Option<String>, Problem> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let root = run.root.to_owned();
    let feed: exec::Feed = Box::new(move |out| match delivery.write_tar(&root, out) {
        Ok(()) => Ok(()),
        Err(changed @ TarError::Changed(_)) => {
            sender.send(changed.to_string()).ok();
            Ok(())
        }
        Err(TarError::Write(error)) => Err(error),
    });
    let made = format!("runenv context {} {}", run.plan.env, run.stage.name);
    let command = run.calls.engine.copy_in(run.name, made);
    let (mut said, cancel) = (Vec::new(), run.calls.cancel);
    let mut listen = |bytes: &[u8]| said.extend_from_slice(&bytes[..bytes.len().min(4096)]);
    let limits = Limits::default();
    let exit = exec::stream(
        &command,
        Some(feed),
        &Stopper::Group,
        &limits,
        cancel,
        &mut listen,
    )?;
    if !exit.success() && exit.stopped.is_none() {
        return Err(not_copied(run, &String::from_utf8_lossy(&said)));
    }
    Ok(receiver.try_recv().ok())
}

fn not_copied(run: &StageRun<'_>, said: &str) -> Problem {
    let line = said.lines().rev().find(|l| !l.trim().is_empty());
    let title = format!(
        "{} could not copy the files of `{}` into `{}`: {}",
        run.calls.engine.name(),
        run.stage.name,
        run.stage.workdir,
        line.unwrap_or("it does not say why").trim()
    );
    let image = match run.stage.parent {
        Some(at) => format!("the image of `{}`", run.plan.stages[at].name),
        None => "the base image".to_owned(),
    };
    let help = format!("does {image} have a link or a file where a folder is copied to?");
    Problem::engine(title, help)
}
