//! Which tables apply to a name, in which order, and how they merge.
//!
//! The result is a draft: every setting decided and with its origin, substitutions not yet made.

use indexmap::IndexMap;

use super::draft::{Draft, StageDraft};
use super::setting::{Origin, Setting};
use crate::config::file::EnvTable;
use crate::config::{Project, listed};
use crate::name::{EnvName, System, parse};
use crate::problem::Problem;

/// The draft of an environment, and its name as it is resolved (own names take runner and system from `like`).
pub(crate) fn draft(project: &Project, name: &EnvName) -> Result<(EnvName, Draft), Problem> {
    let Some(own) = &name.own else {
        let mut draft = product(project, name)?;
        apply_overrides(project, &mut draft)?;
        return Ok((name.clone(), draft));
    };
    let table = project
        .file
        .env
        .get(own.as_str())
        .expect("own names are keys of [env]")
        .get_ref();
    let name = listed::resolved(project, name)?.into_owned();
    let mut draft = match &table.like {
        Some(like) => {
            let place = project.place(like.span());
            product(
                project,
                &parse::parse(like.get_ref(), &project.axes, &place)?,
            )?
        }
        None => Draft::new(project),
    };
    if table.like.is_none() {
        draft.apply(project, &project.file.defaults)?;
        apply_runner(project, &mut draft, &name)?;
    }
    draft.stages = IndexMap::from([("commands".to_owned(), commands(project, table))]);
    draft.apply(project, &table.layer())?;
    apply_overrides(project, &mut draft)?;
    Ok((name, draft))
}

/// What `--set` says: a list that it sets is that list, also where layers add up.
fn apply_overrides(project: &Project, draft: &mut Draft) -> Result<(), Problem> {
    for set in &project.overrides {
        if let Some(key) = &set.replaces {
            draft.forget(key);
        }
        draft.apply(project, &set.layer)?;
    }
    Ok(())
}

/// The one stage of an environment with a name of its own.
fn commands(project: &Project, table: &EnvTable) -> StageDraft {
    let mut stage = StageDraft::default();
    if let Some(commands) = &table.commands {
        stage.run = super::draft::commands(project, commands);
    }
    stage.copy = super::draft::list(project, table.copy.as_ref());
    stage
}

/// All layers of a name that is a product of factors.
fn product(project: &Project, name: &EnvName) -> Result<Draft, Problem> {
    let file = &project.file;
    let mut draft = Draft::new(project);
    for (stage, table) in &file.stage {
        draft.declare_stage(project, stage, table.get_ref());
    }
    draft.apply(project, &file.defaults)?;
    if let Some(system) = &name.system {
        catalog(project, &mut draft, system);
    }
    apply_runner(project, &mut draft, name)?;
    let config = name.config.as_ref();
    if let Some(table) = config.and_then(|c| file.config.get(c.as_str())) {
        draft.apply(project, &table.get_ref().layer())?;
    }
    if let Some(system) = &name.system {
        apply_system(project, &mut draft, system)?;
    }
    for (axis, value) in &name.axes {
        let values = file.axis.get(axis.as_str());
        if let Some(table) = values.and_then(|values| values.get(value.as_str())) {
            draft.apply(project, &table.get_ref().layer())?;
        }
    }
    apply_when(project, &mut draft, name)?;
    apply_env(project, &mut draft, name)?;
    Ok(draft)
}

/// The family's table, then the release's.
fn apply_system(project: &Project, draft: &mut Draft, system: &System) -> Result<(), Problem> {
    let Some(table) = project.file.system.get(system.family.as_str()) else {
        return Ok(());
    };
    draft.apply(project, &table.get_ref().layer())?;
    let release = system.release.as_ref();
    match release.and_then(|r| table.get_ref().release.get(r.as_str())) {
        Some(release) => draft.apply(project, &release.get_ref().layer()),
        None => Ok(()),
    }
}

/// Every `[[when]]` whose condition holds.
fn apply_when(project: &Project, draft: &mut Draft, name: &EnvName) -> Result<(), Problem> {
    for table in &project.file.when {
        let text = table.get_ref().r#if.as_ref();
        let text = text.expect("checked when the file was loaded");
        if project.holds(text.get_ref(), &project.place(text.span()), name)? {
            draft.apply(project, &table.get_ref().layer())?;
        }
    }
    Ok(())
}

/// `[env.NAME]` of that very name, however it is written.
fn apply_env(project: &Project, draft: &mut Draft, name: &EnvName) -> Result<(), Problem> {
    let mut tables = project.tables_of(&name.to_string());
    tables.try_for_each(|table| draft.apply(project, &table.layer()))
}

fn apply_runner(project: &Project, draft: &mut Draft, name: &EnvName) -> Result<(), Problem> {
    let both = (!name.is_local()).then_some("container");
    for runner in both.into_iter().chain([name.runner.as_str()]) {
        if let Some(layer) = project.file.runner.get(runner) {
            draft.apply(project, layer.get_ref())?;
        }
    }
    Ok(())
}

/// What the catalog says of a system.
fn catalog(project: &Project, draft: &mut Draft, system: &System) {
    let known = project
        .catalog
        .known(&system.family, system.release.as_deref());
    let Some(known) = known else {
        return;
    };
    let said = |text: &str| Setting::new(text.to_owned(), Origin::Catalog);
    let settings = &mut draft.settings;
    settings.image = vec![said(known.image)];
    settings.platform = known.platform.map(said).or(settings.platform.take());
    settings.package_manager = Some(said(known.package_manager));
    settings.distro = known.distro.iter().map(|key| said(key)).collect();
}
