//! `runenv explain ENV`: which stages the next run finds and which it runs, and why. Asks the engine what it has; pulls
//! and writes nothing.

use clap::Args;
use serde::Serialize;

use super::select::Selection;
use super::{Context, Exit, engines, run};
use crate::digest::Digest;
use crate::engine::Engine;
use crate::exec::Cancel;
use crate::plan::record::Change;
use crate::problem::Problems;
use crate::report::explain as text;
use crate::run::World;
use crate::run::explain::{self, Against, Explained, Fate, Told, Why};

const INTERRUPTED: u8 = 130;

#[derive(Clone, Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The environment
    #[arg(value_name = "ENV")]
    env: String,
    /// Explain the stages up to this one
    #[arg(long, value_name = "STAGE")]
    to: Option<String>,
    /// Explain docker environments for this engine
    #[arg(long, value_name = "ENGINE", value_parser = engines(), env = "RUNENV_ENGINE")]
    engine: Option<Engine>,
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
    let (mut texts, mut json, mut problems) = (String::new(), Vec::new(), Problems::default());
    for name in names {
        let plan = context.plan(&project, &name, &args.posargs)?;
        let wanted = run::wanted(&project, &name, &plan, args.to.as_ref())?;
        let engine = crate::run::engine_of(&plan, args.engine);
        let explained = explain::explain(&plan, &wanted, engine, &world, &cancel)?;
        if args.json {
            json.push(Env::of(plan.env.clone(), &plan.runner, &explained));
        } else {
            texts += &text::text(&plan.env, &explained);
        }
        problems.0.extend(explained.trouble);
    }
    if cancel.requested() {
        return Ok(INTERRUPTED);
    }
    context.out.result(&if args.json {
        serde_json::to_string_pretty(&json).expect("our own values are JSON") + "\n"
    } else {
        texts
    });
    if problems.0.is_empty() {
        Ok(0)
    } else {
        Err(problems)
    }
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
    image: Option<String>,
    tags: Vec<String>,
    /// Why it runs: `new`, `gone`, `other-engine`, `stage-before`, `changed`.
    why: Option<&'static str>,
    /// `last-run`, or the id of the image that it is compared with.
    against: Option<String>,
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
            image: None,
            tags: Vec::new(),
            why: None,
            against: None,
            changes: Vec::new(),
        };
        match &told.fate {
            Fate::Found { image, tags } => {
                stage.image = Some(image.clone());
                stage.tags.clone_from(tags);
            }
            Fate::Unknown(changes) => stage.changes.clone_from(changes),
            Fate::Run(why) => stage.runs(why),
            Fate::NotNeeded | Fate::Always => {}
        }
        stage
    }

    fn runs(&mut self, why: &Why) {
        self.why = Some(match why {
            Why::New => "new",
            Why::Gone => "gone",
            Why::OtherEngine(_) => "other-engine",
            Why::Before(_) => "stage-before",
            Why::Changed { against, changes } => {
                self.against = Some(match against {
                    Against::LastRun => "last-run".to_owned(),
                    Against::Image(id) => id.clone(),
                });
                self.changes.clone_from(changes);
                "changed"
            }
        });
    }
}
