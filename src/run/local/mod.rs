//! An environment on this host. In the source tree every stage runs every time, one run of a tree at a time; in a tree of
//! its own (`own.rs`) stages are found again, and environments run side by side.

mod command;
mod finally;
pub(crate) mod made;
mod noted;
pub(crate) mod own;
mod packages;
mod sync;
mod tracked;
mod tree_lock;
pub(crate) mod trees;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::artifacts;
use super::event::{Event, Kind, Teller};
use super::folder::{EnvFolder, Folder};
use super::log::Log;
use super::pass_env::{self, Passed};
use super::result::Took;
use super::result::{self, StageResult, State};
use super::{Options, World};
use crate::exec::Cancel;
use crate::host::Host;
use crate::late::Late;
use crate::plan::chain::Selection;
use crate::plan::{Plan, Stage, json};
use crate::problem::Problem;
use crate::time;
use own::Own;
use tree_lock::{Asker, Lock};

/// Variables of the caller that every local command gets; `show` prints them.
pub(crate) const PASSED: [&str; 24] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "TERM",
    "TMPDIR",
    "TZ",
    "CI",
    "NO_COLOR",
    "FORCE_COLOR",
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "no_proxy",
    "all_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
];

pub(crate) struct LocalEnv<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) world: &'a World<'a>,
    pub(crate) options: &'a Options,
    pub(crate) cancel: &'a Cancel,
    pub(crate) folder: &'a EnvFolder,
    pub(crate) late: Late,
    /// The tree's lock, while it runs.
    pub(crate) lock: Option<Lock>,
    pub(crate) results: Vec<StageResult>,
}

/// The tree that an environment's commands work in: the source tree, or its own.
pub(crate) fn tree(root: &Path, env: &str, isolated: bool) -> PathBuf {
    if isolated {
        Folder::of(root).env(env).path().join(sync::TREE)
    } else {
        root.to_owned()
    }
}

/// The process environment of a local command.
pub(crate) fn environment(
    host: &Host,
    pass_env: &[String],
    env: &BTreeMap<String, String>,
    late: &Late,
) -> Vec<(String, OsString)> {
    // Bytes that are no text pass, too.
    let value = |name: &str| host.variables.get(OsStr::new(name)).cloned();
    let mut all: BTreeMap<String, OsString> = PASSED
        .iter()
        .filter_map(|name| value(name).map(|value| ((*name).to_owned(), value)))
        .collect();
    let Passed { named, matched } = pass_env::of(host, pass_env);
    let passed = named.into_iter().chain(matched);
    all.extend(passed.map(|(name, value)| (name, value.to_owned())));
    all.extend(env.iter().map(|(n, v)| (n.clone(), late.fill(v).into())));
    all.into_iter().collect()
}

impl LocalEnv<'_> {
    pub(crate) fn run(
        &mut self,
        selection: &Selection,
        to: &mut dyn FnMut(Event),
    ) -> Result<(), Problem> {
        // In the tree those of this run queue; then those of all runs.
        let world = self.world;
        let queue = (!self.plan.isolated).then(|| world.tree.lock());
        let _queue = queue.map(|queue| queue.unwrap_or_else(PoisonError::into_inner));
        self.lock = self.lock(to)?;
        if self.lock.is_none() {
            let stages = selection.stages(self.plan);
            let not_begun = stages.map(|(_, s)| StageResult::new(&s.name, State::NotRun));
            self.results.extend(not_begun);
            return Ok(());
        }
        let ended = self.in_tree(selection, to);
        // Before the next one of the queue.
        self.lock = None;
        ended
    }

    /// The same, when the tree is ours.
    fn in_tree(&mut self, selection: &Selection, to: &mut dyn FnMut(Event)) -> Result<(), Problem> {
        let mut own = None;
        if self.plan.isolated {
            own = Some(self.own(selection, to)?);
        }
        let parts = own.as_ref().map_or(&[][..], |own| &own.parts);
        let kept = own.as_ref().map_or(0, |own| own.first(selection));
        self.folder.forget(&self.plan.stages[..kept])?;
        self.folder
            .update_json("plan.json", &json::of(self.plan, parts))?;
        let begun = time::now_nanos();
        let ended = self.stages(selection, own, to);
        if !self.plan.isolated {
            made::note(&self.world.folder, begun, &self.plan.env)?;
        }
        ended
    }

    fn stages(
        &mut self,
        selection: &Selection,
        mut own: Option<Own>,
        to: &mut dyn FnMut(Event),
    ) -> Result<(), Problem> {
        let plan = self.plan;
        // By stage: it failed, or stands on one that did.
        let mut failed = vec![false; plan.stages.len()];
        for (at, stage) in selection.stages(plan) {
            let mut tell = Teller {
                env: &plan.env,
                stage: &stage.name,
                to: &mut *to,
            };
            let mut result = if self.cancel.requested() {
                StageResult::new(&stage.name, State::NotRun)
            } else if stage.parent.is_some_and(|parent| failed[parent]) {
                failed[at] = true;
                StageResult::new(&stage.name, State::NotRun)
            } else if own.as_ref().is_some_and(|own| own.found[at]) {
                tell.say(Kind::StageCached { needed: true });
                let cached = true;
                StageResult {
                    cached,
                    ..StageResult::new(&stage.name, State::Passed)
                }
            } else {
                let result = self.stage_noted(at, own.as_mut(), &mut tell)?;
                failed[at] = result.ends();
                result
            };
            if let Some(own) = &own {
                result.key = own.key(at);
            }
            self.results.push(result);
            result::trouble(&mut self.results)?;
            super::ends_run(failed[at], self.options, self.cancel);
        }
        Ok(())
    }

    /// Runs a stage; in a tree of its own it is written down that it passed, and before that it did not.
    fn stage_noted(
        &self,
        at: usize,
        mut own: Option<&mut Own>,
        tell: &mut Teller<'_>,
    ) -> Result<StageResult, Problem> {
        let stage = &self.plan.stages[at];
        if let Some(own) = &mut own {
            own.forget(self.plan, at, self.folder)?;
        }
        let mut result = self.stage(at, stage, tell)?;
        result.allow(stage.allow_failure);
        if result.state == State::Passed
            && let Some(own) = own
        {
            own.note(at, &stage.name, self.folder)?;
        }
        let told = result.clone();
        tell.say(Kind::StageEnded { result: told });
        Ok(result)
    }

    /// Where its commands work.
    fn tree(&self) -> PathBuf {
        tree(&self.world.root, &self.plan.env, self.plan.isolated)
    }

    /// Takes the lock of the tree, for which `--wait` waits; `None`: a signal came first.
    fn lock(&self, to: &mut dyn FnMut(Event)) -> Result<Option<Lock>, Problem> {
        let (path, what) = if self.plan.isolated {
            let what = format!("the tree of `{}`", self.plan.env);
            (self.folder.path().join(sync::LOCK), what)
        } else {
            let path = self.world.folder.path().join("local.lock");
            (path, "this tree".to_owned())
        };
        let asker = Asker {
            owner: &self.world.owner,
            env: &self.plan.env,
            what: &what,
            wait: self.options.wait,
            cancel: self.cancel,
        };
        tree_lock::take(&path, &asker, &mut |kind| {
            to(Event::of_env(&self.plan.env, kind));
        })
    }

    fn stage(
        &self,
        at: usize,
        stage: &Stage,
        tell: &mut Teller<'_>,
    ) -> Result<StageResult, Problem> {
        let started = time::start();
        if let Some(late) = StageResult::too_late(&stage.name, self.limit(stage, started)) {
            return Ok(late);
        }
        self.world.room.here(&self.tree())?;
        let path = self.folder.log(at + 1, &stage.name);
        let mut log = Log::create(&path, stage, self.world.secrets.mask())?;
        let mut result = StageResult::new(&stage.name, State::Passed);
        result.log = path.display().to_string();
        tell.say(Kind::StageStarted {
            number: at + 1,
            of: self.plan.stages.len(),
        });
        let mut commands = stage.commands.as_slice();
        if let Some(step) = &stage.packages {
            commands = &commands[step.commands..];
            if !self.packages(stage, step, started, &mut log, &mut result, tell)? {
                commands = &[];
            }
        }
        for command in commands {
            let exit = self.command(stage, command, started, &mut log, tell);
            result.leaked |= exit.leaked;
            if !exit.success() && (!command.allow_failure || exit.stopped.is_some()) {
                self.fail(stage, command, &exit, started, &mut result);
                break;
            }
        }
        if result.state == State::Failed && !stage.on_failure.is_empty() {
            log.on_failure();
            for command in &stage.on_failure {
                self.command(stage, command, started, &mut log, tell);
            }
        }
        let rest = log.rest();
        if !log.in_on_failure() && !rest.is_empty() {
            tell.output(&rest);
        }
        self.artifacts(stage, &mut result, tell);
        result.seconds = Took(started.elapsed());
        self.finally(stage, result.state, &mut log, tell);
        result.take_log(log)?;
        Ok(result)
    }

    fn artifacts(&self, stage: &Stage, result: &mut StageResult, tell: &mut Teller<'_>) {
        let (root, env) = (&self.world.root, &self.plan.env);
        artifacts::of_tree(root, &self.tree(), env, stage, &self.late, self.cancel)
            .tell(result, tell);
    }
}
