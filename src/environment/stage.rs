//! The stages of an environment, final: commands, copies, environment and limits of each.

use std::time::Duration;

use indexmap::IndexMap;

use super::draft::{Settings, StageDraft, Strings};
use super::fill::Scope;
use super::setting::Setting;
use crate::config::Project;
use crate::config::file::Text;
use crate::config::shape::CommandForm;
use crate::name::EnvName;
use crate::name::condition::Condition;
use crate::problem::{Place, Problem};
use crate::time;

#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) name: String,
    /// Installs the environment's packages.
    pub(crate) packages: bool,
    pub(crate) copy: Strings,
    pub(crate) run: Vec<StageCommand>,
    pub(crate) on_failure: Vec<StageCommand>,
    /// The layers' and its own, in that order.
    pub(crate) env: IndexMap<String, Setting<String>>,
    pub(crate) shell: Strings,
    /// The layers', then its own; none on a package stage.
    pub(crate) prelude: Strings,
    pub(crate) workdir: Setting<String>,
    pub(crate) network: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) allow_failure: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct StageCommand {
    pub(crate) form: Form,
    /// Its failure does not fail the stage.
    pub(crate) allow_failure: bool,
    pub(crate) place: Option<Place>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Shell text, substituted and quoted.
    Line(String),
    /// Words that no shell sees.
    Argv(Vec<String>),
}

/// Makes the stages of a draft final.
pub(crate) fn fill(
    project: &Project,
    scope: &Scope<'_>,
    name: &EnvName,
    settings: &Settings,
    drafts: IndexMap<String, StageDraft>,
) -> Result<Vec<Stage>, Problem> {
    let filler = Filler {
        project,
        scope,
        name,
        settings,
    };
    let stages = drafts.into_iter();
    stages
        .map(|(stage, draft)| filler.stage(stage, draft))
        .collect()
}

struct Filler<'a> {
    project: &'a Project,
    scope: &'a Scope<'a>,
    name: &'a EnvName,
    settings: &'a Settings,
}

impl Filler<'_> {
    fn stage(&self, stage: String, draft: StageDraft) -> Result<Stage, Problem> {
        #[rustfmt::skip]
        let StageDraft {
            packages, copy, run, on_failure, env, shell, prelude, workdir, network, timeout, allow_failure,
        } = draft;
        let (scope, layers) = (self.scope, self.settings);
        // `shell` and `prelude` of layers do not act on the package stage.
        let (mut all_prelude, layers_shell) = if packages {
            (Strings::new(), Strings::new())
        } else {
            (layers.prelude.clone(), layers.shell.clone())
        };
        for s in &prelude {
            all_prelude.push(s.with(scope.shell(&s.value, s.place())?));
        }
        let shell = super::fill_list(scope, &shell)?;
        let mut whole_env = layers.env.clone();
        whole_env.extend(super::fill_env(scope, env)?);
        let workdir = match workdir {
            Some(w) => Some(w.with(scope.text(&w.value, w.place())?)),
            None => layers.workdir.clone(),
        };
        let timeout = timeout.or_else(|| layers.timeout.clone());
        let network = network.or_else(|| layers.network.clone());
        let duration = |t: Setting<String>| {
            time::parse_duration(&t.value).expect("checked when the file was loaded")
        };
        Ok(Stage {
            name: stage,
            packages,
            copy: super::fill_list(scope, &copy)?,
            run: self.commands(&run)?,
            on_failure: self.commands(&on_failure)?,
            env: whole_env,
            shell: if shell.is_empty() {
                layers_shell
            } else {
                shell
            },
            prelude: all_prelude,
            workdir: workdir.expect("has a default"),
            network: network.map(|n| n.value),
            timeout: timeout.map(duration),
            allow_failure,
        })
    }

    fn commands(&self, forms: &[Setting<CommandForm>]) -> Result<Vec<StageCommand>, Problem> {
        let mut out = Vec::new();
        for form in forms {
            out.extend(self.command(&form.value, form.place(), false)?);
        }
        Ok(out)
    }

    /// `None` where the command's condition does not hold.
    fn command(
        &self,
        form: &CommandForm,
        place: Option<&Place>,
        allow_failure: bool,
    ) -> Result<Option<StageCommand>, Problem> {
        let form = match form {
            CommandForm::Line(text) => Form::Line(self.scope.shell(text, place)?),
            CommandForm::Argv(words) => Form::Argv(self.argv(words, place)?),
            CommandForm::Table(table) => {
                if !self.holds(table.r#if.as_ref())? {
                    return Ok(None);
                }
                let inner = self.project.place(table.run.span());
                let allow_failure = allow_failure || table.allow_failure;
                return self.command(table.run.get_ref(), Some(&inner), allow_failure);
            }
        };
        Ok(Some(StageCommand {
            form,
            allow_failure,
            place: place.cloned(),
        }))
    }

    fn holds(&self, condition: Option<&Text>) -> Result<bool, Problem> {
        let Some(text) = condition else {
            return Ok(true);
        };
        let (axes, place) = (&self.project.axes, self.project.place(text.span()));
        Ok(Condition::parse(text.get_ref(), axes, &place)?.holds(self.name))
    }

    fn argv(&self, words: &[Text], place: Option<&Place>) -> Result<Vec<String>, Problem> {
        let places: Vec<Place> = words.iter().map(|w| self.project.place(w.span())).collect();
        let texts = words.iter().map(|w| w.get_ref().as_str());
        let argv = self.scope.list(texts.zip(places.iter().map(Some)))?;
        let program = argv.first().map_or("", String::as_str);
        if program.is_empty() || program.starts_with('-') {
            let help = "the first word is the program to run";
            let problem = Problem::new("a command without a program", help);
            return Err(place.cloned().into_iter().fold(problem, Problem::place));
        }
        Ok(argv)
    }
}
