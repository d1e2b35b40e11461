//! The pipeline that events start: its jobs start the other for each environment.

use super::super::asked::Asked;
use super::super::matrix::Cell;
use super::super::pipeline::{Pipeline, Set};
use super::super::who::Who;
use super::super::yaml::{Entry, Yaml, entry, map, text};
use super::{CHILD, MOST_JOBS, job, steps, variables};

const MERGE_REQUEST: &str = "merge_request_event";
/// GitLab.com starts 350 pipelines of one commit in a minute and fails what is beyond
/// (`docs.gitlab.com/user/gitlab_com`, downstream pipelines).
const IN_A_MINUTE: usize = 300;
/// What the job of `--stale` makes.
const STALE: &str = "runenv-stale.yml";

/// The most jobs of one matrix.
pub(super) fn limit(pipeline: &Pipeline) -> usize {
    pipeline.matrix_limit.min(MOST_JOBS)
}

pub(super) fn file(pipeline: &Pipeline, asked: &Asked) -> Yaml {
    let mut all = Vec::new();
    if let Some(variables) = &asked.stale {
        all.extend(steps::includes(pipeline));
        all.extend(stale(pipeline, variables));
        return Yaml::Map(all);
    }
    let mut count = [0, 0];
    for set in &pipeline.sets {
        for who in who(pipeline, set).iter().copied() {
            let count = &mut count[usize::from(who == Who::Fork)];
            let rules = conditions(pipeline, set, who);
            let rules: Vec<Rule> = rules.into_iter().map(|rule| (rule, Vec::new())).collect();
            let mut jobs = jobs(pipeline, &set.cells, who, &rules, count).into_iter();
            all.extend(jobs.next().map(|first| first.before(says(set, who))));
            all.extend(jobs);
        }
    }
    Yaml::Map(all)
}

/// All of a set in a pipeline of its own, which another has started for it.
pub(super) fn started(pipeline: &Pipeline) -> Yaml {
    let rules = [("$CI_PIPELINE_SOURCE".to_owned(), Vec::new())];
    let cells: Vec<Cell> = pipeline
        .sets
        .iter()
        .flat_map(|set| set.cells.clone())
        .collect();
    if cells.is_empty() {
        // A pipeline has to have a job.
        let mut nothing = vec![rules_entry(&rules, None)];
        nothing.extend(idle(pipeline, "echo nothing would run"));
        return map([entry("nothing", Yaml::Map(nothing))]);
    }
    Yaml::Map(jobs(pipeline, &cells, Who::Anybody, &rules, &mut 0))
}

/// A condition, and variables that are set where it holds.
type Rule = (String, Vec<(&'static str, String)>);

fn who(pipeline: &Pipeline, set: &Set) -> &'static [Who] {
    let merges = set.events.iter().any(|event| event == MERGE_REQUEST);
    Who::all(pipeline.shares, merges)
}

/// What pipelines are told in `PUSH`, where it is known.
fn push(who: Who) -> Option<(&'static str, String)> {
    (who != Who::Anybody).then(|| ("PUSH", (who == Who::Own).to_string()))
}

fn says(set: &Set, who: Who) -> String {
    let text = match &set.label {
        Some(label) => format!("The label `{label}`"),
        None => "All environments".to_owned(),
    };
    match who {
        Who::Fork => text + ": a fork's merge request. Nothing is pushed.",
        Who::Own | Who::Anybody => text + ".",
    }
}

/// When a set runs.
fn conditions(pipeline: &Pipeline, set: &Set, who: Who) -> Vec<String> {
    let events = set.events.iter();
    let events = events.filter(|event| who != Who::Fork || *event == MERGE_REQUEST);
    events
        .map(|event| condition(pipeline, event, who))
        .collect()
}

fn condition(pipeline: &Pipeline, event: &str, who: Who) -> String {
    let is = format!("$CI_PIPELINE_SOURCE == \"{event}\"");
    let mut all = pipeline.sets.iter().flat_map(|set| &set.events);
    let on = branches(pipeline).filter(|_| event == "push");
    let is = on.map_or(is.clone(), |on| format!("{is} && {on}"));
    match (event, who) {
        (MERGE_REQUEST, Who::Own | Who::Fork) => format!(
            "{is} && $CI_MERGE_REQUEST_SOURCE_PROJECT_ID {} $CI_MERGE_REQUEST_PROJECT_ID",
            if who == Who::Own { "==" } else { "!=" }
        ),
        // A branch with a merge request has one pipeline, not two.
        ("push", _) if all.any(|event| event == MERGE_REQUEST) => {
            format!("{is} && $CI_OPEN_MERGE_REQUESTS == null")
        }
        _ => is,
    }
}

/// Is it a branch that counts? `None`: all do.
fn branches(pipeline: &Pipeline) -> Option<String> {
    let is = |branch: &String| {
        if !branch.contains('*') {
            return format!("$CI_COMMIT_BRANCH == \"{branch}\"");
        }
        let pattern = branch.replace('.', "\\.").replace('/', "\\/");
        let pattern = pattern.replace("**", "\0").replace('*', "[^\\/]*");
        format!("$CI_COMMIT_BRANCH =~ /^{}$/", pattern.replace('\0', ".*"))
    };
    let all: Vec<String> = pipeline.branches.iter().map(is).collect();
    match all.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => Some(format!("({})", all.join(" || "))),
    }
}

fn rules_entry(rules: &[Rule], delay: Option<&str>) -> Entry {
    let rule = |(condition, variables): &Rule| {
        let mut rule = vec![entry("if", text(condition))];
        if let Some(delay) = delay {
            rule.push(entry("when", text("delayed")));
            rule.push(entry("start_in", text(delay)));
        }
        if !variables.is_empty() {
            let all = variables.iter().map(|(k, v)| entry(*k, text(v)));
            rule.push(entry("variables", map(all)));
        }
        map(rule)
    };
    entry("rules", Yaml::List(rules.iter().map(rule).collect()))
}

/// The jobs that start a pipeline for each cell, and those that let a minute pass between them.
fn jobs(
    pipeline: &Pipeline,
    cells: &[Cell],
    who: Who,
    rules: &[Rule],
    count: &mut usize,
) -> Vec<Entry> {
    let fork = if who == Who::Fork { "-fork" } else { "" };
    let (mut all, mut started, mut wait) = (Vec::new(), 0, None);
    for part in cells.chunks(limit(pipeline)) {
        *count += 1;
        if started + part.len() > IN_A_MINUTE {
            let id = format!("runenv{fork}-wait-{count}");
            all.push(entry(&*id, waiting(pipeline, wait.as_ref(), rules)));
            (started, wait) = (0, Some(id));
        }
        started += part.len();
        let mut job: Vec<Entry> = needs(wait.as_ref()).into_iter().collect();
        job.push(rules_entry(rules, None));
        let cells = map([entry("matrix", matrix(pipeline, who, part))]);
        job.push(entry("parallel", cells));
        let said = push(who).map(|(name, value)| entry(name, text(value)));
        job.extend(said.map(|said| entry("variables", map([said]))));
        let file = map([entry("local", text(CHILD))]);
        // Where it is not said here, this pipeline was told it.
        job.push(trigger(file, pipeline.shares && who == Who::Anybody));
        all.push(entry(format!("runenv{fork}-{count}"), Yaml::Map(job)));
    }
    all
}

fn needs(job: Option<&String>) -> Option<Entry> {
    job.map(|job| entry("needs", Yaml::List(vec![text(job)])))
}

/// A job that does nothing, a minute later.
fn waiting(pipeline: &Pipeline, before: Option<&String>, rules: &[Rule]) -> Yaml {
    let mut all: Vec<Entry> = needs(before).into_iter().collect();
    all.push(rules_entry(rules, Some("1 minute")));
    all.extend(idle(pipeline, "echo a minute has passed"));
    Yaml::Map(all)
}

/// A job that needs neither the tree nor runenv.
fn idle(pipeline: &Pipeline, line: &str) -> Vec<Entry> {
    let (tags, variable) = machine(pipeline);
    let mut all: Vec<Entry> = tags.into_iter().collect();
    let variables = [entry("GIT_STRATEGY", text("none"))];
    all.push(entry(
        "variables",
        map(variables.into_iter().chain(variable)),
    ));
    all.push(entry("script", Yaml::List(vec![text(line)])));
    all
}

/// Where a job runs that is of no environment: where the first one does.
fn machine(pipeline: &Pipeline) -> (Option<Entry>, Option<Entry>) {
    job::machine(pipeline, pipeline.labels().next().unwrap_or_default())
}

fn trigger(file: Yaml, forward: bool) -> Entry {
    let mut all = vec![
        entry("include", Yaml::List(vec![file])),
        entry("strategy", text("depend")),
    ];
    if forward {
        let forward = map([entry("pipeline_variables", Yaml::Flag(true))]);
        all.push(entry("forward", forward));
    }
    entry("trigger", map(all))
}

/// The environment whose job has the longest name, and how long that is: GitLab makes it of the job's and all values of
/// the cell, as `runenv-1: [NAME, VALUE]`.
pub(super) fn longest_name(pipeline: &Pipeline) -> Option<(&str, usize)> {
    let name = |cell: &Cell, who| {
        let values = variables::of(pipeline, who, cell);
        let values = values.iter().map(|(_, value)| value.len() + ", ".len());
        "runenv-fork-99: []".len() + cell.env.len() + values.sum::<usize>()
    };
    let names = pipeline.sets.iter().flat_map(|set| {
        let who = who(pipeline, set).iter();
        who.flat_map(move |who| set.cells.iter().map(move |cell| (cell, *who)))
    });
    let names = names.map(|(cell, who)| (cell.env.as_str(), name(cell, who)));
    names.max_by_key(|(_, length)| *length)
}

/// Cells in a row that differ in their names alone stand together.
fn matrix(pipeline: &Pipeline, who: Who, cells: &[Cell]) -> Yaml {
    let cells = cells
        .iter()
        .map(|cell| (&cell.env, variables::of(pipeline, who, cell)));
    let cells: Vec<(&String, Vec<(String, String)>)> = cells.collect();
    let groups = cells.chunk_by(|(_, a), (_, b)| a == b).map(|group| {
        let names = group.iter().map(|(env, _)| text(env.as_str())).collect();
        let more = group[0].1.iter().map(|(k, v)| entry(&**k, text(&**v)));
        map([entry("ENV", Yaml::List(names))].into_iter().chain(more))
    });
    Yaml::List(groups.collect())
}

/// A first job finds out what would run, and writes the pipeline that the second one starts.
fn stale(pipeline: &Pipeline, variables: &[(String, String)]) -> Vec<Entry> {
    let (mut ask_rules, mut run_rules) = (Vec::new(), Vec::new());
    for set in &pipeline.sets {
        for who in who(pipeline, set).iter().copied() {
            let pushes = push(who);
            let label = set.label.clone().map(|label| ("LABEL", label));
            for condition in conditions(pipeline, set, who) {
                let given = pushes.iter().chain(&label).cloned().collect();
                ask_rules.push((condition.clone(), given));
                run_rules.push((condition, pushes.iter().cloned().collect()));
            }
        }
    }
    let (tags, variable) = machine(pipeline);
    let mut ask: Vec<Entry> = tags.into_iter().collect();
    ask.push(rules_entry(&ask_rules, None));
    let login = pipeline.login.as_ref().filter(|_| pipeline.shares);
    let given = variables.iter().map(|(k, v)| entry(&**k, job::data(v)));
    let given: Vec<Entry> = given.chain(variable).chain(job::login(login)).collect();
    if !given.is_empty() {
        ask.push(entry("variables", Yaml::Map(given)));
    }
    ask.push(job::before(pipeline));
    let labels = pipeline.sets.iter().any(|set| set.label.is_some());
    let label = if labels {
        " ${LABEL:+-m \"$LABEL\"}"
    } else {
        ""
    };
    let line = format!("runenv ci gitlab --print-stale{label} >{STALE}");
    ask.push(entry("script", Yaml::List(vec![text(line)])));
    let kept = [
        entry("expire_in", text("1 day")),
        entry("paths", Yaml::List(vec![text(STALE)])),
    ];
    ask.push(entry("artifacts", map(kept)));
    let file = map([
        entry("artifact", text(STALE)),
        entry("job", text("runenv-stale")),
    ]);
    let run = map([
        entry("needs", Yaml::List(vec![text("runenv-stale")])),
        rules_entry(&run_rules, None),
        trigger(file, false),
    ]);
    vec![
        entry("runenv-stale", Yaml::Map(ask)).before("What a run would not run is left out."),
        entry("runenv-1", run),
    ]
}
