//! What a job of a CI system is told beside text: folds, annotations, a summary.
//!
//! Each system's form is in a file of its own, pure functions that give text; `report::plain` calls them, and
//! `report::out` holds the [`guard`], which no text of others gets through.

pub(crate) mod fold;
pub(crate) mod github;
pub(crate) mod gitlab;
pub(crate) mod guard;
pub(crate) mod summary;

use crate::host::Host;

/// Whose job we are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Github,
    Gitlab,
}

impl Provider {
    /// `None`: in none that is known, or `CI` says that we are in none.
    pub(crate) fn of(host: &Host) -> Option<Self> {
        let is = |name: &str| host.variable(name) == Some("true");
        if host.says_no("CI") {
            None
        } else if is("GITHUB_ACTIONS") {
            Some(Self::Github)
        } else if is("GITLAB_CI") {
            Some(Self::Gitlab)
        } else {
            None
        }
    }

    /// The most bytes of a stage's output that are shown: GitLab cuts a job's log at 4 MB, and what failed comes last.
    pub(super) fn most(self) -> u64 {
        match self {
            Self::Github => 8 << 20,
            Self::Gitlab => 512 << 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_known_by_its_variables() {
        let of = |variables: &[(&str, &str)]| {
            let variables = variables.iter();
            let variables = variables.map(|(name, value)| (name.into(), value.into()));
            Provider::of(&Host {
                variables: variables.collect(),
                ..Host::default()
            })
        };
        assert_eq!(of(&[("CI", "true")]), None);
        let github = ("GITHUB_ACTIONS", "true");
        assert_eq!(of(&[github]), Some(Provider::Github));
        assert_eq!(of(&[github, ("CI", "false")]), None);
        assert_eq!(of(&[("GITHUB_ACTIONS", "1")]), None);
        assert_eq!(of(&[("GITLAB_CI", "true")]), Some(Provider::Gitlab));
    }
}
