//! `finally` of a stage on this host: its commands in the tree, one after another, each to its own end.

use super::super::event::{Kind, Teller};
use super::super::finally;
use super::super::log::Log;
use super::super::result::State;
use super::LocalEnv;
use crate::exec::{Ended, Exit, Limits};
use crate::plan::Stage;
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
            let exit = self.told(stage, command, (&limits, &cancel), false, log, tell);
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
}
