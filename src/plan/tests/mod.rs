//! Keys and records of whole plans: 50 keys that stay as they are, and a record that tells every difference.

mod golden;
mod told;

use std::path::PathBuf;

use super::key::{self, Here, KeyParts};
use super::record::{Around, Record};
use super::{Plan, plan};
use crate::config::from_source;
use crate::digest::Digest;
use crate::environment;
use crate::host::Host;
use crate::name::parse;
use crate::problem::{Place, Source};

/// Two stages, in which every setting below changes something.
const FILE: &str = r#"
[project]
name = "p"
[vars]
used = "u"
list = ["a", "b"]
[packages]
zlib = { debian = "zlib1g-dev", fedora = "zlib-devel" }
gmp = { debian = "libgmp-dev" }
[group]
g = ["zlib", "gmp"]
[stage.packages]
packages = true
[stage.built]
copy = ["src"]
run = ["echo {used} {cpus} {list}", ["b", "c d"], "echo {posargs:none}"]
env = { OWN = "x" }
[stage.tested]
run = ["echo {used|raw}"]
[defaults]
system-packages = ["make"]
"#;

/// Settings that act: lines of `[config.c]`, or of a table that they name.
const SETTINGS: [&str; 56] = [
    "",
    "image = \"debian:trixie\"",
    "platform = \"linux/arm64\"",
    "package-manager = \"dnf\"",
    "packages = [\"gmp\"]",
    "packages = [\"@g\"]",
    "packages = [\"@g\", \"!gmp\"]",
    "system-packages = [\"gcc\"]",
    "system-packages = [\"gcc\", \"g++\"]",
    "remove.system-packages = [\"make\"]",
    "packages-before = [\"echo before\"]",
    "packages-before = [\"echo before\", \"echo {used}\"]",
    "packages-after = [\"echo after\"]",
    "ignore-missing-packages = true",
    "env = { X = \"y\" }",
    "env = { X = \"y z\", Y = \"\" }",
    "env = { OWN = \"layer\" }",
    "env = { X = \"{cpus} {used}\" }",
    "vars.used = \"other\"",
    "vars.used = \"two words\"",
    "vars.used = \"'; $(id)\"",
    "vars.list = []",
    "vars.list = [\"a b\"]",
    "append.vars.list = [\"c\"]",
    "prelude = [\". env\"]",
    "prelude = [\". env\", \"set -x\"]",
    "shell = \"bash\"",
    "shell = [\"nix-shell\", \"--run\"]",
    "workdir = \"/other\"",
    "workdir = \"/with blank\"",
    "network = \"none\"",
    "network = \"host\"",
    "allow-volumes = true",
    "stage.packages.packages = false",
    "stage.built.packages = true",
    "stage.built.run = [\"other\"]",
    "stage.built.run = []",
    "stage.built.run = [[\"other\"]]",
    "stage.built.run = [{ run = \"other\", allow-failure = true }]",
    "stage.built.append.run = [\"more\"]",
    "stage.built.copy = []",
    "stage.built.env = { OWN = \"y\" }",
    "stage.built.env = { MORE = \"y\" }",
    "stage.built.shell = \"bash\"",
    "stage.built.prelude = [\"echo p\"]",
    "stage.built.workdir = \"/other\"",
    "stage.built.network = \"none\"",
    "stage.built.if = \"!c\"",
    "stage.built.key-period = \"daily\"",
    "stage.built.key-period = \"weekly\"",
    "stage.built.key-period = \"monthly\"",
    "stage.built.machine = true",
    "stage.built.keep = false",
    "stage.tested.from = \"packages\"",
    "stage.tested.packages = true",
    "stage.tested.run = [\"echo ü {project} {config}\"]",
];

/// The plan of a file with these lines, words for `{posargs}`, and a salt.
fn plan_of(lines: &str, posargs: &[&str], salt: &str) -> Plan {
    let salt = format!("name = \"p\"\nkey-salt = \"{salt}\"");
    let text = format!(
        "{}[config.c]\n{lines}\n",
        FILE.replace("name = \"p\"", &salt)
    );
    let project = from_source(&Source::new("envs.toml", text), PathBuf::from("/tree/p"));
    let project = project.unwrap_or_else(|problems| panic!("{lines}: {problems:#?}"));
    let name = "docker-debian-bookworm-c";
    let place = Place::new(&Source::new("-e", name), 0..name.len());
    let name = parse::parse(name, &project.axes, &place).unwrap();
    let posargs: Vec<String> = posargs.iter().map(|w| (*w).to_owned()).collect();
    let env = environment::resolve(&project, &name, &Host::default(), &posargs);
    let env = env.unwrap_or_else(|problem| panic!("{lines}: {}", problem.title));
    plan(&project, &env).unwrap_or_else(|problem| panic!("{lines}: {}", problem.title))
}

/// As if each stage copied one file of these bytes, on a base image that is what its name and platform say.
fn keys_of(plan: &Plan, files: &str) -> (Vec<KeyParts>, Vec<Digest>, Digest) {
    let digest = Digest::of(files.as_bytes());
    let files = |copies: bool| copies.then_some(digest);
    let parts = plan.stages.iter();
    let parts = parts
        .map(|stage| KeyParts::of(plan, stage, files(!stage.copy.is_empty()), &Here::default()));
    let parts: Vec<KeyParts> = parts.collect();
    let base = format!("{:?} {:?}", plan.image, plan.platform);
    let base = Digest::of(base.as_bytes());
    let keys = key::chain(plan, &parts, base);
    (parts, keys, base)
}

/// The records that go with those keys.
fn records_of(plan: &Plan, files: &str) -> Vec<Record> {
    let (parts, keys, base) = keys_of(plan, files);
    let stages = plan.stages.iter().enumerate();
    let image = plan.image.as_deref().unwrap();
    let record = |(at, stage): (usize, &super::Stage)| {
        let parent = stage
            .parent
            .map(|p| (plan.stages[p].name.as_str(), Some(keys[p])));
        let around = Around {
            parts: &parts[at],
            files: None,
            ignored: &[],
            period: stage
                .key_period
                .map(|period| period.name(Here::default().now)),
            machine: stage.machine.then(|| Here::default().machine.digest()),
            key: Some(keys[at]),
            parent,
            base: Some((image, base)),
        };
        let mut record = Record::of(&stage.said, &around);
        let file = ("src/a".to_owned(), files.to_owned());
        record
            .files
            .extend((!stage.copy.is_empty()).then_some(file));
        record
    };
    stages.map(record).collect()
}
