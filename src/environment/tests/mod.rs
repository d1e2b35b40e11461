//! Whole environments out of texts: layers, substitution, stages.

mod families;
mod fill;
mod layers;
mod sage;
mod stages;
mod typos;

use std::path::PathBuf;

use super::draft::Strings;
use super::{Environment, Form, resolve};
use crate::config::{Project, from_source};
use crate::host::Host;
use crate::name::parse;
use crate::problem::{Place, Problem, Source};

fn project(text: &str) -> Project {
    match from_source(&Source::new("envs.toml", text), PathBuf::from("/tree/p")) {
        Ok(project) => project,
        Err(problems) => panic!("{problems:#?}"),
    }
}

/// What an environment becomes with variables of the caller and posargs.
fn outside(
    text: &str,
    name: &str,
    variables: &[(&str, &str)],
    posargs: &[&str],
) -> Result<Environment, Problem> {
    let project = project(text);
    let place = Place::new(&Source::new("-e", name), 0..name.len());
    let parsed = parse::parse(name, &project.axes, &place)?;
    let set = variables.iter().map(|(k, v)| (k.into(), v.into()));
    let host = Host {
        variables: set.collect(),
        cpus: 8,
        ..Host::default()
    };
    let posargs: Vec<String> = posargs.iter().map(|w| (*w).to_owned()).collect();
    resolve(&project, &parsed, &host, &posargs)
}

fn environment(text: &str, name: &str) -> Environment {
    outside(text, name, &[], &[]).unwrap_or_else(|p| panic!("{}", p.title))
}

/// The values of a list.
fn values(list: &Strings) -> Vec<String> {
    list.iter().map(|s| s.value.clone()).collect()
}

/// The lines and words that the last stage runs.
fn lines(env: &Environment) -> Vec<String> {
    let stage = env.stages.last().expect("a stage");
    let line = |form: &Form| match form {
        Form::Line(text) => text.clone(),
        Form::Argv(words) => format!("{words:?}"),
    };
    stage.run.iter().map(|c| line(&c.form)).collect()
}
