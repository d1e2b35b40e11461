//! The command line: what was typed, and the one way from there to an exit code.
//!
//! Each verb is a file with its `Args` and `exec`; this one reads the world and the project for them.

mod artifacts;
mod ci;
mod clean;
mod context;
mod depends;
mod devcontainer;
mod dockerfile;
mod doctor;
mod dry_run;
mod explain;
mod list;
mod load;
mod lock;
mod logs;
mod report;
mod reports;
mod run;
mod save;
mod schema;
mod select;
mod shell;
mod show;
mod stale;
mod target;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::config::listed::{Entry, Listing};
use crate::config::{self, Project};
use crate::engine::Engine;
use crate::environment::{self, Environment};
use crate::host::Host;
use crate::mask::Mask;
use crate::name::{EnvName, expand};
use crate::plan::given::Secret;
use crate::plan::{self, Plan};
use crate::problem::{Kind, Problem, Problems};
use crate::registry;
use crate::report::out::Out;
use crate::run::result::INTERRUPTED;
use crate::run::secrets;
use select::{Selected, Selection};

/// Proves that a project builds and passes its tests on every system it claims to support.
#[derive(Debug, Parser)]
#[command(
    name = "runenv",
    version,
    override_usage = "runenv [OPTIONS] [NAME]... [-- <POSARGS>...]\n       runenv [OPTIONS] <COMMAND>",
    subcommand_precedence_over_arg = true,
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    run: run::RunArgs,
    /// List the environments, as `runenv list` does
    #[arg(short, long)]
    list: bool,
    #[command(flatten)]
    global: Global,
}

/// Options of every command.
#[derive(Clone, Debug, Args)]
struct Global {
    /// Read this file; without it envs.toml is looked for from here upwards
    #[arg(
        short = 'c',
        long,
        value_name = "FILE",
        env = "RUNENV_CONFIG",
        global = true
    )]
    config: Option<PathBuf>,
    /// The tree's folder, where it is not the file's
    #[arg(long, value_name = "DIR", env = "RUNENV_ROOT", global = true)]
    root: Option<PathBuf>,
    /// Set a setting over all layers: KEY=VALUE; for lists also KEY+=VALUE, KEY-=VALUE
    #[arg(long, value_name = "KEY=VALUE", global = true)]
    set: Vec<String>,
    /// Use colours
    #[arg(long, value_name = "WHEN", value_parser = ["auto", "always", "never"], env = "RUNENV_COLOR", global = true)]
    color: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run environments, stage by stage (the default)
    Run(Box<run::RunArgs>),
    /// List the environments there are
    List(list::ListArgs),
    /// Print every resolved setting of an environment
    Show(show::ShowArgs),
    /// Say which stages the next run finds, which it runs, and why
    Explain(explain::ExplainArgs),
    /// Write the files that a stage copies to stdout, as a tar stream
    Context(context::ContextArgs),
    /// Open a shell in a stage's image, or where the last run failed
    Shell(shell::ShellArgs),
    /// Print the logs of an environment's last run
    Logs(logs::LogsArgs),
    /// Print the paths of what was copied out of an environment's stages
    Artifacts(artifacts::ArtifactsArgs),
    /// Write the stages that an engine has of an environment to a file, where they cannot be pushed
    Save(save::SaveArgs),
    /// Give an engine the stages in files that `save` wrote
    Load(load::LoadArgs),
    /// Merge the results of runs, also of many CI jobs, into one report
    Report(report::ReportArgs),
    /// Remove what runs of this project left on the engines
    Clean(clean::CleanArgs),
    /// Say whether an engine works, and with --images: whether the base images can be had
    Doctor(doctor::DoctorArgs),
    /// Write to envs.lock which bytes the base images are
    Lock(lock::LockArgs),
    /// Write what a CI system needs
    Ci(ci::CiArgs),
    /// Print an environment as a Dockerfile that needs no runenv
    Dockerfile(dockerfile::DockerfileArgs),
    /// Print an environment as a devcontainer.json that needs no runenv
    Devcontainer(devcontainer::DevcontainerArgs),
    /// Print the JSON Schema of envs.toml
    Schema(schema::SchemaArgs),
}

/// Reads `--engine`.
fn engines() -> impl TypedValueParser<Value = Engine> {
    let names = PossibleValuesParser::new(Engine::ALL.map(Engine::name));
    names.map(|name| Engine::by_name(&name).expect("one of the names above"))
}

/// What a verb has to work with.
pub(crate) struct Context {
    pub(crate) host: Host,
    pub(crate) out: Out,
    /// Values of secrets that nothing may print.
    hidden: RefCell<BTreeSet<String>>,
    global: Global,
}

/// How a verb ended; problems are told by `main`.
type Exit = Result<u8, Problems>;

pub(crate) fn main(args: impl Iterator<Item = OsString>) -> ExitCode {
    let host = Host::read();
    let cli = match parse(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are results; a broken pipe is no failure.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let out = Out::new(&host, cli.global.color.as_deref(), 0);
    let mut context = Context {
        host,
        out,
        hidden: RefCell::default(),
        global: cli.global,
    };
    let exit = registry::check(&context.host).map_err(Problems::from);
    let exit = exit.and_then(|()| dispatch(cli.verb, cli.list, cli.run, &mut context));
    let code = exit.unwrap_or_else(|problems| {
        context.out.refuse(&problems);
        exit_code(&problems)
    });
    ExitCode::from(context.out.finish(code))
}

/// Does what was asked for; without a verb that is to run, or to list.
fn dispatch(verb: Option<Verb>, list: bool, run: run::RunArgs, context: &mut Context) -> Exit {
    match verb {
        None if list => list::exec(list::ListArgs::of(run.selection), context),
        None => run::exec(run, context),
        Some(Verb::Run(args)) => run::exec(*args, context),
        Some(Verb::List(args)) => list::exec(args, context),
        Some(Verb::Show(args)) => show::exec(args, context),
        Some(Verb::Explain(args)) => explain::exec(args, context),
        Some(Verb::Context(args)) => context::exec(args, context),
        Some(Verb::Shell(args)) => shell::exec(args, context),
        Some(Verb::Logs(args)) => logs::exec(args, context),
        Some(Verb::Artifacts(args)) => artifacts::exec(args, context),
        Some(Verb::Save(args)) => save::exec(args, context),
        Some(Verb::Load(args)) => load::exec(args, context),
        Some(Verb::Report(args)) => report::exec(args, context),
        Some(Verb::Clean(args)) => clean::exec(args, context),
        Some(Verb::Doctor(args)) => doctor::exec(args, context),
        Some(Verb::Lock(args)) => lock::exec(args, context),
        Some(Verb::Ci(args)) => ci::exec(args, context),
        Some(Verb::Dockerfile(args)) => dockerfile::exec(args, context),
        Some(Verb::Devcontainer(args)) => devcontainer::exec(args, context),
        Some(Verb::Schema(args)) => schema::exec(args, context),
    }
}

/// A verb may follow options of every command, and nothing else: names and options of `run` stand behind `run`.
fn parse(args: impl Iterator<Item = OsString>) -> Result<Cli, clap::Error> {
    let mut command = Cli::command();
    let matches = command.try_get_matches_from_mut(args)?;
    if let Some(verb) = matches.subcommand_name() {
        let typed = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
        let mut own = command.get_arguments().filter(|arg| !arg.is_global_set());
        if let Some(arg) = own.find(|arg| typed(arg.get_id().as_str())) {
            let text = format!("`{arg}` stands before the command `{verb}`: it belongs behind it");
            return Err(command.clone().error(ErrorKind::ArgumentConflict, text));
        }
    }
    let mut cli = Cli::from_arg_matches(&matches)?;
    let mut deepest = &matches;
    while let Some((_, below)) = deepest.subcommand() {
        deepest = below;
    }
    let selects_nothing = match &cli.verb {
        Some(Verb::List(args)) if args.axes => {
            select::typed_filter(deepest).map(|arg| (arg, "`--axes` prints values"))
        }
        Some(Verb::Doctor(args)) if !args.images => {
            select::typed_any(deepest).map(|arg| (arg, "without `--images` none is looked at"))
        }
        _ => None,
    };
    if let Some((arg, why)) = selects_nothing {
        let text = format!("`{arg}` selects environments, and {why}");
        return Err(command.error(ErrorKind::ArgumentConflict, text));
    }
    if let Some(Verb::List(args)) = &cli.verb
        && !args.stale.stale
        && let Some(arg) = stale::typed(deepest)
    {
        let text = format!("`{arg}` says how is asked, and only `--stale` asks");
        return Err(command.error(ErrorKind::ArgumentConflict, text));
    }
    if let Some(selection) = cli.selection() {
        selection.prefer_typed(deepest);
    }
    Ok(cli)
}

impl Cli {
    /// Which environments are meant, for verbs that take many.
    fn selection(&mut self) -> Option<&mut Selection> {
        match &mut self.verb {
            None => Some(&mut self.run.selection),
            Some(Verb::Run(args)) => Some(&mut args.selection),
            Some(Verb::List(args)) => Some(&mut args.selection),
            Some(Verb::Doctor(args)) => Some(&mut args.selection),
            Some(Verb::Lock(args)) => Some(&mut args.selection),
            Some(Verb::Ci(args)) => Some(args.selection()),
            Some(
                Verb::Show(_)
                | Verb::Explain(_)
                | Verb::Context(_)
                | Verb::Shell(_)
                | Verb::Logs(_)
                | Verb::Artifacts(_)
                | Verb::Save(_)
                | Verb::Load(_)
                | Verb::Report(_)
                | Verb::Clean(_)
                | Verb::Dockerfile(_)
                | Verb::Devcontainer(_)
                | Verb::Schema(_),
            ) => None,
        }
    }
}

/// The worst kind decides.
fn exit_code(problems: &Problems) -> u8 {
    let any = |kind: Kind| problems.0.iter().any(|p| p.kind == kind);
    if any(Kind::Mistake) {
        2
    } else if any(Kind::Engine) {
        3
    } else if any(Kind::Nothing) {
        4
    } else {
        0
    }
}

impl Context {
    /// The project of the working directory; its warnings are told.
    fn project(&mut self) -> Result<Project, Problems> {
        self.load(Listing::Whole)
    }

    /// The project, for a question about one environment; a glob may mean any of them.
    fn project_of(&mut self, env: &str) -> Result<Project, Problems> {
        self.load(if expand::is_glob(env) {
            Listing::Whole
        } else {
            Listing::Alternatives
        })
    }

    fn load(&mut self, listing: Listing) -> Result<Project, Problems> {
        let cwd = self.host.cwd.clone();
        if cwd.as_os_str().is_empty() {
            return Err(Problem::new(
                "the working directory is gone",
                "go to a folder that exists",
            )
            .into());
        }
        let path = config::discover(self.global.config.as_deref(), &cwd)?;
        let project = config::load(
            &path,
            self.global.root.as_deref(),
            &cwd,
            &self.global.set,
            listing,
        )?;
        self.out.problems(&Problems(project.warnings.clone()));
        Ok(project)
    }

    /// The environments that are meant; warnings are told.
    fn select(
        &mut self,
        project: &Project,
        selection: &Selection,
    ) -> Result<Vec<EnvName>, Problems> {
        let entries = self.selected(project, selection)?.into_iter();
        Ok(entries.map(|entry| entry.name).collect())
    }

    /// The same, also as they were written.
    fn selected(
        &mut self,
        project: &Project,
        selection: &Selection,
    ) -> Result<Vec<Entry>, Problems> {
        let Selected { entries, warnings } = select::select(project, selection)?;
        self.out.problems(&Problems(warnings));
        Ok(entries)
    }

    /// Its secrets are printed no more, wherever somebody put them.
    fn resolve(
        &self,
        project: &Project,
        name: &EnvName,
        posargs: &[String],
    ) -> Result<Environment, Problem> {
        let env = environment::resolve(project, name, &self.host, posargs)?;
        let mut hidden = self.hidden.borrow_mut();
        let known = hidden.len();
        for secret in env.stages.iter().flat_map(|stage| &stage.secrets) {
            let value = secrets::known(&Secret::of(secret), &project.root, &self.host);
            hidden.extend(value);
        }
        if hidden.len() > known {
            self.out.hide(Mask::of(hidden.iter().map(String::as_str)));
        }
        Ok(env)
    }

    fn plan(&self, project: &Project, name: &EnvName, posargs: &[String]) -> Result<Plan, Problem> {
        plan::plan(project, &self.resolve(project, name, posargs)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check::VERBS;

    /// An environment may not be called as a command is: whoever adds one finds out here.
    #[test]
    fn no_environment_may_be_called_as_a_command() {
        let command = Cli::command();
        let missing = command.get_subcommands().map(clap::Command::get_name);
        let missing: Vec<&str> = missing.filter(|name| !VERBS.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
