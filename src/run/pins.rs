//! Finds out which bytes the base images are today, for `envs.lock`. Asks registries alone: no engine is needed, and
//! nothing is pulled.

use crate::config::lock::{Lock, Pin};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::registry::{Answer, Client, Reference, Remote};

/// Images of which the first that can be had is taken, for a platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    images: Vec<String>,
    platform: String,
}

impl Wanted {
    /// What a plan starts from; `None`: this host.
    pub(crate) fn of(plan: &Plan) -> Option<Self> {
        let images: Vec<String> = plan.images().cloned().collect();
        let platform = plan.platform();
        (!images.is_empty()).then_some(Self { images, platform })
    }

    /// The same for every other platform that the lock file has of it: somebody works there.
    pub(crate) fn elsewhere<'a>(&'a self, lock: &'a Lock) -> impl Iterator<Item = Self> + 'a {
        let pins = lock.0.iter();
        let others = pins.filter(|p| self.images.contains(&p.image) && p.platform != self.platform);
        others.map(|pin| Self {
            platform: pin.platform.clone(),
            ..self.clone()
        })
    }

    /// Its pin, if the lock file has one.
    fn pinned<'a>(&self, lock: &'a Lock) -> Option<&'a Pin> {
        lock.first(self.images.iter(), &self.platform)
    }

    /// Is it the pin of this?
    pub(crate) fn is_of(&self, pin: &Pin) -> bool {
        self.images.contains(&pin.image) && pin.platform == self.platform
    }
}

/// What became of one of them.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It was locked already; with `upgrade`: and is the newest.
    Same(Pin),
    New(Pin),
    /// It is another one than the one that was locked.
    Moved {
        old: Pin,
        new: Pin,
    },
    /// What stands in the lock file stays.
    Failed(Problem),
}

/// Locks what is not locked; with `upgrade` all of it anew. The lock file's other lines stay as they are.
pub(crate) fn lock(
    client: &Client,
    wanted: &[Wanted],
    old: &Lock,
    upgrade: bool,
) -> (Lock, Vec<Outcome>) {
    let mut lock = old.clone();
    let asked: Vec<&Wanted> = wanted
        .iter()
        .filter(|w| upgrade || w.pinned(old).is_none())
        .collect();
    let mut found = find(client, &asked).into_iter();
    let mut outcomes = Vec::new();
    for wanted in wanted {
        let pinned = wanted.pinned(old).cloned();
        let outcome = match pinned {
            Some(pin) if !upgrade => Outcome::Same(pin),
            old => match (
                old,
                found.next().expect("one answer for each that was asked"),
            ) {
                (_, Err(problem)) => Outcome::Failed(problem),
                (Some(old), Ok(new)) if old == new => Outcome::Same(new),
                (Some(old), Ok(new)) => Outcome::Moved { old, new },
                (None, Ok(new)) => Outcome::New(new),
            },
        };
        if let Outcome::New(new) | Outcome::Moved { new, .. } = &outcome {
            lock.0.retain(|pin| !wanted.is_of(pin));
            lock.0.push(new.clone());
        }
        outcomes.push(outcome);
    }
    (lock, outcomes)
}

/// All at once; of each the first image that its registry has.
fn find(client: &Client, asked: &[&Wanted]) -> Vec<Result<Pin, Problem>> {
    let mut questions = Vec::new();
    let mut of: Vec<Vec<Result<usize, Problem>>> = Vec::new();
    for wanted in asked {
        let question = |image: &String| {
            let reference = Reference::parse(image)?;
            questions.push((reference, wanted.platform.clone()));
            Ok(questions.len() - 1)
        };
        of.push(wanted.images.iter().map(question).collect());
    }
    let mut answers: Vec<Option<Answer<Remote>>> =
        client.images(questions).into_iter().map(Some).collect();
    let mut pins = Vec::new();
    for (wanted, of) in asked.iter().zip(of) {
        let answers = of
            .into_iter()
            .map(|at| Ok(answers[at?].take().expect("each is asked once")));
        pins.push(first(wanted, answers));
    }
    pins
}

/// Only an image that its registry does not have is passed over: what cannot be asked today may be there tomorrow.
fn first(
    wanted: &Wanted,
    answers: impl Iterator<Item = Result<Answer<Remote>, Problem>>,
) -> Result<Pin, Problem> {
    for (image, answer) in wanted.images.iter().zip(answers) {
        let remote = answer?.map_err(|trouble| trouble.problem(&format!("lock `{image}`")))?;
        if let Some(remote) = remote {
            return Ok(Pin {
                image: image.clone(),
                platform: wanted.platform.clone(),
                digest: remote.digest,
                identity: remote.image.identity(),
            });
        }
    }
    let images = wanted.images.iter().map(|image| format!("`{image}`"));
    let images = images.collect::<Vec<_>>().join(" or ");
    let title = format!("no registry has {images} for {}", wanted.platform);
    Err(Problem::engine(
        title,
        "is the name right? an image that is on this engine alone cannot be locked",
    ))
}
