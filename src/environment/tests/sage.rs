//! `[package-tree]` on `SageMath`'s own tree: for every system and configuration, the packages that its rule gives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::values;
use crate::config::from_source;
use crate::environment::{Environment, resolve};
use crate::host::Host;
use crate::name::parse;
use crate::problem::{Place, Source};

const PACKAGES: &str = include_str!("../../../tests/sage/packages.tsv");
const SYSTEMS: &str = include_str!("../../../tests/sage/systems.tsv");

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

/// package -> file -> text.
fn facts() -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
    let mut all = BTreeMap::<_, BTreeMap<_, _>>::new();
    for line in PACKAGES.lines().filter(|l| !l.starts_with('#')) {
        let mut columns = line.split('\t');
        let mut next = || columns.next().expect("three columns");
        let (package, file, text) = (next(), next(), next());
        let text = text.replace("\\n", "\n").replace("\\\\", "\\");
        all.entry(package).or_default().insert(file, text);
    }
    all
}

/// Rows of systems: name, image, distro key.
fn systems() -> Vec<[&'static str; 3]> {
    let rows = SYSTEMS
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty());
    let row = |line: &'static str| {
        let columns: Vec<&str> = line.split('\t').collect();
        [columns[0], columns[1], columns[2]]
    };
    rows.map(row).collect()
}

/// The rows as tables of systems; a family that stands alone takes its last release.
fn tables() -> String {
    let mut families = BTreeMap::<&str, Vec<(&str, &str, &str)>>::new();
    for [name, image, distro] in systems() {
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

/// The rule, said once more and simply: the words that a configuration installs, and the options among them.
fn rule(
    facts: &BTreeMap<&str, BTreeMap<&str, String>>,
    config: &str,
    distro: &str,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let file = format!("distros/{distro}.txt");
    let mut words = BTreeSet::new();
    for (package, files) in facts {
        let kind = files.get("type").map_or("", |t| t.trim());
        let checked = files.contains_key("spkg-configure.m4");
        let wanted = *package == "_bootstrap"
            || match config {
                "minimal" => *package == "_prereq",
                "standard" => kind == "standard" && checked,
                _ => kind == "standard" || kind == "optional",
            };
        let lines = files
            .get(file.as_str())
            .filter(|_| wanted)
            .map_or("", |t| t);
        let code = lines
            .lines()
            .map(|line| line.split('#').next().unwrap_or(""));
        words.extend(code.flat_map(|line| shlex::split(line).expect("quotes are closed")));
    }
    words.into_iter().partition(|word| !word.starts_with('-'))
}

#[expect(clippy::disallowed_methods, reason = "a tree to be read")]
fn write_tree(root: &Path) {
    for (package, files) in facts() {
        for (file, text) in files {
            let path = root.join("build/pkgs").join(package).join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).unwrap();
            std::fs::write(&path, text).unwrap();
        }
    }
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
    write_tree(root.path());
    let source = Source::new("envs.toml", format!("{FILE}{}", tables()));
    let project = from_source(&source, root.path().to_owned());
    let project = project.unwrap_or_else(|p| panic!("{p:#?}"));
    let (facts, mut asked) = (facts(), 0);
    for [system, _, distro] in systems() {
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
