//! Images on their way to the registry, beside the stages that run meanwhile.
//!
//! One thread for each environment, one image after another: a stage's layers are there when the next one's are sent.
//! A push that fails is a result of the stage, and stops nothing.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use super::super::Push;
use super::super::event::{Event, Kind};
use super::super::result::{PushState, Pushed};
use super::EngineEnv;
use super::base::Beyond;
use super::call::Calls;
use super::lookup::Found;
use super::registry::Registry;
use super::stage::key_tag;
use super::transfer;
use crate::digest::Digest;
use crate::engine::facts;
use crate::exec::{self, Limits};
use crate::plan::chain::Selection;
use crate::registry::Reference;

impl EngineEnv<'_> {
    /// What may be asked beside the engine. Where nothing is reused, a registry has nothing to tell.
    pub(super) fn beyond(&self, selection: &Selection) -> Beyond<'_> {
        if self.options.offline {
            Beyond::Nobody
        } else if self.plan.registries.look.is_empty() || !selection.may_find() {
            Beyond::Engine
        } else {
            Beyond::Registry(self.world.registry(self.calls.cancel))
        }
    }

    /// Sends a stage's image to the registry, if it is to go there. `made`: it was not found, but made by this run.
    pub(super) fn push(&mut self, at: usize, key: Digest, found: &Found, made: bool) {
        let stage = &self.plan.stages[at];
        // What was made in increments is this machine's.
        let whole = !found.keyless && found.links == 0;
        let wanted = self.options.push != Push::No && stage.push && whole;
        if !wanted || self.plan.registries.push.is_none() {
            return;
        }
        let pusher = self.pusher.get_or_insert_with(|| {
            let counts = self.options.push == Push::Yes;
            Pusher::new(self.calls, self.world.registry(self.calls.cancel), counts)
        });
        pusher.push(Work {
            stage: at,
            image: found.image.clone(),
            name: self.plan.image_name(stage, &key_tag(key)),
            made,
        });
    }

    /// Waits for what is still on its way, and notes what came of it.
    pub(super) fn end_pushes(&mut self, tell: &mut dyn FnMut(Event)) {
        let Some(pusher) = self.pusher.take() else {
            return;
        };
        let env = &self.plan.env;
        for (at, pushed, note) in pusher.finish() {
            let stage = self.plan.stages[at].name.clone();
            if let Some(text) = note {
                let (env, kind) = (env.clone(), Kind::Note { text });
                tell(Event { env, stage, kind });
            }
            let mut results = self.results.iter_mut();
            if let Some(result) = results.find(|r| r.name == self.plan.stages[at].name) {
                result.pushed = Some(pushed);
            }
        }
    }
}

/// One image to push.
pub(crate) struct Work {
    /// The stage's index.
    pub(crate) stage: usize,
    /// The image's id on the engine.
    pub(crate) image: String,
    /// Its name there and in the registry.
    pub(crate) name: String,
    /// It was just made: what has its name in the registry is replaced.
    pub(crate) made: bool,
}

/// The thread and the way to it.
pub(crate) struct Pusher {
    sender: mpsc::Sender<Work>,
    thread: JoinHandle<Vec<(usize, Pushed, Option<String>)>>,
}

impl Pusher {
    /// `counts`: that an image cannot be pushed makes the run fail.
    pub(crate) fn new(calls: Calls<'_>, registry: &Arc<Registry>, counts: bool) -> Self {
        let (sender, receiver) = mpsc::channel::<Work>();
        let (registry, cancel) = (Arc::clone(registry), calls.cancel.clone());
        let (engine, retries) = (calls.engine, calls.retries);
        let thread = std::thread::spawn(move || {
            let mut to = To {
                calls: Calls {
                    engine,
                    cancel: &cancel,
                    retries,
                },
                registry: &registry,
                hung: false,
            };
            let pushed = receiver.into_iter().map(|work| {
                let (state, reason, note) = to.push(&work);
                let pushed = Pushed {
                    state,
                    image: work.name,
                    reason,
                    counts,
                };
                (work.stage, pushed, note)
            });
            pushed.collect()
        });
        Self { sender, thread }
    }

    pub(crate) fn push(&self, work: Work) {
        // It ends when we do, not before; if it panicked, `finish` tells.
        let _ = self.sender.send(work);
    }

    /// Waits for all of them: the stage, how it ended, and what else is to be told.
    pub(crate) fn finish(self) -> Vec<(usize, Pushed, Option<String>)> {
        drop(self.sender);
        self.thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Where images are pushed from and to.
struct To<'a> {
    calls: Calls<'a>,
    registry: &'a Registry,
    /// The last push ended for want of an answer: more would wait as long.
    hung: bool,
}

type Ended = (PushState, Option<String>, Option<String>);

impl To<'_> {
    fn push(&mut self, work: &Work) -> Ended {
        let not_pushed = |why: String| (PushState::NotPushed, Some(why), None);
        let tag = match Reference::parse(&work.name) {
            Ok(tag) => tag,
            Err(problem) => return not_pushed(problem.title),
        };
        if self.hung {
            return not_pushed(format!("{} does not answer", tag.host));
        }
        // What cannot be asked now, the push will tell.
        let before = self.registry.digest_now(&tag);
        if before.is_some() && !work.made {
            self.registry.note(tag, before);
            return (PushState::Present, None, None);
        }
        let question = self.calls.engine.image_inspect(&[&work.image]);
        let answer = exec::capture(&question, &Limits::default(), self.calls.cancel);
        let images = answer.ok().and_then(|a| facts::images(&a.stdout).ok());
        let bytes = images
            .and_then(|i| i.first().map(|i| i.size))
            .unwrap_or_default();
        // An image that was found may have another name; the tag's own trouble is the push's.
        let _ = exec::capture(
            &self.calls.engine.tag(&work.image, &work.name),
            &Limits::default(),
            self.calls.cancel,
        );
        let push = self.calls.engine.push(&work.name);
        let limit = transfer::limit(bytes, self.registry.silence());
        match transfer::carry(&self.calls, &push, limit) {
            Ok(Ok(())) => {}
            Ok(Err(failed)) => {
                self.hung = failed.hung;
                return not_pushed(failed.said);
            }
            Err(problem) => return not_pushed(problem.title),
        }
        let after = self.registry.digest_now(&tag);
        let replaced = before.filter(|before| after.as_ref() != Some(before));
        let note = replaced
            .map(|old| format!("{tag} was another image, {old}: the new one took its place"));
        self.registry.note(tag, after);
        (PushState::Pushed, None, note)
    }
}
