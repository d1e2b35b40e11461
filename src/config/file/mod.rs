//! `envs.toml` as it is written: serde structures, one to one with the format.
//!
//! Only shapes are checked here; what the words mean is the business of `references/` and `environment/`. The doc
//! comments are the texts of the schema and of the reference.

pub(crate) mod class;
pub(crate) mod layer;
pub(crate) mod shape;
pub(crate) mod spanned;
pub(crate) mod stage;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

pub(crate) use layer::{
    EnvTable, Layer, ListEdits, ReleaseTable, SystemTable, ValueTable, WhenTable,
};
use shape::{RunsOn, Step, Texts, VarValue};
use spanned::Spanned;
pub(crate) use stage::{StageEdits, StageTable};

/// A text with its place.
pub(crate) type Text = Spanned<String>;
/// One text or a list of them.
pub(crate) type List = Spanned<Texts>;
/// A table whose order and keys' places are kept.
pub(crate) type Map<T> = IndexMap<Text, T>;

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(title = "envs.toml")]
pub(crate) struct File {
    /// What the project is, and which environments it has.
    pub(crate) project: ProjectTable,
    /// Values for `{name}`: the same as `defaults.vars`.
    pub(crate) vars: Map<Spanned<VarValue>>,
    /// Settings of every environment.
    pub(crate) defaults: Layer,
    /// Settings of a runner: `docker`, `podman`, `local`, or `container` for both engines.
    pub(crate) runner: Map<Spanned<Layer>>,
    /// Configurations: the last part of a name.
    pub(crate) config: Map<Spanned<ValueTable>>,
    /// Systems, beside those of the catalog or over them.
    pub(crate) system: Map<Spanned<SystemTable>>,
    /// Axes of your own, each with its values.
    pub(crate) axis: Map<Map<Spanned<ValueTable>>>,
    /// Settings of the names for which a condition holds.
    pub(crate) when: Vec<Spanned<WhenTable>>,
    /// Lists of packages: used as `@name`.
    pub(crate) group: Map<List>,
    /// Packages: for each the names that it has under a distro key; `""` or `[]`: it has none there.
    pub(crate) packages: Map<Map<List>>,
    /// Packages that are read from a tree of files.
    pub(crate) package_tree: Option<PackageTree>,
    /// The steps of a build, in order.
    pub(crate) stage: Map<Spanned<StageTable>>,
    /// Settings of one environment, or an environment with a name of its own.
    pub(crate) env: Map<Spanned<EnvTable>>,
    /// Where images are shared.
    pub(crate) registry: Option<Registry>,
    /// What generated workflows are like (docs/ci.md).
    pub(crate) ci: Option<CiTable>,
}

/// `[project]`: what the project is, and which environments it has.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ProjectTable {
    /// The project's name: a part of image names, and the folder that copies land in.
    pub(crate) name: Option<Text>,
    /// The least version of runenv: `>=0.1`.
    pub(crate) requires: Option<Text>,
    /// Values of axes that a name may leave out.
    pub(crate) default: Map<Text>,
    /// Own axes of which a name may have several values, each once.
    pub(crate) repeatable: Option<List>,
    /// The environments that a run without names runs: names with braces.
    pub(crate) env_list: Option<List>,
    /// Names and globs that are taken out of `env-list` and of `--all`.
    pub(crate) exclude: Option<List>,
    /// Words for `-m`: names, and globs that choose from `env-list`.
    pub(crate) labels: Map<List>,
    /// More files of the tree, read before this one.
    pub(crate) include: Option<List>,
    /// What the project's images are told apart by from those of others.
    pub(crate) id: Option<Text>,
    /// Any text; another one gives other keys.
    pub(crate) key_salt: Option<Text>,
}

/// `[package-tree]`: names of packages in files, a folder for each package.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PackageTree {
    /// The files with the names: a path that holds `{package}` and `{distro}`.
    pub(crate) names: Text,
    /// Groups of packages, chosen by what their files say.
    #[serde(default)]
    pub(crate) group: Map<Spanned<TreeFilter>>,
}

/// Which packages of the tree a group has: all that is said must hold.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct TreeFilter {
    /// The file that `equals` and `contains` ask: a path that holds `{package}`.
    pub(crate) file: Option<Text>,
    /// The file's text is this (one of these), but for blanks around it.
    pub(crate) equals: Option<List>,
    /// The file's text holds this (one of these).
    pub(crate) contains: Option<List>,
    /// This file exists (all of these).
    pub(crate) exists: Option<List>,
    /// The package is one of these: names and globs.
    pub(crate) package: Option<List>,
    /// At least one of these filters holds.
    pub(crate) any_of: Option<Vec<Spanned<TreeFilter>>>,
}

/// `[registry]`: where images are shared between machines.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Registry {
    /// What stands before an image's name: `ghcr.io/me`.
    pub(crate) repository: Option<Text>,
    /// An image's name: `{project}-{env}-{stage}:{tag}` unless said otherwise, the environment without its runner. With
    /// `{project}:{tag}` equal stages of different environments are one image.
    pub(crate) image: Option<Text>,
    /// More repositories that are looked into, behind the own ones.
    pub(crate) pull: Option<List>,
    /// The repository that images are pushed to, if it is another.
    pub(crate) push: Option<Text>,
}

/// GitHub takes no matrix of more jobs (docs.github.com/en/actions/reference/limits).
pub(crate) const MOST_JOBS: u32 = 256;

/// `[ci]`: what generated workflows are like.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct CiTable {
    /// Stages that share a job: a list of lists of stages. Those that it does not list belong to the last job.
    pub(crate) jobs: Option<Vec<List>>,
    /// Stages that run as jobs of their own where a condition holds: stage -> condition.
    pub(crate) follow_up: Option<Map<Text>>,
    /// The systems that workflows run: names and globs.
    pub(crate) systems: Option<List>,
    /// The configurations that workflows run.
    pub(crate) configs: Option<List>,
    /// The time after which the CI system ends a job: 6 h unless set.
    pub(crate) time_limit: Option<Text>,
    /// The most jobs of one matrix.
    pub(crate) matrix_limit: Option<Spanned<u32>>,
    /// The most environments that run at a time.
    pub(crate) max_parallel: Option<Spanned<u32>>,
    /// The runner's label; or a table of labels by architecture.
    pub(crate) runs_on: Option<Spanned<RunsOn>>,
    /// Steps that run before runenv: shell lines, or tables as the CI system takes them.
    pub(crate) steps_before: Option<Vec<Spanned<Step>>>,
    /// Branches on which a push runs environments: names, and globs as `release/*`; all of them unless set.
    pub(crate) branches: Option<List>,
    /// When all environments run: cron lines.
    pub(crate) schedule: Option<List>,
    /// Which label's environments an event runs: event -> label of `[project] labels`.
    pub(crate) labels: Option<Map<Text>>,
    /// How a job logs in to the registry.
    pub(crate) login: Option<Login>,
}

/// Names of the CI system's secrets for a registry.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Login {
    /// The registry's host, if it is not the repository's.
    pub(crate) registry: Option<Text>,
    /// The name of the user, or, in capitals, of the secret that holds it.
    pub(crate) username: Option<Text>,
    /// The name of the secret with the password.
    pub(crate) password: Option<Text>,
}
