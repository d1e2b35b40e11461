//! Package keys and groups, and what they are called on a system. Knows no package manager but by its row.

pub(crate) mod script;

use crate::config::Project;
use crate::config::check::texts;
use crate::problem::{Place, Problem};

/// One entry of a list of packages after groups were opened: a key, or one to take out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Add(String),
    TakeOut(String),
}

/// Opens `@group`s and `!`s of one written word. References were checked when the file was loaded.
pub(crate) fn open(project: &Project, word: &str, place: &Place) -> Result<Vec<Entry>, Problem> {
    let mut out = Vec::new();
    open_into(project, word, place, &mut Vec::new(), &mut out)?;
    Ok(out)
}

fn open_into(
    project: &Project,
    word: &str,
    place: &Place,
    inside: &mut Vec<String>,
    out: &mut Vec<Entry>,
) -> Result<(), Problem> {
    let (negated, name) = word
        .strip_prefix('!')
        .map_or((false, word), |rest| (true, rest));
    let Some(group) = name.strip_prefix('@') else {
        out.push(if negated {
            Entry::TakeOut(name.to_owned())
        } else {
            Entry::Add(name.to_owned())
        });
        return Ok(());
    };
    if inside.iter().any(|g| g == group) {
        let title = format!(
            "the group `@{group}` contains itself: {} -> {group}",
            inside.join(" -> ")
        );
        return Err(Problem::new(title, "take it out of one of these groups").place(place.clone()));
    }
    inside.push(group.to_owned());
    for (member, _) in texts(project, project.file.group.get(group)) {
        let mut opened = Vec::new();
        open_into(project, &member, place, inside, &mut opened)?;
        for entry in opened {
            match entry {
                // A group that is taken out takes out its members; what it excludes does not matter.
                Entry::Add(key) if negated => out.push(Entry::TakeOut(key)),
                Entry::TakeOut(_) if negated => {}
                Entry::Add(key) => out.push(Entry::Add(key)),
                Entry::TakeOut(key) => out.retain(|e| *e != Entry::Add(key.clone())),
            }
        }
    }
    inside.pop();
    Ok(())
}

/// The names of a package under the first of the distro keys that it has: words, still with substitutions, and
/// their place. Empty where it has no name there.
pub(crate) fn names(project: &Project, key: &str, distro: &[String]) -> Vec<(String, Place)> {
    let Some(table) = project.file.packages.get(key) else {
        return Vec::new();
    };
    let Some(list) = distro.iter().find_map(|d| table.get(d.as_str())) else {
        return Vec::new();
    };
    let whole = project.place(list.span());
    let words = texts(project, Some(list));
    words
        .into_iter()
        .flat_map(|(text, _)| crate::quote::split(&text).unwrap_or_default())
        .map(|word| (word, whole.clone()))
        .collect()
}
