//! Values of `envs.toml` that may be written in more than one form.
//!
//! Visitors by hand: serde's `untagged` would lose the places.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::file::Text;
use super::spanned::Spanned;

/// One text, or a list of texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Texts {
    One(String),
    Many(Vec<Text>),
    #[default]
    None,
}

/// A value of `[vars]`: a text, true or false, or a list of texts.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum VarValue {
    Text(String),
    Flag(bool),
    List(Vec<Text>),
}

/// A command in one of its three forms.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CommandForm {
    /// A shell line, or several: one command.
    Line(String),
    /// An argv, never seen by a shell.
    Argv(Vec<Text>),
    /// Either, with a condition.
    Table(Box<CommandTable>),
}

/// `{ run = …, if = "…", allow-failure = true }`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CommandTable {
    pub(crate) run: Spanned<CommandForm>,
    #[serde(default)]
    pub(crate) r#if: Option<Text>,
    #[serde(default)]
    pub(crate) allow_failure: bool,
}

/// A list of commands; one shell line may stand alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Commands {
    One(String),
    Many(Vec<Spanned<CommandForm>>),
}

fn list<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(mut seq: A) -> Result<Vec<T>, A::Error> {
    let mut all = Vec::new();
    while let Some(one) = seq.next_element()? {
        all.push(one);
    }
    Ok(all)
}

/// Deserialises with a visitor that takes a text, a list, and what else the arms say.
macro_rules! by_form {
    ($name:ident, $expecting:literal, $($arm:tt)*) => {
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Form;
                impl<'de> Visitor<'de> for Form {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expecting)
                    }
                    $($arm)*
                }
                deserializer.deserialize_any(Form)
            }
        }
    };
}

by_form! {
    Texts,
    "a text or a list of texts",
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Texts, E> {
        Ok(Texts::One(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Texts, A::Error> {
        list(seq).map(Texts::Many)
    }
}
by_form! {
    VarValue,
    "a text, true or false, or a list of texts",
    fn visit_str<E: de::Error>(self, text: &str) -> Result<VarValue, E> {
        Ok(VarValue::Text(text.to_owned()))
    }
    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<VarValue, E> {
        Ok(VarValue::Flag(flag))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<VarValue, A::Error> {
        list(seq).map(VarValue::List)
    }
}
by_form! {
    CommandForm,
    "a shell line, a list of words, or a table with `run`",
    fn visit_str<E: de::Error>(self, text: &str) -> Result<CommandForm, E> {
        Ok(CommandForm::Line(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<CommandForm, A::Error> {
        list(seq).map(CommandForm::Argv)
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<CommandForm, A::Error> {
        let table = CommandTable::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(CommandForm::Table(Box::new(table)))
    }
}
by_form! {
    Commands,
    "a list of commands",
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Commands, E> {
        Ok(Commands::One(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Commands, A::Error> {
        list(seq).map(Commands::Many)
    }
}

impl Texts {
    /// The texts, each with the span of its own; `whole` is the span of the value.
    pub(crate) fn each(&self, whole: std::ops::Range<usize>) -> Vec<Text> {
        match self {
            Texts::One(text) => vec![Spanned::new(whole, text.clone())],
            Texts::Many(texts) => texts.clone(),
            Texts::None => Vec::new(),
        }
    }
}

impl Texts {
    /// The words alone.
    pub(crate) fn words(&self) -> Vec<&str> {
        match self {
            Texts::One(text) => vec![text],
            Texts::Many(texts) => texts.iter().map(|t| t.get_ref().as_str()).collect(),
            Texts::None => Vec::new(),
        }
    }
}

impl Commands {
    /// The commands, each with its own span.
    pub(crate) fn each(&self, whole: std::ops::Range<usize>) -> Vec<Spanned<CommandForm>> {
        match self {
            Commands::One(text) => vec![Spanned::new(whole, CommandForm::Line(text.clone()))],
            Commands::Many(commands) => commands.clone(),
        }
    }
}
