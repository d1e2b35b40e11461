//! Filters of a substitution: `each:`, `in:`, `words`, `join:`, `raw`.

use super::{Filled, Scope, Value, at, limits, size};
use crate::config::references::unknown_package;
use crate::config::template::{DEEPEST, Filter, Template, Use};
use crate::nearest;
use crate::packages;
use crate::problem::{Place, Problem};
use crate::quote;

impl Scope<'_> {
    pub(super) fn filter(
        &self,
        filled: Filled,
        filter: &Filter,
        used: &Use,
        place: Option<&Place>,
    ) -> Result<Filled, Problem> {
        let Filled { value, written } = filled;
        let (value, also) = match filter {
            Filter::Each(template) => self.each(value, template, place)?,
            Filter::Words => (words(value, &used.name, place)?, true),
            Filter::Join(template) => {
                let (between, also) = self.template_text(template, place, None)?;
                let list = value.into_list();
                limits::one(size(&list) + between.len() * list.len(), place)?;
                (Value::Text(list.join(&between)), also)
            }
            Filter::In(group) => (Value::List(self.members(value, group, place)?), true),
            Filter::Raw => (value, true),
            Filter::TooDeep => return Err(at(place, too_deep())),
            Filter::Unknown(text) => return Err(at(place, unknown(text, &used.name))),
        };
        Ok(Filled {
            value,
            written: written && also,
        })
    }

    /// The elements that are packages of a group.
    fn members(
        &self,
        value: Value,
        group: &str,
        place: Option<&Place>,
    ) -> Result<Vec<String>, Problem> {
        let word = format!("@{group}");
        if let Some(problem) = unknown_package(self.project, &word) {
            return Err(at(place, problem));
        }
        let members = packages::those_of(self.project, group, value.into_list());
        members.map_err(|problem| at(place, problem))
    }

    /// The template once for each element; is all of it from the file?
    fn each(
        &self,
        value: Value,
        template: &Template,
        place: Option<&Place>,
    ) -> Result<(Value, bool), Problem> {
        let (mut out, mut written, mut bytes) = (Vec::new(), true, 0);
        for element in value.into_list() {
            let (text, also) = self.template_text(template, place, Some(&element))?;
            written &= also;
            bytes += text.len() + 1;
            limits::one(bytes, place)?;
            out.push(text);
        }
        Ok((Value::List(out), written))
    }
}

/// Split as a shell would.
fn words(value: Value, name: &str, place: Option<&Place>) -> Result<Value, Problem> {
    let mut out = Vec::new();
    for text in value.into_list() {
        let Some(words) = quote::split(&text) else {
            let title = format!("`{{{name}}}` cannot be split into words");
            let help = "a quote is left open in the value";
            return Err(at(place, Problem::new(title, help)));
        };
        out.extend(words);
    }
    Ok(Value::List(out))
}

pub(super) fn too_deep() -> Problem {
    let title = format!("substitutions within substitutions, more than {DEEPEST} deep");
    Problem::new(title, "put the inner ones into a var")
}

fn unknown(text: &str, name: &str) -> Problem {
    let known = ["each", "in", "words", "join", "raw"];
    let word = text.split(':').next().unwrap_or(text);
    let help = match nearest::nearest(word, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.contains(&word) && text.contains(':') => format!("write `{word}` alone"),
        None if known.contains(&word) => format!("say with what: `{word}:TEXT`"),
        None => "filters: each:TEXT, in:GROUP, words, join:SEP, raw".to_owned(),
    };
    Problem::new(format!("unknown filter `{text}` in `{{{name}}}`"), help)
}
