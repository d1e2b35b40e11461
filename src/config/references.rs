//! References of a file: names in `env-list`, groups, packages, stages, managers, durations, paths of `copy`.

use super::Project;
use super::check::{stages, texts};
use super::file::{Layer, List, StageTable, Text};
use crate::catalog::managers;
use crate::name::{Axes, CONFIG, STAGE, condition::Condition, expand, parse};
use crate::nearest;
use crate::problem::{Problem, Problems};
use crate::time;

pub(crate) fn check(project: &Project, problems: &mut Problems) {
    defaults(project, problems);
    releases(project, problems);
    requires(project, problems);
    for (text, place) in texts(project, project.file.project.env_list.as_ref()) {
        let Some(names) = problems.keep(expand::expand(&text).map_err(|p| p.place(place.clone())))
        else {
            continue;
        };
        for name in names {
            problems.keep(parse::parse(&name, &project.axes, &place));
        }
    }
    groups(project, problems);
    for (_, layer) in layers(project) {
        check_layer(project, &layer, problems);
    }
    for (name, table) in &project.file.stage {
        check_stage(project, table.get_ref(), problems);
        let _ = name;
    }
    environments(project, problems);
    distro_keys(project, problems);
}

/// Every layer that the file writes, with what it is called.
pub(crate) fn layers(project: &Project) -> Vec<(String, Layer)> {
    let file = &project.file;
    let mut all = vec![("defaults".to_owned(), file.defaults.clone())];
    all.extend(
        file.runner
            .iter()
            .map(|(n, t)| (format!("runner.{}", n.get_ref()), t.get_ref().clone())),
    );
    all.extend(
        file.config
            .iter()
            .map(|(n, t)| (format!("config.{}", n.get_ref()), t.get_ref().layer())),
    );
    for (family, table) in &file.system {
        all.push((
            format!("system.{}", family.get_ref()),
            table.get_ref().layer(),
        ));
        let releases = table.get_ref().release.iter();
        all.extend(releases.map(|(r, t)| {
            (
                format!("system.{}.release.{}", family.get_ref(), r.get_ref()),
                t.get_ref().clone(),
            )
        }));
    }
    for (axis, values) in &file.axis {
        all.extend(values.iter().map(|(v, t)| {
            (
                format!("axis.{}.{}", axis.get_ref(), v.get_ref()),
                t.get_ref().layer(),
            )
        }));
    }
    all.extend(
        file.when
            .iter()
            .map(|t| ("when".to_owned(), t.get_ref().layer())),
    );
    all.extend(
        file.env
            .iter()
            .map(|(n, t)| (format!("env.{}", n.get_ref()), t.get_ref().layer())),
    );
    all
}

fn defaults(project: &Project, problems: &mut Problems) {
    for (axis, value) in &project.file.project.default {
        let axes = &project.axes;
        let known: Vec<&str> = match axis.get_ref().as_str() {
            CONFIG => axes.configs.iter().map(String::as_str).collect(),
            STAGE => axes.stages.iter().map(String::as_str).collect(),
            name => match axes.own.get(name) {
                Some(values) => values.iter().map(String::as_str).collect(),
                None => {
                    let help = nearest::advice(name, "axes", own_axes(axes));
                    let problem = Problem::new(format!("unknown axis `{name}`"), help);
                    problems.push(problem.place(project.place(axis.span())));
                    continue;
                }
            },
        };
        if !known.contains(&value.get_ref().as_str()) {
            let title = format!("unknown {} `{}`", axis.get_ref(), value.get_ref());
            let help = nearest::advice(value.get_ref(), "values", known);
            problems.push(Problem::new(title, help).place(project.place(value.span())));
        }
    }
}

fn own_axes(axes: &Axes) -> impl Iterator<Item = &str> {
    axes.own.keys().map(String::as_str).chain([CONFIG, STAGE])
}

/// A family's `default-release` is one of its releases; one that the catalog lacks says how it installs.
fn releases(project: &Project, problems: &mut Problems) {
    for (family, table) in &project.file.system {
        let known = &project.axes.families[family.get_ref()].releases;
        if let Some(default) = &table.get_ref().default_release
            && !known.contains(default.get_ref())
        {
            let title = format!(
                "unknown release `{}` of `{}`",
                default.get_ref(),
                family.get_ref()
            );
            let help = nearest::advice(
                default.get_ref(),
                "releases",
                known.iter().map(String::as_str),
            );
            problems.push(Problem::new(title, help).place(project.place(default.span())));
        }
        let layer = table.get_ref().layer();
        if !project.catalog.families.contains_key(family.get_ref())
            && layer.image.is_none()
            && !table
                .get_ref()
                .release
                .values()
                .all(|r| r.get_ref().image.is_some())
        {
            let title = format!(
                "the system `{}` has no image, and the catalog does not know it",
                family.get_ref()
            );
            problems.push(
                Problem::new(title, "give it `image` and `package-manager`")
                    .place(project.place(family.span())),
            );
        }
    }
}

fn requires(project: &Project, problems: &mut Problems) {
    let Some(text) = &project.file.project.requires else {
        return;
    };
    let number = |v: &str| -> Option<Vec<u64>> { v.split('.').map(|n| n.parse().ok()).collect() };
    let ours = number(env!("CARGO_PKG_VERSION")).unwrap_or_default();
    let problem = match text
        .get_ref()
        .strip_prefix(">=")
        .map(str::trim)
        .and_then(number)
    {
        Some(least) if least <= ours => return,
        Some(_) => {
            let title = format!(
                "this file needs runenv {}, and this is {}",
                text.get_ref(),
                env!("CARGO_PKG_VERSION")
            );
            Problem::new(title, "install a newer runenv")
        }
        None => Problem::new(
            format!("`{}` is no version that can be required", text.get_ref()),
            "write `requires = \">=0.1\"`",
        ),
    };
    problems.push(problem.place(project.place(text.span())));
}

fn groups(project: &Project, problems: &mut Problems) {
    for list in project.file.group.values() {
        package_keys(project, Some(list), problems);
    }
}

/// `key`, `@group`, and `!` before either.
fn package_keys(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (text, place) in texts(project, list) {
        let word = text.strip_prefix('!').unwrap_or(&text);
        let problem = if let Some(group) = word.strip_prefix('@') {
            let known: Vec<&str> = project
                .file
                .group
                .keys()
                .map(|k| k.get_ref().as_str())
                .collect();
            if known.contains(&group) {
                continue;
            }
            Problem::new(
                format!("unknown group `@{group}`"),
                nearest::advice(group, "groups", known),
            )
        } else {
            let known: Vec<&str> = project
                .file
                .packages
                .keys()
                .map(|k| k.get_ref().as_str())
                .collect();
            if known.contains(&word) {
                continue;
            }
            let help = nearest::advice(word, "packages", known);
            Problem::new(format!("unknown package `{word}`"), help).help(format!(
                "declare it: `[packages] {word} = {{ debian = \"…\" }}`; names as the package manager has them go into `system-packages`"
            ))
        };
        problems.push(problem.place(place));
    }
}

fn check_layer(project: &Project, layer: &Layer, problems: &mut Problems) {
    package_keys(project, layer.packages.as_ref(), problems);
    if let Some(edits) = &layer.append {
        package_keys(project, edits.packages.as_ref(), problems);
    }
    if let Some(manager) = &layer.package_manager
        && managers::find(manager.get_ref()).is_none()
    {
        let help = nearest::advice(manager.get_ref(), "package managers", managers::names());
        problems.push(
            Problem::new(
                format!("unknown package manager `{}`", manager.get_ref()),
                help,
            )
            .place(project.place(manager.span())),
        );
    }
    duration(project, layer.timeout.as_ref(), problems);
    duration(project, layer.kill_after.as_ref(), problems);
    network(project, layer.network.as_ref(), problems);
    variables(project, layer.env.as_ref(), problems);
    for (name, table) in stages(layer.stage.as_ref()) {
        if !project.axes.stages.contains(name.get_ref()) {
            let help = nearest::advice(
                name.get_ref(),
                "stages",
                project.axes.stages.iter().map(String::as_str),
            );
            problems.push(
                Problem::new(format!("unknown stage `{}`", name.get_ref()), help)
                    .place(project.place(name.span())),
            );
        }
        check_stage(project, table, problems);
    }
}

fn check_stage(project: &Project, table: &StageTable, problems: &mut Problems) {
    duration(project, table.timeout.as_ref(), problems);
    network(project, table.network.as_ref(), problems);
    variables(project, table.env.as_ref(), problems);
    copies(project, table.copy.as_ref(), problems);
    copies(
        project,
        table.append.as_ref().and_then(|a| a.copy.as_ref()),
        problems,
    );
}

fn duration(project: &Project, text: Option<&Text>, problems: &mut Problems) {
    let Some(text) = text else { return };
    if let Err(message) = time::parse_duration(text.get_ref()) {
        let title = format!("`{}` is no duration: {message}", text.get_ref());
        problems.push(
            Problem::new(title, "write it as `90s`, `30m` or `5h30m`")
                .place(project.place(text.span())),
        );
    }
}

fn network(project: &Project, text: Option<&Text>, problems: &mut Problems) {
    let Some(text) = text.filter(|t| !["none", "host"].contains(&t.get_ref().as_str())) else {
        return;
    };
    let help = nearest::advice(text.get_ref(), "networks", ["none", "host"]);
    problems.push(
        Problem::new(format!("unknown network `{}`", text.get_ref()), help)
            .place(project.place(text.span())),
    );
}

/// Names that a shell keeps for itself: assigning them fails or does something else.
const SHELL_OWN: [&str; 12] = [
    "UID",
    "EUID",
    "PPID",
    "BASHOPTS",
    "SHELLOPTS",
    "BASH_VERSINFO",
    "BASHPID",
    "FUNCNAME",
    "GROUPS",
    "DIRSTACK",
    "IFS",
    "PWD",
];

fn variables(project: &Project, env: Option<&super::file::Map<Text>>, problems: &mut Problems) {
    for name in env.into_iter().flat_map(|map| map.keys()) {
        let text = name.get_ref();
        let legal = text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !text.is_empty()
            && !text.starts_with(|c: char| c.is_ascii_digit());
        let problem = if !legal {
            Problem::new(
                format!("`{text}` cannot be a variable's name"),
                "use letters, digits and `_`, not a digit first",
            )
        } else if SHELL_OWN.contains(&text.as_str()) {
            Problem::new(
                format!("the shell keeps `{text}` for itself"),
                "use another name",
            )
        } else {
            continue;
        };
        problems.push(problem.place(project.place(name.span())));
    }
}

/// `copy` stays inside the tree.
fn copies(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (text, place) in texts(project, list) {
        let problem = if text.starts_with('/') || text.starts_with('~') {
            Problem::new(
                format!("`{text}` is not a path inside the tree"),
                "write it relative to the folder of envs.toml",
            )
        } else if text.split('/').any(|part| part == "..") {
            Problem::new(
                format!("`{text}` leads out of the tree"),
                "only files below the folder of envs.toml can be copied",
            )
        } else if text.is_empty() || text.contains(['\0', '\n']) {
            Problem::new(
                "an empty or broken path",
                "name a file, a folder or a pattern such as `src/**`",
            )
        } else {
            continue;
        };
        problems.push(problem.place(place));
    }
}

fn environments(project: &Project, problems: &mut Problems) {
    for table in &project.file.when {
        match &table.get_ref().r#if {
            Some(text) => drop(problems.keep(Condition::parse(
                text.get_ref(),
                &project.axes,
                &project.place(text.span()),
            ))),
            None => problems.push(
                Problem::new(
                    "the key `if` is missing",
                    "say when: `if = \"ubuntu-focal\"`",
                )
                .place(project.place(table.span())),
            ),
        }
    }
    for (name, table) in &project.file.env {
        let (own, table) = (
            project.axes.own_names.contains(name.get_ref()),
            table.get_ref(),
        );
        let place = project.place(name.span());
        if !own {
            problems.keep(parse::parse(name.get_ref(), &project.axes, &place));
        } else if table.commands.is_none() {
            let title = format!("the environment `{}` has no commands", name.get_ref());
            problems.push(Problem::new(title, "give it `commands = [\"…\"]`").place(place.clone()));
        }
        if let Some(like) = &table.like {
            problems.keep(parse::parse(
                like.get_ref(),
                &project.axes,
                &project.place(like.span()),
            ));
        } else if own && table.runner.is_none() {
            let title = format!("the environment `{}` has no runner", name.get_ref());
            problems.push(
                Problem::new(
                    title,
                    "give it `runner = \"local\"`, or `like = \"docker-…\"`",
                )
                .place(place.clone()),
            );
        }
        if let Some(runner) = table
            .runner
            .as_ref()
            .filter(|r| !crate::name::RUNNERS.contains(&r.get_ref().as_str()))
        {
            let help = nearest::advice(runner.get_ref(), "runners", crate::name::RUNNERS);
            problems.push(
                Problem::new(format!("unknown runner `{}`", runner.get_ref()), help)
                    .place(project.place(runner.span())),
            );
        }
        copies(project, table.copy.as_ref(), problems);
    }
}

/// Distro keys of `[packages]` are those of the catalog and of the file's systems.
fn distro_keys(project: &Project, problems: &mut Problems) {
    let mut known: Vec<String> = project
        .catalog
        .families
        .values()
        .flat_map(|f| f.distro.clone())
        .collect();
    known.extend(
        [
            "arch",
            "alpine",
            "opensuse",
            "gentoo",
            "void",
            "slackware",
            "nix",
            "conda",
            "homebrew",
        ]
        .map(str::to_owned),
    );
    for (_, layer) in layers(project) {
        known.extend(
            texts(project, layer.distro.as_ref())
                .into_iter()
                .map(|(t, _)| t),
        );
    }
    for key in project
        .file
        .packages
        .values()
        .flat_map(|names| names.keys())
    {
        if !known.contains(key.get_ref()) {
            let help = nearest::advice(
                key.get_ref(),
                "distro keys",
                known.iter().map(String::as_str),
            );
            problems.push(
                Problem::new(format!("unknown distro key `{}`", key.get_ref()), help)
                    .place(project.place(key.span())),
            );
        }
    }
}
