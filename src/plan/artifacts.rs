//! The globs of a stage's `artifacts`: what they mean, where looking begins, and which paths they take. Pure.
//!
//! A glob is relative to `workdir`, or begins at the root. Its part without wildcards is where looking begins, so that
//! `logs/**` reads `logs` and nothing beside it.

use super::Stage;
use crate::late::Late;
use crate::pattern::Pattern;
use crate::problem::Problem;

/// One glob.
#[derive(Clone, Debug)]
pub(crate) struct Glob {
    /// As it is written, substitutions made.
    pub(crate) text: String,
    /// It begins at the root, not at `workdir`.
    pub(crate) rooted: bool,
    /// Relative to where it begins; `None` takes everything there.
    pattern: Option<Pattern>,
}

/// A path where looking begins, relative to `workdir` or to the root.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Source {
    pub(crate) rooted: bool,
    /// Without a `/` at its ends; empty: `workdir` itself.
    pub(crate) path: String,
}

impl Glob {
    /// Substitution may have made what the file's own check could not see.
    pub(crate) fn read(text: &str) -> Result<Self, Problem> {
        let wrong = |why: &str| {
            let title = format!("`{text}` is no path of an artifact: {why}");
            let help =
                "write a path or a glob, relative to `workdir` or from the root, without `..`";
            Problem::new(title, help)
        };
        if text.is_empty() || text.contains('\0') {
            return Err(wrong("it is empty or broken"));
        }
        let relative = text.trim_start_matches('/');
        let pattern = Pattern::parse(relative.as_bytes()).map_err(|reason| wrong(&reason))?;
        Ok(Self {
            text: text.to_owned(),
            rooted: text.starts_with('/'),
            pattern: Some(pattern).filter(|p| p.text() != b"."),
        })
    }

    pub(crate) fn source(&self) -> Source {
        let fixed = self.pattern.as_ref().map(|p| p.fixed().0);
        let path = fixed.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        Source {
            rooted: self.rooted,
            path: path.unwrap_or_default(),
        }
    }

    /// Does it take this path? What is in a folder that it takes, it takes, too.
    pub(crate) fn takes(&self, rooted: bool, path: &[u8]) -> bool {
        let ends = path.iter().enumerate().filter(|(_, b)| **b == b'/');
        let mut ends = ends.map(|(at, _)| at).chain([path.len()]);
        let matches = |pattern: &Pattern| ends.any(|end| pattern.matches(&path[..end]));
        !path.is_empty() && self.rooted == rooted && self.pattern.as_ref().is_none_or(matches)
    }
}

impl Source {
    /// The path in a container; a link at its end is followed, as the engines do it.
    pub(crate) fn absolute(&self, workdir: &str) -> String {
        let base = if self.rooted { "" } else { workdir };
        format!("{}/{}", base.trim_end_matches('/'), self.path)
    }

    fn covers(&self, other: &Self) -> bool {
        let rest = other.path.strip_prefix(&self.path);
        let below = |rest: &str| rest.is_empty() || rest.starts_with('/') || self.path.is_empty();
        self.rooted == other.rooted && rest.is_some_and(below)
    }
}

/// The globs of a stage, with what this host alone knows in them.
pub(crate) fn globs(stage: &Stage, late: &Late) -> Result<Vec<Glob>, Problem> {
    let texts = stage.artifacts.iter().map(|s| late.fill(&s.value));
    texts.map(|text| Glob::read(&text)).collect()
}

/// Where to look for all of them, each place once.
pub(crate) fn sources(globs: &[Glob]) -> Vec<Source> {
    let mut all: Vec<Source> = globs.iter().map(Glob::source).collect();
    all.sort();
    all.dedup();
    let covered = |one: &Source| all.iter().any(|other| other != one && other.covers(one));
    let least = all.iter().filter(|one| !covered(one));
    least.cloned().collect()
}

/// Refuses what cannot be looked for, before anything runs.
pub(super) fn check(stage: &Stage, container: bool) -> Result<(), Problem> {
    for setting in &stage.artifacts {
        let read = Glob::read(&setting.value).and_then(|glob| {
            let everything = glob.source().absolute(&stage.workdir) == "/";
            if !(everything && container) {
                return Ok(());
            }
            let text = &setting.value;
            let title =
                format!("`{text}` would look through the whole file system of the container");
            let help = "begin it with the name of a folder: `/var/log/*.log`";
            Err(Problem::new(title, help))
        });
        let place = setting.place().cloned();
        read.map_err(|problem| place.into_iter().fold(problem, Problem::place))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(text: &str) -> Glob {
        Glob::read(text).unwrap()
    }

    #[test]
    fn looking_begins_at_the_part_without_wildcards_and_each_place_is_looked_at_once() {
        let globs = [
            "logs/**",
            "logs/a/*.log",
            "config.log",
            "/var/log/x*",
            "logs-of/y",
            "a/*/b",
            "./logs",
        ];
        let sources = sources(&globs.map(glob));
        let paths = sources.iter().map(|s| s.absolute("/src/"));
        let expected = [
            "/src/a",
            "/src/config.log",
            "/src/logs",
            "/src/logs-of/y",
            "/var/log",
        ];
        assert_eq!(paths.collect::<Vec<_>>(), expected);
        let all = [glob("**/*.log"), glob("config.log")];
        assert_eq!(super::sources(&all)[0].absolute("/src"), "/src/");
        assert_eq!(super::sources(&all).len(), 1);
        assert_eq!(glob(".").source(), glob("*").source());
    }

    #[test]
    fn a_folder_is_taken_with_all_that_is_in_it() {
        let takes =
            |text: &str, path: &str| glob(text).takes(text.starts_with('/'), path.as_bytes());
        assert!(takes("logs", "logs/a/b"));
        assert!(takes("logs/**", "logs/a/b"));
        assert!(takes("*/out", "x/out/b"));
        assert!(takes("/var/log", "var/log/b"));
        assert!(takes(".", "a/b"));
        assert!(!takes("logs/*.log", "logs/a/b"));
        assert!(!glob("logs").takes(true, b"logs/a"));
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        for text in [
            "",
            "../x",
            "a/../../b",
            "/..",
            "a[",
            "a\0",
            r"\../x",
            r"a/.\./x",
            r"a/\.",
        ] {
            assert!(Glob::read(text).is_err(), "{text:?}");
        }
    }
}
