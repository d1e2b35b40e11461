//! A pipeline as GitLab's: a parent, whose jobs start a child for every environment, and the child, whose jobs are the
//! environment's stages in a row. Names and values of the project reach shells as variables alone.

mod child;
mod job;
mod parent;
mod steps;
mod variables;

use super::asked::Asked;
use super::pipeline::Pipeline;
pub(crate) use steps::{left_out, refused};

/// What `.gitlab-ci.yml` includes.
pub(crate) const PARENT: &str = ".gitlab/runenv.yml";
/// The pipeline of an environment.
pub(crate) const CHILD: &str = ".gitlab/runenv-environment.yml";
/// By this a file is known as ours.
pub(crate) const MADE: &str = "Made by `runenv ci gitlab`";
/// GitLab takes no more jobs of one matrix (docs.gitlab.com/ci/yaml/#parallelmatrix).
pub(crate) const MOST_JOBS: usize = 200;
/// One pipeline and all that come of it are at most 1000, where no administrator says otherwise
/// (`docs.gitlab.com/administration/instance_limits`).
pub(crate) const MOST_CHILDREN: usize = 999;

/// A job's name is not longer: else GitLab makes no pipeline, and does not say why
/// (gitlab.com/gitlab-org/gitlab/-/issues/353024).
const LONGEST_NAME: usize = 255;

/// An environment whose job would have too long a name, and how long.
pub(crate) fn too_long(pipeline: &Pipeline) -> Option<(&str, usize)> {
    parent::longest_name(pipeline).filter(|(_, length)| *length > LONGEST_NAME)
}

/// Paths and texts of the files.
pub(crate) fn files(pipeline: &Pipeline, asked: &Asked) -> [(&'static str, String); 2] {
    let most = parent::limit(pipeline);
    let mut parent = format!(
        "Every environment in a pipeline of its own (runenv-environment.yml), at most {most} of them in a matrix: GitLab\n\
         takes no more. What one of them does, no other waits for. `.gitlab-ci.yml` includes this file."
    );
    if !pipeline.schedule.is_empty() {
        parent += "\nPipelines are scheduled in the project's settings, not here: ";
        parent += &pipeline.schedule.join(", ");
    }
    let child = "One environment: its stages as jobs in a row. A job finds in the registry what those before it made.";
    let child = if pipeline.shares {
        child
    } else {
        "One environment."
    };
    let header = |is: &str| asked.header(MADE, "runenv ci gitlab", is);
    [
        (
            PARENT,
            parent::file(pipeline, asked).document(&header(&parent)),
        ),
        (CHILD, child::file(pipeline).document(&header(child))),
    ]
}

/// The pipeline that the job of `--stale` makes, of those environments alone in which something would run.
pub(crate) fn started(pipeline: &Pipeline) -> String {
    parent::started(pipeline).document("Made by `runenv ci gitlab --print-stale`.")
}
