//! Characters that no text of a file may hold, however they are written: escapes are read by now.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::sources::Sources;
use crate::late;
use crate::problem::{Problem, Problems};

/// Every text and key of a file that a command could not be given.
pub(super) fn check(table: &DeTable<'_>, sources: &Sources) -> Result<(), Problems> {
    let mut problems = Problems::default();
    of_table(table, sources, &mut problems);
    problems.none().map(|_| ())
}

fn of_table(table: &DeTable<'_>, sources: &Sources, problems: &mut Problems) {
    for (key, value) in table {
        text(key.get_ref(), key.span(), sources, problems);
        of_value(value.get_ref(), value.span(), sources, problems);
    }
}

fn of_value(value: &DeValue<'_>, span: Range<usize>, sources: &Sources, problems: &mut Problems) {
    match value {
        DeValue::String(string) => text(string, span, sources, problems),
        DeValue::Array(array) => {
            for value in array {
                of_value(value.get_ref(), value.span(), sources, problems);
            }
        }
        DeValue::Table(table) => of_table(table, sources, problems),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

fn text(text: &str, span: Range<usize>, sources: &Sources, problems: &mut Problems) {
    let problem = if text.contains('\0') {
        let help = "take it out: no command, variable or path can hold one";
        Problem::new("a NUL character in a text", help)
    } else if text.contains(late::is_mark) {
        let help = "take it out: Unicode reserves it for a program's inside";
        Problem::new("a Unicode noncharacter in a text", help)
    } else {
        return;
    };
    if !problems.full() {
        problems.push(problem.place(sources.place(span)));
    }
}
