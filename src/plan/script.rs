//! The sh script of a stage: one brace group, exports, commands between marks.
//!
//! Pure text. The body enters the key; what `preamble` adds (the mark, proxies, `on-failure`) does not.

use std::collections::BTreeMap;

use super::copy::delivery::Delivery;
use super::{PlanCommand, Stage, user};
use crate::environment::{Form, StageCommand};
use crate::quote;

/// A longer line does not fit into one argument of a program (128 KiB on Linux).
pub(crate) const LONGEST_ARGUMENT: usize = 120_000;
/// The engines' own default, for an image that has none.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How a script ends that cannot make or enter its workdir.
pub(crate) const NO_WORKDIR: i32 = 125;
/// Who ends a stage asks all of its processes at once (`Engine::terminate`): the script waits for the others, since all
/// that is left when it ends is killed.
const ENDING: &str =
    "trap 'while kill -0 -1; do sleep 0.1 || sleep 1; done 2>/dev/null; exit 143' TERM\n";
/// What a mark in the output begins with, before the run's random word.
pub(crate) const MARK: u8 = 0x1e;

/// What the shell evaluates for a command: prelude first; `shell` decides who reads a line.
pub(crate) fn evaluated(command: &StageCommand, prelude: &[String], shell: &[String]) -> String {
    let (text, line) = match &command.form {
        Form::Line(text) => (text.clone(), true),
        // `exec`: a program, not a function or a built-in of the same name.
        Form::Argv(words) => (format!("exec {}", quote::words(words)), false),
    };
    if !line && prelude.is_empty() {
        return text;
    }
    let text = prelude
        .iter()
        .chain([&text])
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join("\n");
    match interpreter(shell) {
        None => text,
        Some(words) => format!("exec {} {}", quote::words(&words), quote::word(&text)),
    }
}

/// The argv that takes a line as its last word; `None`: the stage's own `sh -e`.
pub(crate) fn interpreter(shell: &[String]) -> Option<Vec<String>> {
    let words = |list: &[&str]| Some(list.iter().map(|w| (*w).to_owned()).collect());
    match shell {
        [] => None,
        [one] if one == "sh" || one == "sh -e" => None,
        [one] if one == "bash" => words(&["bash", "-euo", "pipefail", "-c"]),
        list => Some(list.to_vec()),
    }
}

/// `export` lines, sorted by name.
pub(crate) fn exports(env: &BTreeMap<String, String>) -> String {
    env.iter()
        .map(|(name, value)| format!("export {name}={}\n", quote::word(value)))
        .collect()
}

/// The brace group. It is read whole before anything runs, so a child that reads stdin finds nothing, and a script
/// that was cut off does not run at all.
///
/// The stamp in `/.runenv` makes every stage a layer of its own: docker adds none where nothing changed, and the
/// number of layers is what tells a stage from what somebody built on it.
pub(crate) fn body(
    stage: &str,
    workdir: &str,
    user: Option<&str>,
    exports: &str,
    commands: &[PlanCommand],
) -> String {
    let (stage, workdir) = (quote::word(stage), quote::word(workdir));
    let mut text = format!(
        "{{\nexec 2>&1\nset +e\numask 022\nexport PATH=\"${{PATH:-{PATH}}}\"\n\
         mkdir -p /.runenv {workdir} && : >/.runenv/{stage} && cd {workdir} || exit {NO_WORKDIR}\n"
    );
    text += &user.map(user::become_user).unwrap_or_default();
    text += exports;
    for (at, command) in commands.iter().enumerate() {
        let number = at + 1;
        text += &format!("printf '\\036%s begin {number}\\n' \"$runenv_mark\"\n");
        text += &run(command, user.is_some());
        text += &format!(
            "runenv_code=$?\nprintf '\\036%s end {number} %s\\n' \"$runenv_mark\" \"$runenv_code\"\n"
        );
        if !command.allow_failure {
            text += "[ \"$runenv_code\" -eq 0 ] || { runenv_on_failure; exit \"$runenv_code\"; }\n";
        }
    }
    text += "printf '\\036%s done\\n' \"$runenv_mark\"\nexit 0\n} </dev/null\n";
    text
}

/// A command in a shell of its own, and of the stage's user where that is not root.
fn run(command: &PlanCommand, by_user: bool) -> String {
    let line = quoted(&command.evaluated);
    if by_user {
        format!("( runenv_as {line} )\n")
    } else {
        format!("( unset runenv_mark; set -e; eval {line} )\n")
    }
}

/// The script that leaves only the stamp of a stage that passed.
pub(crate) fn stamp(stage: &str) -> String {
    let stage = quote::word(stage);
    format!("{{ mkdir -p /.runenv && : >/.runenv/{stage}; }} </dev/null\n")
}

/// Always in quotes: a command is data to the script that evaluates it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// The script of what runs behind a stage, in its container, which has ended: each command to its own end.
pub(crate) fn finally(mark: &str, exported: &[(String, String)], stage: &Stage) -> String {
    let each = stage.finally.iter().cloned();
    let commands: Vec<PlanCommand> = each
        .map(|command| PlanCommand {
            allow_failure: true,
            ..command
        })
        .collect();
    let user = stage.user.as_deref();
    let body = body(&stage.name, &stage.workdir, user, &stage.exports, &commands);
    let quiet = Stage {
        on_failure: Vec::new(),
        ..stage.clone()
    };
    preamble(mark, exported, &quiet, None) + &body
}

/// The lines before the body, outside the key.
pub(crate) fn preamble(
    mark: &str,
    proxies: &[(String, String)],
    stage: &Stage,
    delivery: Option<&Delivery>,
) -> String {
    let mut text = format!("runenv_mark={mark}\n{ENDING}");
    for (name, value) in proxies {
        text += &format!("export {name}={}\n", quote::word(value));
    }
    if stage.user.is_some() {
        text += &user::give(delivery, &stage.workdir);
    }
    text += "runenv_on_failure() {\n:\n";
    if !stage.on_failure.is_empty() {
        text += "printf '\\036%s on-failure\\n' \"$runenv_mark\"\n";
        for command in &stage.on_failure {
            text += &run(command, stage.user.is_some());
        }
    }
    text + "}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> StageCommand {
        StageCommand {
            form: Form::Line(text.into()),
            allow_failure: false,
            place: None,
            uses: Vec::new(),
        }
    }

    #[test]
    fn the_shell_decides_who_reads_a_line() {
        let argv = StageCommand {
            form: Form::Argv(vec!["echo".into(), "a b".into()]),
            ..line("")
        };
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
        assert_eq!(evaluated(&line("make x"), &[], &[]), "make x");
        assert_eq!(
            evaluated(&line("make x"), &words(&[". p"]), &[]),
            ". p\nmake x"
        );
        assert_eq!(
            evaluated(&line("a | b"), &[], &words(&["bash"])),
            "exec bash -euo pipefail -c 'a | b'"
        );
        assert_eq!(evaluated(&argv, &[], &words(&["bash"])), "exec echo 'a b'");
        assert_eq!(
            evaluated(&argv, &words(&["p"]), &words(&["nix-shell", "--run"])),
            "exec nix-shell --run 'p\nexec echo '\\''a b'\\'''"
        );
    }

    #[test]
    fn exports_are_sorted_and_quoted() {
        let env = BTreeMap::from([
            ("B".to_owned(), "x y".to_owned()),
            ("A".to_owned(), "$(id)".to_owned()),
        ]);
        assert_eq!(exports(&env), "export A='$(id)'\nexport B='x y'\n");
    }
}
