//! A record as the label of an image: every name with marks of what it stands for, in a few kB. No text of a setting is
//! in it but names. Where it would be longer, lists stand for themselves by one mark, the longest first.

use std::collections::BTreeMap;

use super::{Item, Parent, Part, Record, mark};

/// The longest label: what people look at with `inspect` is to stay readable.
const LONGEST: usize = 4096;
/// Files are told by the first parts of their paths, if these are not more.
const MOST_FOLDERS: usize = 40;

/// Before the one mark of a list that was too long.
const WHOLE: char = '*';
/// The label's last word where not all went in.
const CUT: &str = "!=cut";

/// A word of the label: a name, and marks.
struct Word {
    name: String,
    marks: Vec<String>,
}

impl Record {
    /// `NAME=MARK,MARK` for what acts, `~NAME=…` for what tells, `$NAME=MARK` for names, `/PATH=MARK` for files and
    /// `.NAME=MARK` for the key's own parts.
    pub(crate) fn label(&self) -> String {
        let one = |sigil: &str, name: &str, mark: String| Word {
            name: format!("{sigil}{}", escaped(name)),
            marks: vec![mark],
        };
        // The most telling last: what is too much is cut off there.
        let rest = self.rest.iter();
        let rest = rest.map(|(name, value)| one(".", name, value.clone()));
        let files = self.at_folders().into_iter();
        let files = files.map(|(path, mark)| one("/", &path, mark));
        let names = self.said.names.iter();
        let names = names.map(|(name, item)| one("$", name, item.mark()));
        let all = rest.chain(parts("", &self.said.acts));
        let all = all.chain(parts("~", &self.said.tells)).chain(files);
        bounded(all.chain(names).collect())
    }

    /// What a label says; the key and the stage before are in labels of their own. `None`: it is no such label, or not a
    /// whole one, and would say of everything that it is new.
    pub(crate) fn of_label(label: &str, key: &str, parent: Option<Parent>) -> Option<Self> {
        let mut record = Self {
            key: key.to_owned(),
            parent,
            folded: true,
            ..Self::default()
        };
        for word in label.split(' ') {
            if word == CUT {
                record.cut = true;
                continue;
            }
            let (name, marks) = word.split_once('=')?;
            let empty_list = marks.is_empty() && !name.starts_with(['/', '.', '$']);
            (empty_list || marks.split(',').all(is_mark)).then_some(())?;
            let rest = || unescaped(name.get(1..).unwrap_or_default());
            match name.chars().next()? {
                '/' => drop(record.files.insert(rest(), marks.to_owned())),
                '.' => drop(record.rest.insert(rest(), marks.to_owned())),
                '$' => drop(record.said.names.insert(rest(), Item::marked(marks))),
                '~' => record.said.tells.push(of_marks(rest(), marks)),
                _ => record.said.acts.push(of_marks(unescaped(name), marks)),
            }
        }
        // Every key has a script.
        record.rest.contains_key("script").then_some(record)
    }

    /// The files as a label has them: a mark for each first part of a path.
    pub(super) fn at_folders(&self) -> BTreeMap<String, String> {
        if self.folded {
            return self.files.clone();
        }
        let mut groups = BTreeMap::<&str, String>::new();
        for (path, entry) in &self.files {
            let first = path.find('/').map_or(path.as_str(), |at| &path[..=at]);
            *groups.entry(first).or_default() += &format!("{path}\0{entry}\n");
        }
        if groups.len() > MOST_FOLDERS {
            let all: String = groups.into_values().collect();
            groups = BTreeMap::from([("./", all)]);
        }
        let marked = groups.into_iter();
        marked
            .map(|(name, all)| (name.to_owned(), mark(all.as_bytes())))
            .collect()
    }
}

impl Item {
    fn marked(text: &str) -> Self {
        Self {
            marked: true,
            ..Self::new(text)
        }
    }

    /// Its mark, also where that is all that is known.
    fn mark(&self) -> String {
        if self.marked {
            self.text.clone()
        } else {
            mark(self.text.as_bytes())
        }
    }
}

impl Part {
    /// Is it of a label, and too long for one, so that all of it has one mark?
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.items.as_slice(), [one] if one.marked && one.text.starts_with(WHOLE))
    }

    /// The same as one mark.
    pub(super) fn whole(&self) -> Self {
        if self.is_whole() {
            return self.clone();
        }
        let marks: Vec<String> = self.items.iter().map(Item::mark).collect();
        Self {
            items: vec![Item::marked(&whole(&marks))],
            ..self.clone()
        }
    }
}

fn whole(marks: &[String]) -> String {
    format!("{WHOLE}{}", mark(marks.join(",").as_bytes()))
}

/// Is it the mark of a text, or of a list?
fn is_mark(text: &str) -> bool {
    let hex = text.strip_prefix(WHOLE).unwrap_or(text);
    hex.len() == 8 && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

fn parts<'a>(sigil: &'a str, parts: &'a [Part]) -> impl Iterator<Item = Word> + 'a {
    parts.iter().map(move |part| Word {
        name: format!("{sigil}{}", escaped(&part.name)),
        marks: part.items.iter().map(Item::mark).collect(),
    })
}

fn of_marks(name: String, marks: &str) -> Part {
    Part {
        name,
        list: true,
        items: marks
            .split(',')
            .filter(|mark| !mark.is_empty())
            .map(Item::marked)
            .collect(),
    }
}

/// As many words as fit; the longest lists stand for themselves by one mark.
fn bounded(mut words: Vec<Word>) -> String {
    let length =
        |word: &Word| word.name.len() + word.marks.iter().map(|m| m.len() + 1).sum::<usize>() + 1;
    let mut total: usize = words.iter().map(length).sum();
    while total > LONGEST {
        let longest = words.iter_mut().max_by_key(|word| word.marks.len());
        let Some(longest) = longest.filter(|word| word.marks.len() > 1) else {
            break;
        };
        total -= length(longest);
        longest.marks = vec![whole(&longest.marks)];
        total += length(longest);
    }
    let (mut label, count) = (Vec::new(), words.len());
    let mut room = LONGEST - CUT.len();
    for word in words {
        match room.checked_sub(length(&word)) {
            Some(left) => room = left,
            None => break,
        }
        label.push(format!("{}={}", word.name, word.marks.join(",")));
    }
    if label.len() < count {
        label.push(CUT.to_owned());
    }
    label.join(" ")
}

/// A name without what means something in a label.
fn escaped(name: &str) -> String {
    let escaped = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"._-/:@+".contains(&byte) => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02x}"),
    };
    name.bytes().map(escaped).collect()
}

fn unescaped(text: &str) -> String {
    let mut pieces = text.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let hex = piece
            .get(..2)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.extend(hex);
        bytes.extend(piece.get(2..).unwrap_or_default().as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
