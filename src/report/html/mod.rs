//! Results as one page that a browser shows without a network: a grid of systems and configurations, each cell a state
//! with its stages, times, missing packages and last lines.
//!
//! The page is `page.html` with `page.js` in it; here only their data is made, and put in so that no text in it can be
//! more than text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use indexmap::IndexMap;
use ring::digest::{SHA256, digest};
use serde::Serialize;

use super::compare::{Change, Changes};
use super::grid::Grid;
use super::{failure, harmless, table};
use crate::run::result::{EnvResult, StageResult, State, Took};
use crate::run::results::RunResult;
use crate::time::show_duration;

const PAGE: &str = include_str!("page.html");
const SCRIPT: &str = include_str!("page.js");
/// How many lines of what `on-failure` printed are shown, and of a command or a problem.
const ON_FAILURE_LINES: usize = 100;
const COMMAND_LINES: usize = 40;

/// What `page.js` reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    title: String,
    when: String,
    counts: &'a IndexMap<String, usize>,
    /// How many are different from the run before, and how.
    changes: IndexMap<&'static str, usize>,
    columns: &'a [&'a str],
    rows: Vec<Row<'a>>,
    others: Vec<usize>,
    envs: Vec<Env<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    /// Indices of environments.
    cells: Vec<Option<usize>>,
}

#[derive(Serialize)]
struct Env<'a> {
    name: &'a str,
    state: State,
    seconds: Took,
    started: String,
    problem: String,
    nameless: &'a [String],
    change: Option<&'static str>,
    /// Commands to go on with.
    next: Vec<String>,
    stages: Vec<Stage<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stage<'a> {
    name: &'a str,
    state: State,
    cached: bool,
    word: &'static str,
    allowed: bool,
    marks: Vec<&'static str>,
    seconds: Took,
    /// How long it took the time before.
    was: Option<Took>,
    reason: String,
    command: String,
    place: &'a str,
    missing: &'a [String],
    sources: &'a str,
    not_pushed: String,
    tail: Vec<String>,
    on_failure: Vec<String>,
    log: &'a str,
}

/// The whole page.
pub(crate) fn render(run: &RunResult, changes: Option<&Changes>) -> String {
    let hash = STANDARD.encode(digest(&SHA256, SCRIPT.as_bytes()));
    // Data last: what looks like a mark in it is none.
    PAGE.replace("{{script-hash}}", &format!("sha256-{hash}"))
        .replace("{{script}}", SCRIPT)
        .replace("{{data}}", &quiet(&data(run, changes)))
}

/// JSON in which nothing ends an element or begins one, and no line ends where JavaScript sees an end.
fn quiet(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                text += &format!("\\u{:04x}", u32::from(c));
            }
            _ => text.push(c),
        }
    }
    text
}

fn data<'a>(run: &'a RunResult, changes: Option<&'a Changes>) -> String {
    let grid = Grid::of(&run.envs);
    // They are the same values, not equal ones.
    let index = |env: &EnvResult| run.envs.iter().position(|other| std::ptr::eq(other, env));
    let rows = grid.rows.iter().map(|row| Row {
        name: row.name,
        cells: row.cells.iter().map(|env| env.and_then(index)).collect(),
    });
    let of = |change: Change| Some((change.word(), changes?.count(change)));
    let data = Data {
        title: table::counts(&run.envs, false),
        when: when(run, changes),
        counts: &run.counts,
        changes: Change::ALL.into_iter().filter_map(of).collect(),
        columns: &grid.columns,
        rows: rows.collect(),
        others: grid.others.iter().filter_map(|env| index(env)).collect(),
        envs: run.envs.iter().map(|env| env_of(env, changes)).collect(),
    };
    serde_json::to_string(&data).expect("our own values are JSON")
}

/// When it was, how long it took, and what it is compared with.
fn when(run: &RunResult, changes: Option<&Changes>) -> String {
    let time = show_duration(run.seconds.0);
    let mut parts = vec![minute(&run.started), format!("{time} altogether")];
    if let Some(changes) = changes {
        parts.push(format!("compared with {}", minute(&changes.before)));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// `2026-01-01T10:00:00Z` to the minute.
fn minute(time: &str) -> String {
    match time.split_once('T') {
        Some((day, hours)) if hours.is_char_boundary(5) && hours.len() > 5 => {
            format!("{day} {} UTC", &hours[..5])
        }
        _ => time.to_owned(),
    }
}

fn env_of<'a>(env: &'a EnvResult, changes: Option<&Changes>) -> Env<'a> {
    let change = changes.and_then(|changes| changes.envs.get(&env.name));
    let stage = |stage: &'a StageResult| {
        let key = (env.name.clone(), stage.name.clone());
        let was = changes.and_then(|changes| changes.took.get(&key));
        stage_of(stage, was.map(|was| Took(*was)))
    };
    let problem = env.problem.as_deref().unwrap_or_default();
    Env {
        name: &env.name,
        state: env.state,
        seconds: env.seconds,
        started: minute(&env.started),
        problem: harmless::visible_lines(problem, COMMAND_LINES).join("\n"),
        nameless: &env.nameless_packages,
        change: change.map(|change| change.word()),
        next: failure::next(env),
        stages: env.stages.iter().map(stage).collect(),
    }
}

fn stage_of(stage: &StageResult, was: Option<Took>) -> Stage<'_> {
    let command = stage.command.as_ref();
    let pushed = stage.pushed.as_ref();
    let reason = pushed.and_then(|pushed| pushed.reason.as_ref());
    let lines = |lines: &[String]| {
        lines
            .iter()
            .map(|line| harmless::line(line, false))
            .collect()
    };
    let behind = stage
        .on_failure_output
        .len()
        .saturating_sub(ON_FAILURE_LINES);
    Stage {
        name: &stage.name,
        state: stage.state,
        cached: stage.cached,
        word: stage.word(),
        allowed: stage.allowed,
        marks: failure::marks(stage),
        seconds: stage.seconds,
        was,
        reason: failure::reason(stage),
        command: command.map_or_else(String::new, |command| {
            harmless::visible_lines(command.text.trim(), COMMAND_LINES).join("\n")
        }),
        place: command.map_or("", |command| command.place.as_str()),
        missing: &stage.missing_packages,
        sources: stage.package_sources.as_deref().unwrap_or_default(),
        not_pushed: reason.map_or_else(String::new, |reason| harmless::cut(reason)),
        tail: lines(&stage.tail),
        on_failure: lines(&stage.on_failure_output[behind..]),
        log: &stage.log,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::told::{env, failed, passed, words};
    use crate::run::results::merge::merge;

    #[test]
    fn no_text_of_a_log_is_more_than_text() {
        let mut ill = failed("tested", 1.0);
        ill.tail = words(&[
            "</script><script>alert(1)</script>",
            "<!--",
            "a && b\u{2028}c",
            "{{data}}",
        ]);
        let page = render(&merge(vec![env("a", State::Failed, vec![ill])]), None);
        let (_, rest) = page.split_once("id=\"data\">").unwrap();
        let (data, _) = rest.split_once("</script>").unwrap();
        assert!(!data.contains(['<', '>', '&', '\u{2028}']), "{data}");
        let data: serde_json::Value = serde_json::from_str(data).unwrap();
        let tail = &data["envs"][0]["stages"][0]["tail"];
        assert_eq!(tail[0], "</script><script>alert(1)</script>");
        assert_eq!(tail[3], "{{data}}");
        assert_eq!(page.matches("<script").count(), 2);
    }

    #[test]
    fn the_page_asks_for_nothing() {
        let page = render(
            &merge(vec![env("a", State::Passed, vec![passed("built", 1.0)])]),
            None,
        );
        for word in ["http:", "https:", "//cdn", "@import", "url(", "src=", "{{"] {
            assert!(!page.contains(word), "{word}");
        }
        assert!(page.contains("default-src 'none'"));
    }

    #[test]
    fn times_are_told_to_the_minute() {
        assert_eq!(minute("2026-01-01T10:00:09Z"), "2026-01-01 10:00 UTC");
        assert_eq!(
            (minute(""), minute("xTé")),
            (String::new(), "xTé".to_owned())
        );
    }
}
