//! `envs.toml` as it is written: serde structures, one to one with the format.
//!
//! Only shapes are checked here; what the words mean is `check.rs`'s and `environment/`'s business. The doc comments
//! are the reference's texts.

use indexmap::IndexMap;
use serde::Deserialize;

use super::shape::{Commands, Texts, VarValue};
use super::spanned::Spanned;

/// A text with its place.
pub(crate) type Text = Spanned<String>;
/// One text or a list of them.
pub(crate) type List = Spanned<Texts>;
/// A table whose order and keys' places are kept.
pub(crate) type Map<T> = IndexMap<Text, T>;

/// Declares a table that has a layer's keys and some of its own (`flatten` would lose the places).
macro_rules! layer_table {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $kind,)*
            /// The base image.
            pub(crate) image: Option<Text>,
            /// `os/architecture` of the base image.
            pub(crate) platform: Option<Text>,
            /// Which package manager installs.
            pub(crate) package_manager: Option<Text>,
            /// Keys under which names of packages are looked up, in this order.
            pub(crate) distro: Option<List>,
            /// Keys of `[packages]` or `@groups`; adds up.
            pub(crate) packages: Option<List>,
            /// Names as the package manager knows them; adds up.
            pub(crate) system_packages: Option<List>,
            /// Shell lines before the package manager's update; adds up.
            pub(crate) packages_before: Option<List>,
            /// Shell lines after the install; adds up.
            pub(crate) packages_after: Option<List>,
            /// Packages that do not exist are left out and reported.
            pub(crate) ignore_missing_packages: Option<Spanned<bool>>,
            /// Variables of the commands' environment; merges by name.
            pub(crate) env: Option<Map<Text>>,
            /// Values for `{name}`; merges by name.
            pub(crate) vars: Option<Map<Spanned<VarValue>>>,
            /// Shell lines put before every command of every stage but the package stage; adds up.
            pub(crate) prelude: Option<List>,
            /// What runs a shell line.
            pub(crate) shell: Option<List>,
            /// The folder that commands start in and copies land in.
            pub(crate) workdir: Option<Text>,
            /// `none`, `host`, or not set: a network joined by all stages of the environment.
            pub(crate) network: Option<Text>,
            /// Take a base image whose volumes lie where the build writes.
            pub(crate) allow_volumes: Option<Spanned<bool>>,
            /// Limit of memory, as the engine takes it.
            pub(crate) memory: Option<Text>,
            /// Limit of processors, as the engine takes it.
            pub(crate) cpus: Option<Text>,
            /// Limit of time of each stage.
            pub(crate) timeout: Option<Text>,
            /// Time between TERM and KILL.
            pub(crate) kill_after: Option<Text>,
            /// One line for `list`.
            pub(crate) description: Option<Text>,
            /// Variables of the caller that the commands get.
            pub(crate) pass_env: Option<List>,
            /// Keys of single stages.
            pub(crate) stage: Option<Map<Spanned<StageTable>>>,
            /// Adds to lists.
            pub(crate) append: Option<ListEdits>,
            /// Takes out of lists.
            pub(crate) remove: Option<ListEdits>,
        }
    };
}

layer_table! {
    /// `[defaults]`, `[runner.NAME]`, a release.
    Layer {}
}
layer_table! {
    /// `[config.NAME]`, `[axis.NAME.VALUE]`.
    ValueTable {}
}
layer_table! {
    /// `[system.FAMILY]`.
    SystemTable {
        /// The release that the family alone means.
        default_release: Option<Text>,
        /// The releases.
        release: Map<Spanned<Layer>>,
    }
}
layer_table! {
    /// `[[when]]`.
    WhenTable {
        /// The condition.
        r#if: Option<Text>,
    }
}
layer_table! {
    /// `[env.NAME]`.
    EnvTable {
        /// What runs it: docker, podman or local.
        runner: Option<Text>,
        /// The environment whose image, system and settings it takes.
        like: Option<Text>,
        /// What it does: one stage of these.
        commands: Option<Spanned<Commands>>,
        /// What its stage copies.
        copy: Option<List>,
    }
}

/// `append.KEY`, `remove.KEY`: every setting that is a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ListEdits {
    pub(crate) distro: Option<List>,
    pub(crate) packages: Option<List>,
    pub(crate) system_packages: Option<List>,
    pub(crate) packages_before: Option<List>,
    pub(crate) packages_after: Option<List>,
    pub(crate) prelude: Option<List>,
    pub(crate) pass_env: Option<List>,
    pub(crate) vars: Option<Map<List>>,
}

/// `[stage.NAME]`, and `stage.NAME` of a layer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct StageTable {
    /// Installs the environment's packages.
    pub(crate) packages: Option<Spanned<bool>>,
    /// Files of the tree, with globs; they land in `workdir` under the same paths.
    pub(crate) copy: Option<List>,
    /// The commands.
    pub(crate) run: Option<Spanned<Commands>>,
    /// Merges with the layers'.
    pub(crate) env: Option<Map<Text>>,
    /// In place of the layers'.
    pub(crate) shell: Option<List>,
    /// After the layers'.
    pub(crate) prelude: Option<List>,
    /// In place of the layers'.
    pub(crate) workdir: Option<Text>,
    /// In place of the layers'.
    pub(crate) network: Option<Text>,
    /// Limit of time.
    pub(crate) timeout: Option<Text>,
    /// A failure does not fail the environment; such a stage ends its chain.
    pub(crate) allow_failure: Option<Spanned<bool>>,
    /// Run when the stage fails; the output goes to the log and the report.
    pub(crate) on_failure: Option<Spanned<Commands>>,
    /// Adds to lists.
    pub(crate) append: Option<StageEdits>,
}

/// `append` of a stage.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct StageEdits {
    pub(crate) copy: Option<List>,
    pub(crate) run: Option<Spanned<Commands>>,
    pub(crate) on_failure: Option<Spanned<Commands>>,
}

/// `[project]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct ProjectTable {
    /// The project's name: a part of image names, and the folder that copies land in.
    pub(crate) name: Option<Text>,
    /// The least version of runenv, `>=0.1`.
    pub(crate) requires: Option<Text>,
    /// Values of axes that a name may leave out.
    pub(crate) default: Map<Text>,
    /// The environments that a run without names runs.
    pub(crate) env_list: Option<List>,
    /// More files of the tree, read before this one.
    pub(crate) include: Option<List>,
    /// What the project's images are told apart by from those of others.
    pub(crate) id: Option<Text>,
    /// Any text; another one gives other keys.
    pub(crate) key_salt: Option<Text>,
}

/// The whole file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct File {
    pub(crate) project: ProjectTable,
    pub(crate) vars: Map<Spanned<VarValue>>,
    pub(crate) defaults: Layer,
    pub(crate) runner: Map<Spanned<Layer>>,
    pub(crate) config: Map<Spanned<ValueTable>>,
    pub(crate) system: Map<Spanned<SystemTable>>,
    pub(crate) axis: Map<Map<Spanned<ValueTable>>>,
    pub(crate) when: Vec<Spanned<WhenTable>>,
    pub(crate) group: Map<List>,
    pub(crate) packages: Map<Map<List>>,
    pub(crate) stage: Map<Spanned<StageTable>>,
    pub(crate) env: Map<Spanned<EnvTable>>,
}

macro_rules! into_layer {
    ($($name:ident),*) => {$(
        impl $name {
            /// The layer's keys alone.
            pub(crate) fn layer(&self) -> Layer {
                let table = self.clone();
                Layer {
                    image: table.image, platform: table.platform, package_manager: table.package_manager,
                    distro: table.distro, packages: table.packages, system_packages: table.system_packages,
                    packages_before: table.packages_before, packages_after: table.packages_after,
                    ignore_missing_packages: table.ignore_missing_packages, env: table.env, vars: table.vars,
                    prelude: table.prelude, shell: table.shell, workdir: table.workdir, network: table.network,
                    allow_volumes: table.allow_volumes, memory: table.memory, cpus: table.cpus,
                    timeout: table.timeout, kill_after: table.kill_after, description: table.description,
                    pass_env: table.pass_env, stage: table.stage, append: table.append, remove: table.remove,
                }
            }
        }
    )*};
}
into_layer!(ValueTable, SystemTable, WhenTable, EnvTable);
