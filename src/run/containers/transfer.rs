//! Images on their way between an engine and a registry: the engine's client carries them, with limits and tries.

use std::time::Duration;

use crate::command::Command;
use crate::exec::{self, Cancel, Limits, Stop};

/// Between tries.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];
/// A slower way is taken for one that hangs: clients without a terminal do not say how far they are.
const SLOWEST_BYTES_A_SECOND: u64 = 512 * 1024;

/// Why an image did not arrive, in the client's words.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) said: String,
    /// Nothing was heard in all the time that it had.
    pub(crate) hung: bool,
}

/// Runs a push or a pull of an image of so many bytes: three tries, but for what another try cannot mend. `silence` is
/// the time that goes by for nothing.
pub(crate) fn carry(
    command: &Command,
    bytes: u64,
    silence: Duration,
    cancel: &Cancel,
) -> Result<(), Failed> {
    let limit = silence + Duration::from_secs(bytes / SLOWEST_BYTES_A_SECOND);
    let limits = Limits {
        time: Some(limit),
        ..Limits::default()
    };
    let mut waits = WAITS.into_iter();
    loop {
        let failed = match exec::capture(command, &limits, cancel) {
            Err(problem) => {
                return Err(Failed {
                    said: problem.title,
                    hung: false,
                });
            }
            Ok(output) if output.exit.success() => return Ok(()),
            Ok(output) => match output.exit.stopped {
                Some(Stop::Interrupted) => {
                    return Err(Failed {
                        said: "interrupted".to_owned(),
                        hung: false,
                    });
                }
                Some(Stop::TimeLimit) => Failed {
                    said: format!("nothing came of it in {} s", limit.as_secs()),
                    hung: true,
                },
                None => Failed {
                    said: output.error_line(),
                    hung: false,
                },
            },
        };
        let wait = waits.next().filter(|_| !is_final(&failed.said));
        match wait {
            Some(wait) if !cancel.wait(wait) => {}
            Some(_) | None => return Err(failed),
        }
    }
}

/// Is it an answer rather than a mishap, by what the engines' clients say of a registry?
fn is_final(said: &str) -> bool {
    const WORDS: [&str; 6] = [
        "denied",
        "unauthorized",
        "authentication required",
        "not found",
        "unknown",
        "forbidden",
    ];
    let said = said.to_lowercase();
    WORDS.iter().any(|word| said.contains(word))
}
