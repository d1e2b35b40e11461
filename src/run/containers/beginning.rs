//! The image that a stage's container is made from.

use super::super::event::Teller;
use super::EngineEnv;
use super::lookup::{Found, Start};
use crate::plan::chain::Selection;
use crate::problem::Problem;

/// Where one stage begins.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub(crate) image: String,
    pub(crate) layers: usize,
    /// It is not what its key says, nor is what is made from it.
    pub(crate) keyless: bool,
    /// It is what the stage itself left when it ended early: its files are there.
    pub(crate) resumed: bool,
}

impl EngineEnv<'_> {
    /// The image of the stage before, or the base image; with `--resume` what the stage itself left.
    pub(super) fn beginning(
        &mut self,
        at: usize,
        start: &Start,
        selection: &Selection,
        tell: &mut Teller<'_>,
    ) -> Result<Beginning, Problem> {
        let parent = self.parent(at, start);
        let keyless = parent.is_some_and(|found| found.keyless);
        if self.options.resume
            && !selection.is_anew(at)
            && !keyless
            && let Some(beginning) = self.resumed(at, start, tell)?
        {
            return Ok(beginning);
        }
        Ok(match parent {
            Some(Found { image, layers, .. }) => Beginning {
                image: image.clone(),
                layers: *layers,
                keyless,
                resumed: false,
            },
            None => Beginning {
                image: start.base.id().to_owned(),
                layers: start.base.layers(),
                keyless,
                resumed: false,
            },
        })
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
}
