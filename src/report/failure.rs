//! The report of one failed environment: what failed, where it is written, what it said, how to go on.
//!
//! Reads results only; may not look at logs or engines.
//!
//! ```text
//! failed: docker-fedora-35-maximal
//!   stage    tested failed after 12.4s: exit code 2
//!   command  make check
//!   at       envs.toml:41:9
//! ```

use std::fmt::Write as _;

use super::style::{DIM, HINT, LITERAL, PATH, paint};
use super::{harmless, problem, style};
use crate::plan::annotate::Annotation;
use crate::quote;
use crate::run::result::{EnvResult, StageResult, State};
use crate::time::show_duration;

/// How many lines of a command, of what `on-failure` printed, and of a problem are shown.
const COMMAND_LINES: usize = 6;
const ON_FAILURE_LINES: usize = 100;
const PROBLEM_LINES: usize = 30;
/// How many lines that `annotate` points out.
const ANNOTATIONS: usize = 10;

/// Exit code, signal, limit or whatever else there is to say beside the state; may be empty.
pub(super) fn reason(stage: &StageResult) -> String {
    let detail = stage.detail.as_deref().unwrap_or("");
    let mut reasons = Vec::new();
    if let Some(command) = &stage.command {
        if let Some(signal) = &command.signal {
            if !detail.contains(signal) {
                reasons.push(format!("signal {signal}"));
            }
        } else if let Some(code) = command.exit_code
            && code != 0
        {
            reasons.push(format!("exit code {code}"));
        }
    }
    let detail = detail.lines().next().map(harmless::cut);
    reasons.extend(detail.map(|text| harmless::visible(&text)));
    reasons.join(", ")
}

/// What a stage is marked with beside its state.
pub(super) fn marks(stage: &StageResult) -> Vec<&'static str> {
    let marks = [
        (stage.resumed, "resumed"),
        (stage.incremental.is_some(), "incremental"),
        (stage.allowed, "allowed"),
        (stage.leaked, "leaked"),
    ];
    marks
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word))
        .collect()
}

/// How a stage ended, in one line: `failed after 12.4s: exit code 2 (allowed)`.
pub(super) fn ended(stage: &StageResult, colour: bool) -> String {
    let marks = marks(stage);
    let mut text = how(stage, colour);
    if !marks.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(text, " ({})", marks.join(", "));
    }
    text
}

/// The same without marks.
fn how(stage: &StageResult, colour: bool) -> String {
    let word = paint(colour, style::of(stage.state), stage.state.word());
    let time = show_duration(stage.seconds.0);
    let reason = match reason(stage) {
        empty if empty.is_empty() => empty,
        reason => format!(": {reason}"),
    };
    let joint = if stage.state == State::Passed {
        "in"
    } else {
        "after"
    };
    format!("{word} {joint} {time}{reason}")
}

/// The report; `streamed` where the output has just gone by, so its tail would only be said twice.
pub(super) fn render(env: &EnvResult, streamed: bool, colour: bool) -> String {
    let word = paint(colour, style::of(env.state), env.state.word());
    let mut text = format!(
        "{word}: {}\n",
        paint(colour, LITERAL, &harmless::visible(&env.name))
    );
    let bad = |stage: &&StageResult| stage.is_bad();
    let last = env.stages.iter().rposition(|stage| bad(&stage));
    for (at, stage) in env.stages.iter().enumerate() {
        if !bad(&stage) {
            continue;
        }
        let mut stage = stage.clone();
        // The problem is told below, in full.
        if stage.detail == env.problem {
            stage.detail = None;
        }
        text += &of_stage(&env.name, &stage, streamed && last == Some(at), colour);
    }
    text += &of_problem(env, colour);
    if !env.stages.iter().any(|stage| bad(&stage)) {
        text += &field("again", &paint(colour, HINT, &again(&env.name)));
    }
    text
}

/// What stopped it: with its place and what to do, where that is known.
fn of_problem(env: &EnvResult, colour: bool) -> String {
    let lines = match (&env.trouble, &env.problem) {
        (Some(problem), _) => {
            let text = problem::render(problem, colour);
            text.lines().map(str::to_owned).collect()
        }
        (None, Some(text)) => harmless::visible_lines(text, PROBLEM_LINES),
        (None, None) => Vec::new(),
    };
    let lines = lines.iter().map(|line| format!("  {line}"));
    lines
        .map(|line| line.trim_end().to_owned() + "\n")
        .collect()
}

fn of_stage(env: &str, stage: &StageResult, streamed: bool, colour: bool) -> String {
    let name = harmless::visible(&stage.name);
    let mut text = field("stage", &format!("{name} {}", ended(stage, colour)));
    if let Some(command) = &stage.command {
        let lines = harmless::visible_lines(command.text.trim(), COMMAND_LINES);
        text += &field("command", &lines.join("\n           "));
        if !command.place.is_empty() {
            let place = harmless::visible(&command.place);
            text += &field("at", &paint(colour, PATH, &place));
        }
    }
    if stage.command.is_some() && !stage.missing_packages.is_empty() {
        let list = harmless::visible(&stage.missing_packages.join(", "));
        text += &field("missing", &list);
    }
    if let Some(tree) = &stage.package_sources {
        text += &field("sources", &harmless::visible(tree));
    }
    text += &quoted("annotations", &annotations(stage), usize::MAX, colour);
    let behind = &stage.on_failure_output;
    text += &quoted("on-failure", behind, ON_FAILURE_LINES, colour);
    // Last, so that they are near the end whatever else there is to say.
    if !streamed || !behind.is_empty() {
        text += &quoted("last lines", &stage.tail, usize::MAX, colour);
    }
    if !stage.log.is_empty() {
        text += &field("log", &paint(colour, PATH, &harmless::visible(&stage.log)));
    }
    if let Some(artifacts) = &stage.artifacts {
        let folder = harmless::visible(&artifacts.folder);
        text += &field("files", &paint(colour, PATH, &folder));
    }
    for (name, command) in ways(env, stage) {
        text += &field(name, &paint(colour, HINT, &command));
    }
    text
}

/// What `annotate` points out in the stage's output, a line each.
pub(super) fn annotations(stage: &StageResult) -> Vec<String> {
    let line = |one: &Annotation| {
        let numbers = [one.line, one.column];
        let numbers = numbers.iter().flatten().map(|n| format!(":{n}"));
        let place = one.file.as_ref().map(|file| {
            let numbers: String = numbers.collect();
            format!("{file}{numbers}: ")
        });
        let (place, level) = (place.unwrap_or_default(), one.level.word());
        harmless::visible(&harmless::cut(&format!("{place}{level}: {}", one.message)))
    };
    let all = &stage.annotations;
    let mut lines: Vec<String> = all.iter().take(ANNOTATIONS).map(line).collect();
    let more = all.len().saturating_sub(ANNOTATIONS) as u64 + stage.more_annotations;
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    lines
}

/// The commands to go on with after a stage that failed, and what each is for.
fn ways(env: &str, stage: &StageResult) -> Vec<(&'static str, String)> {
    let env = quote::word(env);
    let mut ways = Vec::new();
    if stage.image.is_some() {
        ways.push(("look", format!("runenv shell {env} --failed")));
    }
    if stage.image.is_some() && matches!(stage.state, State::TimedOut | State::Interrupted) {
        ways.push(("go on", format!("runenv run {env} --resume")));
    }
    let again = format!("runenv run {env} --redo {}", quote::word(&stage.name));
    ways.push(("again", again));
    ways
}

/// The same after an environment that failed; the first stage that did decides.
pub(super) fn next(env: &EnvResult) -> Vec<String> {
    match env.stages.iter().find(|stage| stage.is_bad()) {
        Some(stage) => ways(&env.name, stage)
            .into_iter()
            .map(|(_, way)| way)
            .collect(),
        None => vec![again(&env.name)],
    }
}

fn again(env: &str) -> String {
    format!("runenv run {}", quote::word(env))
}

fn field(name: &str, value: &str) -> String {
    format!("  {name:<8} {value}\n")
}

/// The last `limit` lines of a child's output, each behind a bar, so that none looks like ours.
fn quoted(name: &str, lines: &[String], limit: usize, colour: bool) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let left_out = lines.len().saturating_sub(limit);
    let mut text = match left_out {
        0 => format!("  {name}\n"),
        n => format!("  {name} ({n} lines before these are in the log)\n"),
    };
    let bar = paint(colour, DIM, "|");
    for line in &lines[left_out..] {
        let line = harmless::line(line, colour);
        let gap = if line.is_empty() { "" } else { " " };
        let _ = writeln!(text, "    {bar}{gap}{line}");
    }
    text
}

/// Failures that may be: a line each, as nobody else tells of them.
pub(super) fn allowed(env: &EnvResult, colour: bool) -> String {
    let may = |stage: &&StageResult| stage.allowed && stage.state.is_bad();
    let stages = env.stages.iter().filter(may);
    stages.fold(String::new(), |text, stage| {
        let word = paint(colour, style::WARNING, "allowed");
        let how = how(stage, colour);
        let log = match harmless::visible(&stage.log) {
            empty if empty.is_empty() => empty,
            log => format!(" (log {})", paint(colour, PATH, &log)),
        };
        let (env, stage) = (harmless::visible(&env.name), harmless::visible(&stage.name));
        text + &format!("{word}: {env} {stage} {how}{log}\n")
    })
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, str};

    use super::*;
    use crate::problem::Problem;
    use crate::report::told::{env, failed, passed, words};

    #[test]
    fn a_failure_says_all_there_is_to_know() {
        let result = env(
            "docker-a",
            State::Failed,
            vec![passed("built", 3.0), failed("tested", 12.4)],
        );
        assert_data_eq!(
            render(&result, false, false),
            str![[r#"
failed: docker-a
  stage    tested failed after 12.4s: exit code 2
  command  make check
  at       envs.toml:41:9
  on-failure
    | == test.log
    | expected 1, got 2
  last lines
    | checking…
    | FAIL: test_foo
  log      .runenv/docker-a/log/01-tested.log
  look     runenv shell docker-a --failed
  again    runenv run docker-a --redo tested

"#]]
        );
    }

    #[test]
    fn what_a_child_wrote_cannot_look_like_ours() {
        let mut stage = failed("tested", 12.4);
        stage.image = None;
        stage.detail = Some("killed by SIGKILL\nmore".to_owned());
        if let Some(command) = &mut stage.command {
            command.text = "\nset -e\n1\n2\n3\n4\n5\n6\n".to_owned();
            command.signal = Some("SIGKILL".to_owned());
            command.place.clear();
        }
        stage.tail = words(&["", "\x1b[2J\x1b]0;x\x07ok\r\x1b[31mno", "x\r\n"]);
        stage.on_failure_output = (0..102).map(|n| n.to_string()).collect();
        let text = render(&env("docker-a", State::Failed, vec![stage]), false, false);
        let (start, _) = text.split_once("    | 3\n").unwrap();
        assert_data_eq!(
            start,
            str![[r#"
failed: docker-a
  stage    tested failed after 12.4s: killed by SIGKILL
  command  set -e
           1
           2
           3
           4
           5
           …
  on-failure (2 lines before these are in the log)
    | 2

"#]]
        );
    }

    #[test]
    fn trouble_outside_the_stages_is_told_too() {
        let mut result = env("docker-a", State::Error, vec![]);
        result.problem = Some("no engine\nat all".to_owned());
        let said = "no engine\nat all";
        result.trouble = Some(Problem::engine(said, "start \x1b[1mdocker"));
        let mut stage = StageResult::new("built", State::Error);
        stage.detail.clone_from(&result.problem);
        result.stages.push(stage);
        assert_data_eq!(
            render(&result, true, false),
            str![[r#"
error: docker-a
  stage    built error after 0.00s
  again    runenv run docker-a --redo built
  error: no engine
         at all
  help: start ␛[1mdocker

"#]]
        );
    }

    #[test]
    fn a_failure_that_may_be_is_one_line() {
        let mut stage = failed("tested", 12.4);
        stage.allowed = true;
        stage.leaked = true;
        let result = env("docker-a", State::Passed, vec![stage]);
        assert_data_eq!(
            allowed(&result, false),
            str![[r#"
allowed: docker-a tested failed after 12.4s: exit code 2 (log .runenv/docker-a/log/01-tested.log)

"#]]
        );
    }
}
