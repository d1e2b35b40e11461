//! How long a system is maintained, and where its packages are from then on: what the file says of it, else the catalog.

use super::Project;
use super::file::Text;
use crate::name::System;
use crate::problem::Place;

/// A word about a system, and its place if it stands in the file.
#[derive(Clone, Debug)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) place: Option<Place>,
}

impl Project {
    /// The day, `YYYY-MM-DD`, from which on nobody maintains the system for free.
    pub(crate) fn end_of_life(&self, system: &System) -> Option<Word<'_>> {
        let family = self.file.system.get(system.family.as_str());
        let family = family.map(super::Spanned::get_ref);
        let release = system.release.as_deref();
        let own = release.and_then(|r| family?.release.get(r)?.get_ref().end_of_life.as_ref());
        let own = own.or_else(|| family?.end_of_life.as_ref());
        let catalog = || self.catalog.end_of_life(&system.family, release);
        self.written(own).or_else(|| catalog().map(word))
    }

    /// The tree that its packages move to after that day.
    pub(crate) fn archive(&self, system: &System) -> Option<Word<'_>> {
        let family = self.file.system.get(system.family.as_str());
        let family = family.map(super::Spanned::get_ref);
        let release = system.release.as_deref();
        let own = release.and_then(|r| family?.release.get(r)?.get_ref().archive.as_ref());
        let own = own.or_else(|| family?.archive.as_ref());
        let catalog = || self.catalog.known(&system.family, release)?.archive;
        let word = self.written(own).or_else(|| catalog().map(word));
        word.filter(|word| !word.text.is_empty())
    }

    fn written<'a>(&self, text: Option<&'a Text>) -> Option<Word<'a>> {
        text.map(|text| Word {
            text: text.get_ref(),
            place: Some(self.place(text.span())),
        })
    }
}

fn word(text: &str) -> Word<'_> {
    Word { text, place: None }
}
