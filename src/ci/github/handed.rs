//! What jobs leave behind and hand to each other as artifacts of the workflow.

use super::super::goal::Goal;
use super::super::pipeline::Pipeline;
use super::super::yaml::{Entry, Yaml, entry, text};
use super::call::PULL;
use super::steps::{self, Action, DOWNLOAD, RESTORE, SAVE, UPLOAD, expression, map, uses};

/// Artifacts of this prefix hold a `result.json`: the report is made of them.
const RESULT: &str = "result.";
/// Those of this prefix hold images of stages.
const STAGES: &str = "stages.";

/// The file of the last results of each environment.
const KNOWN: &str = ".runenv/known.json";

/// Artifacts whose names match, into a folder of the runner's; none is no mistake.
fn download(name: &str, pattern: &str, folder: &str, together: bool) -> Yaml {
    let mut with = vec![
        entry("pattern", text(pattern)),
        entry("path", text(format!("${{{{ runner.temp }}}}/{folder}"))),
    ];
    with.extend(together.then(|| entry("merge-multiple", Yaml::Flag(true))));
    map([
        entry("name", text(name)),
        uses(&DOWNLOAD),
        entry("with", Yaml::Map(with)),
    ])
}

fn upload(
    name: &str,
    condition: Option<&str>,
    artifact: String,
    path: Yaml,
    more: Vec<Entry>,
) -> Yaml {
    let mut step = vec![entry("name", text(name))];
    step.extend(condition.map(|condition| entry("if", expression(condition))));
    let mut with = vec![
        entry("name", text(artifact)),
        entry("path", path),
        entry("if-no-files-found", text("ignore")),
        entry("overwrite", Yaml::Flag(true)),
    ];
    with.extend(more);
    step.extend([uses(&UPLOAD), entry("with", Yaml::Map(with))]);
    Yaml::Map(step)
}

/// Loads the stages that the jobs before made and could not push.
pub(super) fn take_over() -> [Yaml; 2] {
    let pattern = format!("{STAGES}${{{{ inputs.env }}}}");
    let line = "[ ! -e \"$RUNNER_TEMP/handed/stages.tar\" ] || runenv load \"$RUNNER_TEMP/handed/stages.tar\"";
    [
        download("take over what was not pushed", &pattern, "handed", true),
        map([entry("name", text("load it")), entry("run", text(line))]),
    ]
}

/// Hands on the stages that are not in the registry.
pub(super) fn hand_on(pipeline: &Pipeline, goal: &Goal) -> [Yaml; 2] {
    let unless = if pipeline.shares {
        " --unless-pushed"
    } else {
        ""
    };
    let line = format!(
        "runenv save \"$ENV\"{}{unless} --output \"$RUNNER_TEMP/stages.tar\"",
        steps::to(goal)
    );
    [
        map([
            entry("name", text("save what was not pushed")),
            entry("env", Yaml::Map(steps::variables(goal))),
            entry("run", text(line)),
        ]),
        upload(
            "hand it on",
            None,
            format!("{STAGES}${{{{ inputs.env }}}}"),
            text("${{ runner.temp }}/stages.tar"),
            vec![
                entry("retention-days", Yaml::Number(1)),
                entry("compression-level", Yaml::Number(1)),
            ],
        ),
    ]
}

/// Uploads what the run left, however it ended.
pub(super) fn keep(job: &str) -> [Yaml; 2] {
    let folder = ".runenv/${{ inputs.env }}";
    let name = format!("${{{{ inputs.env }}}}.{job}");
    let hidden = || vec![entry("include-hidden-files", Yaml::Flag(true))];
    let condition = Some("!cancelled()");
    let result = text(format!("{folder}/result.json"));
    let rest = Yaml::Lines(format!("{folder}/log/\n{folder}/artifacts/\n"));
    [
        upload(
            "keep the result",
            condition,
            format!("{RESULT}{name}"),
            result,
            hidden(),
        ),
        upload("keep logs and artifacts", condition, name, rest, hidden()),
    ]
}

/// Makes one report of all results: in the log, as a page and as JUnit's XML. It is compared with what branches left
/// before; a pull request, which is compared with the branch that it is for, leaves nothing.
pub(super) fn report() -> [Yaml; 5] {
    let lines = format!(
        "[ ! -e {KNOWN} ] || set -- --baseline {KNOWN}\n\
         runenv report \"$RUNNER_TEMP/results\" \"$@\" --save-baseline {KNOWN} --html report.html --junit junit.xml\n"
    );
    let keep = format!("!cancelled() && github.event_name != '{PULL}'");
    let older = entry("restore-keys", text("runenv-"));
    [
        download("fetch the results", &format!("{RESULT}*"), "results", false),
        known("fetch what is known", None, &RESTORE, Some(older)),
        map([
            entry("name", text("report")),
            entry("run", Yaml::Lines(lines)),
        ]),
        known("keep what is known", Some(&keep), &SAVE, None),
        upload(
            "keep the report",
            Some("!cancelled()"),
            "report".to_owned(),
            Yaml::Lines("report.html\njunit.xml\n".to_owned()),
            Vec::new(),
        ),
    ]
}

/// The cache of results. An entry of it never changes, so each run has its own; a branch finds its newest, else that
/// of the branch that it is from (docs.github.com: dependency caching).
fn known(name: &str, condition: Option<&str>, action: &Action, more: Option<Entry>) -> Yaml {
    let mut step = vec![entry("name", text(name))];
    step.extend(condition.map(|condition| entry("if", expression(condition))));
    let key = text("runenv-${{ github.run_id }}-${{ github.run_attempt }}");
    let mut with = vec![entry("path", text(KNOWN)), entry("key", key)];
    with.extend(more);
    step.extend([uses(action), entry("with", Yaml::Map(with))]);
    Yaml::Map(step)
}
