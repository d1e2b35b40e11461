//! What runenv knows of systems and package managers before any file is read: data, no behaviour.

pub(crate) mod managers;

use indexmap::IndexMap;
use serde::Deserialize;

/// The built-in catalog, and the name that places in it are shown with.
pub(crate) const SYSTEMS: &str = include_str!("systems.toml");

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Family {
    pub(crate) image: String,
    pub(crate) package_manager: String,
    pub(crate) distro: Vec<String>,
    pub(crate) default_release: Option<String>,
    #[serde(default)]
    pub(crate) release: IndexMap<String, Release>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Release {
    pub(crate) image: Option<String>,
    /// The day, `YYYY-MM-DD`, from which on nobody maintains it for free.
    pub(crate) end_of_life: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    pub(crate) families: IndexMap<String, Family>,
}

impl Catalog {
    pub(crate) fn read() -> Self {
        Self {
            families: toml::from_str(SYSTEMS).expect("the catalog is read by a test"),
        }
    }

    /// The release's day of end of life, if it has one.
    pub(crate) fn end_of_life(&self, family: &str, release: Option<&str>) -> Option<&str> {
        self.families
            .get(family)?
            .release
            .get(release?)?
            .end_of_life
            .as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_family_is_whole() {
        let catalog = Catalog::read();
        let releases: usize = catalog.families.values().map(|f| f.release.len()).sum();
        assert!(releases >= 10);
        for (name, family) in &catalog.families {
            assert!(crate::name::is_value(name), "{name}");
            assert!(managers::find(&family.package_manager).is_some(), "{name}");
            assert!(!family.distro.is_empty(), "{name}");
            for (release, row) in &family.release {
                assert!(crate::name::is_value(release), "{name}-{release}");
                let day = row.end_of_life.as_deref().unwrap_or("2000-01-01");
                assert!(day.parse::<jiff::civil::Date>().is_ok(), "{name}-{release}");
            }
        }
    }
}
