//! A command as a value: what would be run, printable as a line that one can paste.
//!
//! Nothing here runs anything; `exec/` does.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use crate::quote;

/// Where a command's standard input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Stdin {
    /// `/dev/null`.
    #[default]
    Null,
    /// The caller's own: for `shell`.
    Inherit,
    /// This text.
    Text(String),
    /// Bytes made while they are sent; the text is the command that makes the same.
    Made(String),
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) argv: Vec<String>,
    pub(crate) dir: Option<PathBuf>,
    /// Set in the child's environment.
    pub(crate) env: Vec<(String, OsString)>,
    /// Taken out of the child's environment.
    pub(crate) unset: Vec<String>,
    /// Start from an empty environment in place of ours.
    pub(crate) clean: bool,
    pub(crate) stdin: Stdin,
}

impl Command {
    pub(crate) fn new<S: Into<String>>(argv: impl IntoIterator<Item = S>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.argv.push(arg.into());
        self
    }

    pub(crate) fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.argv.extend(args.into_iter().map(Into::into));
        self
    }

    pub(crate) fn stdin(mut self, stdin: Stdin) -> Self {
        self.stdin = stdin;
        self
    }

    /// The program's name, for messages.
    pub(crate) fn program(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }
}

/// A word that no line of `text` is, to end a here-document with.
fn end_mark(text: &str) -> String {
    let mut mark = "RUNENV".to_owned();
    while text.lines().any(|line| line == mark) {
        mark.push('_');
    }
    mark
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        if let Some(dir) = &self.dir {
            line += &format!("cd {} && ", quote::word(&dir.to_string_lossy()));
        }
        if let Stdin::Made(source) = &self.stdin {
            line += &format!("{source} | ");
        }
        if self.clean || !self.env.is_empty() || !self.unset.is_empty() {
            line += "env ";
            if self.clean {
                line += "-i ";
            }
            for name in &self.unset {
                line += &format!("-u {} ", quote::word(name));
            }
            for (name, value) in &self.env {
                line += &format!("{name}={} ", quote::word(&value.to_string_lossy()));
            }
        }
        line += &quote::words(&self.argv);
        f.write_str(&line)?;
        match &self.stdin {
            Stdin::Null => f.write_str(" </dev/null"),
            Stdin::Inherit | Stdin::Made(_) => Ok(()),
            Stdin::Text(text) => {
                let mark = end_mark(text);
                let gap = if text.ends_with('\n') || text.is_empty() {
                    ""
                } else {
                    "\n"
                };
                write!(f, " <<'{mark}'\n{text}{gap}{mark}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_prints_as_one_would_type_it() {
        let mut command = Command::new(["docker", "create", "a b"]);
        assert_eq!(command.to_string(), "docker create 'a b' </dev/null");
        command.env.push(("X".into(), "1 2".into()));
        command.stdin = Stdin::Text("echo\nRUNENV\n".into());
        assert_eq!(
            command.to_string(),
            "env X='1 2' docker create 'a b' <<'RUNENV_'\necho\nRUNENV\nRUNENV_"
        );
        command.stdin = Stdin::Made("runenv context E S".into());
        assert_eq!(
            command.to_string(),
            "runenv context E S | env X='1 2' docker create 'a b'"
        );
    }
}
