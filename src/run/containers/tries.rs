//! The tries of one stage: once more in a new network if somebody ended the one that the stages share, and again where
//! packages were not to be had, since mirrors fail for a moment now and then.

use std::time::Instant;

use super::super::event::{Kind, Teller};
use super::super::log::Log;
use super::super::result::{State, Took};
use super::EngineEnv;
use super::beginning::Beginning;
use super::lookup::Start;
use super::stage_run::Ran;
use crate::plan::Stage;
use crate::problem::Problem;
use crate::time;

/// One try.
pub(crate) struct Try<'l> {
    pub(crate) log: &'l mut Log,
    /// What comes of it is the stage's result.
    pub(crate) last: bool,
    /// When the first one began.
    pub(crate) started: Instant,
}

impl EngineEnv<'_> {
    /// Runs a stage; one that installs packages is tried again as long as that may mend it.
    pub(super) fn tries(
        &mut self,
        at: usize,
        start: &Start,
        beginning: &Beginning,
        tell: &mut Teller<'_>,
    ) -> Result<Ran, Problem> {
        self.prepare(at, tell)?;
        let stage = &self.plan.stages[at];
        let (path, mut log) = self.log(at)?;
        let installs = stage.packages.is_some();
        let most = if installs { self.options.retries } else { 0 };
        let (mut waits, mut retries) = (time::waits(most), 0);
        let started = time::start();
        let mut ran = loop {
            let wait = waits.next();
            let last = wait.is_none();
            let log = &mut log;
            let one = Try { log, last, started };
            let mut ran = self.in_network(at, start, beginning, one, tell)?;
            let Some(wait) = wait.filter(|_| ran.again) else {
                break ran;
            };
            retries += 1;
            let (tried, seconds) = (retries + 1, wait.as_secs());
            let text = format!(
                "it failed, and is tried again in {seconds} s ({tried} of {})",
                most + 1
            );
            log.again(&text);
            tell.say(Kind::Note { text });
            if self.calls.cancel.wait(wait) {
                ran.result.state = State::Interrupted;
                break ran;
            }
        };
        if retries > 0 {
            ran.result.seconds = Took(started.elapsed());
        }
        ran.result.retries = retries;
        ran.result.log = path.display().to_string();
        ran.result.take_log(log)?;
        Ok(ran)
    }

    /// One try; again in a new network if somebody ended the one that the stages share.
    fn in_network(
        &mut self,
        at: usize,
        start: &Start,
        beginning: &Beginning,
        mut one: Try<'_>,
        tell: &mut Teller<'_>,
    ) -> Result<Ran, Problem> {
        let mut ran = self.stage(at, start, beginning, &mut one, tell);
        for _ in 0..2 {
            if !self.is_cut_off(&self.plan.stages[at], &ran) {
                break;
            }
            let text =
                "the container whose network the stages share is gone: once more in a new one";
            one.log.again(text);
            tell.say(Kind::Note {
                text: text.to_owned(),
            });
            if let Some(lost) = self.network.take() {
                lost.release();
            }
            ran = self.stage(at, start, beginning, &mut one, tell);
        }
        ran
    }

    /// Did its packages' commands fail, and not for what is the same every time?
    pub(super) fn may_pass(&self, stage: &Stage, ran: &Ran, log: &Log) -> bool {
        let commands = stage.packages.as_ref().map_or(0, |step| step.commands);
        let result = &ran.result;
        let failed = result.state == State::Failed && result.detail.is_none();
        let code = result.command.as_ref().and_then(|c| c.exit_code);
        let cannot_be_run = matches!(code, Some(126 | 127));
        let installing = (1..=commands).contains(&ran.begun);
        failed && installing && !cannot_be_run && !log.in_vain() && !self.calls.cancel.requested()
    }
}
