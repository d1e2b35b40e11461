//! The workflow that events start: it calls the other for each environment.

use super::super::asked::Asked;
use super::super::matrix::Cell;
use super::super::pipeline::{Login, Pipeline, Set};
use super::super::who::Who;
use super::super::yaml::{Entry, Yaml, entry, map, text};
use super::call::{self, Matrix, PULL, Place, STALE, call, condition};
use super::handed;
use super::steps::{self, NO_FORK, data, expression};

pub(super) fn workflow(pipeline: &Pipeline, asked: &Asked) -> Yaml {
    let mut all = vec![
        entry("name", text(format!("{}: environments", pipeline.project))),
        entry("on", on(pipeline)),
        entry("permissions", map([])).before("Each job is given what it needs."),
    ];
    if pipeline.sets.iter().any(has_pulls) {
        all.push(concurrency());
    }
    let jobs = with_report(pipeline, jobs(pipeline, asked));
    all.push(entry("jobs", Yaml::Map(jobs)));
    Yaml::Map(all)
}

/// A new push to a pull request ends the run of the one before. Other runs have groups of their own: of a group
/// GitHub keeps one waiting and drops those before it.
fn concurrency() -> Entry {
    let group = format!(
        "${{{{ github.workflow }}}}-${{{{ github.event_name == '{PULL}' && github.ref || github.run_id }}}}"
    );
    let group = [
        entry("group", text(group)),
        entry("cancel-in-progress", Yaml::Flag(true)),
    ];
    entry("concurrency", map(group))
        .before("A pull request's new commit ends the run of the one before.")
}

/// What starts it; by hand always.
fn on(pipeline: &Pipeline) -> Yaml {
    let events = pipeline.sets.iter().flat_map(|set| &set.events);
    let event = |event: &String| match event.as_str() {
        "schedule" => {
            let cron = |line: &String| map([entry("cron", text(line))]);
            entry(
                "schedule",
                Yaml::List(pipeline.schedule.iter().map(cron).collect()),
            )
        }
        "push" if !pipeline.branches.is_empty() => {
            let branches = pipeline.branches.iter().map(text).collect();
            entry("push", map([entry("branches", Yaml::List(branches))]))
        }
        // Each release is several events.
        "release" => entry(
            "release",
            map([entry("types", Yaml::List(vec![text("published")]))]),
        ),
        event => entry(event, Yaml::Nothing),
    };
    map(events.map(event))
}

fn jobs(pipeline: &Pipeline, asked: &Asked) -> Vec<Entry> {
    let Some(variables) = &asked.stale else {
        return static_jobs(pipeline);
    };
    let mut all = vec![
        entry(STALE, stale(pipeline, variables)).before("What a run would not run is left out."),
    ];
    let most = pipeline
        .sets
        .iter()
        .map(|set| set.cells.len())
        .max()
        .unwrap_or_default();
    let parts = most.div_ceil(pipeline.matrix_limit).max(1);
    let pulls = pipeline.sets.iter().any(has_pulls);
    for who in Who::all(pipeline.shares, pulls) {
        let mut before = None;
        for part in 0..parts {
            let matrix = format!("fromJSON(needs.stale.outputs.matrix)[{part}]");
            let mut conditions = vec![
                "needs.stale.result == 'success'".to_owned(),
                format!("{matrix} != null"),
            ];
            conditions.extend(condition(*who, pulls, pipeline.sets.iter().all(only_pulls)));
            let place = Place {
                part,
                parts,
                before,
            };
            let call = call(pipeline, *who, &place, &conditions, &Matrix::Asked(matrix));
            let id = format!("{}-{}", call::id(*who), part + 1);
            all.push(entry(&*id, call));
            before = Some(id);
        }
    }
    all
}

/// And one that makes a report of what all the others left.
fn with_report(pipeline: &Pipeline, mut jobs: Vec<Entry>) -> Vec<Entry> {
    let needs: Vec<Yaml> = jobs.iter().map(|job| text(job.key())).collect();
    let mut steps = vec![steps::checkout()];
    steps.extend(steps::before(pipeline));
    steps.extend(handed::report());
    let report = map([
        entry("name", text("report")),
        entry("needs", Yaml::List(needs)),
        entry("if", expression(handed::ALWAYS)),
        entry("runs-on", data(machine(pipeline))),
        entry("permissions", map([entry("contents", text("read"))])),
        entry("steps", Yaml::List(steps)),
    ]);
    let says = "One report of all: it is red when anything failed or was ended, so it is the one check to require.";
    jobs.push(entry("report", report).before(says));
    jobs
}

/// Where jobs run that are for no environment: where the first one does.
fn machine(pipeline: &Pipeline) -> &str {
    let label = pipeline.labels().next();
    label.expect("a cell has a label where the file has not one for all")
}

/// Matrices as they are written here.
fn static_jobs(pipeline: &Pipeline) -> Vec<Entry> {
    let (mut all, mut count) = (Vec::new(), [0, 0]);
    for set in &pipeline.sets {
        let parts: Vec<&[Cell]> = set.cells.chunks(pipeline.matrix_limit).collect();
        for who in Who::all(pipeline.shares, has_pulls(set)) {
            let mut before: Option<String> = None;
            for (part, cells) in parts.iter().enumerate() {
                let mut conditions: Vec<String> = events(pipeline, set, *who).into_iter().collect();
                conditions.extend(condition(
                    *who,
                    has_pulls(set),
                    only_pulls(set) || *who == Who::Fork,
                ));
                let place = Place {
                    part,
                    parts: parts.len(),
                    before,
                };
                let count = &mut count[usize::from(*who == Who::Fork)];
                *count += 1;
                let id = format!("{}-{count}", call::id(*who));
                let call = call(pipeline, *who, &place, &conditions, &Matrix::Cells(cells));
                all.push(entry(&*id, call).before(says(set, &place, *who)));
                before = Some(id);
            }
        }
    }
    all
}

/// What stands before a job.
fn says(set: &Set, place: &Place, who: Who) -> String {
    let mut text = match &set.label {
        Some(label) => format!("The label `{label}`"),
        None => "All environments".to_owned(),
    };
    if place.parts > 1 {
        text += &format!(", part {} of {}", place.part + 1, place.parts);
    }
    match who {
        Who::Fork => text + ": a fork's pull request. No secrets, nothing is pushed.",
        Who::Own | Who::Anybody => text + ".",
    }
}

fn has_pulls(set: &Set) -> bool {
    set.events.iter().any(|event| event == PULL)
}

fn only_pulls(set: &Set) -> bool {
    set.events.iter().all(|event| event == PULL)
}

/// Which events a set is for, where there are others.
fn events(pipeline: &Pipeline, set: &Set, who: Who) -> Option<String> {
    if who == Who::Fork {
        return Some(format!("github.event_name == '{PULL}'"));
    }
    if pipeline.sets.len() == 1 {
        return None;
    }
    let is = |event: &String| format!("github.event_name == '{event}'");
    let all: Vec<String> = set.events.iter().map(is).collect();
    let text = all.join(" || ");
    Some(if all.len() > 1 {
        format!("({text})")
    } else {
        text
    })
}

/// The first job: the matrices of those of which a stage would run.
fn stale(pipeline: &Pipeline, variables: &[(String, String)]) -> Yaml {
    let login = pipeline.login.as_ref().filter(|_| pipeline.shares);
    let mut permissions = vec![entry("contents", text("read"))];
    if login.is_some_and(Login::is_github_token) {
        permissions.push(entry("packages", text("read")));
    }
    let mut steps = vec![steps::checkout()];
    steps.extend(steps::before(pipeline));
    let trusted = format!("github.event_name != '{PULL}' || {NO_FORK}");
    let trusted = pipeline.sets.iter().any(has_pulls).then_some(&*trusted);
    steps.extend(login.map(|login| steps::login(login, trusted)));
    let mut given: Vec<Entry> = variables
        .iter()
        .map(|(k, v)| entry(&**k, data(v)))
        .collect();
    let mut lines = "matrix=$(runenv ci matrix --stale --allow-empty)\necho \"matrix=$matrix\" >>\"$GITHUB_OUTPUT\"\n".to_owned();
    if let Some(label) = label(pipeline) {
        given.push(entry("LABEL", expression(&label)));
        lines = lines.replace("--stale", "--stale ${LABEL:+-m \"$LABEL\"}");
    }
    let mut ask = vec![entry("id", text("ask"))];
    if !given.is_empty() {
        ask.push(entry("env", Yaml::Map(given)));
    }
    ask.push(entry("run", Yaml::Lines(lines)));
    steps.push(Yaml::Map(ask));
    map([
        entry("runs-on", data(machine(pipeline))),
        entry("permissions", Yaml::Map(permissions)),
        entry(
            "outputs",
            map([entry("matrix", expression("steps.ask.outputs.matrix"))]),
        ),
        entry("steps", Yaml::List(steps)),
    ])
}

/// The label of the event that started the workflow; nothing: all.
fn label(pipeline: &Pipeline) -> Option<String> {
    let mut all = Vec::new();
    for set in &pipeline.sets {
        let Some(label) = &set.label else { continue };
        all.extend(
            set.events
                .iter()
                .map(|event| format!("github.event_name == '{event}' && '{label}'")),
        );
    }
    (!all.is_empty()).then(|| format!("{} || ''", all.join(" || ")))
}
