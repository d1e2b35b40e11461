//! A text as a name: all readings that cover its factors with declared values.

use indexmap::IndexMap;

use super::axis::{Axes, Value};
use super::expand::shown;
use super::{CONFIG, EnvName, RUNNER, STAGE, SYSTEM, System};
use crate::nearest;
use crate::problem::{Place, Problem};

/// Parses one name; problems point into `place`, which holds `text`.
pub(crate) fn parse(text: &str, axes: &Axes, place: &Place) -> Result<EnvName, Problem> {
    check_shape(text, place)?;
    if axes.own_names.contains(text) {
        return Ok(own_name(text));
    }
    let mut search = Search::new(text, axes);
    search.go(0, &mut Vec::new());
    match search.found.len() {
        0 => Err(search.stuck.problem(text, axes, place)),
        1 => complete(text, search.found.swap_remove(0), axes, place),
        _ => Err(two_readings(text, &search.found, place)),
    }
}

/// How declared values can cover a text, up to two ways.
pub(crate) fn readings(text: &str, axes: &Axes) -> Vec<Vec<Value>> {
    let mut search = Search::new(text, axes);
    search.go(0, &mut Vec::new());
    search.found
}

/// A name that stands for itself: its runner and system come from its `[env.NAME]`.
fn own_name(text: &str) -> EnvName {
    let (runner, axes) = (String::new(), IndexMap::new());
    EnvName {
        own: Some(text.to_owned()),
        runner,
        system: None,
        axes,
        config: None,
        to: None,
    }
}

fn check_shape(text: &str, place: &Place) -> Result<(), Problem> {
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

struct Search<'a> {
    /// Each with its offset.
    factors: Vec<(usize, &'a str)>,
    axes: &'a Axes,
    longest: usize,
    found: Vec<Vec<Value>>,
    steps: usize,
    stuck: Stuck<'a>,
}

/// Values that are made to be put together in many ways are not tried in all of them.
const MOST_STEPS: usize = 20_000;

/// The furthest point that a reading came to, and why it ended there.
#[derive(Default)]
struct Stuck<'a> {
    at: usize,
    offset: usize,
    factor: &'a str,
    before: Vec<Value>,
    twice: Option<(Value, Value)>,
}

impl<'a> Search<'a> {
    fn new(text: &'a str, axes: &'a Axes) -> Self {
        Self {
            factors: factors(text).collect(),
            axes,
            longest: axes.longest(),
            found: Vec::new(),
            steps: 0,
            stuck: Stuck::default(),
        }
    }

    fn go(&mut self, at: usize, taken: &mut Vec<Value>) {
        self.steps += 1;
        if self.steps > MOST_STEPS || self.found.len() > 1 {
            return;
        }
        if at == self.factors.len() {
            self.found.push(taken.clone());
            return;
        }
        let mut any = false;
        for length in (1..=self.longest.min(self.factors.len() - at)).rev() {
            let words = &self.factors[at..at + length];
            let words: Vec<&str> = words.iter().map(|(_, factor)| *factor).collect();
            let Some(value) = self.axes.find(&words.join("-")) else {
                continue;
            };
            if let Some(other) = taken.iter().find(|v| v.axis == value.axis) {
                self.note(at, taken, Some((other.clone(), value)));
                continue;
            }
            any = true;
            taken.push(value);
            self.go(at + length, taken);
            taken.pop();
        }
        if !any {
            self.note(at, taken, None);
        }
    }

    fn note(&mut self, at: usize, before: &[Value], twice: Option<(Value, Value)>) {
        let stuck = &self.stuck;
        // The longest value is tried first and says most.
        let better = at == stuck.at && twice.is_some() && stuck.twice.is_none();
        if stuck.factor.is_empty() || at > stuck.at || better {
            let (offset, factor) = self.factors[at];
            self.stuck = Stuck {
                at,
                offset,
                factor,
                before: before.to_vec(),
                twice,
            };
        }
    }
}

impl Stuck<'_> {
    fn problem(&self, text: &str, axes: &Axes, place: &Place) -> Problem {
        let problem = match &self.twice {
            Some((one, two)) => twice(text, one, two),
            None => self.unknown(text, axes),
        };
        let length = match &self.twice {
            Some((_, two)) => two.text.len(),
            None => self.factor.len(),
        };
        problem.place(within(place, text, self.offset, length))
    }

    fn unknown(&self, text: &str, axes: &Axes) -> Problem {
        let factor = self.factor;
        // A family just before: the factor was meant as its release.
        let system = self.before.last().and_then(|v| v.system.as_ref());
        let family = system.filter(|s| s.release.is_none()).map(|s| &s.family);
        if let Some(family) = family
            && let Some(known) = axes.families.get(family)
            && !known.releases.is_empty()
            && known_elsewhere(axes, factor).is_none()
        {
            let title = format!(
                "unknown release `{factor}` of `{family}` in `{}`",
                shown(text)
            );
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
        Problem::new(title, advice(axes, factor))
    }
}

fn twice(text: &str, one: &Value, two: &Value) -> Problem {
    let title = if one == two {
        format!("`{}` stands twice in `{}`", two.text, shown(text))
    } else {
        format!(
            "`{}` has two values of the axis `{}`: `{}` and `{}`",
            shown(text),
            one.axis,
            one.text,
            two.text
        )
    };
    Problem::new(title, "a name has one value of each axis")
}

/// The family that a lone release belongs to.
fn known_elsewhere<'a>(axes: &'a Axes, factor: &str) -> Option<&'a str> {
    axes.families
        .iter()
        .find(|(_, f)| f.releases.iter().any(|r| r == factor))
        .map(|(name, _)| name.as_str())
}

/// What to do about an unknown factor: a release without its family, or the nearest value.
pub(crate) fn advice(axes: &Axes, factor: &str) -> String {
    if let Some(family) = known_elsewhere(axes, factor) {
        return format!("`{factor}` is a release: write `{family}-{factor}`");
    }
    let all = axes.values();
    let names = all
        .iter()
        .map(|(_, v)| v.as_str())
        .chain(axes.own_names.iter().map(String::as_str));
    if let Some(near) = nearest::nearest(factor, names) {
        return format!("did you mean `{near}`?");
    }
    let releases = axes
        .families
        .iter()
        .flat_map(|(f, known)| known.releases.iter().map(move |r| (f, r)));
    let near = nearest::nearest(factor, releases.clone().map(|(_, r)| r.as_str()));
    if let Some((family, release)) =
        near.and_then(|near| releases.clone().find(|(_, r)| r.as_str() == near))
    {
        return format!("did you mean `{family}-{release}`?");
    }
    "`runenv list` shows the environments, `runenv list --axes` every value that a name may have"
        .to_owned()
}

fn two_readings(text: &str, found: &[Vec<Value>], place: &Place) -> Problem {
    let read = |values: &Vec<Value>| {
        values
            .iter()
            .map(|v| format!("{} {}", v.axis, v.text))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let mut problem = Problem::new(
        format!("`{}` can be read in two ways", shown(text)),
        format!("one reading: {}", read(&found[0])),
    );
    problem = problem.help(format!("another: {}", read(&found[1])));
    problem.place(place.clone())
}

/// Fills in defaults and checks that nothing is missing.
fn complete(
    text: &str,
    values: Vec<Value>,
    axes: &Axes,
    place: &Place,
) -> Result<EnvName, Problem> {
    let mut by_axis: IndexMap<String, Value> =
        values.into_iter().map(|v| (v.axis.clone(), v)).collect();
    let mut take = |axis: &str| {
        let default = || axes.defaults.get(axis).and_then(|v| axes.find(v));
        by_axis.shift_remove(axis).or_else(default)
    };
    let missing = |what: &str, example: &str| {
        let title = format!("no {what} in `{}`", shown(text));
        Problem::new(title, format!("put one into the name: {example}")).place(place.clone())
    };
    let runner = take(RUNNER).ok_or_else(|| missing("runner", "docker, podman or local"))?;
    let system = match take(SYSTEM).and_then(|v| v.system) {
        Some(system) => with_release(text, system, axes, place)?,
        None if runner.text == "local" => System {
            family: "host".to_owned(),
            release: None,
        },
        None => return Err(missing("system", &system_examples(axes))),
    };
    let own = axes.own.keys();
    let own = own.filter_map(|axis| take(axis).map(|v| (axis.clone(), v.text)));
    let own = own.collect();
    let config = take(CONFIG).map(|v| v.text);
    if config.is_none() && !axes.configs.is_empty() {
        let problem = missing("config", &axes.configs.join(", "));
        return Err(problem.help("or set `[project] default = { config = \"…\" }`"));
    }
    let to = by_axis.shift_remove(STAGE).map(|v| v.text);
    Ok(EnvName {
        own: None,
        runner: runner.text,
        system: Some(system),
        axes: own,
        config,
        to,
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
fn with_release(text: &str, system: System, axes: &Axes, place: &Place) -> Result<System, Problem> {
    let Some(family) = axes.families.get(&system.family) else {
        return Ok(system);
    };
    if system.release.is_some() || family.alone {
        return Ok(system);
    }
    if let Some(release) = family.default_release.clone() {
        let release = Some(release);
        return Ok(System { release, ..system });
    }
    let title = format!("`{}` needs a release in `{}`", system.family, shown(text));
    let releases = family.releases.join(", ");
    let help = format!("releases of `{}`: {releases}", system.family);
    let at = factors(text).find(|(at, _)| text[*at..].starts_with(&system.family));
    let at = at.map_or(0, |(at, _)| at);
    Err(Problem::new(title, help).place(within(place, text, at, system.family.len())))
}
