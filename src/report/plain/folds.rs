//! Plain progress in a job of a CI system: a stage's output is held back until the stage has ended, so that it is folded
//! if it passed and open if it failed; what is to be seen at once is pointed out.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::super::job::fold::Fold;
use super::super::job::{Provider, github, gitlab};
use super::super::last_line::LastLine;
use super::super::out::Out;
use super::super::style::{DIM, paint};
use super::super::{failure, harmless};
use super::{Plain, SILENCE};
use crate::nearest::counted;
use crate::plan::annotate::Level;
use crate::run::result::{EnvResult, StageResult, State, Summary};
use crate::time;

/// A job, and what it has been told.
pub(super) struct Job {
    provider: Provider,
    /// Where files without a name may be made.
    folder: PathBuf,
    /// When the run began, and the seconds since 1970 then.
    began: Option<(Instant, i64)>,
    /// How many sections there were.
    sections: u32,
    /// How many annotations of each level were shown.
    shown: [usize; 3],
}

impl Job {
    /// `None` where no CI system reads what is told.
    pub(super) fn of(out: &Out, folder: &Path) -> Option<Self> {
        let provider = out.provider()?;
        Some(Self {
            provider,
            folder: folder.to_owned(),
            began: None,
            sections: 0,
            shown: [0; 3],
        })
    }

    pub(super) fn begins(&mut self, started: &str, now: Instant) {
        let seconds = time::nanos(started) / 1_000_000_000;
        self.began = Some((now, i64::try_from(seconds).unwrap_or(0)));
    }

    /// Seconds since 1970.
    fn at(&self, now: Option<Instant>) -> i64 {
        let Some(((began, seconds), now)) = self.began.zip(now) else {
            return 0;
        };
        let since = now.saturating_duration_since(began).as_secs();
        seconds + i64::try_from(since).unwrap_or(0)
    }

    /// Is there room for one more? The last one of a level is for what failed.
    fn has_room(&mut self, level: Level, own: bool) -> bool {
        let shown = &mut self.shown[level as usize];
        *shown += 1;
        *shown < github::SHOWN || own && *shown == github::SHOWN
    }
}

/// Is the last line that was said the failed command's?
pub(super) fn has_gone_by(result: &StageResult, last: &LastLine) -> bool {
    let lines = result.tail.iter().rev();
    let mut lines = lines.map(|line| harmless::line(line, false).trim().to_owned());
    lines
        .find(|line| !line.is_empty())
        .is_some_and(|line| line == last.text())
}

impl Plain {
    /// Keeps clean text of a stage for its end.
    pub(super) fn hold(&mut self, env: &str, text: &str) {
        let Some(job) = &self.job else {
            return;
        };
        let (path, most) = (job.folder.join("output"), job.provider.most());
        let fold = &mut self.running(env).fold;
        fold.get_or_insert_with(|| Fold::new(&path, most))
            .push(text);
    }

    /// The same for a line of ours.
    pub(super) fn hold_line(&mut self, env: &str, line: &str) {
        let mut text = String::new();
        self.running(env).cleaner.end_line(&mut text);
        self.hold(env, &format!("{text}{line}\n"));
    }

    /// Shows what was held back of a stage that has ended, below a line that says how.
    pub(super) fn show_fold(
        &mut self,
        env: &str,
        since: Option<Instant>,
        how: &dyn Fn(bool) -> String,
        folded: bool,
    ) {
        self.hold_end(env);
        let fold = self.running(env).fold.take();
        let fold = fold.filter(|fold| !fold.is_empty());
        let (colour, now) = (self.colour, self.now);
        let (Some(fold), Some(job)) = (fold, &mut self.job) else {
            return self.say(env, &self.ours(&how(colour)));
        };
        let mut title = how(false);
        if self.several {
            title = format!("{} {title}", harmless::visible(env));
        }
        self.told_at = now;
        let out = self.out.clone();
        let show = |fold: Fold| fold.show(colour, &mut |text| out.stream(text));
        match job.provider {
            Provider::Github if folded => {
                out.command(&github::group(&title));
                show(fold);
                out.command(github::END_GROUP);
            }
            Provider::Github => {
                self.say(env, &self.ours(&how(colour)));
                show(fold);
            }
            Provider::Gitlab => {
                job.sections += 1;
                let id = format!("runenv_{}", job.sections);
                let (start, end) = (job.at(since), job.at(now));
                out.command(&gitlab::start(&id, start, &title, folded));
                show(fold);
                out.command(&gitlab::end(&id, end));
            }
        }
    }

    /// Ends the line that a child has begun.
    fn hold_end(&mut self, env: &str) {
        let mut text = String::new();
        self.running(env).cleaner.end_line(&mut text);
        if !text.is_empty() {
            self.hold(env, &text);
        }
    }

    /// What is left of a stage that never told how it ended.
    pub(super) fn show_rest(&mut self, env: &str) {
        if !self.folds() || self.running(env).fold.is_none() {
            return;
        }
        let stage = self.running(env).stage.take();
        let (name, since) = stage.map_or((String::new(), None), |(name, at)| (name, Some(at)));
        let how = |_| format!("{} has not come to its end", harmless::visible(&name));
        self.show_fold(env, since, &how, false);
    }

    /// What is running, after a time of silence.
    pub(super) fn tell_running(&mut self, now: Instant) {
        let running = self.envs.iter();
        let stages = running.filter_map(|(env, running)| {
            let (stage, since) = running.stage.as_ref()?;
            let took = time::show_duration(now.duration_since(*since));
            let mut text = harmless::visible(&format!("… still running {env} {stage} {took}"));
            let last = running.last.text();
            if self.folds() && !last.is_empty() {
                text += &format!(": {last}");
            }
            Some((env.clone(), paint(self.colour, DIM, &text)))
        });
        for (env, text) in stages.collect::<Vec<_>>() {
            self.end_line(&env);
            self.tell(&text);
        }
    }

    /// When the silence has lasted long enough.
    pub(super) fn silence_ends(&self) -> Option<Instant> {
        let runs = self.envs.values().any(|running| running.stage.is_some());
        self.told_at
            .filter(|_| runs && !self.quiet())
            .map(|told| told + SILENCE)
    }

    fn is_github(&self) -> bool {
        let provider = self.job.as_ref().map(|job| job.provider);
        provider == Some(Provider::Github)
    }

    /// Points out what `annotate` found in a stage's output, as far as GitHub shows it.
    pub(super) fn annotate(&mut self, env: &str, result: &StageResult) {
        let (true, Some(job)) = (self.is_github(), &mut self.job) else {
            return;
        };
        let (mut shown, mut more) = (Vec::new(), result.more_annotations);
        for annotation in &result.annotations {
            if job.has_room(annotation.level, false) {
                shown.push(github::of_output(env, annotation));
            } else {
                more += 1;
            }
        }
        self.command_lines(env, &shown);
        if more > 0 {
            let text = counted("annotation", more);
            let text = format!("{text} more of {}: see its result.json", result.name);
            self.say(env, &self.ours(&harmless::visible(&text)));
        }
    }

    fn command_lines(&mut self, env: &str, lines: &[String]) {
        if !lines.is_empty() {
            self.end_line(env);
            self.told_at = self.now;
        }
        for line in lines {
            self.out.command(line);
        }
    }

    /// Points out what failed, once for each environment, and what was allowed to.
    pub(super) fn point_out(&mut self, summary: &Summary) {
        let (true, Some(job)) = (self.is_github(), &mut self.job) else {
            return;
        };
        let mut lines = Vec::new();
        let mut say = |level: Level, title: &str, text: &str| {
            let properties = [("title", self.out.masked(title))];
            let text = self.out.masked(text);
            lines.push(github::annotation(level, &properties, &text));
        };
        let mut more = 0;
        for env in &summary.envs {
            let allowed = |stage: &&StageResult| stage.allowed && stage.state.is_bad();
            for stage in env.stages.iter().filter(allowed) {
                if job.has_room(Level::Warning, true) {
                    say(Level::Warning, &env.name, &of_stage(stage));
                } else {
                    more += 1;
                }
            }
        }
        for (envs, text) in failures(&summary.envs) {
            say(Level::Error, &titled(&envs), &text);
        }
        for line in &lines {
            self.out.command(line);
        }
        if more > 0 {
            let text = counted("allowed failure", more);
            self.tell(&format!("{text} more: see the table"));
        }
    }
}

/// Names for a title.
fn titled(envs: &[&str]) -> String {
    match envs {
        [one] => (*one).to_owned(),
        [first, others @ ..] => format!("{first} and {} more", others.len()),
        [] => String::new(),
    }
}

/// What is to be said of environments that failed; what stopped several alike is said once.
fn failures(envs: &[EnvResult]) -> Vec<(Vec<&str>, String)> {
    let mut all: Vec<(Vec<&str>, String)> = Vec::new();
    let failed = |env: &&EnvResult| env.state.is_bad() && env.state != State::Interrupted;
    for env in envs.iter().filter(failed) {
        let stage = env.stages.iter().find(|stage| stage.is_bad());
        let text = match (&env.problem, stage) {
            (None, Some(stage)) => of_stage(stage),
            (Some(problem), _) => harmless::visible_lines(problem, 5).join("\n"),
            (None, None) => env.state.word().to_owned(),
        };
        let alike = all.iter_mut().find(|(_, other)| *other == text);
        match alike.filter(|_| env.problem.is_some()) {
            Some((names, _)) => names.push(&env.name),
            None => all.push((vec![&env.name], text)),
        }
    }
    all
}

/// Stage and exit code, the command, and the last line.
fn of_stage(stage: &StageResult) -> String {
    let name = harmless::visible(&stage.name);
    let mut lines = vec![format!("{name} {}", failure::ended(stage, false))];
    if let Some(command) = &stage.command {
        lines.extend(harmless::visible_lines(command.text.trim(), 1));
    }
    let said = stage.tail.iter().map(|line| harmless::line(line, false));
    lines.extend(said.rev().find(|line| !line.trim().is_empty()));
    lines.join("\n")
}

#[cfg(test)]
mod tests;
