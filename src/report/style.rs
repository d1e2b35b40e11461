//! The palette by meaning, and whether there is colour at all.
//!
//! May not hold text: whatever a colour says must be said in words too.
//!
//! ```ignore
//! style::paint(out.colour(), style::FAILED, "failed")
//! ```

use anstyle::{AnsiColor, Effects, Style};

use super::job::Provider;
use crate::host::Host;
use crate::run::result::State;

pub(crate) const OK: Style = AnsiColor::Green.on_default().effects(Effects::BOLD);
pub(crate) const FAILED: Style = AnsiColor::BrightRed.on_default().effects(Effects::BOLD);
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().effects(Effects::BOLD);
/// What to do next.
pub(crate) const HINT: Style = AnsiColor::BrightCyan.on_default();
pub(crate) const PATH: Style = AnsiColor::BrightBlue.on_default();
/// Names and texts of the user.
pub(crate) const LITERAL: Style = Style::new().effects(Effects::BOLD);
/// What is there for those who look for it.
pub(crate) const DIM: Style = Style::new().effects(Effects::DIMMED);

/// The style of a state's word.
pub(crate) fn of(state: State) -> Style {
    match state {
        State::Passed => OK,
        State::Failed
        | State::TimedOut
        | State::OutOfMemory
        | State::Interrupted
        | State::Error => FAILED,
        State::Skipped | State::NotRun => DIM,
    }
}

/// The text in a style, or as it is where there is no colour.
pub(crate) fn paint(colour: bool, style: Style, text: &str) -> String {
    if colour && !text.is_empty() {
        format!("{style}{text}{style:#}")
    } else {
        text.to_owned()
    }
}

/// Is a stream coloured? `choice` is what `--color` says: `auto`, `always` or `never`.
///
/// In `auto`: `NO_COLOR`, then `FORCE_COLOR` (`0` is no), then a dumb or unknown terminal or CI has none, then whatever
/// is a terminal has.
pub(crate) fn colour(choice: Option<&str>, host: &Host, terminal: bool) -> bool {
    match choice {
        Some("always") => return true,
        Some("never") => return false,
        _ => {}
    }
    if host.is_set("NO_COLOR") {
        return false;
    }
    if host.is_set("FORCE_COLOR") {
        return !host.says_no("FORCE_COLOR");
    }
    is_watched(host, terminal)
}

/// Is a stream a terminal that can do more than print lines, and does somebody look at it? Nobody does in CI.
pub(crate) fn is_watched(host: &Host, terminal: bool) -> bool {
    let able = host
        .variable("TERM")
        .is_some_and(|term| term != "dumb" && !term.is_empty());
    terminal && able && !host.is_ci() && Provider::of(host).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(variables: &[(&str, &str)]) -> Host {
        let variables = variables
            .iter()
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        Host {
            variables,
            ..Host::default()
        }
    }

    /// `--color`, variables, is it a terminal, is it coloured.
    type Row = (
        Option<&'static str>,
        &'static [(&'static str, &'static str)],
        bool,
        bool,
    );

    #[test]
    fn colour_follows_the_user_then_the_variables_then_the_terminal() {
        const XTERM: (&str, &str) = ("TERM", "xterm");
        let table: [Row; 17] = [
            (None, &[XTERM], true, true),
            (None, &[XTERM], false, false),
            (None, &[], true, false),
            (None, &[("TERM", "dumb")], true, false),
            (Some("auto"), &[XTERM], true, true),
            (Some("always"), &[("NO_COLOR", "1")], false, true),
            (Some("never"), &[XTERM, ("FORCE_COLOR", "1")], true, false),
            (None, &[XTERM, ("NO_COLOR", "1")], true, false),
            (None, &[XTERM, ("NO_COLOR", "")], true, true),
            (None, &[("FORCE_COLOR", "1")], false, true),
            (None, &[XTERM, ("FORCE_COLOR", "0")], true, false),
            (
                None,
                &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")],
                true,
                false,
            ),
            (None, &[XTERM, ("CI", "true")], true, false),
            (None, &[XTERM, ("CI", "false")], true, true),
            (None, &[XTERM, ("GITLAB_CI", "true")], true, false),
            (
                None,
                &[("CI", "true"), ("FORCE_COLOR", "true")],
                false,
                true,
            ),
            (None, &[("TERM", "dumb"), ("FORCE_COLOR", "1")], false, true),
        ];
        for (choice, variables, terminal, expected) in table {
            let actual = colour(choice, &host(variables), terminal);
            assert_eq!(actual, expected, "{choice:?} {variables:?} {terminal}");
        }
    }

    #[test]
    fn paint_leaves_text_alone_without_colour() {
        assert_eq!(paint(false, FAILED, "failed"), "failed");
        assert_eq!(paint(true, DIM, "x"), "\x1b[2mx\x1b[0m");
        assert_eq!(paint(true, DIM, ""), "");
    }
}
