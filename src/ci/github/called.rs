//! The workflow of one environment.

use super::super::goal::{Goal, NOTHING};
use super::super::pipeline::{Pipeline, follow_up_id};
use super::super::yaml::{Entry, Yaml, entry, map, text};
use super::handed;
use super::steps::{self, expression};

pub(super) fn workflow(pipeline: &Pipeline) -> Yaml {
    let mut call = vec![entry("inputs", inputs(pipeline))];
    let secrets = steps::secrets(pipeline.login.as_ref().filter(|_| pipeline.shares));
    if !secrets.is_empty() {
        let optional = || map([entry("required", Yaml::Flag(false))]);
        let all = secrets.into_iter().map(|name| entry(name, optional()));
        call.push(entry("secrets", map(all)));
    }
    map([
        entry("name", text("one environment")),
        entry("on", map([entry("workflow_call", map(call))])),
        entry("jobs", map(jobs(pipeline))),
    ])
}

/// What a cell of a matrix hands over.
fn inputs(pipeline: &Pipeline) -> Yaml {
    let input = |name: &str, kind: &str, says: &str| {
        let about = [
            entry("description", text(says)),
            entry("type", text(kind)),
            entry("required", Yaml::Flag(true)),
        ];
        entry(name, map(about))
    };
    let mut all = vec![input("env", "string", "The environment")];
    if pipeline.runs_on.is_none() {
        all.push(input("runner", "string", "The label of its machines"));
    }
    for (key, _) in pipeline.said() {
        let says = format!("Stages of a job, separated by commas; `{NOTHING}`: none");
        all.push(input(key, "string", &says));
    }
    if pipeline.has_follow_up() {
        all.push(input(
            "follow-up",
            "string",
            "Stages that follow, between blanks",
        ));
    }
    if pipeline.shares {
        let says = "May it push? Else stages are handed on as artifacts, and there are no secrets";
        all.push(input("push", "boolean", says));
    }
    Yaml::Map(all)
}

fn jobs(pipeline: &Pipeline) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    let mut before: Option<&str> = None;
    for (at, one) in pipeline.jobs.iter().enumerate() {
        let condition = match &one.goal {
            Goal::Said { key, .. } => format!("inputs.{key} != '{NOTHING}'"),
            Goal::All | Goal::Stages(_) => String::new(),
        };
        let place = Place {
            takes_over: before.is_some(),
            hands_on: at + 1 < pipeline.jobs.len() || pipeline.has_follow_up(),
        };
        let head = head(&one.name, before, &condition);
        all.push(entry(
            &*one.id,
            job(pipeline, &one.id, head, &one.goal, place),
        ));
        before = Some(&one.id);
    }
    for stage in &pipeline.follow_up {
        let condition = format!("contains(inputs.follow-up, ' {stage} ')");
        let goal = Goal::Stages(stage.clone());
        let id = follow_up_id(stage);
        let place = Place {
            takes_over: before.is_some(),
            hands_on: false,
        };
        let head = head(stage, before, &condition);
        all.push(entry(&*id, job(pipeline, &id, head, &goal, place)));
    }
    all
}

/// What a job has to do with those beside it in the row.
#[derive(Clone, Copy)]
struct Place {
    takes_over: bool,
    hands_on: bool,
}

/// Where a job stands in the row. One that had nothing to do is passed over.
fn head(name: &str, before: Option<&str>, condition: &str) -> Vec<Entry> {
    let mut head = vec![entry("name", text(name))];
    let mut conditions = Vec::new();
    if let Some(before) = before {
        head.push(entry("needs", text(before)));
        conditions.extend(["!failure()", "!cancelled()"]);
    }
    conditions.extend(Some(condition).filter(|c| !c.is_empty()));
    if !conditions.is_empty() {
        head.push(entry("if", expression(&conditions.join(" && "))));
    }
    head
}

fn job(pipeline: &Pipeline, id: &str, mut all: Vec<Entry>, goal: &Goal, place: Place) -> Yaml {
    let machine = match &pipeline.runs_on {
        Some(label) => steps::data(label),
        None => expression("inputs.runner"),
    };
    let minutes = i64::try_from(pipeline.minutes()).unwrap_or(i64::MAX);
    all.push(entry("runs-on", machine));
    all.push(entry("timeout-minutes", Yaml::Number(minutes)));
    let mut steps = vec![steps::checkout()];
    steps.extend(steps::before(pipeline));
    let login = pipeline.login.as_ref().filter(|_| pipeline.shares);
    steps.extend(login.map(|login| steps::login(login, Some("inputs.push"))));
    if place.takes_over {
        steps.extend(handed::take_over());
    }
    steps.push(steps::run(pipeline, goal));
    if place.hands_on {
        steps.extend(handed::hand_on(pipeline));
    }
    steps.extend(handed::keep(pipeline, id));
    all.push(entry("steps", Yaml::List(steps)));
    Yaml::Map(all)
}
