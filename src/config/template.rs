//! Texts with substitutions, taken apart but not evaluated.
//!
//! Only `{name[:default][|filter]…}` acts, where no `$` stands before the brace; every other brace is left alone.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

/// A text in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(pub(crate) Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    Use(Use),
    /// `{}`: the element, inside `each:`; elsewhere it is text.
    Element,
}

/// Names of runenv's own, beside those of the file's axes.
pub(crate) const BUILT_IN: [&str; 14] = [
    "posargs",
    "env-name",
    "env-dir",
    "root",
    "project",
    "runner",
    "system",
    "config",
    "family",
    "release",
    "match",
    "cpus",
    "packages",
    "package-keys",
];

/// Can the text stand as a name between braces?
pub(crate) fn is_name(text: &str) -> bool {
    !text.starts_with("env:") && split_name(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// One substitution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Use {
    /// A var, a built-in name, or `env:NAME`.
    pub(crate) name: String,
    /// Of `match`: what the braces of its family gave, put in when the file was read.
    pub(crate) given: Option<String>,
    pub(crate) default: Option<Template>,
    pub(crate) filters: Vec<Filter>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Every element put where `{}` stands.
    Each(Template),
    /// Split as a shell would.
    Words,
    /// Put together into one text.
    Join(Template),
    /// Those that are packages of a group.
    In(String),
    /// Shell text, not a word.
    Raw,
    /// What nobody knows: kept, so that the error can name it.
    Unknown(String),
    /// Not read: there are too many around it.
    TooDeep,
}

/// Substitutions within substitutions: deeper ones are not read.
pub(crate) const DEEPEST: usize = 64;

impl Template {
    pub(crate) fn parse(text: &str) -> Self {
        Reader::new(text).template(0..text.len(), 0)
    }

    /// The one substitution that the whole text is, if it is one.
    pub(crate) fn only(&self) -> Option<&Use> {
        match self.0.as_slice() {
            [Part::Use(used)] => Some(used),
            _ => None,
        }
    }
}

/// What the braces of a family of values gave: the name, and the character that its value follows in a text. No text of
/// a file holds it.
const MATCH: &str = "match";
const GIVEN: char = '\u{fdd3}';

/// The text of a family's table in which `{match}` has its value, and means the same as before: `{{match}}` and
/// `${match}` stay what they are, and braces around it do not become a substitution.
pub(crate) fn give<'t>(text: &'t str, value: &str) -> Cow<'t, str> {
    if !text.contains("{match") {
        return text.into();
    }
    let reader = Reader::new(text);
    reader.template(0..text.len(), 0);
    let inside = depths(&reader.closing);
    let mut uses = reader.matches.take();
    uses.sort_unstable();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for open in uses {
        let end = open + 1 + MATCH.len();
        // Inside other braces a plain text could make a name of them.
        if text[end..].starts_with('}') && inside.get(&open) == Some(&1) {
            out.push_str(&text[at..open]);
            out.push_str(value);
            at = end + 1;
        } else {
            out.push_str(&text[at..end]);
            out.push(GIVEN);
            out.push_str(value);
            at = end;
        }
    }
    out.push_str(&text[at..]);
    out.into()
}

/// How many pairs of braces each opening one stands in, itself counted.
fn depths(closing: &BTreeMap<usize, usize>) -> BTreeMap<usize, usize> {
    let (mut open, mut depths) = (Vec::<usize>::new(), BTreeMap::new());
    for (from, to) in closing {
        while open.last().is_some_and(|end| end < from) {
            open.pop();
        }
        open.push(*to);
        depths.insert(*from, open.len());
    }
    depths
}

/// Where each brace is closed; those that never are, are left out.
fn closing(text: &str) -> BTreeMap<usize, usize> {
    let (mut open, mut closing) = (Vec::new(), BTreeMap::new());
    for (at, c) in text.char_indices() {
        match c {
            '{' => open.push(at),
            '}' => closing.extend(open.pop().map(|from| (from, at))),
            _ => {}
        }
    }
    closing
}

/// A text and its braces, so that no stretch is looked at more often than it is deep.
struct Reader<'t> {
    text: &'t str,
    closing: BTreeMap<usize, usize>,
    /// Where `{match` was read.
    matches: RefCell<Vec<usize>>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            closing: closing(text),
            matches: RefCell::default(),
        }
    }

    fn template(&self, range: Range<usize>, depth: usize) -> Template {
        let (mut parts, mut plain, mut at) = (Vec::new(), String::new(), range.start);
        while let Some(found) = self.text[at..range.end].find('{') {
            plain.push_str(&self.text[at..at + found]);
            at += found;
            let rest = &self.text[at..range.end];
            if rest.starts_with("{}") {
                parts.extend(flush(&mut plain));
                parts.push(Part::Element);
                at += 2;
            } else if let Some((name, length)) = escaped(rest) {
                plain.push_str(name);
                at += length;
            } else if let Some((used, after)) = self.substitution(at, &plain, depth) {
                parts.extend(flush(&mut plain));
                parts.push(Part::Use(used));
                at = after;
            } else {
                plain.push('{');
                at += 1;
            }
        }
        plain.push_str(&self.text[at..range.end]);
        parts.extend(flush(&mut plain));
        Template(parts)
    }

    /// The substitution whose brace stands at `open`, and what follows it; `plain` is the text before.
    fn substitution(&self, open: usize, plain: &str, depth: usize) -> Option<(Use, usize)> {
        let close = *self.closing.get(&open).filter(|_| !plain.ends_with('$'))?;
        let (name, rest) = split_name(&self.text[open + 1..close])?;
        let given = rest.strip_prefix(GIVEN).filter(|_| name == MATCH);
        let ends = |c| matches!(c, '}' | ':' | '|');
        let given = given.map(|rest| &rest[..rest.find(ends).unwrap_or(rest.len())]);
        let mut used = Use {
            name: name.to_owned(),
            given: given.map(str::to_owned),
            default: None,
            filters: Vec::new(),
        };
        if depth >= DEEPEST {
            used.filters.push(Filter::TooDeep);
            return Some((used, close + 1));
        }
        let mut at = open + 1 + name.len();
        at += given.map_or(0, |given| GIVEN.len_utf8() + given.len());
        if self.text[at..].starts_with(':') {
            let end = self.argument_end(at + 1, close);
            used.default = Some(self.template(at + 1..end, depth + 1));
            at = end;
        }
        while self.text[at..].starts_with('|') {
            let end = self.argument_end(at + 1, close);
            used.filters.push(self.filter(at + 1..end, depth + 1));
            at = end;
        }
        if at == close && name == MATCH {
            self.matches.borrow_mut().push(open);
        }
        (at == close).then_some((used, close + 1))
    }

    /// Where an argument ends: at a `|` outside inner braces, or where the substitution does.
    fn argument_end(&self, from: usize, close: usize) -> usize {
        let mut at = from;
        while let Some(found) = self.text[at..close].find(['{', '|']) {
            at += found;
            if self.text[at..].starts_with('|') {
                return at;
            }
            // Inside a pair of braces every other is one of a pair.
            at = self.closing.get(&at).map_or(close, |end| end + 1);
        }
        close
    }

    fn filter(&self, range: Range<usize>, depth: usize) -> Filter {
        let text = &self.text[range.clone()];
        let inner = |word: &str| self.template(range.start + word.len() + 1..range.end, depth);
        match text.split_once(':') {
            Some((word @ "each", _)) => Filter::Each(inner(word)),
            Some((word @ "join", _)) => Filter::Join(inner(word)),
            Some(("in", group)) => Filter::In(group.to_owned()),
            None if text == "words" => Filter::Words,
            None if text == "raw" => Filter::Raw,
            Some(_) | None => Filter::Unknown(text.to_owned()),
        }
    }
}

fn flush(plain: &mut String) -> Option<Part> {
    (!plain.is_empty()).then(|| Part::Text(std::mem::take(plain)))
}

/// `{{name}}` gives `{name}`; and its length.
fn escaped(rest: &str) -> Option<(&str, usize)> {
    let (name, after) = split_name(rest.strip_prefix("{{")?)?;
    let length = name.len() + 4;
    after
        .starts_with("}}")
        .then(|| (&rest[1..length - 1], length))
}

/// A legal name at the start, and what follows it.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let end = if let Some(name) = text.strip_prefix("env:") {
        let ok = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = name.find(|c| !ok(c)).unwrap_or(name.len());
        (length > 0).then_some(length + 4)?
    } else {
        let ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let length = text.find(|c| !ok(c)).unwrap_or(text.len());
        text.starts_with(|c: char| c.is_ascii_lowercase())
            .then_some(length)?
    };
    Some((&text[..end], &text[end..]))
}
