//! An environment on this host, in the source tree: every stage runs every time, one run of a tree at a time.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::time::Instant;

use super::event::{Event, Kind, Took};
use super::folder::EnvFolder;
use super::log::Log;
use super::lookup::Selection;
use super::result::{FailedCommand, StageResult, State};
use super::{Options, World};
use crate::command::Command;
use crate::exec::{self, Cancel, Ended, Exit, Limits, Stop, Stopper};
use crate::files;
use crate::host::Host;
use crate::late::Late;
use crate::packages;
use crate::plan::{Plan, PlanCommand, Stage};
use crate::problem::Problem;
use crate::time;

/// Variables of the caller that every local command gets; `show` prints them.
pub(crate) const PASSED: [&str; 24] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "TMPDIR",
    "TZ",
    "CI",
    "NO_COLOR",
    "FORCE_COLOR",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
];

pub(crate) struct LocalEnv<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) world: &'a World<'a>,
    pub(crate) options: &'a Options,
    pub(crate) cancel: &'a Cancel,
    pub(crate) folder: &'a EnvFolder,
    pub(crate) late: Late,
    pub(crate) results: Vec<StageResult>,
}

/// The process environment of a local command.
pub(crate) fn environment(
    host: &Host,
    pass_env: &[String],
    env: &BTreeMap<String, String>,
    late: &Late,
) -> Vec<(String, String)> {
    let passed = PASSED
        .iter()
        .copied()
        .chain(pass_env.iter().map(String::as_str));
    let mut all: BTreeMap<String, String> = passed
        .filter_map(|n| host.variable(n).map(|v| (n.to_owned(), v.to_owned())))
        .collect();
    all.extend(env.iter().map(|(n, v)| (n.clone(), late.fill(v))));
    all.into_iter().collect()
}

impl LocalEnv<'_> {
    pub(crate) fn run(
        &mut self,
        selection: Selection,
        tell: &mut dyn FnMut(Event),
    ) -> Result<(), Problem> {
        let _lock = lock(self.world.folder.path(), &self.world.owner)?;
        let mut failed = false;
        for at in 0..selection.end {
            let stage = &self.plan.stages[at];
            if failed || self.cancel.requested() {
                let state = if self.cancel.requested() {
                    State::Interrupted
                } else {
                    State::NotRun
                };
                self.results.push(StageResult::new(&stage.name, state));
                continue;
            }
            let mut result = self.stage(at, stage, tell)?;
            result.allowed = stage.allow_failure
                && result.state != State::Passed
                && result.state != State::Interrupted;
            failed = result.state != State::Passed && !result.allowed;
            tell(self.event(
                stage,
                Kind::StageEnded {
                    result: result.clone(),
                },
            ));
            self.results.push(result);
        }
        Ok(())
    }

    fn event(&self, stage: &Stage, kind: Kind) -> Event {
        Event {
            env: self.plan.env.clone(),
            stage: stage.name.clone(),
            kind,
        }
    }

    fn stage(
        &self,
        at: usize,
        stage: &Stage,
        tell: &mut dyn FnMut(Event),
    ) -> Result<StageResult, Problem> {
        let started = time::start();
        let log_path = self.folder.log(at + 1, &stage.name);
        let mut log = Log::create(&log_path)?;
        let log_name = log_path.display().to_string();
        tell(self.event(
            stage,
            Kind::StageStarted {
                number: at + 1,
                of: self.plan.stages.len(),
                log: log_name.clone(),
            },
        ));
        let mut result = StageResult::new(&stage.name, State::Passed);
        result.log = log_name;
        let commands = if stage.packages.is_some() {
            self.check_packages(stage, &mut log, &mut result, tell)?
        } else {
            stage.commands.as_slice()
        };
        for command in commands {
            let exit = self.command(stage, command, started, &mut log, tell)?;
            result.leaked |= exit.leaked;
            if !exit.success() && (!command.allow_failure || exit.stopped.is_some()) {
                self.fail(stage, command, &exit, &mut result, started);
                break;
            }
        }
        if result.state == State::Failed && !stage.on_failure.is_empty() {
            log.on_failure();
            for command in &stage.on_failure {
                self.command(stage, command, started, &mut log, tell)?;
            }
        }
        let (tail, on_failure, missing, trouble) = log.finish();
        (result.tail, result.on_failure_output) = (tail, on_failure);
        result.missing_packages.extend(missing);
        result.seconds = Took(started.elapsed());
        trouble.map_or(Ok(result), Err)
    }

    fn command(
        &self,
        stage: &Stage,
        command: &PlanCommand,
        started: Instant,
        log: &mut Log,
        tell: &mut dyn FnMut(Event),
    ) -> Result<Exit, Problem> {
        tell(self.event(
            stage,
            Kind::CommandStarted {
                text: self.late.fill_shell(&command.text),
            },
        ));
        let shell = command.argv.len() == 4 && command.argv[3] == command.evaluated;
        let fill = |word: &String| {
            if shell {
                self.late.fill_shell(word)
            } else {
                self.late.fill(word)
            }
        };
        let mut value = Command::new(command.argv.iter().map(fill));
        value.dir = Some(self.world.root.clone());
        value.clean = true;
        value.env = environment(self.world.host, &self.plan.pass_env, &stage.env, &self.late);
        let time = self
            .options
            .timeout
            .or(stage.limits.timeout)
            .map(|limit| limit.saturating_sub(started.elapsed()));
        let limits = Limits {
            time,
            kill_after: stage.limits.kill_after,
        };
        let result = exec::stream(
            &value,
            None,
            &Stopper::Group,
            &limits,
            self.cancel,
            &mut |bytes| {
                log.write(bytes);
                if !log.in_on_failure() {
                    tell(self.event(
                        stage,
                        Kind::Output {
                            bytes: bytes.to_vec(),
                        },
                    ));
                }
            },
        );
        // A program that is not there is the command's failure, as in a shell.
        result.or_else(|problem| {
            let text = format!("{}\n", problem.title);
            log.write(text.as_bytes());
            tell(self.event(
                stage,
                Kind::Output {
                    bytes: text.into_bytes(),
                },
            ));
            Ok(Exit {
                ended: Ended::Code(127),
                stopped: None,
                leaked: false,
            })
        })
    }

    fn fail(
        &self,
        stage: &Stage,
        command: &PlanCommand,
        exit: &Exit,
        result: &mut StageResult,
        started: Instant,
    ) {
        let (code, signal) = match exit.ended {
            Ended::Code(code) => (Some(code), None),
            Ended::Signal(signal) => (None, Some(exec::signal_name(signal))),
        };
        (result.state, result.detail) = match exit.stopped {
            Some(Stop::Interrupted) => (
                State::Interrupted,
                Some(format!(
                    "interrupted after {}",
                    time::show_duration(started.elapsed())
                )),
            ),
            Some(Stop::TimeLimit) => {
                let limit = self
                    .options
                    .timeout
                    .or(stage.limits.timeout)
                    .map(time::show_duration)
                    .unwrap_or_default();
                (
                    State::TimedOut,
                    Some(format!("the time limit of {limit} ran out")),
                )
            }
            None => (State::Failed, None),
        };
        result.command = Some(FailedCommand {
            text: self.late.fill_shell(&command.text),
            place: command.place.clone(),
            exit_code: code.filter(|_| exit.stopped.is_none()),
            signal: signal.filter(|_| exit.stopped.is_none()),
        });
    }

    /// On this host packages are checked, not installed; what is missing is told with the command that installs it.
    fn check_packages<'s>(
        &self,
        stage: &'s Stage,
        log: &mut Log,
        result: &mut StageResult,
        tell: &mut dyn FnMut(Event),
    ) -> Result<&'s [PlanCommand], Problem> {
        let Some((manager, names)) = stage
            .packages
            .as_ref()
            .filter(|(_, names)| !names.is_empty())
        else {
            return Ok(&[]);
        };
        let words = ["sh", "-c", manager.installed, "sh"]
            .map(str::to_owned)
            .into_iter()
            .chain(names.iter().cloned());
        let output = exec::capture(&Command::new(words), &Limits::default(), self.cancel)?;
        let there = output.text();
        let missing: Vec<String> = names
            .iter()
            .filter(|n| !there.lines().any(|l| l == n.as_str()))
            .cloned()
            .collect();
        if missing.is_empty() {
            return Ok(&[]);
        }
        let install = packages::script::install_line(manager, &missing);
        let sudo = if self.world.host.root { "" } else { "sudo " };
        let text = format!(
            "missing on this host: {}\ninstall with: {sudo}{install}\n",
            missing.join(" ")
        );
        log.write(text.as_bytes());
        tell(self.event(
            stage,
            Kind::Output {
                bytes: text.into_bytes(),
            },
        ));
        result.state = State::Failed;
        result.detail = Some(format!("packages are missing: {}", missing.join(" ")));
        result.missing_packages = missing;
        Ok(&[])
    }
}

/// One local run of a tree at a time; the file says who has it.
fn lock(folder: &Path, owner: &str) -> Result<File, Problem> {
    use std::io::{Read, Write};
    let path = folder.join("local.lock");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|e| files::trouble("open", &path, &e))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            let mut holder = String::new();
            let _ = file.read_to_string(&mut holder);
            let title = format!("another local run has this tree: {}", holder.trim());
            return Err(Problem::engine(
                title,
                "wait for it to end: local environments run in the tree, one at a time",
            ));
        }
        // A file system without locks (NFS): go on, as every tool does there.
        Err(std::fs::TryLockError::Error(_)) => {}
    }
    let pid = owner.split(' ').nth(1).unwrap_or_default();
    let _ = file.set_len(0);
    let _ = writeln!(file, "process {pid}, since {}", time::now());
    Ok(file)
}
