//! Settings of layers and stages: managers, durations, networks, names of variables, paths, conditions of commands.

use super::super::Project;
use super::super::check::{stages, texts};
use super::super::file::{Layer, List, Map, StageTable, Text};
use super::super::shape::{CommandForm, Commands};
use super::super::spanned::Spanned;
use super::packages;
use crate::catalog::managers;
use crate::config::template;
use crate::name::condition::Condition;
use crate::nearest;
use crate::problem::{Problem, Problems};
use crate::time;

pub(super) fn layer(project: &Project, layer: &Layer, problems: &mut Problems) {
    packages::keys(project, layer.packages.as_ref(), problems);
    for edits in layer.append.iter().chain(&layer.remove) {
        packages::keys(project, edits.packages.as_ref(), problems);
    }
    manager(project, layer.package_manager.as_ref(), problems);
    duration(project, layer.timeout.as_ref(), problems);
    duration(project, layer.kill_after.as_ref(), problems);
    network(project, layer.network.as_ref(), problems);
    variables(project, layer.env.as_ref(), problems);
    variables_of_texts(project, layer.vars.as_ref(), problems);
    for (name, table) in stages(layer.stage.as_ref()) {
        if problems.full() {
            return;
        }
        if !project.axes.stages.contains(name.get_ref()) {
            let known = project.axes.stages.iter().map(String::as_str);
            let help = nearest::advice(name.get_ref(), "stages", known);
            let problem = Problem::new(format!("unknown stage `{}`", name.get_ref()), help);
            problems.push(problem.place(project.place(name.span())));
        }
        stage(project, table, problems);
    }
}

pub(super) fn stage(project: &Project, table: &StageTable, problems: &mut Problems) {
    duration(project, table.timeout.as_ref(), problems);
    network(project, table.network.as_ref(), problems);
    variables(project, table.env.as_ref(), problems);
    copies(project, table.copy.as_ref(), problems);
    for list in [&table.run, &table.on_failure].into_iter().flatten() {
        commands(project, list, problems);
    }
    let Some(edits) = &table.append else { return };
    copies(project, edits.copy.as_ref(), problems);
    for list in [&edits.run, &edits.on_failure].into_iter().flatten() {
        commands(project, list, problems);
    }
}

/// Conditions of commands.
pub(super) fn commands(project: &Project, list: &Spanned<Commands>, problems: &mut Problems) {
    for command in list.get_ref().each(list.span()) {
        if problems.full() {
            return;
        }
        let mut form = command.get_ref();
        while let CommandForm::Table(table) = form {
            if let Some(text) = &table.r#if {
                condition(project, text, problems);
            }
            form = table.run.get_ref();
        }
    }
}

pub(super) fn condition(project: &Project, text: &Text, problems: &mut Problems) {
    let place = project.place(text.span());
    problems.keep(Condition::parse(text.get_ref(), &project.axes, &place));
}

fn manager(project: &Project, name: Option<&Text>, problems: &mut Problems) {
    let Some(name) = name.filter(|m| managers::find(m.get_ref()).is_none()) else {
        return;
    };
    let help = nearest::advice(name.get_ref(), "package managers", managers::names());
    let problem = Problem::new(
        format!("unknown package manager `{}`", name.get_ref()),
        help,
    );
    problems.push(problem.place(project.place(name.span())));
}

fn duration(project: &Project, text: Option<&Text>, problems: &mut Problems) {
    let Some(text) = text else { return };
    if let Err(help) = time::parse_duration(text.get_ref()) {
        let problem = Problem::new(format!("`{}` is no duration", text.get_ref()), help);
        problems.push(problem.place(project.place(text.span())));
    }
}

fn network(project: &Project, text: Option<&Text>, problems: &mut Problems) {
    let known = ["none", "host"];
    let Some(text) = text.filter(|t| !known.contains(&t.get_ref().as_str())) else {
        return;
    };
    let help = nearest::advice(text.get_ref(), "networks", known);
    let problem = Problem::new(format!("unknown network `{}`", text.get_ref()), help);
    problems.push(problem.place(project.place(text.span())));
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

fn variables(project: &Project, env: Option<&Map<Text>>, problems: &mut Problems) {
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

/// A var is used as `{name}`: its name must be one that can stand there, and mean nothing else.
pub(super) fn variables_of_texts<T>(
    project: &Project,
    vars: Option<&Map<T>>,
    problems: &mut Problems,
) {
    for name in vars.into_iter().flat_map(|map| map.keys()) {
        let text = name.get_ref();
        let taken =
            project.axes.own.contains_key(text) || template::BUILT_IN.contains(&text.as_str());
        let problem = if !template::is_name(text) {
            Problem::new(
                format!("`{text}` cannot be the name of a var"),
                "use `a-z`, `0-9` and `-`, a letter first: only then `{name}` means it",
            )
        } else if taken {
            let title = format!("`{{{text}}}` is a name of runenv's own and cannot be a var");
            Problem::new(title, "use another name")
        } else {
            continue;
        };
        problems.push(problem.place(project.place(name.span())));
    }
}

/// `copy` stays inside the tree.
pub(super) fn copies(project: &Project, list: Option<&List>, problems: &mut Problems) {
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
