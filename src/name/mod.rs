//! Names of environments: factors on declared axes.
//!
//! A name is parsed into an `EnvName` and printed in its canonical form; nothing here knows what a value means.

pub(crate) mod axis;
pub(crate) mod condition;
pub(crate) mod expand;
pub(crate) mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use indexmap::IndexMap;

pub(crate) use axis::Axes;

/// The built-in axes' names.
pub(crate) const RUNNER: &str = "runner";
pub(crate) const SYSTEM: &str = "system";
pub(crate) const CONFIG: &str = "config";
pub(crate) const STAGE: &str = "stage";
/// The runners that exist without being declared.
pub(crate) const RUNNERS: [&str; 3] = ["docker", "podman", "local"];

/// A system of a name: a family and usually a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct System {
    pub(crate) family: String,
    pub(crate) release: Option<String>,
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.family)?;
        match &self.release {
            Some(release) => write!(f, "-{release}"),
            None => Ok(()),
        }
    }
}

/// A parsed name with defaults filled in; `Display` gives the canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EnvName {
    /// The name of an `[env.NAME]` that is no product of factors; then the factors are those it runs with.
    pub(crate) own: Option<String>,
    pub(crate) runner: String,
    /// None only for an environment with a name of its own and no `like`.
    pub(crate) system: Option<System>,
    /// Own axes in file order: axis -> value.
    pub(crate) axes: IndexMap<String, String>,
    pub(crate) config: Option<String>,
    /// A stage in a name means `--to STAGE`; it is no part of the canonical name.
    pub(crate) to: Option<String>,
}

impl EnvName {
    /// The name without its runner: what images are called by.
    pub(crate) fn without_runner(&self) -> String {
        if let Some(own) = &self.own {
            return own.clone();
        }
        let mut parts: Vec<String> = self.system.iter().map(ToString::to_string).collect();
        parts.extend(self.axes.values().cloned());
        parts.extend(self.config.iter().cloned());
        parts.join("-")
    }

    /// Does this name have the value on the axis? A family holds for all its releases.
    pub(crate) fn has(&self, axis: &str, value: &str) -> bool {
        match axis {
            RUNNER => self.runner == value || (value == "container" && self.runner != "local"),
            SYSTEM => self
                .system
                .as_ref()
                .is_some_and(|s| s.family == value || s.to_string() == value),
            CONFIG => self.config.as_deref() == Some(value),
            STAGE => self.to.as_deref() == Some(value),
            own => self.axes.get(own).is_some_and(|v| v == value),
        }
    }
}

impl fmt::Display for EnvName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.own {
            Some(own) => f.write_str(own),
            None => write!(f, "{}-{}", self.runner, self.without_runner()),
        }
    }
}

/// Is this a legal factor: `[a-z0-9]+([._][a-z0-9]+)*`?
pub(crate) fn is_factor(text: &str) -> bool {
    !text.is_empty()
        && text.split(['.', '_']).all(|part| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        })
}

/// Is this a legal value: factors joined by dashes?
pub(crate) fn is_value(text: &str) -> bool {
    text.split('-').all(is_factor)
}
