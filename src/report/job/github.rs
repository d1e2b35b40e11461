//! The words of GitHub's runner: lines on which it acts (docs.github.com, "Workflow commands for GitHub Actions").
//!
//! The runner takes a line for a command if it begins with `::`, blanks aside, or has `##[` anywhere. Between
//! `::stop-commands::TOKEN` and `::TOKEN::` it acts on none. Values are escaped as its `ActionCommand` reads them.
//!
//! ```ignore
//! github::annotation(Level::Error, &[("title", "docker-a")], "100%\nlost");
//! // ::error title=docker-a::100%25%0Alost
//! ```

use crate::plan::annotate::{Annotation, Level};
use crate::report::harmless;

/// So many annotations of each level GitHub shows of a step.
pub(crate) const SHOWN: usize = 10;
pub(crate) const END_GROUP: &str = "::endgroup::";

/// A fold begins.
pub(crate) fn group(title: &str) -> String {
    format!("::group::{}", data(title))
}

/// From here on no line is a command.
pub(crate) fn stop(token: &str) -> String {
    format!("::stop-commands::{token}")
}

/// From here on lines are commands again.
pub(crate) fn resume(token: &str) -> String {
    format!("::{token}::")
}

/// A line at the top of the run's page.
pub(crate) fn annotation(level: Level, properties: &[(&str, String)], message: &str) -> String {
    let properties = properties.iter();
    let properties = properties.map(|(name, value)| format!("{name}={}", property(value)));
    let properties = properties.collect::<Vec<_>>().join(",");
    let gap = if properties.is_empty() { "" } else { " " };
    format!("::{}{gap}{properties}::{}", level.word(), data(message))
}

/// The same of what a line of an environment's output said.
pub(crate) fn of_output(env: &str, annotation: &Annotation) -> String {
    let Annotation {
        level,
        message,
        file,
        line,
        column,
    } = annotation;
    let number = |number: &Option<u32>| number.map(|number| number.to_string());
    let all = [
        ("file", file.clone()),
        ("line", number(line)),
        ("col", number(column)),
        ("title", Some(env.to_owned())),
    ];
    let all = all.into_iter();
    let there: Vec<_> = all
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    self::annotation(*level, &there, &harmless::cut(message))
}

/// Would the runner act on a line of the text?
pub(crate) fn acts(text: &str) -> bool {
    let acts = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
    // Colours and what goes before: a line of ours may have them, and the runner's reading may change.
    let plain = |line: &str| {
        let mut out = String::new();
        harmless::Cleaner::new(false).push(line.as_bytes(), &mut out);
        out
    };
    text.split(['\n', '\r'])
        .any(|line| acts(line) || line.contains('\x1b') && acts(&plain(line)))
}

fn data(text: &str) -> String {
    let text = text.replace('%', "%25");
    text.replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_as_the_runner_reads_them() {
        let properties = [("file", "a:b,c%\n".to_owned()), ("line", "1".to_owned())];
        assert_eq!(
            annotation(Level::Warning, &properties, "50%\r\n::error::x: y, z"),
            "::warning file=a%3Ab%2Cc%25%0A,line=1::50%25%0D%0A::error::x: y, z"
        );
        assert_eq!(annotation(Level::Error, &[], "x"), "::error::x");
        assert_eq!(group("a %0A\nb"), "::group::a %250A%0Ab");
    }

    #[test]
    fn what_a_line_of_output_said_is_at_its_place() {
        let mut said = Annotation {
            level: Level::Notice,
            message: "unused".to_owned(),
            file: Some("src/a.c".to_owned()),
            line: Some(3),
            column: Some(7),
        };
        assert_eq!(
            of_output("docker-a", &said),
            "::notice file=src/a.c,line=3,col=7,title=docker-a::unused"
        );
        (said.file, said.line, said.column) = (None, None, None);
        assert_eq!(of_output("a", &said), "::notice title=a::unused");
    }

    #[test]
    fn lines_on_which_the_runner_acts_are_known() {
        let acting = [
            "::error::x",
            "fine\n \t::set-output name=a::b",
            "\u{a0}::error::x",
            "x\r::error::y",
            "in a line ##[error]x",
            "\x1b[31m::error::x\x1b[0m",
            "#\x1b[0m#[error]x",
        ];
        for text in acting {
            assert!(acts(text), "{text:?}");
        }
        for text in ["std::vector", "a ::b::", ": :", "## [x]", "", "\x1b[31mx"] {
            assert!(!acts(text), "{text:?}");
        }
    }
}
