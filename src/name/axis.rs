//! Which values exist: the built-in axes and those of the file, in order.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use indexmap::{IndexMap, IndexSet};

use super::index::Index;
use super::rules::Rules;
use super::this_host::ThisHost;
use super::{CONFIG, RUNNER, RUNNERS, STAGE, SYSTEM, System};

/// A family of systems and its releases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Family {
    pub(crate) releases: Vec<String>,
    pub(crate) default_release: Option<String>,
    /// Numbers that releases are also known by; no name has them, but advice does.
    pub(crate) versions: Vec<(String, String)>,
    /// May the family stand without a release (`archlinux`)?
    pub(crate) alone: bool,
}

/// Everything that may stand in a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Axes {
    pub(crate) families: IndexMap<String, Family>,
    /// Own axes in file order, each with its values in file order.
    pub(crate) own: IndexMap<String, Vec<String>>,
    pub(crate) configs: Vec<String>,
    pub(crate) stages: Vec<String>,
    /// `[project] default`: axis -> value.
    pub(crate) defaults: IndexMap<String, String>,
    /// Own axes of which a name may have several values.
    pub(crate) repeatable: BTreeSet<String>,
    /// Names of `[env.NAME]` that are no product of factors.
    pub(crate) own_names: IndexSet<String>,
    /// What values say of the names they may stand in.
    pub(crate) rules: Rules,
    /// Releases of the catalog that are none here.
    pub(crate) left_out: Vec<LeftOut>,
    pub(crate) this_host: Arc<ThisHost>,
    /// Made of the others when it is first asked: they do not change from then on.
    index: OnceLock<Index>,
}

/// A release of the catalog that would make names of this file ambiguous.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// With its family: `almalinux-8`.
    pub(crate) system: String,
    /// What of the file it collides with, to be told: ``it is also `almalinux` (system) and `8` (config)``.
    pub(crate) because: String,
}

/// A value that may stand in a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) axis: String,
    pub(crate) text: String,
    /// Set on the system axis.
    pub(crate) system: Option<System>,
    /// Its axis and itself, in the order of canonical names.
    pub(super) rank: (usize, usize),
    /// May others of its axis stand beside it?
    pub(super) repeatable: bool,
}

impl Value {
    /// Is it of an axis of the file's own?
    pub(super) fn is_own(&self) -> bool {
        ![RUNNER, SYSTEM, CONFIG, STAGE].contains(&self.axis.as_str())
    }
}

impl Axes {
    /// The declared value that is spelled so, if there is one. Values of different axes never are (checked when the
    /// file is loaded).
    pub(crate) fn find(&self, text: &str) -> Option<&Value> {
        self.index().find(text)
    }

    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(self))
    }

    /// Does a value stand anywhere in the text, as whole factors?
    pub(crate) fn declared_in<'a>(&self, text: &'a str) -> Option<&'a str> {
        let starts = std::iter::once(0).chain(text.match_indices('-').map(|(at, _)| at + 1));
        let mut found = starts.filter_map(|at| {
            let value = self.index().at(&text[at..]).next()?;
            Some(&text[at..at + value.text.len()])
        });
        found.next()
    }

    /// Takes a release of the catalog out.
    pub(crate) fn leave_out(&mut self, system: &System, because: String) {
        if let Some(family) = self.families.get_mut(&system.family) {
            family
                .releases
                .retain(|r| Some(r) != system.release.as_ref());
            let default = family.default_release.take();
            family.default_release = default.filter(|d| family.releases.contains(d));
        }
        let system = system.to_string();
        self.left_out.push(LeftOut { system, because });
        self.index = OnceLock::new();
    }

    /// Every value of every axis, for suggestions: `(axis, value)`; releases stand with their family.
    pub(crate) fn values(&self) -> Vec<(&str, String)> {
        let mut all: Vec<(&str, String)> =
            RUNNERS.iter().map(|r| (RUNNER, (*r).to_owned())).collect();
        for (name, family) in &self.families {
            all.push((SYSTEM, name.clone()));
            all.extend(
                family
                    .releases
                    .iter()
                    .map(|r| (SYSTEM, format!("{name}-{r}"))),
            );
        }
        for (axis, values) in &self.own {
            all.extend(values.iter().map(|v| (axis.as_str(), v.clone())));
        }
        all.extend(self.configs.iter().map(|v| (CONFIG, v.clone())));
        all.extend(self.stages.iter().map(|v| (STAGE, v.clone())));
        all
    }

    /// Every family and every release with its family.
    pub(crate) fn systems(&self) -> Vec<String> {
        let all = self.values().into_iter();
        all.filter(|(axis, _)| *axis == SYSTEM)
            .map(|(_, value)| value)
            .collect()
    }
}
