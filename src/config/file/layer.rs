//! The keys of a layer, and the tables that are layers with keys of their own.
//!
//! serde's `flatten` would lose the places, so a macro writes the common keys into every such table.

use super::class::table;
use super::shape::{Annotation, Commands, Mount, Secret, VarValue};
use super::spanned::Spanned;
use super::stage::StageTable;
use super::{List, Map, Text};

/// Declares a table that has a layer's keys and some of its own.
macro_rules! layer_table {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        layer_table! { @keys [$(#[$meta])* $name { $($own)* }]
            /// The base image; of a list, the first that can be had: in this order, what is not on the engine is pulled,
            /// and what cannot be pulled is passed over. `{image}` in it is the value so far.
            acts image: Option<List>,
            /// `os/architecture` of the base image, such as `linux/arm64`.
            acts platform: Option<Text>,
            /// Which package manager installs.
            acts package_manager: Option<Text>,
            /// Keys under which names of packages are looked up, in this order.
            acts distro: Option<List>,
            /// Keys of `[packages]` or of the package tree, or `@groups`; adds up. `!key` and `!@group` take out.
            acts packages: Option<List>,
            /// Names as the package manager knows them; adds up.
            /// What apt (`make-`) and zypper (`!make`) would remove is refused.
            acts system_packages: Option<List>,
            /// Shell lines before the package manager's update; adds up.
            acts packages_before: Option<List>,
            /// Shell lines after the install; adds up.
            acts packages_after: Option<List>,
            /// Packages that do not exist are left out and reported.
            acts ignore_missing_packages: Option<Spanned<bool>>,
            /// Variables of the commands' environment; merges by name.
            acts env: Option<Map<Text>>,
            /// Values for `{name}`; merges by name.
            acts vars: Option<Map<Spanned<VarValue>>>,
            /// Shell lines put before every command of every stage but the package stage; adds up.
            acts prelude: Option<List>,
            /// What runs a shell line: `sh -e` unless set; `bash` means `bash -euo pipefail -c`; a list is an argv that
            /// takes the line as its last word.
            acts shell: Option<List>,
            /// The folder that commands start in and copies land in; `/PROJECT` unless set.
            acts workdir: Option<Text>,
            /// The user that commands run as, by setpriv, chroot or su of the image; root unless set. It gets the workdir
            /// and what is copied. A package stage stays root.
            acts user: Option<Text>,
            /// `none` or `host`; not set: a network joined by all stages of the environment.
            acts network: Option<Text>,
            /// Caches (volumes of the project) and folders of the host (from `~` or the tree's root) that commands see and
            /// no image keeps.
            acts mounts: Option<Vec<Spanned<Mount>>>,
            /// More words for the engine's `create`, as they are: `--cap-add=SYS_PTRACE`. What settings or runenv itself
            /// say is refused; options of the network give the stage one of its own.
            acts create_args: Option<List>,
            /// The caller's variables or files, given to the commands as variables and kept out of everything else: they
            /// are masked (`***`) in all that runenv writes, from four bytes on.
            acts secrets: Option<Vec<Spanned<Secret>>>,
            /// Take a base image whose volumes lie where the build writes.
            acts allow_volumes: Option<Spanned<bool>>,
            /// Limit of memory, as the engine takes it: `8g`.
            bounds memory: Option<Text>,
            /// Limit of processors, as the engine takes it: `1.5`.
            bounds cpus: Option<Text>,
            /// Limit of time of each stage: `5h30m`.
            bounds timeout: Option<Text>,
            /// Time between TERM and KILL.
            bounds kill_after: Option<Text>,
            /// On this host: `tree` runs in the source tree, one environment at a time, every stage every time. `copy` runs
            /// in a tree of the environment's own, `.runenv/ENV/tree`: environments run side by side, stages are found again.
            bounds isolate: Option<Text>,
            /// On this host: install the packages that are missing, as root or by `sudo -n`, which asks nothing; else they
            /// are told. `packages-before` and `packages-after` are run around it. `run --install-packages` says the same.
            bounds install: Option<Spanned<bool>>,
            /// One line for `list`.
            tells description: Option<Text>,
            /// Variables of the caller that the commands get: names, and globs (`*`, `SAGE_*`). In a container a glob
            /// takes nothing that the image sets, nor what is of this host alone: PATH, HOME, USER, TMPDIR and the like.
            tells pass_env: Option<List>,
            /// Lines of a stage's output that are to be seen at once: in the failure report, in `result.json`, and on GitHub
            /// as annotations. Of the rules that a line matches the first one counts.
            tells annotate: Option<Vec<Spanned<Annotation>>>,
            /// Systems of the host that the environment runs on (`macos`, `linux`): elsewhere it is skipped.
            tells host_os: Option<List>,
            /// Keys of single stages.
            tells stage: Option<Map<Spanned<StageTable>>>,
            /// Adds to lists.
            tells append: Option<ListEdits>,
            /// Takes out of lists.
            tells remove: Option<ListEdits>,
        }
    };
    (@keys [$(#[$meta:meta])* $name:ident { $($(#[$own_doc:meta])* $own_class:ident $own:ident: $own_kind:ty,)* }]
        $($(#[$doc:meta])* $class:ident $field:ident: $kind:ty,)*
    ) => {
        table! {
            $(#[$meta])*
            $name {
                $($(#[$own_doc])* $own_class $own: $own_kind,)*
                $($(#[$doc])* $class $field: $kind,)*
            }
        }

        impl $name {
            /// The layer's keys alone.
            pub(crate) fn layer(&self) -> Layer {
                Layer { $($field: self.$field.clone(),)* }
            }
        }
    };
}

layer_table! {
    /// Settings that apply to a name: `[defaults]`, `[runner.NAME]`.
    Layer {}
}
layer_table! {
    /// `[config.NAME]`, `[axis.NAME.VALUE]`. A name with braces stands for several; `{match}` is what they gave.
    ValueTable {
        /// The condition for names that it may stand in; others are refused.
        tells only: Option<Text>,
        /// The condition for names that it may not stand in.
        tells not: Option<Text>,
    }
}
layer_table! {
    /// A release of a system. A name with braces stands for several; `{match}` is what they gave.
    ReleaseTable {
        /// The condition for names that it may stand in; others are refused.
        tells only: Option<Text>,
        /// The condition for names that it may not stand in.
        tells not: Option<Text>,
        /// The day, `YYYY-MM-DD`, from which on nobody maintains it for free.
        acts end_of_life: Option<Text>,
        /// The tree that its packages move to after that day, and come from where it has them; empty: they stay.
        acts archive: Option<Text>,
    }
}
layer_table! {
    /// `[system.FAMILY]`.
    SystemTable {
        /// The condition for names that it may stand in; others are refused.
        tells only: Option<Text>,
        /// The condition for names that it may not stand in.
        tells not: Option<Text>,
        /// The release that the family alone means.
        tells default_release: Option<Text>,
        /// The day, `YYYY-MM-DD`, from which on nobody maintains its releases for free.
        acts end_of_life: Option<Text>,
        /// The tree that its packages move to after that day, and come from where it has them; empty: they stay.
        acts archive: Option<Text>,
        /// The releases.
        tells release: Map<Spanned<ReleaseTable>>,
    }
}
layer_table! {
    /// `[[when]]`.
    WhenTable {
        /// The condition: `ubuntu-{trusty,xenial}-!minimal,centos`.
        tells r#if: Option<Text>,
    }
}
layer_table! {
    /// `[env.NAME]`.
    EnvTable {
        /// What runs it: docker, podman or local.
        tells runner: Option<Text>,
        /// The environment whose image, system and settings it takes.
        tells like: Option<Text>,
        /// What it does: one stage of these.
        acts commands: Option<Spanned<Commands>>,
        /// What its stage copies.
        acts copy: Option<List>,
        /// Environments that run before it.
        tells depends: Option<List>,
    }
}

table! {
    /// `append.KEY`, `remove.KEY`: every setting that is a list.
    ListEdits {
        /// Base images.
        acts image: Option<List>,
        /// Distro keys.
        acts distro: Option<List>,
        /// Keys of packages and `@groups`.
        acts packages: Option<List>,
        /// Names as the package manager knows them.
        acts system_packages: Option<List>,
        /// Shell lines.
        acts packages_before: Option<List>,
        /// Shell lines.
        acts packages_after: Option<List>,
        /// Shell lines.
        acts prelude: Option<List>,
        /// Words of the shell's argv.
        acts shell: Option<List>,
        /// Options of the engine.
        acts create_args: Option<List>,
        /// Caches and folders of the host.
        acts mounts: Option<Vec<Spanned<Mount>>>,
        /// Secrets.
        acts secrets: Option<Vec<Spanned<Secret>>>,
        /// Names of variables, and globs.
        tells pass_env: Option<List>,
        /// Rules.
        tells annotate: Option<Vec<Spanned<Annotation>>>,
        /// Systems of the host.
        tells host_os: Option<List>,
        /// Vars that are lists.
        acts vars: Option<Map<List>>,
    }
}
