//! Names of environments: factors on declared axes.
//!
//! A name is parsed into an `EnvName` and printed in its canonical form; nothing here knows what a value means.
//!
//! | file | what |
//! | --- | --- |
//! | `axis` `index` | which values there are, and how they are found |
//! | `search` `parse` `unread` | a text as values, values as a name, and what is said where there is none |
//! | `condition` `sense` `this_host` | conditions, odd ones, and what `local-host` is to them |
//! | `rules` | `only` and `not` of values |
//! | `expand` | braces, ranges, globs |
//!
//! A name has one value of each axis, but of those in `[project] repeatable` as many as it likes, each once: they stand
//! in file order, their layers apply in that order, and `{axis}` gives them as the name does, joined by `-`.

pub(crate) mod axis;
pub(crate) mod condition;
pub(crate) mod expand;
mod index;
pub(crate) mod parse;
pub(crate) mod rules;
mod search;
mod sense;
#[cfg(test)]
mod tests;
pub(crate) mod this_host;
mod unread;

use std::fmt;

pub(crate) use axis::Axes;

/// The built-in axes' names.
pub(crate) const RUNNER: &str = "runner";
pub(crate) const SYSTEM: &str = "system";
pub(crate) const CONFIG: &str = "config";
pub(crate) const STAGE: &str = "stage";
/// The runner that is this host.
pub(crate) const LOCAL: &str = "local";
/// The runners that exist without being declared.
pub(crate) const RUNNERS: [&str; 3] = ["docker", "podman", LOCAL];

/// A system of a name: a family and usually a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Axis and value, in file order; of a repeatable axis there may be several.
    pub(crate) axes: Vec<(String, String)>,
    pub(crate) config: Option<String>,
    /// A stage in a name means `--to STAGE`; it is no part of the canonical name.
    pub(crate) to: Option<String>,
}

impl EnvName {
    /// Does it run on this host?
    pub(crate) fn is_local(&self) -> bool {
        self.runner == LOCAL
    }

    /// The name without its runner: what images are called by.
    pub(crate) fn without_runner(&self) -> String {
        if let Some(own) = &self.own {
            return own.clone();
        }
        let mut name = String::new();
        self.write_factors(&mut name)
            .expect("a text takes everything");
        name
    }

    fn write_factors(&self, f: &mut impl fmt::Write) -> fmt::Result {
        let mut dash = "";
        if let Some(system) = &self.system {
            write!(f, "{system}")?;
            dash = "-";
        }
        let own = self.axes.iter().map(|(_, value)| value);
        for value in own.chain(&self.config) {
            f.write_str(dash)?;
            f.write_str(value)?;
            dash = "-";
        }
        Ok(())
    }

    /// What the name has on an axis of the file: several values are joined as they are in the name.
    pub(crate) fn value(&self, axis: &str) -> Option<String> {
        let values = self.axes.iter().filter(|(of, _)| of == axis);
        let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
        (!values.is_empty()).then(|| values.join("-"))
    }
}

impl fmt::Display for EnvName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(own) = &self.own {
            return f.write_str(own);
        }
        f.write_str(&self.runner)?;
        f.write_str("-")?;
        self.write_factors(f)
    }
}

/// Is this a legal factor: `[a-z0-9]+([._][a-z0-9]+)*`?
pub(crate) fn is_factor(text: &str) -> bool {
    is_joined(text, |b| matches!(b, b'.' | b'_'))
}

/// Is this a legal value: factors joined by dashes?
pub(crate) fn is_value(text: &str) -> bool {
    is_joined(text, |b| matches!(b, b'.' | b'_' | b'-'))
}

/// Letters and digits, with single joints between them.
fn is_joined(text: &str, joint: impl Fn(u8) -> bool) -> bool {
    let mut before = false;
    for b in text.bytes() {
        let plain = b.is_ascii_lowercase() || b.is_ascii_digit();
        let joins = before && joint(b);
        if !plain && !joins {
            return false;
        }
        before = plain;
    }
    before
}
