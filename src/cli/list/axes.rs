//! What names are made of: every axis with its values, and what there is to say of each.

use indexmap::IndexMap;
use serde::Serialize;

use super::{a_line, past};
use crate::config::file::Text;
use crate::config::{Project, Spanned};
use crate::name::expand::{self, shown};
use crate::name::{CONFIG, LOCAL, RUNNER, STAGE, SYSTEM};
use crate::nearest;
use crate::problem::{Kind, Problem};

/// `docs/reference/json.md` has these keys.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Axes {
    /// In the order in which names print them.
    axes: IndexMap<String, Vec<Told>>,
    /// Releases of the catalog that would make names of this file ambiguous.
    left_out: Vec<LeftOut>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct LeftOut {
    value: String,
    because: String,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Told {
    value: String,
    description: Option<String>,
    /// Taken where a name has no value of the axis.
    default: bool,
    end_of_life: Option<String>,
    /// Conditions for the names that it may, and may not, stand in.
    only: Option<String>,
    not: Option<String>,
    /// Of a system.
    family: Option<String>,
    /// The release that a family alone stands for.
    default_release: Option<String>,
    /// False: a family that no name can have without a release.
    stands_alone: bool,
}

/// All axes, or of them what the words mean: axes, values, parts of values, globs.
pub(super) fn axes(project: &Project, words: &[String]) -> Result<Axes, Problem> {
    let mut axes = IndexMap::<String, Vec<Told>>::new();
    for (axis, value) in project.axes.values() {
        let value = described(project, axis, value);
        axes.entry(axis.to_owned()).or_default().push(value);
    }
    let left_out = |meant: &dyn Fn(&str) -> bool| {
        let all = project.axes.left_out.iter().filter(|l| meant(&l.system));
        let left_out = all.map(|l| LeftOut {
            value: l.system.clone(),
            because: l.because.clone(),
        });
        left_out.collect::<Vec<_>>()
    };
    if words.is_empty() {
        let left_out = left_out(&|_| true);
        return Ok(Axes { axes, left_out });
    }
    let names: Vec<String> = axes.keys().cloned().collect();
    let all: Vec<String> = axes.values().flatten().map(|v| v.value.clone()).collect();
    for (axis, values) in &mut axes {
        values.retain(|v| words.iter().any(|word| meant(word, axis, &v.value)));
    }
    axes.retain(|_, values| !values.is_empty());
    let left_out = left_out(&|value| words.iter().any(|word| meant(word, SYSTEM, value)));
    if axes.is_empty() && left_out.is_empty() {
        let words = words.join(" ");
        let title = format!("`{}` is no axis, and in no value of one", shown(&words));
        let known = names.iter().chain(&all).map(String::as_str);
        let help = nearest::nearest(&words, known).map_or_else(
            || format!("axes: {}", names.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        let problem = Problem::new(title, help);
        return Err(Problem {
            kind: Kind::Nothing,
            ..problem
        });
    }
    Ok(Axes { axes, left_out })
}

fn meant(word: &str, axis: &str, value: &str) -> bool {
    if expand::is_glob(word) {
        return expand::matches(word, value) || expand::matches(word, axis);
    }
    word == axis || value.contains(word)
}

fn described(project: &Project, axis: &str, value: String) -> Told {
    let (only, not) = rules(project, axis, &value);
    let text = |rule: Option<&Text>| rule.map(|text| text.get_ref().clone());
    let mut all = Told {
        only: text(only),
        not: text(not),
        description: of_value(project, axis, &value),
        default: project.axes.defaults.get(axis) == Some(&value),
        end_of_life: None,
        family: None,
        default_release: None,
        stands_alone: true,
        value,
    };
    if axis == SYSTEM
        && let Some(system) = project.axes.find(&all.value).and_then(|v| v.system.clone())
    {
        let release = system.release.as_deref();
        let end = project.end_of_life(&system);
        all.end_of_life = end.map(|(day, _)| day.to_owned());
        if release.is_none()
            && let Some(family) = project.axes.families.get(&system.family)
        {
            all.default_release.clone_from(&family.default_release);
            all.stands_alone = family.alone || all.default_release.is_some();
        }
        all.family = Some(system.family);
    }
    all
}

/// What a value says of the names that it may stand in.
fn rules<'a>(
    project: &'a Project,
    axis: &str,
    value: &str,
) -> (Option<&'a Text>, Option<&'a Text>) {
    let file = &project.file;
    let table = match axis {
        RUNNER | STAGE => None,
        SYSTEM => {
            let system = project.axes.find(value).and_then(|v| v.system.clone());
            let Some(system) = system else {
                return (None, None);
            };
            let Some(table) = file.system.get(system.family.as_str()) else {
                return (None, None);
            };
            let table = table.get_ref();
            let Some(release) = system.release else {
                return (table.only.as_ref(), table.not.as_ref());
            };
            let release = table.release.get(release.as_str()).map(Spanned::get_ref);
            return release.map_or((None, None), |r| (r.only.as_ref(), r.not.as_ref()));
        }
        CONFIG => file.config.get(value),
        own => file.axis.get(own).and_then(|values| values.get(value)),
    };
    let table = table.map(Spanned::get_ref);
    table.map_or((None, None), |t| (t.only.as_ref(), t.not.as_ref()))
}

/// What the file says of a value; of the runners also what everybody knows.
pub(super) fn of_value(project: &Project, axis: &str, value: &str) -> Option<String> {
    let file = &project.file;
    match axis {
        RUNNER => {
            let table = file.runner.get(value).map(Spanned::get_ref);
            let said = table.and_then(|t| text_of(t.description.as_ref()));
            let engine = value != LOCAL;
            said.or_else(|| Some(if engine { "containers" } else { "this machine" }.to_owned()))
        }
        SYSTEM => {
            let system = project.axes.find(value)?.system.clone()?;
            of_system(project, &system.family, system.release.as_deref())
        }
        CONFIG => of_config(project, value),
        own => text_of(
            file.axis
                .get(own)?
                .get(value)?
                .get_ref()
                .description
                .as_ref(),
        ),
    }
}

/// A release's description; without one its family's.
pub(super) fn of_system(project: &Project, family: &str, release: Option<&str>) -> Option<String> {
    let table = project.file.system.get(family)?.get_ref();
    let released = release.and_then(|r| table.release.get(r));
    let released = released.and_then(|t| t.get_ref().description.as_ref());
    text_of(released.or(table.description.as_ref()))
}

pub(super) fn of_config(project: &Project, config: &str) -> Option<String> {
    text_of(
        project
            .file
            .config
            .get(config)?
            .get_ref()
            .description
            .as_ref(),
    )
}

fn text_of(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.get_ref().clone())
}

/// An axis, and its values below it; releases stand below their family.
pub(super) fn text(axes: &Axes, today: &str) -> String {
    let mut text = String::new();
    for (axis, values) in &axes.axes {
        text += &format!("{axis}\n");
        let indent = |v: &Told| match &v.family {
            Some(family) if *family != v.value => 4,
            _ => 2,
        };
        let width = values.iter().map(|v| indent(v) + v.value.len()).max();
        let width = width.unwrap_or(0) + 2;
        for value in values {
            let line = format!("{:indent$}{}", "", value.value, indent = indent(value));
            let notes = notes(value, today);
            text += &if notes.is_empty() {
                format!("{line}\n")
            } else {
                format!("{line:width$}{notes}\n")
            };
        }
    }
    if !axes.left_out.is_empty() {
        text += "left out of the catalog, since names could be read in two ways\n";
    }
    for left_out in &axes.left_out {
        text += &format!("  {}  {}\n", left_out.value, left_out.because);
    }
    text
}

fn notes(value: &Told, today: &str) -> String {
    let description = value.description.as_deref().map(a_line);
    let mut notes: Vec<String> = description.into_iter().collect();
    notes.extend(value.default.then(|| "(default)".to_owned()));
    let default = value.default_release.as_ref();
    notes.extend(default.map(|release| format!("(default release: {release})")));
    let rules = [("only", &value.only), ("not", &value.not)];
    for (key, rule) in rules {
        let rule = rule.as_deref().map(a_line);
        notes.extend(rule.map(|rule| format!("({key} {rule})")));
    }
    notes.extend(past(value.end_of_life.as_deref(), today));
    notes.join(" ")
}
