//! The end of a run: one table, a report of each failure, and a last line with counts and time.
//!
//! Reads the summary only; says the same with and without colour.
//!
//! ```text
//! failed  docker-a  cached  failed 12.4s
//! 1 failed in 12.9s
//! ```

use super::style::{LITERAL, OK, WARNING, paint};
use super::{failure, harmless, style};
use crate::nearest::counted;
use crate::run::result::{EnvResult, StageResult, State, Summary};
use crate::time::show_duration;

/// How much of the end is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) colour: bool,
    /// Only failures and the last line.
    pub(crate) quiet: bool,
    /// The output of the only environment has just gone by.
    pub(crate) streamed: bool,
}

/// All of the end, ended by a newline.
pub(crate) fn render(summary: &Summary, form: Form) -> String {
    let Form {
        colour,
        quiet,
        streamed,
    } = form;
    let mut parts = Vec::new();
    if !quiet {
        if needs_rows(summary) {
            parts.push(rows(&summary.envs.iter().collect::<Vec<_>>(), colour));
        }
        parts.push(remarks(&summary.envs, colour));
    }
    let bad = summary.envs.iter().filter(|e| e.state.is_bad());
    parts.extend(bad.map(|env| failure::render(env, streamed, colour)));
    parts.push(last(summary, colour) + "\n");
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

/// Was there nothing to do?
fn all_cached(summary: &Summary) -> bool {
    let envs = &summary.envs;
    !envs.is_empty() && envs.iter().all(is_cached)
}

/// Were all stages of a passed environment found?
pub(super) fn is_cached(env: &EnvResult) -> bool {
    env.state == State::Passed && !env.stages.is_empty() && env.stages.iter().all(|s| s.cached)
}

/// Is there anything to compare, or the reason why the only one was not run?
fn needs_rows(summary: &Summary) -> bool {
    match &summary.envs[..] {
        [] => false,
        [one] => one.stages.is_empty() && one.problem.is_some() && !one.state.is_bad(),
        _ => !all_cached(summary),
    }
}

/// One cell of a table and its width on the screen.
pub(super) struct Cell(String, usize);

impl Cell {
    pub(super) fn new(text: &str, style: anstyle::Style, colour: bool) -> Self {
        Self(paint(colour, style, text), text.chars().count())
    }
}

/// A row for each environment, failed ones last; a column for each stage that any of them has.
pub(super) fn rows(envs: &[&EnvResult], colour: bool) -> String {
    let mut stages: Vec<&str> = Vec::new();
    for stage in envs.iter().flat_map(|e| &e.stages) {
        if !stages.contains(&stage.name.as_str()) {
            stages.push(&stage.name);
        }
    }
    let head = ["", "environment"]
        .into_iter()
        .chain(stages.iter().copied());
    let head = head.map(|text| Cell::new(&harmless::visible(text), style::DIM, colour));
    let mut table: Vec<Vec<Cell>> = Vec::new();
    if !stages.is_empty() {
        table.push(head.collect());
    }
    let (bad, good): (Vec<_>, Vec<_>) = envs.iter().partition(|e| e.state.is_bad());
    table.extend(good.into_iter().chain(bad).map(|e| row(e, &stages, colour)));
    aligned(&table)
}

fn row(env: &EnvResult, stages: &[&str], colour: bool) -> Vec<Cell> {
    let mut row = vec![
        Cell::new(env.state.word(), style::of(env.state), colour),
        Cell::new(&harmless::visible(&env.name), LITERAL, colour),
    ];
    if env.stages.is_empty()
        && let Some(problem) = &env.problem
    {
        // Why it was skipped, or not run.
        let why = problem
            .lines()
            .next()
            .map(harmless::cut)
            .unwrap_or_default();
        row.push(Cell::new(&harmless::visible(&why), style::DIM, colour));
        return row;
    }
    row.extend(stages.iter().map(|name| {
        let stage = env.stages.iter().find(|s| s.name == *name);
        stage.map_or_else(|| Cell::new("-", style::DIM, colour), |s| cell(s, colour))
    }));
    row
}

/// How a stage ended, in a cell of a table.
pub(super) fn words(stage: &StageResult) -> String {
    let time = show_duration(stage.seconds.0);
    let mut text = match stage.state {
        State::Passed if stage.cached => stage.word().to_owned(),
        State::Passed => time,
        State::NotRun | State::Skipped => "-".to_owned(),
        State::Failed
        | State::TimedOut
        | State::OutOfMemory
        | State::Interrupted
        | State::Error => format!("{} {time}", stage.state.word()),
    };
    for mark in failure::marks(stage) {
        text.extend([" (", mark, ")"]);
    }
    text
}

fn cell(stage: &StageResult, colour: bool) -> Cell {
    let style = match (stage.state.is_bad(), stage.allowed) {
        (true, false) => style::FAILED,
        (true, true) => WARNING,
        (false, _) if stage.leaked => WARNING,
        (false, _) if stage.cached => style::DIM,
        (false, _) => anstyle::Style::new(),
    };
    Cell::new(&words(stage), style, colour)
}

/// Plain texts in such columns as `aligned` makes.
pub(crate) fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let cell = |text: &String| Cell(text.clone(), text.chars().count());
    let rows = rows.iter().map(|row| row.iter().map(cell).collect());
    aligned(&rows.collect::<Vec<Vec<Cell>>>())
}

/// Columns two blanks apart, no blanks at the end of a line.
pub(super) fn aligned(table: &[Vec<Cell>]) -> String {
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        // The last cell of a row may be wider than its column: nothing stands behind it.
        let rows = table.iter().filter(|row| row.len() > column);
        let inner = rows.filter(|row| row.len() == columns || row.len() > column + 1);
        inner.map(|row| row[column].1).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in table {
        let mut line = String::new();
        let mut gap = 0;
        for (Cell(cell, wide), width) in row.iter().zip(&widths) {
            if *wide > 0 {
                line += &" ".repeat(gap);
                line += cell;
                gap = 0;
            }
            gap += width.saturating_sub(*wide) + 2;
        }
        text += &line;
        text += "\n";
    }
    text
}

/// What a table has no room for: packages that are not there, failures that may be.
pub(super) fn remarks(envs: &[EnvResult], colour: bool) -> String {
    let mut text = String::new();
    let mut say = |what: &str, env: &str, list: &[String]| {
        if !list.is_empty() {
            let list = harmless::visible(&list.join(", "));
            let env = harmless::visible(env);
            let what = paint(colour, WARNING, what);
            text.extend([&what, " on ", &env, ": ", &list, "\n"]);
        }
    };
    for env in envs {
        let missing: Vec<_> = env
            .stages
            .iter()
            .flat_map(|s| s.missing_packages.clone())
            .collect();
        say("missing packages", &env.name, &missing);
        let sources = env.stages.iter().filter_map(|s| s.package_sources.clone());
        say("package sources", &env.name, &sources.collect::<Vec<_>>());
        say("packages without a name", &env.name, &env.nameless_packages);
        let not_pushed = |s: &StageResult| {
            let pushed = s.pushed.as_ref().filter(|pushed| !pushed.untried)?;
            let reason = pushed.reason.as_ref()?;
            Some(format!("{} ({})", s.name, harmless::cut(reason)))
        };
        let not_pushed = env.stages.iter().filter_map(not_pushed);
        say("not pushed", &env.name, &not_pushed.collect::<Vec<_>>());
    }
    for env in envs {
        text += &failure::allowed(env, colour);
    }
    text
}

/// How many ended so: `1 passed, 1 failed`.
pub(super) fn counts(envs: &[EnvResult], colour: bool) -> String {
    let count = |state: State| envs.iter().filter(|e| e.state == state).count();
    let counts = State::ALL.map(|state| (count(state), state));
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let counts = counts.map(|(count, state)| {
        let words = if state == State::Error {
            counted("error", count)
        } else {
            format!("{count} {}", state.word())
        };
        paint(colour, style::of(state), &words)
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// Counts and time: `1 passed, 1 failed in 3m05s`.
fn last(summary: &Summary, colour: bool) -> String {
    let counts = counts(&summary.envs, colour);
    let time = show_duration(summary.seconds.0);
    let mut text = if counts.is_empty() {
        "nothing was run".to_owned()
    } else {
        format!("{counts} in {time}")
    };
    let told = summary.envs.iter().any(|e| e.state == State::Interrupted);
    if summary.interrupted && !told {
        text = format!("{}: {text}", paint(colour, style::FAILED, "interrupted"));
    }
    if all_cached(summary) {
        text.extend([", ", &paint(colour, OK, "all stages cached")]);
    }
    text
}

#[cfg(test)]
mod tests {
    use snapbox::{assert_data_eq, str};

    use super::*;
    use crate::report::told::{cached, env, failed, passed, summary, words};

    const PLAIN: Form = Form {
        colour: false,
        quiet: false,
        streamed: false,
    };

    fn mixed() -> Summary {
        let mut bad = failed("tested", 12.4);
        let mut skipped = env("podman-c", State::Skipped, vec![]);
        skipped.problem = Some("no linux/riscv64 image of `fedora` is known here".to_owned());
        let mut fine = env(
            "docker-bookworm",
            State::Passed,
            vec![cached("built"), passed("tested", 61.0)],
        );
        fine.stages[1].leaked = true;
        fine.nameless_packages = words(&["libfoo", "libbar"]);
        bad.missing_packages = words(&["gap"]);
        bad.package_sources = Some("http://archive/debian".to_owned());
        let last = StageResult::new("packed", State::NotRun);
        let ill = env("docker-a", State::Failed, vec![cached("built"), bad, last]);
        summary(vec![ill, fine, skipped], 185.0)
    }

    #[test]
    fn failed_ones_come_last() {
        assert_data_eq!(
            render(&mixed(), PLAIN),
            str![[r#"
         environment      built   tested          packed
passed   docker-bookworm  cached  1m01s (leaked)  -
skipped  podman-c         no linux/riscv64 image of `fedora` is known here
failed   docker-a         cached  failed 12.4s    -

missing packages on docker-a: gap
package sources on docker-a: http://archive/debian
packages without a name on docker-bookworm: libfoo, libbar

failed: docker-a
  stage    tested failed after 12.4s: exit code 2
  command  make check
  at       envs.toml:41:9
  missing  gap
  sources  http://archive/debian
  on-failure
    | == test.log
    | expected 1, got 2
  last lines
    | checking…
    | FAIL: test_foo
  log      .runenv/docker-a/log/01-tested.log
  look     runenv shell docker-a --failed
  again    runenv run docker-a --redo tested

1 passed, 1 skipped, 1 failed in 3m05s

"#]]
        );
    }

    #[test]
    fn quiet_tells_failures_and_the_last_line() {
        let form = Form {
            quiet: true,
            ..PLAIN
        };
        assert_data_eq!(
            render(&mixed(), form),
            str![[r#"
failed: docker-a
  stage    tested failed after 12.4s: exit code 2
  command  make check
  at       envs.toml:41:9
  missing  gap
  sources  http://archive/debian
  on-failure
    | == test.log
    | expected 1, got 2
  last lines
    | checking…
    | FAIL: test_foo
  log      .runenv/docker-a/log/01-tested.log
  look     runenv shell docker-a --failed
  again    runenv run docker-a --redo tested

1 passed, 1 skipped, 1 failed in 3m05s

"#]]
        );
    }

    #[test]
    fn colour_is_only_colour() {
        let form = Form {
            colour: true,
            ..PLAIN
        };
        let mut plain = String::new();
        harmless::Cleaner::new(false).push(render(&mixed(), form).as_bytes(), &mut plain);
        assert_eq!(plain, render(&mixed(), PLAIN));
    }

    #[test]
    fn where_all_was_there_one_line_is_enough() {
        let env = env("docker-a", State::Passed, vec![cached("built")]);
        let two = summary(vec![env.clone(), env], 0.314);
        assert_eq!(
            render(&two, PLAIN),
            "2 passed in 0.31s, all stages cached\n"
        );
    }

    #[test]
    fn one_that_was_skipped_says_why() {
        let mut skipped = env("podman-c", State::Skipped, vec![]);
        skipped.problem = Some(
            "no image for riscv64
help: x"
                .to_owned(),
        );
        assert_eq!(
            render(&summary(vec![skipped], 0.1), PLAIN),
            "skipped  podman-c  no image for riscv64

1 skipped in 0.10s
"
        );
    }

    #[test]
    fn odd_ends_have_a_last_line_too() {
        assert_eq!(render(&summary(vec![], 1.0), PLAIN), "nothing was run\n");
        let mut early = summary(vec![env("docker-a", State::NotRun, vec![])], 1.0);
        early.interrupted = true;
        assert_eq!(render(&early, PLAIN), "interrupted: 1 not-run in 1.00s\n");
    }
}
