//! What a child pipeline is told of its environment.

use super::super::goal::{Goal, NOTHING};
use super::super::matrix::Cell;
use super::super::pipeline::Pipeline;
use super::super::who::Who;

/// The stages of an environment that one job runs, where these are not all.
pub(super) const TO_ALL: &str = "$TO_ALL";

/// A key of a cell, as a variable.
pub(super) fn key(key: &str) -> String {
    key.to_ascii_uppercase().replace('-', "_")
}

/// What the jobs of an environment run, together.
fn all_stages(pipeline: &Pipeline, cell: &Cell) -> String {
    let said = |key: &str| cell.pairs().find(|(name, _)| *name == key);
    let said = |key: &str| said(key).map(|(_, value)| value);
    let jobs = pipeline.jobs.iter().map(|job| match &job.goal {
        Goal::All => "",
        Goal::Stages(stages) => stages,
        Goal::Said { key, usual } => said(key).unwrap_or(usual),
    });
    let follow = said("follow-up").unwrap_or_default().split_whitespace();
    let all = jobs.chain(follow);
    let all: Vec<&str> = all.filter(|s| !s.is_empty() && *s != NOTHING).collect();
    all.join(",")
}

/// The variables of a cell beside its name: for who may push those of its row, for who may not that of the one job. An
/// empty value cannot stand in a matrix: a variable that is not set is the same.
pub(super) fn of(pipeline: &Pipeline, who: Who, cell: &Cell) -> Vec<(String, String)> {
    let row = pipeline.shares && who != Who::Fork;
    let more = cell.more.iter();
    let more = more.filter(|(name, value)| (row || name == "runner") && !value.is_empty());
    let mut all: Vec<(String, String)> = more.map(|(k, v)| (key(k), v.clone())).collect();
    if pipeline.has_follow_up() && who != Who::Own {
        all.push(("TO_ALL".to_owned(), all_stages(pipeline, cell)));
    }
    all
}
