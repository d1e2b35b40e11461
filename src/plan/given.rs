//! What a stage's container and commands are given from outside: secrets, mounts, options for the engine. Pure.

use super::create_args;
use crate::config::file::shape::{self, SecretFile};
use crate::digest::Digester;
use crate::environment::setting::Setting;
use crate::environment::{Environment, Stage, is_on};
use crate::problem::{Place, Problem};
use crate::quote;

/// Of one stage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub(crate) secrets: Vec<Secret>,
    /// None on this host, where they mean nothing.
    pub(crate) mounts: Vec<Mount>,
    /// Words of the engine's `create`; none on this host.
    pub(crate) create_args: Vec<String>,
    /// Among them are some that a shared network does not go with.
    pub(crate) own_network: bool,
    /// What is said and means nothing, as the stage runs on this host.
    pub(crate) idle: Option<Problem>,
}

/// A value that commands get in a variable. Here it has a name and nothing more.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) name: String,
    /// The file whose text it is, from the tree's root or `~`; `None`: the caller's variable of this name.
    pub(crate) file: Option<String>,
    pub(crate) place: Option<Place>,
}

#[derive(Clone, Debug)]
pub(crate) struct Mount {
    pub(crate) source: Source,
    /// The folder where commands see it.
    pub(crate) at: String,
    pub(crate) read_only: bool,
    pub(crate) place: Option<Place>,
}

/// `name=value` as engines read it in `--mount`, which is a line of CSV (docs.docker.com, bind mounts).
pub(crate) fn field(name: &str, value: &str) -> String {
    if value.contains([',', '"']) {
        return format!("\"{name}={}\"", value.replace('"', "\"\""));
    }
    format!("{name}={value}")
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// A volume of the project with this name.
    Cache(String),
    /// A path of the host, from the tree's root or `~`.
    Host(String),
}

impl Secret {
    pub(crate) fn of(setting: &Setting<shape::Secret>) -> Self {
        let (name, file) = match &setting.value {
            shape::Secret::Variable(name) => (name.clone(), None),
            shape::Secret::File(SecretFile { file, r#as }) => {
                (r#as.get_ref().clone(), Some(file.get_ref().clone()))
            }
        };
        let place = setting.place().cloned();
        Self { name, file, place }
    }
}

impl Mount {
    fn of(setting: &Setting<shape::Mount>) -> Option<Self> {
        let shape::Mount {
            cache,
            host,
            at,
            read_only,
        } = &setting.value;
        let cache = cache
            .iter()
            .map(|name| Source::Cache(name.get_ref().clone()));
        let host = host.iter().map(|path| Source::Host(path.get_ref().clone()));
        Some(Self {
            source: cache.chain(host).next()?,
            at: at.get_ref().clone(),
            read_only: *read_only,
            place: setting.place().cloned(),
        })
    }

    /// Does this folder of the container lie in it?
    pub(crate) fn holds(&self, folder: &str) -> bool {
        let (at, folder) = (parts(&self.at), parts(folder));
        folder.starts_with(&at)
    }
}

/// The names of a path.
fn parts(path: &str) -> Vec<&str> {
    let parts = path.split('/');
    parts
        .filter(|part| !part.is_empty() && *part != ".")
        .collect()
}

impl Given {
    pub(super) fn of(env: &Environment, stage: &Stage) -> Result<Self, Problem> {
        let secrets: Vec<Secret> = stage.secrets.iter().map(Secret::of).collect();
        check_secrets(&secrets, stage)?;
        if !env.container() {
            let idle = idle(stage);
            let given = Self::default();
            return Ok(Self {
                secrets,
                idle,
                ..given
            });
        }
        let mounts: Vec<Mount> = stage.mounts.iter().filter_map(Mount::of).collect();
        check_mounts(&mounts, env, stage)?;
        create_args::check(&stage.create_args, stage.network.is_some())?;
        let words = stage.create_args.iter().map(|s| s.value.clone());
        let create_args: Vec<String> = words.collect();
        Ok(Self {
            idle: None,
            own_network: create_args
                .iter()
                .any(|word| create_args::is_of_network(word)),
            secrets,
            mounts,
            create_args,
        })
    }

    /// In a line what a stage gets; `None`: nothing.
    pub(super) fn told(&self) -> Option<String> {
        let secrets = self.secrets.iter().map(|s| format!("secret {}", s.name));
        let mounts = self.mounts.iter().map(|mount| match &mount.source {
            Source::Cache(name) => format!("cache {name} at {}", mount.at),
            Source::Host(path) => format!("{path} at {}", mount.at),
        });
        let words = quote::words(&self.create_args);
        let words = (!words.is_empty()).then(|| format!("create-args {words}"));
        let all: Vec<String> = secrets.chain(mounts).chain(words).collect();
        (!all.is_empty()).then(|| all.join(", ").escape_debug().to_string())
    }

    /// What of it acts: names of secrets, kinds and targets of mounts, words of the engine.
    pub(super) fn add_to(&self, container: &mut Digester) {
        let Self {
            secrets,
            mounts,
            create_args,
            own_network: _,
            idle: _,
        } = self;
        for Secret {
            name,
            file: _,
            place: _,
        } in secrets
        {
            container.field("secret", name.as_bytes());
        }
        for Mount {
            source,
            at,
            read_only,
            place: _,
        } in mounts
        {
            let kind: &[u8] = match (source, read_only) {
                (Source::Cache(_), false) => b"cache",
                (Source::Cache(_), true) => b"cache, read-only",
                (Source::Host(_), false) => b"host",
                (Source::Host(_), true) => b"host, read-only",
            };
            container.field("mount", kind).field("at", at.as_bytes());
        }
        for word in create_args {
            container.field("create-arg", word.as_bytes());
        }
    }
}

fn at(problem: Problem, place: Option<&Place>) -> Problem {
    place.cloned().into_iter().fold(problem, Problem::place)
}

/// Settings of containers, said of a stage that runs on this host.
fn idle(stage: &Stage) -> Option<Problem> {
    let mounts = stage.mounts.first().map(|s| ("mounts", s.place()));
    let words = stage
        .create_args
        .first()
        .map(|s| ("create-args", s.place()));
    let user = stage.user.as_ref().map(|s| ("user", s.place()));
    let (key, place) = mounts.or(words).or(user)?;
    let title = format!("`{key}` means nothing on this host");
    let help = "say it of `[runner.container]`, which containers alone have";
    Some(at(Problem::warning(title, help), place))
}

/// A variable has one value.
fn check_secrets(secrets: &[Secret], stage: &Stage) -> Result<(), Problem> {
    for (number, secret) in secrets.iter().enumerate() {
        let name = &secret.name;
        if let Some(other) = stage.env.get(name) {
            let title = format!("`{name}` is in `env`, and a secret");
            let help = "commands get one value of a variable: take it out of one of them";
            let problem = at(Problem::new(title, help), secret.place.as_ref());
            return Err(at(problem, other.place()));
        }
        if secrets[..number].iter().any(|other| other.name == *name) {
            let title = format!("two secrets are called `{name}`");
            let problem = Problem::new(title, "give one of them another name: `as = \"OTHER\"`");
            return Err(at(problem, secret.place.as_ref()));
        }
    }
    Ok(())
}

/// What is written into a mount is not in the stage's image.
fn check_mounts(mounts: &[Mount], env: &Environment, stage: &Stage) -> Result<(), Problem> {
    let kept = !is_on(env.settings.allow_volumes.as_ref());
    for (number, mount) in mounts.iter().enumerate() {
        let seen = &mount.at;
        let (title, help) = if parts(seen).is_empty() || mount.holds("/.runenv") {
            let title = format!("nothing can be mounted at `{seen}`");
            (title, "name a folder of its own, such as `/root/.ccache`")
        } else if kept && mount.holds(&stage.workdir.value) {
            let (name, workdir) = (&stage.name, &stage.workdir.value);
            let title = format!("the stage `{name}` works in `{workdir}`, which lies in a mount");
            let help = "what it writes there would not be kept: mount a folder below it, or say `allow-volumes = true`";
            (title, help)
        } else if mounts[..number]
            .iter()
            .any(|other| parts(&other.at) == parts(seen))
        {
            let title = format!("two mounts at `{seen}`");
            (
                title,
                "commands see one of them: give the other one another place",
            )
        } else {
            continue;
        };
        return Err(at(Problem::new(title, help), mount.place.as_ref()));
    }
    Ok(())
}
