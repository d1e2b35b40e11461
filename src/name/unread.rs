//! What is said of a text that declared values do not cover, or cover in two ways.

use super::axis::{Axes, Value};
use super::expand::shown;
use super::parse::within;
use super::search::{Stuck, Taken};
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
        let title = format!(
            "unknown release `{factor}` of `{family}` in `{}`",
            shown(text)
        );
        let by_number = known.versions.iter().find(|(version, _)| version == factor);
        if let Some((_, release)) = by_number.filter(|(_, r)| known.releases.contains(r)) {
            let help = format!("`{factor}` is called `{release}`: write `{family}-{release}`");
            return Problem::new(title, help);
        }
        let releases = || known.releases.iter().map(String::as_str);
        let what = format!("releases of `{family}`");
        let problem = Problem::new(title, nearest::advice(factor, &what, releases()));
        return if nearest::nearest(factor, releases()).is_some() {
            problem.help(format!("{what}: {}", known.releases.join(", ")))
        } else {
            problem
        };
    }
    let title = if factor == text {
        format!("unknown environment `{factor}`")
    } else {
        format!("unknown factor `{factor}` in `{}`", shown(text))
    };
    Problem::new(title, advice(axes, factor, &[]))
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

/// What to do about an unknown factor: a release without its family, or the nearest values; `more` may stand there, too.
pub(crate) fn advice(axes: &Axes, factor: &str, more: &[&str]) -> String {
    if let [first, others @ ..] = elsewhere(axes, factor).as_slice() {
        let or = match others {
            [] => String::new(),
            [second] => format!(" or `{second}-{factor}`"),
            [second, ..] => format!(" or `{second}-{factor}`, …"),
        };
        return format!("`{factor}` is a release: write `{first}-{factor}`{or}");
    }
    if let Some(system) = numbered(axes, factor) {
        return format!("`{factor}` is a release: write `{system}`");
    }
    let all = axes.values();
    let releases = axes.families.values().flat_map(|f| &f.releases);
    let names = all.iter().map(|(_, value)| value.as_str());
    let names = names.chain(axes.own_names.iter().map(String::as_str));
    let names = names.chain(more.iter().copied());
    let near = nearest::all_nearest(factor, names.chain(releases.map(String::as_str)));
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
