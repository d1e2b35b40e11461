//! Images on their way between an engine and a registry: the engine's client carries them, with limits and tries.

use std::time::Duration;

use super::call::Calls;
use crate::command::Command;
use crate::exec::{self, Limits, Stop};
use crate::problem::Problem;
use crate::time;

/// A slower way is taken for one that hangs: clients without a terminal do not say how far they are.
const SLOWEST_BYTES_A_SECOND: u64 = 512 * 1024;

/// Why an image did not arrive, in the client's words.
#[derive(Clone, Debug)]
pub(crate) struct Failed {
    pub(crate) said: String,
    /// Nothing was heard in all the time that it had.
    pub(crate) hung: bool,
}

/// The time that an image of so many bytes gets. `silence` is what goes by for nothing.
pub(crate) fn limit(bytes: u64, silence: Duration) -> Duration {
    silence + Duration::from_secs(bytes / SLOWEST_BYTES_A_SECOND)
}

/// Runs a push or a pull, again for what another try may mend; one that hung had its time. The inner error: the image
/// did not arrive.
pub(crate) fn carry(
    calls: &Calls<'_>,
    command: &Command,
    limit: Duration,
) -> Result<Result<(), Failed>, Problem> {
    let limits = Limits {
        time: Some(limit),
        ..Limits::default()
    };
    let mut waits = time::waits(calls.retries);
    loop {
        let output = exec::capture(command, &limits, calls.cancel)?;
        let failed = |said: String, hung| Ok(Err(Failed { said, hung }));
        let said = match output.exit.stopped {
            None if output.exit.success() => return Ok(Ok(())),
            None => output.error_line(),
            Some(Stop::Interrupted) => return failed("interrupted".to_owned(), false),
            Some(Stop::TimeLimit) => {
                return failed(format!("nothing came of it in {} s", limit.as_secs()), true);
            }
        };
        match waits.next().filter(|_| !is_final(&said)) {
            Some(wait) if !calls.cancel.wait(wait) => {}
            Some(_) | None => return failed(said, false),
        }
    }
}

/// Is it an answer rather than a mishap, by what the engines' clients say of a registry?
fn is_final(said: &str) -> bool {
    const ANSWERS: [&str; 8] = [
        "not found",
        "manifest unknown",
        "name unknown",
        "no such host",
        "did not resolve to an alias",
        "no matching manifest",
        "certificate",
        "http response to https client",
    ];
    let words = words(said);
    is_refusal(said) || !is_busy(&words) && ANSWERS.iter().any(|answer| words.contains(answer))
}

/// Is it the answer of a registry that knows who asks, or does not, and lets them do nothing? Another image would fare no
/// better.
pub(super) fn is_refusal(said: &str) -> bool {
    const REFUSALS: [&str; 5] = [
        "denied",
        "unauthorized",
        "authentication required",
        "no basic auth credentials",
        "forbidden",
    ];
    let said = words(said);
    let status = |code: &str| {
        let mut words = said.split(|c: char| !c.is_alphanumeric());
        words.any(|word| word == code) && (said.contains("http") || said.contains("status"))
    };
    let refused = REFUSALS.iter().any(|words| said.contains(words));
    !is_busy(&said) && (refused || status("401") || status("403"))
}

/// Does a registry say that it was asked too often?
fn is_busy(words: &str) -> bool {
    words.contains("toomanyrequests")
}

/// What is said but names and addresses, which may be called anything.
fn words(said: &str) -> String {
    let word = |word: &&str| {
        let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
        !inner.contains(['/', ':', '@'])
    };
    let words: Vec<&str> = said.split_whitespace().filter(word).collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_mishaps() {
        for said in [
            "unexpected status code 503 Service Unavailable",
            "read tcp 127.0.0.1:1->127.0.0.1:2: connection reset by peer",
            "Get \"https://r.io/v2/\": net/http: TLS handshake timeout",
            "unexpected EOF",
            "toomanyrequests: access denied for a while",
            "dial tcp 127.0.0.1:5000: connect: connection refused",
            "initializing source docker://r.io/denied/unauthorized:forbidden: status code 500",
            "received unexpected HTTP status: 500 of r.io/not:found",
        ] {
            assert!(!is_final(said), "{said}");
            assert!(!is_refusal(said), "{said}");
        }
        for said in [
            "manifest for 127.0.0.1:5000/p:gone not found: manifest unknown",
            "Error response from daemon: pull access denied for p, repository does not exist",
            "denied: requested access to the resource is denied",
            "unauthorized: authentication required",
            "dial tcp: lookup r.example on 10.0.0.1:53: no such host",
            "error parsing HTTP 403 response body: \"Forbidden\"",
        ] {
            assert!(is_final(said), "{said}");
        }
    }

    #[test]
    fn a_refusal_is_told_from_other_answers() {
        for said in [
            "denied: requested access to the resource is denied",
            "unauthorized: authentication required",
            "no basic auth credentials",
            "error parsing HTTP 403 response body: unexpected end of JSON input: \"\"",
            "writing blob: initiating layer upload to /v2/x/blobs/uploads/ in r.io: StatusCode: 403, \"\"",
            "received unexpected HTTP status: 401 Unauthorized",
        ] {
            assert!(is_refusal(said), "{said}");
            assert!(is_final(said), "{said}");
        }
        for said in [
            "manifest for r.io/p:gone not found: manifest unknown",
            "dial tcp: lookup r.example on 10.0.0.1:53: no such host",
            "received unexpected HTTP status: 500 of r.io/403",
        ] {
            assert!(!is_refusal(said), "{said}");
        }
    }
}
