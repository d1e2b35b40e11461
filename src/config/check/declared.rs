//! Which values there are: the catalog's and the file's, and what they say of the names they may stand in.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;

use super::super::Project;
use super::super::file::{File, Text};
use super::collisions;
use crate::catalog::Catalog;
use crate::host::os_release;
use crate::name::axis::{Axes, Family};
use crate::name::rules::{Kind, Rules};
use crate::name::this_host::ThisHost;
use crate::problem::Problems;

/// The values that may stand in names: the catalog's and the file's.
pub(super) fn axes(file: &File, catalog: &Catalog) -> Axes {
    let words = |keys: &mut dyn Iterator<Item = &Text>| {
        keys.map(|k| k.get_ref().clone()).collect::<Vec<_>>()
    };
    let own = file.axis.iter();
    let defaults = file.project.default.iter();
    let mut axes = Axes::default();
    axes.families = families(file, catalog);
    axes.own = own
        .map(|(axis, values)| (axis.get_ref().clone(), words(&mut values.keys())))
        .collect();
    axes.configs = words(&mut file.config.keys());
    axes.stages = words(&mut file.stage.keys());
    axes.defaults = defaults
        .map(|(a, v)| (a.get_ref().clone(), v.get_ref().clone()))
        .collect();
    axes.repeatable = file
        .project
        .repeatable
        .iter()
        .flat_map(|list| list.get_ref().words())
        .map(str::to_owned)
        .collect();
    axes.this_host = Arc::new(ThisHost::new(os_release::read));
    collisions::leave_out(file, &mut axes);
    let names = words(&mut file.env.keys());
    let own = names
        .into_iter()
        .filter(|name| axes.declared_in(name).is_none());
    axes.own_names = own.collect();
    axes
}

fn families(file: &File, catalog: &Catalog) -> IndexMap<String, Family> {
    let mut families = IndexMap::<String, Family>::new();
    for (name, family) in &catalog.families {
        let known = families.entry(name.clone()).or_default();
        known.releases = family.release.keys().cloned().collect();
        known.alone = known.releases.is_empty();
        known.default_release.clone_from(&family.default_release);
        let versions = family.release.iter();
        let versions = versions.filter_map(|(r, row)| Some((row.version.clone()?, r.clone())));
        known.versions = versions.collect();
    }
    for (name, table) in &file.system {
        let family = families.entry(name.get_ref().clone()).or_default();
        let known: BTreeSet<String> = family.releases.iter().cloned().collect();
        let releases = table.get_ref().release.keys().map(Text::get_ref);
        let new = releases.filter(|r| !known.contains(*r));
        family.releases.extend(new.cloned());
        family.alone = family.releases.is_empty();
        if let Some(release) = &table.get_ref().default_release {
            family.default_release = Some(release.get_ref().clone());
        }
    }
    let host = families.entry("host".to_owned()).or_default();
    host.alone = host.releases.is_empty();
    families
}

/// `only` and `not` of every table that has them.
pub(super) fn rules(project: &Project, problems: &mut Problems) -> Rules {
    let mut rules = Rules::default();
    let mut add = |value: &str, only: Option<&Text>, not: Option<&Text>| {
        for (kind, text) in [(Kind::Only, only), (Kind::Not, not)] {
            let Some(text) = text.filter(|_| !problems.full()) else {
                continue;
            };
            if let Some(condition) = project.checked_condition(text, problems) {
                let written = (text.get_ref().as_str(), project.place(text.span()));
                rules.add(value.to_owned(), kind, condition, written);
            }
        }
    };
    let file = &project.file;
    let own = file.axis.values().flatten();
    for (value, table) in own.chain(&file.config) {
        let table = table.get_ref();
        add(value.get_ref(), table.only.as_ref(), table.not.as_ref());
    }
    for (family, table) in &file.system {
        let (family, table) = (family.get_ref(), table.get_ref());
        add(family, table.only.as_ref(), table.not.as_ref());
        for (release, table) in &table.release {
            let value = format!("{family}-{}", release.get_ref());
            let table = table.get_ref();
            add(&value, table.only.as_ref(), table.not.as_ref());
        }
    }
    rules
}
