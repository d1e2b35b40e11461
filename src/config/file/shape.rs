//! Values of `envs.toml` that may be written in more than one form.
//!
//! Visitors by hand: serde's `untagged` would lose the places.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

use super::spanned::Spanned;
use super::{Map, Text};

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
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CommandTable {
    /// The command: a shell line, or a list of words.
    pub(crate) run: Spanned<CommandForm>,
    /// The condition under which it is run.
    #[serde(default)]
    pub(crate) r#if: Option<Text>,
    /// Its failure does not fail the stage.
    #[serde(default)]
    pub(crate) allow_failure: bool,
}

/// A list of commands; one shell line may stand alone.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Commands {
    One(String),
    Many(Vec<Spanned<CommandForm>>),
}

/// A cache of the engine's, or a folder of the host, that commands see.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Mount {
    /// The name of a cache: kept between runs, shared by the project's environments.
    #[serde(default)]
    pub(crate) cache: Option<Text>,
    /// A folder of the host.
    #[serde(default)]
    pub(crate) host: Option<Text>,
    /// Where commands see it.
    pub(crate) at: Text,
    /// Commands cannot write to it.
    #[serde(default)]
    pub(crate) read_only: bool,
}

/// A variable of the caller, or a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Secret {
    Variable(String),
    File(SecretFile),
}

/// `{ file = "~/.netrc", as = "NETRC" }`.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct SecretFile {
    /// The file whose text is the secret.
    pub(crate) file: Text,
    /// The variable that commands get it in.
    pub(crate) r#as: Text,
}

/// A rule: lines of a stage's output that are to be seen at once.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Annotation {
    /// A regular expression for a line without its colours. What is shown is its group `message`, else its first group,
    /// else what matched; the groups `file`, `line` and `column` say where it is.
    pub(crate) r#match: Text,
    /// `error`, `warning` or `notice`.
    pub(crate) level: Text,
}

/// A label, or labels by architecture.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RunsOn {
    Label(String),
    ByArchitecture(Map<Text>),
}

/// A step of a workflow: a shell line, or a table as the CI system takes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Line(String),
    Table(toml::Table),
}

impl Step {
    /// All of its words.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Line(line) => line.clone(),
            Self::Table(table) => table.to_string(),
        }
    }
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
    ($name:ident, $expecting:literal, [$($schema:ty),*], $($arm:tt)*) => {
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                json_schema!({ "anyOf": [$(generator.subschema_for::<$schema>()),*] })
            }
        }

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
    [String, Vec<String>],
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
    [String, bool, Vec<String>],
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
    [String, Vec<String>, CommandTable],
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
    [String, Vec<CommandForm>],
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Commands, E> {
        Ok(Commands::One(text.to_owned()))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Commands, A::Error> {
        list(seq).map(Commands::Many)
    }
}

by_form! {
    Secret,
    "the name of a variable, or a table with `file` and `as`",
    [String, SecretFile],
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
        Ok(Secret::Variable(text.to_owned()))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
        let table = de::value::MapAccessDeserializer::new(map);
        SecretFile::deserialize(table).map(Secret::File)
    }
}
by_form! {
    RunsOn,
    "a label, or a table of labels by architecture",
    [String, std::collections::BTreeMap<String, String>],
    fn visit_str<E: de::Error>(self, text: &str) -> Result<RunsOn, E> {
        Ok(RunsOn::Label(text.to_owned()))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RunsOn, A::Error> {
        let table = de::value::MapAccessDeserializer::new(map);
        Map::deserialize(table).map(RunsOn::ByArchitecture)
    }
}
by_form! {
    Step,
    "a shell line, or a table as the CI system takes it",
    [String, serde_json::Map<String, serde_json::Value>],
    fn visit_str<E: de::Error>(self, text: &str) -> Result<Step, E> {
        Ok(Step::Line(text.to_owned()))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Step, A::Error> {
        let table = de::value::MapAccessDeserializer::new(map);
        toml::Table::deserialize(table).map(Step::Table)
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
