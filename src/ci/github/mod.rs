//! A pipeline as GitHub's workflows: one that runs an environment, its stages as jobs in a row, and one that calls it for
//! every environment. Names and values of the project reach shells as variables alone, never as text of a script.

mod call;
mod called;
mod caller;
mod handed;
mod steps;

use super::pipeline::Pipeline;
pub(crate) use steps::refused;

/// The workflow that events start.
pub(crate) const CALLER: &str = ".github/workflows/runenv.yml";
/// The workflow that it calls.
pub(crate) const CALLED: &str = ".github/workflows/runenv-environment.yml";
/// By this a file is known as ours.
pub(crate) const MADE: &str = "Made by `runenv ci github`";

/// How the files are to be made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The words behind `ci github`, as a person types them.
    pub(crate) words: String,
    /// A first job leaves out what is unchanged: it is given these variables.
    pub(crate) stale: Option<Vec<(String, String)>>,
}

/// Paths and texts of the files.
pub(crate) fn files(pipeline: &Pipeline, asked: &Asked) -> [(&'static str, String); 2] {
    let most = pipeline.matrix_limit;
    let caller = format!(
        "Every environment in a call of runenv-environment.yml, at most {most} of them in a matrix (GitHub drops what is\n\
         beyond 256 without a word). What one of them does, no other waits for."
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
    [
        (
            CALLER,
            caller::workflow(pipeline, asked).document(&header(asked, &caller)),
        ),
        (
            CALLED,
            called::workflow(pipeline).document(&header(asked, called)),
        ),
    ]
}

/// What stands at the top of a file.
fn header(asked: &Asked, is: &str) -> String {
    let words = &asked.words;
    format!(
        "{MADE} from envs.toml. Do not edit: change `[ci]` there, then\n\
         `runenv ci github{words}` writes this file anew and `--check` says whether it is current.\n\n{is}"
    )
}
