//! A pipeline as GitHub's workflows: one that runs an environment, its stages as jobs in a row, and one that calls it for
//! every environment. Names and values of the project reach shells as variables alone, never as text of a script.

mod call;
mod called;
mod caller;
mod handed;
mod steps;

use super::asked::Asked;
use super::pipeline::Pipeline;
pub(crate) use steps::{left_out, refused};

/// The workflow that events start.
pub(crate) const CALLER: &str = ".github/workflows/runenv.yml";
/// The workflow that it calls.
pub(crate) const CALLED: &str = ".github/workflows/runenv-environment.yml";
/// By this a file is known as ours.
pub(crate) const MADE: &str = "Made by `runenv ci github`";

/// Paths and texts of the files.
pub(crate) fn files(pipeline: &Pipeline, asked: &Asked) -> [(&'static str, String); 2] {
    let most = pipeline.matrix_limit;
    let caller = format!(
        "Every environment in a call of runenv-environment.yml, at most {most} of them in a matrix (GitHub takes no more\n\
         than 256). What one of them does, no other waits for."
    );
    let alone = pipeline.jobs.len() == 1 && pipeline.follow_up.is_empty();
    let called = match (alone, pipeline.shares) {
        (true, _) => "One environment.",
        (false, true) => {
            "One environment: its stages as jobs in a row. A job finds in the registry what those before it made; what could\n\
             not be pushed, as in a fork's pull request, it gets as an artifact."
        }
        (false, false) => {
            "One environment: its stages as jobs in a row. A job gets as an artifact what those before it made."
        }
    };
    let header = |is: &str| asked.header(MADE, "runenv ci github", is);
    let (from, to) = (
        caller::workflow(pipeline, asked),
        called::workflow(pipeline),
    );
    [
        (CALLER, from.document(&header(&caller))),
        (CALLED, to.document(&header(called))),
    ]
}
