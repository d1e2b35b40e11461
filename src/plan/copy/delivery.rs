//! What a stage's container is sent: all files of the stage, or what an image lacks of them and what it has too much.
//!
//! Beside the files goes the text that says which they are (`listing`), so that the image can be made up to date later.
//! Pure; `tar` sends it.

use std::collections::{BTreeMap, BTreeSet};

use super::listing::{self, Listed, ListedKind, Listing};
use super::{Entry, EntryKind, Manifest};

/// 2000-01-01: the time of every file that is sent into a clean stage. Zero makes some programs complain.
pub(crate) const TIME: u64 = 946_684_800;

/// The files that one stage copies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Copies<'a> {
    pub(crate) stage: &'a str,
    pub(crate) workdir: &'a str,
    pub(crate) files: &'a Manifest,
}

/// Files to send, with the time that they get.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    /// Paths in the container, without the `/` at the beginning, and what is to stand there.
    pub(super) entries: Vec<(Vec<u8>, Entry)>,
    /// Texts of ours beside them, by path.
    pub(super) texts: Vec<(String, Vec<u8>)>,
    pub(super) time: u64,
}

/// What makes an image of another version of the files one of this.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) delivery: Delivery,
    pub(crate) gone: Gone,
}

/// What an image has and these files have not, with paths as in `Listing`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gone {
    /// Files by the time that they were given: what has another one now is not what was copied.
    pub(crate) files: BTreeMap<u64, Vec<Vec<u8>>>,
    pub(crate) links: Vec<Vec<u8>>,
    /// Folders that are to go if nothing is left in them, the deepest first.
    pub(crate) folders: Vec<Vec<u8>>,
    /// Texts of stages that there are no more.
    pub(crate) texts: Vec<String>,
}

/// Something is a folder where a file was, or the reverse: an engine does not copy one over the other.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unlike(pub(crate) Vec<u8>);

impl Delivery {
    /// Where in the container what it brings stands, without the `/` at the beginning.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &[u8]> {
        self.entries.iter().map(|(path, _)| path.as_slice())
    }

    /// Everything that a clean stage copies.
    pub(crate) fn whole(copies: Copies<'_>) -> Self {
        let Copies {
            stage,
            workdir,
            files,
        } = copies;
        let entries = files.entries().iter();
        let entries = entries.map(|entry| (listing::inside(workdir, entry), entry.clone()));
        let entries: Vec<_> = entries.collect();
        let text = text(stage, &files.listing(workdir, TIME));
        // Of a stage that copies nothing there is nothing to say.
        let texts = Vec::from_iter((!entries.is_empty()).then_some(text));
        Self {
            entries,
            texts,
            time: TIME,
        }
    }
}

/// The text of a stage's files, and where it lies.
fn text(stage: &str, listing: &Listing) -> (String, Vec<u8>) {
    let path = format!("{}/{stage}{}", listing::FOLDER, listing::SUFFIX);
    (path, listing::write(listing))
}

/// What an image needs to be given and to lose. `chain`: the stages that copy, in their order, the image's own last;
/// `had`: the texts of its stages, by name; what is sent gets `time`.
pub(crate) fn update(
    chain: &[Copies<'_>],
    had: &BTreeMap<String, Listing>,
    time: u64,
) -> Result<Update, Unlike> {
    let old = together(chain, had);
    let new = wanted(chain);
    alike(&old, &new)?;
    let mut delivery = Delivery {
        entries: Vec::new(),
        texts: Vec::new(),
        time,
    };
    let mut times: BTreeMap<&[u8], u64> = BTreeMap::new();
    for (path, entry) in &new {
        let kind = ListedKind::from(&entry.kind);
        match old.get(path) {
            Some(listed) if listed.kind == kind => {
                times.insert(path, listed.time);
            }
            Some(_) | None => {
                times.insert(path, time);
                delivery.entries.push((path.clone(), (*entry).clone()));
            }
        }
    }
    for copies in chain {
        let mut listing = copies.files.listing(copies.workdir, time);
        for (path, listed) in &mut listing {
            listed.time = times[path.as_slice()];
        }
        delivery.texts.push(text(copies.stage, &listing));
    }
    let gone = gone(&old, &new, chain, had);
    Ok(Update { delivery, gone })
}

/// What is to stand where, of all stages together: a later stage's word counts.
fn wanted<'a>(chain: &[Copies<'a>]) -> BTreeMap<Vec<u8>, &'a Entry> {
    let of = |copies: &Copies<'a>| {
        let workdir = copies.workdir;
        let entries = copies.files.entries().iter();
        entries.map(move |entry| (listing::inside(workdir, entry), entry))
    };
    chain.iter().flat_map(of).collect()
}

/// Is no folder where a file or a link was, and the reverse?
fn alike(old: &Listing, new: &BTreeMap<Vec<u8>, &Entry>) -> Result<(), Unlike> {
    let is_folder = |entry: &Entry| matches!(entry.kind, EntryKind::Folder);
    let old_folders: BTreeSet<&[u8]> = old.keys().flat_map(|path| above(path)).collect();
    for (path, entry) in new {
        let own = old.get(path).map(|old| old.kind.is_folder());
        let was_folder = own.unwrap_or(false) || old_folders.contains(path.as_slice());
        let was_none = own == Some(false);
        let now = is_folder(entry);
        if was_folder && !now || was_none && now {
            return Err(Unlike(path.clone()));
        }
        let folder = |above: &&[u8]| old.get(*above).is_some_and(|old| !old.kind.is_folder());
        if let Some(above) = above(path).find(folder) {
            return Err(Unlike(above.to_vec()));
        }
    }
    Ok(())
}

/// What all texts of an image say together: a later stage's word counts, and those that are no more come first.
fn together(chain: &[Copies<'_>], had: &BTreeMap<String, Listing>) -> Listing {
    let known = |stage: &String| chain.iter().any(|copies| copies.stage == *stage);
    let lost = had.iter().filter(|(stage, _)| !known(stage));
    let kept = chain.iter().filter_map(|copies| had.get(copies.stage));
    let all = lost.map(|(_, listing)| listing).chain(kept);
    all.flat_map(Clone::clone).collect()
}

fn gone(
    old: &Listing,
    new: &BTreeMap<Vec<u8>, &Entry>,
    chain: &[Copies<'_>],
    had: &BTreeMap<String, Listing>,
) -> Gone {
    let mut gone = Gone::default();
    let mut folders: BTreeSet<&[u8]> = BTreeSet::new();
    for (path, Listed { kind, time }) in old.iter().filter(|(path, _)| !new.contains_key(*path)) {
        match kind {
            ListedKind::Folder => {
                folders.insert(path);
            }
            ListedKind::File { .. } => gone.files.entry(*time).or_default().push(path.clone()),
            ListedKind::Link { .. } => gone.links.push(path.clone()),
        }
        folders.extend(above(path));
    }
    let used: BTreeSet<&[u8]> = new.keys().flat_map(|path| above(path)).collect();
    let needed = |path: &&[u8]| !used.contains(path) && !new.contains_key(*path);
    gone.folders = folders
        .into_iter()
        .rev()
        .filter(|path| needed(path))
        .map(<[u8]>::to_vec)
        .collect();
    let lost = had
        .keys()
        .filter(|stage| !chain.iter().any(|c| c.stage == **stage));
    gone.texts = lost.cloned().collect();
    gone
}

/// The folders that a path lies in.
fn above(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let ends = path.iter().enumerate().filter(|(_, b)| **b == b'/');
    ends.map(|(end, _)| &path[..end])
}

impl Gone {
    /// How many files and links.
    pub(crate) fn count(&self) -> usize {
        self.links.len() + self.files.values().map(Vec::len).sum::<usize>()
    }
}

impl Delivery {
    /// The path in the container of something that gets the delivery's time.
    pub(crate) fn newest(&self) -> String {
        let last = self.texts.last().map(|(path, _)| path.clone());
        last.unwrap_or_else(|| listing::FOLDER.to_owned())
    }

    /// How many files and links.
    pub(crate) fn count(&self) -> usize {
        let folder = |entry: &Entry| matches!(entry.kind, EntryKind::Folder);
        self.entries.iter().filter(|(_, e)| !folder(e)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;

    fn copies<'a>(stage: &'a str, files: &'a Manifest) -> Copies<'a> {
        Copies {
            stage,
            workdir: "/p",
            files,
        }
    }

    fn shown(path: &[u8]) -> String {
        String::from_utf8_lossy(path).into_owned()
    }

    fn sent(update: &Update) -> Vec<String> {
        let paths = update.delivery.entries.iter();
        paths.map(|(path, _)| shown(path)).collect()
    }

    fn had(all: &[(&str, &Manifest)]) -> BTreeMap<String, Listing> {
        let one =
            |(stage, files): &(&str, &Manifest)| ((*stage).to_owned(), files.listing("/p", TIME));
        all.iter().map(one).collect()
    }

    #[test]
    fn what_changed_is_sent_and_what_vanished_goes() {
        let old = Tree::new()
            .file("same", "1")
            .file("edited", "1")
            .file("mode", "1")
            .file("d/gone", "1")
            .file("e/gone", "1")
            .file("e/stays", "1")
            .link("to", "same")
            .link("lost", "same");
        let old = old.collect(&["."]).unwrap();
        let new = Tree::new()
            .file("same", "1")
            .file("edited", "2")
            .file("mode", "1")
            .mode("mode", 0o755)
            .file("e/stays", "1")
            .file("new", "1")
            .link("to", "edited");
        let new = new.collect(&["."]).unwrap();
        let update = update(&[copies("s", &new)], &had(&[("s", &old)]), 7).unwrap();
        assert_eq!(sent(&update), ["p/edited", "p/mode", "p/new", "p/to"]);
        let gone = &update.gone;
        let files: Vec<String> = gone.files[&TIME].iter().map(|p| shown(p)).collect();
        assert_eq!(files, ["p/d/gone", "p/e/gone"]);
        assert_eq!(gone.links, [b"p/lost"]);
        assert_eq!(gone.folders, [b"p/d"]);
        assert_eq!((gone.count(), update.delivery.count()), (3, 4));
        // The text has the times that the files have.
        let text = listing::read(&update.delivery.texts[0].1).unwrap();
        let times: Vec<u64> = text.values().map(|listed| listed.time).collect();
        assert_eq!(times, [TIME, TIME, 7, 7, 7, TIME, 7]);
    }

    #[test]
    fn stages_before_it_count_and_the_later_word_holds() {
        let (one, two) = (Tree::new().file("a", "1"), Tree::new().file("a", "2"));
        let (one, two) = (one.collect(&["."]).unwrap(), two.collect(&["."]).unwrap());
        let none = Manifest::default();
        let both = had(&[("one", &one), ("two", &two)]);
        let chain = [copies("one", &one), copies("two", &two)];
        assert_eq!(sent(&update(&chain, &both, 7).unwrap()), [""; 0]);
        // The later stage copies it no more: the earlier one's is back.
        let chain = [copies("one", &one), copies("two", &none)];
        assert_eq!(sent(&update(&chain, &both, 7).unwrap()), ["p/a"]);
        // A stage that there is no more leaves nothing.
        let update = update(&[copies("two", &none)], &both, 7).unwrap();
        assert_eq!(
            (update.gone.count(), &update.gone.texts[..]),
            (1, &["one".to_owned()][..])
        );
    }

    #[test]
    fn a_folder_is_not_copied_over_a_file() {
        let (old, new) = (Tree::new().file("a", "1"), Tree::new().file("a/b", "1"));
        let (old, new) = (old.collect(&["."]).unwrap(), new.collect(&["."]).unwrap());
        let within = Tree::new().file("a/b", "1").collect(&["a/*"]).unwrap();
        for (old, new) in [(&old, &new), (&new, &old), (&old, &within), (&within, &old)] {
            let found = update(&[copies("s", new)], &had(&[("s", old)]), 7);
            assert_eq!(found.unwrap_err(), Unlike(b"p/a".to_vec()));
        }
    }
}
