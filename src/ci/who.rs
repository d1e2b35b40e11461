//! Whose code a job runs.

/// Whose code a job runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// It makes no difference, as nothing is pushed; or it is not known here.
    Anybody,
    Own,
    Fork,
}

impl Who {
    /// Those that have jobs of their own: `shares`: there is a registry to push to; `pulls`: others may ask that theirs be
    /// merged.
    pub(super) fn all(shares: bool, pulls: bool) -> &'static [Self] {
        match (shares, pulls) {
            (false, _) => &[Self::Anybody],
            (true, false) => &[Self::Own],
            (true, true) => &[Self::Own, Self::Fork],
        }
    }
}
