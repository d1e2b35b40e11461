//! What one job of an environment runs.

/// What a cell says of a job that runs none of its stages.
pub(crate) const NOTHING: &str = "-";

/// What one job of an environment runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// The environment, whole.
    All,
    /// The same stages of every environment, with commas; nothing: the job has nothing to do.
    Stages(String),
    /// What the cell says under this key, `NOTHING` where the job has nothing to do; without it what is usual.
    Said { key: String, usual: String },
}
