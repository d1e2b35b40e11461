//! The whole program without an engine: one binary, one module a feature.
