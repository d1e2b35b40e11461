//! Values that make names ambiguous: the same word on two axes, or a word that is others put together.

use std::collections::BTreeMap;

use super::file::{File, Text};
use super::sources::Sources;
use crate::name::{Axes, RUNNERS, parse};
use crate::problem::{Place, Problem, Problems};

/// A value, its axis, and where it is written; the catalog's are written nowhere.
struct Written<'a> {
    text: String,
    axis: &'a str,
    place: Option<Place>,
}

pub(super) fn check(sources: &Sources, file: &File, axes: &Axes, problems: &mut Problems) {
    let all = written(sources, file, axes);
    let mut seen = BTreeMap::<&str, &Written<'_>>::new();
    for value in &all {
        if problems.full() {
            return;
        }
        match seen.get(value.text.as_str()) {
            Some(first) => problems.push(twice(value, first)),
            None => drop(seen.insert(&value.text, value)),
        }
    }
    for value in all.iter().filter(|v| v.text.contains('-')) {
        if problems.full() {
            return;
        }
        problems.0.extend(composed(value, axes, &seen));
    }
}

fn written<'a>(sources: &Sources, file: &'a File, axes: &'a Axes) -> Vec<Written<'a>> {
    let ours = |text: &str, axis| Written {
        text: text.to_owned(),
        axis,
        place: None,
    };
    let place = |text: &Text| sources.place(text.span());
    let mut all: Vec<Written<'_>> = RUNNERS.iter().map(|r| ours(r, "runner")).collect();
    all.push(ours("container", "runner"));
    for (name, family) in &axes.families {
        let table = file.system.get_key_value(name.as_str());
        all.push(Written {
            place: table.map(|(key, _)| place(key)),
            ..ours(name, "system")
        });
        for release in &family.releases {
            let key = table.and_then(|(_, t)| t.get_ref().release.get_key_value(release.as_str()));
            all.push(Written {
                place: key.map(|(key, _)| place(key)),
                ..ours(&format!("{name}-{release}"), "system")
            });
        }
    }
    let mut keys = |axis: &'a str, keys: &mut dyn Iterator<Item = &Text>| {
        let values = keys.map(|k| Written {
            place: Some(place(k)),
            ..ours(k.get_ref(), axis)
        });
        all.extend(values);
    };
    keys("config", &mut file.config.keys());
    keys("stage", &mut file.stage.keys());
    for (axis, values) in &file.axis {
        keys(axis.get_ref(), &mut values.keys());
    }
    all
}

fn twice(value: &Written<'_>, first: &Written<'_>) -> Problem {
    let title = format!(
        "`{}` is a value of two axes: `{}` and `{}`",
        value.text, first.axis, value.axis
    );
    let problem = Problem::new(title, "rename one: a name would have two readings");
    let places = [value.place.clone(), first.place.clone()];
    places.into_iter().flatten().fold(problem, Problem::place)
}

/// A value that is others, joined: wherever it stands, they could be meant.
fn composed(
    value: &Written<'_>,
    axes: &Axes,
    all: &BTreeMap<&str, &Written<'_>>,
) -> Option<Problem> {
    let readings = parse::readings(&value.text, axes);
    let parts = readings.into_iter().find(|parts| parts.len() > 1)?;
    let words: Vec<String> = parts
        .iter()
        .map(|p| format!("`{}` ({})", p.text, p.axis))
        .collect();
    let title = format!(
        "`{}` ({}) is also {}",
        value.text,
        value.axis,
        words.join(" and ")
    );
    let problem = Problem::new(title, "rename one: a name would have two readings");
    let others = parts.iter().filter_map(|p| all.get(p.text.as_str()));
    let places = std::iter::once(value).chain(others.copied());
    let places = places.filter_map(|w| w.place.clone());
    Some(places.fold(problem, Problem::place))
}
