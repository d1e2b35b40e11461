//! The stages of an environment, final: commands, copies, environment and limits of each.

use indexmap::IndexMap;

use super::draft::{Settings, StageDraft, Strings};
use super::fill::Scope;
use super::mounts;
use super::setting::Setting;
use crate::config::Project;
use crate::config::file::Text;
use crate::config::file::shape::{CommandForm, Mount, Secret};
use crate::name::EnvName;
use crate::problem::{Place, Problem};

/// A stage, final. What is an `Option` was not said.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    pub(crate) name: String,
    pub(crate) from: Option<Setting<String>>,
    /// Installs the environment's packages.
    pub(crate) packages: Option<Setting<bool>>,
    pub(crate) copy: Strings,
    pub(crate) run: Vec<StageCommand>,
    pub(crate) on_failure: Vec<StageCommand>,
    pub(crate) finally: Vec<StageCommand>,
    /// The layers' and its own, in that order.
    pub(crate) env: IndexMap<String, Setting<String>>,
    pub(crate) shell: Strings,
    /// The layers', then its own; none on a package stage.
    pub(crate) prelude: Strings,
    pub(crate) workdir: Setting<String>,
    pub(crate) user: Option<Setting<String>>,
    pub(crate) network: Option<Setting<String>>,
    pub(crate) mounts: Vec<Setting<Mount>>,
    pub(crate) secrets: Vec<Setting<Secret>>,
    pub(crate) create_args: Strings,
    pub(crate) key_period: Option<Setting<String>>,
    pub(crate) machine: Option<Setting<bool>>,
    pub(crate) keep: Option<Setting<bool>>,
    /// A duration, as it is written.
    pub(crate) timeout: Option<Setting<String>>,
    pub(crate) memory: Option<Setting<String>>,
    pub(crate) cpus: Option<Setting<String>>,
    pub(crate) log_limit: Option<Setting<String>>,
    pub(crate) max_links: Option<Setting<u32>>,
    pub(crate) allow_failure: Option<Setting<bool>>,
    pub(crate) artifacts: Strings,
    pub(crate) incremental: Option<Setting<bool>>,
    pub(crate) push: Option<Setting<bool>>,
}

/// Is it said, and true?
pub(crate) fn is_on(flag: Option<&Setting<bool>>) -> bool {
    flag.is_some_and(|s| s.value)
}

#[derive(Clone, Debug)]
pub(crate) struct StageCommand {
    pub(crate) form: Form,
    /// Its failure does not fail the stage.
    pub(crate) allow_failure: bool,
    pub(crate) place: Option<Place>,
    /// What was put into it that may change, as in a setting.
    pub(crate) uses: Vec<String>,
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
    let mut stages = Vec::new();
    for (stage, draft) in drafts {
        if filler.holds(draft.condition.as_ref())? {
            stages.push(filler.stage(stage, draft)?);
        }
    }
    Ok(stages)
}

struct Filler<'a> {
    project: &'a Project,
    scope: &'a Scope<'a>,
    name: &'a EnvName,
    settings: &'a Settings,
}

impl Filler<'_> {
    fn stage(&self, name: String, draft: StageDraft) -> Result<Stage, Problem> {
        #[rustfmt::skip]
        let StageDraft {
            from, condition: _, packages, copy, run, on_failure, finally, env, shell, prelude, workdir, user, network,
            mounts, secrets, create_args, key_period, machine, keep, timeout, memory, cpus, log_limit, max_links,
            allow_failure, artifacts, incremental, push,
        } = draft;
        let (scope, layers) = (self.scope, self.settings);
        // `shell` and `prelude` of layers do not act on the package stage.
        let none = Strings::new();
        let (layers_shell, layers_prelude) = if is_on(packages.as_ref()) {
            (&none, &none)
        } else {
            (&layers.shell, &layers.prelude)
        };
        let workdir = self.text(workdir, layers.workdir.as_ref())?;
        let words = |list: &Strings| super::fill_list(scope, list);
        Ok(Stage {
            name,
            from,
            packages,
            copy: words(&copy)?,
            run: self.commands(&run)?,
            on_failure: self.commands(&on_failure)?,
            finally: self.commands(&finally)?,
            env: self.env(env)?,
            shell: shell.over(layers_shell, words)?,
            prelude: self.prelude(layers_prelude, &prelude)?,
            workdir: workdir.expect("has a default"),
            user: self.text(user, layers.user.as_ref())?,
            network: network.or_else(|| layers.network.clone()),
            mounts: mounts.over(&layers.mounts, |l| mounts::fill_mounts(scope, l))?,
            secrets: secrets.over(&layers.secrets, |l| mounts::fill_secrets(scope, l))?,
            create_args: create_args.over(&layers.create_args, words)?,
            key_period,
            machine,
            keep,
            timeout: timeout.or_else(|| layers.timeout.clone()),
            memory: self.text(memory, layers.memory.as_ref())?,
            cpus: self.text(cpus, layers.cpus.as_ref())?,
            log_limit,
            max_links,
            allow_failure,
            artifacts: words(&artifacts)?,
            incremental,
            push,
        })
    }

    /// The layers' variables, and the stage's own over them.
    fn env(
        &self,
        own: IndexMap<String, Setting<String>>,
    ) -> Result<IndexMap<String, Setting<String>>, Problem> {
        let mut whole = self.settings.env.clone();
        whole.extend(super::fill_env(self.scope, own)?);
        Ok(whole)
    }

    fn prelude(&self, layers: &Strings, own: &Strings) -> Result<Strings, Problem> {
        let mut whole = layers.clone();
        for s in own {
            whole.push(self.scope.shell_of(s)?);
        }
        Ok(whole)
    }

    /// A text of the stage's own, else the layers'.
    fn text(
        &self,
        own: Option<Setting<String>>,
        layers: Option<&Setting<String>>,
    ) -> Result<Option<Setting<String>>, Problem> {
        match own {
            Some(s) => self.scope.text_of(&s).map(Some),
            None => Ok(layers.cloned()),
        }
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
        let scope = self.scope;
        let (form, uses) = match form {
            CommandForm::Line(text) => scope.noting(|| scope.shell(text, place).map(Form::Line))?,
            CommandForm::Argv(words) => scope.noting(|| self.argv(words, place).map(Form::Argv))?,
            CommandForm::Table(table) => {
                if let Some(text) = &table.r#if {
                    let place = self.project.place(text.span());
                    if !self.project.holds(text.get_ref(), &place, self.name)? {
                        return Ok(None);
                    }
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
            uses,
        }))
    }

    fn holds(&self, condition: Option<&Setting<String>>) -> Result<bool, Problem> {
        let Some((condition, place)) = condition.and_then(|c| Some((c, c.place()?))) else {
            return Ok(true);
        };
        self.project.holds(&condition.value, place, self.name)
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
