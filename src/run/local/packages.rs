//! Packages on this host: they are checked, and what is missing is installed where that is asked for; else it is told,
//! with the command that installs it. Asks nobody anything.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::super::event::Teller;
use super::super::log::Log;
use super::super::options::Limit;
use super::super::result::{self, StageResult, State};
use super::LocalEnv;
use crate::catalog::managers::Manager;
use crate::exec::{self, Limits};
use crate::packages::script::{self, Job, Line};
use crate::plan::{PackageStep, PlanCommand, Stage};
use crate::problem::Problem;
use crate::quote;
use crate::time;

/// The question what is installed: a package manager that waits for another one's lock is not waited for.
const LONGEST_QUERY: Duration = Duration::from_secs(60);

impl LocalEnv<'_> {
    /// Are the stage's packages here, if need be now? With nothing to install nothing is run.
    pub(super) fn packages(
        &self,
        stage: &Stage,
        step: &PackageStep,
        started: Instant,
        log: &mut Log,
        result: &mut StageResult,
        tell: &mut Teller<'_>,
    ) -> Result<bool, Problem> {
        let Some(manager) = step.manager.filter(|_| !step.names.is_empty()) else {
            return Ok(true);
        };
        let Some(missing) = self.missing(stage, manager, &step.names, started, result)? else {
            return Ok(false);
        };
        if missing.is_empty() {
            return Ok(true);
        }
        let by_sudo = manager.root && !self.world.host.root;
        let asked = step.install || self.options.install_packages;
        if asked {
            let commands = install(manager, step, &missing, by_sudo).into_iter();
            let failed = commands.into_iter().find_map(|command| {
                let exit = self.command(stage, &command, started, log, tell);
                result.leaked |= exit.leaked;
                (!exit.success()).then_some((command, exit))
            });
            let Some((command, exit)) = failed else {
                return Ok(true);
            };
            self.fail(stage, &command, &exit, started, result);
            if exit.stopped.is_some() {
                return Ok(false);
            }
        }
        let list = missing.join(" ");
        let sudo = if by_sudo { "sudo " } else { "" };
        let line = script::install_line(manager, &missing);
        let mut text = format!("missing on this host: {list}\ninstall with: {sudo}{line}\n");
        if !asked {
            text += "or let runenv do it: --install-packages\n";
        }
        tell.output(&log.write(text.as_bytes()));
        result.state = State::Failed;
        result.detail = Some(format!("packages are missing: {list}"));
        result.missing_packages = missing;
        Ok(false)
    }

    /// Those of the names that are not installed, as the stage's commands would see it; `None` where the question was
    /// stopped. Of a name with a version only the package is asked.
    fn missing(
        &self,
        stage: &Stage,
        manager: &Manager,
        names: &[String],
        started: Instant,
        result: &mut StageResult,
    ) -> Result<Option<Vec<String>>, Problem> {
        let installed = manager.installed();
        let words = ["sh", "-c", &installed, "sh"].into_iter();
        let command = own(
            Line::from(installed.clone()),
            words.chain(names.iter().map(String::as_str)),
        );
        let command = self.process(stage, &command);
        let query = Limit::of_stage(LONGEST_QUERY, time::start());
        let limit = self.limit(stage, started);
        let limit = limit
            .filter(|limit| limit.left() < LONGEST_QUERY)
            .unwrap_or(query);
        let limits = Limits {
            time: Some(limit.left()),
            ..Limits::default()
        };
        let output = exec::capture(&command, &limits, self.cancel)?;
        if let Some(stop) = output.exit.stopped {
            (result.state, result.detail) = result::stopped(stop, Some(limit));
            return Ok(None);
        }
        let there = output.text();
        let there: BTreeSet<&str> = there.lines().collect();
        // A name may have a version behind it.
        let missing = |name: &&String| {
            let bare = name.split(['=', '<', '>', '~', '[']).next().map(str::trim);
            !there.contains(name.as_str()) && !bare.is_some_and(|bare| there.contains(bare))
        };
        Ok(Some(names.iter().filter(missing).cloned().collect()))
    }
}

/// The commands that install these, as root or by `sudo` that may not ask for a password.
fn install(
    manager: &Manager,
    step: &PackageStep,
    missing: &[String],
    by_sudo: bool,
) -> Vec<PlanCommand> {
    let lines = script::lines(&Job {
        manager,
        names: missing,
        options: &step.options,
        before: &step.before,
        after: &step.after,
        ignore_missing: step.ignore_missing,
        image: false,
        archive: None,
    });
    let command = |line: Line| {
        let mut argv = Vec::new();
        if by_sudo {
            // sudo(8) takes the variables away.
            argv.extend(["sudo", "-n", "env"].map(str::to_owned));
            let variables = manager.env.iter();
            argv.extend(variables.map(|(name, value)| format!("{name}={value}")));
        }
        argv.extend(["sh", "-e", "-c", &line.evaluated].map(str::to_owned));
        let text = if by_sudo {
            quote::words(&argv)
        } else {
            line.text.clone()
        };
        own(Line { text, ..line }, argv.iter().map(String::as_str))
    };
    lines.into_iter().map(command).collect()
}

/// A command of runenv's own.
fn own<'a>(line: Line, argv: impl Iterator<Item = &'a str>) -> PlanCommand {
    PlanCommand {
        text: line.text,
        evaluated: line.evaluated,
        argv: argv.map(str::to_owned).collect(),
        allow_failure: false,
        place: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::managers;

    #[test]
    fn who_is_not_root_installs_by_a_sudo_that_does_not_ask() {
        let manager = managers::find("apt").unwrap();
        let step = PackageStep {
            manager: Some(manager),
            names: vec!["it's".to_owned(), "b".to_owned()],
            options: Vec::new(),
            before: Vec::new(),
            after: Vec::new(),
            ignore_missing: false,
            install: true,
            commands: 0,
        };
        let missing = ["it's".to_owned()];
        let all = install(manager, &step, &missing, true);
        assert_eq!(all.len(), 2, "update and install, and nothing is cleaned");
        for command in &all {
            let before = ["sudo", "-n", "env", "DEBIAN_FRONTEND=noninteractive"];
            assert_eq!(command.argv[..4], before);
            assert_eq!(command.argv.last(), Some(&command.evaluated));
        }
        assert!(all[1].evaluated.starts_with(r"set -- 'it'\''s'"));
        assert!(!all[1].evaluated.contains(" b"));
        let pacman = managers::find("pacman").unwrap();
        let all = install(pacman, &step, &missing, true);
        assert_eq!(all.len(), 1, "this machine is not upgraded");
        let root = install(manager, &step, &missing, false);
        assert_eq!(root[0].argv[..3], ["sh", "-e", "-c"]);
    }
}
