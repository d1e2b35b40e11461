//! Stages in registries: which of them are there, and getting the deepest one onto the engine.
//!
//! A tag is a hint. What an image is, its labels say: they are read before a layer is pulled, and again of the image
//! that came. Whatever a registry does, the run goes on: what cannot be had is built.

pub(crate) mod image;
pub(crate) mod stages;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::super::event::Kind;
use super::lookup::{Question, Start};
use super::stage::stage_tag;
use crate::engine::facts::Image;
use crate::exec::Cancel;
use crate::host::Host;
use crate::problem::Problem;
use crate::registry::{self, Answer, Client, Reference, Remote, Sought, Trouble, Version};
use crate::time;
use image::{Offer, Wanted, foreign, pulling};
use stages::There;

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
}

/// So long a tag that is not there counts as such: other machines build and push meanwhile.
const ABSENT: Duration = Duration::from_secs(60);

/// So long a registry that was lost is left alone: each question would wait for it as long as the first one did.
const LOST: Duration = Duration::from_secs(300);

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

    /// The image that a name stands for now; `None`: it cannot be had.
    pub(crate) fn image(
        &self,
        of: &Reference,
        platform: &str,
        warn: &mut dyn FnMut(Problem),
    ) -> Option<Remote> {
        let answer = self.images(&[(of.clone(), platform.to_owned())]).remove(0);
        answer.unwrap_or_else(|trouble| {
            self.tell(of, &trouble, warn);
            None
        })
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

impl Question<'_> {
    /// Looks for the stages that would have to run, the deepest first, and gets it if it is there; nothing that it
    /// spares is pulled. One that is nowhere may begin with an image of its own from there.
    pub(crate) fn fetch_stages(
        &self,
        registry: &Registry,
        start: &mut Start,
        say: &mut dyn FnMut(Kind),
    ) -> Result<(), Problem> {
        let (mut tried, mut own) = (BTreeSet::new(), BTreeSet::new());
        while !self.calls.cancel.requested() {
            let mut sought = self.sought(start, &start.run);
            sought.retain(|(_, sought)| !tried.contains(&sought.name));
            let names: Vec<Sought> = sought.iter().map(|(_, sought)| sought.clone()).collect();
            registry.look(&names, &mut |problem| say(Kind::Warning { problem }));
            let there = sought.into_iter().find_map(|(at, Sought { name, .. })| {
                let digest = registry.digest(&name)?.ok()??;
                Some((at, name, digest))
            });
            let deeper = |at: &usize| there.as_ref().is_none_or(|(found, ..)| at > found);
            let nowhere = self.selection.found().filter(|at| start.run[*at]);
            let nowhere = nowhere.filter(|at| deeper(at) && !own.contains(at)).last();
            if let Some(at) = nowhere {
                own.insert(at);
                self.own_image_elsewhere(registry, start, at, say)?;
                continue;
            }
            let Some((at, tag, digest)) = there else {
                break;
            };
            match self.fetch_stage(registry, start, at, &tag, digest, say)? {
                Some((image, there)) => start.take_fetched(at, &image, there, self),
                None => registry.note(tag.clone(), None),
            }
            tried.insert(tag);
        }
        Ok(())
    }

    /// What a stage of no key that is there may start from, if the registry has something newer than the engine.
    fn own_image_elsewhere(
        &self,
        registry: &Registry,
        start: &mut Start,
        at: usize,
        say: &mut dyn FnMut(Kind),
    ) -> Result<(), Problem> {
        if self.resume {
            self.resume_elsewhere(registry, start, at, say)?;
        }
        if start.resumes[at].is_none() {
            self.increment_elsewhere(registry, start, at, say)?;
        }
        start.decide(self);
        Ok(())
    }

    /// Gets one stage onto the engine; `None`: it is not what its tag says, or cannot be had.
    fn fetch_stage(
        &self,
        registry: &Registry,
        start: &Start,
        at: usize,
        tag: &Reference,
        digest: String,
        say: &mut dyn FnMut(Kind),
    ) -> Result<Option<(Image, There)>, Problem> {
        let fits = |image: &Image| self.is_stage(start, at, image);
        let wanted = Wanted::of(at, start, &fits);
        let named = tag.with(Version::Digest(digest));
        let mut warn = |problem| say(Kind::Warning { problem });
        let Some(remote) = registry.image(&named, &wanted.platform, &mut warn) else {
            return Ok(None);
        };
        if !fits(&remote.image) {
            warn(foreign(tag));
            return Ok(None);
        }
        let there = There::of(tag, &remote);
        let own = stage_tag(self.plan, start.keys[at], remote.image.links() == 0);
        let offer = Offer {
            tag: tag.clone(),
            remote,
        };
        say(pulling(&format!("`{}`", self.plan.stages[at].name), &offer));
        let image = self.bring(registry, &wanted, &offer, &own, say)?;
        Ok(image.map(|image| (image, there)))
    }

    /// Is an image the stage of this key, as a run of this project left it?
    pub(crate) fn is_stage(&self, start: &Start, at: usize, image: &Image) -> bool {
        let expected = self.expected(at, start);
        expected.is_clean(image) || !self.clean && expected.is_increment(image)
    }
}
