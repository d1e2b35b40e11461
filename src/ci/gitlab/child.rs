//! The pipeline of one environment.

use super::super::goal::{Goal, NOTHING};
use super::super::pipeline::{Job, Pipeline, follow_up_id};
use super::super::yaml::{Entry, Yaml, entry, map, text};
use super::{job, steps, variables};

/// The stage of the jobs behind the row, and that of the one that runs all: an environment's have no blank.
const BEHIND: &str = "stages that follow";
const ALONE: &str = "all stages";
/// Holds where stages are handed on.
const PUSHES: &str = "$PUSH == \"true\"";

pub(super) fn file(pipeline: &Pipeline) -> Yaml {
    let mut all = steps::includes(pipeline);
    let (stages, jobs) = jobs(pipeline);
    let stages = stages.into_iter().map(text).collect();
    all.push(
        entry("stages", Yaml::List(stages))
            .before("A stage begins when all jobs of those before it have passed."),
    );
    all.extend(usual(pipeline));
    all.push(entry(".runenv-job", common(pipeline)));
    all.extend(jobs);
    Yaml::Map(all)
}

/// What jobs run in most environments: others are started with other values.
fn usual(pipeline: &Pipeline) -> Option<Entry> {
    let usual = pipeline.said().filter(|_| pipeline.shares);
    let all: Vec<Entry> = usual
        .map(|(key, stages)| entry(variables::key(key), text(stages)))
        .collect();
    let says = "Of most environments; others are started with values of their own.";
    (!all.is_empty()).then(|| entry("variables", Yaml::Map(all)).before(says))
}

/// What all jobs have in common.
fn common(pipeline: &Pipeline) -> Yaml {
    let mut all = Vec::new();
    let (tags, variable) = job::machine(pipeline, "$RUNNER");
    all.extend(tags);
    if pipeline.long {
        let limit = format!("{} minutes", pipeline.minutes());
        all.push(entry("timeout", text(limit)));
    }
    let mut variables: Vec<Entry> = variable.into_iter().collect();
    variables.extend(job::login(
        pipeline.login.as_ref().filter(|_| pipeline.shares),
    ));
    if !variables.is_empty() {
        all.push(entry("variables", Yaml::Map(variables)));
    }
    all.extend([job::before(pipeline), job::artifacts()]);
    Yaml::Map(all)
}

/// Stages, and the jobs in them: with a registry a row, and one job for who may not push.
fn jobs(pipeline: &Pipeline) -> (Vec<&str>, Vec<Entry>) {
    let whole = pipeline.has_follow_up().then_some(variables::TO_ALL);
    let alone = |condition: &str| one(pipeline, ALONE, condition, whole, false);
    if !pipeline.shares {
        return (vec![ALONE], vec![entry("all", alone("$ENV"))]);
    }
    let mut stages = vec![ALONE];
    let mut all = vec![
        entry("all", alone("$PUSH != \"true\""))
            .before("A fork's merge request: nothing can be handed on, so one job runs all."),
    ];
    for Job { id, name, goal } in &pipeline.jobs {
        let mut condition = PUSHES.to_owned();
        let variable;
        let goal = match goal {
            Goal::All => None,
            Goal::Stages(stages) => Some(stages.as_str()),
            Goal::Said { key, .. } => {
                variable = format!("${}", variables::key(key));
                condition += &format!(" && {variable} != \"{NOTHING}\"");
                Some(variable.as_str())
            }
        };
        stages.push(name);
        all.push(entry(&**id, one(pipeline, name, &condition, goal, true)));
    }
    for stage in &pipeline.follow_up {
        let named = stage.replace('.', "\\.");
        let condition = format!("{PUSHES} && $FOLLOW_UP =~ / {named} /");
        let id = follow_up_id(stage);
        all.push(entry(
            id,
            one(pipeline, BEHIND, &condition, Some(stage), true),
        ));
    }
    if pipeline.has_follow_up() {
        stages.push(BEHIND);
    }
    (stages, all)
}

fn one(pipeline: &Pipeline, stage: &str, condition: &str, to: Option<&str>, pushes: bool) -> Yaml {
    let rule = map([entry("if", text(condition))]);
    let mut all = vec![
        entry("extends", text(".runenv-job")),
        entry("stage", text(stage)),
        entry("rules", Yaml::List(vec![rule])),
        entry("dependencies", Yaml::List(Vec::new())),
    ];
    all.extend(job::run(pipeline, to, pushes));
    Yaml::Map(all)
}
