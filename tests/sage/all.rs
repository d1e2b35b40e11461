//! All products: every system in every configuration, plain and with a compiler, and everything that the file lists;
//! resolved with their packages by one process.

use std::collections::{BTreeMap, BTreeSet};

use crate::tree;
use crate::{Sage, Shown, sage, texts};

const CONFIGS: [&str; 3] = ["minimal", "standard", "maximal"];

/// What is shown of each name, asked for at once.
fn resolved(sage: &Sage, names: &[String]) -> BTreeMap<String, Shown> {
    let all = sage.show(&format!("{{{}}}", names.join(",")));
    let all = all.unwrap_or_else(|error| panic!("{error}"));
    let named = |shown: Shown| (texts(&shown, "name").concat(), shown);
    all.into_iter().map(named).collect()
}

/// What the file lists and a container runs.
fn listed(sage: &Sage) -> Vec<String> {
    let ran = sage.project.runenv("list --json").exits(0);
    let list: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let list = list.as_array().expect("a list").iter();
    let names = list.map(|one| one["name"].as_str().expect("a name").to_owned());
    names.filter(|name| name.starts_with("docker-")).collect()
}

#[test]
fn every_product_has_its_packages() {
    let sage = sage();
    let mut names = listed(&sage);
    let count = names.len();
    assert!(count >= 140, "{count} are listed");
    names.extend(tree::products());
    let shown = resolved(&sage, &names);
    assert!(shown.len() >= 470, "{} are resolved", shown.len());
    for (name, shown) in &shown {
        let distro = texts(shown, "distro").pop().expect("every system has one");
        let mut packages: BTreeSet<String> = extra(name);
        let config = CONFIGS.iter().find(|config| name.ends_with(**config));
        packages.extend(tree::of_config(&sage.facts, config.expect("one of three")));
        let (words, _) = tree::words(&sage.facts, &packages, &distro);
        let mut found: BTreeSet<String> = texts(shown, "package-names").into_iter().collect();
        if name.contains("-trusty-toolchain-") {
            assert!(found.remove("binutils-2.26"), "{name}: its own assembler");
        }
        assert_eq!(found, words, "{name}");
    }
}

/// Packages that a name's factors add.
fn extra(name: &str) -> BTreeSet<String> {
    let mut all = vec!["_bootstrap".to_owned()];
    let factors: Vec<&str> = name.split('-').collect();
    let python = factors.iter().find(|f| f.starts_with("python3."));
    if let Some(gcc) = factors.iter().find_map(|f| f.strip_prefix("gcc_")) {
        all.push(format!("_gcc{gcc}"));
    }
    all.extend(python.map(|python| format!("_{python}")));
    if python.is_some() || factors.contains(&"conda") {
        all.extend(["liblzma", "bzip2", "libffi", "libpng"].map(str::to_owned));
    }
    all.into_iter().collect()
}

/// Image, distro and the word on missing packages, as systems.tsv has them.
#[test]
fn every_system_is_sages() {
    let sage = sage();
    let mut wrong = Vec::new();
    let systems: Vec<&str> = tree::systems().iter().map(|system| system.name).collect();
    let shown = sage.show(&format!("docker-{{{}}}-standard", systems.join(",")));
    let shown = shown.unwrap_or_else(|error| panic!("{error}"));
    let by_name: BTreeMap<String, Shown> = shown
        .into_iter()
        .map(|shown| (texts(&shown, "name").concat(), shown))
        .collect();
    for system in tree::systems() {
        // A family alone stands for one of its releases.
        let named = ["", "-latest", "-2014", "-musl"]
            .iter()
            .find_map(|release| by_name.get(&format!("docker-{}{release}-standard", system.name)));
        let Some(shown) = named else {
            wrong.push(format!("{} has no environment", system.name));
            continue;
        };
        let ignores = texts(shown, "ignore-missing-packages") == ["true"];
        let distro = texts(shown, "distro").pop();
        let found = (texts(shown, "image"), distro.as_deref(), ignores);
        let image = vec![system.image.to_owned()];
        let expected = (image, Some(system.distro), system.ignores_missing);
        if found != expected {
            wrong.push(format!("{}: {found:?}, expected {expected:?}", system.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
