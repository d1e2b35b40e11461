//! Why a stage is run: what changed against the last run, or against the nearest image.

use super::records::Last;
use super::refuted::Untaken;
use crate::plan::record::{self, Change, Record, What};

/// Why a stage is run.
#[derive(Debug)]
pub(crate) enum Why {
    /// Nothing of it was ever passed, as far as is known here.
    New,
    /// It passed with this very key, and its image is not there any more.
    Gone,
    /// It passed with this very key on the other engine.
    OtherEngine(String),
    /// An image of this very key is there and not taken.
    NotTaken(Untaken),
    /// Only the stage before it changed, or is run.
    Before(String),
    Changed {
        against: Against,
        changes: Vec<Change>,
    },
    /// On this host: it passed with another key.
    OtherKey,
    /// On this host: it did not pass in its tree, or not since it was last begun there.
    NotPassed,
    /// On this host: this stage runs before it in the tree.
    InTree(String),
    /// There are images of it that do not say what they were made of.
    Unsaid,
}

/// What a stage is compared with.
#[derive(Clone, Debug)]
pub(crate) enum Against {
    LastRun,
    /// An image on the engine, by its id, or in a registry, by its name: of this stage of this environment, with the
    /// most in common.
    Image(String),
}

/// The image of a stage that has the most in common with what is to be run.
#[derive(Debug)]
pub(crate) enum Nearest {
    None,
    /// There are some, and what they say of themselves cannot be read.
    Unsaid,
    /// By its id or name.
    Image(String, Box<Record>),
}

impl Why {
    /// `untaken`: why an image of its key that is there is not taken; `nearest` is asked where there is no record of the
    /// last run.
    pub(crate) fn of(
        new: &Record,
        last: Option<&Last>,
        untaken: Option<Untaken>,
        engine: &str,
        nearest: impl FnOnce() -> Nearest,
    ) -> Self {
        if let Some(why) = untaken {
            return Self::NotTaken(why);
        }
        let (against, old) = match last {
            Some(Last { engine: on, record }) if record.key == new.key => {
                return if on == engine {
                    Self::Gone
                } else {
                    Self::OtherEngine(on.clone())
                };
            }
            Some(last) => (Against::LastRun, last.record.clone()),
            None => match nearest() {
                Nearest::None => return Self::New,
                Nearest::Unsaid => return Self::Unsaid,
                Nearest::Image(image, record) => (Against::Image(image), *record),
            },
        };
        let changes = record::changes(&old, new);
        match changes.as_slice() {
            [only] if only.what == What::Stage => Self::Before(only.name.clone()),
            _ => Self::Changed { against, changes },
        }
    }

    /// The same with what changed of stages before it that are not run, since it starts from its own image.
    pub(crate) fn with(mut self, more: Vec<Change>) -> Self {
        if matches!(self, Self::Before(_)) && !more.is_empty() {
            return Self::Changed {
                against: Against::LastRun,
                changes: more,
            };
        }
        if let Self::Changed { against, changes } = &mut self
            && matches!(against, Against::LastRun)
        {
            changes.extend(more);
        }
        self
    }

    /// The same in a line; `None` where it is new, or the stage before was run for a reason that was told.
    pub(crate) fn brief(&self, engine: &str) -> Option<String> {
        match self {
            Self::New | Self::Before(_) | Self::OtherKey | Self::NotPassed | Self::InTree(_) => {
                None
            }
            Self::NotTaken(why) => Some(why.words().to_owned()),
            Self::Gone => Some("its image is gone".to_owned()),
            Self::OtherEngine(_) => Some(format!("{engine} has no image of it")),
            Self::Unsaid => Some("its images do not say what they were made of".to_owned()),
            Self::Changed { against, changes } => {
                let own = changes.iter().filter(|change| change.what != What::Stage);
                let own: Vec<Change> = own.cloned().collect();
                let words = (!own.is_empty()).then(|| record::brief(&own))?;
                Some(match against {
                    Against::LastRun => words,
                    Against::Image(image) => format!("{words} (against {})", short(image)),
                })
            }
        }
    }
}

/// An id as engines shorten it; a name as it is.
pub(crate) fn short(image: &str) -> &str {
    let id = image.strip_prefix("sha256:").unwrap_or(image);
    let hex = id.len() == 64 && id.bytes().all(|b| b.is_ascii_hexdigit());
    if hex { &id[..12] } else { image }
}
