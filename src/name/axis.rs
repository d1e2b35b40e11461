//! Which values exist: the built-in axes and those of the file, in order.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use indexmap::{IndexMap, IndexSet};

use super::{CONFIG, RUNNER, RUNNERS, STAGE, SYSTEM, System};

/// A family of systems and its releases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Family {
    pub(crate) releases: Vec<String>,
    pub(crate) default_release: Option<String>,
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
    /// Names of `[env.NAME]` that are no product of factors.
    pub(crate) own_names: IndexSet<String>,
    /// Made of the others when it is first asked: they do not change from then on.
    index: OnceCell<Index>,
}

/// Every value by its text, and how many factors the longest has.
#[derive(Clone, Debug, Default)]
struct Index {
    values: BTreeMap<String, Value>,
    longest: usize,
}

/// A value as it was found in a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) axis: String,
    pub(crate) text: String,
    /// Set on the system axis.
    pub(crate) system: Option<System>,
}

impl Index {
    /// The first value of a text is the one that is meant.
    fn add(&mut self, axis: &str, text: String, system: Option<System>) {
        self.longest = self.longest.max(text.split('-').count());
        let value = Value {
            axis: axis.to_owned(),
            text: text.clone(),
            system,
        };
        self.values.entry(text).or_insert(value);
    }
}

impl Axes {
    /// The declared value that is spelled so, if there is one. Values of different axes never are (checked when the
    /// file is loaded).
    pub(crate) fn find(&self, text: &str) -> Option<Value> {
        self.index().values.get(text).cloned()
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for runner in RUNNERS {
                index.add(RUNNER, runner.to_owned(), None);
            }
            for (name, family) in &self.families {
                let releases = family.releases.iter().cloned().map(Some);
                for release in std::iter::once(None).chain(releases) {
                    let family = name.clone();
                    let system = System { family, release };
                    index.add(SYSTEM, system.to_string(), Some(system));
                }
            }
            let others = self.values().into_iter();
            for (axis, text) in others.filter(|(axis, _)| *axis != SYSTEM) {
                index.add(axis, text, None);
            }
            index
        })
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

    /// The longest number of dash-joined factors that any value has.
    pub(crate) fn longest(&self) -> usize {
        self.index().longest.max(1)
    }
}
