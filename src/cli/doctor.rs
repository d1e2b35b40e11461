//! `runenv doctor`: is there an engine that works, what the project needs beside it, and with `--images`: can the base images be had?

use std::collections::BTreeMap;

use clap::Args;

use super::select::Selection;
use super::{Context, Exit, INTERRUPTED, engines};
use crate::config;
use crate::engine::Engine;
use crate::environment::Environment;
use crate::exec::Cancel;
use crate::nearest::counted;
use crate::problem::Problems;
use crate::report::harmless;
use crate::run::containers::call::Calls;
use crate::run::doctor::{self, Finding, Had, Wanted, Word};

/// No engine works, or an environment finds no image.
const NOT_USABLE: u8 = 3;
#[derive(Clone, Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Ask for the base images of the environments: is each on the engine, or in its registry?
    #[arg(long)]
    pub(super) images: bool,
    #[command(flatten)]
    pub(super) selection: Selection,
    /// Only this engine; with --images: docker environments on this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
}

pub(crate) fn exec(args: DoctorArgs, context: &mut Context) -> Exit {
    if args.images {
        return images(&args, context);
    }
    let cancel = Cancel::install();
    let (mut text, mut usable) = (String::new(), false);
    for engine in Engine::ALL {
        if args.engine.is_some_and(|asked| asked != engine) {
            continue;
        }
        let calls = Calls::new(engine, &cancel);
        let found = doctor::engine(&calls, &context.host);
        usable |= found.iter().all(|finding| finding.word != Word::Trouble);
        text += &found
            .iter()
            .map(|f| row(engine.name(), f))
            .collect::<String>();
    }
    let (needed, mistakes) = needs_of_project(context, &cancel);
    text += &needed.iter().map(|f| row("", f)).collect::<String>();
    context.out.result(&text);
    if cancel.requested() {
        return Ok(INTERRUPTED);
    }
    if usable && needed.iter().any(|finding| finding.word == Word::Trouble) {
        context.out.problems(&mistakes);
        return Ok(NOT_USABLE);
    }
    if !usable {
        let advice = "no engine is usable: install or start docker or podman, or run `local-` environments\n";
        context.out.tell(advice);
    }
    match usable {
        true if mistakes.0.is_empty() => Ok(0),
        true => Err(mistakes),
        false => {
            context.out.problems(&mistakes);
            Ok(NOT_USABLE)
        }
    }
}

/// `OF  WORD  SAID`
fn row(of: &str, Finding { word, said }: &Finding) -> String {
    let said = harmless::visible(said);
    format!("{of:<6}  {:<7}  {said}\n", word.text())
}

/// What the project here, if there is one, needs beside an engine: foreign platforms, folders of this host, its registry;
/// and what is wrong with its file.
fn needs_of_project(context: &mut Context, cancel: &Cancel) -> (Vec<Finding>, Problems) {
    let named = context.global.config.is_some();
    if !named && config::discover(None, &context.host.cwd).is_err() {
        return (Vec::new(), Problems::default());
    }
    let project = match context.project() {
        Ok(project) => project,
        Err(mistakes) => return (Vec::new(), mistakes),
    };
    let (mut platforms, mut mistakes) = (BTreeMap::new(), Problems::default());
    let mut found = Vec::new();
    for name in project.listed.known().map(|entry| &entry.name) {
        let Some(plan) = mistakes.keep(context.plan(&project, name, &[])) else {
            continue;
        };
        if Engine::by_name(&plan.runner).is_none() {
            continue;
        }
        if let Some(platform) = &plan.platform {
            let first = platforms.entry(platform.clone());
            first.or_insert_with(|| plan.env.clone());
        }
        for finding in doctor::mounts(&plan, &project.root, &context.host) {
            if !found.contains(&finding) {
                found.push(finding);
            }
        }
    }
    let platforms = platforms
        .iter()
        .map(|(platform, env)| doctor::platform(platform, env));
    found.splice(0..0, platforms);
    if let Some(table) = &project.file.registry {
        let lists = table.pull.iter().flat_map(|list| list.get_ref().words());
        let texts = table
            .repository
            .iter()
            .chain(&table.push)
            .map(|text| text.get_ref().clone());
        let all: Vec<String> = texts.chain(lists.map(str::to_owned)).collect();
        found.extend(doctor::registries(&all, &context.host, cancel));
    }
    (found, mistakes)
}

/// An image that is asked for, and the environments that need it.
struct Asked {
    wanted: Wanted,
    envs: Vec<String>,
}

fn images(args: &DoctorArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let (mut asked, mut problems) = (Vec::<Asked>::new(), Problems::default());
    // For each environment the images that will do.
    let mut needs: Vec<Vec<usize>> = Vec::new();
    for name in context.select(&project, &args.selection)? {
        let env = problems.keep(context.resolve(&project, &name, &[]));
        needs.extend(env.and_then(|env| needed(&env, args.engine, &mut asked)));
    }
    problems.or(())?;
    let cancel = Cancel::install();
    let wanted: Vec<Wanted> = asked.iter().map(|a| a.wanted.clone()).collect();
    let had = doctor::images(&wanted, &cancel);
    if cancel.requested() {
        return Ok(INTERRUPTED);
    }
    let lines = asked.iter().zip(&had).map(|(asked, had)| line(asked, had));
    context.out.result(&lines.collect::<String>());
    let can = |at: &usize| !matches!(had[*at], Had::Nowhere(_));
    let without = needs.iter().filter(|images| !images.iter().any(can));
    let (without, count) = (without.count(), asked.len());
    let nowhere = count - (0..count).filter(can).count();
    let images = counted("image", count);
    context.out.tell(&match (nowhere, without) {
        (0, _) => format!("{images}: all can be had\n"),
        (n, 0) => format!("{images}: {n} cannot be had, and others can in place of them\n"),
        (n, envs) => {
            let envs = counted("environment", envs);
            format!("{images}: {n} cannot be had, and {envs} cannot be run; is the name right, do you have to log in, does the engine answer (`runenv doctor`)?\n")
        }
    });
    Ok(if without == 0 { 0 } else { NOT_USABLE })
}

/// Adds an environment's images to those that are asked for; gives their places. One that runs here needs none.
fn needed(env: &Environment, engine: Option<Engine>, asked: &mut Vec<Asked>) -> Option<Vec<usize>> {
    let named = Engine::by_name(&env.name.runner)?;
    let settings = &env.settings;
    let mut places = Vec::new();
    for image in &settings.image {
        let wanted = Wanted {
            engine: engine.unwrap_or(named),
            image: image.value.clone(),
            platform: settings.platform.as_ref().map(|p| p.value.clone()),
        };
        let at = asked.iter().position(|a| a.wanted == wanted);
        let at = at.unwrap_or(asked.len());
        if at == asked.len() {
            let envs = Vec::new();
            asked.push(Asked { wanted, envs });
        }
        asked[at].envs.push(env.name.to_string());
        places.push(at);
    }
    Some(places)
}

/// `ENGINE  WORD  IMAGE`, and why not for whom.
fn line(asked: &Asked, had: &Had) -> String {
    let Wanted {
        engine,
        image,
        platform,
    } = &asked.wanted;
    let (word, why) = match had {
        Had::Here => ("here", String::new()),
        Had::Registry => ("registry", String::new()),
        Had::Nowhere(why) => {
            let first = asked.envs.first().map_or("", String::as_str);
            let more = match asked.envs.len() {
                0 | 1 => String::new(),
                n => format!(" and {} more", n - 1),
            };
            ("nowhere", format!(": {why} (for {first}{more})"))
        }
    };
    let platform = platform
        .as_ref()
        .map_or(String::new(), |p| format!(" for {p}"));
    let why = harmless::visible(&why);
    format!("{:<6}  {word:<8}  {image}{platform}{why}\n", engine.name())
}
