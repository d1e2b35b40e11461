//! One letter changed in a name, a condition, a reference or a key: refused, and the word that was meant is in the
//! advice. Where `RUNENV_TEST_EVERY` is set every letter is tried at every place, which takes two minutes; else one of eleven.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::io::{Write, stderr};
use std::path::PathBuf;

use super::super::resolve;
use crate::catalog::managers;
use crate::config::template::BUILT_IN;
use crate::config::{Project, from_source};
use crate::host::Host;
use crate::name::parse;
use crate::problem::{Place, Problem, Problems, Source};

/// What is changed stands in `«»`; the first letter says what it is: `f` a factor of a name or condition, `r` another
/// reference, `k` a key, `t` a name in a text.
const FILE: &str = include_str!("typos.toml");
/// Environments that every table of the file acts on.
const NAMES: [&str; 4] = [
    "docker-ubuntu-focal-gcc_9-standard",
    "podman-fedora-42-maximal",
    "lint",
    "smoke",
];
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz0123456789_.-";
const LETTERS_OF_A_NAME_IN_A_TEXT: &str = "abcdefghijklmnopqrstuvwxyz0123456789-";

/// Without `RUNENV_TEST_EVERY` one of so many changes is tried.
const STRIDE: usize = 11;

struct Word {
    kind: char,
    at: usize,
    text: String,
}

/// The file without marks, and the words that were marked.
fn marked() -> (String, Vec<Word>) {
    let (mut file, mut words) = (String::new(), Vec::new());
    let mut parts = FILE.split('«');
    file += parts.next().unwrap_or_default();
    for part in parts {
        let (word, rest) = part.split_once('»').expect("marks are closed");
        let (kind, text) = word.split_at(1);
        words.push(Word {
            kind: kind.chars().next().expect("a letter"),
            at: file.len(),
            text: text.to_owned(),
        });
        file += text;
        file += rest;
    }
    (file, words)
}

/// Every deletion, exchange of neighbours, insertion and replacement.
fn changed(word: &str, letters: &str) -> BTreeSet<String> {
    let chars: Vec<char> = word.chars().collect();
    let with = |at: usize, out: usize, new: &[char]| {
        let parts = [&chars[..at], new, &chars[at + out..]];
        parts.concat().into_iter().collect::<String>()
    };
    let mut all = BTreeSet::new();
    for at in 0..=chars.len() {
        all.extend(letters.chars().map(|c| with(at, 0, &[c])));
        if at < chars.len() {
            all.insert(with(at, 1, &[]));
            all.extend(letters.chars().map(|c| with(at, 1, &[c])));
        }
        if at + 1 < chars.len() {
            all.insert(with(at, 2, &[chars[at + 1], chars[at]]));
        }
    }
    all.remove(word);
    all
}

/// What may stand where a word stood: then the change is another word, not a slip.
fn declared(project: &Project) -> BTreeSet<String> {
    let (axes, file) = (&project.axes, &project.file);
    let mut all: BTreeSet<String> = axes.values().into_iter().map(|(_, value)| value).collect();
    all.extend(axes.families.values().flat_map(|f| f.releases.clone()));
    all.extend(axes.own_names.iter().cloned());
    all.extend(axes.own.keys().cloned());
    let keys = file
        .packages
        .keys()
        .chain(file.group.keys())
        .chain(file.vars.keys());
    all.extend(keys.map(|key| key.get_ref().clone()));
    all.extend(BUILT_IN.map(str::to_owned));
    all.extend(managers::NAMES.map(str::to_owned));
    // Other distro keys than those of the file's and the catalog's systems.
    all.extend(["arch", "void", "nix"].map(str::to_owned));
    all
}

fn load(text: String) -> Result<Project, Problems> {
    from_source(&Source::new("envs.toml", text), PathBuf::from("/tree/p"))
}

/// All that is said about a file: when it is read, or when its environments are resolved.
fn problems(text: String) -> Vec<Problem> {
    let project = match load(text) {
        Ok(project) => project,
        Err(problems) => return problems.0,
    };
    let host = Host {
        cpus: 8,
        ..Host::default()
    };
    let of = |name: &str| {
        let place = Place::new(&Source::new("-e", name), 0..name.len());
        let parsed = parse::parse(name, &project.axes, &place)?;
        resolve(&project, &parsed, &host, &[])
    };
    NAMES.iter().filter_map(|name| of(name).err()).collect()
}

/// Is the word among those that the advice names? A factor may be named with its family, as `ubuntu-focal`.
fn suggested(problems: &[Problem], word: &Word) -> bool {
    let lines = problems.iter().flat_map(|p| &p.help);
    let words = lines
        .flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))));
    let is = |told: &str| {
        let told = told.trim_end_matches('.');
        told == word.text
            || (word.kind == 'f'
                && told
                    .strip_suffix(&word.text)
                    .is_some_and(|f| f.ends_with('-')))
    };
    words.into_iter().any(is)
}

/// By kind: changes, accepted ones, those whose advice lacks the word.
#[derive(Default)]
struct Counts {
    tried: usize,
    accepted: Vec<String>,
    unsaid: Vec<String>,
}

/// A change of a word, tried: what is said of it is counted.
fn try_one(file: &str, word: &Word, changed: &str, count: &mut Counts) {
    let (before, after) = (&file[..word.at], &file[word.at + word.text.len()..]);
    let problems = problems(format!("{before}{changed}{after}"));
    count.tried += 1;
    let line = before.matches('\n').count() + 1;
    let told = || format!("{line}: {} -> {changed}", word.text);
    if problems.is_empty() {
        count.accepted.push(told());
    } else if !suggested(&problems, word) {
        let (title, help) = (&problems[0].title, &problems[0].help);
        count.unsaid.push(format!("{}: {title} {help:?}", told()));
    }
}

/// Of the changes of some words, each `stride`th.
fn try_words(
    file: &str,
    words: &[&Word],
    declared: &BTreeSet<String>,
    stride: usize,
) -> BTreeMap<char, Counts> {
    let mut counts = BTreeMap::<char, Counts>::new();
    for word in words {
        let letters = if word.kind == 't' {
            LETTERS_OF_A_NAME_IN_A_TEXT
        } else {
            LETTERS
        };
        let all = changed(&word.text, letters).into_iter();
        for changed in all.skip(word.at % stride).step_by(stride) {
            // What does not begin with a letter is no name in a text, but the text itself.
            let text = word.kind == 't' && !changed.starts_with(|c: char| c.is_ascii_lowercase());
            if !declared.contains(&changed) && !text {
                try_one(file, word, &changed, counts.entry(word.kind).or_default());
            }
        }
    }
    counts
}

fn stride() -> usize {
    let every = OsStr::new("RUNENV_TEST_EVERY");
    let every = Host::read().variables.contains_key(every);
    if every { 1 } else { STRIDE }
}

/// The changes of every word, on all processors.
fn try_all() -> BTreeMap<char, Counts> {
    let (file, words) = marked();
    let project = load(file.clone()).unwrap_or_else(|p| panic!("{p:#?}"));
    let said = problems(file.clone());
    assert!(said.is_empty(), "{said:#?}");
    let declared = declared(&project);
    let (threads, stride) = (Host::read().cpus.max(1), stride());
    let mut all = BTreeMap::<char, Counts>::new();
    std::thread::scope(|scope| {
        let share = |first: usize| {
            words
                .iter()
                .skip(first)
                .step_by(threads)
                .collect::<Vec<_>>()
        };
        let (file, declared) = (&file, &declared);
        let start = |first| scope.spawn(move || try_words(file, &share(first), declared, stride));
        let started: Vec<_> = (0..threads).map(start).collect();
        for thread in started {
            for (kind, counts) in thread.join().expect("no change panics") {
                let sum = all.entry(kind).or_default();
                sum.tried += counts.tried;
                sum.accepted.extend(counts.accepted);
                sum.unsaid.extend(counts.unsaid);
            }
        }
    });
    all
}

#[test]
fn one_letter_is_never_silently_nothing() {
    let mut all = 0;
    for (kind, count) in try_all() {
        let Counts {
            tried,
            accepted,
            unsaid,
        } = count;
        let kind = match kind {
            'f' => "factors",
            'k' => "keys",
            't' => "names in texts",
            _ => "references",
        };
        let said = tried - accepted.len() - unsaid.len();
        writeln!(
            stderr(),
            "{kind}: {tried} changes, {said} of them told with the word meant"
        )
        .unwrap();
        assert!(accepted.is_empty(), "{kind}: {accepted:#?}");
        assert!(unsaid.len() * 100 <= tried * 5, "{kind}: {unsaid:#?}");
        all += tried;
    }
    assert!(all * stride() > 60_000, "{all}");
}
