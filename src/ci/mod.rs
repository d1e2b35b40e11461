//! What CI systems make of environments: which stages share a job, and how long jobs take. Pure.

pub(crate) mod plan;
