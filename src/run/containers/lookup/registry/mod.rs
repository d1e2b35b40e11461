//! Stages in registries: what was answered of them; which of them are there (`stages`, `walk`),
//! and what one is (`image`).
//!
//! A tag is a hint. What an image is, its labels say: they are read before a layer is pulled, and again of the image
//! that came. Whatever a registry does, the run goes on: what cannot be had is built.

pub(crate) mod image;
pub(crate) mod stages;
pub(crate) mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::exec::Cancel;
use crate::host::Host;
use crate::problem::Problem;
use crate::registry::{self, Answer, Client, LOST, Reference, Remote, Sought, Trouble};
use crate::time;

/// What registries answered in this run; shared by all environments.
pub(crate) struct Registry {
    client: Client,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// By tag, with when it was asked for.
    digests: BTreeMap<Reference, (Instant, Answer<String>)>,
    /// By name and platform.
    images: BTreeMap<(Reference, String), Answer<Remote>>,
    /// Hosts that were lost, and when: for a while nobody asks them again.
    lost: BTreeMap<String, (Instant, Trouble)>,
    /// Hosts of which nothing came in all the time that a pull had.
    hung: BTreeSet<String>,
    /// Hosts of which something was told.
    told: BTreeSet<String>,
    /// Repositories that images may not be pushed below.
    refused: BTreeSet<String>,
}

/// So long a tag that is not there counts as such: other machines build and push meanwhile.
const ABSENT: Duration = Duration::from_secs(60);

impl Known {
    fn digest(&self, tag: &Reference) -> Option<&Answer<String>> {
        let (at, answer) = self.digests.get(tag)?;
        let holds = match answer {
            Ok(Some(_)) => true,
            Ok(None) => at.elapsed() < ABSENT,
            Err(_) => at.elapsed() < LOST,
        };
        holds.then_some(answer)
    }

    /// Why a host is not asked.
    fn lost(&self, host: &str) -> Option<&Trouble> {
        let (at, trouble) = self.lost.get(host)?;
        (at.elapsed() < LOST).then_some(trouble)
    }

    /// What is not known yet, each name once, and nothing for what is there already.
    fn open(&self, sought: &[Sought]) -> Vec<Sought> {
        let there = |s: &&Sought| matches!(self.digest(&s.name), Some(Ok(Some(_))));
        let found = sought.iter().filter(there).flat_map(|s| &s.ends);
        let found: BTreeSet<usize> = found.copied().collect();
        let (mut open, mut places) = (Vec::<Sought>::new(), BTreeMap::new());
        for Sought { name, ends } in sought {
            let ends: BTreeSet<usize> = ends.difference(&found).copied().collect();
            if ends.is_empty() || self.digest(name).is_some() || self.lost(&name.host).is_some() {
                continue;
            }
            let place = *places.entry(name).or_insert(open.len());
            match open.get_mut(place) {
                Some(same) => same.ends.extend(ends),
                None => open.push(Sought {
                    name: name.clone(),
                    ends,
                }),
            }
        }
        open
    }
}

impl Registry {
    pub(crate) fn new(host: &Host, cancel: &Cancel) -> Self {
        Self {
            client: Client::new(host, cancel),
            known: Mutex::default(),
        }
    }

    /// How long a registry may send nothing.
    pub(crate) fn silence(&self) -> Duration {
        self.client.silence()
    }

    /// Looks for names, in their order, over several connections; what is known is not asked again.
    pub(crate) fn look(&self, sought: &[Sought], warn: &mut dyn FnMut(Problem)) {
        let open = self.known().open(sought);
        let answers = self.client.look(open.clone());
        for (Sought { name, .. }, answer) in open.into_iter().zip(answers) {
            let Some(answer) = answer else { continue };
            match answer {
                Err(trouble) => self.failed(&name, &trouble, warn),
                answer => self.answered(name, answer),
            }
        }
    }

    /// The digest under a tag, as far as somebody looked.
    pub(crate) fn digest(&self, tag: &Reference) -> Option<Answer<String>> {
        let known = self.known();
        let lost = known.lost(&tag.host);
        match lost {
            Some(trouble) => Some(Err(trouble.clone())),
            None => known.digest(tag).cloned(),
        }
    }

    /// The images that these names stand for; each is asked for once.
    pub(crate) fn images(&self, of: &[(Reference, String)]) -> Vec<Answer<Remote>> {
        let known = self.known();
        let new = of
            .iter()
            .filter(|q| !known.images.contains_key(q) && known.lost(&q.0.host).is_none());
        let new: BTreeSet<(Reference, String)> = new.cloned().collect();
        drop(known);
        let new: Vec<(Reference, String)> = new.into_iter().collect();
        let answers = self.client.images(new.clone());
        for (question, answer) in new.into_iter().zip(answers) {
            match &answer {
                Err(trouble) if trouble.kind == registry::Kind::Interrupted => continue,
                Err(trouble) => self.note_lost(&question.0, trouble),
                Ok(_) => {}
            }
            self.known().images.insert(question, answer);
        }
        let known = self.known();
        let answers = of.iter().map(|q| match known.lost(&q.0.host) {
            Some(trouble) => Err(trouble.clone()),
            None => known.images.get(q).cloned().unwrap_or(Ok(None)),
        });
        answers.collect()
    }

    /// Notes that nobody may push below this repository; the first time?
    pub(crate) fn note_refusal(&self, repository: &str) -> bool {
        self.known().refused.insert(repository.to_owned())
    }

    /// Was a push below this repository refused in this run?
    pub(crate) fn refuses(&self, repository: &str) -> bool {
        self.known().refused.contains(repository)
    }

    /// Why it is not known what a name stands for; `None`: it is known, or nobody asked.
    pub(crate) fn trouble(&self, of: &(Reference, String)) -> Option<Trouble> {
        let known = self.known();
        let answer = known.images.get(of)?;
        answer.as_ref().err().cloned()
    }

    /// Some tags of a repository; none where it cannot be asked.
    pub(crate) fn tags(&self, of: &Reference, most: usize) -> Vec<String> {
        if self.known().lost(&of.host).is_some() {
            return Vec::new();
        }
        let tags = self.client.first_tags(of, most);
        tags.ok().flatten().unwrap_or_default()
    }

    /// The digest under a tag now, whatever it was; `None`: none that we know of.
    pub(crate) fn digest_now(&self, tag: &Reference) -> Option<String> {
        let answer = self.client.digests(vec![tag.clone()]).remove(0);
        answer.ok().flatten()
    }

    /// Notes what is under a tag.
    pub(crate) fn note(&self, tag: Reference, digest: Option<String>) {
        self.answered(tag, Ok(digest));
    }

    /// What is under a tag cannot be told.
    pub(crate) fn failed(&self, tag: &Reference, trouble: &Trouble, warn: &mut dyn FnMut(Problem)) {
        self.tell(tag, trouble, warn);
        self.answered(tag.clone(), Err(trouble.clone()));
    }

    fn answered(&self, tag: Reference, answer: Answer<String>) {
        let now = time::start();
        self.known().digests.insert(tag, (now, answer));
    }

    /// One that was lost would keep everybody waiting again.
    fn note_lost(&self, of: &Reference, trouble: &Trouble) {
        if trouble.kind == registry::Kind::Lost {
            let lost = (time::start(), trouble.clone());
            self.known().lost.insert(of.host.clone(), lost);
        }
    }

    /// Nothing came of a pull in all its time. Once it may be that image, twice it is the registry: the next one would
    /// fare no better.
    pub(crate) fn hung(&self, of: &Reference, said: &str) {
        if !self.known().hung.insert(of.host.clone()) {
            self.note_lost(of, &Trouble::new(registry::Kind::Lost, said));
        }
    }

    /// Tells trouble once for each registry.
    pub(crate) fn tell(&self, of: &Reference, trouble: &Trouble, warn: &mut dyn FnMut(Problem)) {
        if trouble.kind == registry::Kind::Interrupted {
            return;
        }
        self.note_lost(of, trouble);
        if self.known().told.insert(of.host.clone()) {
            let title = format!("not all images can be looked for: {}", trouble.said);
            warn(Problem::warning(title, trouble.advice()));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
