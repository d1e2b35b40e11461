//! A plan as a `devcontainer.json` (containers.dev): an editor's container of the same
//! system, with the same packages and variables, without runenv.
//!
//! It names the base image and says what to run once in a new container, in place of a Dockerfile to build: so one file
//! is all there is, and it can be made anew without keeping two in step. Run are the stages that the first one that
//! copies files stands on, that is the packages; later ones on demand, since the tree itself is mounted and they would write to
//! it. Limits are left to whoever starts the container. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use super::given::{Mount, Source, field};
use super::{Plan, Stage, dockerfile, standalone};
use crate::late;
use crate::problem::{Problem, Problems};
use crate::quote;

/// The file, in the order in which it is written.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DevContainer<'a> {
    name: &'a str,
    image: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    run_args: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mounts: Vec<String>,
    workspace_mount: String,
    workspace_folder: &'a str,
    container_user: &'static str,
    remote_user: &'static str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    remote_env: BTreeMap<&'a str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_create_command: Option<String>,
}

/// What an editor replaces in every text of the file; there is no way to escape it.
const REPLACED: [&str; 6] = [
    "${localEnv:",
    "${env:",
    "${containerEnv:",
    "${localWorkspaceFolder",
    "${containerWorkspaceFolder",
    "${devcontainerId}",
];

/// The dev container of a plan, with its stages up to this one; without it, up to the first that copies files.
pub(crate) fn devcontainer<'a>(
    plan: &'a Plan,
    to: Option<&str>,
) -> Result<DevContainer<'a>, Problem> {
    let image = dockerfile::image(plan)?;
    let stages = stages(plan, to)?;
    // Whoever opens a shell goes on with the stage that comes next.
    let last = stages.last().copied();
    let next = plan.stages.iter().find(|stage| stage.parent == last);
    let shown = next.or(last.map(|at| &plan.stages[at]));
    let shown = shown.expect("the first stage starts from the base image");
    let folder = shown.workdir.as_str();
    if folder.contains([',', '"']) {
        let title = format!("`{folder}` is no folder that a dev container can mount");
        return Err(Problem::new(
            title,
            "give the stage a `workdir` without `,` and `\"`",
        ));
    }
    Ok(DevContainer {
        name: &plan.env,
        image,
        run_args: plan
            .platform
            .iter()
            .map(|p| format!("--platform={p}"))
            .chain(shown.given.create_args.clone())
            .collect(),
        mounts: mounts(plan, shown),
        workspace_mount: format!("source=${{localWorkspaceFolder}},target={folder},type=bind"),
        workspace_folder: kept(folder)?,
        container_user: "root",
        remote_user: "root",
        remote_env: variables(plan, shown)?,
        on_create_command: script(plan, &stages, folder)?,
    })
}

/// Caches and folders of the host, as an editor's container has them.
fn mounts(plan: &Plan, shown: &Stage) -> Vec<String> {
    let mount = |mount: &Mount| {
        let (kind, source) = match &mount.source {
            Source::Cache(name) => ("volume", format!("{}-{name}", plan.project)),
            Source::Host(path) if path.starts_with('/') => ("bind", path.clone()),
            Source::Host(path) => match path.strip_prefix('~') {
                Some(rest) => ("bind", format!("${{localEnv:HOME}}{rest}")),
                None => ("bind", format!("${{localWorkspaceFolder}}/{path}")),
            },
        };
        let only = if mount.read_only { ",readonly" } else { "" };
        let (source, target) = (field("source", &source), field("target", &mount.at));
        format!("{source},{target},type={kind}{only}")
    };
    shown.given.mounts.iter().map(mount).collect()
}

/// What of the plan the file cannot say.
pub(crate) fn left_out(plan: &Plan) -> Problems {
    let secrets = plan.stages.iter().flat_map(|stage| &stage.given.secrets);
    let mut files: Vec<&str> = secrets
        .filter(|s| s.file.is_some())
        .map(|s| s.name.as_str())
        .collect();
    files.dedup();
    let (_, globs) = standalone::passed(plan);
    let warning = |glob: &str| {
        let title = format!("`{}` of `pass-env` is not in it", glob.escape_debug());
        Problem::warning(
            title,
            "an editor passes on what is named: name the variables",
        )
    };
    let file = |name: &str| {
        let title = format!("the secret `{name}` is not in it");
        Problem::warning(
            title,
            "an editor passes on variables: mount its file, or set the variable",
        )
    };
    let files = files.into_iter().map(file);
    let behind = plan.stages.iter().filter(|stage| !stage.finally.is_empty());
    let behind = behind.map(|stage| {
        let title = format!("`finally` of `{}` is not in it", stage.name);
        Problem::warning(title, "an editor runs the stages' commands alone")
    });
    let globs = globs.into_iter().map(warning);
    Problems(globs.chain(behind).chain(files).collect())
}

/// The text, if an editor leaves it as it is.
fn kept(text: &str) -> Result<&str, Problem> {
    match REPLACED.into_iter().find(|word| text.contains(word)) {
        None => Ok(text),
        Some(word) => {
            let title =
                format!("`{word}` stands in a value or command, and an editor would replace it");
            Err(Problem::new(
                title,
                "take it out: a devcontainer.json has no way to write it",
            ))
        }
    }
}

/// The stages that are run, in order: the one that is named, or the one that the first that copies starts from, and
/// those that it stands on.
fn stages(plan: &Plan, to: Option<&str>) -> Result<Vec<usize>, Problem> {
    let copies = plan.stages.iter().find(|stage| !stage.copy.is_empty());
    let kept = plan.stages.iter().rposition(|stage| !stage.ends_chain());
    let end = match to.map(|name| plan.index(name)).transpose()? {
        None => copies.map_or(kept, |stage| stage.parent),
        named => named,
    };
    let mut chain: Vec<usize> = end.into_iter().flat_map(|at| plan.down(at)).collect();
    chain.reverse();
    Ok(chain)
}

/// Variables of shells and of what they start: those of the stage, and those that are passed on.
fn variables<'a>(plan: &'a Plan, stage: &'a Stage) -> Result<BTreeMap<&'a str, String>, Problem> {
    let (names, _) = standalone::passed(plan);
    let secrets = stage
        .given
        .secrets
        .iter()
        .filter(|secret| secret.file.is_none());
    let secrets = secrets.map(|secret| secret.name.as_str());
    let passed = names.into_iter().chain(secrets);
    let passed = passed.map(|name| (name, format!("${{localEnv:{name}}}")));
    let mut all: BTreeMap<&str, String> = passed.collect();
    let limit = plan.cpus.as_deref().and_then(late::processors);
    for (name, value) in &stage.env {
        if value.contains(late::CPUS) && limit.is_none() {
            let title =
                format!("the variable `{name}` holds `{{cpus}}`, which an editor cannot count");
            return Err(Problem::new(
                title,
                "say `cpus = \"4\"`, or count in the command: `-j$(nproc)`",
            ));
        }
        let value = kept(value)?.replace(late::CPUS, limit.as_deref().unwrap_or_default());
        all.insert(name, value);
    }
    Ok(all)
}

/// What is run once: each stage in a shell of its own, in its folder.
fn script(plan: &Plan, stages: &[usize], folder: &str) -> Result<Option<String>, Problem> {
    let mut texts = Vec::new();
    for stage in stages.iter().map(|at| &plan.stages[*at]) {
        let mut first = Vec::new();
        if stage.workdir != folder {
            let workdir = quote::word(&stage.workdir);
            first.push(format!("mkdir -p {workdir}; cd {workdir}"));
        }
        texts.extend(standalone::text(stage, &first)?);
    }
    let each = texts.iter().map(|text| format!("( {text} )"));
    texts.iter().try_for_each(|text| kept(text).map(drop))?;
    Ok(match texts.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        _ => {
            let whole = format!("set -e\n{}", each.collect::<Vec<_>>().join("\n"));
            standalone::fits(&plan.env, &whole)?;
            Some(whole)
        }
    })
}
