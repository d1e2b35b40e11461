//! A plan as a Dockerfile that stands alone: the way out for who wants to go on without runenv.
//!
//! A list of instructions as values; each prints itself. docker's builders, old and new, and podman (buildah) take the
//! text: no here-documents, no `--mount`, no `--chmod`, no `SHELL` (images of the OCI's form have none). A stage is one
//! `FROM … AS stage`, at most one `COPY` (several are put together in a stage beside it, which adds no layer) and one
//! `RUN`. Variables are exported in the `RUN`, since an `ENV` would reach later stages. The source of the instructions
//! is docs.docker.com/reference/dockerfile. Pure; `files` alone looks at the tree.

pub(crate) mod files;

use std::fmt;

use files::{Copy, Files};

use super::{Plan, Stage, StageLimits, standalone};
use crate::late;
use crate::problem::Problem;
use crate::quote;
use crate::time;

/// A line or more of a Dockerfile.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Instruction {
    /// Nothing, to set stages apart.
    Blank,
    Comment(String),
    From {
        platform: Option<String>,
        image: String,
        stage: String,
    },
    User(&'static str),
    Workdir(String),
    /// A value of the builder's command line.
    Arg(String),
    Copy {
        /// A stage to copy from; `None`: the tree.
        from: Option<String>,
        sources: Vec<String>,
        to: String,
    },
    /// Shell text, folded.
    Run(String),
}

/// A whole Dockerfile.
#[derive(Clone, Debug)]
pub(crate) struct Dockerfile(Vec<Instruction>);

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Blank => Ok(()),
            Self::Comment(text) => write!(f, "# {text}"),
            Self::From {
                platform,
                image,
                stage,
            } => {
                f.write_str("FROM ")?;
                if let Some(platform) = platform {
                    write!(f, "--platform={platform} ")?;
                }
                write!(f, "{image} AS {stage}")
            }
            Self::User(user) => write!(f, "USER {user}"),
            Self::Workdir(folder) => {
                // At the end of a line a blank is lost, and a backslash joins the next one.
                let end = if folder.ends_with(['\\', ' ']) {
                    "/"
                } else {
                    ""
                };
                write!(f, "WORKDIR {}{end}", escaped(folder))
            }
            Self::Arg(text) => write!(f, "ARG {text}"),
            Self::Copy { from, sources, to } => {
                f.write_str("COPY ")?;
                if let Some(from) = from {
                    write!(f, "--from={from} ")?;
                }
                f.write_str(&paths(sources, to))
            }
            Self::Run(text) => write!(f, "RUN {text}"),
        }
    }
}

impl fmt::Display for Dockerfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// The paths of a `COPY`: as words where they are plain, else as JSON.
fn paths(sources: &[String], to: &str) -> String {
    let all = || sources.iter().map(String::as_str).chain([to]);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.,/+=:@%*?[]^~".contains(c);
    let simple = |path: &str| path.chars().all(plain) && !path.starts_with(['-', '[']);
    if all().all(simple) {
        let words: Vec<String> = all().map(str::to_owned).collect();
        return standalone::fold(&words, standalone::FOLD);
    }
    let word = |path: &str| serde_json::json!(escaped(path)).to_string();
    let last = sources.len();
    let comma = |(at, path): (usize, &str)| word(path) + if at < last { "," } else { "" };
    let words: Vec<String> = all().enumerate().map(comma).collect();
    format!("[{}]", standalone::fold(&words, standalone::FOLD))
}

/// A text in which docker sees no variable, no quote and no escape.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\$'\"".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The Dockerfile of a plan; `files` has what each stage copies. This host's plans have none.
pub(crate) fn dockerfile(plan: &Plan, files: &[Files]) -> Result<Dockerfile, Problem> {
    let image = image(plan)?;
    let mut all = head(plan, files);
    for (at, (stage, files)) in plan.stages.iter().zip(files).enumerate() {
        all.push(Instruction::Blank);
        let name = alias(plan, at);
        let taken = copies(&name, files, &mut all);
        match stage.parent {
            Some(parent) => all.push(from(alias(plan, parent), &name)),
            None => all.push(Instruction::From {
                platform: plan.platform.clone(),
                image: image.clone(),
                stage: name,
            }),
        }
        let above = stage.parent.map(|at| &plan.stages[at]);
        if above.is_none() {
            // What the image says does not hold: runenv runs as root.
            all.push(Instruction::User("0:0"));
        }
        if above.is_none_or(|above| above.workdir != stage.workdir) {
            all.push(Instruction::Workdir(stage.workdir.clone()));
        }
        all.extend(taken);
        all.extend(run(plan, stage, &files.links)?);
    }
    Ok(Dockerfile(all))
}

/// The base image; a plan of this host has none, and so no Dockerfile.
pub(crate) fn image(plan: &Plan) -> Result<String, Problem> {
    plan.base().ok_or_else(|| {
        let title = format!("`{}` runs on this host, not in an image", plan.env);
        Problem::new(
            title,
            "name an environment of docker or podman: `runenv list` shows them",
        )
    })
}

fn from(image: String, stage: &str) -> Instruction {
    Instruction::From {
        platform: None,
        image,
        stage: stage.to_owned(),
    }
}

/// The stage's name in the Dockerfile: docker wants a letter first, and looks for images among the stages. No name of a
/// stage has `__`.
fn alias(plan: &Plan, at: usize) -> String {
    let name = &plan.stages[at].name;
    let letter = name.starts_with(|c: char| c.is_ascii_lowercase());
    let image = plan.image.as_deref().unwrap_or_default();
    if letter && name != "scratch" && name != image {
        name.clone()
    } else {
        format!("stage__{name}")
    }
}

/// The stage's one `COPY`; where it takes more, they go to a stage beside it, which is added to `all`.
fn copies(stage: &str, files: &Files, all: &mut Vec<Instruction>) -> Option<Instruction> {
    let copy = |copy: &Copy, below: &str| Instruction::Copy {
        from: None,
        sources: copy.sources.clone(),
        to: format!("{below}{}", copy.to),
    };
    if let [one] = files.copies.as_slice() {
        return Some(copy(one, "./"));
    }
    if files.copies.is_empty() {
        return None;
    }
    let beside = format!("{stage}__files");
    all.push(from("scratch".to_owned(), &beside));
    all.extend(files.copies.iter().map(|one| copy(one, "/")));
    all.push(Instruction::Blank);
    Some(Instruction::Copy {
        from: Some(beside),
        sources: vec!["/".to_owned()],
        to: "./".to_owned(),
    })
}

/// The stage's `RUN`, with the values that it takes from the builder's command line.
fn run(
    plan: &Plan,
    stage: &Stage,
    links: &[(String, String)],
) -> Result<Vec<Instruction>, Problem> {
    let links: Vec<String> = links
        .iter()
        .map(|(path, target)| link(path, target))
        .collect();
    let Some(text) = standalone::text(stage, &links)? else {
        return Ok(Vec::new());
    };
    let (names, _) = standalone::passed(plan);
    let names = names.into_iter().map(str::to_owned);
    let mut all: Vec<_> = names.map(Instruction::Arg).collect();
    if standalone::counts_cpus(&text) {
        let limit = plan.cpus.as_deref().and_then(late::processors);
        let given = limit.map_or_else(String::new, |number| format!("={number}"));
        all.push(Instruction::Arg(format!("RUNENV_CPUS{given}")));
    }
    all.push(Instruction::Run(text));
    Ok(all)
}

/// A link is made: `COPY` would follow it.
fn link(path: &str, target: &str) -> String {
    let folder = path.rfind('/').map(|at| &path[..at]);
    let make = format!(
        "ln -sfn -- {} {}",
        standalone::word(target),
        quote::word(&format!("./{path}"))
    );
    folder.map_or(make.clone(), |folder| {
        format!("mkdir -p -- {}; {make}", quote::word(folder))
    })
}

/// What stands above the first stage: what this is, and what a Dockerfile cannot say.
fn head(plan: &Plan, files: &[Files]) -> Vec<Instruction> {
    let mut lines = vec![
        format!(
            "{}, as runenv builds it: made by `runenv dockerfile {}`.",
            plan.env, plan.env
        ),
        "To build it up to a stage: docker build --target STAGE -f THIS-FILE FOLDER-OF-THE-TREE"
            .to_owned(),
        "Unlike in a run, copied files have the tree's modes, and the image's SHELL and ONBUILD act.".to_owned(),
    ];
    let ends = ends(plan);
    if !ends.is_empty() {
        let names = ends.join(", ");
        lines.push(format!(
            "Ends of other chains, each to be named as --target: {names}"
        ));
    }
    lines.extend(all_limits(plan));
    lines.extend(all_given(plan));
    if !plan.other_images.is_empty() {
        let others = plan.other_images.join(", ");
        lines.push(format!(
            "Where the image cannot be had, runenv takes: {others}"
        ));
    }
    let (names, globs) = standalone::passed(plan);
    if !names.is_empty() {
        let names = names.iter().map(|name| format!(" --build-arg {name}"));
        lines.push(format!(
            "Variables that are passed on: docker build{}",
            names.collect::<String>()
        ));
    }
    if !globs.is_empty() {
        let globs = globs.join(" ").escape_debug().to_string();
        lines.push(format!("Not passed on, as an ARG is one variable: {globs}"));
    }
    if files.iter().any(|files| files.whole) {
        lines.push("All of the tree is copied: name `.runenv` in `.dockerignore`.".to_owned());
    }
    lines.into_iter().map(Instruction::Comment).collect()
}

/// What limits stages and what else is only runenv's, if there is something.
fn all_limits(plan: &Plan) -> Vec<String> {
    let limits: Vec<Option<String>> = plan.stages.iter().map(limits).collect();
    let mut lines = Vec::new();
    if limits.iter().any(Option::is_some) {
        lines.push("What runenv does and a Dockerfile cannot say:".to_owned());
        if limits.iter().all(|limit| *limit == limits[0]) {
            lines.extend(
                limits[0]
                    .iter()
                    .map(|text| format!("  every stage: {text}")),
            );
        } else {
            let each = plan.stages.iter().zip(limits);
            let each = each.filter_map(|(stage, text)| Some((&stage.name, text?)));
            lines.extend(each.map(|(name, text)| format!("  {name}: {text}")));
        }
    }
    lines
}

/// Stages that nothing starts from, but for the last: a builder makes them only where they are asked for.
fn ends(plan: &Plan) -> Vec<&str> {
    let last = plan.stages.len().saturating_sub(1);
    let is_end = |at: &usize| plan.stages.iter().all(|stage| stage.parent != Some(*at));
    let ends = (0..last).filter(is_end);
    ends.map(|at| plan.stages[at].name.as_str()).collect()
}

/// What stages get from outside, which is not in the text.
fn all_given(plan: &Plan) -> Vec<String> {
    let given = plan.stages.iter();
    let given = given.filter_map(|stage| Some((&stage.name, stage.given.told()?)));
    let given = given.map(|(name, told)| format!("  {name}: {told}"));
    let given: Vec<String> = given.collect();
    let head = "runenv also gives what a Dockerfile cannot name, and this one lacks:";
    let head = (!given.is_empty()).then(|| head.to_owned());
    head.into_iter().chain(given).collect()
}

/// The limits of a stage, its network and what else only runenv does with it, if there is something.
///
/// Exhaustive on purpose: a new field does not compile until it is decided what it is to a Dockerfile and to a dev
/// container: an instruction, shell text (`standalone`), a line at the top, or an error.
fn limits(stage: &Stage) -> Option<String> {
    let Stage {
        name: _,
        parent: _,
        copy: _,
        workdir: _,
        env: _,
        user,
        network,
        given: _,
        limits,
        annotate: _,
        allow_failure: _,
        keep,
        key_period,
        machine,
        push: _,
        incremental: _,
        max_links: _,
        commands: _,
        on_failure: _,
        finally,
        packages: _,
        body: _,
        exports: _,
        said: _,
        artifacts: _,
    } = stage;
    let StageLimits {
        log: _,
        timeout,
        kill_after: _,
        memory,
        cpus,
    } = limits;
    let told = [
        timeout.map(|limit| format!("timeout {}", time::show_duration(limit))),
        memory.as_ref().map(|memory| format!("memory {memory}")),
        cpus.as_ref().map(|cpus| format!("cpus {cpus}")),
        network.as_ref().map(|network| format!("network {network}")),
        user.as_ref().map(|user| format!("user {user}")),
        key_period.map(|period| format!("{} anew", period.word())),
        machine.then(|| "anew on another processor".to_owned()),
        (!keep).then(|| "only that it passed is kept".to_owned()),
        (!finally.is_empty()).then(|| "`finally` is run behind it".to_owned()),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    (!told.is_empty()).then(|| told.join(", "))
}
