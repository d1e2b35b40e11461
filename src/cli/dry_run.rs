//! `runenv run -n`: the plan as lines to paste, as if nothing were cached. Starts no process.
//!
//! Containers have names, not ids; images have the tag `plan`, since a key needs what only the engine knows.

use std::path::Path;

use crate::command::Command;
use crate::engine::labels::Labels;
use crate::engine::{Container, Engine};
use crate::host::Host;
use crate::late::Late;
use crate::plan::{Plan, PlanCommand, Stage, script};
use crate::run::folder::Folder;
use crate::run::{self, Job, Options, local};

pub(crate) fn text(root: &Path, jobs: &[Job], options: &Options, host: &Host) -> String {
    let mut text = String::new();
    for Job { plan, wanted, .. } in jobs {
        if let Some(why) = run::not_for(plan, host) {
            text += &format!("# {}: skipped: {why}\n", plan.env);
            continue;
        }
        let tree = local::tree(root, &plan.env, plan.isolated);
        let folder = Folder::of(root).env(&plan.env);
        let late = run::late(&tree, folder.path(), plan.cpus.as_deref(), host);
        if plan.isolated {
            text += &format!(
                "# {}: in a copy of the tree, {}\n",
                plan.env,
                tree.display()
            );
        }
        for (at, stage) in wanted.stages(plan) {
            text += &format!(
                "# {}: {} ({}/{})\n",
                plan.env,
                stage.name,
                at + 1,
                plan.stages.len()
            );
            let commands = match run::engine(plan, options) {
                Some(engine) => in_engine(engine, plan, stage, &late),
                None => here(plan, stage, &late, host),
            };
            text += &commands
                .iter()
                .map(|c| format!("{c}\n"))
                .collect::<String>();
        }
    }
    text
}

/// A stage's calls of the engine.
fn in_engine(engine: Engine, plan: &Plan, stage: &Stage, late: &Late) -> Vec<Command> {
    let image = match stage.parent {
        Some(at) => plan.image_name(&plan.stages[at], "plan"),
        None => plan.base().unwrap_or_default(),
    };
    let name = format!("runenv-{}-{}", plan.slug, stage.name);
    let spec = Container {
        name: &name,
        image: &image,
        network: stage.network.as_deref(),
        labels: &Labels::default(),
        memory: stage.limits.memory.as_deref(),
        cpus: stage.limits.cpus.as_deref(),
        platform: plan.platform.as_deref(),
        has_path: true,
        client: None,
    };
    let text = late.fill_shell(&(script::preamble("MARK", &[], &stage.on_failure) + &stage.body));
    let mut commands = if stage.copy.is_empty() {
        vec![engine.run(&spec, text)]
    } else {
        let made = format!("runenv context {} {}", plan.env, stage.name);
        vec![
            engine.create(&spec),
            engine.copy_in(&name, made),
            engine.start(&name, text),
        ]
    };
    commands.push(engine.commit(&name, &plan.image_name(stage, "plan"), &[]));
    commands.push(engine.remove_containers(&[&name]));
    commands
}

/// A stage's commands on this host; packages are checked there, which is no command of the plan's.
fn here(plan: &Plan, stage: &Stage, late: &Late, host: &Host) -> Vec<Command> {
    let passed = local::environment(host, &plan.pass_env, &stage.env, late);
    let own = passed
        .into_iter()
        .filter(|(name, _)| stage.env.contains_key(name));
    let env: Vec<_> = own.collect();
    let first = stage.packages.as_ref().map_or(0, |step| step.commands);
    let command = |command: &PlanCommand| Command {
        env: env.clone(),
        ..Command::new(command.argv.iter().map(|w| late.fill(w)))
    };
    stage.commands[first..].iter().map(command).collect()
}
