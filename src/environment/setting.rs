//! A value and where it was written.

use std::fmt;

use crate::problem::Place;

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// `file:line:column`.
    File(Place),
    /// A file of the package tree.
    Tree(String),
    /// The catalog inside the binary.
    Catalog,
    /// What holds when nobody says anything.
    Default,
    /// Found out about this host.
    Host,
}

impl Origin {
    /// The place to point at, if it is one in a file of the project.
    pub(crate) fn place(&self) -> Option<&Place> {
        match self {
            Self::File(place) => Some(place),
            Self::Tree(_) | Self::Catalog | Self::Default | Self::Host => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(place) => place.fmt(f),
            Self::Tree(path) => f.write_str(path),
            Self::Catalog => f.write_str("catalog"),
            Self::Default => f.write_str("default"),
            Self::Host => f.write_str("this host"),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
    /// What was put into it that may change: names of vars, `posargs`, `env:NAME`; sorted.
    pub(crate) uses: Vec<String>,
}

impl<T> Setting<T> {
    pub(crate) fn new(value: T, origin: Origin) -> Self {
        Self {
            value,
            origin,
            uses: Vec::new(),
        }
    }

    pub(crate) fn default(value: T) -> Self {
        Self::new(value, Origin::Default)
    }

    /// The place to point at, if it stands in a file.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.origin.place()
    }

    pub(crate) fn with<U>(&self, value: U) -> Setting<U> {
        Setting {
            value,
            origin: self.origin.clone(),
            uses: self.uses.clone(),
        }
    }
}
