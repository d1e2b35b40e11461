//! `runenv ci matrix`: the selected environments as the JSON that a workflow's matrices take; and `ci plan`. Starts no
//! process.

mod plan;

use clap::{Args, Subcommand};
use serde_json::json;

use super::select::Selection;
use super::{Context, Exit};

/// GitHub drops jobs of a matrix beyond this number without a word
/// (docs.github.com/en/actions/reference/limits: 256 jobs per workflow run matrix).
const MOST_JOBS: usize = 256;

#[derive(Clone, Debug, Args)]
pub(crate) struct CiArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Print the selected environments as one line of JSON: a list of matrices of at most 256 jobs
    Matrix(MatrixArgs),
    /// Work out from the times of runs which stages share a job, and how long all jobs take
    Plan(plan::PlanArgs),
}

#[derive(Clone, Debug, Args)]
struct MatrixArgs {
    #[command(flatten)]
    selection: Selection,
}

impl CiArgs {
    pub(super) fn selection(&mut self) -> &mut Selection {
        match &mut self.what {
            What::Matrix(args) => &mut args.selection,
            What::Plan(args) => &mut args.selection,
        }
    }
}

pub(crate) fn exec(args: CiArgs, context: &mut Context) -> Exit {
    match args.what {
        What::Matrix(args) => matrix(args, context),
        What::Plan(args) => plan::exec(args, context),
    }
}

fn matrix(args: MatrixArgs, context: &mut Context) -> Exit {
    let project = context.project()?;
    let entries = context.selected(&project, &args.selection)?;
    let names: Vec<&str> = entries.iter().map(|e| e.canonical.as_str()).collect();
    // Always a list, so that a workflow's `fromJSON(…)[0]` is right for any number of environments.
    let parts: Vec<_> = names
        .chunks(MOST_JOBS)
        .map(|part| json!({ "env": part }))
        .collect();
    context.out.result(&format!("{}\n", json!(parts)));
    if parts.len() > 1 {
        let text = format!(
            "{} environments in {} parts: a matrix holds at most {MOST_JOBS} jobs\n",
            names.len(),
            parts.len()
        );
        context.out.tell(&text);
    }
    Ok(0)
}
