//! How long a system is maintained, and where its packages are from then on: what the file says of it, else the catalog.

use super::Project;
use super::file::{ReleaseTable, SystemTable, Text};
use crate::name::System;
use crate::problem::Place;

impl Project {
    /// The day, `YYYY-MM-DD`, from which on nobody maintains the system for free; and its place, if the file says it.
    pub(crate) fn end_of_life(&self, system: &System) -> Option<(&str, Option<Place>)> {
        let own = self.said(
            system,
            |r| r.end_of_life.as_ref(),
            |f| f.end_of_life.as_ref(),
        );
        let release = system.release.as_deref();
        let catalog = || self.catalog.end_of_life(&system.family, release);
        own.or_else(|| Some((catalog()?, None)))
    }

    /// The tree that its packages move to after that day; and its place, if the file says it.
    pub(crate) fn archive(&self, system: &System) -> Option<(&str, Option<Place>)> {
        let own = self.said(system, |r| r.archive.as_ref(), |f| f.archive.as_ref());
        let release = system.release.as_deref();
        let catalog = || self.catalog.known(&system.family, release)?.archive;
        let archive = own.or_else(|| Some((catalog()?, None)));
        archive.filter(|(tree, _)| !tree.is_empty())
    }

    /// The release's word, else its family's.
    fn said<'a>(
        &'a self,
        system: &System,
        of_release: impl Fn(&'a ReleaseTable) -> Option<&'a Text>,
        of_family: impl Fn(&'a SystemTable) -> Option<&'a Text>,
    ) -> Option<(&'a str, Option<Place>)> {
        let family = self.file.system.get(system.family.as_str())?.get_ref();
        let release = system.release.as_deref();
        let release = release.and_then(|r| family.release.get(r));
        let own = release.and_then(|r| of_release(r.get_ref()));
        let text = own.or_else(|| of_family(family))?;
        Some((text.get_ref(), Some(self.place(text.span()))))
    }
}
