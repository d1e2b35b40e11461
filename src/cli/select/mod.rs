//! Which environments are meant: names first, then what restricts them, then what is taken out.
//!
//! Words (names, commas, braces, globs) say where the selection begins; without any it is `env-list`, or, where a
//! filter asks, all that the file lists. `-m`, `-f` and `--failed` each keep some of it, in this order; `--skip` takes
//! out. A selection that comes out empty is exit 4, and the problem says which of them took out the last.

mod all;
mod failed;
mod why;
mod words;

use std::collections::BTreeSet;

use clap::builder::FalseyValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args};

use crate::config::Project;
use crate::config::listed::{self, Entry, Patterns};
use crate::name::condition::Condition;
use crate::name::expand::shown;
use crate::name::{EnvName, expand};
use crate::nearest;
use crate::problem::{Kind, Place, Problem, Problems, Source};
use failed::Last;
use why::Why;

const HEADING: &str = "Selecting";

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Selection {
    /// Environments: names, commas, braces, globs; without any, those of env-list
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// More of them, as in tox
    #[arg(short = 'e', long = "env", value_name = "NAMES", env = "RUNENV_ENV", num_args = 1.., help_heading = HEADING)]
    envs: Vec<String>,
    /// Only those with this label of `[project] labels`; several, or commas: with any of them
    #[arg(short = 'm', long = "label", value_name = "LABEL", env = "RUNENV_LABEL", help_heading = HEADING)]
    labels: Vec<String>,
    /// Only those for which this condition holds, as `fedora,ubuntu-!minimal`; several: all of them
    #[arg(short = 'f', long = "factors", value_name = "CONDITION", env = "RUNENV_FACTORS", help_heading = HEADING)]
    factors: Vec<String>,
    /// Only those that did not pass when they were last run
    #[arg(long, env = "RUNENV_FAILED", value_parser = FalseyValueParser::new(), help_heading = HEADING)]
    failed: bool,
    /// Not these: names, commas, braces, globs
    #[arg(long, value_name = "NAMES", env = "RUNENV_SKIP", help_heading = HEADING)]
    skip: Vec<String>,
    /// Choose from every runner, system and config that the file names, in env-list or not; from values of other axes
    /// where a NAME has them
    #[arg(long, env = "RUNENV_ALL", value_parser = FalseyValueParser::new(), help_heading = HEADING)]
    all: bool,
    /// It is no error if nothing is selected
    #[arg(long, env = "RUNENV_ALLOW_EMPTY", value_parser = FalseyValueParser::new(), help_heading = HEADING)]
    pub(crate) allow_empty: bool,
}

impl Selection {
    /// The one environment of a verb that takes one.
    pub(crate) fn one(name: &str) -> Self {
        Self {
            names: vec![name.to_owned()],
            ..Self::default()
        }
    }

    /// Were environments named, or are they those that the file lists?
    fn named(&self) -> bool {
        !self.names.is_empty() || !self.envs.is_empty()
    }

    /// Is anything chosen at all?
    pub(crate) fn bare(&self) -> bool {
        !self.named() && !self.filters() && self.skip.is_empty() && !self.all
    }

    /// Does anything restrict what is chosen?
    fn filters(&self) -> bool {
        !self.labels.is_empty() || !self.factors.is_empty() || self.failed
    }

    /// Names that were typed are meant, whatever the variable names.
    pub(crate) fn prefer_typed(&mut self, matches: &ArgMatches) {
        let from = |id: &str, source| matches.value_source(id) == Some(source);
        if from("names", ValueSource::CommandLine) && from("envs", ValueSource::EnvVariable) {
            self.envs.clear();
        }
    }

    /// Names as they were given, split.
    fn words(&self) -> Vec<String> {
        words::split(self.names.iter().chain(&self.envs))
    }

    /// The words that select the same again, as they are typed.
    pub(super) fn again(&self) -> Vec<String> {
        let option = |name: &str, value: &String| [name.to_owned(), value.clone()];
        let mut words: Vec<String> = self.names.iter().chain(&self.envs).cloned().collect();
        words.extend(self.labels.iter().flat_map(|l| option("-m", l)));
        words.extend(self.factors.iter().flat_map(|f| option("-f", f)));
        words.extend(self.skip.iter().flat_map(|s| option("--skip", s)));
        words.extend(self.all.then(|| "--all".to_owned()));
        words
    }

    /// The same as variables of a later command's; what they cannot say is a mistake.
    pub(super) fn variables(&self) -> Result<Vec<(String, String)>, Problem> {
        if self.factors.len() > 1 {
            let title = "the jobs of a workflow take one `-f`";
            return Err(Problem::new(
                title,
                "write the conditions as one: `-` is and, `,` is or",
            ));
        }
        let names: Vec<String> = self.names.iter().chain(&self.envs).cloned().collect();
        let all = [
            ("RUNENV_ENV", names.join(" ")),
            ("RUNENV_LABEL", self.labels.join(",")),
            ("RUNENV_FACTORS", self.factors.join("")),
            ("RUNENV_SKIP", self.skip.join(",")),
            ("RUNENV_ALL", if self.all { "1" } else { "" }.to_owned()),
        ];
        let said = all.into_iter().filter(|(_, value)| !value.is_empty());
        Ok(said.map(|(name, value)| (name.to_owned(), value)).collect())
    }

    pub(super) fn has_labels(&self) -> bool {
        !self.labels.is_empty()
    }

    /// Does it ask what happened on this machine?
    pub(super) fn asks_results(&self) -> bool {
        self.failed
    }

    /// The words behind the command where they are no environments.
    pub(super) fn typed(&self) -> Vec<String> {
        words::split(&self.names)
    }
}

/// An option that was typed and chooses among environments: what lists values has no use for it.
pub(super) fn typed_filter(matches: &ArgMatches) -> Option<&'static str> {
    let options = [
        ("envs", "-e"),
        ("labels", "-m"),
        ("factors", "-f"),
        ("failed", "--failed"),
        ("skip", "--skip"),
        ("all", "--all"),
    ];
    let typed = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
    let mut typed = options.into_iter().filter(|(id, _)| typed(id));
    typed.next().map(|(_, option)| option)
}

/// The same, a name among them.
pub(super) fn typed_any(matches: &ArgMatches) -> Option<&'static str> {
    let named = matches.value_source("names") == Some(ValueSource::CommandLine);
    let name = named.then_some("NAME");
    name.or_else(|| typed_filter(matches))
}

/// What was selected, and what there is to say about how.
#[derive(Debug, Default)]
pub(crate) struct Selected {
    /// Each once, in the order they were named.
    pub(crate) entries: Vec<Entry>,
    pub(crate) warnings: Vec<Problem>,
}

/// The environments that are meant.
pub(crate) fn select(project: &Project, selection: &Selection) -> Result<Selected, Problems> {
    let filters = Filters::read(project, selection)?;
    let mut why = Why::default();
    let mut entries = base(project, selection, &filters)?;
    let mut seen = BTreeSet::new();
    entries.retain(|e| seen.insert((e.canonical.clone(), e.name.to.clone())));
    why.base(project, selection, &entries);
    if !filters.labels.is_empty() && (selection.named() || selection.all) {
        let labelled = filters.labelled(project);
        why.keep(
            &mut entries,
            |e| labelled.contains(&e.canonical),
            |left| why::no_label(&selection.labels.join(","), left, &labelled),
        );
    }
    for (text, condition) in selection.factors.iter().zip(&filters.conditions) {
        let holds =
            |e: &Entry| listed::resolved(project, &e.name).is_ok_and(|name| condition.holds(&name));
        why.keep(&mut entries, holds, |left| why::no_condition(text, left));
    }
    if selection.failed {
        let last = Last::read(project, &entries);
        why.keep(
            &mut entries,
            |e| last.failed(e),
            |left| last.none_failed(left),
        );
    }
    let mut warnings = filters.warnings.clone();
    warnings.extend(filters.idle_skips(project, &entries));
    let skipped = filters.skip.filter();
    why.keep(
        &mut entries,
        |e| !skipped(e),
        |left| why::all_skipped(&selection.skip.join(","), left),
    );
    match why.nothing {
        Some(problem) if entries.is_empty() && !selection.allow_empty => Err(Problem {
            kind: Kind::Nothing,
            ..problem
        }
        .into()),
        _ => Ok(Selected { entries, warnings }),
    }
}

/// What `--skip` takes out, also of what the selected ones depend on.
pub(crate) fn skipped(
    project: &Project,
    selection: &Selection,
) -> Result<impl Fn(&Entry) -> bool, Problems> {
    let skip = Filters::read(project, selection)?.skip;
    Ok(move |entry: &Entry| skip.0.iter().any(|pattern| pattern.holds(entry)))
}

/// The one environment that a verb is about.
pub(crate) fn one(project: &Project, selection: &Selection) -> Result<EnvName, Problems> {
    let mut entries = select(project, selection)?.entries;
    if entries.len() > 1 {
        let names: Vec<&str> = entries.iter().map(|e| e.canonical.as_str()).collect();
        let title = format!(
            "`{}` means {} environments",
            shown(&selection.words().join(" ")),
            names.len()
        );
        return Err(Problem::new(title, format!("name one of them: {}", names.join(", "))).into());
    }
    let entry = entries.pop().ok_or_else(|| {
        Problem::new(
            "no environment is named",
            "name one: `runenv list` shows them",
        )
    })?;
    Ok(entry.name)
}

/// What is chosen from before anything restricts it.
fn base(
    project: &Project,
    selection: &Selection,
    filters: &Filters,
) -> Result<Vec<Entry>, Problems> {
    let listed = &project.listed;
    if selection.named() {
        return words::entries(project, &selection.words(), selection.all);
    }
    let mut entries: Vec<Entry> = if !filters.labels.is_empty() && !selection.all {
        let labels = filters.labels.iter();
        labels.flat_map(|l| listed.labelled(l)).collect()
    } else if selection.filters() {
        listed.known().cloned().collect()
    } else {
        listed.env_list.clone()
    };
    if selection.all {
        entries.extend(all::products(project, None, &mut all::Budget::default())?);
    }
    if selection.failed && filters.labels.is_empty() {
        entries.extend(failed::others(project));
    }
    Ok(entries)
}

/// What restricts and takes out, read.
struct Filters {
    labels: Vec<String>,
    conditions: Vec<Condition>,
    skip: Patterns,
    /// What is odd about them.
    warnings: Vec<Problem>,
}

impl Filters {
    fn read(project: &Project, selection: &Selection) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let mut labels = words::split(&selection.labels);
        labels.retain(|label| {
            let known = project.listed.labels.contains_key(label.as_str());
            if !known {
                problems.push(unknown_label(project, label));
            }
            known
        });
        let mut conditions = Vec::new();
        for text in &selection.factors {
            let place = place("-f", text);
            if let Some(condition) = problems.keep(Condition::parse(text, &project.axes, &place)) {
                problems.0.extend(condition.odd(text, &place));
                conditions.push(condition);
            }
        }
        let mut skip = Patterns::default();
        for word in words::split(&selection.skip) {
            let place = place("--skip", &word);
            let added = skip.add_whole(&word, &project.axes, &place);
            problems.0.extend(added.err().into_iter().flat_map(|p| p.0));
        }
        let warnings = problems.none()?;
        Ok(Self {
            labels,
            conditions,
            skip,
            warnings,
        })
    }

    /// Canonical names of what has any of the labels.
    fn labelled(&self, project: &Project) -> BTreeSet<String> {
        let labels = self.labels.iter();
        labels
            .flat_map(|label| project.listed.labelled(label))
            .map(|e| e.canonical)
            .collect()
    }

    /// A glob of `--skip` that matches nothing there is may be a slip. A name that is not selected is none: a variable
    /// may take it out of every selection there will be.
    fn idle_skips(&self, project: &Project, selected: &[Entry]) -> Vec<Problem> {
        let idle = self.skip.0.iter().filter(|pattern| {
            expand::is_glob(pattern.text())
                && !selected.iter().any(|e| pattern.holds(e))
                && !project.listed.known().any(|e| pattern.holds(e))
        });
        let warning = |text: &str| {
            let title = format!("`--skip {}` matches no environment", shown(text));
            Problem::warning(title, words::advice(project, text))
        };
        idle.map(|pattern| warning(pattern.text())).collect()
    }
}

fn place(option: &str, text: &str) -> Place {
    Place::new(&Source::new(option, text), 0..text.len())
}

fn unknown_label(project: &Project, label: &str) -> Problem {
    let title = if label.is_empty() {
        "an empty label".to_owned()
    } else {
        format!("unknown label `{}`", shown(label))
    };
    let labels = project.listed.labels.keys().map(String::as_str);
    let help = if project.listed.labels.is_empty() {
        "no label is declared: `[project] labels = { nightly = [\"docker-*\"] }` declares one"
            .to_owned()
    } else {
        nearest::advice(label, "labels", labels)
    };
    Problem::new(title, help).place(place("-m", label))
}
