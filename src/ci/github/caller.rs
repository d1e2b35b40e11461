//! The workflow that events start: it calls the other for each environment.

use super::super::matrix::Cell;
use super::super::pipeline::{Pipeline, Set};
use super::super::yaml::{Entry, Yaml, entry, text};
use super::Asked;
use super::called::{has_follow_up, said};
use super::steps::{self, FORK, NO_FORK, data, expression, map};

const PULL: &str = "pull_request";

pub(super) fn workflow(pipeline: &Pipeline, asked: &Asked) -> Yaml {
    let group = [
        entry("group", text("${{ github.workflow }}-${{ github.ref }}")),
        entry(
            "cancel-in-progress",
            expression("github.event_name == 'pull_request'"),
        ),
    ];
    map([
        entry("name", text(format!("{}: environments", pipeline.project))),
        entry("on", on(pipeline)),
        entry("permissions", map([])).before("Each job is given what it needs."),
        entry("concurrency", map(group)),
        entry("jobs", Yaml::Map(jobs(pipeline, asked))),
    ])
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
        event => entry(event, Yaml::Nothing),
    };
    map(events.map(event))
}

fn jobs(pipeline: &Pipeline, asked: &Asked) -> Vec<Entry> {
    let Some(variables) = &asked.stale else {
        return static_jobs(pipeline);
    };
    let mut all = vec![
        entry("stale", stale(pipeline, variables)).before("What a run would not run is left out."),
    ];
    let most = pipeline
        .sets
        .iter()
        .map(|set| set.cells.len())
        .max()
        .unwrap_or_default();
    let parts = most.div_ceil(pipeline.matrix_limit).max(1);
    let pulls = pipeline.sets.iter().any(has_pulls);
    for who in Who::of(pipeline, pulls) {
        let mut before = None;
        for part in 0..parts {
            let matrix = format!("fromJSON(needs.stale.outputs.matrix)[{part}]");
            let mut conditions = vec![
                "needs.stale.result == 'success'".to_owned(),
                format!("{matrix} != null"),
            ];
            conditions.extend(who.condition(pulls, pipeline.sets.iter().all(only_pulls)));
            let place = Place {
                part,
                parts,
                before,
            };
            let call = call(pipeline, *who, &place, &conditions, expression(&matrix));
            let id = format!("{}-{}", who.id(), part + 1);
            all.push(entry(&*id, call));
            before = Some(id);
        }
    }
    all
}

/// Matrices as they are written here.
fn static_jobs(pipeline: &Pipeline) -> Vec<Entry> {
    let (mut all, mut count) = (Vec::new(), [0, 0]);
    for set in &pipeline.sets {
        let parts: Vec<&[Cell]> = set.cells.chunks(pipeline.matrix_limit).collect();
        for who in Who::of(pipeline, has_pulls(set)) {
            let mut before: Option<String> = None;
            for (part, cells) in parts.iter().enumerate() {
                let mut conditions: Vec<String> = events(pipeline, set, *who).into_iter().collect();
                conditions
                    .extend(who.condition(has_pulls(set), only_pulls(set) || *who == Who::Fork));
                let place = Place {
                    part,
                    parts: parts.len(),
                    before,
                };
                let count = &mut count[usize::from(*who == Who::Fork)];
                *count += 1;
                let id = format!("{}-{count}", who.id());
                let call = call(pipeline, *who, &place, &conditions, matrix(cells));
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

/// Whose code runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// It makes no difference: nothing is pushed.
    Anybody,
    Own,
    Fork,
}

impl Who {
    fn of(pipeline: &Pipeline, pulls: bool) -> &'static [Self] {
        match (pipeline.shares, pulls) {
            (false, _) => &[Self::Anybody],
            (true, false) => &[Self::Own],
            (true, true) => &[Self::Own, Self::Fork],
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Anybody | Self::Own => "run",
            Self::Fork => "fork",
        }
    }

    /// `pulls`: are there pull requests? `only`: is it known that it is one?
    fn condition(self, pulls: bool, only: bool) -> Option<String> {
        match self {
            Self::Anybody => None,
            Self::Own if !pulls => None,
            Self::Own if only => Some(NO_FORK.to_owned()),
            Self::Own => Some(format!("(github.event_name != '{PULL}' || {NO_FORK})")),
            Self::Fork if only => Some(FORK.to_owned()),
            Self::Fork => Some(format!("github.event_name == '{PULL}' && {FORK}")),
        }
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

/// Which part a job is of how many, and the job of the part before it.
struct Place {
    part: usize,
    parts: usize,
    before: Option<String>,
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
fn call(pipeline: &Pipeline, who: Who, place: &Place, conditions: &[String], matrix: Yaml) -> Yaml {
    let stale = matches!(matrix, Yaml::Text(_));
    let mut all = vec![entry("name", expression("matrix.env"))];
    let mut conditions = conditions.to_vec();
    let mut needs: Vec<Yaml> = stale.then(|| text("stale")).into_iter().collect();
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
    if login.is_some_and(|login| login.password == "GITHUB_TOKEN") {
        permissions.push(entry("packages", text("write")));
    }
    all.push(entry("permissions", Yaml::Map(permissions)));
    let mut strategy = vec![entry("fail-fast", Yaml::Flag(false))];
    strategy.extend(
        place
            .at_a_time(pipeline)
            .map(|n| entry("max-parallel", Yaml::Number(n))),
    );
    strategy.push(entry("matrix", matrix));
    all.push(entry("strategy", Yaml::Map(strategy)));
    all.push(super::steps::calls(super::CALLED));
    let mut with = vec![entry("env", expression("matrix.env"))];
    let runner = pipeline.runs_on.is_none().then(|| "runner".to_owned());
    let follow_up = has_follow_up(pipeline).then(|| "follow-up".to_owned());
    for key in runner.into_iter().chain(said(pipeline)).chain(follow_up) {
        with.push(entry(&*key, expression(&format!("matrix.{key}"))));
    }
    if pipeline.shares {
        with.push(entry("push", Yaml::Flag(own)));
    }
    all.push(entry("with", Yaml::Map(with)));
    let secrets = steps::secrets(login);
    if !secrets.is_empty() {
        let secret = |name: &str| entry(name, expression(&format!("secrets.{name}")));
        all.push(entry("secrets", map(secrets.into_iter().map(secret))));
    }
    Yaml::Map(all)
}

fn matrix(cells: &[Cell]) -> Yaml {
    if cells.iter().all(|cell| cell.more.is_empty()) {
        let names = cells.iter().map(|cell| data(&cell.env)).collect();
        return map([entry("env", Yaml::List(names))]);
    }
    let cell = |cell: &Cell| map(cell.pairs().map(|(key, value)| entry(key, data(value))));
    map([entry(
        "include",
        Yaml::List(cells.iter().map(cell).collect()),
    )])
}

/// The first job: the matrices of those of which a stage would run.
fn stale(pipeline: &Pipeline, variables: &[(String, String)]) -> Yaml {
    let login = pipeline.login.as_ref().filter(|_| pipeline.shares);
    let mut permissions = vec![entry("contents", text("read"))];
    if login.is_some_and(|login| login.password == "GITHUB_TOKEN") {
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
    let machine = pipeline.runs_on.as_deref().unwrap_or("ubuntu-latest");
    map([
        entry("runs-on", data(machine)),
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
