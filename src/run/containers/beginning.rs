//! The image that a stage's container is made from.

use super::super::event::{Kind, Teller};
use super::EngineEnv;
use super::lookup::{Found, Start};
use crate::plan::chain::Selection;
use crate::plan::copy::delivery::Copies;

/// Where one stage begins.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    /// The image, with the links that the stage's own will have.
    pub(crate) on: Found,
    pub(crate) how: How,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// From the stage before, or the base image: all files are sent.
    Clean,
    /// From what the stage itself left when it ended early: its files are there.
    Resumed,
    /// From the stage's own newest image: its files are made up to date, and what is sent gets this time.
    Increment { time: u64 },
}

/// The files that a stage's container gets.
pub(crate) enum Files<'a> {
    None,
    All(Copies<'a>),
    /// Those of the stage and of all below it that are not there yet.
    Changed {
        chain: Vec<Copies<'a>>,
        time: u64,
    },
}

impl EngineEnv<'_> {
    /// With `--resume` what the stage itself left; of an incremental stage its newest image; else the image of the stage
    /// before, or the base image.
    pub(super) fn beginning(
        &mut self,
        at: usize,
        start: &Start,
        selection: &Selection,
        tell: &mut Teller<'_>,
    ) -> Beginning {
        if self.options.resume
            && !selection.is_anew(at)
            && !self.starts_keyless(at, start)
            && let Some(beginning) = self.resumed(at, start, tell)
        {
            return beginning;
        }
        if let Some(own) = start.increment(at) {
            let on = Found {
                image: own.image.clone(),
                layers: own.layers,
                keyless: false,
                links: own.links,
                from: own.from.clone(),
            };
            let how = How::Increment { time: own.time };
            return Beginning { on, how };
        }
        if let Some(text) = start.why_clean(at, self.plan) {
            tell.say(Kind::Note { text });
        }
        self.clean(at, start)
    }

    /// From the image of the stage before, or the base image.
    fn clean(&self, at: usize, start: &Start) -> Beginning {
        let base = || Found {
            image: start.base.id().to_owned(),
            layers: start.base.layers(),
            keyless: false,
            links: 0,
            from: String::new(),
        };
        Beginning {
            on: self.parent(at, start).cloned().unwrap_or_else(base),
            how: How::Clean,
        }
    }

    /// Does a stage start from an image that is not what its key says?
    pub(super) fn starts_keyless(&self, at: usize, start: &Start) -> bool {
        self.parent(at, start).is_some_and(|found| found.keyless)
    }

    /// The stage before, where it is kept.
    fn parent<'s>(&self, at: usize, start: &'s Start) -> Option<&'s Found> {
        let parent = self.plan.stages[at].parent?;
        start.found[parent].as_ref()
    }

    /// The files that a stage gets that begins so.
    pub(super) fn files(&self, at: usize, how: How) -> Files<'_> {
        let copies = |at: usize| {
            let stage = &self.plan.stages[at];
            self.manifests[at].as_ref().map(|files| Copies {
                stage: &stage.name,
                workdir: &stage.workdir,
                files,
            })
        };
        match how {
            How::Resumed => Files::None,
            How::Clean => copies(at).map_or(Files::None, Files::All),
            How::Increment { time } => {
                let mut chain: Vec<Copies<'_>> = self.plan.down(at).filter_map(copies).collect();
                chain.reverse();
                Files::Changed { chain, time }
            }
        }
    }
}
