//! Images on their way to the registry, beside the stages that run meanwhile.
//!
//! One thread for each environment, one image after another: a stage's layers are there when the next one's are sent.
//! A push that fails is a result of the stage, and stops nothing.

use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use super::super::Push;
use super::super::event::{Event, Kind, Teller};
use super::super::result::{PushState, Pushed};
use super::EngineEnv;
use super::call::Calls;
use super::lookup::expected::Expected;
use super::lookup::registry::Registry;
use super::lookup::{Found, Start};
use super::transfer;
use crate::digest::Digest;
use crate::engine::facts::Image;
use crate::exec::{self, Cancel};
use crate::plan::Stage;
use crate::problem::Problem;
use crate::registry::{Reference, Version};

/// A job that ran out of time has not much left for what it saves.
const MOST_OF_FAILED: Duration = Duration::from_secs(15 * 60);

impl EngineEnv<'_> {
    /// Sends a stage's image to the registry, if it is to go there. `made`: it was not found, but made by this run.
    pub(super) fn push(&mut self, at: usize, start: &Start, found: &Found, made: bool) {
        let (plan, stage) = (self.plan, &self.plan.stages[at]);
        if self.options.push == Push::No || !stage.push || found.keyless {
            return;
        }
        let project = &self.world.ours.id;
        let expected = Expected::of(project, plan, &self.parts, at, start);
        let tag = plan.stage_tag(start.keys[at], found.links == 0);
        let own = plan.image_name(stage, &tag);
        let mut aims = vec![(own.clone(), Aim::Stage { made })];
        if stage.incremental {
            let tag = expected.line_tag(plan);
            aims.push((plan.image_name(stage, &tag), Aim::Line));
        }
        let names = self.other_names(stage, made);
        aims.extend(names.into_iter().map(|name| (name, Aim::Named)));
        self.send(Work {
            stage: at,
            image: found.image.clone(),
            aims,
            own,
            expected: Some(expected),
            counts: self.options.push == Push::Yes,
        });
    }

    /// Is what a stage leaves that ends early to go to the registry?
    pub(super) fn pushes_failed(&self, stage: &Stage) -> bool {
        self.options.push_failed && stage.push && self.plan.registries.push.is_some()
    }

    /// Sends it there, under its name and where others find it by its key.
    pub(super) fn push_failed(
        &mut self,
        stage: &Stage,
        key: Option<Digest>,
        image: &str,
        name: &str,
        tell: &mut Teller<'_>,
    ) {
        let (Some(key), Ok(at)) = (key, self.plan.index(&stage.name)) else {
            let text =
                "what it left is of no key, and nobody could go on from it: it is not pushed";
            let text = text.to_owned();
            tell.say(Kind::Note { text });
            return;
        };
        let tag = self.plan.failed_tag(key);
        let by_key = self.plan.image_name(stage, &tag);
        // The name that `--resume` looks for goes first.
        let names = [by_key, name.to_owned()];
        let own = name.to_owned();
        self.send(Work {
            stage: at,
            image: image.to_owned(),
            aims: names.map(|name| (name, Aim::Failed)).into(),
            own,
            expected: None,
            counts: false,
        });
    }

    fn send(&mut self, work: Work) {
        let Some(repository) = self.plan.registries.push.clone() else {
            return;
        };
        let pusher = self.pusher.get_or_insert_with(|| {
            let ci = self.world.host.is_ci();
            let registry = self.world.registry(self.calls.cancel);
            Pusher::new(self.calls, registry, repository, ci)
        });
        pusher.push(work);
    }

    /// Waits for what is still on its way, and notes what came of it.
    pub(super) fn end_pushes(&mut self, tell: &mut dyn FnMut(Event)) {
        let Some(pusher) = self.pusher.take() else {
            return;
        };
        let env = &self.plan.env;
        for (at, pushed, told) in pusher.finish() {
            let stage = self.plan.stages[at].name.clone();
            if let Some(kind) = told {
                let env = env.clone();
                tell(Event { env, stage, kind });
            }
            let mut results = self.results.iter_mut();
            if let Some(result) = results.find(|r| r.name == self.plan.stages[at].name) {
                result.pushed = Some(pushed);
            }
        }
    }
}

/// What an image is pushed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aim {
    /// The stage of its key. `made`: by this run, so that what has its name in the registry is replaced.
    Stage { made: bool },
    /// The newest image of the stage: one that is newer stays.
    Line,
    /// For people: what has the name is replaced.
    Named,
    /// What a stage left that ended early.
    Failed,
}

/// One image to push.
pub(crate) struct Work {
    /// The stage's index.
    stage: usize,
    /// The image's id on the engine.
    image: String,
    /// Its names in the registry.
    aims: Vec<(String, Aim)>,
    /// The one of them that it keeps on the engine.
    own: String,
    /// What is there already has to be this; `None`: it is replaced.
    expected: Option<Expected>,
    /// That it cannot be pushed makes the run fail.
    counts: bool,
}

/// The thread and the way to it.
pub(crate) struct Pusher {
    sender: mpsc::Sender<Work>,
    thread: JoinHandle<Vec<(usize, Pushed, Option<Kind>)>>,
}

impl Pusher {
    /// `ci`: the signals of a CI's runner end nothing that is still to be saved; it kills in the end.
    fn new(calls: Calls<'_>, registry: &Arc<Registry>, repository: String, ci: bool) -> Self {
        let (sender, receiver) = mpsc::channel::<Work>();
        let (registry, cancel) = (Arc::clone(registry), calls.cancel.clone());
        let (engine, retries) = (calls.engine, calls.retries);
        let thread = std::thread::spawn(move || {
            // What has passed is pushed though another stage's failure ended the run.
            let (signals, _subscription) = cancel.signals();
            let (second, _subscribed) = signals.second();
            let mut to = To {
                calls: Calls {
                    engine,
                    cancel: &signals,
                    retries,
                },
                registry: &registry,
                repository: &repository,
                patient: &if ci { Cancel::never() } else { second },
                hung: false,
            };
            let pushed = receiver.into_iter().map(|work| {
                let (pushed, told) = to.push(&work);
                (work.stage, pushed, told)
            });
            pushed.collect()
        });
        Self { sender, thread }
    }

    fn push(&self, work: Work) {
        // It ends when we do, not before; if it panicked, `finish` tells.
        let _ = self.sender.send(work);
    }

    /// Waits for all of them: the stage, how it ended, and what else is to be told.
    fn finish(self) -> Vec<(usize, Pushed, Option<Kind>)> {
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
    /// All names are below it.
    repository: &'a str,
    /// What a stage left is still pushed after a first signal: this is the second.
    patient: &'a Cancel,
    /// The last push ended for want of an answer: more would wait as long.
    hung: bool,
}

/// How one name was pushed, and what is to be told of it.
type Ended = Result<(PushState, Option<String>), (PushState, String)>;

impl To<'_> {
    /// Pushes an image under all its names. The first that cannot be pushed is the result.
    fn push(&mut self, work: &Work) -> (Pushed, Option<Kind>) {
        let (mut all, mut note) = (PushState::Present, None);
        let pushed = |name: &str, state, reason| Pushed {
            state,
            image: name.to_owned(),
            reason,
            counts: work.counts,
            untried: false,
        };
        if !work.counts && self.registry.refuses(self.repository) {
            let reason = Some(format!("{} refused before", self.repository));
            let untried = Pushed {
                untried: true,
                ..pushed(&work.own, PushState::NotPushed, reason)
            };
            return (untried, None);
        }
        for (name, aim) in &work.aims {
            match self.push_as(work, name, *aim) {
                Ok((state, told)) => {
                    note = note.or(told.map(|text| Kind::Note { text }));
                    if state == PushState::Pushed {
                        all = state;
                    }
                }
                Err((state, reason)) => {
                    let told = self.refused(work, &reason);
                    return (pushed(name, state, Some(reason)), told.or(note));
                }
            }
        }
        (pushed(&work.own, all, None), note)
    }

    /// A registry that refuses one image refuses all: where pushes are only tried it is told once, and left alone.
    fn refused(&self, work: &Work, said: &str) -> Option<Kind> {
        let refused = !work.counts && transfer::is_refusal(said);
        let first = refused && self.registry.note_refusal(self.repository);
        let title = format!("nothing may be pushed to {}: {said}", self.repository);
        let help = "nothing more is tried in this run; `docker login` or `podman login` where it should be";
        let problem = Problem::warning(title, help);
        first.then_some(Kind::Warning { problem })
    }

    /// The engine, and what ends its calls.
    fn calls(&self, aim: Aim) -> Calls<'_> {
        let cancel = if aim == Aim::Failed {
            self.patient
        } else {
            self.calls.cancel
        };
        Calls {
            cancel,
            ..self.calls
        }
    }

    fn push_as(&mut self, work: &Work, name: &str, aim: Aim) -> Ended {
        let tag = Reference::parse(name).map_err(|e| (PushState::NotPushed, e.title))?;
        if self.hung {
            let why = format!("{} does not answer", tag.host);
            return Err((PushState::NotPushed, why));
        }
        let calls = self.calls(aim);
        let engine = calls.engine;
        let image = image(&calls, &work.image);
        // What cannot be asked now, the push will tell.
        let before = match &work.expected {
            Some(expected) if aim != Aim::Named => {
                let before = self.registry.digest_now(&tag);
                let there = before.clone().filter(|_| aim != Aim::Stage { made: true });
                if there.is_some_and(|digest| {
                    self.is_there(&tag, digest, aim, expected, image.as_ref())
                }) {
                    self.registry.note(tag, before);
                    return Ok((PushState::Present, None));
                }
                before
            }
            Some(_) | None => None,
        };
        let bytes = image.map(|image| image.size).unwrap_or_default();
        // An image that was found may have another name; the tag's own trouble is the push's.
        let _ = calls.query(&engine.tag(&work.image, name));
        let mut limit = transfer::limit(bytes, self.registry.silence());
        if aim == Aim::Failed {
            limit = limit.min(MOST_OF_FAILED);
        }
        let carried = transfer::carry(&calls, &engine.push(name), limit);
        if aim != Aim::Named && name != work.own {
            // It was there only to be pushed.
            drop(exec::background(vec![engine.remove_images(&[name])]));
        }
        let cut = calls.cancel.requested();
        match carried {
            Ok(Ok(())) => Ok((PushState::Pushed, self.replaced(tag, before, aim))),
            _ if cut => Err((PushState::Interrupted, "interrupted".to_owned())),
            Ok(Err(failed)) => {
                self.hung = failed.hung;
                Err((PushState::NotPushed, failed.said))
            }
            Err(problem) => Err((PushState::NotPushed, problem.title)),
        }
    }

    /// Is what the registry has under a name what it should be?
    fn is_there(
        &self,
        tag: &Reference,
        digest: String,
        aim: Aim,
        expected: &Expected,
        own: Option<&Image>,
    ) -> bool {
        let named = tag.with(Version::Digest(digest));
        let there = self.registry.images(&[(named, expected.platform())]);
        let there = there.into_iter().find_map(|there| there.ok()?);
        there.is_some_and(|there| match (aim, own) {
            (Aim::Line, Some(own)) => {
                expected.is_stage(&there.image) && there.image.made() >= own.made()
            }
            (Aim::Line, None) | (Aim::Named | Aim::Failed, _) => false,
            (Aim::Stage { .. }, Some(own)) if own.links() > 0 => {
                expected.is_increment(&there.image)
            }
            (Aim::Stage { .. }, _) => expected.is_clean(&there.image),
        })
    }

    /// Notes what is under a name now; says whether it took another image's place.
    fn replaced(&self, tag: Reference, before: Option<String>, aim: Aim) -> Option<String> {
        if let Aim::Line | Aim::Named | Aim::Failed = aim {
            return None;
        }
        let after = self.registry.digest_now(&tag);
        let replaced = before.filter(|before| after.as_ref().is_some_and(|after| after != before));
        let note = replaced
            .map(|old| format!("{tag} was another image, {old}: the new one took its place"));
        self.registry.note(tag, after);
        note
    }
}

/// What the engine says of an image.
fn image(calls: &Calls<'_>, id: &str) -> Option<Image> {
    calls.images(&[id]).ok()?.into_iter().next()
}
