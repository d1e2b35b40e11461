//! How a child ended, as values. Nothing here starts or waits.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use signal_hook::consts::{SIGKILL, SIGTERM};

/// What the system says of a child that is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Code(i32),
    Signal(i32),
}

impl Ended {
    /// For a child that was told to die and that the system keeps (a disk that does not answer).
    pub(super) const LOST: Self = Self::Signal(SIGKILL);
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit code {code}"),
            Self::Signal(signal) => write!(f, "signal {}", signal_name(*signal)),
        }
    }
}

/// `KILL` for 9; the number where it has no name (real-time signals).
pub(crate) fn signal_name(signal: i32) -> String {
    let name = signal_hook::low_level::signal_name(signal);
    name.map_or_else(
        || signal.to_string(),
        |name| name.trim_start_matches("SIG").to_owned(),
    )
}

/// Why we ended a child that had not ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    TimeLimit,
    Interrupted,
}

/// The end of a child and what we had to do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exit {
    pub(crate) ended: Ended,
    /// Once this is set nothing counts as success, whatever the child said in the end:
    /// podman's client ends with 0 after TERM.
    pub(crate) stopped: Option<Stop>,
    /// A process stayed behind and held the output open.
    pub(crate) leaked: bool,
}

impl Exit {
    /// Of a child that was not started, because the run is being ended.
    pub(super) const NOT_STARTED: Self = Self {
        ended: Ended::Signal(SIGTERM),
        stopped: Some(Stop::Interrupted),
        leaked: false,
    };

    /// Did it end with 0, by itself?
    pub(crate) fn success(&self) -> bool {
        self.ended == Ended::Code(0) && self.stopped.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_have_names() {
        assert_eq!(Ended::Code(7).to_string(), "exit code 7");
        assert_eq!(Ended::Signal(9).to_string(), "signal KILL");
        assert_eq!(Ended::Signal(15).to_string(), "signal TERM");
        assert_eq!(Ended::Signal(42).to_string(), "signal 42");
    }

    #[test]
    fn what_we_stopped_is_no_success() {
        let fine = Exit {
            ended: Ended::Code(0),
            stopped: None,
            leaked: true,
        };
        assert!(fine.success());
        assert!(
            !Exit {
                stopped: Some(Stop::TimeLimit),
                ..fine
            }
            .success()
        );
        assert!(
            !Exit {
                ended: Ended::Code(1),
                ..fine
            }
            .success()
        );
    }
}
