//! How a stage's image came to the registry: data.

use serde::{Deserialize, Serialize};

/// A stage's image in the registry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Pushed {
    pub(crate) state: PushState,
    pub(crate) image: String,
    /// Why it is not there.
    pub(crate) reason: Option<String>,
    /// That it is not there makes the run fail.
    #[serde(skip)]
    pub(crate) counts: bool,
    /// It was not tried, since the registry refused another one, which was told.
    #[serde(skip)]
    pub(crate) untried: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum PushState {
    Pushed,
    /// It was there already.
    Present,
    NotPushed,
    /// We were asked to end before it was there.
    Interrupted,
}

impl Pushed {
    /// Is it missing, and was it to be there?
    pub(super) fn failed(&self) -> bool {
        self.counts && matches!(self.state, PushState::NotPushed | PushState::Interrupted)
    }
}
