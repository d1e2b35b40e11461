//! What runenv knows of systems and package managers before any file is read: data, no behaviour.

pub(crate) mod managers;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use indexmap::IndexMap;
use serde::Deserialize;

/// The built-in catalog.
const SYSTEMS: &str = include_str!("systems.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Family {
    image: String,
    pub(crate) package_manager: String,
    pub(crate) distro: Vec<String>,
    pub(crate) default_release: Option<String>,
    archive: Option<String>,
    /// A package manager that runs on any host, not a system that a host is.
    #[serde(default)]
    pub(crate) anywhere: bool,
    #[serde(default)]
    pub(crate) release: IndexMap<String, Release>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Release {
    image: Option<String>,
    platform: Option<String>,
    package_manager: Option<String>,
    distro: Option<Vec<String>>,
    /// The number that it is also known by: no name of it, but what advice and this machine may call it.
    pub(crate) version: Option<String>,
    /// The day, `YYYY-MM-DD`, from which on nobody maintains it for free.
    end_of_life: Option<String>,
    /// Where its packages are from then on; empty: still where they were.
    archive: Option<String>,
}

/// What the catalog says of a system: its release's words, else its family's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    /// `{release}` in it is the release.
    pub(crate) image: &'a str,
    pub(crate) platform: Option<&'a str>,
    pub(crate) package_manager: &'a str,
    pub(crate) distro: &'a [String],
    /// The day from which on nobody maintains it for free.
    pub(crate) end_of_life: Option<&'a str>,
    /// The tree that its packages move to after that day.
    pub(crate) archive: Option<&'a str>,
}

#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) families: IndexMap<String, Family>,
}

impl Catalog {
    /// Read once: it is the same for every file.
    pub(crate) fn get() -> &'static Self {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(|| Self {
            families: toml::from_str(SYSTEMS).expect("the catalog is read by a test"),
        })
    }

    /// What there is to know of a system. A release of the file's own has what its family has, but nobody knows its end.
    pub(crate) fn known(&self, family: &str, release: Option<&str>) -> Option<Known<'_>> {
        let family = self.families.get(family)?;
        let row = release.and_then(|r| family.release.get(r));
        let of_row = |field: fn(&Release) -> &Option<String>| field(row?).as_deref();
        let archive = row.and_then(|r| r.archive.as_deref().or(family.archive.as_deref()));
        Some(Known {
            image: of_row(|r| &r.image).unwrap_or(&family.image),
            platform: of_row(|r| &r.platform),
            package_manager: of_row(|r| &r.package_manager).unwrap_or(&family.package_manager),
            distro: row
                .and_then(|r| r.distro.as_deref())
                .unwrap_or(&family.distro),
            end_of_life: of_row(|r| &r.end_of_life),
            archive: archive.filter(|a| !a.is_empty()),
        })
    }

    /// The release's day of end of life, if it has one.
    pub(crate) fn end_of_life(&self, family: &str, release: Option<&str>) -> Option<&str> {
        self.known(family, release)?.end_of_life
    }

    /// Every distro key; some come several times.
    pub(crate) fn distro_keys(&self) -> impl Iterator<Item = &str> {
        self.families.values().flat_map(|f| {
            let own = f.release.values().filter_map(|r| r.distro.as_ref());
            own.chain([&f.distro]).flatten().map(String::as_str)
        })
    }
}
