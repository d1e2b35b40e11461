//! Families of values: `[axis.A."gcc_{8..14}"]` stands for as many tables as its braces give, `{match}` in its texts for
//! what they gave.
//!
//! They are written out before the file's words are read, so nobody else knows of them. Whatever the table holds, also
//! in keys to come, gets its `{match}` here; elsewhere the name has no value. Of several braces the outermost count,
//! joined by `-`: `x_{1,2}.{a,b}` gives `1-a`, `1-b`, `2-a`, `2-b`. A value that is written out and in a family, or in
//! two, is an error: which table is meant would be a guess.

use std::borrow::Cow;

use toml::Spanned;
use toml::de::{DeArray, DeString, DeTable, DeValue};

use super::super::template;
use super::sources::Sources;
use crate::name::expand;
use crate::problem::{Problem, Problems};

/// More tables than these, or more text than this, are not made of families.
const MOST_VALUES: usize = 2 * expand::MOST_NAMES;
const MOST_BYTES: usize = 4_000_000;
/// What an entry costs beside its texts.
const ENTRY: usize = 32;

/// Keys whose texts no substitution acts on: conditions. There the braces would be alternatives.
const LITERAL: [&str; 3] = ["only", "not", "if"];

fn too_much() -> Problem {
    let title = format!(
        "families of values make more than {MOST_VALUES} tables or {MOST_BYTES} bytes of them"
    );
    let help = "use fewer alternatives, or put what they share into `[[when]]`";
    Problem::new(title, help)
}

/// Writes the families of a file out; false: there are none.
pub(super) fn expand(table: &mut DeTable<'_>, sources: &Sources) -> Result<bool, Problems> {
    let mut work = Work {
        sources,
        problems: Problems::default(),
        bytes: 0,
        made: 0,
        any: false,
    };
    if let Some(config) = inside(table, "config") {
        work.values(config);
    }
    if let Some(axes) = inside(table, "axis") {
        for (_, values) in axes.iter_mut() {
            if let DeValue::Table(values) = values.get_mut() {
                work.values(values);
            }
        }
    }
    if let Some(systems) = inside(table, "system") {
        for (_, system) in systems.iter_mut() {
            if let DeValue::Table(system) = system.get_mut()
                && let Some(releases) = inside(system, "release")
            {
                work.values(releases);
            }
        }
    }
    work.problems.or(work.any)
}

fn inside<'a, 't>(table: &'a mut DeTable<'t>, name: &str) -> Option<&'a mut DeTable<'t>> {
    match table.get_mut(name)?.get_mut() {
        DeValue::Table(inside) => Some(inside),
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_) => None,
    }
}

struct Work<'a> {
    sources: &'a Sources,
    problems: Problems,
    bytes: usize,
    made: usize,
    any: bool,
}

impl Work<'_> {
    /// The entries of a table, families written out where they stand.
    fn values(&mut self, table: &mut DeTable<'_>) {
        let is_family = |key: &str| key.contains(['{', '}']);
        if !table.keys().any(|key| is_family(key.get_ref())) {
            return;
        }
        self.any = true;
        // What each value was written as, to be told where it stands twice.
        let mut written = indexmap::IndexMap::<String, Spanned<String>>::new();
        for (key, value) in std::mem::take(table) {
            if self.problems.full() {
                return;
            }
            let place = self.sources.place(key.span());
            let family = expand::family(key.get_ref()).map_err(|p| p.place(place.clone()));
            let Some(family) = self.problems.keep(family) else {
                continue;
            };
            let alone = !is_family(key.get_ref());
            let spelled = Spanned::new(key.span(), key.get_ref().to_string());
            for (name, given) in family {
                if let Some(first) = written.get(&name) {
                    self.problems.push(self.twice(&name, &spelled, first));
                    break;
                }
                written.insert(name.clone(), spelled.clone());
                let new = if alone {
                    value.clone()
                } else {
                    self.bytes += name.len();
                    self.made += 1;
                    self.give(&value, &given, false)
                };
                if self.bytes > MOST_BYTES || self.made > MOST_VALUES {
                    self.problems.push(too_much().place(place));
                    return;
                }
                table.insert(Spanned::new(key.span(), DeString::from(name)), new);
            }
        }
    }

    fn twice(&self, name: &str, second: &Spanned<String>, first: &Spanned<String>) -> Problem {
        let (one, two) = (first.get_ref(), second.get_ref());
        let same = first.span() == second.span();
        let title = if same {
            format!("`{one}` gives `{name}` twice")
        } else {
            format!("`{name}` is declared twice: by `{one}` and by `{two}`")
        };
        let help = "take one out; what is special about one value of a family goes into `[[when]]`";
        let places = std::iter::once(second).chain((!same).then_some(first));
        let places = places.map(|written| self.sources.place(written.span()));
        places.fold(Problem::new(title, help), Problem::place)
    }

    /// A copy in which every text knows what the braces gave.
    fn give<'t>(
        &mut self,
        value: &Spanned<DeValue<'t>>,
        given: &str,
        literal: bool,
    ) -> Spanned<DeValue<'t>> {
        self.bytes += ENTRY;
        let new = match value.get_ref() {
            DeValue::String(text) if self.bytes <= MOST_BYTES => {
                let new: Cow<'_, str> = if literal {
                    text.replace("{match}", given).into()
                } else {
                    template::give(text, given)
                };
                self.bytes += new.len();
                DeValue::String(new.into_owned().into())
            }
            DeValue::Table(table) => {
                let mut new = DeTable::new();
                for (key, value) in table {
                    let literal = LITERAL.contains(&key.get_ref().as_ref());
                    new.insert(key.clone(), self.give(value, given, literal));
                }
                DeValue::Table(new)
            }
            DeValue::Array(array) => {
                let mut new = DeArray::new();
                for value in array {
                    new.push(self.give(value, given, literal));
                }
                DeValue::Array(new)
            }
            other @ (DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)) => other.clone(),
        };
        Spanned::new(value.span(), new)
    }
}
