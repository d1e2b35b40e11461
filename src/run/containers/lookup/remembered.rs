//! What the engine once told of images: an id is the digest of an image's configuration, so what is told of it never
//! changes, and only whether the image is still there is asked again. One list of all images tells that of many.
//!
//! A hint: of what is not in the file, or if it is broken, the engine is asked. Tags are others', and not kept.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::thread;

use serde::{Deserialize, Serialize};

use super::super::call::Calls;
use super::inventory::{self, Inventory};
use crate::engine::facts::Image;
use crate::files;
use crate::problem::Problem;
use crate::run::folder::Folder;

/// Of fewer images the engine is asked as if nothing were known: that is one process, and soon answered.
const FEWEST: usize = 32;
/// An engine names so many images of a list in the time in which it tells all of one.
const NAMED: usize = 8;
/// The file is not larger.
const MOST_BYTES: u64 = 64_000_000;

/// The file.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Remembered {
    /// The engine has so many images that a list of them takes longer than to be told of these.
    crowded: bool,
    /// By id.
    images: BTreeMap<String, Image>,
}

/// Asks an engine for the images of a run, of which `names` are names and ids.
pub(crate) fn ask(
    inventory: &Inventory,
    calls: &Calls<'_>,
    names: &[String],
    folder: &Folder,
) -> Result<(), Problem> {
    let ids: BTreeSet<&String> = names.iter().filter(|n| inventory::is_id(n)).collect();
    if calls.engine.tells_slowly() || ids.len() < FEWEST {
        return inventory.ask(calls, names);
    }
    let path = folder
        .path()
        .join(format!("{}-images.json", calls.engine.name()));
    let mut old = read(&path);
    old.images.retain(|id, image| *id == image.id);
    let known = ids.iter().filter(|id| old.images.contains_key(**id));
    let mut crowded = None;
    if !old.crowded && known.count() >= FEWEST {
        crowded = list(inventory, calls, names, &old)?;
    }
    // Those that are not known, where some are.
    inventory.ask(calls, names)?;
    let there = ids.iter().filter_map(|id| inventory.get(id));
    let new = Remembered {
        images: there
            .map(|image| (image.id.clone(), untagged(&image)))
            .collect(),
        crowded: false,
    };
    let same = new.images.keys().eq(old.images.keys());
    let crowded = crowded.unwrap_or(same && old.crowded);
    if !same || crowded != old.crowded {
        let text = serde_json::to_string(&Remembered { crowded, ..new });
        // Without it the next run asks again.
        let _ = files::write_atomic(&path, text.expect("it was JSON").as_bytes());
    }
    Ok(())
}

/// Notes which of the images that are known are there, and asks for the others meanwhile. Is the engine crowded? `None`:
/// it did not list its images.
fn list(
    inventory: &Inventory,
    calls: &Calls<'_>,
    names: &[String],
    old: &Remembered,
) -> Result<Option<bool>, Problem> {
    let (known, new): (Vec<String>, Vec<String>) = names
        .iter()
        .cloned()
        .partition(|name| old.images.contains_key(name));
    let (listed, asked) = thread::scope(|scope| {
        let asking = scope.spawn(|| inventory.ask(calls, &new));
        let listed = calls.query(&calls.engine.all_images());
        (listed, asking.join())
    });
    asked.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let listed = listed?;
    if !listed.exit.success() {
        return Ok(None);
    }
    let text = listed.text();
    let there: BTreeSet<&str> = text.lines().map(str::trim).collect();
    let crowded = there.len() > NAMED * known.len();
    inventory.know(known.into_iter().map(|id| {
        let image = old.images.get(&id).filter(|_| there.contains(id.as_str()));
        let image = image.cloned();
        (id, image)
    }));
    Ok(Some(crowded))
}

fn read(path: &Path) -> Remembered {
    let text = files::read_text(path, MOST_BYTES).ok();
    let read = text.and_then(|text| serde_json::from_str(&text).ok());
    read.unwrap_or_default()
}

fn untagged(image: &Image) -> Image {
    Image {
        repo_tags: None,
        ..image.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::facts;

    #[test]
    fn what_is_kept_is_what_was_told_but_for_tags() {
        let told = br#"[{"Id":"sha256:1","RepoTags":["a:b"],"Architecture":"amd64","Variant":"v2","Os":"linux",
            "Created":"2026-01-01T00:00:00Z","Author":"","Size":7,"RootFS":{"Layers":["l"]},
            "Config":{"Env":["A=b"],"Entrypoint":["sh"],"Cmd":["-e"],"User":"0:0","WorkingDir":"/",
            "Labels":{"a":"b"},"Volumes":{"/v":{}},"ExposedPorts":{"1/tcp":{}},"OnBuild":["x"],
            "StopSignal":"INT","Shell":["sh"],"Healthcheck":{"Test":["NONE"]}},"Healthcheck":{"Test":["CMD"]}}]"#;
        let image = facts::images(told).unwrap().remove(0);
        let kept = Remembered {
            crowded: false,
            images: BTreeMap::from([(image.id.clone(), untagged(&image))]),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let text = serde_json::to_string(&kept).unwrap();
        files::write_atomic(&path, text.as_bytes()).unwrap();
        let read_back = &read(&path).images["sha256:1"];
        let without_tags = format!("{image:?}").replace(r#"Some(["a:b"])"#, "None");
        assert_eq!(format!("{read_back:?}"), without_tags);

        files::write_atomic(&path, &text.as_bytes()[..text.len() / 2]).unwrap();
        assert!(read(&path).images.is_empty(), "a broken one is none");
    }
}
