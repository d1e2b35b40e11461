//! Making the files in a container up to date that was made from the stage's own image: what that has, it says itself.

use std::collections::BTreeMap;
use std::io::Read;
use std::time::Duration;

use super::super::artifacts::archive::{self, Shape};
use super::stage_run::StageRun;
use crate::exec::{self, Limits};
use crate::plan::copy::delivery::{self, Copies, Update};
use crate::plan::copy::listing::{self, Listing};
use crate::plan::copy::shown;
use crate::problem::Problem;

/// How long reading what an image has may take.
const READING: Duration = Duration::from_secs(600);
/// What an image says of its files is not longer.
const MOST_TEXT: u64 = 256 * 1024 * 1024;

/// What has to be sent and taken away, so that the container of a stage has the files of its chain. The inner error: why
/// it cannot be made up to date.
pub(super) fn update(
    run: &StageRun<'_>,
    chain: &[Copies<'_>],
    time: u64,
) -> Result<Result<Update, String>, Problem> {
    let mut command = run.calls.engine.copy_out(run.name, listing::FOLDER);
    command.dir = Some(run.folder.to_owned());
    let limits = Limits {
        time: Some(READING),
        ..Limits::default()
    };
    let (output, had) = exec::read(&command, &limits, run.calls.cancel, read);
    let output = output?;
    let Some(had) = had.filter(|_| output.exit.success()) else {
        return Ok(Err(
            "its newest image does not say which files it has".to_owned()
        ));
    };
    let update = delivery::update(chain, &had, time);
    Ok(update.map_err(|unlike| {
        let path = shown(&unlike.0);
        format!("`/{path}` was a file and is a folder, or the reverse")
    }))
}

/// The texts of an image's stages, by name.
fn read(from: &mut dyn Read) -> Option<BTreeMap<String, Listing>> {
    let mut all = BTreeMap::new();
    let mut broken = false;
    let read = archive::read(from, &mut |entry, content| {
        let name = String::from_utf8(entry.path).ok();
        let stage = name
            .as_deref()
            .and_then(|n| n.strip_suffix(listing::SUFFIX));
        if let (Some(stage), Shape::File) = (stage, &entry.shape) {
            let mut text = Vec::new();
            content.take(MOST_TEXT).read_to_end(&mut text)?;
            match listing::read(&text) {
                Some(listing) => drop(all.insert(stage.to_owned(), listing)),
                None => broken = true,
            }
        }
        Ok(())
    });
    (read.is_ok() && !broken).then_some(all)
}
