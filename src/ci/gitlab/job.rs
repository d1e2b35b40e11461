//! What jobs consist of: machines, what runs before, the call of runenv, what is kept.

use super::super::pipeline::{Login, Pipeline, is_secret};
use super::super::yaml::{Entry, Yaml, entry, map, text};
use super::steps;

/// Where a run writes what GitLab shows of it.
const JUNIT: &str = ".runenv/junit.xml";

/// A variable's value: what looks like a variable in it stays a text.
pub(super) fn data(value: &str) -> Yaml {
    if expands(value) {
        map([
            entry("value", text(value)),
            entry("expand", Yaml::Flag(false)),
        ])
    } else {
        text(value)
    }
}

/// Might GitLab put another variable into it?
pub(super) fn expands(value: &str) -> bool {
    value.contains(['$', '%'])
}

/// The tags of a job's machine, and the variable that they need. `cell`: a label by which none is looked for.
pub(super) fn machine(pipeline: &Pipeline, cell: &str) -> (Option<Entry>, Option<Entry>) {
    let tags = |tag: &str| Some(entry("tags", Yaml::List(vec![text(tag)])));
    match &pipeline.runs_on {
        Some(_) if pipeline.any_machine => (None, None),
        Some(label) if expands(label) => (tags("$RUNNER"), Some(entry("RUNNER", data(label)))),
        Some(label) => (tags(label), None),
        None => (tags(cell), None),
    }
}

/// The variables of a login: what is no variable already.
pub(super) fn login(login: Option<&Login>) -> Vec<Entry> {
    let Some(login) = login else {
        return Vec::new();
    };
    let user = login.user.as_ref().filter(|name| !is_secret(name));
    let user = user.map(|name| entry("LOGIN_USER", data(name)));
    let host = entry("LOGIN_HOST", data(&login.host));
    [host].into_iter().chain(user).collect()
}

/// The variable that holds the user.
fn user(login: &Login) -> &str {
    let own = ["CI_REGISTRY_PASSWORD", "CI_JOB_TOKEN"].contains(&&*login.password);
    match &login.user {
        None if own => "CI_REGISTRY_USER",
        None => "GITLAB_USER_LOGIN",
        Some(name) if is_secret(name) => name,
        Some(_) => "LOGIN_USER",
    }
}

/// Steps of the file's, a look whether runenv is there, and the login where this pipeline may push.
pub(super) fn before(pipeline: &Pipeline) -> Entry {
    let mut lines: Vec<Yaml> = pipeline
        .steps_before
        .iter()
        .filter_map(steps::line)
        .collect();
    lines.push(text("runenv --version"));
    if let Some(login) = pipeline.login.as_ref().filter(|_| pipeline.shares) {
        // A protected variable is not there on every branch: then nothing is pushed, and nothing fails for it.
        lines.push(Yaml::Lines(format!(
            "if [ \"$PUSH\" = true ] && [ -n \"${0}\" ]; then\n  \
             printf '%s' \"${0}\" | {1} login \"$LOGIN_HOST\" --username \"${2}\" --password-stdin\nfi\n",
            login.password, login.client, user(login)
        )));
    }
    entry("before_script", Yaml::List(lines))
}

/// What the run left, however it ended.
pub(super) fn artifacts() -> Entry {
    let folder = ".runenv/$ENV";
    let paths = ["result.json", "log/", "artifacts/"].map(|path| text(format!("{folder}/{path}")));
    let what = map([
        entry("name", text("$ENV.$CI_JOB_NAME")),
        entry("when", text("always")),
        entry("expire_in", text("2 weeks")),
        entry("paths", Yaml::List(paths.into())),
        entry("reports", map([entry("junit", text(JUNIT))])),
    ]);
    entry("artifacts", what)
}

/// Runs an environment, or these stages of it.
pub(super) fn run(pipeline: &Pipeline, stages: Option<&str>, pushes: bool) -> Vec<Entry> {
    let mut words = String::from("runenv -e \"$ENV\"");
    if stages.is_some() {
        words += " --to \"$STAGES\"";
    }
    if pushes {
        words += " --push=try";
    }
    if pushes && pipeline.long {
        words += " --push-failed --resume";
    }
    // What is left of the job's time is for what it keeps, pushes and uploads.
    words += " ${CI_JOB_TIMEOUT:+--time-limit \"$((CI_JOB_TIMEOUT / 12 * 11))s\"}";
    words += &format!(" --junit {JUNIT}");
    let variables = stages.map(|stages| entry("variables", map([entry("STAGES", text(stages))])));
    let script = entry("script", Yaml::List(vec![text(words)]));
    variables.into_iter().chain([script]).collect()
}
