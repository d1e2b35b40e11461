//! Values that make names ambiguous: the same word on two axes, or a word that is others put together.

use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::super::file::{File, Text};
use super::super::read::sources::Sources;
use crate::name::axis::Value;
use crate::name::{Axes, RUNNERS, System, parse};
use crate::problem::{Place, Problem, Problems};

/// Takes releases of the catalog out that collide with what the file declares: a newer catalog must not break a file.
pub(super) fn leave_out(file: &File, axes: &mut Axes) {
    let declared = declared(file);
    let of_catalog = |system: &System| {
        let table = file.system.get(system.family.as_str());
        let release = system.release.as_deref();
        release.is_some_and(|r| table.is_none_or(|t| !t.get_ref().release.contains_key(r)))
    };
    let mut out = IndexMap::<System, String>::new();
    for (family, known) in &axes.families {
        for release in &known.releases {
            let (family, release) = (family.clone(), Some(release.clone()));
            let system = System { family, release };
            if of_catalog(&system)
                && let Some(because) = collides(&system.to_string(), &declared, axes)
            {
                out.insert(system, because);
            }
        }
    }
    for (value, axis) in declared.iter().filter(|(value, _)| value.contains('-')) {
        let parts = parse::readings(value, axes).into_iter().flatten();
        for part in parts.filter(|part| part.text != *value) {
            if let Some(system) = part.system.as_ref().filter(|s| of_catalog(s)) {
                let because = format!("`{value}` ({axis}) begins with it");
                out.entry(system.clone()).or_insert(because);
            }
        }
    }
    for (system, because) in out {
        axes.leave_out(&system, because);
    }
}

/// Every value that the file writes, with its axis.
fn declared(file: &File) -> BTreeMap<String, &str> {
    let mut all = BTreeMap::new();
    let mut keys = |axis, keys: &mut dyn Iterator<Item = String>| {
        all.extend(keys.map(|key| (key, axis)));
    };
    let name = |key: &Text| key.get_ref().clone();
    keys("config", &mut file.config.keys().map(name));
    keys("stage", &mut file.stage.keys().map(name));
    for (axis, values) in &file.axis {
        keys(axis.get_ref(), &mut values.keys().map(name));
    }
    for (family, table) in &file.system {
        let family = family.get_ref();
        let releases = table.get_ref().release.keys();
        let releases = releases.map(|r| format!("{family}-{}", r.get_ref()));
        keys("system", &mut releases.chain([family.clone()]));
    }
    all
}

/// What of the file a release of the catalog collides with.
fn collides(text: &str, declared: &BTreeMap<String, &str>, axes: &Axes) -> Option<String> {
    if let Some(axis) = declared.get(text) {
        return Some(format!("it is also a value of the axis `{axis}`"));
    }
    let parts = parts(text, axes)?;
    Some(format!("it is also {}", told(&parts)))
}

/// Other values that a value is, joined.
fn parts<'a>(value: &'a str, axes: &'a Axes) -> Option<Vec<&'a Value>> {
    let mut readings = parse::readings(value, axes).into_iter();
    readings.find(|parts| parts.len() > 1)
}

fn told(parts: &[&Value]) -> String {
    let words = parts.iter().map(|p| format!("`{}` ({})", p.text, p.axis));
    words.collect::<Vec<_>>().join(" and ")
}

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
    let parts = parts(&value.text, axes)?;
    let title = format!("`{}` ({}) is also {}", value.text, value.axis, told(&parts));
    let problem = Problem::new(title, "rename one: a name would have two readings");
    let others = parts.iter().filter_map(|p| all.get(p.text.as_str()));
    let places = std::iter::once(value).chain(others.copied());
    let places = places.filter_map(|w| w.place.clone());
    Some(places.fold(problem, Problem::place))
}
