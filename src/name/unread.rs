//! What is said of a text that declared values do not cover, or cover in two ways.

use super::axis::{Axes, Family, Value};
use super::expand::shown;
use super::parse::within;
use super::search::{Stuck, Taken};
use super::{SYSTEM, System};
use crate::nearest;
use crate::problem::{Place, Problem};

/// Why a name has no reading.
pub(super) fn name(stuck: &Stuck<'_>, text: &str, axes: &Axes, place: &Place) -> Problem {
    let (offset, factor) = stuck.factor.unwrap_or((0, text));
    let (problem, length) = match stuck.twice {
        Some((one, two)) => (twice(text, one, two), two.text.len()),
        None => (unknown(stuck, factor, text, axes), factor.len()),
    };
    problem.place(within(place, text, offset, length))
}

fn unknown(stuck: &Stuck<'_>, factor: &str, text: &str, axes: &Axes) -> Problem {
    // A family just before: the factor was meant as its release, but for a word that is one of another family alone.
    let number = factor.starts_with(|c: char| c.is_ascii_digit());
    let system = stuck.before.last().and_then(|v| v.system.as_ref());
    let family = system.filter(|s| s.release.is_none()).map(|s| &s.family);
    if let Some(family) = family
        && let Some(known) = axes.families.get(family)
        && !known.releases.is_empty()
        && (number || elsewhere(axes, factor).len() != 1)
    {
        return unknown_release(family, known, factor, text);
    }
    let before = stuck.before.iter().find_map(|v| v.system.as_ref());
    if let Some(system) = before
        && let Some(problem) = two_releases(system, factor, text, axes)
    {
        return problem;
    }
    let title = if factor == text {
        format!("unknown environment `{factor}`")
    } else {
        format!("unknown factor `{factor}` in `{}`", shown(text))
    };
    let release = || {
        let help = lone_release(axes, factor)?;
        Some(match before {
            Some(system) => format!("{help} in place of `{system}`"),
            None => help,
        })
    };
    let help = longer(stuck, factor, axes)
        .or_else(release)
        .or_else(|| joined(stuck, text, axes));
    Problem::new(title, help.unwrap_or_else(|| advice(axes, factor, &[])))
}

fn unknown_release(name: &str, family: &Family, factor: &str, text: &str) -> Problem {
    let title = format!(
        "unknown release `{factor}` of `{name}` in `{}`",
        shown(text)
    );
    let is = |version: &str| version == factor || version.replace('.', "") == factor;
    let by_number = family.versions.iter().find(|(version, _)| is(version));
    if let Some((_, release)) = by_number.filter(|(_, r)| family.releases.contains(r)) {
        let help = format!("`{factor}` is called `{release}`: write `{name}-{release}`");
        return Problem::new(title, help);
    }
    let releases = || family.releases.iter().map(String::as_str);
    let what = format!("releases of `{name}`");
    let problem = Problem::new(title, nearest::advice(factor, &what, releases()));
    if nearest::nearest(factor, releases()).is_some() {
        problem.help(format!("{what}: {}", family.releases.join(", ")))
    } else {
        problem
    }
}

/// A release behind another one of its family.
fn two_releases(system: &System, factor: &str, text: &str, axes: &Axes) -> Option<Problem> {
    let (family, release) = (&system.family, system.release.as_ref()?);
    let known = axes.families.get(family)?;
    known.releases.iter().find(|r| *r == factor)?;
    let title = format!(
        "`{}` has two releases of `{family}`: `{release}` and `{factor}`",
        shown(text)
    );
    Some(Problem::new(title, "a name has one value of each axis"))
}

/// A value just before, of which there are longer ones: one of those was meant (`macos-15.0` where there is `macos-14.0`).
fn longer(stuck: &Stuck<'_>, factor: &str, axes: &Axes) -> Option<String> {
    let before = stuck.before.last().filter(|v| v.system.is_none())?;
    let values = axes.values();
    let of_axis = values.iter().filter(|(axis, _)| *axis == before.axis);
    let of_axis: Vec<&str> = of_axis.map(|(_, value)| value.as_str()).collect();
    let start = format!("{}-", before.text);
    let longer: Vec<&str> = of_axis
        .iter()
        .copied()
        .filter(|v| v.starts_with(&start))
        .collect();
    if longer.is_empty() {
        return None;
    }
    if nearest::stem(factor).is_empty() {
        return Some(nearest::all(
            &format!("values of `{}`", before.axis),
            &of_axis,
        ));
    }
    let near = nearest::all_nearest(&format!("{start}{factor}"), longer);
    (!near.is_empty()).then(|| nearest::did_you_mean(near.into_iter().map(str::to_owned)))
}

/// Factors from here on that are one value with something else between them (`gcc-9`), or with a slip (`with-target`).
fn joined(stuck: &Stuck<'_>, text: &str, axes: &Axes) -> Option<String> {
    let (at, _) = stuck.factor?;
    let factors: Vec<&str> = text.get(at..)?.split('-').collect();
    let values = axes.values();
    let values = values.iter().filter(|(axis, _)| *axis != SYSTEM);
    let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
    let families = axes.families.keys().map(String::as_str);
    let values: Vec<&str> = values.into_iter().chain(families).collect();
    let near = (2..=3).rev().find_map(|length| {
        let word = factors.get(..length)?.join("-");
        let near = nearest::all_nearest(&word, values.iter().copied());
        let alike = |near: &&str| near.contains('-') || !word.contains(near);
        let near: Vec<&str> = near.into_iter().filter(alike).collect();
        (!near.is_empty()).then_some(near)
    })?;
    Some(nearest::did_you_mean(near.into_iter().map(str::to_owned)))
}

fn twice(text: &str, one: &Value, two: &Value) -> Problem {
    if one == two {
        let title = format!("`{}` stands twice in `{}`", two.text, shown(text));
        let help = if one.repeatable {
            "a name has each value once"
        } else {
            "a name has one value of each axis"
        };
        return Problem::new(title, help);
    }
    let title = format!(
        "`{}` has two values of the axis `{}`: `{}` and `{}`",
        shown(text),
        one.axis,
        one.text,
        two.text
    );
    let problem = Problem::new(title, "a name has one value of each axis");
    if one.is_own() {
        let axis = &one.axis;
        return problem.help(format!(
            "where several make sense together: `[project] repeatable = [\"{axis}\"]`"
        ));
    }
    problem
}

/// The families that a lone release belongs to.
fn elsewhere<'a>(axes: &'a Axes, factor: &str) -> Vec<&'a str> {
    let families = axes.families.iter();
    let of = families.filter(|(_, f)| f.releases.iter().any(|r| r == factor));
    of.map(|(name, _)| name.as_str()).collect()
}

/// The release whose number stands alone: `24.04`. A plain number may be anybody's.
fn numbered(axes: &Axes, factor: &str) -> Option<String> {
    let mut all = axes.families.iter().filter(|_| factor.contains('.'));
    all.find_map(|(family, known)| {
        let (_, release) = known.versions.iter().find(|(v, _)| v == factor)?;
        let there = known.releases.contains(release);
        there.then(|| format!("{family}-{release}"))
    })
}

/// A release without its family.
fn lone_release(axes: &Axes, factor: &str) -> Option<String> {
    let system = match elsewhere(axes, factor).as_slice() {
        [] => format!("`{}`", numbered(axes, factor)?),
        [one] => format!("`{one}-{factor}`"),
        [one, two] => format!("`{one}-{factor}` or `{two}-{factor}`"),
        [one, two, ..] => format!("`{one}-{factor}` or `{two}-{factor}`, …"),
    };
    Some(format!("`{factor}` is a release: write {system}"))
}

/// What to do about an unknown factor: a release without its family, or the nearest values; `more` may stand there, too.
pub(crate) fn advice(axes: &Axes, factor: &str, more: &[&str]) -> String {
    if let Some(help) = lone_release(axes, factor) {
        return help;
    }
    let all = axes.values();
    // Code names: short words and `latest` are near to anything.
    let releases = axes.families.values().flat_map(|f| &f.releases);
    let releases = releases.filter(|r| r.len() > 3 && *r != "latest");
    let names = all.iter().map(|(_, value)| value.as_str());
    let names = names.chain(axes.own_names.iter().map(String::as_str));
    let names = names.chain(more.iter().copied());
    let near = nearest::all_nearest(factor, names.clone().chain(releases.map(String::as_str)));
    if !near.iter().any(|near| nearest::one_slip(near, factor)) && factor.len() > 2 {
        let holding = nearest::holding(factor, names);
        if !holding.is_empty() {
            return nearest::did_you_mean(holding.into_iter().map(str::to_owned));
        }
    }
    if let [first, ..] = near.as_slice()
        && near.iter().all(|near| another_version(near, factor))
        && let Some(value) = axes.find(first).filter(|v| v.is_own())
    {
        let (axis, values) = (&value.axis, &axes.own[&value.axis]);
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        return nearest::all(&format!("values of `{axis}`"), &values);
    }
    if !near.is_empty() {
        let whole = |near: &str| {
            let alone = axes.find(near).is_some() || axes.own_names.contains(near);
            let family = elsewhere(axes, near).first().copied().filter(|_| !alone);
            family.map_or_else(|| near.to_owned(), |family| format!("{family}-{near}"))
        };
        return nearest::did_you_mean(near.into_iter().map(whole));
    }
    "`runenv list` shows the environments, `runenv list --axes` every value that a name may have"
        .to_owned()
}

/// Are they the same but for a number, and not for what joins it alone?
fn another_version(one: &str, two: &str) -> bool {
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    nearest::stem(one) == nearest::stem(two) && digits(one) != digits(two)
}

/// Both ways in which a text can be read.
pub(super) fn two_readings(text: &str, found: &[Vec<Taken<'_>>], place: &Place) -> Problem {
    let read = |taken: &[Taken<'_>]| {
        let values = taken.iter().map(|t| t.value);
        let values = values.map(|v| format!("{} {}", v.axis, v.text));
        values.collect::<Vec<_>>().join(", ")
    };
    let title = format!("`{}` can be read in two ways", shown(text));
    let problem = Problem::new(title, format!("one reading: {}", read(&found[0])));
    let problem = problem.help(format!("another: {}", read(&found[1])));
    problem.place(place.clone())
}
