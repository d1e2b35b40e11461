//! Changes in a few words: `src/a.c changed (and 2 more)`.

use super::diff::{Change, Kind, What};

/// A value that is longer is not told in a line.
const SHORT: usize = 40;

/// What a stage is run for, in a line: the first change that no other is behind, and how many more there are.
pub(crate) fn brief(changes: &[Change]) -> String {
    let causes: Vec<&Change> = changes.iter().filter(|c| c.because.is_none()).collect();
    let Some(first) = causes.first() else {
        return "something changed".to_owned();
    };
    match causes.len() - 1 {
        0 => first.words(),
        more => format!("{} (and {more} more)", first.words()),
    }
}

impl Change {
    /// What changed and how, without the values where they are long.
    pub(crate) fn words(&self) -> String {
        match self.what {
            What::File => self.file(),
            What::Stage => format!("`{}` changed", self.name),
            What::Script => "runenv's own lines of its script changed".to_owned(),
            What::Setting | What::Name => self.setting(),
        }
    }

    fn setting(&self) -> String {
        let name = match self.name.as_str() {
            "base" => "the base image".to_owned(),
            "packages" => "package".to_owned(),
            name => name.strip_prefix("env:").map_or(name.to_owned(), |name| {
                format!("the caller's variable {name}")
            }),
        };
        let short = |text: &Option<String>| text.clone().filter(|text| is_short(text));
        let (old, new) = (short(&self.old), short(&self.new));
        let of = |value: Option<String>| value.map_or(String::new(), |value| format!(" `{value}`"));
        match self.kind {
            Kind::Added => format!("{name}{} added", of(new)),
            Kind::Removed => format!("{name}{} removed", of(old)),
            Kind::Reordered if name == "package" => "packages are in another order".to_owned(),
            Kind::Reordered => format!("{name} is in another order"),
            Kind::Changed if name == "package" => "packages changed".to_owned(),
            Kind::Changed => match old.zip(new) {
                Some((old, new)) => format!("{name} changed from `{old}` to `{new}`"),
                None => format!("{name} changed"),
            },
        }
    }

    fn file(&self) -> String {
        let path = &self.name;
        match self.kind {
            Kind::Added => return format!("{path} added"),
            Kind::Removed => return format!("{path} removed"),
            Kind::Changed | Kind::Reordered => {}
        }
        let Some((old, new)) = self.old.as_deref().zip(self.new.as_deref()) else {
            return format!("{path} changed");
        };
        let cut = |entry: &str| {
            entry
                .split_once(' ')
                .map(|(a, b)| (a.to_owned(), b.to_owned()))
        };
        match (cut(old), cut(new)) {
            (Some((was, old)), Some((is, new))) if was == "link" && is == "link" => {
                format!("{path} links to `{new}`, not `{old}`")
            }
            (Some((was, old)), Some((is, new))) if was != is && old == new => match is.as_str() {
                "program" => format!("{path} is executable now"),
                _ => format!("{path} is not executable any more"),
            },
            (Some((was, _)), Some((is, _))) if was == is => format!("{path} changed"),
            _ => format!("{path} is {} now, not {}", kind(new), kind(old)),
        }
    }
}

/// What an entry is, for people.
fn kind(entry: &str) -> &'static str {
    match entry.split(' ').next() {
        Some("folder") => "a folder",
        Some("link") => "a link",
        Some("program") => "an executable file",
        _ => "a file",
    }
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= SHORT && !text.contains(char::is_control) && !text.is_empty()
}
