//! Rows of `names/*.toml`: names of Sage's system and what each comes to, written from what is known of that system,
//! not from envs.toml.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::tree::{self, Facts, System};

const FILES: [&str; 4] = [
    include_str!("names/configs.toml"),
    include_str!("names/architectures.toml"),
    include_str!("names/toolchains.toml"),
    include_str!("names/hosts.toml"),
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Vec<Row>,
}

/// One name. `ENV-DIR`, `ROOT`, `CALLERS-PATH` and `NAMES` in texts stand for what only the test knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Row {
    /// As it is typed.
    pub(crate) name: String,
    /// The canonical name, where it is another.
    is: Option<String>,
    /// A row of systems.tsv: distro, package manager, whether missing packages are ignored.
    system: Option<String>,
    /// The distro, where no row of systems.tsv says it.
    distro: Option<String>,
    /// The package manager, where Sage's word is not runenv's, or no row says it.
    manager: Option<String>,
    pub(crate) image: Option<String>,
    pub(crate) platform: Option<String>,
    pub(crate) config: String,
    /// Packages beside those of the configuration and `_bootstrap`.
    #[serde(default)]
    more: Vec<String>,
    #[serde(default = "yes")]
    bootstrap_packages: bool,
    /// Names of the package manager's own.
    #[serde(default)]
    pub(crate) names_more: Vec<String>,
    /// Are packages installed in the first stage?
    #[serde(default = "yes")]
    pub(crate) installs: bool,
    /// A stretch of each line before the packages.
    #[serde(default)]
    pub(crate) before: Vec<String>,
    #[serde(default)]
    pub(crate) prelude: Vec<String>,
    #[serde(default)]
    pub(crate) shell: Vec<String>,
    /// The end of each line of the stage; without it, it is `./bootstrap` and nothing else.
    pub(crate) bootstrap: Option<Vec<String>>,
    /// Words for configure.
    #[serde(default = "any_python")]
    python: String,
    #[serde(default)]
    compiler: String,
    #[serde(default)]
    root: bool,
    /// The whole line of configure.
    pub(crate) configure: Option<String>,
    /// Does a local environment install its packages?
    #[serde(default)]
    pub(crate) install: bool,
    /// The caller's variables that pass, where they are others than every local environment's.
    pub(crate) passes: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) env: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

fn any_python() -> String {
    "--with-system-python3=yes".to_owned()
}

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    let read = |text: &&str| toml::from_str::<File>(text).unwrap_or_else(|e| panic!("{e}"));
    FILES.iter().flat_map(|text| read(text).name).collect()
}

impl Row {
    /// The name as runenv prints it.
    pub(crate) fn canonical(&self) -> &str {
        self.is.as_deref().unwrap_or(&self.name)
    }

    pub(crate) fn is_local(&self) -> bool {
        self.canonical().starts_with("local-")
    }

    pub(crate) fn system(&self) -> Option<System> {
        let name = self.system.as_deref()?;
        let all = tree::systems().into_iter();
        let found = all.into_iter().find(|system| system.name == name);
        Some(found.unwrap_or_else(|| panic!("{name} is not in systems.tsv")))
    }

    pub(crate) fn distro(&self) -> Option<String> {
        let of_system = || self.system().map(|system| system.distro.to_owned());
        self.distro.clone().or_else(of_system)
    }

    /// The package manager in runenv's words.
    pub(crate) fn manager(&self) -> Option<&str> {
        let sages = self.system().map(|system| match system.manager {
            "apt-get" => "apt",
            "xbps-install" => "xbps",
            "nix-env" => "nix",
            other => other,
        });
        self.manager.as_deref().or(sages)
    }

    /// All its packages.
    pub(crate) fn packages(&self, facts: &Facts) -> BTreeSet<String> {
        let mut all = tree::of_config(facts, &self.config);
        all.extend(self.more.iter().cloned());
        if self.bootstrap_packages {
            all.insert("_bootstrap".to_owned());
        }
        all
    }

    /// What stands at the end of configure's line.
    pub(crate) fn tail(&self) -> Vec<String> {
        let fixed = "--enable-experimental-packages --enable-download-from-upstream-url";
        let root = ["", "--enable-build-as-root"][usize::from(self.root)];
        let (python, compiler) = (&self.python, &self.compiler);
        let line = format!("{fixed} {root} {python} {compiler}");
        shlex::split(&line).expect("quotes are closed")
    }
}
