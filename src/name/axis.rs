//! Which values exist: the built-in axes and those of the file, in order.

use indexmap::IndexMap;

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
    pub(crate) own_names: Vec<String>,
}

/// A value as it was found in a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Value {
    pub(crate) axis: String,
    pub(crate) text: String,
    /// Set on the system axis.
    pub(crate) system: Option<System>,
}

impl Axes {
    /// The declared value that is spelled so, if there is one. Values of different axes never are (checked when the
    /// file is loaded).
    pub(crate) fn find(&self, text: &str) -> Option<Value> {
        let plain = |axis: &str| {
            Some(Value {
                axis: axis.to_owned(),
                text: text.to_owned(),
                system: None,
            })
        };
        if RUNNERS.contains(&text) {
            return plain(RUNNER);
        }
        if let Some(system) = self.find_system(text) {
            return Some(Value {
                system: Some(system),
                ..plain(SYSTEM)?
            });
        }
        if let Some((axis, _)) = self
            .own
            .iter()
            .find(|(_, values)| values.iter().any(|v| v == text))
        {
            return plain(axis);
        }
        if self.configs.iter().any(|v| v == text) {
            return plain(CONFIG);
        }
        if self.stages.iter().any(|v| v == text) {
            plain(STAGE)
        } else {
            None
        }
    }

    fn find_system(&self, text: &str) -> Option<System> {
        if self.families.contains_key(text) {
            return Some(System {
                family: text.to_owned(),
                release: None,
            });
        }
        text.match_indices('-').find_map(|(at, _)| {
            let (family, release) = (&text[..at], &text[at + 1..]);
            let known = self
                .families
                .get(family)?
                .releases
                .iter()
                .any(|r| r == release);
            known.then(|| System {
                family: family.to_owned(),
                release: Some(release.to_owned()),
            })
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
        self.values()
            .iter()
            .map(|(_, v)| v.split('-').count())
            .max()
            .unwrap_or(1)
    }
}
