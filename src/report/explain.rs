//! What `explain` found, as lines: a line a stage, and below it what changed.

use super::clean;
use crate::plan::record::{Change, What};
use crate::run::explain::{Against, Explained, Fate, Told, Why};

/// More files are counted only.
const MOST_FILES: usize = 10;
/// A longer value is cut.
const LONGEST: usize = 160;

/// One environment; `env` is its name.
pub(crate) fn text(env: &str, explained: &Explained) -> String {
    let mut text = clean::visible(env);
    let runner = explained.engine.map_or("this host", |engine| engine.name());
    text += &format!(" ({runner}");
    if let Some((name, identity)) = &explained.base {
        let identity = identity.map_or("not here".to_owned(), |identity| identity.short());
        text += &format!(", {} {identity}", clean::visible(name));
    }
    text += ")\n";
    let stages = || explained.stages.iter();
    let width = stages().map(|s| s.name.chars().count()).max().unwrap_or(0);
    for stage in stages() {
        let name = clean::visible(&stage.name);
        let key = stage.key.map_or("no key".to_owned(), |key| key.short());
        text += &format!(
            "  {name:<width$}  {:<7}  {key}  {}\n",
            word(stage),
            said(stage)
        );
        let changes: &[Change] = match &stage.fate {
            Fate::Run(Why::Changed { changes, .. }) | Fate::Unknown(changes) => changes,
            Fate::Found { .. } | Fate::NotNeeded | Fate::Run(_) | Fate::Always => &[],
        };
        text += &lines(changes);
    }
    text
}

/// What happens to it, in a word; the same in JSON.
pub(crate) fn word(stage: &Told) -> &'static str {
    match stage.fate {
        Fate::Found { .. } => "found",
        Fate::NotNeeded => "skipped",
        Fate::Run(_) => "runs",
        Fate::Unknown(_) => "unknown",
        Fate::Always => "always",
    }
}

fn said(stage: &Told) -> String {
    match &stage.fate {
        Fate::Found { image, tags } => match tags.first() {
            Some(tag) => clean::visible(tag),
            None => short(image).to_owned(),
        },
        Fate::NotNeeded => "its image is not here, and a later stage's is".to_owned(),
        Fate::Run(Why::New) => "nothing of it was built yet".to_owned(),
        Fate::Run(Why::Gone) => {
            "nothing changed since the last run, but its image is gone".to_owned()
        }
        Fate::Run(Why::OtherEngine(name)) => {
            format!("nothing changed since the last run, which was on {name}")
        }
        Fate::Run(Why::Before(stage)) => format!("`{}` changed", clean::visible(stage)),
        Fate::Run(Why::Changed { against, .. }) => match against {
            Against::LastRun => "since the last run:".to_owned(),
            Against::Image(image) => format!("against the image {}:", short(image)),
        },
        Fate::Unknown(changes) if changes.is_empty() => {
            "the key is not known: the base image is not here".to_owned()
        }
        Fate::Unknown(_) => {
            "the key is not known: the base image is not here; since the last run:".to_owned()
        }
        Fate::Always => "a stage on this host runs every time".to_owned(),
    }
}

/// An id as engines shorten it.
fn short(image: &str) -> &str {
    let id = image.strip_prefix("sha256:").unwrap_or(image);
    id.get(..12).unwrap_or(id)
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
    let mut text = format!("      {}", clean::visible(&words));
    if let Some(cause) = &change.because {
        text += &format!(" (by {})", clean::visible(cause));
    }
    if !change.place.is_empty() {
        text += &format!("  {}", clean::visible(&change.place));
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
            text += &format!("        {sign} {}\n", cut(&clean::visible(line)));
        }
    }
    text
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{} …", &text[..at]),
        None => text.to_owned(),
    }
}
