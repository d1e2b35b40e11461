//! One stage in a container: create, copy in, start with the script on stdin, follow, judge.
//!
//! The container is left for the caller to keep and remove.

use std::path::Path;
use std::time::Duration;

use super::call::Calls;
use super::event::{Teller, Took};
use super::log::Log;
use super::owner;
use super::proxies::Proxies;
use super::result::StageResult;
use super::stream::{self, Seen};
use super::verdict;
use crate::command::Command;
use crate::engine::Container;
use crate::engine::labels::Labels;
use crate::exec::{self, Exit, Limits, Stopper};
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
    pub(crate) files: Option<&'a Manifest>,
    /// The tree that the files are in.
    pub(crate) root: &'a Path,
    pub(crate) late: &'a Late,
    pub(crate) proxies: &'a Proxies,
    /// The base image sets a `PATH`.
    pub(crate) has_path: bool,
    /// Where the client runs: podman leaves files in its working folder.
    pub(crate) folder: &'a Path,
    pub(crate) timeout: Option<Duration>,
    /// The tag that the image gets if the stage passes.
    pub(crate) tag: &'a str,
    /// The image that it starts from is not what its key says.
    pub(crate) keyless: bool,
}

/// How a stage ended, and the image that holds it.
pub(crate) struct Ran {
    pub(crate) result: StageResult,
    pub(crate) image: Option<String>,
    /// The image is not under its key.
    pub(crate) keyless: bool,
}

/// What came out of the engine's client.
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    pub(crate) seen: Seen,
    /// A file changed while it was sent: what was built is not what the key says.
    pub(crate) edited: Option<String>,
    pub(crate) after: Duration,
}

/// Runs the stage and, if it passed, keeps it under its tag.
pub(crate) fn run(run: &StageRun<'_>, mut log: Log, tell: &mut Teller<'_>) -> Result<Ran, Problem> {
    let started = time::start();
    let mark = owner::random_word();
    let (mut command, edited) = prepare(run, &mark)?;
    command.dir = Some(run.folder.to_owned());
    let (exit, seen) = stream::follow(run, &command, &mark, &mut log, tell)?;
    let after = started.elapsed();
    let ended = Ended {
        exit,
        seen,
        edited,
        after,
    };
    let mut ran = verdict::judge(run, &ended)?;
    ran.result.take_log(log)?;
    ran.result.seconds = Took(started.elapsed());
    Ok(ran)
}

/// The attached command that runs the script, with the container made and filled before if there are files.
fn prepare(run: &StageRun<'_>, mark: &str) -> Result<(Command, Option<String>), Problem> {
    let preamble = script::preamble(mark, &run.proxies.variables, &run.stage.on_failure);
    let text = run.late.fill_shell(&(preamble + &run.stage.body));
    let limits = &run.stage.limits;
    let spec = Container {
        name: run.name,
        image: run.image,
        network: Some(run.network),
        labels: run.labels,
        memory: limits.memory.as_deref(),
        cpus: limits.cpus.as_deref(),
        platform: run.plan.platform.as_deref(),
        has_path: run.has_path,
        client: run.proxies.client.as_deref(),
    };
    let engine = run.calls.engine;
    let Some(manifest) = run.files else {
        return Ok((engine.run(&spec, text), None));
    };
    let doing = format!("create a container of `{}`", run.image);
    run.calls.work(&engine.create(&spec), &doing)?;
    let edited = copy_in(run, manifest)?;
    Ok((engine.start(run.name, text), edited))
}

/// Sends the files; `Some` names one that changed meanwhile.
fn copy_in(run: &StageRun<'_>, manifest: &Manifest) -> Result<Option<String>, Problem> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let (manifest, root) = (manifest.clone(), run.root.to_owned());
    let workdir = run.stage.workdir.clone();
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
    let image = run.image;
    let help =
        format!("does the image `{image}` have a link or a file where a folder is copied to?");
    Problem::engine(title, help)
}
