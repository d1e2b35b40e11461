//! Steps of jobs, and what they may not hold.

use super::super::goal::Goal;
use super::super::pipeline::{GITHUB_TOKEN, Login, Pipeline, is_secret};
use super::super::steps::{INCLUDE, is_commit, script, value};
use super::super::yaml::{Entry, Yaml, entry, map, text};
use crate::config::file::shape::Step;
use crate::nearest;
use crate::problem::Problem;

/// Actions by the commit that a release is: a tag can be moved, a commit can not.
pub(super) struct Action {
    name: &'static str,
    commit: &'static str,
    release: &'static str,
}

const CHECKOUT: Action = Action {
    name: "actions/checkout",
    commit: "de0fac2e4500dabe0009e67214ff5f5447ce83dd",
    release: "v6.0.2",
};
pub(super) const UPLOAD: Action = Action {
    name: "actions/upload-artifact",
    commit: "b7c566a772e6b6bfb58ed0dc250532a479d7789f",
    release: "v6.0.0",
};
pub(super) const DOWNLOAD: Action = Action {
    name: "actions/download-artifact",
    commit: "37930b1c2abaa49bbe596cd826c3c89aef350131",
    release: "v7.0.0",
};

pub(super) const RESTORE: Action = Action {
    name: "actions/cache/restore",
    commit: CACHE,
    release: CACHE_RELEASE,
};
pub(super) const SAVE: Action = Action {
    name: "actions/cache/save",
    commit: CACHE,
    release: CACHE_RELEASE,
};
const CACHE: &str = "cdf6c1fa76f9f475f3d7449005a359c84ca0f306";
const CACHE_RELEASE: &str = "v5.0.3";

/// Of a fork's pull request: its code runs where no secret is and nothing may be pushed.
pub(super) const FORK: &str = "github.event.pull_request.head.repo.full_name != github.repository";
pub(super) const NO_FORK: &str =
    "github.event.pull_request.head.repo.full_name == github.repository";

/// An expression, as a value.
pub(super) fn expression(inside: &str) -> Yaml {
    text(format!("${{{{ {inside} }}}}"))
}

/// A text where GitHub looks for expressions: what looks like one stays a text.
pub(super) fn data(value: &str) -> Yaml {
    text(value.replace("${{", "${{ '${{' }}"))
}

pub(super) fn uses(action: &Action) -> Entry {
    entry("uses", text(format!("{}@{}", action.name, action.commit))).behind(action.release)
}

/// Calls a workflow of the same commit. `./` is what every runner knows; the newer `$/` means the same.
pub(super) fn calls(path: &str) -> Entry {
    entry("uses", text(format!("./{path}"))).behind("zizmor: ignore[self-repository]")
}

/// The tree, without what could write to it.
pub(super) fn checkout() -> Yaml {
    let with = map([entry("persist-credentials", Yaml::Flag(false))]);
    map([uses(&CHECKOUT), entry("with", with)])
}

/// Those of `[ci] steps-before`, then a look whether runenv is there.
pub(super) fn before(pipeline: &Pipeline) -> Vec<Yaml> {
    let taken = pipeline.steps_before.iter();
    let taken = taken.filter(|step| left_out(step).is_none());
    let own = taken.map(|step| match step {
        Step::Line(line) => map([entry("run", script(line))]),
        Step::Table(table) => value(&toml::Value::Table(table.clone())),
    });
    let version = map([
        entry("name", text("which runenv")),
        entry("run", text("runenv --version")),
    ]);
    own.chain([version]).collect()
}

/// Logs in; `trusted`: only where this holds.
pub(super) fn login(login: &Login, trusted: Option<&str>) -> Yaml {
    let secret = |name: &str| match name {
        GITHUB_TOKEN => expression("github.token"),
        name => expression(&format!("secrets.{name}")),
    };
    let user = match &login.user {
        None => expression("github.actor"),
        Some(name) if is_secret(name) => secret(name),
        Some(name) => data(name),
    };
    let mut step = vec![entry("name", text("log in to the registry"))];
    step.extend(trusted.map(|trusted| entry("if", expression(trusted))));
    let variables = [
        entry("REGISTRY", data(&login.host)),
        entry("REGISTRY_USER", user),
        entry("REGISTRY_PASSWORD", secret(&login.password)),
    ];
    let line = format!(
        "[ -z \"$REGISTRY_PASSWORD\" ] || printf '%s' \"$REGISTRY_PASSWORD\" | {} login \"$REGISTRY\" --username \"$REGISTRY_USER\" --password-stdin",
        login.client
    );
    step.extend([entry("env", map(variables)), entry("run", text(line))]);
    Yaml::Map(step)
}

/// The names of the secrets that a job needs, but for the token that every job has.
pub(super) fn secrets(login: Option<&Login>) -> Vec<&str> {
    let user = login
        .and_then(|l| l.user.as_deref())
        .filter(|user| is_secret(user));
    let all = user.into_iter().chain(login.map(|l| l.password.as_str()));
    all.filter(|name| *name != GITHUB_TOKEN).collect()
}

/// The environment and the stages of a job, as variables.
pub(super) fn variables(goal: &Goal) -> Vec<Entry> {
    let mut variables = vec![entry("ENV", expression("inputs.env"))];
    match goal {
        Goal::All => {}
        Goal::Stages(stages) => variables.push(entry("STAGES", data(stages))),
        Goal::Said { key, .. } => {
            variables.push(entry("STAGES", expression(&format!("inputs.{key}"))));
        }
    }
    variables
}

/// The option that says which stages are meant.
pub(super) fn to(goal: &Goal) -> &'static str {
    match goal {
        Goal::All => "",
        Goal::Stages(_) | Goal::Said { .. } => " --to \"$STAGES\"",
    }
}

/// Runs what the job is for.
pub(super) fn run(pipeline: &Pipeline, goal: &Goal) -> Yaml {
    let mut variables = variables(goal);
    let mut words = format!("runenv -e \"$ENV\"{}", to(goal));
    if pipeline.shares {
        let push = expression("inputs.push && 'try' || 'no'");
        variables.push(entry("RUNENV_PUSH", push));
    }
    if pipeline.shares && pipeline.long {
        variables.push(entry("RUNENV_PUSH_FAILED", expression("inputs.push")));
        words += " --resume";
    }
    words += &format!(" --time-limit {}m", pipeline.minutes() - margin(pipeline));
    map([
        entry("name", text("run")),
        entry("env", Yaml::Map(variables)),
        entry("run", text(words)),
    ])
}

/// What is left of its minutes to keep, push and upload what was done.
fn margin(pipeline: &Pipeline) -> u64 {
    (pipeline.minutes() / 12).max(1)
}

/// Why a step of `[ci] steps-before` is for other CI systems.
pub(crate) fn left_out(step: &Step) -> Option<(&'static str, &'static str)> {
    let Step::Table(table) = step else {
        return None;
    };
    table.contains_key(INCLUDE).then_some((
        "a step that includes a file is GitLab's: it is left out here",
        "give GitHub's jobs a step of their own",
    ))
}

/// What a step may have (docs.github.com, workflow syntax: `jobs.<job_id>.steps`).
const KEYS: [&str; 11] = [
    "continue-on-error",
    "env",
    "id",
    "if",
    "name",
    "run",
    "shell",
    "timeout-minutes",
    "uses",
    "with",
    "working-directory",
];

/// Why a step of `[ci] steps-before` is not written, and what to do.
pub(crate) fn refused(step: &Step) -> Option<Problem> {
    let script = match step {
        Step::Line(line) => Some(line.as_str()),
        Step::Table(table) => table.get("run").and_then(toml::Value::as_str),
    };
    if script.is_some_and(|script| script.contains("${{")) {
        return Some(Problem::new(
            "an expression inside a shell line: what it gives would be run as text of the script",
            "hand it over as a variable: `{ run = \"echo \\\"$NAME\\\"\", env = { NAME = \"${{ … }}\" } }`",
        ));
    }
    match step {
        Step::Table(table) if !table.contains_key(INCLUDE) => refused_table(table),
        Step::Line(_) | Step::Table(_) => None,
    }
}

fn refused_table(table: &toml::Table) -> Option<Problem> {
    if table.contains_key("run") == table.contains_key("uses") {
        let title = "a step has either `run` or `uses`";
        return Some(Problem::new(
            title,
            "say what it does: `{ run = \"make\" }`",
        ));
    }
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let near = nearest::nearest(key, KEYS).map(str::to_owned);
        let help = match near {
            Some(near) => nearest::did_you_mean([near]),
            None => format!("it may have {}", KEYS.join(", ")),
        };
        return Some(Problem::new(format!("a step has no `{key}`"), help));
    }
    if is_secret_asked(&table.to_string()) {
        return Some(Problem::new(
            "a step asks for a secret, and these jobs are given those of `login` alone",
            "what a step needs has to be there without: an action with a token of its own, or a variable (`vars.NAME`)",
        ));
    }
    let action = table.get("uses").and_then(toml::Value::as_str)?;
    let pinned = action
        .rsplit_once('@')
        .is_some_and(|(_, commit)| is_commit(commit.strip_prefix("sha256:").unwrap_or(commit)));
    let known = pinned || action.starts_with("./");
    (!known).then(|| {
        Problem::new(
            "an action that is not pinned: whoever can move its tag can run anything in these jobs",
            "name the commit in place of the tag: `actions/cache@0123…` with 40 digits",
        )
    })
}

/// Does an expression name a secret?
fn is_secret_asked(text: &str) -> bool {
    let expressions = text.split("${{").skip(1);
    let mut inside = expressions.map(|rest| rest.split("}}").next().unwrap_or_default());
    inside.any(|inside| inside.contains("secrets.") || inside.contains("secrets["))
}
