//! Names of a stage's image beside that of its key, for people: git's description of the tree that it was made of, and
//! what `--tag` says. Nothing is looked for by them.

use super::EngineEnv;
use crate::exec;
use crate::plan::Stage;

impl EngineEnv<'_> {
    /// The names that the image gets. One that was found keeps the description of the tree that it was made of.
    pub(super) fn other_names(&self, stage: &Stage, made: bool) -> Vec<String> {
        let describe = made.then(|| self.world.describe()).flatten();
        let tags = self.options.tags.iter().map(String::as_str);
        let tags = describe.into_iter().chain(tags);
        tags.map(|tag| {
            self.plan
                .image_name(stage, &self.plan.named_tag(stage, tag))
        })
        .collect()
    }

    /// Gives them to it on the engine.
    pub(super) fn give_names(&mut self, stage: &Stage, image: &str, made: bool) {
        let names = self.other_names(stage, made);
        let tag = |name: &String| self.calls.engine.tag(image, name);
        self.background
            .push(exec::background(names.iter().map(tag).collect()));
    }
}
