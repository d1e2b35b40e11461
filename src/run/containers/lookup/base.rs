//! The base image of an environment: what it is, and that it is on the engine when a stage has to start from it.
//!
//! Its identity may be known without it. So on a machine that has nothing, only the deepest stage has to be fetched.

use std::sync::Arc;

use super::inventory::Inventory;
use super::registry::Registry;
use crate::config::lock::Pin;
use crate::digest::Digest;
use crate::engine::facts::Image;
use crate::plan::Plan;
use crate::problem::Problem;
use crate::registry::{Reference, Trouble};
use crate::run::containers::call::Calls;

/// What may be asked for an image that is not on the engine.
#[derive(Clone, Copy)]
pub(crate) enum Beyond<'a> {
    /// Nobody: `--offline`.
    Nobody,
    /// The engine, which pulls it.
    Engine,
    /// A registry, to know what an image is before it is pulled.
    Registry(&'a Registry),
}

#[derive(Clone, Debug)]
pub(crate) struct Base {
    /// What it is called in the file.
    pub(crate) name: String,
    /// What an engine pulls: the name, or a digest in place of its tag.
    reference: String,
    /// What it is, the same on every engine.
    pub(crate) identity: Digest,
    pub(crate) os: String,
    pub(crate) architecture: String,
    /// Where it is on the engine, as far as somebody looked.
    pub(crate) image: Option<Arc<Image>>,
    /// A registry told what it is, and the engine may mean another one by its name.
    told: bool,
}

impl Base {
    fn on_engine(name: &str, image: Arc<Image>) -> Self {
        Self {
            name: name.to_owned(),
            reference: name.to_owned(),
            identity: image.identity(),
            os: image.os.clone(),
            architecture: image.architecture.clone(),
            image: Some(image),
            told: false,
        }
    }

    fn pinned(pin: &Pin) -> Self {
        let mut platform = pin.platform.split('/');
        let mut word = || platform.next().unwrap_or_default().to_owned();
        Self {
            name: pin.image.clone(),
            reference: pin.reference(),
            identity: pin.identity,
            os: word(),
            architecture: word(),
            image: None,
            told: false,
        }
    }

    /// What a registry says of it. It is pulled by its name, so that the engine has it under that.
    fn told(name: &str, image: Image) -> Self {
        Self {
            image: None,
            told: true,
            ..Self::on_engine(name, Arc::new(image))
        }
    }

    /// Gets it onto the engine, unless it is there under its name or its digest.
    ///
    /// # Errors
    /// What came is another image than the lock file says.
    pub(crate) fn fetch(
        &mut self,
        calls: &Calls<'_>,
        inventory: &Inventory,
        platform: Option<&str>,
        beyond: Beyond<'_>,
    ) -> Result<Fetched, Problem> {
        let names = [self.reference.clone(), self.name.clone()];
        inventory.ask(calls, &names)?;
        let there = names.iter().filter_map(|name| inventory.get(name));
        self.image = there.into_iter().find(|i| i.identity() == self.identity);
        if self.image.is_some() {
            return Ok(Fetched::There);
        }
        let image = match fetch(calls, inventory, &self.reference, platform, beyond)? {
            Ok(image) => image,
            Err(problem) => return Ok(Fetched::Not(problem)),
        };
        if image.identity() != self.identity && self.told {
            return Ok(Fetched::Another);
        }
        if image.identity() != self.identity {
            let title = format!("`{}` is not the image that it should be", self.reference);
            let help = "if its line in the lock file was edited, `runenv lock --upgrade` mends it; else look again who answers for its registry";
            return Err(Problem::engine(title, help));
        }
        self.image = Some(image);
        Ok(Fetched::There)
    }

    /// Its id on the engine.
    pub(crate) fn id(&self) -> &str {
        &self
            .image
            .as_ref()
            .expect("a stage starts from it, so it was fetched")
            .id
    }

    /// How many layers it has; 0 while it is not on the engine.
    pub(crate) fn layers(&self) -> usize {
        self.image.as_ref().map_or(0, |image| image.layers().len())
    }

    /// `os/architecture`, as registries are asked.
    pub(crate) fn platform(&self) -> String {
        format!("{}/{}", self.os, self.architecture)
    }

    /// Is an image for the same platform?
    pub(crate) fn is_like(&self, image: &Image) -> bool {
        image.os == self.os && image.architecture == self.architecture
    }
}

/// What came of getting a base image onto the engine.
pub(crate) enum Fetched {
    There,
    /// It is there now, and another image than a registry told us.
    Another,
    /// It cannot be had, for this reason.
    Not(Problem),
}

/// A base image that can be had, and why images that stand before it were not taken.
pub(crate) struct Had {
    pub(crate) base: Base,
    pub(crate) passed_over: Vec<Problem>,
}

/// Why a base image is not known without a pull.
#[derive(Clone, Debug)]
pub(crate) enum Unknown {
    /// It is not on the engine, and nobody else was asked.
    NotHere,
    /// It is not on the engine, and no registry has it.
    Nowhere,
    /// A registry could not tell.
    Trouble(Trouble),
}

/// The base image, if it is known without a pull: the locked one, else the first of all that the engine has, or that a
/// registry knows; else the one of this name, which the last run took, if the engine has it. The engine was asked before.
pub(crate) fn known(
    inventory: &Inventory,
    plan: &Plan,
    last: Option<&str>,
    beyond: Beyond<'_>,
) -> Result<Base, Unknown> {
    if let Some(pin) = &plan.pin {
        return Ok(Base::pinned(pin));
    }
    let here = |name: &String| {
        let image = inventory.get(name)?;
        let fits = image.is_for(plan.platform.as_deref());
        fits.then(|| Base::on_engine(name, image))
    };
    let mut unknown = Unknown::Nowhere;
    for name in plan.images() {
        if let Some(base) = here(name) {
            return Ok(base);
        }
        unknown = match in_registry(name, plan, beyond) {
            Ok(Some(base)) => return Ok(base),
            Ok(None) => continue,
            Err(unknown) => unknown,
        };
        break;
    }
    let taken = plan.images().find(|name| Some(name.as_str()) == last);
    taken.and_then(here).ok_or(unknown)
}

/// The first of the plan's images that can be had: what is on the engine is taken, what is not is pulled, and only what
/// cannot be pulled is passed over, with a warning. So every machine that reaches the registries takes the same, whatever
/// it has of the later ones. `beside` are ids that the same question asks for, `passed_over` is why the first of the list
/// are not asked for again.
pub(crate) fn find(
    calls: &Calls<'_>,
    inventory: &Inventory,
    plan: &Plan,
    beside: &[String],
    beyond: Beyond<'_>,
    mut passed_over: Vec<Problem>,
) -> Result<Had, Problem> {
    if let Some(pin) = plan.pin.as_ref().filter(|_| passed_over.is_empty()) {
        let base = Base::pinned(pin);
        return Ok(Had { base, passed_over });
    }
    let rest = if plan.pin.is_some() {
        usize::MAX
    } else {
        passed_over.len()
    };
    for name in plan.images().skip(rest) {
        let names: Vec<String> = [name].into_iter().chain(beside).cloned().collect();
        inventory.ask(calls, &names)?;
        let there = inventory.get(name);
        let there = there.is_some_and(|i| i.is_for(plan.platform.as_deref()));
        if !there && let Some(base) = ask_registry(name, plan, beyond) {
            return Ok(Had { base, passed_over });
        }
        match fetch(calls, inventory, name, plan.platform.as_deref(), beyond)? {
            Ok(image) => {
                let base = Base::on_engine(name, image);
                return Ok(Had { base, passed_over });
            }
            Err(problem) => passed_over.push(problem),
        }
    }
    if passed_over.len() == 1 {
        return Err(passed_over.remove(0));
    }
    let title = format!(
        "none of the {} images of `{}` can be had",
        passed_over.len(),
        plan.env
    );
    let help = passed_over.into_iter().map(|problem| problem.title);
    let advice = "are the names right, and the registries reachable?".to_owned();
    Err(Problem {
        help: help.chain([advice]).collect(),
        ..Problem::engine(title, "")
    })
}

/// What a registry says of an image. Its trouble is not told: the engine is asked next, and does not hide its own.
fn ask_registry(name: &str, plan: &Plan, beyond: Beyond<'_>) -> Option<Base> {
    in_registry(name, plan, beyond).ok().flatten()
}

/// `None`: the registry does not have it.
fn in_registry(name: &str, plan: &Plan, beyond: Beyond<'_>) -> Result<Option<Base>, Unknown> {
    let Beyond::Registry(registry) = beyond else {
        return Err(Unknown::NotHere);
    };
    let Ok(reference) = Reference::parse(name) else {
        return Ok(None);
    };
    let answer = registry.images(&[(reference, plan.platform())]).remove(0);
    let remote = answer.map_err(Unknown::Trouble)?;
    Ok(remote.map(|remote| Base::told(name, remote.image)))
}

/// What is to be asked of registries where the first of a plan's images is not on the engine.
pub(crate) fn to_ask(inventory: &Inventory, plan: &Plan) -> Option<(Reference, String)> {
    let first = plan.images().next().filter(|_| plan.pin.is_none())?;
    let there = inventory.get(first);
    let there = there.is_some_and(|i| i.is_for(plan.platform.as_deref()));
    let reference = Reference::parse(first).ok().filter(|_| !there)?;
    Some((reference, plan.platform()))
}

/// An image that is on the engine, for this platform; if it is not there it is pulled. The inner error: it cannot be had.
pub(super) fn fetch(
    calls: &Calls<'_>,
    inventory: &Inventory,
    image: &str,
    platform: Option<&str>,
    beyond: Beyond<'_>,
) -> Result<Result<Arc<Image>, Problem>, Problem> {
    for attempt in 0..2 {
        inventory.ask(calls, &[image.to_owned()])?;
        if let Some(found) = inventory.get(image).filter(|i| i.is_for(platform)) {
            return Ok(Ok(found));
        }
        if let Beyond::Nobody = beyond {
            let engine = calls.engine.name();
            let title = format!("the image `{image}` is not on {engine}, and nothing is pulled");
            return Ok(Err(Problem::engine(title, "run it without `--offline`")));
        }
        if attempt == 0 {
            if let Err(problem) = calls.pull(image, platform)? {
                return Ok(Err(problem));
            }
            inventory.forget_name(image);
        }
    }
    let what = platform.map_or_else(String::new, |p| format!(" for {p}"));
    let title = format!("the image `{image}`{what} was pulled and is not there");
    let help = format!("try `{} image inspect {image}`", calls.engine.name());
    let problem = Problem::engine(title, help);
    // A pull that a signal stopped brings nothing, and no other is to be begun.
    if calls.cancel.requested() {
        return Err(problem);
    }
    Ok(Err(problem))
}
