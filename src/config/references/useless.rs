//! Keys that their table can never use: of containers where this host runs, of this host where a container does, of
//! stages that an environment does not have, of increments where nothing is incremental.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::file::{EnvTable, Layer, ListEdits, StageEdits, StageTable, Text};
use super::super::{Project, Spanned, listed};
use crate::name::{LOCAL, parse};
use crate::problem::{Problem, Problems};

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum For {
    Containers,
    ThisHost,
    /// The stage that installs packages.
    Packages,
    /// Stages that `[stage.NAME]` declares.
    Stages,
}

/// A key that is said, what it is for, and where.
type Said = (String, For, Range<usize>);

pub(super) fn check(project: &Project, layers: &[&Layer], problems: &mut Problems) {
    for (runner, table) in &project.file.runner {
        let helps = [
            "only containers have it: put it into `[runner.container]`, or take it out",
            "it is about this host: put it into `[runner.local]`, or take it out",
        ];
        runs_by(project, runner.get_ref(), table.get_ref(), helps, problems);
    }
    for (name, table) in &project.file.env {
        if problems.full() {
            return;
        }
        env(project, name, table.get_ref(), problems);
    }
    links(project, layers, problems);
}

/// A layer of what one runner runs; what to do with keys of containers, and with those of this host.
fn runs_by(
    project: &Project,
    runner: &str,
    layer: &Layer,
    helps: [&str; 2],
    problems: &mut Problems,
) {
    let local = runner == LOCAL;
    for (key, is_for, span) in of_layer(layer) {
        let (what, help) = match is_for {
            For::Containers if local => ("this host runs", helps[0]),
            For::ThisHost if !local => ("a container runs", helps[1]),
            For::Containers | For::ThisHost | For::Packages | For::Stages => continue,
        };
        let title = format!("`{key}` means nothing for what {what}");
        problems.push(Problem::new(title, help).place(project.place(span)));
    }
}

fn env(project: &Project, name: &Text, table: &EnvTable, problems: &mut Problems) {
    let layer = table.layer();
    let place = project.place(name.span());
    // What is wrong with a name is told where its table is checked.
    let parsed = parse::parse(name.get_ref(), &project.axes, &place);
    if let Ok(parsed) = parsed
        && let Ok(resolved) = listed::resolved(project, &parsed)
        && !resolved.runner.is_empty()
    {
        let helps = [
            "only containers have it: take it out, or run the environment in one",
            "it is about this host: take it out, or run the environment here",
        ];
        runs_by(project, &resolved.runner, &layer, helps, problems);
    }
    if project.axes.own_names.contains(name.get_ref()) {
        one_stage(project, &layer, problems);
    }
}

/// An environment with a name of its own is one stage, and installs nothing. Packages are of use where a text asks for
/// their names.
fn one_stage(project: &Project, layer: &Layer, problems: &mut Problems) {
    let asked = ["{packages", "{package-keys"];
    let asked = asked.iter().any(|text| project.sources.hold(text));
    for (key, is_for, span) in of_layer(layer) {
        let named = ["packages", "system-packages", "distro"];
        let last = key.rsplit('.').next().unwrap_or_default();
        let help = match is_for {
            For::Packages if asked && named.contains(&last) => continue,
            For::Packages => {
                "it is one stage, `commands`, and none that installs packages: install in `commands`, or take it out"
            }
            For::Stages => {
                "it is one stage, `commands`: write into the table itself what is for that"
            }
            For::Containers | For::ThisHost => continue,
        };
        let title = format!("`{key}` means nothing for an environment with a name of its own");
        problems.push(Problem::new(title, help).place(project.place(span)));
    }
}

/// `max-links` of a stage that no layer makes incremental.
fn links(project: &Project, layers: &[&Layer], problems: &mut Problems) {
    let tables = || {
        let of_layers = layers.iter().flat_map(|layer| layer.stage.iter().flatten());
        let all = project.file.stage.iter().chain(of_layers);
        all.map(|(name, table)| (name, table.get_ref()))
    };
    let on = |table: &StageTable| {
        table
            .incremental
            .as_ref()
            .is_some_and(|flag| *flag.get_ref())
    };
    let names = tables().filter(|(_, table)| on(table));
    let incremental: BTreeSet<&str> = names.map(|(name, _)| name.get_ref().as_str()).collect();
    for (name, table) in tables() {
        let name = name.get_ref().as_str();
        let Some(most) = table
            .max_links
            .as_ref()
            .filter(|_| !incremental.contains(name))
        else {
            continue;
        };
        let title = format!("`max-links` means nothing: the stage `{name}` is not incremental");
        let help = "add `incremental = true`, or take it out";
        problems.push(Problem::new(title, help).place(project.place(most.span())));
    }
}

/// Keys of a table, each with what it is for.
struct Keys {
    before: &'static str,
    all: Vec<Said>,
}

impl Keys {
    fn add<T>(&mut self, is_for: For, key: &str, value: Option<&Spanned<T>>) {
        let key = format!("{}{key}", self.before);
        self.all.extend(value.map(|v| (key, is_for, v.span())));
    }
}

/// Exhaustive: a new key does not compile until it is decided what it is for.
fn of_layer(layer: &Layer) -> Vec<Said> {
    #[rustfmt::skip]
    let Layer {
        image, platform, package_manager, distro, packages, system_packages, packages_before, packages_after,
        ignore_missing_packages, workdir, user, network, mounts, create_args, allow_volumes, memory, isolate, install,
        stage: of_stages, append, remove,
        env: _, vars: _, prelude: _, shell: _, secrets: _, cpus: _, timeout: _, kill_after: _, description: _,
        pass_env: _, annotate: _, host_os: _,
    } = layer;
    let before = "";
    let mut keys = Keys {
        before,
        all: Vec::new(),
    };
    keys.add(For::Containers, "image", image.as_ref());
    keys.add(For::Containers, "platform", platform.as_ref());
    keys.add(For::Containers, "workdir", workdir.as_ref());
    keys.add(For::Containers, "user", user.as_ref());
    keys.add(For::Containers, "network", network.as_ref());
    keys.add(For::Containers, "mounts", first(mounts.as_ref()));
    keys.add(For::Containers, "create-args", create_args.as_ref());
    keys.add(For::Containers, "allow-volumes", allow_volumes.as_ref());
    keys.add(For::Containers, "memory", memory.as_ref());
    keys.add(For::ThisHost, "isolate", isolate.as_ref());
    keys.add(For::ThisHost, "install", install.as_ref());
    keys.add(For::Packages, "package-manager", package_manager.as_ref());
    keys.add(For::Packages, "distro", distro.as_ref());
    keys.add(For::Packages, "packages", packages.as_ref());
    keys.add(For::Packages, "system-packages", system_packages.as_ref());
    keys.add(For::Packages, "packages-before", packages_before.as_ref());
    keys.add(For::Packages, "packages-after", packages_after.as_ref());
    let ignore = ignore_missing_packages.as_ref();
    keys.add(For::Packages, "ignore-missing-packages", ignore);
    for (before, edits) in [("append.", append), ("remove.", remove)] {
        if let Some(edits) = edits {
            keys.all.extend(of_edits(before, edits));
        }
    }
    for (name, table) in of_stages.iter().flatten() {
        let key = format!("stage.{}", name.get_ref());
        keys.all.extend(of_stage(&key, table.get_ref()));
        keys.all.push((key, For::Stages, name.span()));
    }
    keys.all
}

/// Exhaustive, as `of_layer` is.
fn of_edits(before: &'static str, edits: &ListEdits) -> Vec<Said> {
    #[rustfmt::skip]
    let ListEdits {
        image, distro, packages, system_packages, packages_before, packages_after, create_args, mounts,
        prelude: _, shell: _, secrets: _, pass_env: _, annotate: _, host_os: _, vars: _,
    } = edits;
    let mut keys = Keys {
        before,
        all: Vec::new(),
    };
    keys.add(For::Containers, "image", image.as_ref());
    keys.add(For::Containers, "create-args", create_args.as_ref());
    keys.add(For::Containers, "mounts", first(mounts.as_ref()));
    keys.add(For::Packages, "distro", distro.as_ref());
    keys.add(For::Packages, "packages", packages.as_ref());
    keys.add(For::Packages, "system-packages", system_packages.as_ref());
    keys.add(For::Packages, "packages-before", packages_before.as_ref());
    keys.add(For::Packages, "packages-after", packages_after.as_ref());
    keys.all
}

/// Exhaustive, as `of_layer` is.
fn of_stage(name: &str, table: &StageTable) -> Vec<Said> {
    #[rustfmt::skip]
    let StageTable {
        workdir, user, network, mounts, create_args, memory, append, remove,
        from: _, r#if: _, packages: _, copy: _, run: _, env: _, shell: _, prelude: _, secrets: _, key_period: _,
        machine: _, keep: _, timeout: _, cpus: _, log_limit: _, max_links: _, allow_failure: _, on_failure: _,
        finally: _, artifacts: _, incremental: _, push: _,
    } = table;
    let before = "";
    let mut keys = Keys {
        before,
        all: Vec::new(),
    };
    keys.add(For::Containers, "workdir", workdir.as_ref());
    keys.add(For::Containers, "user", user.as_ref());
    keys.add(For::Containers, "network", network.as_ref());
    keys.add(For::Containers, "mounts", first(mounts.as_ref()));
    keys.add(For::Containers, "create-args", create_args.as_ref());
    keys.add(For::Containers, "memory", memory.as_ref());
    for (before, edits) in [("append.", append), ("remove.", remove)] {
        let Some(edits) = edits else { continue };
        #[rustfmt::skip]
        let StageEdits {
            mounts, create_args,
            copy: _, run: _, shell: _, prelude: _, secrets: _, on_failure: _, finally: _, artifacts: _,
        } = edits;
        keys.before = before;
        keys.add(For::Containers, "mounts", first(mounts.as_ref()));
        keys.add(For::Containers, "create-args", create_args.as_ref());
    }
    let named = keys.all.into_iter();
    named
        .map(|(key, is_for, span)| (format!("{name}.{key}"), is_for, span))
        .collect()
}

/// Where a list of tables begins.
fn first<T>(list: Option<&Vec<Spanned<T>>>) -> Option<&Spanned<T>> {
    list.and_then(|list| list.first())
}
