//! `finally` of a stage in a container: its container, which has ended and been kept, is started once more.
//!
//! So it has the same files, mounts, limits and network, and nothing of what it does is kept. It changes no result.

use super::super::event::{Kind, Teller};
use super::super::finally;
use super::super::log::Log;
use super::super::result::State;
use super::EngineEnv;
use super::marks::{Mark, Marks, Piece};
use super::stage_run::Ran;
use super::stream;
use crate::exec::{self, Limits};
use crate::plan::{Stage, script};
use crate::random;

impl EngineEnv<'_> {
    /// Runs it if the stage's commands had begun.
    pub(super) fn finally(
        &self,
        stage: &Stage,
        container: &str,
        exported: &[(String, String)],
        ran: &Ran,
        log: &mut Log,
        tell: &mut Teller<'_>,
    ) {
        let begun = ran.result.state == State::Passed || ran.result.command.is_some();
        if stage.finally.is_empty() || !begun || self.calls.cancel.count() > 1 {
            return;
        }
        let (engine, mark) = (self.calls.engine, random::word());
        let text = self
            .late
            .fill_shell(&script::finally(&mark, exported, stage));
        let mut start = engine.start(container, text);
        start.dir = Some(self.folder.path().to_owned());
        let limits = Limits {
            time: finally::limit(self.options, stage, ran.result.state, self.calls.cancel),
            kill_after: stage.limits.kill_after,
            hurry: self.world.hurry(),
        };
        let stopper = stream::stopper(engine, container, &limits);
        log.finally();
        let (mut marks, mut codes) = (Marks::new(&mark), Vec::new());
        let mut take = |piece: Piece| match piece {
            Piece::Output(bytes) => {
                let bytes = log.write(&bytes).into_owned();
                stream::output(bytes, tell);
            }
            Piece::Mark(Mark::Begin(number)) => {
                if let Some(command) = stage.finally.get(number - 1) {
                    let text = self.late.fill_shell(&command.text);
                    tell.say(Kind::CommandStarted { text });
                }
            }
            Piece::Mark(Mark::End(_, code)) => codes.push(code),
            Piece::Mark(Mark::OnFailure | Mark::Done) => {}
        };
        let mut listen = |bytes: &[u8]| marks.feed(bytes).into_iter().for_each(&mut take);
        let (cancel, _subscription) = self.calls.cancel.renewed();
        let exit = exec::stream(&start, None, &stopper, &limits, &cancel, &mut listen);
        take(Piece::Output(marks.rest()));
        stream::output(log.rest(), tell);
        for problem in finally::problems(stage, &codes, exit, limits.time) {
            tell.say(Kind::Warning { problem });
        }
    }
}
