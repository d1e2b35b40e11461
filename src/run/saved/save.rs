//! Writes what an engine has of an environment's stages to a file.

use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::archive::{self, Archive};
use super::{PATIENCE, Said, name_of, watched};
use crate::engine::facts::Image;
use crate::exec::{self, Cancel, Limits, Stop};
use crate::files::{self, Whole};
use crate::plan::Plan;
use crate::problem::Problem;
use crate::run::World;
use crate::run::ahead::{self, Asked, Known, Target, Unasked};
use crate::run::containers::call::Calls;
use crate::run::containers::lookup::increment::Whence;
use crate::run::containers::lookup::registry::Registry;
use crate::run::containers::lookup::registry::walk::Purpose;
use crate::run::containers::lookup::{Question, Start};
use crate::run::containers::transfer;

/// An image that goes into the file.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) stage: String,
    pub(crate) image: Arc<Image>,
    /// What it is called in the file.
    name: String,
}

/// What there is to save.
#[derive(Debug)]
pub(crate) enum Found {
    /// Images, in the order of the stages.
    Images(Vec<Member>),
    /// The engine has no stage of these keys.
    Nothing,
    /// Registries have all that the engine has.
    Pushed,
    /// The keys are not known.
    Unknown(Unasked),
}

/// Which images are meant.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) world: &'a World<'a>,
    /// Asked for base images that the engine does not have.
    pub(crate) registry: Option<&'a Registry>,
    /// Only what a machine that has nothing but that registry would run.
    pub(crate) unless_pushed: bool,
    /// What stages left that ended early, too.
    pub(crate) resume: bool,
}

impl Wanted<'_> {
    /// The images of one environment's stages: all that the engine has, since layers that they share are in the file
    /// once; and the images of their own that incremental stages would start from.
    pub(crate) fn find(
        &self,
        target: &Target,
        cancel: &Cancel,
        warn: &mut dyn FnMut(Problem),
    ) -> Result<Found, Problem> {
        let world = self.world;
        let ready = ahead::read(std::slice::from_ref(target), true, world, cancel)?;
        let Known { asked, trouble } = ahead::ask(&ready, self.registry, false, world).remove(0);
        if let Some(problem) = trouble {
            return Err(problem);
        }
        let Asked { question, start } = match asked {
            Ok(asked) => asked,
            Err(unknown) => return Ok(Found::Unknown(Unasked::Base(unknown))),
        };
        let question = Question {
            all: true,
            resume: self.resume,
            ..question
        };
        let here = question.on(start.base.clone(), &[])?;
        let elsewhere = self.elsewhere(question, &here, warn)?;
        let ids = ids(target, &here, &elsewhere);
        if ids.is_empty() {
            let any = here.found.iter().any(Option::is_some);
            return Ok(if any && self.unless_pushed {
                Found::Pushed
            } else {
                Found::Nothing
            });
        }
        let names: Vec<String> = ids.iter().map(|(_, id)| id.clone()).collect();
        question.inventory.ask(question.calls, &names)?;
        let members = ids.into_iter().filter_map(|(stage, id)| {
            let image = question.inventory.get(&id)?;
            let name = name_of(&image, &world.ours)?;
            Some(Member { stage, image, name })
        });
        Ok(Found::Images(members.collect()))
    }

    /// Where a machine starts that has nothing.
    fn elsewhere<'q>(
        &self,
        question: Question<'q>,
        here: &Start,
        warn: &mut dyn FnMut(Problem),
    ) -> Result<Start, Problem> {
        let start = question.blind(here.base.clone());
        let Some(registry) = self.registry.filter(|_| self.unless_pushed) else {
            return Ok(start);
        };
        let mut known = [Known {
            asked: Ok(Asked { question, start }),
            trouble: None,
        }];
        ahead::find(&mut known, Purpose::Stale, registry, warn)?;
        let [Known { asked, .. }] = known;
        Ok(asked.ok().map_or_else(
            || question.blind(here.base.clone()),
            |asked: Asked<'q>| asked.start,
        ))
    }
}

/// Ids of images that are here and that somebody elsewhere would lack, each once, with their stages.
fn ids(target: &Target, here: &Start, elsewhere: &Start) -> Vec<(String, String)> {
    let mut ids: Vec<(String, String)> = Vec::new();
    for (at, stage) in target.wanted.stages(&target.plan) {
        if !stage.push || !elsewhere.run[at] {
            continue;
        }
        let own = here
            .increment(at)
            .into_iter()
            .filter(|own| matches!(own.whence, Whence::Engine));
        let own = own.map(|own| &own.image);
        let left = here.resumes[at].iter().map(|left| &left.on.image);
        let found = here.found[at].iter().map(|found| &found.image);
        for id in found.chain(own).chain(left) {
            if ids.iter().all(|(_, known)| known != id) {
                ids.push((stage.name.clone(), id.clone()));
            }
        }
    }
    ids
}

/// About how many bytes they have: what stands on another has its layers.
pub(crate) fn bytes(members: &[Member]) -> u64 {
    let sizes = members.iter().map(|member| member.image.size);
    sizes.max().unwrap_or_default()
}

/// Writes the file; it is there as a whole, or not at all. `say` hears now and then how much is written. `None`: a
/// signal ended it.
pub(crate) fn write(
    members: &[Member],
    plan: &Plan,
    calls: &Calls<'_>,
    path: &Path,
    say: &mut dyn FnMut(u64),
) -> Result<Option<u64>, Problem> {
    let mut whole = Whole::begin(path)?;
    give_names(members, calls)?;
    let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let command = calls.engine.save(&names);
    let limits = Limits {
        time: Some(transfer::limit(bytes(members), PATIENCE)),
        ..Limits::default()
    };
    let engine = calls.engine.name().to_owned();
    let head = archive::ours(&Said { engine });
    let (written, file) = (AtomicU64::new(0), &mut whole.file);
    let copy = |from: &mut dyn Read| -> io::Result<()> {
        file.write_all(&head?)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = from.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            file.write_all(&buffer[..count])?;
            written.fetch_add(count as u64, Ordering::Relaxed);
        }
    };
    let work = || exec::read(&command, &limits, calls.cancel, copy);
    let (output, copied) = watched(work, &mut || say(written.load(Ordering::Relaxed)));
    copied.map_err(|error| files::trouble("write", path, &error))?;
    let output = output?;
    match output.exit.stopped {
        Some(Stop::Interrupted) => return Ok(None),
        Some(Stop::TimeLimit) => {
            let title = format!(
                "{} did not save the images of `{}` in time",
                calls.engine.name(),
                plan.env
            );
            return Err(Problem::engine(title, "is the engine alive?"));
        }
        None => calls.expect(&output, &format!("save images of `{}`", plan.env))?,
    }
    check(&whole, members.len(), calls)?;
    whole.place()?;
    Ok(Some(written.into_inner()))
}

/// An engine saves names with images that it is told by name.
fn give_names(members: &[Member], calls: &Calls<'_>) -> Result<(), Problem> {
    for Member { image, name, .. } in members {
        let mut tags = image.repo_tags.iter().flatten();
        if !tags.any(|tag| tag == name || *tag == format!("localhost/{name}")) {
            calls.work(&calls.engine.tag(&image.id, name), "name an image")?;
        }
    }
    Ok(())
}

/// An engine that was lost may have ended as if all was well.
fn check(whole: &Whole, count: usize, calls: &Calls<'_>) -> Result<(), Problem> {
    let read = Archive::open(&whole.beside);
    if read.is_ok_and(|archive| archive.images.len() == count) {
        return Ok(());
    }
    let title = format!(
        "what {} saved is not all of the images",
        calls.engine.name()
    );
    Err(Problem::engine(title, "save them again"))
}
