//! A command on this host: its process in the tree, with a note for whoever comes next if we are killed meanwhile.

use std::time::Instant;

use super::super::event::{Kind, Teller};
use super::super::log::Log;
use super::super::options::Limit;
use super::super::result::{self, FailedCommand, StageResult, State};
use super::tree_lock::Lock;
use super::{LocalEnv, environment};
use crate::command::Command;
use crate::exec::{self, Cancel, Ended, Exit, Group, Limits};
use crate::plan::{PlanCommand, Stage};
use crate::problem::Problem;

/// A program that is not there is the command's failure, as in a shell.
fn not_there(problem: &Problem, listen: &mut dyn FnMut(&[u8])) -> Exit {
    listen(format!("{}\n", problem.title).as_bytes());
    Exit {
        ended: Ended::Code(127),
        stopped: None,
        leaked: false,
    }
}

impl LocalEnv<'_> {
    /// The process of a command: in the tree, with the variables that are passed and set.
    pub(super) fn process(&self, stage: &Stage, command: &PlanCommand) -> Command {
        let shell = matches!(command.argv.as_slice(), [.., c, line] if c == "-c" && *line == command.evaluated);
        let fill = |word: &String| {
            if shell && *word == command.evaluated {
                self.late.fill_shell(word)
            } else {
                self.late.fill(word)
            }
        };
        let mut env = environment(self.world.host, &self.plan.pass_env, &stage.env, &self.late);
        let secrets = self.world.secrets.of(stage).into_iter();
        env.extend(secrets.map(|(name, value)| (name, value.into())));
        Command {
            dir: Some(self.tree()),
            clean: true,
            env,
            ..Command::new(command.argv.iter().map(fill))
        }
    }

    pub(super) fn limit(&self, stage: &Stage, started: Instant) -> Option<Limit> {
        self.options.limit(stage, started)
    }

    pub(super) fn command(
        &self,
        stage: &Stage,
        command: &PlanCommand,
        started: Instant,
        log: &mut Log,
        tell: &mut Teller<'_>,
    ) -> Exit {
        let limits = Limits {
            time: self.limit(stage, started).map(Limit::left),
            kill_after: stage.limits.kill_after,
            hurry: self.world.hurry(),
        };
        let quiet = log.in_on_failure();
        self.told(stage, command, (&limits, self.cancel), quiet, log, tell)
    }

    /// Runs a command of a stage. What it prints is in the log; `quiet`: only there. Its group is noted for
    /// whoever comes next if we are killed meanwhile.
    pub(super) fn told(
        &self,
        stage: &Stage,
        command: &PlanCommand,
        (limits, cancel): (&Limits, &Cancel),
        quiet: bool,
        log: &mut Log,
        tell: &mut Teller<'_>,
    ) -> Exit {
        if !quiet {
            let text = self.late.fill_shell(&command.text);
            tell.say(Kind::CommandStarted { text });
        }
        let mut listen = |bytes: &[u8]| {
            let bytes = log.write(bytes);
            if !quiet && !bytes.is_empty() {
                tell.output(&bytes);
            }
        };
        let process = self.process(stage, command);
        let lock = self.lock.as_ref();
        let begun = |group: &Group| lock.into_iter().for_each(|lock| lock.note(group));
        let exit = exec::stream_noted(&process, limits, cancel, &begun, &mut listen);
        lock.into_iter().for_each(Lock::forget);
        exit.unwrap_or_else(|problem| not_there(&problem, &mut listen))
    }

    pub(super) fn fail(
        &self,
        stage: &Stage,
        command: &PlanCommand,
        exit: &Exit,
        started: Instant,
        result: &mut StageResult,
    ) {
        let (code, signal) = match exit.ended {
            Ended::Code(code) => (Some(code), None),
            Ended::Signal(signal) => (None, Some(exec::signal_name(signal))),
        };
        result.state = State::Failed;
        if let Some(stop) = exit.stopped {
            (result.state, result.detail) = result::stopped(stop, self.limit(stage, started));
        }
        result.command = Some(FailedCommand {
            text: self.late.fill_shell(&command.text),
            place: command.place.clone(),
            exit_code: code.filter(|_| exit.stopped.is_none()),
            signal: signal.filter(|_| exit.stopped.is_none()),
        });
    }
}
