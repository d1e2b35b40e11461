//! `[project]` and `[system]`: defaults, the version that is needed, releases and images.

use super::super::{Project, Spanned};
use crate::name::{CONFIG, RUNNER, RUNNERS, STAGE, SYSTEM};
use crate::nearest;
use crate::problem::{Problem, Problems};
use crate::time;

pub(super) fn check(project: &Project, problems: &mut Problems) {
    defaults(project, problems);
    repeatable(project, problems);
    default_releases(project, problems);
    images(project, problems);
    maintenance(project, problems);
    requires(project, problems);
}

fn defaults(project: &Project, problems: &mut Problems) {
    let axes = &project.axes;
    let built_in = [CONFIG, STAGE, RUNNER, SYSTEM];
    for (axis, value) in &project.file.project.default {
        if problems.full() {
            return;
        }
        let name = axis.get_ref().as_str();
        let known: Vec<String> = match name {
            SYSTEM => axes.systems(),
            RUNNER => RUNNERS.map(str::to_owned).to_vec(),
            CONFIG => axes.configs.clone(),
            STAGE => axes.stages.clone(),
            name => axes.own.get(name).cloned().unwrap_or_default(),
        };
        if !built_in.contains(&name) && !axes.own.contains_key(name) {
            let all = axes.own.keys().map(String::as_str).chain(built_in);
            let help = nearest::advice(name, "axes", all);
            let problem = Problem::new(format!("unknown axis `{name}`"), help);
            problems.push(problem.place(project.place(axis.span())));
        } else if !known.contains(value.get_ref()) {
            let title = format!("unknown {name} `{}`", value.get_ref());
            let known = known.iter().map(String::as_str);
            let help = nearest::advice(value.get_ref(), "values", known);
            problems.push(Problem::new(title, help).place(project.place(value.span())));
        }
    }
}

/// Axes of which a name may have several values: the file's own.
fn repeatable(project: &Project, problems: &mut Problems) {
    for (axis, place) in project.texts(project.file.project.repeatable.as_ref()) {
        let own = project.axes.own.keys().map(String::as_str);
        let problem = if [CONFIG, STAGE, RUNNER, SYSTEM].contains(&axis.as_str()) {
            let title = format!("a name has one {axis}: the axis cannot be repeatable");
            Problem::new(
                title,
                "only axes of the file's own can: `[axis.NAME.VALUE]`",
            )
        } else if project.axes.own.contains_key(&axis) {
            continue;
        } else {
            let help = nearest::advice(&axis, "axes", own);
            Problem::new(format!("unknown axis `{axis}`"), help)
        };
        problems.push(problem.place(place));
    }
}

/// A family's `default-release` is one of its releases.
fn default_releases(project: &Project, problems: &mut Problems) {
    for (family, table) in &project.file.system {
        let known = &project.axes.families[family.get_ref()].releases;
        let Some(default) = &table.get_ref().default_release else {
            continue;
        };
        if !known.contains(default.get_ref()) {
            let (release, family) = (default.get_ref(), family.get_ref());
            let title = format!("unknown release `{release}` of `{family}`");
            let help = nearest::advice(release, "releases", known.iter().map(String::as_str));
            problems.push(Problem::new(title, help).place(project.place(default.span())));
        }
    }
}

/// A system that the catalog lacks says itself which image it has: the family, or each of its releases.
fn images(project: &Project, problems: &mut Problems) {
    for (family, table) in &project.file.system {
        let (name, table) = (family.get_ref(), table.get_ref());
        let (alone, mut releases) = (table.release.is_empty(), table.release.values());
        let said =
            table.image.is_some() || (!alone && releases.all(|r| r.get_ref().image.is_some()));
        if !said && !project.catalog.families.contains_key(name) && name != "host" {
            let title =
                format!("the system `{name}` has no image, and the catalog does not know it");
            let families = project.catalog.families.keys().map(String::as_str);
            let problem = match nearest::nearest(name, families) {
                Some(near) => Problem::new(title, format!("did you mean `{near}`?"))
                    .help("a system of your own has `image` and `package-manager`"),
                None => Problem::new(title, "give it `image` and `package-manager`"),
            };
            problems.push(problem.place(project.place(family.span())));
        }
    }
}

/// Days and archives of systems and their releases.
fn maintenance(project: &Project, problems: &mut Problems) {
    let families = project.file.system.values().map(Spanned::get_ref);
    let words = families.flat_map(|f| {
        let releases = f.release.values().map(Spanned::get_ref);
        let releases = releases.map(|r| (&r.end_of_life, &r.archive));
        std::iter::once((&f.end_of_life, &f.archive)).chain(releases)
    });
    for (day, archive) in words {
        if let Some(day) = day.as_ref().filter(|day| !time::is_day(day.get_ref())) {
            let title = format!("`{}` is no day", day.get_ref());
            let problem = Problem::new(title, "write it as `2028-06-30`");
            problems.push(problem.place(project.place(day.span())));
        }
        let address = |text: &str| {
            let mut begins = ["http://", "https://", "file:///"].iter();
            let url = begins.any(|begin| text.starts_with(begin));
            text.is_empty() || (url && !text.contains(char::is_whitespace))
        };
        if let Some(tree) = archive.as_ref().filter(|tree| !address(tree.get_ref())) {
            let title = format!("`{}` is no address of an archive", tree.get_ref());
            let help = "write it as `http://archive.debian.org/debian`; empty: nothing has moved";
            problems.push(Problem::new(title, help).place(project.place(tree.span())));
        }
    }
}

fn requires(project: &Project, problems: &mut Problems) {
    let Some(text) = &project.file.project.requires else {
        return;
    };
    let ours = env!("CARGO_PKG_VERSION");
    let number = |v: &str| -> Option<Vec<u64>> { v.split('.').map(|n| n.parse().ok()).collect() };
    let least = text.get_ref().strip_prefix(">=").map(str::trim);
    let problem = match least.and_then(number) {
        Some(least) if least <= number(ours).unwrap_or_default() => return,
        Some(_) => {
            let title = format!(
                "this file needs runenv {}, and this is {ours}",
                text.get_ref()
            );
            Problem::new(title, "install a newer runenv")
        }
        None => {
            let title = format!("`{}` is no version that can be required", text.get_ref());
            Problem::new(title, "write `requires = \">=0.1\"`")
        }
    };
    problems.push(problem.place(project.place(text.span())));
}
