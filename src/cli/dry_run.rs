//! `runenv run -n`: the plan as lines to paste, as if nothing were cached. Starts no process.
//!
//! Containers have names, not ids; images have the tag `plan`, since a key needs what only the engine knows; volumes have
//! the project's name in place of its id, for which git may have to be asked.

use std::path::Path;

use crate::command::Command;
use crate::engine::labels::Labels;
use crate::engine::{Container, Engine};
use crate::host::Host;
use crate::late::Late;
use crate::plan::given::Source;
use crate::plan::{Plan, PlanCommand, Stage, script};
use crate::run::containers::mounts;
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
                Some(engine) => in_engine(engine, plan, stage, &late, root, host),
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
fn in_engine(
    engine: Engine,
    plan: &Plan,
    stage: &Stage,
    late: &Late,
    root: &Path,
    host: &Host,
) -> Vec<Command> {
    let image = match stage.parent {
        Some(at) => plan.image_name(&plan.stages[at], "plan"),
        None => plan.base().unwrap_or_default(),
    };
    let name = format!("runenv-{}-{}", plan.slug, stage.name);
    let extra = mounts::words(&stage.given, &plan.project, root, host);
    let spec = Container {
        name: &name,
        image: &image,
        network: stage.network.as_deref(),
        labels: &Labels::default(),
        memory: stage.limits.memory.as_deref(),
        cpus: stage.limits.cpus.as_deref(),
        platform: plan.platform.as_deref(),
        has_path: true,
        extra: &extra,
        client: None,
    };
    let secrets = hidden(stage);
    let preamble = script::preamble("MARK", &secrets, stage, None);
    let text = late.fill_shell(&(preamble + &stage.body));
    let mut commands = Vec::new();
    for mount in &stage.given.mounts {
        if let Source::Cache(cache) = &mount.source {
            let volume = mounts::volume(&plan.project, cache);
            commands.push(engine.make_volume(&volume, &Labels::default()));
        }
    }
    if stage.copy.is_empty() {
        commands.push(engine.run(&spec, text));
    } else {
        let made = format!("runenv context {} {}", plan.env, stage.name);
        commands.push(engine.create(&spec));
        commands.push(engine.copy_in(&name, made));
        commands.push(engine.start(&name, text));
    }
    commands.push(engine.commit(&name, &plan.image_name(stage, "plan"), &[]));
    commands.push(engine.remove_containers(&[&name]));
    commands
}

/// Secrets, as they are printed.
fn hidden(stage: &Stage) -> Vec<(String, String)> {
    let secrets = stage.given.secrets.iter();
    let hidden = secrets.map(|secret| (secret.name.clone(), "***".to_owned()));
    hidden.collect()
}

/// A stage's commands on this host; packages are checked there, which is no command of the plan's.
fn here(plan: &Plan, stage: &Stage, late: &Late, host: &Host) -> Vec<Command> {
    let passed = local::environment(host, &plan.pass_env, &stage.env, late);
    let own = passed
        .into_iter()
        .filter(|(name, _)| stage.env.contains_key(name));
    let mut env: Vec<_> = own.collect();
    let secrets = hidden(stage).into_iter();
    env.extend(secrets.map(|(name, stars)| (name, stars.into())));
    let first = stage.packages.as_ref().map_or(0, |step| step.commands);
    let command = |command: &PlanCommand| Command {
        env: env.clone(),
        ..Command::new(command.argv.iter().map(|w| late.fill(w)))
    };
    stage.commands[first..].iter().map(command).collect()
}
