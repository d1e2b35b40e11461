//! Steps of `[ci] steps-before` as YAML.

use super::yaml::{Yaml, entry, text};

/// The key of a step that is GitLab's: a file that pipelines include.
pub(super) const INCLUDE: &str = "include";

/// Does it name a commit, or what is as firm?
pub(super) fn is_commit(text: &str) -> bool {
    text.len() >= 40 && text.chars().all(|c| c.is_ascii_hexdigit())
}

/// Shell lines.
pub(super) fn script(lines: &str) -> Yaml {
    if lines.trim_end().contains('\n') {
        Yaml::Lines(format!("{}\n", lines.trim_end_matches('\n')))
    } else {
        text(lines.trim_end_matches('\n'))
    }
}

/// A step as it is written.
pub(super) fn value(toml: &toml::Value) -> Yaml {
    match toml {
        toml::Value::String(lines) => script(lines),
        toml::Value::Integer(number) => Yaml::Number(*number),
        toml::Value::Float(number) => Yaml::Decimal(*number),
        toml::Value::Boolean(flag) => Yaml::Flag(*flag),
        toml::Value::Datetime(time) => text(time.to_string()),
        toml::Value::Array(all) => Yaml::List(all.iter().map(value).collect()),
        toml::Value::Table(all) => {
            Yaml::Map(all.iter().map(|(k, v)| entry(&**k, value(v))).collect())
        }
    }
}
