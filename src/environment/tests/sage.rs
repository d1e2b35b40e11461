//! `[package-tree]` on `SageMath`'s own tree: for every system and configuration, the packages that its rule gives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::values;
use crate::config::from_source;
use crate::environment::{Environment, resolve};
use crate::host::Host;
use crate::name::parse;
use crate::problem::{Place, Source};

#[path = "../../../tests/sage/tree.rs"]
#[expect(dead_code, reason = "a part of it is needed here")]
mod tree;

use tree::{Facts, systems};

const FILE: &str = r#"
[project]
name = "sage"
[package-tree]
names = "build/pkgs/{package}/distros/{distro}.txt"
[package-tree.group]
prereq = { package = ["_prereq", "_bootstrap"] }
bootstrap = { package = "_bootstrap" }
standard = { file = "build/pkgs/{package}/type", equals = "standard", exists = "build/pkgs/{package}/spkg-configure.m4" }
all.any-of = [
  { file = "build/pkgs/{package}/type", equals = "standard" },
  { file = "build/pkgs/{package}/type", contains = ["optional"] },
]
[config.minimal]
packages = "@prereq"
[config.standard]
packages = ["@standard", "@bootstrap"]
[config.maximal]
packages = ["@all", "@bootstrap"]
[stage.with-system-packages]
packages = true
"#;

/// The rows as tables of systems; a family that stands alone takes its last release.
fn tables() -> String {
    let mut families = BTreeMap::<&str, Vec<(&str, &str, &str)>>::new();
    for tree::System {
        name,
        image,
        distro,
        ..
    } in systems()
    {
        let (family, release) = name.split_once('-').unwrap_or((name, ""));
        families
            .entry(family)
            .or_default()
            .push((release, image, distro));
    }
    let mut out = String::new();
    for (family, rows) in families {
        let (_, image, distro) = rows[0];
        out += &format!("[system.{family}]\nimage = \"{image}\"\npackage-manager = \"apt\"\n");
        out += &format!("distro = \"{distro}\"\n");
        let releases: Vec<_> = rows
            .iter()
            .filter(|(release, ..)| !release.is_empty())
            .collect();
        if let Some((last, ..)) = releases.last().filter(|_| releases.len() < rows.len()) {
            out += &format!("default-release = \"{last}\"\n");
        }
        for (release, image, distro) in releases {
            out += &format!(
                "release.\"{release}\" = {{ image = \"{image}\", distro = \"{distro}\" }}\n"
            );
        }
    }
    out
}

/// Words that a configuration installs, and the options among them.
fn rule(facts: &Facts, config: &str, distro: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut packages = tree::of_config(facts, config);
    packages.insert("_bootstrap".to_owned());
    tree::words(facts, &packages, distro)
}

fn unique(env: &Environment) -> BTreeSet<String> {
    values(&env.package_names).into_iter().collect()
}

#[test]
fn every_system_and_configuration_gets_the_packages_of_the_rule() {
    // 2505 files: in memory where there is such a disk.
    let memory = Path::new("/dev/shm");
    let root = tempfile::tempdir_in(memory).or_else(|_| tempfile::tempdir());
    let root = root.unwrap();
    tree::write(&tree::facts(), root.path());
    let source = Source::new("envs.toml", format!("{FILE}{}", tables()));
    let project = from_source(&source, root.path().to_owned());
    let project = project.unwrap_or_else(|p| panic!("{p:#?}"));
    let (facts, mut asked) = (tree::facts(), 0);
    for tree::System {
        name: system,
        distro,
        ..
    } in systems()
    {
        for config in ["minimal", "standard", "maximal"] {
            let name = format!("docker-{system}-{config}");
            let place = Place::new(&source, 0..0);
            let parsed = parse::parse(&name, &project.axes, &place);
            let parsed = parsed.unwrap_or_else(|p| panic!("{name}: {}", p.title));
            let env = resolve(&project, &parsed, &Host::default(), &[]).unwrap();
            let (names, options) = rule(&facts, config, distro);
            assert_eq!(unique(&env), names, "{name}");
            let found: BTreeSet<String> = values(&env.package_options).into_iter().collect();
            assert_eq!(found, options, "{name}");
            assert_eq!(env.package_names.len(), names.len(), "{name}: each once");
            asked += 1;
            let focal = ["minimal", "standard", "maximal"]
                .iter()
                .position(|c| *c == config);
            if system == "ubuntu-focal" {
                assert_eq!(
                    names.len(),
                    [14, 107, 185][focal.expect("one of the three")]
                );
            }
        }
    }
    assert_eq!((facts.len(), asked), (415, 3 * systems().len()));
}
