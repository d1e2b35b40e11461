//! Where to start: which stages the engine has already.
//!
//! One process when the last run's note still holds; else at most three, for any number of images.

use std::collections::BTreeMap;

use super::super::folder::Note;
use super::call::Calls;
use crate::digest::Digest;
use crate::engine::facts::{self, Image};
use crate::engine::labels;
use crate::plan::Plan;
use crate::plan::key::{self, KeyParts};
use crate::problem::Problem;

/// A stage's image.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) image: String,
    pub(crate) layers: usize,
    /// It is not what its key says, nor is what is made from it: a file changed while it was copied.
    pub(crate) keyless: bool,
}

/// What a run starts from.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) base: Image,
    /// What the base image is called in the file.
    pub(crate) base_name: String,
    /// Why images that stand before it were not taken.
    pub(crate) passed_over: Vec<Problem>,
    pub(crate) identity: Digest,
    pub(crate) keys: Vec<Digest>,
    /// By stage; only those that were looked at.
    pub(crate) found: Vec<Option<Found>>,
    /// By stage: it has to be run.
    pub(crate) run: Vec<bool>,
}

/// Which stages count: those up to `to`, and from `redo` on nothing is reused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Selection {
    /// Stages below this index are wanted.
    pub(crate) end: usize,
    /// Stages from this index on are run anew.
    pub(crate) anew: usize,
}

impl Selection {
    /// Reads the stages' names; one that the plan lacks is a mistake.
    pub(crate) fn of(
        plan: &Plan,
        to: Option<&str>,
        redo: Option<&str>,
        no_cache: bool,
    ) -> Result<Self, Problem> {
        let end = to
            .map(|name| plan.index(name))
            .transpose()?
            .map_or(plan.stages.len(), |at| at + 1);
        let redo = redo
            .map(|name| plan.index(name))
            .transpose()?
            .unwrap_or(plan.stages.len());
        Ok(Self {
            end,
            anew: if no_cache { 0 } else { redo },
        })
    }
}

pub(crate) fn look_up(
    calls: &Calls<'_>,
    plan: &Plan,
    parts: &[KeyParts],
    selection: Selection,
    project: &str,
    note: &Note,
) -> Result<Start, Problem> {
    let noted = noted(plan, selection, note, calls);
    let Had {
        name: base_name,
        base,
        noted: others,
        passed_over,
    } = base(calls, plan, &noted)?;
    let identity = base.identity();
    let keys = key::chain(plan, parts, identity);
    let mut start = Start {
        found: vec![None; plan.stages.len()],
        run: Vec::new(),
        base,
        base_name,
        passed_over,
        identity,
        keys,
    };
    start.take(&others, project, selection);
    start.run = to_run(plan, &start.found, selection);
    if start.run.contains(&true) && selection.anew > 0 {
        start.take(&all_of_project(calls, project)?, project, selection);
        start.run = to_run(plan, &start.found, selection);
    }
    Ok(start)
}

impl Start {
    /// Notes the images that are what a stage's key asks for.
    fn take(&mut self, images: &[Image], project: &str, selection: Selection) {
        let by_key: BTreeMap<Digest, &Image> = images
            .iter()
            .filter(|i| i.os == self.base.os && i.architecture == self.base.architecture)
            .filter_map(|i| i.stage_key(project).map(|key| (key, i)))
            .filter(|(_, i)| i.env() == self.base.env())
            .collect();
        for (at, key) in self
            .keys
            .iter()
            .enumerate()
            .take(selection.end.min(selection.anew))
        {
            if let Some(image) = by_key.get(key) {
                self.found[at] = Some(Found {
                    image: image.id.clone(),
                    layers: image.layers().len(),
                    keyless: false,
                });
            }
        }
    }
}

/// A stage is run if its image is missing and somebody needs it: the caller, or a later stage that is run.
pub(crate) fn to_run(plan: &Plan, found: &[Option<Found>], selection: Selection) -> Vec<bool> {
    let mut run = vec![false; plan.stages.len()];
    for at in (0..selection.end).rev() {
        let children: Vec<usize> = (at + 1..selection.end)
            .filter(|c| plan.stages[*c].parent == Some(at))
            .collect();
        let needed =
            children.is_empty() || at >= selection.anew || children.iter().any(|c| run[*c]);
        run[at] = needed && found[at].is_none();
    }
    run
}

/// Ids of the deepest images that the last run noted.
fn noted(plan: &Plan, selection: Selection, note: &Note, calls: &Calls<'_>) -> Vec<String> {
    if note.engine != calls.engine.name() {
        return Vec::new();
    }
    let last = |at: usize| !(at + 1..selection.end).any(|c| plan.stages[c].parent == Some(at));
    let leaves = (0..selection.end.min(selection.anew)).filter(|at| last(*at));
    leaves
        .filter_map(|at| note.images.get(&plan.stages[at].name).cloned())
        .collect()
}

/// A base image that could be had, and the noted images that are there.
struct Had {
    name: String,
    base: Image,
    noted: Vec<Image>,
    passed_over: Vec<Problem>,
}

/// The first of the plan's images that can be had: what is on the engine is taken, what is not is pulled, and only what
/// cannot be pulled is passed over, with a warning. So every machine that reaches the registries takes the same, whatever
/// it has of the later ones.
fn base(calls: &Calls<'_>, plan: &Plan, noted: &[String]) -> Result<Had, Problem> {
    let mut passed_over = Vec::new();
    for name in plan.image.iter().chain(&plan.other_images) {
        match inspect(calls, name, plan.platform.as_deref(), noted)? {
            Ok((base, noted)) => {
                let name = name.clone();
                return Ok(Had {
                    name,
                    base,
                    noted,
                    passed_over,
                });
            }
            Err(problem) => passed_over.push(problem),
        }
    }
    if passed_over.len() == 1 {
        return Err(passed_over.remove(0));
    }
    let title = format!(
        "none of the {} images of `{}` can be had",
        passed_over.len(),
        plan.env
    );
    let help = passed_over.into_iter().map(|problem| problem.title);
    let advice = "are the names right, and the registries reachable?".to_owned();
    Err(Problem {
        help: help.chain([advice]).collect(),
        ..Problem::engine(title, "")
    })
}

/// The base image and those of `noted` that are there, in one process; a base that is not there is pulled. The inner
/// error: it cannot be had.
fn inspect(
    calls: &Calls<'_>,
    image: &str,
    platform: Option<&str>,
    noted: &[String],
) -> Result<Result<(Image, Vec<Image>), Problem>, Problem> {
    let names: Vec<&str> = std::iter::once(image)
        .chain(noted.iter().map(String::as_str))
        .collect();
    for attempt in 0..2 {
        let output = calls.query(&calls.engine.image_inspect(&names))?;
        let images = facts::images(&output.stdout)?;
        // The engine answers in the order asked, without those it lacks; ids tell the noted ones.
        let base = images.iter().position(|i| !noted.contains(&i.id));
        let fits = |at: &usize| images[*at].is_for(platform);
        if let Some(at) = base.filter(fits) {
            let mut images = images;
            let base = images.remove(at);
            return Ok(Ok((base, images)));
        }
        if attempt == 0 {
            if base.is_none() {
                calls.check_answers(&output)?;
            }
            if let Err(problem) = calls.pull(image, platform)? {
                return Ok(Err(problem));
            }
        }
    }
    let what = platform.map_or_else(String::new, |p| format!(" for {p}"));
    let title = format!("the image `{image}`{what} was pulled and is not there");
    let help = format!("try `{} image inspect {image}`", calls.engine.name());
    let problem = Problem::engine(title, help);
    // A pull that a signal stopped brings nothing, and no other is to be begun.
    if calls.cancel.requested() {
        return Err(problem);
    }
    Ok(Err(problem))
}

/// All images that carry the project's label, whatever they are called.
pub(crate) fn all_of_project(calls: &Calls<'_>, project: &str) -> Result<Vec<Image>, Problem> {
    let label = format!("{}={project}", labels::PROJECT);
    let output = calls.query(&calls.engine.image_list(&label))?;
    calls.expect(&output, "list images")?;
    let text = output.text();
    let mut ids: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|l| !l.is_empty())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    // Its exit code says nothing: one image that vanished meanwhile makes it fail.
    facts::images(&calls.query(&calls.engine.image_inspect(&ids))?.stdout)
}
