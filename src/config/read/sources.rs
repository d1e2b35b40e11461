//! The files of a project as one text, one behind the other: so a span alone says in which file it lies.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use crate::problem::{Place, Source};

/// The sources that spans count over, each with where it begins.
#[derive(Clone, Debug)]
pub(crate) struct Sources(Vec<(usize, Arc<Source>)>);

impl Sources {
    pub(crate) fn new(first: &Arc<Source>) -> Self {
        Self(vec![(0, Arc::clone(first))])
    }

    /// Puts one more behind the others; its spans begin at the offset that this gives.
    pub(crate) fn add(&mut self, source: &Arc<Source>) -> usize {
        let (start, last) = self.0.last().expect("there is a first one");
        let offset = start + last.text.len() + 1;
        self.0.push((offset, Arc::clone(source)));
        offset
    }

    /// The file that the project was found by.
    pub(crate) fn first(&self) -> &Arc<Source> {
        &self.0[0].1
    }

    pub(crate) fn place(&self, span: Range<usize>) -> Place {
        let (source, here) = self.at(span);
        Place::new(source, here)
    }

    /// The source that a span lies in, and where in it.
    fn at(&self, span: Range<usize>) -> (&Arc<Source>, Range<usize>) {
        let after = self.0.partition_point(|(start, _)| *start <= span.start);
        let (start, source) = &self.0[after.max(1) - 1];
        (source, span.start - start..span.end.max(span.start) - start)
    }

    /// Does a text stand anywhere in the files?
    pub(crate) fn hold(&self, text: &str) -> bool {
        self.0.iter().any(|(_, source)| source.text.contains(text))
    }

    /// What is written there.
    pub(crate) fn text(&self, span: Range<usize>) -> &str {
        let (source, here) = self.at(span);
        source.text.get(here).unwrap_or_default()
    }
}

/// The tables of one source with every place at its offset.
pub(super) fn moved(table: DeTable<'_>, offset: usize) -> DeTable<'_> {
    let entries = table.into_iter();
    let entry = |(key, value)| {
        let value = further(value, offset, |value| moved_value(value, offset));
        (further(key, offset, |key| key), value)
    };
    entries.map(entry).collect()
}

fn moved_value(value: DeValue<'_>, offset: usize) -> DeValue<'_> {
    match value {
        DeValue::Table(table) => DeValue::Table(moved(table, offset)),
        DeValue::Array(array) => {
            let mut all = DeArray::new();
            for value in array {
                all.push(further(value, offset, |value| moved_value(value, offset)));
            }
            DeValue::Array(all)
        }
        plain @ (DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)) => plain,
    }
}

fn further<T>(here: Spanned<T>, offset: usize, inside: impl FnOnce(T) -> T) -> Spanned<T> {
    let span = here.span();
    Spanned::new(
        span.start + offset..span.end + offset,
        inside(here.into_inner()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_says_which_file_it_is_in() {
        let (one, two) = (Source::new("a", "xy\nz"), Source::new("b", "\u{feff}k = 1"));
        let mut sources = Sources::new(&one);
        let offset = sources.add(&two);
        let table = DeTable::parse(&two.text).expect("TOML").into_inner();
        let table = moved(table, offset);
        let at = table.keys().next().expect("it is there").span().start;
        assert_eq!(sources.place(0..1).to_string(), "a:1:1");
        assert_eq!(sources.place(3..4).to_string(), "a:2:1");
        assert_eq!(sources.text(at..at + 5), "k = 1");
        assert_eq!(sources.place(at..at + 1).source.name, "b");
    }
}
