//! Sage's package tree as facts (`packages.tsv`), its systems (`systems.tsv`), and Sage's rule for packages said
//! once more and simply: what `envs.toml` is held against.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const PACKAGES: &str = include_str!("packages.tsv");
const SYSTEMS: &str = include_str!("systems.tsv");

/// package -> file -> text.
pub(crate) type Facts = BTreeMap<&'static str, BTreeMap<&'static str, String>>;

/// All packages.
pub(crate) fn facts() -> Facts {
    let mut all = Facts::new();
    for line in PACKAGES.lines().filter(|l| !l.starts_with('#')) {
        let mut columns = line.split('\t');
        let mut next = || columns.next().expect("three columns");
        let (package, file, text) = (next(), next(), next());
        let text = text.replace("\\n", "\n").replace("\\\\", "\\");
        all.entry(package).or_default().insert(file, text);
    }
    all
}

/// Writes `build/pkgs` into a folder: 2505 files.
#[expect(clippy::disallowed_methods, reason = "a tree to be read")]
pub(crate) fn write(facts: &Facts, root: &Path) {
    for (package, files) in facts {
        for (file, text) in files {
            let path = root.join("build/pkgs").join(package).join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(&path, text).expect("a file in a new folder");
        }
    }
}

/// A row of `systems.tsv`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct System {
    pub(crate) name: &'static str,
    pub(crate) image: &'static str,
    pub(crate) distro: &'static str,
    /// As Sage calls it.
    pub(crate) manager: &'static str,
    pub(crate) ignores_missing: bool,
}

/// All rows of `systems.tsv`.
pub(crate) fn systems() -> Vec<System> {
    let rows = SYSTEMS
        .lines()
        .filter(|l| !l.starts_with('#') && !l.is_empty());
    let row = |line: &'static str| {
        let columns: Vec<&str> = line.split('\t').collect();
        System {
            name: columns[0],
            image: columns[1],
            distro: columns[2],
            manager: columns[3],
            ignores_missing: columns[4] == "yes",
        }
    };
    rows.map(row).collect()
}

/// Every system in every configuration, plain and with a compiler.
pub(crate) fn products() -> Vec<String> {
    let mut all = Vec::new();
    for system in systems() {
        for compiler in ["", "-gcc_10"] {
            let configs = ["minimal", "standard", "maximal"].into_iter();
            all.extend(configs.map(|config| format!("docker-{}{compiler}-{config}", system.name)));
        }
    }
    all
}

fn kind<'f>(files: &'f BTreeMap<&str, String>) -> &'f str {
    files.get("type").map_or("", |text| text.trim())
}

fn checked(files: &BTreeMap<&str, String>) -> bool {
    files.contains_key("spkg-configure.m4")
}

/// The packages that a configuration asks for, without `_bootstrap`.
pub(crate) fn of_config(facts: &Facts, config: &str) -> BTreeSet<String> {
    let wanted = |package: &str, files: &BTreeMap<&str, String>| match config {
        "minimal" => package == "_prereq",
        "standard" => kind(files) == "standard" && checked(files),
        "maximal" => kind(files) == "standard" || kind(files) == "optional",
        other => panic!("no such configuration: {other}"),
    };
    let all = facts
        .iter()
        .filter(|(package, files)| wanted(package, files));
    all.map(|(package, _)| (*package).to_owned()).collect()
}

/// What packages are called in a distribution: words of the package manager, and options among them.
pub(crate) fn words(
    facts: &Facts,
    packages: &BTreeSet<String>,
    distro: &str,
) -> (BTreeSet<String>, BTreeSet<String>) {
    let all = packages.iter().flat_map(|p| of_package(facts, p, distro));
    all.partition(|word: &String| !word.starts_with('-'))
}

fn of_package(facts: &Facts, package: &str, distro: &str) -> Vec<String> {
    let files = facts
        .get(package)
        .unwrap_or_else(|| panic!("no package {package}"));
    let text = files.get(format!("distros/{distro}.txt").as_str());
    let lines = text.map_or("", |t| t).lines();
    let code = lines.map(|line| line.split('#').next().unwrap_or(""));
    code.flat_map(|line| shlex::split(line).expect("quotes are closed"))
        .collect()
}

/// `--with-system-PKG=yes` of each that has names and something in configure that looks for it.
pub(crate) fn with_system(
    facts: &Facts,
    packages: &BTreeSet<String>,
    distro: &str,
) -> BTreeSet<String> {
    let asked = packages
        .iter()
        .filter(|p| checked(&facts[p.as_str()]) && !of_package(facts, p, distro).is_empty());
    asked.map(|p| format!("--with-system-{p}=yes")).collect()
}
