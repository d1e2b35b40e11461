//! What a registry, or the way to it, did not do: data, and the words that people get.

use std::time::Duration;

use crate::problem::Problem;

/// Why there is no answer. Never holds a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    pub(crate) kind: Kind,
    /// The registry, and what it did: `ghcr.io answers 503`.
    pub(crate) said: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// 401, 403: it knows us too little.
    Denied,
    /// It cannot be reached, hangs, cuts off, answers 429 or 5xx, after all tries.
    Lost,
    /// It does not do such things.
    Unsupported,
    /// It answers what cannot be understood.
    Odd,
    /// We were asked to end.
    Interrupted,
}

impl Trouble {
    pub(crate) fn new(kind: Kind, said: impl Into<String>) -> Self {
        let said = said.into();
        Self { kind, said }
    }

    /// The same as a problem, for those who cannot go on without an answer.
    pub(crate) fn problem(&self, doing: &str) -> Problem {
        Problem::engine(format!("cannot {doing}: {}", self.said), self.advice())
    }

    /// What to do about it.
    pub(crate) fn advice(&self) -> &'static str {
        match self.kind {
            Kind::Denied => "log in: `docker login` or `podman login`; or is the name wrong?",
            Kind::Lost => "is the registry reachable from here? run again when it is",
            Kind::Unsupported => {
                "does it allow that? a Distribution registry removes images with `REGISTRY_STORAGE_DELETE_ENABLED=true`; others do on their own pages, or by rules"
            }
            Kind::Odd => "is it a registry of images? try its address by hand",
            Kind::Interrupted => "run again",
        }
    }
}

/// How one try ended that brought no answer.
pub(super) enum Failed {
    /// Another try would end the same.
    For(Trouble),
    /// It had all the time that a registry gets.
    Hung(String),
    /// It may pass; the registry may have said when.
    Passing(String, Option<Duration>),
}

/// What an error of the client's means.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "somebody else's errors, and more may come"
)]
pub(super) fn failed(host: &str, error: &ureq::Error) -> Failed {
    let odd = |said: String| Failed::For(Trouble::new(Kind::Odd, said));
    match error {
        ureq::Error::Timeout(_) => Failed::Hung(format!("{host} does not answer")),
        ureq::Error::Io(error) => Failed::Passing(format!("{host}: {error}"), None),
        ureq::Error::HostNotFound => {
            Failed::Passing(format!("{host}: there is no such host"), None)
        }
        ureq::Error::ConnectionFailed => Failed::Passing(format!("{host} cannot be reached"), None),
        ureq::Error::Protocol(error) => Failed::Passing(format!("{host}: {error}"), None),
        ureq::Error::BodyExceedsLimit(most) => {
            odd(format!("{host} answers more than {most} bytes"))
        }
        other => odd(format!("{host}: {other}")),
    }
}
