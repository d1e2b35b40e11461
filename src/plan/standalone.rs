//! A stage as shell text that stands alone: what a Dockerfile's `RUN` and a dev container run without runenv.
//!
//! The text says the same as `script`: each command in a shell of its own with `set -e`, the first failure ends it,
//! then what runs on failure. It needs no newline inside of quotes, so that a Dockerfile can hold it: a command of
//! several lines is put together by `_line`. It is folded only where the shell does not see it. Pure.

use super::script::LONGEST_ARGUMENT;
use super::{Plan, PlanCommand, Stage};
use crate::config::forms;
use crate::late;
use crate::problem::Problem;
use crate::quote;

/// Where lines are folded.
const WIDTH: usize = 100;
/// Between statements: the end of a line to the shell and to a Dockerfile.
const NEXT: &str = "; \\\n    ";
/// Between words of a statement.
pub(super) const FOLD: &str = " \\\n      ";
/// A longer line is more than docker's reader of Dockerfiles takes (64 KiB).
const LONGEST_LINE: usize = 60_000;

/// The stage's variables and commands as one text, folded with a `\` at the ends of lines; `None` where there is nothing to run.
/// `first` are shell statements before them.
///
/// A text that is too long for one argument, or has a word too long for a line, is a mistake.
pub(super) fn text(stage: &Stage, first: &[String]) -> Result<Option<String>, Problem> {
    if stage.commands.is_empty() && first.is_empty() {
        return Ok(None);
    }
    let mut all = vec!["set -e".to_owned()];
    let mut body = first.to_vec();
    body.extend(exports(stage));
    if stage.allow_failure || !stage.on_failure.is_empty() {
        body.extend(on_failure(stage));
    }
    for command in &stage.commands {
        body.extend(run(command));
    }
    let uses = |word: &str| body.iter().any(|line| line.contains(word));
    if uses("${_cpus}") {
        all.push("_cpus=${RUNENV_CPUS:-$(nproc)}; unset RUNENV_CPUS".to_owned());
    }
    if uses("$(_line ") {
        all.push(r#"_line() { printf '%s\n' "$*"; }"#.to_owned());
    }
    if uses("_run ") {
        all.push(r#"_run() { ( set -e; eval "set --; $*" ); }"#.to_owned());
    }
    let mut text = all.join("; ");
    for line in &body {
        text += NEXT;
        text += line;
    }
    fits(&stage.name, &text)?;
    Ok(Some(text))
}

/// What `pass-env` says: names, and what is none but a glob, which nobody else can read.
pub(super) fn passed(plan: &Plan) -> (Vec<&str>, Vec<&str>) {
    let all = plan.pass_env.iter().map(String::as_str);
    all.partition(|name| forms::is_variable(name))
}

/// Does the text use the number of processors?
pub(super) fn counts_cpus(text: &str) -> bool {
    text.contains("${_cpus}")
}

/// One argument holds the text, and a line of a Dockerfile each of its lines.
pub(super) fn fits(stages: &str, text: &str) -> Result<(), Problem> {
    let longest = text.lines().map(str::len).max().unwrap_or(0);
    if text.len() <= LONGEST_ARGUMENT && longest <= LONGEST_LINE {
        return Ok(());
    }
    let title = format!("the commands of `{stages}` are too long to stand in one text");
    let help = "a program takes 120 kB as one argument, and a line has at most 60 kB: put the text into a file";
    Err(Problem::new(title, help))
}

/// A command, and what turns `set -e` off and on again around one that may fail.
fn run(command: &PlanCommand) -> Vec<String> {
    let line = format!("_run {}", argument(&command.evaluated));
    if command.allow_failure {
        vec!["set +e".to_owned(), line, "set -e".to_owned()]
    } else {
        vec![line]
    }
}

/// What runs when a command failed, each to its own end; a stage that may fail ends well after that.
fn on_failure(stage: &Stage) -> [String; 2] {
    let mut lines = vec!["_end() { _code=$?; [ $_code != 0 ] || exit 0; set +e".to_owned()];
    let each = stage.on_failure.iter();
    lines.extend(each.map(|command| format!("_run {}", argument(&command.evaluated))));
    if stage.allow_failure {
        let name = &stage.name;
        lines.push(format!(
            "echo \"{name} may fail, and did: exit code $_code\""
        ));
        lines.push("exit 0".to_owned());
    } else {
        lines.push("exit $_code".to_owned());
    }
    let function = format!("{}; }}", lines.join(&format!("{NEXT}  ")));
    [function, "trap _end EXIT".to_owned()]
}

/// The stage's variables: those without a newline in one statement, each other one in its own.
fn exports(stage: &Stage) -> Vec<String> {
    let (lines, plain): (Vec<_>, Vec<_>) = stage.env.iter().partition(|(_, v)| v.contains('\n'));
    let word = |(name, value): (&String, &String)| format!("{name}={}", word(value));
    let words: Vec<String> = plain.into_iter().map(word).collect();
    let mut all = Vec::new();
    if !words.is_empty() {
        all.push(format!("export {}", fold(&words, FOLD)));
    }
    let own = |(name, value): (&String, &String)| {
        let text = format!("export {name}={}", quote::word(value));
        format!("eval {}", argument(&text))
    };
    all.extend(lines.into_iter().map(own));
    all
}

/// Words of the shell that come to this text: joined by one blank each, as `"$*"` does, or one that prints its lines.
fn argument(text: &str) -> String {
    let text = text.trim_end_matches('\n');
    if !text.contains('\n') {
        return pieces(text, FOLD);
    }
    let lines = text.split('\n');
    let lines: Vec<String> = lines
        .map(|line| format!("_line {}", pieces(line, " \\\n          ")))
        .collect();
    format!("\"$({})\"", lines.join("; \\\n        "))
}

/// One line of text as quoted words of some width, which one blank each joins again.
fn pieces(line: &str, gap: &str) -> String {
    let mut all: Vec<String> = Vec::new();
    for part in line.split(' ') {
        match all.last_mut() {
            Some(last) if last.len() + part.len() < WIDTH - 15 => {
                last.push(' ');
                last.push_str(part);
            }
            _ => all.push(part.to_owned()),
        }
    }
    let all: Vec<String> = all.iter().map(|piece| quoted(piece)).collect();
    all.join(gap)
}

/// Words in lines of some width.
pub(super) fn fold(words: &[String], gap: &str) -> String {
    let (mut text, mut length) = (String::new(), 0);
    for word in words {
        if length + word.len() > WIDTH - 10 && length > 0 {
            text += gap;
            length = 0;
        } else if length > 0 {
            text.push(' ');
        }
        text += word;
        length += word.len() + 1;
    }
    text
}

/// One word; in quotes where the shell would see more in it.
pub(super) fn word(text: &str) -> String {
    if !text.contains(late::CPUS) && quote::word(text) == text {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text without newlines in quotes: single ones, or double ones where that reads better. What stands for the number
/// of processors gets its value. A `<<` is parted: builders look for here-documents without knowing the shell's quotes.
fn quoted(text: &str) -> String {
    if text.contains(['\'', late::CPUS]) && !text.contains(['"', '$', '`', '\\']) {
        let text = parted(text, r#"<""<"#);
        return format!("\"{}\"", text.replace(late::CPUS, "${_cpus}"));
    }
    let text = parted(&text.replace('\'', r"'\''"), "<''<");
    format!("'{}'", text.replace(late::CPUS, r#"'"${_cpus}"'"#))
}

/// The text without `<<`; twice, as of `<<<` one pass leaves one.
fn parted(text: &str, between: &str) -> String {
    text.replace("<<", between).replace("<<", between)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_readable_quotes_are_chosen() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), "\"it's\"");
        assert_eq!(quoted("it's $x"), r"'it'\''s $x'");
        assert_eq!(quoted("-j\u{fdd0}"), "\"-j${_cpus}\"");
        assert_eq!(quoted("-j\u{fdd0} $x"), r#"'-j'"${_cpus}"' $x'"#);
        assert_eq!(
            argument("a\nb\n\n"),
            "\"$(_line 'a'; \\\n        _line 'b')\""
        );
    }

    /// Whatever a line holds: the shell gets it back, a Dockerfile sees no end of a line, no comment, no document.
    #[test]
    fn pieces_come_to_the_line() {
        proptest!(|(line in "[ a-c'\"$`\\\\<#~é]{0,300}")| {
            let text = pieces(&line, FOLD);
            let words = shlex::split(&text.replace("\\\n", "")).unwrap();
            prop_assert_eq!(words.join(" "), line);
            prop_assert!(!text.contains("<<"));
            for line in text.lines().skip(1) {
                prop_assert!(line.trim_start().starts_with(['\'', '"']), "{}", line);
            }
        });
    }
}
