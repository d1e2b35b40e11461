//! Settings of layers and stages: everything that a table of them says must be possible.

use super::super::file::shape::{CommandForm, Commands};
use super::super::file::{Layer, List, ListEdits, Map, StageEdits, StageTable, Text};
use super::super::{Project, Spanned};
use super::packages;
use super::values::{
    annotations, copies, duration, form, images, mounts, passed, secrets, size, variables, word,
    words,
};
use crate::catalog::managers;
use crate::config::{forms, template};
use crate::nearest;
use crate::problem::{Problem, Problems};

/// Networks beside the one that stages share.
const NETWORKS: [&str; 2] = ["none", "host"];
/// Systems of the host, as Rust calls them.
const HOST_OS: [&str; 6] = ["linux", "macos", "freebsd", "netbsd", "openbsd", "windows"];

/// Exhaustive: a new key does not compile until it is decided how it is checked.
pub(super) fn layer(project: &Project, layer: &Layer, problems: &mut Problems) {
    #[rustfmt::skip]
    let Layer {
        image, platform, package_manager, distro: _, packages, system_packages: _, packages_before: _,
        packages_after: _, ignore_missing_packages: _, env, vars, prelude: _, shell: _, workdir, user, network,
        mounts: mounted, create_args: _, secrets: secret, allow_volumes: _, memory, cpus, timeout, kill_after,
        isolate, install: _, description: _, pass_env, annotate, host_os, stage: own_stages, append, remove,
    } = layer;
    images(project, image.as_ref(), problems);
    form(project, platform.as_ref(), forms::PLATFORM, problems);
    form(project, workdir.as_ref(), forms::FOLDER, problems);
    form(project, user.as_ref(), forms::USER, problems);
    form(project, memory.as_ref(), forms::MEMORY, problems);
    form(project, cpus.as_ref(), forms::CPUS, problems);
    packages::keys(project, packages.as_ref(), problems);
    manager(project, package_manager.as_ref(), problems);
    duration(project, timeout.as_ref(), problems);
    duration(project, kill_after.as_ref(), problems);
    word(project, network.as_ref(), "network", &NETWORKS, problems);
    word(
        project,
        isolate.as_ref(),
        "isolation",
        &["tree", "copy"],
        problems,
    );
    words(project, host_os.as_ref(), "host system", &HOST_OS, problems);
    variables(project, env.as_ref(), problems);
    passed(project, pass_env.as_ref(), problems);
    variables_of_texts(project, vars.as_ref(), problems);
    mounts(project, mounted.as_ref(), problems);
    secrets(project, secret.as_ref(), problems);
    annotations(project, annotate.as_ref(), problems);
    for edits in append.iter().chain(remove) {
        list_edits(project, edits, problems);
    }
    for (name, table) in own_stages.iter().flatten() {
        if problems.full() {
            return;
        }
        stage_name(project, name, problems);
        stage(project, name, table.get_ref(), problems);
    }
}

fn manager(project: &Project, name: Option<&Text>, problems: &mut Problems) {
    word(project, name, "package manager", &managers::NAMES, problems);
}

fn list_edits(project: &Project, edits: &ListEdits, problems: &mut Problems) {
    #[rustfmt::skip]
    let ListEdits {
        image, distro: _, packages, system_packages: _, packages_before: _, packages_after: _, prelude: _,
        shell: _, create_args: _, mounts: mounted, secrets: secret, pass_env, annotate, host_os, vars: _,
    } = edits;
    images(project, image.as_ref(), problems);
    packages::keys(project, packages.as_ref(), problems);
    mounts(project, mounted.as_ref(), problems);
    secrets(project, secret.as_ref(), problems);
    passed(project, pass_env.as_ref(), problems);
    annotations(project, annotate.as_ref(), problems);
    words(project, host_os.as_ref(), "host system", &HOST_OS, problems);
}

/// A name of a stage that is declared.
pub(super) fn stage_name(project: &Project, name: &Text, problems: &mut Problems) {
    if !project.axes.stages.contains(name.get_ref()) {
        let known = project.axes.stages.iter().map(String::as_str);
        let help = nearest::advice(name.get_ref(), "stages", known);
        let problem = Problem::new(format!("unknown stage `{}`", name.get_ref()), help);
        problems.push(problem.place(project.place(name.span())));
    }
}

/// Exhaustive, as `layer` is.
pub(super) fn stage(project: &Project, name: &Text, table: &StageTable, problems: &mut Problems) {
    #[rustfmt::skip]
    let StageTable {
        from, r#if, packages: _, copy, run, env, shell: _, prelude: _, workdir, user, network, mounts: mounted,
        secrets: secret, create_args: _, key_period, machine: _, keep: _, timeout, memory, cpus, log_limit,
        max_links, allow_failure: _, on_failure, finally, artifacts, incremental: _, push: _, append, remove,
    } = table;
    if let Some(from) = from {
        stage_name(project, from, problems);
        comes_before(project, from, name, problems);
    }
    if let Some(text) = r#if {
        project.checked_condition(text, problems);
    }
    form(project, workdir.as_ref(), forms::FOLDER, problems);
    form(project, user.as_ref(), forms::USER, problems);
    form(project, memory.as_ref(), forms::MEMORY, problems);
    form(project, cpus.as_ref(), forms::CPUS, problems);
    duration(project, timeout.as_ref(), problems);
    size(project, log_limit.as_ref(), problems);
    if let Some(links) = max_links.as_ref().filter(|links| *links.get_ref() == 0) {
        let title = "`max-links = 0` allows no increment";
        let help = "write after how many the stage runs afresh, `10`, or take `incremental` out";
        problems.push(Problem::new(title, help).place(project.place(links.span())));
    }
    let periods = ["daily", "weekly", "monthly"];
    word(project, key_period.as_ref(), "period", &periods, problems);
    word(project, network.as_ref(), "network", &NETWORKS, problems);
    variables(project, env.as_ref(), problems);
    copies(project, copy.as_ref(), problems);
    mounts(project, mounted.as_ref(), problems);
    secrets(project, secret.as_ref(), problems);
    artifact_paths(project, artifacts.as_ref(), problems);
    for list in [run, on_failure, finally].into_iter().flatten() {
        commands(project, list, problems);
    }
    for edits in append.iter().chain(remove) {
        stage_edits(project, edits, problems);
    }
}

/// A stage goes on from one that is declared before it: they run in the order of the file.
fn comes_before(project: &Project, from: &Text, name: &Text, problems: &mut Problems) {
    let at = |name: &Text| project.axes.stages.iter().position(|s| s == name.get_ref());
    let (Some(from_at), Some(own_at)) = (at(from), at(name)) else {
        return;
    };
    if from_at >= own_at {
        let (from_name, own) = (from.get_ref(), name.get_ref());
        let title = format!("`{own}` cannot go on from `{from_name}`, which is not before it");
        let help = format!("stages run in the order of the file: put `[stage.{from_name}]` first");
        let help = if from_at == own_at {
            "name a stage that stands before it".to_owned()
        } else {
            help
        };
        problems.push(Problem::new(title, help).place(project.place(from.span())));
    }
}

fn stage_edits(project: &Project, edits: &StageEdits, problems: &mut Problems) {
    #[rustfmt::skip]
    let StageEdits {
        copy, run, shell: _, prelude: _, mounts: mounted, secrets: secret, create_args: _, on_failure, finally,
        artifacts,
    } = edits;
    copies(project, copy.as_ref(), problems);
    artifact_paths(project, artifacts.as_ref(), problems);
    mounts(project, mounted.as_ref(), problems);
    secrets(project, secret.as_ref(), problems);
    for list in [run, on_failure, finally].into_iter().flatten() {
        commands(project, list, problems);
    }
}

/// Artifacts may lie anywhere in a container; they never leave the folder they are copied to.
fn artifact_paths(project: &Project, list: Option<&List>, problems: &mut Problems) {
    for (text, place) in project.texts(list) {
        if text.is_empty() || crate::pattern::leads_out(text.as_bytes()) {
            let title = if text.is_empty() {
                "an empty path of an artifact".to_owned()
            } else {
                format!("`{text}` is no path of an artifact")
            };
            let help = "write it relative to `workdir`, or from the root, without `..`";
            problems.push(Problem::new(title, help).place(place));
        }
    }
}

/// Commands: something to run each, and their conditions.
pub(super) fn commands(project: &Project, list: &Spanned<Commands>, problems: &mut Problems) {
    for command in list.get_ref().each(list.span()) {
        if problems.full() {
            return;
        }
        let mut form = command.get_ref();
        while let CommandForm::Table(table) = form {
            if let Some(text) = &table.r#if {
                project.checked_condition(text, problems);
            }
            form = table.run.get_ref();
        }
        let empty = match form {
            CommandForm::Line(line) => line.trim().is_empty(),
            CommandForm::Argv(words) => {
                let program = words.first();
                program.is_none_or(|word| word.get_ref().trim().is_empty())
            }
            CommandForm::Table(_) => false,
        };
        if empty {
            let help = "write what is to be run, or leave it out: a stage without commands is well";
            let problem = Problem::new("a command that is empty", help);
            problems.push(problem.place(project.place(command.span())));
        }
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
