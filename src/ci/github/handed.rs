//! What jobs leave behind and hand to each other as artifacts of the workflow.

use super::super::pipeline::Pipeline;
use super::super::yaml::{Entry, Yaml, entry, map, text};
use super::call::PULL;
use super::steps::{Action, DOWNLOAD, RESTORE, SAVE, UPLOAD, expression, uses};

/// Artifacts of this prefix hold a `result.json`: the report is made of them.
const RESULT: &str = "result.";
/// Those of this prefix hold images of stages.
const STAGES: &str = "stages.";

/// The file of the last results of each environment.
const KNOWN: &str = ".runenv/known.json";

/// However the steps before ended.
pub(super) const ALWAYS: &str = "always()";

/// Artifacts whose names match, into a folder of the runner's; none is no mistake.
fn download(name: &str, pattern: &str, folder: &str, together: bool) -> Yaml {
    let mut with = vec![
        entry("pattern", text(pattern)),
        entry("path", text(format!("${{{{ runner.temp }}}}/{folder}"))),
    ];
    with.extend(together.then(|| entry("merge-multiple", Yaml::Flag(true))));
    step(name, None, &DOWNLOAD, with)
}

/// A step that is an action; `condition`: only where this holds.
fn step(name: &str, condition: Option<&str>, action: &Action, with: Vec<Entry>) -> Yaml {
    let mut step = vec![entry("name", text(name))];
    step.extend(condition.map(|condition| entry("if", expression(condition))));
    step.extend([uses(action), entry("with", Yaml::Map(with))]);
    Yaml::Map(step)
}

fn upload(
    name: &str,
    condition: Option<&str>,
    artifact: String,
    path: Yaml,
    more: Vec<Entry>,
) -> Yaml {
    let mut with = vec![
        entry("name", text(artifact)),
        entry("path", path),
        entry("if-no-files-found", text("ignore")),
        entry("overwrite", Yaml::Flag(true)),
    ];
    with.extend(more);
    step(name, condition, &UPLOAD, with)
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

/// Hands on the stages that are not in the registry: all that the engine has, since what comes later may fork off any.
pub(super) fn hand_on(pipeline: &Pipeline) -> [Yaml; 2] {
    let unless = if pipeline.shares {
        " --unless-pushed"
    } else {
        ""
    };
    let line = format!("runenv save \"$ENV\"{unless} --output \"$RUNNER_TEMP/stages.tar\"");
    [
        map([
            entry("name", text("save what was not pushed")),
            entry("env", map([env()])),
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

/// Uploads what the run left, however it ended: also where GitHub ended the job, which counts as cancelled.
pub(super) fn keep(pipeline: &Pipeline, job: &str) -> Vec<Yaml> {
    let folder = ".runenv/${{ inputs.env }}";
    let name = format!("${{{{ inputs.env }}}}.{job}");
    let hidden = || vec![entry("include-hidden-files", Yaml::Flag(true))];
    let result = text(format!("{folder}/result.json"));
    let mut all = vec![upload(
        "keep the result",
        Some(ALWAYS),
        format!("{RESULT}{name}"),
        result,
        hidden(),
    )];
    let (mut what, mut paths) = ("keep logs", text(format!("{folder}/log/")));
    if pipeline.artifacts {
        all.push(pack());
        what = "keep logs and artifacts";
        paths = Yaml::Lines(format!("{folder}/log/\n{folder}/artifacts.tar\n"));
    }
    all.push(upload(what, Some(ALWAYS), name, paths, hidden()));
    all
}

/// A file may be called what no artifact of GitHub's may hold, such as `a:b`: so they are packed.
fn pack() -> Yaml {
    let line = "[ ! -d \".runenv/$ENV/artifacts\" ] || tar -C \".runenv/$ENV\" -cf \".runenv/$ENV/artifacts.tar\" artifacts";
    map([
        entry("name", text("pack artifacts")),
        entry("if", expression(ALWAYS)),
        entry("env", map([env()])),
        entry("run", text(line)),
    ])
}

fn env() -> Entry {
    entry("ENV", expression("inputs.env"))
}

/// Makes one report of all results: in the log, as a page and as JUnit's XML. It is compared with what branches left
/// before; a pull request, which is compared with the branch that it is for, leaves nothing.
pub(super) fn report() -> [Yaml; 6] {
    let lines = format!(
        "mkdir -p \"$RUNNER_TEMP/results\"\n\
         [ ! -e {KNOWN} ] || set -- --baseline {KNOWN}\n\
         runenv report \"$RUNNER_TEMP/results\" --allow-empty \"$@\" --save-baseline {KNOWN} --html report.html --junit junit.xml\n"
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
            Some(ALWAYS),
            "report".to_owned(),
            Yaml::Lines("report.html\njunit.xml\n".to_owned()),
            Vec::new(),
        ),
        ended(),
    ]
}

/// A job that failed before runenv began, or that GitHub ended, left no result that would tell.
fn ended() -> Yaml {
    let lines = "case \" $ENDED \" in *\" failure \"* | *\" cancelled \"*)\n  \
                 echo '::error::A job failed or was ended, see those that are red; some may have left no result'\n  \
                 exit 1 ;;\nesac\n";
    let ended = entry("ENDED", expression("join(needs.*.result, ' ')"));
    map([
        entry("name", text("look how all jobs ended")),
        entry("if", expression(ALWAYS)),
        entry("env", map([ended])),
        entry("run", Yaml::Lines(lines.to_owned())),
    ])
}

/// The cache of results. An entry of it never changes, so each run has its own; a branch finds its newest, else that
/// of the branch that it is from (docs.github.com: dependency caching).
fn known(name: &str, condition: Option<&str>, action: &Action, more: Option<Entry>) -> Yaml {
    let key = text("runenv-${{ github.run_id }}-${{ github.run_attempt }}");
    let mut with = vec![entry("path", text(KNOWN)), entry("key", key)];
    with.extend(more);
    step(name, condition, action, with)
}
