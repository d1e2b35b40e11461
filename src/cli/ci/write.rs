//! What the verbs that write files of a CI system have in common: which environments an event runs, the files, `--check`.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::select::Selection;
use super::super::{Context, Exit};
use crate::ci::asked::Asked;
use crate::ci::pipeline::{self, Chosen, Pipeline};
use crate::ci::shape::Shape;
use crate::config::Project;
use crate::config::listed::Entry;
use crate::files;
use crate::problem::{Problem, Problems};
use crate::quote;
use crate::report::difference;

/// No file that is written is larger.
const MOST_BYTES: u64 = 16_000_000;

/// What starts a pipeline.
pub(super) struct Event {
    /// As the CI system calls it.
    pub(super) name: &'static str,
    /// As `[ci] labels` may call it.
    pub(super) also: &'static [&'static str],
    pub(super) starts: Starts,
}

/// One of them.
pub(super) const fn event(
    name: &'static str,
    also: &'static [&'static str],
    starts: Starts,
) -> Event {
    Event { name, also, starts }
}

/// Whether an event without a label starts anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Starts {
    Always,
    /// Where no event has a label.
    Unlabelled,
    /// Where `[ci] schedule` says when.
    Scheduled,
    Labelled,
}

/// The pipeline of a selection.
pub(super) fn pipeline(
    project: &Project,
    selection: &Selection,
    events: &[Event],
    context: &mut Context,
) -> Result<Pipeline, Problems> {
    if selection.asks_results() {
        let title = "`--failed` asks what happened on this machine, and the files depend on envs.toml alone";
        return Err(Problem::new(title, "leave it out").into());
    }
    depends_on_the_file_alone(project, context)?;
    let selected = context.selected(project, selection)?;
    let shape = Shape::of(project, &selected)?;
    let chosen = chosen(project, selection, &selected, events)?;
    let mut pipeline = pipeline::pipeline(&shape, &chosen)?;
    if pipeline.sets.iter().all(|set| set.cells.is_empty()) {
        return Err(super::none_taken(selected.len()).into());
    }
    let idle = pipeline.sets.iter().filter(|set| set.cells.is_empty());
    let idle = idle.map(|set| {
        let label = set.label.as_deref().unwrap_or_default();
        let title = format!(
            "nothing starts on `{}`: of the label `{label}` no environment is left",
            set.events.join("`, `")
        );
        Problem::warning(
            title,
            "look at `systems` and `configs` of `[ci]`, and at what is selected",
        )
    });
    context.out.problems(&Problems(idle.collect()));
    pipeline.sets.retain(|set| !set.cells.is_empty());
    Ok(pipeline)
}

/// What jobs run is read from `envs.toml` at the top of the repository: nothing else may be meant here.
fn depends_on_the_file_alone(project: &Project, context: &Context) -> Result<(), Problem> {
    if !context.global.set.is_empty() {
        let title = "`--set` is for one command, and the files depend on envs.toml alone";
        return Err(Problem::new(title, "write it into envs.toml"));
    }
    if project.path != project.root.join("envs.toml") {
        let title = format!(
            "jobs read `envs.toml` in the tree's folder, and this is `{}`",
            project.path.display()
        );
        return Err(Problem::new(title, "give the file that name and place"));
    }
    let is_top = |folder: &&Path| files::is_there(&folder.join(".git"));
    match project.root.ancestors().find(is_top) {
        Some(top) if top != project.root => {
            let title = format!(
                "`{}` is not the top of its repository, `{}`: CI systems look for their files there alone",
                project.root.display(),
                top.display()
            );
            Err(Problem::new(
                title,
                "move `envs.toml` there, or write the jobs by hand: `runenv ci matrix`",
            ))
        }
        _ => Ok(()),
    }
}

/// How the files are asked for.
pub(super) fn asked(
    selection: &Selection,
    stale: bool,
    pipeline: &Pipeline,
) -> Result<Asked, Problem> {
    let labelled = pipeline.sets.iter().any(|set| set.label.is_some());
    if stale && labelled && selection.has_labels() {
        let title = "with `--stale` an event's label (`[ci] labels`) would take the place of `-m`";
        let help = "select by names or by `-f`, or give `[ci] labels` labels of fewer environments";
        return Err(Problem::new(title, help));
    }
    let mut words = String::new();
    for word in selection.again() {
        words += &format!(" {}", quote::word(&word));
    }
    if stale {
        words += " --stale";
    }
    let stale = stale.then(|| selection.variables()).transpose()?;
    Ok(Asked { words, stale })
}

/// Which environments each event runs: those of its label; without one all that are selected.
fn chosen(
    project: &Project,
    selection: &Selection,
    selected: &[Entry],
    events: &[Event],
) -> Result<Vec<Chosen>, Problem> {
    if let Some(part) = selected.iter().find(|e| e.name.to.is_some()) {
        let title = format!("`{}` goes only up to a stage", part.written);
        let help = format!("jobs run whole environments: `{}`", part.canonical);
        return Err(Problem::new(title, help));
    }
    let table = project.file.ci.clone().unwrap_or_default();
    let labels = table.labels.unwrap_or_default();
    let label = |event: &Event| {
        let mut words = event.also.iter();
        words.find_map(|word| Some(labels.get(*word)?.get_ref().clone()))
    };
    let any = events.iter().any(|event| label(event).is_some());
    let cron = !project.texts(table.schedule.as_ref()).is_empty();
    let starts = |event: &&Event| match event.starts {
        Starts::Always => true,
        Starts::Unlabelled if !any => true,
        Starts::Scheduled if cron => true,
        Starts::Unlabelled | Starts::Scheduled | Starts::Labelled => label(event).is_some(),
    };
    let mut all: Vec<Chosen> = Vec::new();
    for event in events.iter().filter(starts) {
        let label = label(event);
        if let Some(set) = all.iter_mut().find(|set| set.label == label) {
            set.events.push(event.name.to_owned());
            continue;
        }
        let entries = match &label {
            None => selected.to_vec(),
            Some(label) => labelled(project, label, selection, selected),
        };
        let events = vec![event.name.to_owned()];
        all.push(Chosen {
            label,
            events,
            entries,
        });
    }
    Ok(all)
}

/// The environments of a label; of a selection those that have it.
fn labelled(
    project: &Project,
    label: &str,
    selection: &Selection,
    selected: &[Entry],
) -> Vec<Entry> {
    let selected: BTreeSet<&str> = selected.iter().map(|e| e.canonical.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut all = project.listed.labelled(label);
    all.retain(|e| selection.bare() || selected.contains(e.canonical.as_str()));
    all.retain(|e| seen.insert(e.canonical.clone()));
    all
}

/// The files of one verb.
pub(super) struct Written<'a> {
    /// The verb, as a person types it.
    pub(super) verb: &'static str,
    /// The words behind it.
    pub(super) words: &'a str,
    /// By this a file is known as the verb's.
    pub(super) made: &'static str,
    /// What the files are called together.
    pub(super) name: &'static str,
    pub(super) files: &'a [(&'static str, String)],
}

impl Written<'_> {
    /// Writes them, if none of them is somebody else's.
    pub(super) fn write(&self, root: &Path, context: &Context) -> Result<(), Problem> {
        for (path, _) in self.files {
            self.ours(root, path)?;
        }
        for (path, text) in self.files {
            let whole = root.join(path);
            whole.parent().map_or(Ok(()), files::make_folder)?;
            files::write_if_changed(&whole, text.as_bytes())?;
            context.out.result(&format!("{path}\n"));
        }
        Ok(())
    }

    /// Says which lines are not as they would be written.
    pub(super) fn check(&self, root: &Path, context: &Context) -> Exit {
        let mut code = 0;
        for (path, text) in self.files {
            self.ours(root, path)?;
            let whole = root.join(path);
            let old = if files::is_there(&whole) {
                files::read_text(&whole, MOST_BYTES)?
            } else {
                String::new()
            };
            if let Some(said) = difference::text(path, &old, text) {
                context.out.result(&said);
                code = 1;
            }
        }
        context.out.tell(&if code == 0 {
            format!("the {} are current\n", self.name)
        } else {
            format!("`{}{}` writes them anew\n", self.verb, self.words)
        });
        Ok(code)
    }

    /// A file that somebody wrote by hand is not replaced.
    fn ours(&self, root: &Path, path: &str) -> Result<(), Problem> {
        let whole = root.join(path);
        if !files::is_there(&whole) || files::read_text(&whole, MOST_BYTES)?.contains(self.made) {
            return Ok(());
        }
        let title = format!("`{path}` was not made by `{}`", self.verb);
        Err(Problem::new(title, "move it away, or give it another name"))
    }
}
