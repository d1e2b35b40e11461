//! Makes a plan of an environment: pure, and all that is said is in it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config::Project;
use crate::config::lock::Lock;
use crate::environment::draft::Strings;
use crate::environment::setting::Setting;
use crate::environment::{Environment, Form, StageCommand, is_on};
use crate::packages;
use crate::problem::Problem;
use crate::quote;
use crate::size;
use crate::time;

use super::chain::Chain;
use super::given::Given;
use super::image::Registries;
use super::{
    PackageStep, Period, Plan, PlanCommand, Stage, StageLimits, annotate, artifacts, record,
    script, user,
};

/// The most bytes of a stage's output that are kept where nobody sets `log-limit`.
const LOG_LIMIT: u64 = 1 << 30;
/// Time between TERM and KILL where nobody sets `kill-after`.
const KILL_AFTER: Duration = Duration::from_secs(10);
/// Increments of a stage before it runs afresh, where nobody sets `max-links`.
const MAX_LINKS: u32 = 10;

/// Plans an environment.
pub(crate) fn plan(project: &Project, env: &Environment) -> Result<Plan, Problem> {
    let settings = &env.settings;
    let key_salt = project.file.project.key_salt.as_ref();
    let key_salt = key_salt.map(|s| s.get_ref().clone()).unwrap_or_default();
    let (mut stages, mut chain) = (Vec::new(), Chain::default());
    for (at, stage) in env.stages.iter().enumerate() {
        let planned = plan_stage(env, stage, chain.parent(&stages, stage)?, &key_salt)?;
        artifacts::check(&planned, env.container())?;
        if env.container() {
            check_incremental(&stages, &planned, stage.incremental.as_ref())?;
        }
        chain.add(at, &planned);
        stages.push(planned);
    }
    let mut images = settings.image.iter().filter(|_| env.container());
    let image = images.next();
    let factors = Some(&env.name).filter(|name| name.own.is_none());
    let mut plan = Plan {
        env: env.name.to_string(),
        slug: env.name.without_runner(),
        project: env.project.clone(),
        runner: env.name.runner.clone(),
        system: factors.and_then(|name| Some(name.system.as_ref()?.to_string())),
        config: factors.and_then(|name| name.config.clone()),
        image: image.map(|s| s.value.clone()),
        other_images: images.map(|s| s.value.clone()).collect(),
        pin: None,
        not_locked: false,
        image_place: image.and_then(Setting::place).cloned(),
        platform: value(settings.platform.as_ref()),
        allow_volumes: is_on(settings.allow_volumes.as_ref()),
        key_salt,
        pass_env: texts(&settings.pass_env),
        host_os: texts(&settings.host_os),
        isolated: env.isolated(),
        cpus: value(settings.cpus.as_ref()),
        nameless: texts(&env.nameless),
        end_of_life: value(env.end_of_life.as_ref()),
        archive: value(env.archive.as_ref())
            .filter(|_| env.manager.is_some_and(|m| m.archive.is_some())),
        registries: registries(project, env),
        stages,
    };
    if plan.image.is_some() {
        pin(&mut plan, project.lock()?);
    }
    Ok(plan)
}

/// `[registry]`; nothing of a local environment goes there.
fn registries(project: &Project, env: &Environment) -> Registries {
    let table = project.file.registry.as_ref().filter(|_| env.container());
    table.map(Registries::of).unwrap_or_default()
}

/// Which bytes the base image is, by the lock file.
fn pin(plan: &mut Plan, lock: Option<&Lock>) {
    let platform = plan.platform();
    let pin = lock.and_then(|lock| lock.first(plan.images(), &platform));
    let pin = pin.cloned();
    plan.not_locked = lock.is_some() && pin.is_none();
    plan.pin = pin;
}

fn plan_stage(
    env: &Environment,
    stage: &crate::environment::Stage,
    parent: Option<usize>,
    key_salt: &str,
) -> Result<Stage, Problem> {
    let (shell, prelude) = (texts(&stage.shell), texts(&stage.prelude));
    let user = user(env, stage);
    let own = user.is_some() || script::interpreter(&shell).is_some();
    let command = |command: &StageCommand| plan_command(command, &prelude, &shell, own);
    let plan = |all: &[StageCommand]| all.iter().map(command).collect::<Result<Vec<_>, _>>();
    let (mut commands, mut packages) = (Vec::new(), None);
    if is_on(stage.packages.as_ref()) {
        commands = package_commands(env)?;
        packages = Some(package_step(env, commands.len()));
    }
    let variables = variables(env, stage, packages.is_some());
    commands.extend(plan(&stage.run)?);
    let exports = script::exports(&variables);
    let (name, workdir) = (&stage.name, &stage.workdir.value);
    Ok(Stage {
        name: name.clone(),
        parent,
        copy: stage.copy.clone(),
        artifacts: stage.artifacts.clone(),
        body: script::body(name, workdir, user.as_deref(), &exports, &commands),
        workdir: workdir.clone(),
        said: record::said(env, stage, &variables, key_salt),
        env: variables,
        user,
        network: value(stage.network.as_ref()),
        given: Given::of(env, stage)?,
        limits: limits(env, stage),
        annotate: annotate(env),
        allow_failure: is_on(stage.allow_failure.as_ref()),
        keep: stage.keep.as_ref().is_none_or(|keep| keep.value),
        key_period: period(stage),
        machine: is_on(stage.machine.as_ref()),
        push: stage.push.as_ref().is_none_or(|push| push.value),
        incremental: is_on(stage.incremental.as_ref()),
        max_links: stage.max_links.as_ref().map_or(MAX_LINKS, |s| s.value),
        commands,
        on_failure: plan(&stage.on_failure)?,
        finally: plan(&stage.finally)?,
        packages,
        exports,
    })
}

/// How long the stage's result holds.
fn period(stage: &crate::environment::Stage) -> Option<Period> {
    let name = stage.key_period.as_ref()?;
    Period::by_name(&name.value)
}

/// The package manager's variables where it installs, and over them the stage's.
fn variables(
    env: &Environment,
    stage: &crate::environment::Stage,
    installs: bool,
) -> BTreeMap<String, String> {
    let manager = env.manager.filter(|_| installs).into_iter();
    let manager = manager.flat_map(|m| m.env);
    let manager = manager.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let own = stage.env.iter();
    let own = own.map(|(name, s)| (name.clone(), s.value.clone()));
    manager.chain(own).collect()
}

/// Who runs a stage's commands, if it is not root: packages are installed by root.
fn user(env: &Environment, stage: &crate::environment::Stage) -> Option<String> {
    let here = env.container() && !is_on(stage.packages.as_ref());
    let user = stage.user.as_ref().filter(|_| here)?;
    user::other_than_root(&user.value).map(str::to_owned)
}

/// An incremental stage has to be kept, and has to have files that can change, of its own or of the stages it stands on.
fn check_incremental(
    planned: &[Stage],
    stage: &Stage,
    setting: Option<&Setting<bool>>,
) -> Result<(), Problem> {
    let mut below = std::iter::successors(stage.parent, |at| planned[*at].parent);
    let copies = !stage.copy.is_empty() || below.any(|at| !planned[at].copy.is_empty());
    let (why, help) = if !stage.keep {
        let help = "take `keep = false` out, or `incremental`";
        ("is not kept, so there is nothing to start from", help)
    } else if !copies {
        let help = "name the files in `copy`, or take `incremental` out";
        ("copies no files, nor does a stage before it", help)
    } else {
        return Ok(());
    };
    if !stage.incremental {
        return Ok(());
    }
    let title = format!("`{}` is incremental and {why}", stage.name);
    let place = setting.and_then(Setting::place).cloned();
    Err(place
        .into_iter()
        .fold(Problem::new(title, help), Problem::place))
}

/// The rules for lines of the output; the file's check has seen that all are some.
fn annotate(env: &Environment) -> Vec<annotate::Rule> {
    let rules = env.settings.annotate.iter();
    rules
        .filter_map(|rule| annotate::Rule::of(&rule.value))
        .collect()
}

/// The values of a list.
fn texts(list: &Strings) -> Vec<String> {
    list.iter().map(|s| s.value.clone()).collect()
}

/// The value of a setting, if it is said.
fn value(setting: Option<&Setting<String>>) -> Option<String> {
    setting.map(|s| s.value.clone())
}

fn limits(env: &Environment, stage: &crate::environment::Stage) -> StageLimits {
    let duration = |s: Option<&Setting<String>>| {
        let text = s.map(|s| s.value.as_str());
        text.map(|t| time::parse_duration(t).expect("checked when the file was loaded"))
    };
    let log = stage.log_limit.as_ref();
    StageLimits {
        log: log.and_then(|s| size::bytes(&s.value)).unwrap_or(LOG_LIMIT),
        timeout: duration(stage.timeout.as_ref()),
        kill_after: duration(env.settings.kill_after.as_ref()).unwrap_or(KILL_AFTER),
        memory: value(stage.memory.as_ref()),
        cpus: value(stage.cpus.as_ref()),
    }
}

/// One command, told and run. A line that goes to a program as one argument must fit into one.
fn plan_command(
    command: &StageCommand,
    prelude: &[String],
    shell: &[String],
    own: bool,
) -> Result<PlanCommand, Problem> {
    let evaluated = script::evaluated(command, prelude, shell);
    let (text, direct) = match &command.form {
        Form::Line(text) => (text.clone(), None),
        Form::Argv(words) => (quote::words(words), Some(words)),
    };
    let argv = match direct {
        Some(words) if prelude.is_empty() => words.clone(),
        Some(_) | None => ["sh", "-e", "-c", &evaluated].map(str::to_owned).to_vec(),
    };
    if own && evaluated.len() > script::LONGEST_ARGUMENT {
        let problem = Problem::new(
            "a command of more than 120 kB for a `shell` or `user` of its own",
            "put it into a file and run that",
        );
        return Err(command.place.iter().cloned().fold(problem, Problem::place));
    }
    Ok(PlanCommand {
        text,
        evaluated,
        argv,
        allow_failure: command.allow_failure,
        place: command
            .place
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
    })
}

/// What a package stage installs; its first commands do it in a container.
fn package_step(env: &Environment, commands: usize) -> PackageStep {
    PackageStep {
        manager: env.manager,
        names: texts(&env.package_names),
        options: texts(&env.package_options),
        before: texts(&env.settings.packages_before),
        after: texts(&env.settings.packages_after),
        ignore_missing: is_on(env.settings.ignore_missing_packages.as_ref()),
        install: is_on(env.settings.install.as_ref()),
        commands,
    }
}

/// The commands that install the environment's packages; none where there are none to install.
fn package_commands(env: &Environment) -> Result<Vec<PlanCommand>, Problem> {
    let settings = &env.settings;
    let (before, after) = (
        texts(&settings.packages_before),
        texts(&settings.packages_after),
    );
    let day = env.end_of_life.as_ref().map(|s| s.value.as_str());
    let tree = env.archive.as_ref().map(|s| s.value.as_str());
    let lines = match env.manager {
        Some(manager) => packages::script::lines(&packages::script::Job {
            manager,
            names: &texts(&env.package_names),
            options: &texts(&env.package_options),
            before: &before,
            after: &after,
            ignore_missing: is_on(settings.ignore_missing_packages.as_ref()),
            image: true,
            archive: day.zip(tree),
        }),
        None if env.package_names.is_empty() => {
            let lines = before.into_iter().chain(after);
            lines.map(packages::script::Line::from).collect()
        }
        None => {
            let title = format!(
                "`{}` has packages to install and no package manager",
                env.name
            );
            return Err(Problem::new(
                title,
                "give its system `package-manager = \"apt\"`",
            ));
        }
    };
    let own = |line: packages::script::Line| PlanCommand {
        argv: ["sh", "-e", "-c", &line.evaluated]
            .map(str::to_owned)
            .to_vec(),
        evaluated: line.evaluated,
        text: line.text,
        allow_failure: false,
        place: String::new(),
    };
    Ok(lines.into_iter().map(own).collect())
}
