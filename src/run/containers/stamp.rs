//! `keep = false`: in place of what a stage left, an image that says only that it passed.
//!
//! It is the image that the stage started from with one layer more, in which the stage's stamp lies; its labels are those
//! of any stage, so a later run finds it by its key.

use super::call::Calls;
use super::container;
use super::stage_run::StageRun;
use crate::engine::{Container, labels};
use crate::exec::Cancel;
use crate::plan::script;
use crate::problem::Problem;

/// The name of the container that the image is made of, beside that of the stage; the caller removes both.
pub(crate) fn container_beside(name: &str) -> String {
    format!("{name}-stamp")
}

/// Makes the image under the stage's tag, and gives its id.
///
/// The stage has passed, so a signal that comes meanwhile changes nothing.
pub(crate) fn keep(run: &StageRun<'_>) -> Result<String, Problem> {
    let (engine, name) = (run.calls.engine, container_beside(run.name));
    let spec = Container {
        name: &name,
        network: Some("none"),
        extra: &[],
        ..container::spec(run)
    };
    let mut make = engine.run(&spec, script::stamp(&run.stage.name));
    make.dir = Some(run.folder.to_owned());
    let commit = engine.commit(&name, run.tag, &[(labels::OWNER, "")]);
    let doing = format!("keep that the stage `{}` passed", run.stage.name);
    let cancel = &Cancel::never();
    let calls = Calls::new(engine, cancel);
    calls.work(&make, &doing)?;
    let output = calls.work(&commit, &doing)?;
    Ok(output.text().lines().last().unwrap_or_default().to_owned())
}
