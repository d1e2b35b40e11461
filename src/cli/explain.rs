//! `runenv explain ENV`: which stages the next run finds and which it runs, and why. Asks the engine and the registry what
//! they have; pulls and writes nothing.

use clap::Args;
use clap::builder::FalseyValueParser;
use serde::Serialize;

use super::select::Selection;
use super::{Context, Exit, INTERRUPTED, engines, run};
use crate::digest::Digest;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::json;
use crate::plan::Plan;
use crate::plan::record::Change;
use crate::problem::Problems;
use crate::report::explain as text;
use crate::run::World;
use crate::run::ahead::Target;
use crate::run::explain::{self, Explained, Fate, Told, Way};
use crate::run::refuted::Untaken;
use crate::run::result::{Increments, Place};
use crate::run::why::{Against, Why};

#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// Explain the stages up to this one; may be repeated, or a list with commas
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    to: Vec<String>,
    /// Explain docker environments for this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
    /// Ask no registry
    #[arg(long, env = "RUNENV_OFFLINE", value_parser = FalseyValueParser::new())]
    offline: bool,
    /// Print JSON (docs/reference/json.md)
    #[arg(long)]
    json: bool,
    /// Words for `{posargs}`
    #[arg(last = true, value_name = "POSARGS")]
    posargs: Vec<String>,
}

pub(crate) fn exec(args: ExplainArgs, context: &mut Context) -> Exit {
    let project = context.project_of(&args.env)?;
    let names = context.select(&project, &Selection::one(&args.env))?;
    let world = World::looking(&project, &context.host)?;
    let cancel = Cancel::install();
    let mut jobs = Vec::new();
    for name in names {
        let wanted = |plan: &Plan| run::wanted(&project, &name, plan, &args.to);
        jobs.push(context.target(&project, &name, &args.posargs, args.engine, wanted)?);
    }
    let registry = (!args.offline).then(|| &**world.registry(&cancel));
    let mut told = Problems::default();
    let mut warn = |problem| told.push(problem);
    let all = explain::explain(&jobs, registry, &world, &cancel, &mut warn)?;
    context.out.problems(&told);
    let (mut texts, mut envs, mut problems) = (String::new(), Vec::new(), Problems::default());
    for (Target { plan, .. }, explained) in jobs.iter().zip(all) {
        if args.json {
            envs.push(Env::of(plan.env.clone(), &plan.runner, &explained));
        } else {
            texts += &text::text(&plan.env, &explained);
        }
        // An engine that does not answer is told once.
        let trouble = explained.trouble;
        let new = trouble.filter(|new| problems.0.iter().all(|old| old.title != new.title));
        problems.0.extend(new);
    }
    if cancel.requested() {
        return Ok(INTERRUPTED);
    }
    context
        .out
        .result(&if args.json { json::text(&envs) } else { texts });
    problems.or(0)
}

/// An environment for programs; `docs/reference/json.md` has these keys.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Env {
    name: String,
    runner: String,
    /// The engine that was asked.
    engine: Option<&'static str>,
    base_image: Option<String>,
    base_identity: Option<Digest>,
    stages: Vec<Stage>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Stage {
    name: String,
    key: Option<Digest>,
    state: &'static str,
    /// Where its image is.
    found: Option<Place>,
    image: Option<String>,
    tags: Vec<String>,
    /// A run would fetch it, or its own image that it starts from, from the registry.
    pulled: bool,
    /// Its image was made in increments, or it would run from its own image.
    incremental: Option<Increments>,
    /// Why it runs: `new`, `gone`, `refuted`, `other-engine`, `stage-before`, `changed`, `unsaid`.
    why: Option<&'static str>,
    /// `last-run`, or the image that it is compared with.
    against: Option<String>,
    /// Why nothing is known, or why it runs clean though it is incremental.
    detail: Option<String>,
    changes: Vec<Change>,
}

impl Env {
    fn of(name: String, runner: &str, explained: &Explained) -> Self {
        let base = explained.base.as_ref();
        Self {
            name,
            runner: runner.to_owned(),
            engine: explained.engine.map(Engine::name),
            base_image: base.map(|(name, _)| name.clone()),
            base_identity: base.and_then(|(_, identity)| *identity),
            stages: explained.stages.iter().map(Stage::of).collect(),
        }
    }
}

impl Stage {
    fn of(told: &Told) -> Self {
        let mut stage = Self {
            name: told.name.clone(),
            key: told.key,
            state: text::word(told),
            found: None,
            image: None,
            tags: Vec::new(),
            pulled: false,
            incremental: None,
            why: None,
            against: None,
            detail: None,
            changes: Vec::new(),
        };
        match &told.fate {
            Fate::Found {
                image,
                tags,
                increments,
            } => {
                stage.found = Some(Place::Engine);
                stage.image = Some(image.clone());
                stage.tags.clone_from(tags);
                stage.incremental.clone_from(increments);
            }
            Fate::There {
                tag,
                digest,
                pulled,
                ..
            } => {
                stage.found = Some(Place::Registry);
                stage.image = Some(digest.clone());
                stage.tags = vec![tag.clone()];
                stage.pulled = *pulled;
            }
            Fate::Unknown(unasked, changes) => {
                stage.detail = Some(unasked.to_string());
                stage.changes.clone_from(changes);
            }
            Fate::Run { why, way } => {
                stage.begins(way);
                stage.runs(why);
            }
            Fate::NotNeeded(_, changes) => stage.changes.clone_from(changes),
            Fate::Passed | Fate::Always => {}
        }
        stage
    }

    fn begins(&mut self, way: &Way) {
        match way {
            Way::Clean => {}
            Way::CleanFor(reason) => self.detail = Some(reason.clone()),
            Way::Own {
                increments,
                image,
                there,
                ..
            } => {
                self.incremental = Some(increments.clone());
                self.image = Some(image.clone());
                if let Some(there) = there {
                    self.image = Some(there.digest.clone());
                    self.tags = vec![there.tag.to_string()];
                    self.pulled = true;
                }
            }
        }
    }

    fn runs(&mut self, why: &Why) {
        self.why = Some(match why {
            Why::New => "new",
            Why::NotTaken(Untaken::Refuted | Untaken::OnRefuted) => "refuted",
            Why::NotTaken(Untaken::Increment) => "increment",
            Why::Gone => "gone",
            Why::OtherEngine(_) => "other-engine",
            Why::NotPassed => "not-passed",
            Why::Before(_) | Why::InTree(_) => "stage-before",
            Why::OtherKey => "changed",
            Why::Unsaid => "unsaid",
            Why::Changed { against, changes } => {
                self.against = Some(match against {
                    Against::LastRun => "last-run".to_owned(),
                    Against::Image(image) => image.clone(),
                });
                self.changes.clone_from(changes);
                "changed"
            }
        });
    }
}
