//! Substitution: templates and values to texts, shell lines and lists.
//!
//! In a shell line every value becomes a quoted word; only `raw` of a var that the file wrote is shell text. A value
//! is never substituted again.

mod filter;
mod limits;
mod names;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;

use super::draft::Var;
use super::setting::Setting;
use crate::config::Project;
use crate::config::template::{Filter, Part, Template, Use};
use crate::host::Host;
use crate::late;
use crate::problem::{Place, Problem};
use crate::quote;
use limits::size;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    List(Vec<String>),
}

/// A value, and whether the file alone wrote it (no variable of the caller's, no posargs).
#[derive(Clone, Debug)]
struct Filled {
    value: Value,
    written: bool,
}

/// Everything that names may stand for, for one environment.
pub(crate) struct Scope<'a> {
    project: &'a Project,
    vars: &'a IndexMap<String, Var>,
    /// Names of runenv's own; `None`: it exists, but this environment has no value on that axis.
    pub(crate) builtin: IndexMap<String, Option<Value>>,
    posargs: &'a [String],
    host: &'a Host,
    /// In a container the host's paths mean nothing.
    container: bool,
    /// Vars being looked up, to find cycles.
    open: RefCell<Vec<String>>,
    /// Vars that were looked up: each is made once, however often it is used.
    known: RefCell<IndexMap<String, (Filled, BTreeSet<String>)>>,
    /// Names that stood for something since `noting` began, but for those of runenv's own.
    uses: RefCell<BTreeSet<String>>,
    /// What each of them stood for, as a person reads it.
    pub(crate) used: RefCell<BTreeMap<String, String>>,
    /// Bytes made so far.
    spent: Cell<usize>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(
        project: &'a Project,
        vars: &'a IndexMap<String, Var>,
        builtin: IndexMap<String, Option<Value>>,
        posargs: &'a [String],
        host: &'a Host,
        container: bool,
    ) -> Self {
        Self {
            project,
            vars,
            builtin,
            posargs,
            host,
            container,
            open: RefCell::default(),
            known: RefCell::default(),
            uses: RefCell::default(),
            used: RefCell::default(),
            spent: Cell::default(),
        }
    }

    /// What `make` gives, and the names that it used.
    pub(crate) fn noting<T>(
        &self,
        make: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<(T, Vec<String>), Problem> {
        let around = self.uses.take();
        let made = make();
        let uses = self.uses.replace(around);
        self.uses.borrow_mut().extend(uses.iter().cloned());
        Ok((made?, uses.into_iter().collect()))
    }

    /// A setting that is one text, made final.
    pub(crate) fn text_of(&self, s: &Setting<String>) -> Result<Setting<String>, Problem> {
        let (text, uses) = self.noting(|| self.text(&s.value, s.place()))?;
        Ok(Setting {
            uses,
            ..s.with(text)
        })
    }

    /// A setting that is a shell line, made final.
    pub(crate) fn shell_of(&self, s: &Setting<String>) -> Result<Setting<String>, Problem> {
        let (text, uses) = self.noting(|| self.shell(&s.value, s.place()))?;
        Ok(Setting {
            uses,
            ..s.with(text)
        })
    }

    /// One text; a list in it is an error.
    pub(crate) fn text(&self, text: &str, place: Option<&Place>) -> Result<String, Problem> {
        self.template_text(&Template::parse(text), place, None)
            .map(|(text, _)| text)
    }

    /// A shell line: every value one quoted word, every list quoted words.
    pub(crate) fn shell(&self, text: &str, place: Option<&Place>) -> Result<String, Problem> {
        let mut out = String::new();
        for part in Template::parse(text).0 {
            match part {
                Part::Text(text) => out.push_str(&text),
                Part::Element => out.push_str("{}"),
                Part::Use(used) => out.push_str(&self.shell_words(&used, place)?),
            }
            limits::one(out.len(), place)?;
        }
        self.made(out.len(), place)?;
        Ok(out)
    }

    fn shell_words(&self, used: &Use, place: Option<&Place>) -> Result<String, Problem> {
        let filled = self.value(used, place, None)?;
        if used.filters.last() != Some(&Filter::Raw) {
            return Ok(match filled.value {
                Value::Text(text) => quote::word(&text),
                Value::List(list) => quote::words(&list),
            });
        }
        let text = match filled.value {
            Value::Text(text) => text,
            Value::List(list) => list.join(" "),
        };
        // A path of this machine is data too: it may hold anything.
        let path = text.contains(|c| late::is_mark(c) && c != late::CPUS);
        if filled.written && !path {
            return Ok(text);
        }
        let title = format!(
            "`{{{}|raw}}` would make shell text of what the file did not write",
            used.name
        );
        let help = "leave out `raw`: the value is then one quoted word; or put the text into a var";
        Err(at(place, Problem::new(title, help)))
    }

    /// Elements of a list: one that is a single list substitution is spliced.
    pub(crate) fn list<'t>(
        &self,
        texts: impl IntoIterator<Item = (&'t str, Option<&'t Place>)>,
    ) -> Result<Vec<String>, Problem> {
        self.list_filled(texts).map(|(list, _)| list)
    }

    fn list_filled<'t>(
        &self,
        texts: impl IntoIterator<Item = (&'t str, Option<&'t Place>)>,
    ) -> Result<(Vec<String>, bool), Problem> {
        let (mut out, mut written, mut bytes) = (Vec::new(), true, 0);
        for (text, place) in texts {
            let template = Template::parse(text);
            let new = if let Some(used) = template.only() {
                let filled = self.value(used, place, None)?;
                written &= filled.written;
                filled.value.into_list()
            } else {
                let (text, from_file) = self.template_text(&template, place, None)?;
                written &= from_file;
                vec![text]
            };
            bytes += size(&new);
            limits::one(bytes, place)?;
            self.made(size(&new), place)?;
            out.extend(new);
        }
        Ok((out, written))
    }

    fn template_text(
        &self,
        template: &Template,
        place: Option<&Place>,
        element: Option<&str>,
    ) -> Result<(String, bool), Problem> {
        let (mut out, mut written) = (String::new(), true);
        for part in &template.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Element => out.push_str(element.unwrap_or("{}")),
                Part::Use(used) => {
                    let filled = self.value(used, place, element)?;
                    written &= filled.written;
                    let Value::Text(text) = filled.value else {
                        return Err(at(place, a_list(&used.name)));
                    };
                    out.push_str(&text);
                }
            }
            limits::one(out.len(), place)?;
        }
        self.made(out.len(), place)?;
        Ok((out, written))
    }

    fn value(
        &self,
        used: &Use,
        place: Option<&Place>,
        element: Option<&str>,
    ) -> Result<Filled, Problem> {
        if used.filters == [Filter::TooDeep] {
            return Err(at(place, filter::too_deep()));
        }
        let found = match &used.given {
            Some(given) => Some(Filled {
                value: Value::Text(given.clone()),
                written: true,
            }),
            None => self.look_up(&used.name, place)?,
        };
        let mut filled = match (found, &used.default) {
            (Some(filled), _) => filled,
            (None, Some(default)) => self.default(default, place, element)?,
            (None, None) => return Err(at(place, names::unset(&used.name))),
        };
        for filter in &used.filters {
            filled = self.filter(filled, filter, used, place)?;
        }
        Ok(filled)
    }

    /// A default that is one substitution is what that gives, also a list.
    fn default(
        &self,
        default: &Template,
        place: Option<&Place>,
        element: Option<&str>,
    ) -> Result<Filled, Problem> {
        if let Some(used) = default.only() {
            return self.value(used, place, element);
        }
        let (text, written) = self.template_text(default, place, element)?;
        let value = Value::Text(text);
        Ok(Filled { value, written })
    }
}

impl Value {
    /// A text is a list of one.
    fn into_list(self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(list) => list,
        }
    }
}

fn a_list(name: &str) -> Problem {
    let title = format!("`{{{name}}}` is a list where one text is expected");
    Problem::new(title, format!("put it together: `{{{name}|join: }}`"))
}

fn at(place: Option<&Place>, problem: Problem) -> Problem {
    match place {
        Some(place) if problem.places.is_empty() => problem.place(place.clone()),
        _ => problem,
    }
}
