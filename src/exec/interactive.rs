//! A child that has the terminal: `runenv shell`.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::{SIGINT, SIGQUIT};

use super::Ended;
use super::child::{cannot_start, exhausted, expression};
use crate::command::Command;
use crate::problem::Problem;

/// Runs a command with our own stdin, stdout and stderr, in our own process group.
///
/// In our group it gets the terminal's Ctrl-C and Ctrl-\ itself, and may read the terminal. So do we, and must outlive it:
/// INT and QUIT do nothing to us from here on (handlers, which children do not inherit, unlike ignoring). `Cancel` goes
/// on counting INT; what was counted meanwhile was meant for the child.
pub(crate) fn interactive(command: &Command) -> Result<Ended, Problem> {
    for signal in [SIGINT, SIGQUIT] {
        let unheard = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal, unheard).map_err(|e| exhausted(&e))?;
    }
    let output = expression(command)
        .run()
        .map_err(|e| cannot_start(command, &e))?;
    Ok(output.status.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_for_the_child_is_not_for_us() {
        let ended = interactive(&Command::new(["sh", "-c", "kill -QUIT $PPID; exit 5"])).unwrap();
        assert_eq!(ended, Ended::Code(5));
        let ended = interactive(&Command::new(["sh", "-c", "kill -QUIT $$"])).unwrap();
        assert_eq!(ended.to_string(), "signal QUIT");
        assert!(interactive(&Command::new(["no-such-program"])).is_err());
    }
}
