//! A job of the calling workflow: it calls the other one for each cell of a matrix.

use super::super::matrix::Cell;
use super::super::pipeline::{Login, Pipeline};
use super::super::who::Who;
use super::super::yaml::{Yaml, entry, map, text};
use super::steps::{self, FORK, NO_FORK, data, expression};

pub(super) const PULL: &str = "pull_request";
/// The job that asks which environments are stale.
pub(super) const STALE: &str = "stale";

/// What its jobs are called.
pub(super) fn id(who: Who) -> &'static str {
    match who {
        Who::Anybody | Who::Own => "run",
        Who::Fork => "fork",
    }
}

/// When its jobs run. `pulls`: are there pull requests? `only`: is it known that it is one?
pub(super) fn condition(who: Who, pulls: bool, only: bool) -> Option<String> {
    match who {
        Who::Anybody => None,
        Who::Own if !pulls => None,
        Who::Own if only => Some(NO_FORK.to_owned()),
        Who::Own => Some(format!("(github.event_name != '{PULL}' || {NO_FORK})")),
        Who::Fork if only => Some(FORK.to_owned()),
        Who::Fork => Some(format!("github.event_name == '{PULL}' && {FORK}")),
    }
}

/// Which part a job is of how many, and the job of the part before it.
pub(super) struct Place {
    pub(super) part: usize,
    pub(super) parts: usize,
    pub(super) before: Option<String>,
}

impl Place {
    /// More matrices than jobs at a time: one after the other.
    fn in_turn(&self, pipeline: &Pipeline) -> bool {
        let most = pipeline
            .max_parallel
            .and_then(|most| usize::try_from(most).ok());
        most.is_some_and(|most| most < self.parts)
    }

    /// This matrix's share of the jobs at a time.
    fn at_a_time(&self, pipeline: &Pipeline) -> Option<i64> {
        let most = i64::from(pipeline.max_parallel?);
        if self.in_turn(pipeline) {
            return Some(most);
        }
        let (parts, part) = (
            i64::try_from(self.parts).ok()?,
            i64::try_from(self.part).ok()?,
        );
        Some(most / parts + i64::from(part < most % parts))
    }
}

/// A job that calls the other workflow for each cell.
pub(super) fn call(
    pipeline: &Pipeline,
    who: Who,
    place: &Place,
    conditions: &[String],
    matrix: &Matrix<'_>,
) -> Yaml {
    let stale = matches!(matrix, Matrix::Asked(_));
    let mut all = vec![entry("name", expression("matrix.env"))];
    let mut conditions = conditions.to_vec();
    let mut needs: Vec<Yaml> = stale.then(|| text(STALE)).into_iter().collect();
    if let Some(before) = place.before.as_ref().filter(|_| place.in_turn(pipeline)) {
        conditions.insert(0, "!cancelled()".to_owned());
        needs.push(text(before));
    }
    match needs.as_slice() {
        [] => {}
        [one] => all.push(entry("needs", one.clone())),
        _ => all.push(entry("needs", Yaml::List(needs))),
    }
    if !conditions.is_empty() {
        all.push(entry("if", expression(&conditions.join(" && "))));
    }
    let mut permissions = vec![entry("contents", text("read"))];
    let own = who == Who::Own;
    let login = pipeline.login.as_ref().filter(|_| own);
    if login.is_some_and(Login::is_github_token) {
        permissions.push(entry("packages", text("write")));
    }
    all.push(entry("permissions", Yaml::Map(permissions)));
    let mut strategy = vec![entry("fail-fast", Yaml::Flag(false))];
    strategy.extend(
        place
            .at_a_time(pipeline)
            .map(|n| entry("max-parallel", Yaml::Number(n))),
    );
    strategy.push(entry("matrix", matrix.yaml()));
    all.push(entry("strategy", Yaml::Map(strategy)));
    all.push(super::steps::calls(super::CALLED));
    all.push(entry("with", with(pipeline, matrix, own)));
    let secrets = steps::secrets(login);
    if !secrets.is_empty() {
        let secret = |name: &str| entry(name, expression(&format!("secrets.{name}")));
        all.push(entry("secrets", map(secrets.into_iter().map(secret))));
    }
    Yaml::Map(all)
}

/// What the other workflow is given for a cell.
fn with(pipeline: &Pipeline, matrix: &Matrix<'_>, own: bool) -> Yaml {
    let mut with = vec![entry("env", expression("matrix.env"))];
    if pipeline.runs_on.is_none() {
        with.push(entry("runner", expression("matrix.runner")));
    }
    let follow_up = pipeline.has_follow_up().then_some(("follow-up", ""));
    for (key, usual) in pipeline.said().chain(follow_up) {
        let value = if matrix.may_say(key) {
            expression(&format!("matrix.{key} || '{usual}'"))
        } else {
            text(usual)
        };
        with.push(entry(key, value));
    }
    if pipeline.shares {
        with.push(entry("push", Yaml::Flag(own)));
    }
    Yaml::Map(with)
}

/// The cells of a call.
pub(super) enum Matrix<'p> {
    Cells(&'p [Cell]),
    /// The expression that gives them.
    Asked(String),
}

impl Matrix<'_> {
    fn yaml(&self) -> Yaml {
        let cells = match self {
            Self::Cells(cells) => cells,
            Self::Asked(asked) => return expression(asked),
        };
        if cells.iter().all(|cell| cell.more.is_empty()) {
            let names = cells.iter().map(|cell| data(&cell.env)).collect();
            return map([entry("env", Yaml::List(names))]);
        }
        let cell = |cell: &Cell| map(cell.pairs().map(|(key, value)| entry(key, data(value))));
        let cells = cells.iter().map(cell).collect();
        map([entry("include", Yaml::List(cells))])
    }

    /// Has a cell this key, as far as is known? A key that none has is a mistake to linters.
    fn may_say(&self, key: &str) -> bool {
        match self {
            Self::Cells(cells) => cells
                .iter()
                .flat_map(|cell| &cell.more)
                .any(|(k, _)| k == key),
            Self::Asked(_) => true,
        }
    }
}
