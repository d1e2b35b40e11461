//! The stages of an environment, final: commands, copies, environment and limits of each.

use std::time::Duration;

use indexmap::IndexMap;

use super::draft::{Settings, StageDraft, Strings};
use super::fill::Scope;
use super::setting::Setting;
use crate::config::Project;
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
    pub(crate) workdir: String,
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
    let mut stages = Vec::new();
    for (stage, draft) in drafts {
        let StageDraft {
            packages,
            copy,
            run,
            on_failure,
            env,
            shell,
            prelude,
            workdir,
            network,
            timeout,
            allow_failure,
        } = draft;
        let filler = Filler {
            project,
            scope,
            name,
        };
        let mut whole_env = settings.env.clone();
        whole_env.extend(super::fill_env(scope, env)?);
        let own_prelude = prelude
            .iter()
            .map(|s| Ok(s.with(scope.shell(&s.value, s.place())?)))
            .collect::<Result<Strings, Problem>>()?;
        let layers = if packages {
            Strings::new()
        } else {
            settings.prelude.clone()
        };
        let shell = if !shell.is_empty() {
            shell
        } else if packages {
            Strings::new()
        } else {
            settings.shell.clone()
        };
        let workdir = workdir
            .map(|w| scope.text(&w.value, w.place()))
            .transpose()?;
        let timeout = timeout.or_else(|| settings.timeout.clone());
        stages.push(Stage {
            name: stage,
            packages,
            copy: filler.paths(&copy)?,
            run: filler.commands(&run)?,
            on_failure: filler.commands(&on_failure)?,
            env: whole_env,
            shell,
            prelude: layers.into_iter().chain(own_prelude).collect(),
            workdir: workdir.unwrap_or_else(|| {
                settings
                    .workdir
                    .as_ref()
                    .map(|w| w.value.clone())
                    .unwrap_or_default()
            }),
            network: network
                .or_else(|| settings.network.clone())
                .map(|n| n.value),
            timeout: timeout
                .map(|t| time::parse_duration(&t.value).expect("checked when the file was loaded")),
            allow_failure,
        });
    }
    Ok(stages)
}

struct Filler<'a> {
    project: &'a Project,
    scope: &'a Scope<'a>,
    name: &'a EnvName,
}

impl Filler<'_> {
    fn paths(&self, copy: &Strings) -> Result<Strings, Problem> {
        let mut out = Strings::new();
        for s in copy {
            out.extend(
                self.scope
                    .list([(s.value.as_str(), s.place())])?
                    .into_iter()
                    .map(|t| s.with(t)),
            );
        }
        Ok(out)
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
            CommandForm::Argv(words) => {
                let places: Vec<Place> =
                    words.iter().map(|w| self.project.place(w.span())).collect();
                let argv = self.scope.list(
                    words
                        .iter()
                        .zip(&places)
                        .map(|(w, p)| (w.get_ref().as_str(), Some(p))),
                )?;
                if argv
                    .first()
                    .is_none_or(|program| program.is_empty() || program.starts_with('-'))
                {
                    let problem = Problem::new(
                        "a command without a program",
                        "the first word is the program to run",
                    );
                    return Err(place.map_or(problem.clone(), |p| problem.place(p.clone())));
                }
                Form::Argv(argv)
            }
            CommandForm::Table(table) => {
                if let Some(condition) = &table.r#if {
                    let at = self.project.place(condition.span());
                    if !Condition::parse(condition.get_ref(), &self.project.axes, &at)?
                        .holds(self.name)
                    {
                        return Ok(None);
                    }
                }
                let inner = self.project.place(table.run.span());
                return self.command(
                    table.run.get_ref(),
                    Some(&inner),
                    allow_failure || table.allow_failure,
                );
            }
        };
        Ok(Some(StageCommand {
            form,
            allow_failure,
            place: place.cloned(),
        }))
    }
}
