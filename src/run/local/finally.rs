//! `finally` of a stage on this host: its commands in the tree, one after another, each to its own end.

use super::super::event::{Kind, Teller};
use super::super::finally;
use super::super::log::Log;
use super::super::result::State;
use super::{LocalEnv, not_there};
use crate::exec::{self, Cancel, Ended, Exit, Limits, Stopper};
use crate::plan::{PlanCommand, Stage};
use crate::time;

impl LocalEnv<'_> {
    pub(super) fn finally(
        &self,
        stage: &Stage,
        ended: State,
        log: &mut Log,
        tell: &mut Teller<'_>,
    ) {
        if stage.finally.is_empty() || self.cancel.count() > 1 {
            return;
        }
        let (started, mut codes) = (time::start(), Vec::new());
        let limit = finally::limit(self.options, stage, ended, self.cancel);
        let (cancel, _subscription) = self.cancel.renewed();
        log.finally();
        let mut last = Ok(Exit {
            ended: Ended::Code(0),
            stopped: None,
            leaked: false,
        });
        for command in &stage.finally {
            let limits = Limits {
                time: limit.map(|limit| limit.saturating_sub(started.elapsed())),
                kill_after: stage.limits.kill_after,
                hurry: self.world.hurry(),
            };
            let exit = self.behind(stage, command, &limits, &cancel, log, tell);
            if exit.stopped.is_some() {
                last = Ok(exit);
                break;
            }
            codes.push(match exit.ended {
                Ended::Code(code) => code,
                Ended::Signal(signal) => 128 + signal,
            });
        }
        let rest = log.rest();
        if !rest.is_empty() {
            tell.output(&rest);
        }
        for problem in finally::problems(stage, &codes, last, limit) {
            tell.say(Kind::Warning { problem });
        }
    }
    fn behind(
        &self,
        stage: &Stage,
        command: &PlanCommand,
        limits: &Limits,
        cancel: &Cancel,
        log: &mut Log,
        tell: &mut Teller<'_>,
    ) -> Exit {
        let text = self.late.fill_shell(&command.text);
        tell.say(Kind::CommandStarted { text });
        let mut listen = |bytes: &[u8]| {
            let bytes = log.write(bytes);
            if !bytes.is_empty() {
                tell.output(&bytes);
            }
        };
        let process = self.process(stage, command);
        let group = Stopper::Group;
        let exit = exec::stream(&process, None, &group, limits, cancel, &mut listen);
        exit.unwrap_or_else(|problem| not_there(&problem, &mut listen))
    }
}
