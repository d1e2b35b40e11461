//! A text as a name: the one reading that covers its factors with declared values, completed and in order.

use super::axis::{Axes, Value};
use super::expand::shown;
use super::search::{Kind, Search, Taken};
use super::{CONFIG, EnvName, LOCAL, RUNNER, STAGE, SYSTEM, System, unread};
use crate::problem::{Place, Problem};

/// Parses one name; problems point into `place`, which holds `text`.
pub(crate) fn parse(text: &str, axes: &Axes, place: &Place) -> Result<EnvName, Problem> {
    let name = any(text, axes, place)?;
    match axes.rules.refuse(&name) {
        Some(broken) => Err(broken.problem(text, &name, place)),
        None => Ok(name),
    }
}

/// A name, whatever its values say of each other.
fn any(text: &str, axes: &Axes, place: &Place) -> Result<EnvName, Problem> {
    check_shape(text, place)?;
    if axes.own_names.contains(text) {
        return Ok(own_name(text));
    }
    let search = Search::new(text, axes, Kind::Name);
    match search.found.as_slice() {
        [] => Err(unread::name(&search.stuck, text, axes, place)),
        [one] => complete(text, one, axes, place),
        more => Err(unread::two_readings(text, more, place)),
    }
}

/// How declared values can cover a text, up to two ways.
pub(crate) fn readings<'a>(text: &'a str, axes: &'a Axes) -> Vec<Vec<&'a Value>> {
    let found = Search::new(text, axes, Kind::Name).found.into_iter();
    let values = |reading: Vec<Taken<'a>>| reading.into_iter().map(|t| t.value).collect();
    found.map(values).collect()
}

/// A name that stands for itself: its runner and system come from its `[env.NAME]`.
fn own_name(text: &str) -> EnvName {
    EnvName {
        own: Some(text.to_owned()),
        runner: String::new(),
        system: None,
        axes: Vec::new(),
        config: None,
        to: None,
    }
}

fn check_shape(text: &str, place: &Place) -> Result<(), Problem> {
    if text.len() <= 255 && super::is_value(text) {
        return Ok(());
    }
    if text.len() > 255 {
        let title = format!(
            "the name `{}` has {} characters",
            shown(text),
            text.chars().count()
        );
        return Err(Problem::new(title, "a name has at most 255").place(place.clone()));
    }
    let Some((at, bad)) = factors(text).find(|(_, factor)| !super::is_factor(factor)) else {
        return Ok(());
    };
    let title = if text.is_empty() {
        "an empty name".to_owned()
    } else if bad.is_empty() {
        format!("an empty factor in `{}`", shown(text))
    } else {
        format!("`{}` in `{}` is not a factor", shown(bad), shown(text))
    };
    let lower = bad.to_lowercase();
    let help = if super::is_factor(&lower) {
        format!("write it in lower case: `{lower}`")
    } else if super::expand::is_glob(bad) {
        "a glob chooses among names that are written elsewhere; braces write several: `{debian-bookworm,fedora-42}`".to_owned()
    } else {
        "a name is factors of `a-z`, `0-9`, `.` and `_`, joined by `-`: docker-debian-bookworm-standard".to_owned()
    };
    Err(Problem::new(title, help).place(within(place, text, at, bad.len())))
}

/// The factors of a name, each with its offset.
fn factors(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split('-').map(move |factor| {
        let here = at;
        at += factor.len() + 1;
        (here, factor)
    })
}

/// The place of a stretch of a name inside the place of the name.
pub(super) fn within(place: &Place, text: &str, at: usize, length: usize) -> Place {
    let here = &place.source.text[place.span.clone()];
    let part = text.get(at..at + length).unwrap_or_default();
    let start = match here.find(text) {
        Some(start) => Some(start + at),
        // The name came out of braces: the part may still stand there as it is.
        None => here.find(part).filter(|_| !part.is_empty()),
    };
    let Some(start) = start else {
        return place.clone();
    };
    let from = place.span.start + start;
    let to = (from + length).min(place.span.end);
    Place::new(&place.source, from..to)
}

/// Fills in defaults, checks that nothing is missing, and puts what there is in order.
fn complete(
    text: &str,
    values: &[Taken<'_>],
    axes: &Axes,
    place: &Place,
) -> Result<EnvName, Problem> {
    let taken = |axis: &str| values.iter().map(|t| t.value).find(|v| v.axis == axis);
    let default = |axis: &str| {
        let value = axes.defaults.get(axis).and_then(|v| axes.find(v));
        value.filter(|v| v.axis == axis)
    };
    let take = |axis: &str| taken(axis).or_else(|| default(axis));
    let missing = |what: &str, example: &str| {
        let title = format!("no {what} in `{}`", shown(text));
        Problem::new(title, format!("put one into the name: {example}")).place(place.clone())
    };
    let runner = take(RUNNER).ok_or_else(|| missing("runner", "docker, podman or local"))?;
    let system = match take(SYSTEM).and_then(|v| v.system.as_ref()) {
        Some(system) => with_release(text, system, axes, place)?,
        None if runner.text == LOCAL => System {
            family: "host".to_owned(),
            release: None,
        },
        None => return Err(missing("system", &system_examples(axes))),
    };
    let config = take(CONFIG).map(|v| v.text.clone());
    if config.is_none() && !axes.configs.is_empty() {
        let problem = missing("config", &axes.configs.join(", "));
        return Err(problem.help("or set `[project] default = { config = \"…\" }`"));
    }
    let mut own: Vec<&Value> = values
        .iter()
        .map(|t| t.value)
        .filter(|v| v.is_own())
        .collect();
    let left = axes.defaults.keys().filter(|axis| taken(axis).is_none());
    own.extend(left.filter_map(|axis| default(axis)).filter(|v| v.is_own()));
    own.sort_by_key(|v| v.rank);
    Ok(EnvName {
        own: None,
        runner: runner.text.clone(),
        system: Some(system),
        axes: own
            .iter()
            .map(|v| (v.axis.clone(), v.text.clone()))
            .collect(),
        config,
        to: taken(STAGE).map(|v| v.text.clone()),
    })
}

fn system_examples(axes: &Axes) -> String {
    let names = axes
        .families
        .iter()
        .filter(|(name, _)| *name != "host")
        .take(5);
    names
        .map(|(name, f)| {
            f.releases
                .last()
                .map_or(name.clone(), |r| format!("{name}-{r}"))
        })
        .collect::<Vec<_>>()
        .join(", ")
}

/// A family without a release takes its default one.
fn with_release(
    text: &str,
    system: &System,
    axes: &Axes,
    place: &Place,
) -> Result<System, Problem> {
    if system.release.is_some() {
        return Ok(system.clone());
    }
    let Some(family) = axes.families.get(&system.family) else {
        return Ok(system.clone());
    };
    if family.default_release.is_some() || family.alone {
        return Ok(System {
            family: system.family.clone(),
            release: family.default_release.clone(),
        });
    }
    let title = format!("`{}` needs a release in `{}`", system.family, shown(text));
    let releases = family.releases.join(", ");
    let help = format!("releases of `{}`: {releases}", system.family);
    let at = factors(text).find(|(at, _)| text[*at..].starts_with(&system.family));
    let at = at.map_or(0, |(at, _)| at);
    Err(Problem::new(title, help).place(within(place, text, at, system.family.len())))
}
