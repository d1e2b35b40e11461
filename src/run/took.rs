//! How long something took, as results and the history have it. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Who says that a stage took longer is wrong: ten years.
const LONGEST: f64 = 10.0 * 365.0 * 86_400.0;

/// How long something took, in seconds with three digits in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Took(pub(crate) Duration);

impl Serialize for Took {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64((self.0.as_secs_f64() * 1000.0).round() / 1000.0)
    }
}

impl<'de> Deserialize<'de> for Took {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let time = Duration::try_from_secs_f64(seconds);
        let time = time.ok().filter(|_| seconds < LONGEST).map(Self);
        time.ok_or_else(|| serde::de::Error::custom("no time that a stage takes"))
    }
}
