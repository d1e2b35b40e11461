//! Names and conditions over axes made by hand: a test for each thing that is said of them. All names of the catalog
//! are in `config/tests.rs`.

mod braces;
mod conditions;
mod names;
mod repeatable;

use std::sync::Arc;

use super::axis::Family;
use super::parse::parse;
use super::{Axes, EnvName};
use crate::problem::{Place, Problem, Source};

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}

fn family(releases: &[&str], default: Option<&str>) -> Family {
    Family {
        versions: Vec::new(),
        releases: words(releases),
        default_release: default.map(str::to_owned),
        alone: releases.is_empty(),
    }
}

/// Families of every kind, two axes of one's own, values with dashes, an environment with a name of its own.
fn axes() -> Axes {
    let mut axes = Axes::default();
    for (name, of) in [
        (
            "ubuntu",
            family(&["focal", "jammy", "24.04"], Some("jammy")),
        ),
        ("centos", family(&["8", "stream-8"], None)),
        ("archlinux", family(&[], None)),
        ("nvidia-cuda", family(&["11.0", "12.0"], None)),
        ("host", family(&[], None)),
    ] {
        axes.families.insert(name.to_owned(), of);
    }
    axes.own
        .insert("toolchain".to_owned(), words(&["gcc_9", "clang-16"]));
    axes.own.insert("python".to_owned(), words(&["python3.9"]));
    axes.configs = words(&["minimal", "standard"]);
    axes.stages = words(&["built", "with-targets", "with-targets-pre"]);
    axes.defaults
        .insert("config".to_owned(), "standard".to_owned());
    axes.own_names = words(&["lint", "a.b"]).into_iter().collect();
    axes
}

fn place(text: &str) -> Place {
    let source: Arc<Source> = Source::new("-e", text);
    Place::new(&source, 0..text.len())
}

fn read(text: &str) -> Result<EnvName, Problem> {
    parse(text, &axes(), &place(text))
}

fn canonical(text: &str) -> String {
    read(text)
        .unwrap_or_else(|p| panic!("{text}: {}", p.title))
        .to_string()
}

fn title(text: &str) -> String {
    match read(text) {
        Ok(name) => panic!("{text} is {name}"),
        Err(problem) => problem.title,
    }
}
