//! Environments as cells of matrices, and these split where one is full.

use serde_json::{Map, Value, json};

/// An environment, and what a workflow has to know of it beside its name: key and value, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) env: String,
    pub(crate) more: Vec<(String, String)>,
}

impl Cell {
    /// Its name and the rest, as they stand in a matrix.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let more = self.more.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        std::iter::once(("env", self.env.as_str())).chain(more)
    }
}

/// The matrices as JSON: `{"env": […]}`, or `{"include": [{…}]}` where a cell is more than a name.
pub(crate) fn json(cells: &[Cell], limit: usize) -> Value {
    let part = |part: &[Cell]| {
        if part.iter().all(|cell| cell.more.is_empty()) {
            let names: Vec<&str> = part.iter().map(|cell| cell.env.as_str()).collect();
            return json!({ "env": names });
        }
        let pair = |(key, value): (&str, &str)| (key.to_owned(), Value::from(value));
        let cells = part
            .iter()
            .map(|cell| Value::Object(cell.pairs().map(pair).collect::<Map<_, _>>()));
        json!({ "include": cells.collect::<Vec<_>>() })
    };
    Value::Array(cells.chunks(limit).map(part).collect())
}
