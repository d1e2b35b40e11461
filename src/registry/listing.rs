//! What is in a registry, page by page, and taking it away.

use serde::Deserialize;

use super::http::Http;
use super::reference::Reference;
use super::trouble::{Kind, Trouble};
use super::{Answer, Client, MOST_OF_A_MANIFEST};

/// More pages are no list that ends.
const MOST_PAGES: usize = 1000;

#[derive(Deserialize)]
struct Tags {
    tags: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Catalog {
    repositories: Option<Vec<String>>,
}

impl Client {
    /// The tags of the repositories that these names are of, in their order.
    pub(crate) fn tags(&self, of: Vec<Reference>) -> Vec<Answer<Vec<String>>> {
        self.each(of, |http, of| {
            let first = format!("/v2/{}/tags/list?n=1000", of.repository);
            listed(http, &of, first, |tags: Tags| tags.tags)
        })
    }

    /// The first tags of a repository, at most so many.
    pub(crate) fn first_tags(&self, of: &Reference, most: usize) -> Answer<Vec<String>> {
        let mut answers = self.each(vec![(of.clone(), most)], |http, (of, most)| {
            let target = format!("/v2/{}/tags/list?n={most}", of.repository);
            let page = page(http, &of, &target, |tags: Tags| tags.tags)?;
            Ok(page.map(|(mut tags, _)| {
                tags.truncate(most);
                tags
            }))
        });
        answers.remove(0)
    }

    /// All repositories of a name's registry; few registries tell.
    pub(crate) fn repositories(&self, of: &Reference) -> Answer<Vec<String>> {
        let mut answers = self.each(vec![of.clone()], |http, of| {
            let first = "/v2/_catalog?n=1000".to_owned();
            listed(http, &of, first, |catalog: Catalog| catalog.repositories)
        });
        answers.remove(0)
    }

    /// Removes images, by their digests.
    pub(crate) fn remove(&self, of: Vec<Reference>) -> Vec<Answer<()>> {
        self.each(of, |http, of| {
            http.delete(&of, &format!("manifests/{}", of.version()))
        })
    }
}

/// What stands on one page, and where the next one is.
type Page = (Vec<String>, Option<String>);

fn page<T: for<'d> Deserialize<'d>>(
    http: &Http,
    of: &Reference,
    target: &str,
    list: fn(T) -> Option<Vec<String>>,
) -> Answer<Page> {
    let Some(page) = http.page(of, target, "application/json", MOST_OF_A_MANIFEST)? else {
        return Ok(None);
    };
    let read = serde_json::from_slice(&page.body).map_err(|error| super::odd(of, &error))?;
    Ok(Some((list(read).unwrap_or_default(), page.next)))
}

fn listed<T: for<'d> Deserialize<'d>>(
    http: &Http,
    of: &Reference,
    first: String,
    list: fn(T) -> Option<Vec<String>>,
) -> Answer<Vec<String>> {
    let (mut all, mut next) = (Vec::new(), Some(first));
    for _ in 0..MOST_PAGES {
        let Some(target) = next else {
            return Ok(Some(all));
        };
        let Some((some, behind)) = page(http, of, &target, list)? else {
            return Ok(None);
        };
        all.extend(some);
        next = behind;
    }
    let said = format!("the list that {} sends does not end", of.host);
    Err(Trouble::new(Kind::Odd, said))
}
