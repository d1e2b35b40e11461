//! Substitution: templates and values to texts, shell lines and lists (design 4).
//!
//! In a shell line every value becomes a quoted word; only `raw` of a var that the file wrote is shell text. A value
//! is never substituted again.

use std::cell::RefCell;

use indexmap::IndexMap;

use super::draft::Var;
use crate::config::template::{Filter, Part, Template, Use};
use crate::host::Host;
use crate::late;
use crate::nearest;
use crate::problem::{Place, Problem};
use crate::quote;

const DEEPEST: usize = 64;
const LONGEST: usize = 1_000_000;

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
    pub(crate) vars: &'a IndexMap<String, Var>,
    /// Names of runenv's own; `None`: it exists, but this environment has no value on that axis.
    pub(crate) builtin: IndexMap<String, Option<Value>>,
    pub(crate) posargs: &'a [String],
    pub(crate) host: &'a Host,
    /// In a container the host's paths mean nothing.
    pub(crate) container: bool,
    /// Names being looked up, to find cycles.
    pub(crate) open: RefCell<Vec<String>>,
}

impl Scope<'_> {
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
        }
        within_limits(out, place)
    }

    fn shell_words(&self, used: &Use, place: Option<&Place>) -> Result<String, Problem> {
        let filled = self.value(used, place, None)?;
        if used.filters.last() == Some(&Filter::Raw) {
            return match filled {
                Filled {
                    written: true,
                    value: Value::Text(text),
                } if !text.contains(|c| late::is_mark(c) && c != late::CPUS) => Ok(text),
                Filled {
                    written: true,
                    value: Value::List(list),
                } => Ok(list.join(" ")),
                Filled { .. } => Err(at(
                    place,
                    Problem::new(
                        format!(
                            "`{{{}|raw}}` would make shell text of what the file did not write",
                            used.name
                        ),
                        "leave out `raw`: the value is then one quoted word; or put the text into a var",
                    ),
                )),
            };
        }
        Ok(match filled.value {
            Value::Text(text) => quote::word(&text),
            Value::List(list) => quote::words(&list),
        })
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
        let (mut out, mut written) = (Vec::new(), true);
        for (text, place) in texts {
            let template = Template::parse(text);
            if let Some(used) = template.only() {
                let filled = self.value(used, place, None)?;
                written &= filled.written;
                match filled.value {
                    Value::List(list) => out.extend(list),
                    Value::Text(text) => out.push(text),
                }
            } else {
                let (text, from_file) = self.template_text(&template, place, None)?;
                written &= from_file;
                out.push(text);
            }
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
                    match filled.value {
                        Value::Text(text) => out.push_str(&text),
                        Value::List(_) => {
                            let title =
                                format!("`{{{}}}` is a list where one text is expected", used.name);
                            let help = format!("put it together: `{{{}|join: }}`", used.name);
                            return Err(at(place, Problem::new(title, help)));
                        }
                    }
                }
            }
        }
        Ok((within_limits(out, place)?, written))
    }

    fn value(
        &self,
        used: &Use,
        place: Option<&Place>,
        element: Option<&str>,
    ) -> Result<Filled, Problem> {
        let mut filled = match self.look_up(&used.name, place)? {
            Some(filled) => filled,
            None => match &used.default {
                Some(default) => {
                    let (text, written) = self.template_text(default, place, element)?;
                    Filled {
                        value: Value::Text(text),
                        written,
                    }
                }
                None => return Err(at(place, self.unset(&used.name))),
            },
        };
        for filter in &used.filters {
            filled = self.filter(filled, filter, used, place)?;
        }
        Ok(filled)
    }

    /// `None`: the name is right, but nothing is set.
    fn look_up(&self, name: &str, place: Option<&Place>) -> Result<Option<Filled>, Problem> {
        let ours = |value| {
            Ok(Some(Filled {
                value,
                written: false,
            }))
        };
        if let Some(variable) = name.strip_prefix("env:") {
            return match self
                .host
                .variables
                .get(std::ffi::OsStr::new(variable))
                .map(|v| v.to_str())
            {
                None => Ok(None),
                Some(Some(text)) => ours(Value::Text(checked(text, name, place)?)),
                Some(None) => Err(at(
                    place,
                    Problem::new(
                        format!("the variable `{variable}` is not UTF-8 text"),
                        "unset it or set it to a text",
                    ),
                )),
            };
        }
        if name == "posargs" {
            for word in self.posargs {
                checked(word, name, place)?;
            }
            return if self.posargs.is_empty() {
                Ok(None)
            } else {
                ours(Value::List(self.posargs.to_vec()))
            };
        }
        if let Some(mark) = late::mark(name) {
            if self.container && name != "cpus" {
                let title = format!(
                    "`{{{name}}}` is a path of the host, and this environment runs in a container"
                );
                return Err(at(
                    place,
                    Problem::new(
                        title,
                        "commands start in `workdir`, where copies land: use paths relative to it",
                    ),
                ));
            }
            return Ok(Some(Filled {
                value: Value::Text(mark.to_string()),
                written: true,
            }));
        }
        if let Some(value) = self.builtin.get(name) {
            return Ok(value.clone().map(|value| Filled {
                value,
                written: true,
            }));
        }
        match self.vars.get(name) {
            Some(var) => self.var(name, var, place).map(Some),
            None => Err(at(place, self.unknown(name))),
        }
    }

    fn var(&self, name: &str, var: &Var, place: Option<&Place>) -> Result<Filled, Problem> {
        let cycle = self.open.borrow().iter().any(|open| open == name);
        if cycle || self.open.borrow().len() >= DEEPEST {
            let path = self.open.borrow().join(" -> ");
            let title = if cycle {
                format!("the var `{name}` is made of itself: {path} -> {name}")
            } else {
                format!("vars within vars, more than {DEEPEST} deep")
            };
            return Err(at(
                place,
                Problem::new(title, "break the circle: one of these must be a plain text"),
            ));
        }
        self.open.borrow_mut().push(name.to_owned());
        let filled = match var {
            Var::Text(text) => self
                .template_text(&Template::parse(&text.value), text.place(), None)
                .map(|(text, written)| Filled {
                    value: Value::Text(text),
                    written,
                }),
            Var::List(list) => self
                .list_filled(list.iter().map(|s| (s.value.as_str(), s.place())))
                .map(|(list, written)| Filled {
                    value: Value::List(list),
                    written,
                }),
        };
        self.open.borrow_mut().pop();
        filled
    }

    fn filter(
        &self,
        filled: Filled,
        filter: &Filter,
        used: &Use,
        place: Option<&Place>,
    ) -> Result<Filled, Problem> {
        let Filled { value, written } = filled;
        let as_list = |value: Value| match value {
            Value::Text(text) => vec![text],
            Value::List(list) => list,
        };
        let value = match filter {
            Filter::Each(template) => {
                let list = as_list(value);
                Value::List(
                    list.iter()
                        .map(|e| self.template_text(template, place, Some(e)).map(|(t, _)| t))
                        .collect::<Result<_, _>>()?,
                )
            }
            Filter::Words => {
                let texts = as_list(value);
                let split = texts
                    .iter()
                    .map(|t| quote::split(t))
                    .collect::<Option<Vec<_>>>();
                let help = "a quote is left open in the value";
                Value::List(
                    split
                        .ok_or_else(|| {
                            at(
                                place,
                                Problem::new(
                                    format!("`{}` cannot be split into words", used.name),
                                    help,
                                ),
                            )
                        })?
                        .concat(),
                )
            }
            Filter::Join(template) => {
                Value::Text(as_list(value).join(&self.template_text(template, place, None)?.0))
            }
            Filter::Raw => value,
            Filter::Unknown(text) => {
                let help = nearest::advice(
                    text.split(':').next().unwrap_or(text),
                    "filters",
                    ["each:TEXT", "words", "join:SEP", "raw"],
                );
                return Err(at(
                    place,
                    Problem::new(
                        format!("unknown filter `{text}` in `{{{}}}`", used.name),
                        help,
                    ),
                ));
            }
        };
        Ok(Filled { value, written })
    }

    fn unset(&self, name: &str) -> Problem {
        if let Some(variable) = name.strip_prefix("env:") {
            return Problem::new(
                format!("the variable `{variable}` is not set"),
                format!("set it, or give a default: `{{{name}:text}}`"),
            );
        }
        let title = match name {
            "posargs" => "no words were given behind `--`".to_owned(),
            name => format!("`{{{name}}}` has no value in this environment"),
        };
        Problem::new(title, format!("give a default: `{{{name}:text}}`"))
    }

    fn unknown(&self, name: &str) -> Problem {
        let known = self
            .vars
            .keys()
            .map(String::as_str)
            .chain(self.builtin.keys().map(String::as_str));
        let help = nearest::advice(
            name,
            "names",
            known.chain(["posargs", "cpus", "root", "env-dir"]),
        );
        Problem::new(format!("unknown name `{{{name}}}`"), help)
            .help(format!("for the text itself write `{{{{{name}}}}}`"))
    }
}

/// What comes from outside may hold no character that would be taken for a late value's mark, and no NUL.
fn checked(text: &str, name: &str, place: Option<&Place>) -> Result<String, Problem> {
    if text.contains(|c| late::is_mark(c) || c == '\0') {
        return Err(at(
            place,
            Problem::new(
                format!("`{name}` holds a character that no text may hold"),
                "Unicode noncharacters and NUL cannot be passed on",
            ),
        ));
    }
    Ok(text.to_owned())
}

fn within_limits(text: String, place: Option<&Place>) -> Result<String, Problem> {
    if text.len() > LONGEST {
        return Err(at(
            place,
            Problem::new(
                "the text becomes larger than 1 MB",
                "let the commands read it from a file",
            ),
        ));
    }
    Ok(text)
}

fn at(place: Option<&Place>, problem: Problem) -> Problem {
    match place {
        Some(place) if problem.places.is_empty() => problem.place(place.clone()),
        _ => problem,
    }
}
