//! The workflow of one environment.

use super::super::pipeline::{Goal, Pipeline};
use super::super::yaml::{Entry, Yaml, entry, text};
use super::steps::{self, expression, map};

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
    for key in said(pipeline) {
        all.push(input(
            &key,
            "string",
            "Stages of a job, separated by blanks",
        ));
    }
    if has_follow_up(pipeline) {
        all.push(input(
            "follow-up",
            "string",
            "Stages that follow, between blanks",
        ));
    }
    if pipeline.shares {
        let says = "May it push? Else all stages run in one job, without secrets";
        all.push(input("push", "boolean", says));
    }
    Yaml::Map(all)
}

/// What cells say of jobs, key by key.
pub(super) fn said(pipeline: &Pipeline) -> Vec<String> {
    let goals = pipeline.jobs.iter().map(|job| &job.goal);
    let goals = goals.filter(|_| pipeline.shares).chain([&pipeline.whole]);
    let said = goals.filter_map(|goal| match goal {
        Goal::Said(key) => Some(key.clone()),
        Goal::All | Goal::Stages(_) => None,
    });
    said.collect()
}

pub(super) fn has_follow_up(pipeline: &Pipeline) -> bool {
    pipeline.shares && !pipeline.follow_up.is_empty()
}

fn jobs(pipeline: &Pipeline) -> Vec<Entry> {
    if !pipeline.shares {
        return vec![entry(
            "all",
            job(pipeline, "all", None, &pipeline.whole, false),
        )];
    }
    let alone = [
        entry("name", text("all stages")),
        entry("if", expression("!inputs.push")),
    ];
    let alone = job(pipeline, "all", Some(alone.into()), &pipeline.whole, false);
    let mut all = vec![
        entry("all", alone)
            .before("A fork's pull request: nothing can be handed on, so one job runs all."),
    ];
    let mut before: Option<&str> = None;
    for one in &pipeline.jobs {
        let mut condition = "inputs.push".to_owned();
        if let Goal::Said(key) = &one.goal {
            condition += &format!(" && inputs.{key} != ''");
        }
        let head = head(&one.name, before, &condition);
        all.push(entry(
            &*one.id,
            job(pipeline, &one.id, Some(head), &one.goal, true),
        ));
        before = Some(&one.id);
    }
    for stage in pipeline
        .follow_up
        .iter()
        .filter(|_| has_follow_up(pipeline))
    {
        let condition = format!("inputs.push && contains(inputs.follow-up, ' {stage} ')");
        let goal = Goal::Stages(vec![stage.clone()]);
        let id = format!("then-{}", stage.replace('.', "-"));
        let head = head(stage, before, &condition);
        all.push(entry(&*id, job(pipeline, &id, Some(head), &goal, true)));
    }
    all
}

/// Where a job stands in the row. One that had nothing to do is passed over.
fn head(name: &str, before: Option<&str>, condition: &str) -> Vec<Entry> {
    let mut head = vec![entry("name", text(name))];
    match before {
        None => head.push(entry("if", expression(condition))),
        Some(before) => {
            head.push(entry("needs", text(before)));
            let condition = format!("!failure() && !cancelled() && {condition}");
            head.push(entry("if", expression(&condition)));
        }
    }
    head
}

fn job(pipeline: &Pipeline, id: &str, head: Option<Vec<Entry>>, goal: &Goal, pushes: bool) -> Yaml {
    let mut all = head.unwrap_or_else(|| vec![entry("name", text("all stages"))]);
    let machine = match &pipeline.runs_on {
        Some(label) => steps::data(label),
        None => expression("inputs.runner"),
    };
    let minutes = i64::try_from(steps::minutes(pipeline)).unwrap_or(i64::MAX);
    all.push(entry("runs-on", machine));
    all.push(entry("timeout-minutes", Yaml::Number(minutes)));
    let mut steps = vec![steps::checkout()];
    steps.extend(steps::before(pipeline));
    let login = pipeline.login.as_ref().filter(|_| pushes);
    steps.extend(login.map(|login| steps::login(login, None)));
    steps.extend([steps::run(pipeline, goal, pushes), steps::upload(id)]);
    all.push(entry("steps", Yaml::List(steps)));
    Yaml::Map(all)
}
