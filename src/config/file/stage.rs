//! The keys of `[stage.NAME]`, and of `stage.NAME` in a layer.

use super::class::table;
use super::shape::{Commands, Mount, Secret};
use super::spanned::Spanned;
use super::{List, Map, Text};

table! {
    /// `[stage.NAME]`: a named step whose result is kept. Any layer may set any of these keys for a stage.
    StageTable {
        /// The stage whose result it starts from; the one before unless set.
        acts from: Option<Text>,
        /// The condition under which an environment has the stage.
        acts r#if: Option<Text>,
        /// Installs the environment's packages.
        acts packages: Option<Spanned<bool>>,
        /// Files of the tree, with globs; they land in `workdir` under the same paths.
        acts copy: Option<List>,
        /// The commands.
        acts run: Option<Spanned<Commands>>,
        /// Variables of the commands' environment; merges with the layers'.
        acts env: Option<Map<Text>>,
        /// What runs a shell line, in place of the layers'.
        acts shell: Option<List>,
        /// Shell lines put before every command, after the layers'.
        acts prelude: Option<List>,
        /// The folder that commands start in, in place of the layers'.
        acts workdir: Option<Text>,
        /// The user that commands run as, in place of the layers'.
        acts user: Option<Text>,
        /// `none` or `host`, in place of the layers'.
        acts network: Option<Text>,
        /// Caches and folders of the host, in place of the layers'.
        acts mounts: Option<Vec<Spanned<Mount>>>,
        /// Secrets, in place of the layers'.
        acts secrets: Option<Vec<Spanned<Secret>>>,
        /// More words for the engine's `create`, in place of the layers'.
        acts create_args: Option<List>,
        /// `daily`, `weekly` or `monthly`: then the stage, and with it all that stands on it, runs anew when a new one begins (UTC, weeks of ISO 8601).
        acts key_period: Option<Text>,
        /// The result depends on the processor: its model and flags are part of the key.
        acts machine: Option<Spanned<bool>>,
        /// `false`: its files are not kept, only that it passed; such a stage ends its chain.
        acts keep: Option<Spanned<bool>>,
        /// Limit of time: `5h30m`.
        bounds timeout: Option<Text>,
        /// Limit of memory, in place of the layers'.
        bounds memory: Option<Text>,
        /// Limit of processors, in place of the layers'.
        bounds cpus: Option<Text>,
        /// The most that is kept of its output: the first and the last half of `10m`; `1g` unless set.
        bounds log_limit: Option<Text>,
        /// An incremental stage is made clean after so many increments; 10 unless set.
        bounds max_links: Option<Spanned<u32>>,
        /// A failure does not fail the environment; such a stage ends its chain.
        tells allow_failure: Option<Spanned<bool>>,
        /// Run when the stage fails; the output goes to the log and the failure report.
        tells on_failure: Option<Spanned<Commands>>,
        /// Run after the stage, passed or failed; what it leaves is not kept.
        tells finally: Option<Spanned<Commands>>,
        /// Files that are copied out after the stage, passed or failed: globs, relative to `workdir` or from the root.
        tells artifacts: Option<List>,
        /// Where there is no image of its key it starts from its own newest one, and only files that changed are sent (`incremental.md`).
        tells incremental: Option<Spanned<bool>>,
        /// `false`: its image is not pushed.
        tells push: Option<Spanned<bool>>,
        /// Adds to lists.
        tells append: Option<StageEdits>,
        /// Takes out of lists.
        tells remove: Option<StageEdits>,
    }
}

table! {
    /// `append.KEY`, `remove.KEY` of a stage: every key that is a list.
    StageEdits {
        /// Files of the tree.
        acts copy: Option<List>,
        /// Commands.
        acts run: Option<Spanned<Commands>>,
        /// Words of the shell's argv.
        acts shell: Option<List>,
        /// Shell lines.
        acts prelude: Option<List>,
        /// Caches and folders of the host.
        acts mounts: Option<Vec<Spanned<Mount>>>,
        /// Secrets.
        acts secrets: Option<Vec<Spanned<Secret>>>,
        /// Options of the engine.
        acts create_args: Option<List>,
        /// Commands.
        tells on_failure: Option<Spanned<Commands>>,
        /// Commands.
        tells finally: Option<Spanned<Commands>>,
        /// Files.
        tells artifacts: Option<List>,
    }
}
