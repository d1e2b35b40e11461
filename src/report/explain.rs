//! What `explain` found, as lines: a line a stage, and below it what changed.

use super::harmless::{cut_to, visible};
use crate::plan::record::{Change, What};
use crate::run::ahead::Unasked;
use crate::run::explain::{Explained, Fate, Spared, Told, Way};
use crate::run::why::{Against, Why, short};
use crate::size;

/// More files are counted only.
const MOST_FILES: usize = 10;
/// A longer value is cut.
const LONGEST: usize = 160;

/// One environment; `env` is its name.
pub(crate) fn text(env: &str, explained: &Explained) -> String {
    let mut text = visible(env);
    let runner = explained.engine.map_or("this host", |engine| engine.name());
    text += &format!(" ({runner}");
    if let Some((name, identity)) = &explained.base {
        let identity = identity.map_or("not here".to_owned(), |identity| identity.short());
        text += &format!(", {} {identity}", visible(name));
    }
    text += ")\n";
    let stages = || explained.stages.iter();
    let width = stages().map(|s| s.name.chars().count()).max().unwrap_or(0);
    for stage in stages() {
        let name = visible(&stage.name);
        let key = stage.key.map_or("no key".to_owned(), |key| key.short());
        text += &format!(
            "  {name:<width$}  {:<7}  {key}  {}\n",
            word(stage),
            said(stage)
        );
        let changes: &[Change] = match &stage.fate {
            Fate::Run {
                why: Why::Changed { changes, .. },
                ..
            }
            | Fate::NotNeeded(_, changes)
            | Fate::Unknown(_, changes) => changes,
            Fate::Found { .. }
            | Fate::There { .. }
            | Fate::Passed
            | Fate::Run { .. }
            | Fate::Always => &[],
        };
        text += &lines(changes);
    }
    text
}

/// What happens to it, in a word; the same in JSON.
pub(crate) fn word(stage: &Told) -> &'static str {
    match stage.fate {
        Fate::Found { .. } | Fate::There { .. } | Fate::Passed => "found",
        Fate::NotNeeded(..) => "skipped",
        Fate::Run { .. } => "runs",
        Fate::Unknown(..) => "unknown",
        Fate::Always => "always",
    }
}

fn said(stage: &Told) -> String {
    match &stage.fate {
        Fate::Found {
            image,
            tags,
            increments,
        } => {
            let tag = tags.first().map(|tag| visible(tag));
            let tag = tag.unwrap_or_else(|| short(image).to_owned());
            match increments {
                Some(own) => format!("{tag}, increment {} of {}", own.links, visible(&own.from)),
                None => tag,
            }
        }
        Fate::There {
            tag, bytes, pulled, ..
        } => {
            let pulled = if *pulled { ", would be pulled" } else { "" };
            format!("in the registry{pulled}: {}", sized(tag, *bytes))
        }
        Fate::Passed => "it passed in its tree".to_owned(),
        Fate::NotNeeded(Spared::Later, _) => {
            "its image is not here, and a later stage's is".to_owned()
        }
        Fate::NotNeeded(Spared::Own(stage), changes) => {
            let own = format!("not needed: `{}` starts from its own image", visible(stage));
            own + since(changes)
        }
        Fate::Run { why, way } => from(way) + &because(why),
        Fate::Unknown(unasked, changes) => unknown(unasked, changes),
        Fate::Always => "a stage on this host runs every time".to_owned(),
    }
}

/// Where an incremental stage begins.
fn from(way: &Way) -> String {
    match way {
        Way::Clean => String::new(),
        Way::CleanFor(reason) => format!("{reason}; "),
        Way::Own {
            increments,
            most,
            there,
            ..
        } => {
            let (from, links) = (visible(&increments.from), increments.links);
            let there = there.as_ref().map(|there| {
                let image = sized(&there.tag.to_string(), there.bytes);
                format!(", in the registry, would be pulled: {image}")
            });
            let there = there.unwrap_or_default();
            format!("from its own image of {from} (link {links} of {most}){there}; ")
        }
    }
}

/// An image of a registry, and how much it would be to pull it.
fn sized(tag: &str, bytes: u64) -> String {
    format!("{} ({})", visible(tag), size::shown(bytes))
}

fn because(why: &Why) -> String {
    match why {
        Why::New => "nothing of it was built yet".to_owned(),
        Why::NotTaken(why) => why.words().to_owned(),
        Why::Gone => "nothing changed since the last run, but its image is gone".to_owned(),
        Why::OtherEngine(name) => {
            format!("nothing changed since the last run, which was on {name}")
        }
        Why::Before(stage) => format!("`{}` changed", visible(stage)),
        Why::Changed { against, .. } => match against {
            Against::LastRun => "since the last run:".to_owned(),
            Against::Image(image) => {
                format!("against the image {}:", visible(short(image)))
            }
        },
        Why::NotPassed => "it has not passed in its tree as that is now".to_owned(),
        Why::InTree(stage) => format!("`{}` runs before it in the tree", visible(stage)),
        Why::OtherKey => "it passed in its tree with another key".to_owned(),
        Why::Unsaid => "its images do not say what they were made of".to_owned(),
    }
}

fn unknown(unasked: &Unasked, changes: &[Change]) -> String {
    let what = match unasked {
        Unasked::Base(_) => "the key is not known: ",
        Unasked::Engine(_) => "it is in no registry, and ",
        Unasked::Offline | Unasked::Registry(_) => "it is not on the engine, and ",
    };
    let rest = since(changes);
    format!("{what}{}{rest}", visible(&unasked.to_string()))
}

/// What leads over to changes.
fn since(changes: &[Change]) -> &'static str {
    if changes.is_empty() {
        ""
    } else {
        "; since the last run:"
    }
}

fn lines(changes: &[Change]) -> String {
    let (mut text, mut files) = (String::new(), 0);
    for change in changes {
        if change.what == What::File {
            files += 1;
            if files > MOST_FILES {
                continue;
            }
        }
        text += &line(change);
    }
    if files > MOST_FILES {
        text += &format!("      and {} more files\n", files - MOST_FILES);
    }
    text
}

/// The change in words; values that are too long for them stand below.
fn line(change: &Change) -> String {
    let words = change.words();
    let mut text = format!("      {}", visible(&words));
    if let Some(cause) = &change.because {
        text += &format!(" (by {})", visible(cause));
    }
    if !change.place.is_empty() {
        text += &format!("  {}", visible(&change.place));
    }
    text.push('\n');
    if change.what == What::Stage || change.what == What::File {
        return text;
    }
    for (sign, value) in [('-', &change.old), ('+', &change.new)] {
        let unsaid = value
            .as_ref()
            .filter(|value| !words.contains(&format!("`{value}`")));
        for line in unsaid.into_iter().flat_map(|value| value.lines()) {
            text += &format!("        {sign} {}\n", cut_to(&visible(line), LONGEST));
        }
    }
    text
}
