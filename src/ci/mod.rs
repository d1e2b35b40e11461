//! What CI systems get: an environment's stages as jobs in a row, all environments as matrices. Pure: made of envs.toml
//! alone, so the same file gives the same bytes on every machine.
//!
//! | file | what |
//! | --- | --- |
//! | `shape` `stages` | what `[ci]` says of each environment |
//! | `pipeline` | the environments of each event, and what else workflows depend on |
//! | `goal` `who` | what one job runs, and whose code |
//! | `matrix` | environments as cells, split where a matrix is full |
//! | `yaml` | values as YAML |
//! | `plan` | which stages share a job by the times of runs, and how long all jobs take |
//! | `asked` `steps` | what files of all CI systems hold: a header, steps of the file's |
//! | `github` | a pipeline as GitHub's workflows |
//! | `gitlab` | a pipeline as GitLab's: a parent, and a child for each environment |

pub(crate) mod asked;
pub(crate) mod github;
pub(crate) mod gitlab;
mod goal;
pub(crate) mod matrix;
pub(crate) mod pipeline;
pub(crate) mod plan;
pub(crate) mod shape;
mod stages;
mod steps;
mod who;
mod yaml;
