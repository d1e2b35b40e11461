//! What benches need of the inside, as public functions over closed types; built with the feature `inside` alone.
//!
//! May not be used by the program, and decides nothing.

use std::path::Path;
use std::sync::Arc;

use crate::config::{self, Project};
use crate::environment;
use crate::host::Host;
use crate::name::condition::Condition;
use crate::name::{EnvName, expand, parse};
use crate::problem::{Place, Source};

/// A checked file.
pub struct Loaded(Project);
/// A name that was read.
pub struct Name(EnvName);
/// A condition that was read.
pub struct Asked(Condition);

fn place(text: &str) -> Place {
    let source: Arc<Source> = Source::new("bench", text);
    Place::new(&source, 0..text.len())
}

impl Loaded {
    /// Reads and checks a file.
    ///
    /// # Panics
    /// If there is a mistake in it.
    pub fn of(text: &str) -> Self {
        Self::in_folder(text, Path::new("/tree/bench"))
    }

    /// Reads and checks a file that stands in a folder, whose other files it may name.
    ///
    /// # Panics
    /// If there is a mistake in it.
    pub fn in_folder(text: &str, root: &Path) -> Self {
        let source = Source::new("envs.toml", text);
        match config::from_source(&source, root.to_owned()) {
            Ok(project) => Self(project),
            Err(problems) => panic!("{problems:#?}"),
        }
    }

    /// Reads one name.
    ///
    /// # Panics
    /// If it is none.
    pub fn name(&self, text: &str) -> Name {
        match parse::parse(text, &self.0.axes, &place(text)) {
            Ok(name) => Name(name),
            Err(problem) => panic!("{}", problem.title),
        }
    }

    /// Reads all names of an expression with braces.
    pub fn names(&self, text: &str) -> Vec<Name> {
        let names = expanded(text);
        names.iter().map(|name| self.name(name)).collect()
    }

    /// Reads a condition.
    ///
    /// # Panics
    /// If it is none.
    pub fn condition(&self, text: &str) -> Asked {
        match Condition::parse(text, &self.0.axes, &place(text)) {
            Ok(condition) => Asked(condition),
            Err(problem) => panic!("{}", problem.title),
        }
    }

    /// Makes every setting of a name final; how many stages it has.
    ///
    /// # Panics
    /// If there is a mistake in its settings.
    pub fn resolved(&self, name: &Name) -> usize {
        let host = Host {
            cpus: 8,
            ..Host::default()
        };
        match environment::resolve(&self.0, &name.0, &host, &[]) {
            Ok(environment) => environment.stages.len(),
            Err(problem) => panic!("{}", problem.title),
        }
    }
}

impl Asked {
    /// Does it hold for the name?
    pub fn holds(&self, name: &Name) -> bool {
        self.0.holds(&name.0)
    }
}

/// Expands braces.
///
/// # Panics
/// If one is not closed.
pub fn expanded(text: &str) -> Vec<String> {
    match expand::expand(text) {
        Ok(names) => names,
        Err(problem) => panic!("{}", problem.title),
    }
}
