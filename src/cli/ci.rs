//! `runenv ci`: what a CI system needs of envs.toml.

mod github;
mod gitlab;
mod matrix;
mod plan;
mod write;

use clap::{Args, Subcommand};

use super::select::Selection;
use super::{Context, Exit};
use crate::problem::{Kind, Problem};

#[derive(Clone, Debug, Args)]
pub(crate) struct CiArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, Subcommand)]
enum What {
    /// Write GitHub's workflows: one that runs an environment, and one that calls it for each
    Github(github::GithubArgs),
    /// Write GitLab's pipelines: one that runs an environment, and one that starts it for each
    Gitlab(gitlab::GitlabArgs),
    /// Print the selected environments as one line of JSON: a list of matrices of at most 256 jobs
    Matrix(matrix::MatrixArgs),
    /// Work out from the times of runs which stages share a job, and how long all jobs take
    Plan(plan::PlanArgs),
}

impl CiArgs {
    pub(super) fn selection(&mut self) -> &mut Selection {
        match &mut self.what {
            What::Github(args) => &mut args.selection,
            What::Gitlab(args) => &mut args.selection,
            What::Matrix(args) => &mut args.selection,
            What::Plan(args) => &mut args.selection,
        }
    }
}

pub(crate) fn exec(args: CiArgs, context: &mut Context) -> Exit {
    match args.what {
        What::Github(args) => github::exec(args, context),
        What::Gitlab(args) => gitlab::exec(args, context),
        What::Matrix(args) => matrix::exec(args, context),
        What::Plan(args) => plan::exec(args, context),
    }
}

/// `[ci]` leaves out all that was selected, if anything was.
fn none_taken(selected: usize) -> Problem {
    let title = if selected == 0 {
        "nothing to run: no environment is selected"
    } else {
        "nothing to run: none of the environments is of `[ci] systems` and `configs`"
    };
    let problem = Problem::new(title, "`runenv list` shows the environments");
    Problem {
        kind: Kind::Nothing,
        ..problem
    }
}
