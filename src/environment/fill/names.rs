//! What a name stands for: variables of the caller, posargs, names of runenv's own, vars.

use std::ffi::OsStr;

use super::{Filled, Scope, Value, at, limits};
use crate::config::template::Template;
use crate::environment::draft::Var;
use crate::late;
use crate::nearest;
use crate::problem::{Place, Problem};
use crate::quote;

impl Scope<'_> {
    /// `None`: the name is right, but nothing is set.
    pub(super) fn look_up(
        &self,
        name: &str,
        place: Option<&Place>,
    ) -> Result<Option<Filled>, Problem> {
        let found = self.find(name, place)?;
        let own = late::mark(name).is_some() || self.builtin.contains_key(name);
        if let Some(filled) = found.as_ref().filter(|_| !own) {
            self.uses.borrow_mut().insert(name.to_owned());
            let mut used = self.used.borrow_mut();
            let value = || match &filled.value {
                Value::Text(text) => text.clone(),
                Value::List(list) => quote::words(list),
            };
            used.entry(name.to_owned()).or_insert_with(value);
        }
        Ok(found)
    }

    fn find(&self, name: &str, place: Option<&Place>) -> Result<Option<Filled>, Problem> {
        let from_outside = |value| Filled {
            value,
            written: false,
        };
        let own = |value| Filled {
            value,
            written: true,
        };
        if let Some(variable) = name.strip_prefix("env:") {
            return Ok(self.variable(variable, name, place)?.map(from_outside));
        }
        if name == "match" {
            return Ok(None);
        }
        if name == "posargs" {
            for word in self.posargs {
                checked(word, name, place)?;
            }
            let given = (!self.posargs.is_empty()).then(|| self.posargs.to_vec());
            return Ok(given.map(Value::List).map(from_outside));
        }
        if let Some(mark) = late::mark(name) {
            if self.container && name != "cpus" {
                let title = format!(
                    "`{{{name}}}` is a path of the host, and this environment runs in a container"
                );
                let help =
                    "commands start in `workdir`, where copies land: use paths relative to it";
                return Err(at(place, Problem::new(title, help)));
            }
            return Ok(Some(own(Value::Text(mark.to_string()))));
        }
        if let Some(value) = self.builtin.get(name) {
            // Names of packages may be made of anything.
            let written = name != "packages";
            let value = value.clone();
            return Ok(value.map(|value| Filled { value, written }));
        }
        match self.vars.get(name) {
            Some(var) => self.var(name, var, place).map(Some),
            None => Err(at(place, self.unknown(name))),
        }
    }

    fn variable(
        &self,
        variable: &str,
        name: &str,
        place: Option<&Place>,
    ) -> Result<Option<Value>, Problem> {
        let Some(value) = self.host.variables.get(OsStr::new(variable)) else {
            return Ok(None);
        };
        let Some(text) = value.to_str() else {
            let title = format!("the variable `{variable}` is not UTF-8 text");
            let problem = Problem::new(title, "unset it or set it to a text");
            return Err(at(place, problem));
        };
        checked(text, name, place)?;
        Ok(Some(Value::Text(text.to_owned())))
    }

    /// A var, made once.
    fn var(&self, name: &str, var: &Var, place: Option<&Place>) -> Result<Filled, Problem> {
        if let Some((filled, uses)) = self.known.borrow().get(name) {
            self.uses.borrow_mut().extend(uses.iter().cloned());
            return Ok(filled.clone());
        }
        let cycle = self.open.borrow().iter().any(|open| open == name);
        if cycle || self.open.borrow().len() >= limits::DEEPEST {
            let path = self.open.borrow().join(" -> ");
            let title = if cycle {
                format!("the var `{name}` is made of itself: {path} -> {name}")
            } else {
                format!("vars within vars, more than {} deep", limits::DEEPEST)
            };
            let help = "break the circle: one of these must be a plain text";
            return Err(at(place, Problem::new(title, help)));
        }
        self.open.borrow_mut().push(name.to_owned());
        let filled = self.noting(|| self.make(var));
        self.open.borrow_mut().pop();
        let (filled, uses) = filled?;
        let mut known = self.known.borrow_mut();
        let uses = uses.into_iter().collect();
        known.insert(name.to_owned(), (filled.clone(), uses));
        Ok(filled)
    }

    fn make(&self, var: &Var) -> Result<Filled, Problem> {
        let (value, written) = match var {
            Var::Text(text) => {
                let template = Template::parse(&text.value);
                let (text, written) = self.template_text(&template, text.place(), None)?;
                (Value::Text(text), written)
            }
            Var::List(list) => {
                let texts = list.iter().map(|s| (s.value.as_str(), s.place()));
                let (list, written) = self.list_filled(texts)?;
                (Value::List(list), written)
            }
        };
        Ok(Filled { value, written })
    }

    fn unknown(&self, name: &str) -> Problem {
        let known = self.vars.keys().chain(self.builtin.keys());
        let known = known.map(String::as_str);
        let known = known.chain(["posargs", "cpus", "root", "env-dir"]);
        let help = nearest::advice(name, "names", known);
        Problem::new(format!("unknown name `{{{name}}}`"), help)
            .help(format!("for the text itself write `{{{{{name}}}}}`"))
    }
}

pub(super) fn unset(name: &str) -> Problem {
    if let Some(variable) = name.strip_prefix("env:") {
        let title = format!("the variable `{variable}` is not set");
        return Problem::new(
            title,
            format!("set it, or give a default: `{{{name}:text}}`"),
        );
    }
    if name == "match" {
        let title = "`{match}` has a value only in the table of a family of values";
        let help =
            "there, put it into a var: `[axis.A.\"x_{1..3}\"]` with `vars.NAME = \"{match}\"`";
        return Problem::new(title, help);
    }
    let title = match name {
        "posargs" => "no words were given behind `--`".to_owned(),
        name => format!("`{{{name}}}` has no value in this environment"),
    };
    Problem::new(title, format!("give a default: `{{{name}:text}}`"))
}

/// What comes from outside may hold no character that would be taken for a late value's mark, and no NUL.
fn checked(text: &str, name: &str, place: Option<&Place>) -> Result<(), Problem> {
    if !text.contains(|c| late::is_mark(c) || c == '\0') {
        return Ok(());
    }
    let title = format!("`{name}` holds a character that no text may hold");
    let help = "Unicode noncharacters and NUL cannot be passed on";
    Err(at(place, Problem::new(title, help)))
}
