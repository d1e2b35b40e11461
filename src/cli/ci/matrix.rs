//! `runenv ci matrix`: the selected environments as the JSON that a workflow's matrices take. Starts no process, but
//! with `--stale` what `list --stale` starts.

use clap::Args;

use super::super::select::Selection;
use super::super::stale::StaleArgs;
use super::super::{Context, Exit, INTERRUPTED};
use crate::ci::matrix;
use crate::ci::shape::Shape;
use crate::config::listed::Entry;

#[derive(Clone, Debug, Args)]
pub(super) struct MatrixArgs {
    #[command(flatten)]
    pub(super) selection: Selection,
    #[command(flatten)]
    stale: StaleArgs,
}

pub(super) fn exec(args: MatrixArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let selected = context.selected(&project, &args.selection)?;
    let shape = Shape::of(&project, &selected)?;
    let entries: Vec<&Entry> = selected.iter().filter(|e| shape.takes(e)).collect();
    let Some(entries) = args.stale.of(entries, &project, context)? else {
        return Ok(INTERRUPTED);
    };
    let cells = entries.iter().map(|entry| shape.cell(entry));
    let cells = cells.collect::<Result<Vec<_>, _>>()?;
    // Always a list, so that a workflow's `fromJSON(…)[0]` is right for any number of environments.
    let limit = shape.limit();
    context
        .out
        .result(&format!("{}\n", matrix::json(&cells, limit)));
    let parts = cells.len().div_ceil(limit);
    if parts > 1 {
        let text = format!(
            "{} environments in {parts} parts: a matrix holds at most {limit} jobs\n",
            cells.len()
        );
        context.out.tell(&text);
    }
    Ok(0)
}
