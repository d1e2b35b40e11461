//! Removes the project's images from the registry that they are pushed to: those that runs left there, under names that
//! runs gave. Never what has another name beside, never another project's.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::clean::is_older;
use super::ours::Ours;
use crate::engine::facts::Image;
use crate::problem::Problem;
use crate::registry::{Answer, Client, Kind, Reference, Remote, Trouble, Version};

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) go: Vec<Removable>,
    /// What stays, and why.
    pub(crate) kept: Vec<String>,
}

/// An image that may go.
#[derive(Debug)]
pub(crate) struct Removable {
    /// By its digest.
    of: Reference,
    /// Its names, with the host.
    pub(crate) names: Vec<String>,
    /// Of its layers, but for those that other images have which go before it, or stay.
    pub(crate) bytes: u64,
}

/// An image, its digest and all tags that lead to it.
struct Tagged {
    of: Reference,
    names: Vec<String>,
    remote: Remote,
}

/// Looks into the repositories of these names, and into all that the registry tells of.
///
/// # Errors
/// The registry does not answer, or not to us.
pub(crate) fn find(
    client: &Client,
    of: &Ours,
    names: impl IntoIterator<Item = Reference>,
    older: Option<Duration>,
) -> Result<Found, Problem> {
    let names = names.into_iter().chain(told(client, of));
    let any = |name: Reference| name.with(Version::Tag("latest".to_owned()));
    let repositories: BTreeSet<Reference> = names.map(any).collect();
    let mut found = Found::default();
    let all = tagged(client, repositories.into_iter().collect(), &mut found)?;
    let (mut go, mut stay) = (Vec::new(), Vec::new());
    for one in all {
        let image = &one.remote.image;
        let ours = image.untouched(&of.id);
        let mut foreign = one.names.iter().filter(|name| !of.gave(name, image));
        if let Some(name) = foreign.next().filter(|_| ours) {
            let why = format!("{name}: a name that somebody gave it");
            found.kept.push(why);
            stay.push(one);
        } else if ours && is_older(image, older) {
            go.push(one);
        } else {
            stay.push(one);
        }
    }
    // What a younger one of ours stands on is kept with it.
    let below = |one: &Tagged| {
        let layers = one.remote.image.layers();
        let mut young = stay.iter().map(|s| &s.remote.image);
        older.is_some()
            && young.any(|i: &Image| i.untouched(&of.id) && i.layers().starts_with(layers))
    };
    let (kept, mut go): (Vec<Tagged>, Vec<Tagged>) = go.into_iter().partition(below);
    stay.extend(kept);
    go.sort_by_key(|one| one.remote.image.layers().len());
    let mut counted: BTreeSet<String> = stay.into_iter().flat_map(|s| digests(&s)).collect();
    for one in go {
        let new = one.remote.layers.iter();
        let new = new.filter(|(digest, _)| counted.insert(digest.clone()));
        let bytes = new.map(|(_, bytes)| bytes).sum();
        let Tagged { of, names, .. } = one;
        found.go.push(Removable { of, names, bytes });
    }
    Ok(found)
}

fn digests(of: &Tagged) -> Vec<String> {
    let layers = of.remote.layers.iter();
    layers.map(|(digest, _)| digest.clone()).collect()
}

/// Repositories that the registry itself tells of, of environments that are not in the file any more. Few do.
fn told(client: &Client, of: &Ours) -> Vec<Reference> {
    let Some(push) = &of.registries.push else {
        return Vec::new();
    };
    let Ok(any) = Reference::parse(&format!("{push}/{}", of.project)) else {
        return Vec::new();
    };
    let folder = any.repository.rsplit_once('/').map_or("", |(f, _)| f);
    let all = client.repositories(&any).ok().flatten().unwrap_or_default();
    let below = all.iter().filter(|name| {
        let rest = name.strip_prefix(folder).unwrap_or_default();
        folder.is_empty() || rest.starts_with('/')
    });
    let begin = of.registries.beginning(&of.project);
    let below = below.filter(|name| {
        let rest = name.strip_prefix(folder).unwrap_or(name);
        rest.trim_start_matches('/').starts_with(&begin)
    });
    let named = below.map(|name| Reference::parse(&format!("{}/{name}", any.host)));
    named.filter_map(Result::ok).collect()
}

/// All images of some repositories. One that we may not look into is told.
fn tagged(
    client: &Client,
    repositories: Vec<Reference>,
    found: &mut Found,
) -> Result<Vec<Tagged>, Problem> {
    let mut tags = Vec::new();
    for (of, answer) in repositories.iter().zip(client.tags(repositories.clone())) {
        match answer {
            Ok(all) => {
                let all = all.into_iter().flatten();
                let named = all.map(|tag| Reference::parse(&format!("{}:{tag}", of.name())));
                tags.extend(named.filter_map(Result::ok));
            }
            Err(trouble) if trouble.kind == Kind::Denied => {
                found.kept.push(format!("{}: {}", of.name(), trouble.said));
            }
            Err(trouble) => return Err(trouble.problem("list its images")),
        }
    }
    let mut by_digest: BTreeMap<Reference, Vec<String>> = BTreeMap::new();
    for (tag, answer) in tags.iter().zip(client.digests(tags.clone())) {
        if let Some(digest) = known(answer)? {
            let of = tag.with(Version::Digest(digest));
            by_digest.entry(of).or_default().push(tag.to_string());
        }
    }
    let asked = by_digest.keys().map(|of| (of.clone(), String::new()));
    let answers = client.images(asked.collect());
    let mut all = Vec::new();
    for ((of, names), answer) in by_digest.into_iter().zip(answers) {
        if let Some(remote) = known(answer)? {
            all.push(Tagged { of, names, remote });
        }
    }
    Ok(all)
}

/// What is no image as runs leave them is none of ours.
fn known<T>(answer: Answer<T>) -> Result<Option<T>, Problem> {
    match answer {
        Err(Trouble {
            kind: Kind::Odd, ..
        }) => Ok(None),
        answer => answer.map_err(|trouble| trouble.problem("look at its images")),
    }
}

/// Removes them; gives those that are gone, and the trouble that ended it.
pub(crate) fn remove(client: &Client, go: Vec<Removable>) -> (Vec<Removable>, Option<Trouble>) {
    // One first: if the registry refuses, it is asked once.
    let (mut gone, mut trouble) = (Vec::new(), None);
    let mut left = go;
    while !left.is_empty() && trouble.is_none() {
        let rest = left.split_off(if gone.is_empty() { 1 } else { left.len() });
        let answers = client.remove(left.iter().map(|one| one.of.clone()).collect());
        for (one, answer) in left.into_iter().zip(answers) {
            match answer {
                Ok(_) => gone.push(one),
                Err(why) => trouble = trouble.or(Some(why)),
            }
        }
        left = rest;
    }
    (gone, trouble)
}
