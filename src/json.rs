//! Our own values as JSON, for people and programs to read.

use serde::Serialize;

/// Lines of JSON, with a newline at the end.
pub(crate) fn text(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("our own values are JSON") + "\n"
}
