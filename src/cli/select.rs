//! Which environments are meant: names, commas, braces, globs.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;

use crate::config::Project;
use crate::config::check::{VERBS, texts};
use crate::name::{EnvName, expand, parse};
use crate::nearest;
use crate::problem::{Kind, Place, Problem, Problems, Source};

#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Selection {
    /// Environments: names, commas, braces, globs; without any, those of env-list
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// More of them, as in tox
    #[arg(short = 'e', long = "env", value_name = "NAMES", env = "RUNENV_ENV", num_args = 1..)]
    envs: Vec<String>,
    /// It is no error if nothing is selected
    #[arg(long, env = "RUNENV_ALLOW_EMPTY")]
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

    /// Were environments named, or are they those of `env-list`?
    pub(crate) fn named(&self) -> bool {
        !self.names.is_empty() || !self.envs.is_empty()
    }
}

/// The environments of `env-list`, then those with names of their own, in file order, each once.
pub(crate) fn declared(project: &Project) -> Result<Vec<EnvName>, Problems> {
    let mut all = listed(project)?
        .into_iter()
        .map(|(_, name)| name)
        .collect::<Vec<_>>();
    for own in &project.axes.own_names {
        let place = project.place(0..0);
        all.push(parse::parse(own, &project.axes, &place)?);
    }
    Ok(all)
}

/// `env-list`, each as written and as a name.
fn listed(project: &Project) -> Result<Vec<(String, EnvName)>, Problems> {
    let (mut all, mut problems) = (Vec::<(String, EnvName)>::new(), Problems::default());
    let mut seen = BTreeSet::new();
    for (text, place) in texts(project, project.file.project.env_list.as_ref()) {
        for name in expand::expand(&text)? {
            let parsed = problems.keep(parse::parse(&name, &project.axes, &place));
            all.extend(
                parsed
                    .filter(|p| seen.insert(p.to_string()))
                    .map(|p| (name.clone(), p)),
            );
        }
    }
    if problems.0.is_empty() {
        Ok(all)
    } else {
        Err(problems)
    }
}

/// The environments that are meant, each once, in the order they were named.
pub(crate) fn select(project: &Project, selection: &Selection) -> Result<Vec<EnvName>, Problems> {
    if !selection.named() {
        let names: Vec<EnvName> = listed(project)?.into_iter().map(|(_, name)| name).collect();
        return none(names, selection, || {
            Problem::new(
                "nothing to run: no environment is named, and `env-list` is empty",
                "name one, or set `[project] env-list`",
            )
        });
    }
    let (mut all, mut problems) = (Vec::<EnvName>::new(), Problems::default());
    let (mut seen, globbed) = (BTreeSet::new(), OnceCell::new());
    for word in words(selection) {
        let source = Source::new("command line", word.clone());
        for name in expand::expand(&word)? {
            if problems.full() {
                return Err(problems);
            }
            let found = problems.keep(matching(project, &name, &source, &globbed));
            let new = |n: &EnvName| seen.insert((n.to_string(), n.to.clone()));
            all.extend(found.into_iter().flatten().filter(new));
        }
    }
    if !problems.0.is_empty() {
        return Err(problems);
    }
    let what = words(selection).join(" ");
    none(all, selection, || {
        let names: Vec<String> = declared(project)
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        let help = nearest::advice(&what, "environments", names.iter().map(String::as_str));
        Problem::new(
            format!(
                "`{}` matches no environment of `env-list`",
                expand::shown(&what)
            ),
            help,
        )
    })
}

/// The one environment that a verb is about.
pub(crate) fn one(project: &Project, selection: &Selection) -> Result<EnvName, Problems> {
    let mut names = select(project, selection)?;
    if names.len() > 1 {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let title = format!(
            "`{}` means {} environments",
            expand::shown(&words(selection).join(" ")),
            names.len()
        );
        return Err(Problem::new(title, format!("name one of them: {}", names.join(", "))).into());
    }
    names.pop().ok_or_else(|| {
        Problem::new(
            "no environment is named",
            "name one: `runenv list` shows them",
        )
        .into()
    })
}

fn none(
    names: Vec<EnvName>,
    selection: &Selection,
    problem: impl Fn() -> Problem,
) -> Result<Vec<EnvName>, Problems> {
    if names.is_empty() && !selection.allow_empty {
        return Err(Problem {
            kind: Kind::Nothing,
            ..problem()
        }
        .into());
    }
    Ok(names)
}

/// Each name as it is written, and as it is read.
type Listed = Vec<(String, EnvName)>;

/// One name, or those of `env-list` that a glob matches; `globbed` keeps what globs are asked of.
fn matching(
    project: &Project,
    name: &str,
    source: &Arc<Source>,
    globbed: &OnceCell<Listed>,
) -> Result<Vec<EnvName>, Problem> {
    let place = Place::new(source, 0..source.text.len());
    if !expand::is_glob(name) {
        let verb = nearest::nearest(name, VERBS).filter(|_| place.span.len() == name.len());
        let parsed = parse::parse(name, &project.axes, &place);
        return parsed.map(|name| vec![name]).map_err(|problem| match verb {
            Some(verb) => problem.help(format!("or the command `runenv {verb}`?")),
            None => problem,
        });
    }
    if globbed.get().is_none() {
        let first = |p: Problems| p.0.into_iter().next().expect("a failure has a problem");
        let mut all = listed(project).map_err(first)?;
        for own in &project.axes.own_names {
            all.push((own.clone(), parse::parse(own, &project.axes, &place)?));
        }
        let _ = globbed.set(all);
    }
    let all = globbed.get().into_iter().flatten();
    let matches = |(written, parsed): &&(String, EnvName)| {
        expand::matches(name, written) || expand::matches(name, &parsed.to_string())
    };
    Ok(all
        .filter(matches)
        .map(|(_, parsed)| parsed.clone())
        .collect())
}

/// Words of the command line, split at commas outside braces.
fn words(selection: &Selection) -> Vec<String> {
    let mut out = Vec::new();
    for text in selection.names.iter().chain(&selection.envs) {
        let (mut depth, mut word) = (0usize, String::new());
        for c in text.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                ',' | ' ' if depth == 0 => {
                    out.push(std::mem::take(&mut word));
                    continue;
                }
                _ => {}
            }
            word.push(c);
        }
        out.push(word);
    }
    // An empty word is a mistake only where nothing else was said.
    let some = out.iter().any(|w| !w.is_empty());
    out.into_iter().filter(|w| !w.is_empty() || !some).collect()
}
